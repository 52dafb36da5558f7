import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining
import Testing
import TinyTraining

/// Runs with one argument changed, against the same runs of transformers' Trainer; see
/// Tools/reference/trainer_arguments.py.
@Suite(.oneAtATime) struct ArgumentTests {
    private static let cases: JSONObject = {
        let path = FileSystem.join(Locations.fixture("trainer"), "arguments.json")
        return (try? JSONValue(contentsOf: path))?["cases"]?.object ?? [:]
    }()

    private func trainer(_ settings: JSONObject) throws -> Trainer {
        var args = TrainingArguments("unused")
        args.numTrainEpochs = 4
        args.learningRate = 1e-3
        args.loggingSteps = 1
        args.saveStrategy = .no
        args.kernels = .reference
        for (name, value) in settings { try set(name, value, &args) }
        // The gradients of accumulated batches are added up there.
        args.sumsAccumulatedGradients = true
        let folder = try TemporaryDirectory()
        let fixture = Locations.fixture("tiny-bert")
        var config = try #require(try JSONValue(contentsOf: FileSystem.join(fixture, "config.json")).object)
        config["hidden_dropout_prob"] = 0.0
        config["attention_probs_dropout_prob"] = 0.0
        try AtomicFile.write(JSONValue.object(config).text(), to: folder.file("config.json"))
        let weights = try MappedFile(FileSystem.join(fixture, "model.safetensors"))
        try AtomicFile.write(
            withExtendedLifetime(weights) { Array(weights.bytes) }, to: folder.file("model.safetensors"))
        return try Trainer(
            model: try AutoModelForSequenceClassification.fromPretrained(folder: folder.path), args: args,
            trainDataset: try tinyDataset(rows: 20), evalDataset: try tinyDataset(rows: 10),
            dataCollator: TinyCollator())
    }

    private func set(_ name: String, _ value: JSONValue, _ args: inout TrainingArguments) throws {
        let text = value.string ?? ""
        let number = value.double ?? .nan
        switch name {
        case "weight_decay": args.weightDecay = number
        case "adam_beta1": args.adamBeta1 = number
        case "adam_beta2": args.adamBeta2 = number
        case "adam_epsilon": args.adamEpsilon = number
        case "max_grad_norm": args.maxGradNorm = number
        case "gradient_accumulation_steps": args.gradientAccumulationSteps = Int(number)
        case "dataloader_drop_last": args.dataloaderDropLast = try #require(value.bool as Bool?)
        case "max_steps": args.maxSteps = Int(number)
        case "num_train_epochs": args.numTrainEpochs = number
        case "data_seed": args.dataSeed = UInt64(number)
        case "seed": args.seed = UInt64(number)
        case "label_smoothing_factor": args.labelSmoothingFactor = number
        case "neftune_noise_alpha": args.neftuneNoiseAlpha = number
        case "train_sampling_strategy": args.trainSamplingStrategy = try #require(SamplingStrategy(rawValue: text))
        case "optim": args.optim = try #require(OptimizerName(rawValue: text))
        case "optim_args": args.optimArgs = text
        case "warmup_steps": args.warmupSteps = number
        case "lr_scheduler_type": args.lrSchedulerType = try #require(SchedulerType(rawValue: text))
        case "lr_scheduler_kwargs": args.lrSchedulerKwargs = try #require(value.object)
        case "eval_strategy": args.evalStrategy = try #require(IntervalStrategy(rawValue: text))
        case "eval_steps": args.evalSteps = number
        case "eval_delay": args.evalDelay = number
        case "eval_on_start": args.evalOnStart = try #require(value.bool as Bool?)
        case "logging_strategy": args.loggingStrategy = try #require(IntervalStrategy(rawValue: text))
        case "logging_steps": args.loggingSteps = number
        case "logging_first_step": args.loggingFirstStep = try #require(value.bool as Bool?)
        default: throw TrainingError("the fixture sets '\(name)', which this test does not know")
        }
    }

