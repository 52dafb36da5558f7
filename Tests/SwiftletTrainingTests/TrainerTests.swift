#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif
import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTraining
import Testing
import TinyTraining

@Suite(.oneAtATime) struct TrainerTests {
    private func losses(_ trainer: Trainer) throws -> [Double] {
        try trainer.train()
        return trainer.state.logHistory.compactMap { $0["loss"]?.double }
    }

    @Test func `the same seed gives the same run, another seed another`() throws {
        let first = try losses(try tinyTrainer())
        #expect(try losses(try tinyTrainer()) == first)
        #expect(try losses(try tinyTrainer(seed: 7)) != first)
        #expect(first.count == 6)
    }

    @Test func `steps follow from epochs, batch size and accumulation`() throws {
        let accumulated = try tinyTrainer { $0.gradientAccumulationSteps = 2 }
        try accumulated.train()
        #expect(accumulated.state.globalStep == 4)
        let cut = try tinyTrainer { $0.numTrainEpochs = 1.5 }
        try cut.train()
        #expect(cut.state.globalStep == 5)
        let dropped = try tinyTrainer { $0.dataloaderDropLast = true }
        try dropped.train()
        #expect(dropped.state.globalStep == 4)
        let limited = try tinyTrainer { $0.maxSteps = 7 }
        try limited.train()
        #expect(limited.state.globalStep == 7)
    }

    @Test func `a frozen parameter stays as it is`() throws {
        let trainer = try tinyTrainer()
        let name = "bert.embeddings.word_embeddings.weight"
        let parameter = try #require(trainer.model.state[name])
        parameter.isTrainable = false
        let before = parameter.tensor.floats()
        let head = try #require(trainer.model.state["classifier.weight"]).tensor.floats()
        try trainer.train()
        #expect(parameter.tensor.floats() == before)
        #expect(try #require(trainer.model.state["classifier.weight"]).tensor.floats() != head)
    }

