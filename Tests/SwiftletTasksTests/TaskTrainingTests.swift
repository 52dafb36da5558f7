import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTasks
import SwiftletTraining
import Testing
import TinyTraining

/// The first 40 steps of each task on the sets of `Examples/data` against those of Python's Trainer, dropout on and
/// heads drawn from the same seed. `Tools/reference/tasks_training.py` made the numbers. In fill-mask, what is hidden and
/// what dropout drops come from one generator.
@Suite(.oneAtATime, .enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"))
struct TaskTrainingTests {
    enum Task: String, CaseIterable {
        case tokenClassification = "token-classification"
        case questionAnswering = "question-answering"
        case multipleChoice = "multiple-choice"
        case fillMask = "fill-mask"
    }

    @Test(arguments: Task.allCases) func `forty steps`(task: Task) throws {
        let expected = try #require(try JSONValue(contentsOf: Locations.fixture("tasks/training.json"))[task.rawValue])
        let tokenizer = try AutoTokenizer.fromPretrained(folder: Locations.miniLM)
        manualSeed(42)
        var args = TrainingArguments("unused")
        args.maxSteps = 40
        args.perDeviceTrainBatchSize = 4
        args.loggingSteps = 1
        args.kernels = .reference
        args.saveStrategy = .no
        let trainer = try Trainer(
            model: try model(task), args: args, trainDataset: try rows(task, tokenizer), tokenizer: tokenizer)
        try trainer.train()
        for key in ["loss", "grad_norm"] {
            let ours = trainer.state.logHistory.compactMap { $0[key]?.double }
            let theirs = try #require(try expected[key]?.doubles())
            #expect(
                difference(ours, theirs, relative: 1e-4) == nil, "\(key): \(ours.prefix(3)), not \(theirs.prefix(3))")
        }
    }

    private func model(_ task: Task) throws -> any PretrainedModel {
        switch task {
        case .tokenClassification:
            try AutoModelForTokenClassification.fromPretrained(
                folder: Locations.miniLM, options: LoadOptions(numLabels: 9))
        case .questionAnswering: try AutoModelForQuestionAnswering.fromPretrained(folder: Locations.miniLM)
        case .multipleChoice: try AutoModelForMultipleChoice.fromPretrained(folder: Locations.miniLM)
        case .fillMask: try AutoModelForMaskedLM.fromPretrained(folder: Locations.miniLM)
        }
    }

    private func rows(_ task: Task, _ tokenizer: Tokenizer) throws -> Dataset {
        func train(_ name: String) throws -> Dataset {
            try loadDataset(folder: "\(Locations.root)/Examples/data/\(name)").split("train")
        }
        switch task {
        case .tokenClassification:
            return try train("entities").map(batched: true) {
                try tokenizer.alignLabels($0, words: "tokens", labels: "ner_tags")
            }
        case .questionAnswering: return try tokenizer.questionFeatures(try QuestionRows(try train("questions"))).dataset
        case .multipleChoice:
            return try train("endings").map(batched: true) {
                try tokenizer.encodeChoices($0, endings: (0..<4).map { "ending\($0)" })
            }
        case .fillMask:
            let questions = try train("questions")
            return try questions.select(stride(from: 0, to: questions.count, by: 2)).map(
                batched: true, removeColumns: questions.columnNames
            ) { Columns(try tokenizer(try $0.strings("context"), truncation: true)) }
        }
    }
}
