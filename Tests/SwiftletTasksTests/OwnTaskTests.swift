import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletTasks
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTraining
import Testing

/// A task of another package: which of two texts is the more urgent one. It appears nowhere but here.
private struct UrgencyTask: FineTuningTask {
    let tokenizer: Tokenizer

    init(_ context: TaskContext) throws {
        tokenizer = context.tokenizer
        for name in ["first", "second"] where try !context.sample.columnNames.contains(name) {
            throw TaskError(.column, "there is no column '\(name)'", remedy: "Give one.")
        }
    }

    func prepare(_ rows: Dataset, split: String, for use: RowUse) throws -> PreparedRows {
        var rows = rows
        if rows.columnNames.contains("urgent") {
            let ids = try rows.strings("urgent").map { $0 == "second" ? 1 : 0 }
            rows = try rows.addColumn("label", .ints(ids), feature: .classLabel(names: ["first", "second"]))
        }
        return PreparedRows(
            try rows.map(batched: true) { batch -> BatchEncoding in
                try tokenizer(try batch.strings("first"), try batch.strings("second"), truncation: true)
            })
    }

    func loadModel(_ folder: String, options: LoadOptions) throws -> any PretrainedModel {
        try AutoModelForSequenceClassification.fromPretrained(
            folder: folder, labelNames: ["first", "second"], options: options)
    }

    func metrics(_ model: any PretrainedModel) throws -> [Metric] { [try Evaluate.load("accuracy")] }

    func answers(
        _ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel
    ) throws -> [JSONObject] {
        output.predictions.argmax().map { ["prediction": .string($0 == 1 ? "second" : "first")] }
    }
}

@Suite(.enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"))
struct OwnTaskTests {
    @Test func `a task of one's own trains, evaluates and predicts`() throws {
        let folder = try TemporaryDirectory()
        let small = try SmallTask(in: folder)
        let rows = try Dataset.fromColumns([
            ("first", .strings((0..<32).map { $0 % 2 == 0 ? "help, fire, now" : "some day" })),
            ("second", .strings((0..<32).map { $0 % 2 == 0 ? "some day" : "help, fire, now" })),
            ("urgent", .strings((0..<32).map { $0 % 2 == 0 ? "first" : "second" })),
        ])
        var args = TrainingArguments(folder.file("out"))
        args.numTrainEpochs = 4
        args.learningRate = 1e-3
        args.saveStrategy = .no
        var tuning = FineTuning(
            model: small.model, dataset: DatasetDict([("train", rows), ("validation", rows)]), args: args,
            makeTask: UrgencyTask.init)
        tuning.stages = [.train, .evaluate]
        let result = try tuning.run()
        #expect(result.evaluation?.first { $0.name == "eval_accuracy" }?.value == 1)

        // The arguments of the training do for what comes after it.
        args.evalStrategy = .epoch
        let saved = try FineTunedModel(
            folder: folder.file("out"), splits: [("test", rows)], args: args, for: .prediction,
            makeTask: UrgencyTask.init)
        #expect(try saved.evaluate(rows).metrics.first { $0.name == "eval_accuracy" }?.value == 1)
        let answers = try saved.predict(try rows.selectColumns(["first", "second"])).answers
        #expect(answers.map { $0["prediction"] } == (0..<32).map { .string($0 % 2 == 0 ? "first" : "second") })
        #expect(answers[0]["first"] == "help, fire, now")
        let error = #expect(throws: TaskError.self) {
            try FineTunedModel(
                folder: folder.file("out"), splits: [("test", try rows.removeColumns(["second"]))],
                makeTask: UrgencyTask.init)
        }
        #expect(error?.kind == .column)
    }
}
