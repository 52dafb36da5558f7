import SwiftletDatasets
import SwiftletIO
import SwiftletModels
import SwiftletTasks
import SwiftletTestSupport
import SwiftletTraining
import Testing
import TinyTraining

@Suite struct ModelQuantizationTests {
    /// A classifier with labels, as Python saves it.
    private func model(_ folder: TemporaryDirectory) throws -> String {
        let group = try #require(
            PipelineGroup.all.first {
                $0.json["task"]?.string == "text-classification" && $0.json["files"]?.object?.isEmpty != false
            })
        try group.write(to: folder.file("model"))
        return folder.file("model")
    }

    private func rows(_ model: String) throws -> Dataset {
        let names = try AutoConfig.fromPretrained(folder: model).labelNames
        return try .fromColumns([
            ("text", .strings((0..<24).map { "a bird sat on the roof \($0)" })),
            ("label", .strings((0..<24).map { names[$0 % names.count] })),
        ])
    }

    @Test func `a folder in 8 bits answers nearly as the model does`() async throws {
        let folder = try TemporaryDirectory()
        let source = try model(folder)
        let report = try ModelQuantization(model: source, output: folder.file("int8"), tolerance: 1).run(
            rows: try rows(source))
        #expect(
            report.metrics.contains { $0.name == "eval_accuracy" } && report.metrics.contains { $0.name == "eval_loss" }
        )
        #expect(!report.metrics.contains { $0.name.contains("runtime") || $0.name.contains("second") })
        #expect(report.byteCounts.int8 < report.byteCounts.float32)
        #expect(try #require(report.worst).name != "eval_loss")

        let texts = ["a bird sat on the roof", "the cat"]
        let exact = try await pipeline(.textClassification, model: source)
        let rounded = try await pipeline(.textClassification, model: folder.file("int8"))
        let asked = try await pipeline(.textClassification, model: source, options: InferenceOptions(int8: true))
        for text in texts {
            let (a, b, c) = (try await exact(text), try await rounded(text), try await asked(text))
            #expect(abs(a.score - b.score) < 0.02 && abs(a.score - c.score) < 0.02 && abs(b.score - c.score) < 0.02)
        }
    }

    @Test func `a metric that loses more than is allowed leaves nothing behind`() throws {
        let folder = try TemporaryDirectory()
        let source = try model(folder)
        // All right in float32; then a tolerance that even no loss at all can't meet is refused as such.
        var quantization = ModelQuantization(model: source, output: folder.file("int8"), tolerance: -0.1)
        let negative = #expect(throws: TaskError.self) { try quantization.run(rows: try rows(source)) }
        #expect(negative?.kind == .option)
        quantization.tolerance = 0.01
        let without = #expect(throws: TaskError.self) { try quantization.run() }
        #expect(without?.kind == .option && without?.commandLineRemedy?.contains("--validation-file") == true)
        quantization.output = source
        let itself = #expect(throws: TaskError.self) { try quantization.run(rows: try rows(source)) }
        #expect(itself?.message.contains("float32") == true)
        #expect(!FileSystem.exists(folder.file("int8")))
    }

    @Test func `what loses most is told by what is better when greater`() {
        func report(_ metrics: [(String, Double, Double)]) -> ModelQuantization.Report {
            ModelQuantization.Report(
                metrics: metrics.map { .init(name: $0.0, float32: $0.1, int8: $0.2) }, byteCounts: (4, 1))
        }
        let classes = report([("eval_loss", 0.5, 0.9), ("eval_accuracy", 0.9, 0.88), ("eval_f1", 0.8, 0.81)]).worst
        #expect(classes?.name == "eval_accuracy" && abs((classes?.lost ?? 0) - 0.02) < 1e-12)
        let percent = report([("eval_exact_match", 81.0, 80.0), ("eval_f1", 88.5, 88.0)]).worst
        #expect(percent?.name == "eval_exact_match" && abs((percent?.lost ?? 0) - 0.01) < 1e-12)
        let loss = report([("eval_loss", 2, 2.1)]).worst
        #expect(loss?.name == "eval_loss" && abs((loss?.lost ?? 0) - 0.05) < 1e-12)
        #expect(report([]).worst == nil)
    }
}
