import Foundation
import SwiftletDatasets
import SwiftletMetrics
import SwiftletModels
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTasks
import SwiftletTraining
import Testing

/// A short training on each set of `Examples/data` must beat what the set's card says of simple rules. Takes minutes:
/// run by hand with SWIFTLET_BASELINES=1 and `--filter TaskBaselineTests`.
@Suite(
    .oneAtATime, .enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"),
    .enabled(if: ProcessInfo.processInfo.environment["SWIFTLET_BASELINES"] != nil, "set SWIFTLET_BASELINES=1"))
struct TaskBaselineTests {
    private let tokenizer: Tokenizer

    init() throws { tokenizer = try AutoTokenizer.fromPretrained(folder: Locations.miniLM) }

    private func data(_ name: String) throws -> DatasetDict {
        try loadDataset(
            folder: "\(Locations.root)/Examples/data/\(name)")
    }

    private func train(_ model: any PretrainedModel, _ rows: Dataset, steps: Int, metrics: [Metric] = []) throws
        -> Trainer
    {
        var args = TrainingArguments("unused")
        args.maxSteps = steps
        args.learningRate = 1e-4
        args.saveStrategy = .no
        let trainer = try Trainer(model: model, args: args, trainDataset: rows, tokenizer: tokenizer, metrics: metrics)
        try trainer.train()
        return trainer
    }

    private func seeded<Model>(_ make: () throws -> Model) rethrows -> Model {
        manualSeed(42)
        return try make()
    }

    @Test func `tags beat the tag O everywhere`() throws {
        let raw = try data("entities")
        func rows(_ split: String) throws -> Dataset {
            try raw.split(split).map(batched: true) {
                try tokenizer.alignLabels($0, words: "tokens", labels: "ner_tags")
            }
        }
        let model = try seeded {
            try AutoModelForTokenClassification.fromPretrained(
                folder: Locations.miniLM, options: LoadOptions(numLabels: 9))
        }
        let trainer = try train(model, try rows("train"), steps: 150, metrics: [try Evaluate.load("accuracy")])
        let accuracy = try trainer.evaluate(try rows("validation")).first { $0.name == "eval_accuracy" }?.value
        // 0.7723 for O everywhere.
        let reached = try #require(accuracy)
        #expect(reached > 0.8)
    }

    @Test func `endings beat the most frequent place`() throws {
        let raw = try data("endings")
        func rows(_ split: String) throws -> Dataset {
            try raw.split(split).map(batched: true) {
                try tokenizer.encodeChoices($0, endings: (0..<4).map { "ending\($0)" })
            }
        }
        let model = try seeded { try AutoModelForMultipleChoice.fromPretrained(folder: Locations.miniLM) }
        let trainer = try train(model, try rows("train"), steps: 150, metrics: [try Evaluate.load("accuracy")])
        let accuracy = try trainer.evaluate(try rows("validation")).first { $0.name == "eval_accuracy" }?.value
        // 0.2933 for the most frequent place.
        let reached = try #require(accuracy)
        #expect(reached > 0.4)
    }

    @Test func `answers beat the sentence most like the question`() throws {
        let raw = try data("questions")
        let features = try tokenizer.questionFeatures(try QuestionRows(try raw.split("train")))
        let model = try seeded { try AutoModelForQuestionAnswering.fromPretrained(folder: Locations.miniLM) }
        let trainer = try train(model, try features.dataset, steps: 150)
        let questions = try QuestionRows(try raw.split("validation"))
        let asked = try tokenizer.questionFeatures(questions)
        let output = try trainer.predict(try asked.dataset)
        let answers = try AnswerSearch()(questions, asked, starts: output.outputs[0], ends: output.outputs[1])
        // 14.7 for the sentence with most words of the question.
        let reached = try #require(try answerScores(answers, questions)["f1"])
        #expect(reached > 25)
    }
}