    @Test(arguments: cases.keys) func `an argument does what it does in Python`(name: String) throws {
        let reference = try #require(Self.cases[name])
        let trainer = try trainer(try #require(reference["arguments"]?.object))
        try trainer.train()
        let logs = trainer.state.logHistory
        let expected = try #require(reference["logs"]?.array)
        #expect(logs.count == expected.count, "\(name)")
        for (log, other) in zip(logs, expected) {
            for (key, value) in try #require(other.object) {
                let (found, wanted) = (log[key]?.double ?? .nan, value.double ?? .nan)
                let tolerance = ["learning_rate", "epoch", "step"].contains(key) ? 1e-12 : 1e-5
                #expect(
                    abs(found - wanted) <= tolerance * max(abs(wanted), 1e-3),
                    "\(name), \(key): \(found), not \(wanted)")
            }
        }
        // Softmax does not see a key's bias: its gradient is rounding alone, which most optimizers blow up.
        for parameter in trainer.model.parameters() where !parameter.name.hasSuffix("key.bias") {
            let array = try #require(reference["weights"]?[parameter.name]?.array)
            let pair = array.map { $0.double ?? .nan }
            let values = parameter.tensor.detach().floats().map(Double.init)
            let (sum, squares) = (values.reduce(0, +), values.reduce(0) { $0 + $1 * $1 })
            #expect(abs(squares - pair[1]) <= 1e-5 * max(pair[1], 1), "\(name), squares of \(parameter.name)")
            #expect(abs(sum - pair[0]) <= 2e-4 * max(abs(pair[0]), 1), "\(name), sum of \(parameter.name)")
        }
    }

    @Test func `the fixture has cases, and they differ from the defaults`() throws {
        #expect(Self.cases.count > 30)
        let defaults = try #require(Self.cases["defaults"])
        for (name, reference) in Self.cases where name != "defaults" {
            #expect(
                reference["logs"] != defaults["logs"] || reference["weights"] != defaults["weights"]
                    || ["adamw_torch"].contains(name), "\(name)")
        }
    }

    // What Python's Trainer has no value for.

    private func tiny(_ change: (inout TrainingArguments) -> Void, label: (Int) -> Int = { $0 % 2 }) throws -> Trainer {
        let trainer = try tinyTrainer(change, label: label)
        try trainer.train()
        return trainer
    }

    @Test func `accumulated gradients are a mean by default`() throws {
        // Twice eight rows in one update are as sixteen at once, but for the order of sums.
        let once = try trainer(["max_steps": 1, "gradient_accumulation_steps": 1])
        var args = once.args
        args.sumsAccumulatedGradients = false
        args.perDeviceTrainBatchSize = 16
        args.trainSamplingStrategy = .sequential
        func firstLog(_ args: TrainingArguments) throws -> JSONObject {
            let model = try trainer([:]).model
            let run = try Trainer(
                model: model, args: args, trainDataset: try tinyDataset(rows: 16), dataCollator: TinyCollator())
            try run.train()
            return try #require(run.state.logHistory.first)
        }
        let whole = try firstLog(args)
        args.perDeviceTrainBatchSize = 8
        args.gradientAccumulationSteps = 2
        let halves = try firstLog(args)
        for key in ["loss", "grad_norm"] {
            let (a, b) = (try #require(whole[key]?.double), try #require(halves[key]?.double))
            #expect(abs(a - b) < 1e-5 * abs(a), "\(key)")
        }
    }

    @Test func `layers learn slower the deeper they are`() throws {
        let trainer = try tiny { $0.layerwiseLRDecay = 0.5 }
        let fixture = try AutoModelForSequenceClassification.fromPretrained(folder: Locations.fixture("tiny-bert"))
        func change(_ name: String) throws -> Float {
            let before = try #require(fixture.state[name]).tensor.floats()
            let after = try #require(trainer.model.state[name]).tensor.detach().floats()
            return zip(before, after).reduce(0) { max($0, abs($1.0 - $1.1)) }
        }
        // AdamW's first updates are about as large as the learning rate.
        let top = try change("classifier.weight")
        let second = try change("bert.encoder.layer.1.output.dense.weight")
        let first = try change("bert.encoder.layer.0.output.dense.weight")
        #expect(second < 0.7 * top && first < 0.7 * second)
    }

    @Test func `class weights weigh`() throws {
        let even = try tiny { $0.classWeights = [1, 1] }
        let plain = try tiny { _ in }
        #expect(abs(loss(even) - loss(plain)) < 1e-6)
        let onlyFirst = try tiny { $0.classWeights = [1, 0] }
        let predictions = try onlyFirst.predict(try tinyDataset(rows: 10)).predictions
        let before = try tinyTrainer().predict(try tinyDataset(rows: 10)).predictions
        // Class 1 counts for nothing, so every row moves towards class 0.
        for row in 0..<10 {
            let (after, earlier) = (Array(predictions[row: row]), Array(before[row: row]))
            #expect(after[0] - after[1] > earlier[0] - earlier[1])
        }
        #expect(throws: TrainingError.self) { try tinyTrainer { $0.classWeights = [1] } }
    }

    private func loss(_ trainer: Trainer) -> Double { trainer.state.logHistory.first?["loss"]?.double ?? .nan }

    @Test(arguments: Kernels.allCases)
    func `bfloat16 is near float32 and not the same`(kernels: Kernels) throws {
        // The masks of one seed differ between kernels, not between number types.
        let (half, full) = try (
            tiny {
                $0.bf16 = true
                $0.kernels = kernels
            }, tiny { $0.kernels = kernels }
        )
        #expect(loss(half) != loss(full) && abs(loss(half) - loss(full)) < 0.02)
        #expect(half.model.parameters().allSatisfy { $0.tensor.dtype == .float32 })
    }

    @Test func `layers computed again give the same numbers, dropout included`() throws {
        for frozen in [[], ["bert.embeddings"]] {
            let again = try tiny {
                $0.gradientCheckpointing = true
                $0.kernels = .reference
                $0.freeze = frozen
            }
            let kept = try tiny {
                $0.kernels = .reference
                $0.freeze = frozen
            }
            #expect(
                again.state.logHistory.compactMap { $0["loss"]?.double }
                    == kept.state.logHistory.compactMap { $0["loss"]?.double })
            for (a, b) in zip(weights(again), weights(kept)) { #expect(a.values == b.values, "\(a.name)") }
        }
    }

    @Test func `batches made ahead are the same batches`() throws {
        let (ahead, plain) = (try tiny { $0.dataloaderNumWorkers = 2 }, try tiny { _ in })
        for (a, b) in zip(weights(ahead), weights(plain)) { #expect(a.values == b.values, "\(a.name)") }
    }

    @Test func `batches by tokens stay within the budget and miss no row`() throws {
        final class Sizes: DataCollator {
            var seen: [(rows: Int, tokens: Int)] = []
            func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
                seen.append((examples.count, examples.count * (examples.map(\.inputIDs.count).max() ?? 0)))
                return try TinyCollator()(examples)
            }
        }
        let sizes = Sizes()
        var args = TrainingArguments("unused")
        args.maxTokensPerBatch = 20
        args.numTrainEpochs = 1
        args.saveStrategy = .no
        let model = try AutoModelForSequenceClassification.fromPretrained(folder: Locations.fixture("tiny-bert"))
        let trainer = try Trainer(
            model: model, args: args, trainDataset: try tinyDataset(rows: 20), dataCollator: sizes)
        let output = try trainer.train()
        #expect(output.globalStep == sizes.seen.count)
        #expect(sizes.seen.reduce(0) { $0 + $1.rows } == 20)
        #expect(sizes.seen.allSatisfy { $0.tokens <= 20 })
        args.maxTokensPerBatch = 4
        let small = try Trainer(model: model, args: args, trainDataset: try tinyDataset(rows: 20), dataCollator: sizes)
        let error = try #require(throws: TrainingError.self) { try small.train() }
        #expect(error.message.contains("max_tokens_per_batch"))
    }

    @Test func `metrics batch by batch are those of all at once`() throws {
        let whole = try tiny { _ in }.evaluate()
        let model = try tiny { _ in }.model
        var args = TrainingArguments("unused")
        args.perDeviceEvalBatchSize = 3
        let streaming = try Trainer(
            model: model, args: args, evalDataset: try tinyDataset(rows: 10), dataCollator: TinyCollator(),
            metrics: [try Evaluate.load("accuracy"), try Evaluate.load("f1")])
        let metrics = try streaming.evaluate()
        #expect(metrics.map(\.name).prefix(3) == ["eval_loss", "eval_accuracy", "eval_f1"])
        #expect(metrics[1].value == whole[1].value && whole[1].name == "eval_accuracy")
    }

    @Test func `lion moves every weight by the learning rate`() throws {
        let trainer = try tinyTrainer {
            $0.optim = .lion
            $0.maxSteps = 1
            $0.learningRate = 0.01
        }
        let before = weights(trainer)
        try trainer.train()
        for (old, new) in zip(before, weights(trainer)) {
            for (a, b) in zip(old.values, new.values) where a != b {
                #expect(abs(abs(a - b) - 0.01) < 1e-5, "\(old.name)")
            }
        }
    }

    @Test func `what can't be is refused with the argument's name`() throws {
        func message(_ change: @escaping (inout TrainingArguments) -> Void) throws -> String {
            try #require(throws: TrainingError.self) { try tinyTrainer(change).train() }.message
        }
        #expect(try message { $0.freeze = ["bert.nothing"] }.contains("bert.nothing"))
        #expect(try message { $0.freeze = ["bert", "classifier"] }.contains("nothing to train"))
        #expect(try message { $0.optimArgs = "momentum=1" }.contains("momentum"))
        #expect(try message { $0.lrSchedulerKwargs = ["power": 2] }.contains("power"))
        #expect(try message { $0.lrSchedulerType = .warmupStableDecay }.contains("num_decay_steps"))
        #expect(try message { $0.lrSchedulerType = .reduceLROnPlateau }.contains("eval_strategy"))
        #expect(try message { $0.loadBestModelAtEnd = true }.contains("load_best_model_at_end"))
        #expect(try message { $0.dataloaderPrefetchFactor = 2 }.contains("dataloader_prefetch_factor"))
        #expect(
            try message {
                $0.evalStrategy = .epoch
                $0.metricForBestModel = "accurracy"
            }.contains("eval_accuracy"))
    }
}
