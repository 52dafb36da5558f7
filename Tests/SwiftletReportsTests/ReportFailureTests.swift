import SwiftletDatasets
import SwiftletIO
import SwiftletTasks
import SwiftletTestSupport
import SwiftletTraining
import Testing

import SwiftletReports

/// A report that can't be made or written costs nothing else.
@Suite(.oneAtATime, .enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"))
struct ReportFailureTests {
    let folder: TemporaryDirectory
    let small: SmallTask

    init() throws {
        folder = try TemporaryDirectory()
        small = try SmallTask(in: folder)
    }

    private var output: String { folder.file("out") }

    private func tuning() throws -> FineTuning {
        var args = TrainingArguments(output)
        args.maxSteps = 2
        args.saveStrategy = .no
        var tuning = FineTuning(model: small.model, dataset: try loadDataset(folder: small.data), args: args)
        tuning.stages = [.train, .evaluate, .predict]
        return tuning
    }

    /// Puts folders in the places of files, as soon as the training is over.
    private final class Obstacle: TrainerCallback {
        let paths: [String]
        init(_ paths: [String]) { self.paths = paths }
        func onTrainEnd(_ state: TrainerState, _ control: inout TrainerControl) {
            for path in paths { try? FileSystem.createDirectory(path) }
        }
    }

    @Test(arguments: [
        ["report.html"], ["predictions.parquet"], ["run.json"], ["label_suspects.parquet", "report.html"],
    ])
    func `what can't be written is told at the end, and all else is there`(names: [String]) throws {
        let all = [
            "model.safetensors", "config.json", "README.md", "trainer_state.json", "all_results.json",
            "predictions.jsonl",
        ]
        let reports = [
            "report.html", "run.json", "predictions.parquet", "label_suspects.parquet", "near_duplicates.parquet",
        ]
        var tuning = try tuning()
        tuning.callbacks.append(Obstacle(names.map { FileSystem.join(output, $0) }))
        let error = #expect(throws: ReportError.self) { try tuning.runWithReport() }
        #expect(error?.kind == .unwritten)
        #expect(error?.message.contains("the model is saved in '\(output)'") == true)
        #expect(names.contains { error?.message.contains($0) == true }, "\(error?.message ?? "")")
        #expect(error?.commandLineRemedy?.contains("swiftlet evaluate") == true)
        for name in all + reports where !names.contains(name) {
            #expect(FileSystem.isRegularFile(FileSystem.join(output, name)), "\(name)")
        }
        // The card has its sections, and the answers to the test split are whole.
        #expect(try MappedFile.text(FileSystem.join(output, "README.md")).contains("import Swiftlet"))
        #expect(
            try MappedFile.text(FileSystem.join(output, "predictions.jsonl")).split(separator: "\n").count == 10)
        let rows = try loadDataset(folder: small.data).split("validation")
        #expect(throws: Never.self) { try FineTunedModel(folder: output, splits: [("validation", rows)]) }
    }

    @Test func `what an earlier run has left does not stand for one whose report failed`() throws {
        try tuning().runWithReport()
        let stale = FileSystem.join(output, "label_suspects.parquet")
        #expect(FileSystem.exists(stale))
        var evaluation = try tuning()
        evaluation.model = output
        evaluation.stages = .evaluate
        try evaluation.runWithReport()
        #expect(!FileSystem.exists(stale))
    }

    @Test func `a folder in the place of a file is told before the first step`() throws {
        try FileSystem.createDirectory(FileSystem.join(output, "report.html/inner"))
        let error = #expect(throws: ReportError.self) { try tuning().runWithReport() }
        #expect(error?.kind == .unwritten && error?.location.path == FileSystem.join(output, "report.html"))
        #expect(try FileSystem.names(in: output) == ["report.html"])
    }

    @Test func `results of an evaluation are there before its report fails`() throws {
        let rows = try loadDataset(folder: small.data).split("validation")
        try tuning().run()
        let saved = try FineTunedModel(folder: output, splits: [("validation", rows)])
        let place = folder.file("evaluation")
        var results: [String] = []
        let error = #expect(throws: ReportError.self) {
            try saved.evaluateWithReport(rows, modelFolder: output, to: place) { evaluation in
                results = evaluation.metrics.map(\.name)
                try FileSystem.createDirectory(FileSystem.join(place, "predictions.parquet"))
            }
        }
        #expect(error?.kind == .unwritten && error?.message.contains("predictions.parquet") == true)
        #expect(results.contains("eval_loss"))
        #expect(FileSystem.isRegularFile(FileSystem.join(place, "report.html")))
    }

    @Test func `slices that the evaluated rows can't have are refused before the first step`() throws {
        var options = RunReportOptions()
        options.sliceColumns = ["source"]
        var tuning = try tuning()
        // Only the rows to train on have the column.
        tuning.dataset = try DatasetDict(
            tuning.dataset.pairs.map { name, rows in
                (
                    name,
                    name == "train" ? try rows.addColumn("source", .strings((0..<rows.numRows).map(String.init))) : rows
                )
            })
        var error = #expect(throws: ReportError.self) { try tuning.runWithReport(options) }
        #expect(error?.location.split == "validation" && error?.location.column == "source")
        tuning.stages = .train
        tuning.args.evalStrategy = .no
        error = #expect(throws: ReportError.self) { try tuning.runWithReport(options) }
        #expect(error?.kind == .option && error?.message.contains("nothing is evaluated") == true)
        #expect(!FileSystem.exists(FileSystem.join(output, "model.safetensors")))
    }
}