    @Test func `evaluation happens when it should`() throws {
        let epochs = try tinyTrainer { $0.evalStrategy = .epoch }
        try epochs.train()
        #expect(
            epochs.state.logHistory.filter { $0["eval_accuracy"] != nil }.compactMap { $0["epoch"]?.double } == [1, 2])
        let steps = try tinyTrainer {
            $0.evalStrategy = .steps
            $0.evalSteps = 4
        }
        try steps.train()
        #expect(steps.state.logHistory.filter { $0["eval_loss"] != nil }.compactMap { $0["step"]?.int } == [4, 6])
    }

    @Test func `predictions keep the order, whatever the batch size`() throws {
        let rows = try tinyDataset(rows: 11)
        let one = try tinyTrainer { $0.perDeviceEvalBatchSize = 1 }.predict(rows).predictions.values
        let many = try tinyTrainer { $0.perDeviceEvalBatchSize = 4 }.predict(rows)
        #expect(difference(many.predictions.values, one, absolute: 1e-6) == nil)
        #expect(many.labelIDs == (0..<11).map { $0 % 2 })
    }

    @Test func `wrong rows and arguments are refused before the first step`() throws {
        let wrong = try tinyTrainer(label: { $0 == 13 ? 2 : 0 })
        let error = try #require(throws: TrainingError.self) { try wrong.train() }
        #expect(error.message.contains("row 13"))
        #expect(throws: TrainingError.self) { try tinyTrainer { $0.perDeviceTrainBatchSize = 0 } }
        #expect(throws: TrainingError.self) { try tinyTrainer { $0.learningRate = .nan } }
        #expect(throws: TrainingError.self) { try tinyTrainer(rows: 0).train() }
        let model = try AutoModelForSequenceClassification.fromPretrained(folder: Locations.fixture("tiny-bert"))
        let texts = try Dataset.fromColumns([("sentence", .strings(["a"]))])
        var args = TrainingArguments("unused")
        args.saveStrategy = .no
        let untokenized = try Trainer(model: model, args: args, trainDataset: texts, dataCollator: TinyCollator())
        #expect(throws: TrainingError.self) { try untokenized.train() }
    }

    @Test func `what is saved has the known files`() throws {
        let folder = try TemporaryDirectory()
        let trainer = try tinyTrainer {
            $0.outputDir = folder.path
            $0.saveStrategy = .epoch
        }
        let result = try trainer.train()
        try trainer.saveModel()
        try trainer.saveState()
        try trainer.saveMetrics("train", result.metrics)
        try trainer.saveMetrics("eval", try trainer.evaluate())
        #expect(
            try FileSystem.names(in: folder.path) == [
                "all_results.json", "checkpoint-3", "checkpoint-6", "config.json", "eval_results.json",
                "model.safetensors", "train_results.json",
                "trainer_state.json",
            ])
        let all = try JSONValue(contentsOf: folder.file("all_results.json"))
        #expect(all["train_loss"]?.double == result.trainingLoss && all["eval_accuracy"] != nil)
        let state = try JSONValue(contentsOf: folder.file("trainer_state.json"))
        #expect(state["global_step"]?.int == 6 && state["log_history"]?.array?.isEmpty == false)
    }

    @Test func `a request to stop ends the run`() throws {
        let folder = try TemporaryDirectory()
        let trainer = try tinyTrainer { $0.outputDir = folder.path }
        trainer.stop.set()
        let error = try #require(throws: TrainingError.self) { try trainer.train() }
        #expect(error.message.contains("after step 1"))
        #expect(error.kind == .interrupted(checkpoint: folder.file("checkpoint-1")))
        #expect(error.commandLineRemedy?.contains("--resume-from-checkpoint last") == true)
        #expect(try FileSystem.names(in: folder.path) == ["checkpoint-1"])
    }

    /// The metric's own error is that of the trial before training: its remedy must reach both kinds of callers.
    @Test func `a metric that does not fit is refused before the first step`() throws {
        let model = try AutoModelForSequenceClassification.fromPretrained(
            folder: Locations.fixture("tiny-bert"), numLabels: 3, options: LoadOptions(ignoreMismatchedSizes: true))
        var args = TrainingArguments("unused", evalStrategy: .epoch)
        args.saveStrategy = .no
        let rows = try tinyDataset(rows: 12) { $0 % 3 }
        let trainer = try Trainer(
            model: model, args: args, trainDataset: rows, evalDataset: rows, dataCollator: TinyCollator(),
            metrics: [try Evaluate.load("f1")])
        let error = try #require(throws: TrainingError.self) { try trainer.train() }
        #expect(error.kind == .metrics && trainer.state.globalStep == 0)
        #expect(error.remedy?.contains(".average(.macro)") == true && !error.message.contains("average(."))
        #expect(error.commandLineRemedy?.contains("--metric") == true)
    }

    @Test func `metrics of scores get probabilities, not classes`() throws {
        let model = try AutoModelForSequenceClassification.fromPretrained(folder: Locations.fixture("tiny-bert"))
        let names = ["roc_auc", "average_precision", "brier_score"]
        let trainer = try Trainer(
            model: model, args: TrainingArguments("unused"), dataCollator: TinyCollator(),
            metrics: try names.map { try Evaluate.load($0) })
        let output = try trainer.predict(try tinyDataset(rows: 12) { $0 * 5 % 3 == 0 ? 1 : 0 })
        let logits = output.predictions
        let scores = (0..<12).map { row in 1 / (1 + exp(Double(logits.values[2 * row] - logits.values[2 * row + 1]))) }
        let labels = try #require(output.labelIDs)
        for name in names {
            let expected = try Evaluate.load(name).compute(predictions: scores, references: labels)
            let value = try #require(output.metrics.first { $0.name == "test_\(name)" }?.value)
            #expect(try abs(value - #require(expected[name])) < 1e-6, "\(name)")
        }
    }

    @Test func `a row that no batch can hold is named before the first step`() throws {
        let tokenizer = try AutoTokenizer.fromPretrained(folder: Locations.fixture("tokenizers/bert-tiny"))
        let rows = try tinyDataset(rows: 6).addColumn("attention_mask", .intLists((0..<6).map { [1, 1, 1, $0] }))
        let collator = try DataCollatorWithPadding(tokenizer: tokenizer)
        let trainer = try tinyTrainer(collator: collator)
        let error = try #require(throws: TrainingError.self) { try trainer.evaluate(rows) }
        #expect(error.kind == .invalidData && error.location.row == 0 && error.message.contains("row 0"))
    }
}
