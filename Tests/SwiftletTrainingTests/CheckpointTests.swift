import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining
import Testing
import TinyTraining

@Suite(.oneAtATime) struct CheckpointTests {
    /// Ends a run after a step, as a signal does.
    private final class StopAfter: TrainerCallback {
        let step: Int
        var request: StopRequest?
        init(_ step: Int) { self.step = step }
        func onStepEnd(_ state: TrainerState, _ control: inout TrainerControl) {
            if state.globalStep == step { request?.set() }
        }
    }

    /// Where two outcomes differ; `nil` if nowhere.
    private func difference(_ outcome: Outcome, _ expected: Outcome) -> String? {
        for (log, other) in zip(outcome.logs, expected.logs) where log != other { return "\(log) instead of \(other)" }
        if outcome.logs.count != expected.logs.count { return "\(outcome.logs.count) logs" }
        for (name, values) in expected.weights where outcome.weights[name] != values { return name }
        return outcome == expected ? nil : "the training loss"
    }

    /// Everything a run leaves behind that depends on no clock.
    private struct Outcome: Equatable {
        var weights: [String: [UInt32]]
        var logs: [JSONObject]
        var trainingLoss: UInt64

        init(_ trainer: Trainer, _ output: TrainOutput) {
            weights = Dictionary(
                uniqueKeysWithValues: SwiftletTrainingTests.weights(trainer).map {
                    ($0.name, $0.values.map(\.bitPattern))
                })
            logs = trainer.state.logHistory.map { log in
                JSONObject(log.filter { !$0.0.contains("_runtime") && !$0.0.contains("_per_second") })
            }
            trainingLoss = output.trainingLoss.bitPattern
        }
    }

    // Three epochs of five updates, the last of two batches; a log that spans a checkpoint; evaluations in between.
    private func arguments(_ args: inout TrainingArguments, _ folder: String) {
        args.outputDir = folder
        args.numTrainEpochs = 3
        args.perDeviceTrainBatchSize = 4
        args.gradientAccumulationSteps = 2
        args.loggingSteps = 4
        args.evalStrategy = .epoch
        args.saveStrategy = .steps
        args.saveSteps = 100
        args.warmupSteps = 3
        args.lrSchedulerType = .cosine
    }

    @Test(arguments: 1...14) func `a run that was stopped at any step ends as one that was not`(step: Int) throws {
        let (whole, parts) = (try TemporaryDirectory(), try TemporaryDirectory())
        let uninterrupted = try tinyTrainer({ arguments(&$0, whole.path) }, rows: 39)
        let expected = Outcome(uninterrupted, try uninterrupted.train())

        let stop = StopAfter(step)
        let first = try tinyTrainer({ arguments(&$0, parts.path) }, rows: 39, callbacks: [stop])
        stop.request = first.stop
        #expect(throws: TrainingError.self) { try first.train() }
        let second = try tinyTrainer({ arguments(&$0, parts.path) }, rows: 39)
        let output = try second.train(resumeFrom: .last)
        #expect(difference(Outcome(second, output), expected) == nil)
    }

    /// The first batch decides the problem type, and a run that goes on from its end sees no batch.
    @Test func `a run that goes on from its end writes the same configuration`() throws {
        let folder = try TemporaryDirectory()
        func configuration(_ resume: ResumePoint?) throws -> String {
            let trainer = try tinyTrainer({
                $0.outputDir = folder.path
                $0.saveStrategy = .epoch
            })
            try trainer.train(resumeFrom: resume)
            try trainer.saveModel()
            return try MappedFile.text(folder.file("config.json"))
        }
        let whole = try configuration(nil)
        #expect(whole.contains("single_label_classification"))
        #expect(try configuration(.last) == whole)
    }

    @Test(arguments: [SamplingStrategy.groupByLength, .sequential]) func `other orders of rows resume too`(
        strategy: SamplingStrategy
    ) throws {
        let (whole, parts) = (try TemporaryDirectory(), try TemporaryDirectory())
        func change(_ args: inout TrainingArguments, _ folder: String) {
            arguments(&args, folder)
            args.trainSamplingStrategy = strategy
            args.dataloaderNumWorkers = 1
        }
        let uninterrupted = try tinyTrainer({ change(&$0, whole.path) }, rows: 39)
        let expected = Outcome(uninterrupted, try uninterrupted.train())
        let stop = StopAfter(7)
        let first = try tinyTrainer({ change(&$0, parts.path) }, rows: 39, callbacks: [stop])
        stop.request = first.stop
        #expect(throws: TrainingError.self) { try first.train() }
        let second = try tinyTrainer({ change(&$0, parts.path) }, rows: 39)
        #expect(difference(Outcome(second, try second.train(resumeFrom: .last)), expected) == nil)
    }

    /// Exchanges ids at random, as a collator that hides tokens does.
    private struct DrawingCollator: DataCollator {
        var drawsRandomNumbers: Bool { true }

        func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
            var inputs = try TinyCollator()(examples)
            inputs.inputIDs = inputs.inputIDs + Tensor.randint(2, inputs.inputIDs.shape)
            return inputs
        }
    }

    /// The batch after the one of the stop is made by then, from draws before the stop.
    @Test(arguments: 1...14, [0, 2]) func `draws of a collator go on where they were`(step: Int, workers: Int) throws {
        let (whole, parts) = (try TemporaryDirectory(), try TemporaryDirectory())
        func trainer(_ folder: String, _ callbacks: [any TrainerCallback] = []) throws -> Trainer {
            try tinyTrainer(
                {
                    arguments(&$0, folder)
                    $0.dataloaderNumWorkers = workers
                }, rows: 39, callbacks: callbacks, collator: DrawingCollator())
        }
        let uninterrupted = try trainer(whole.path)
        let expected = Outcome(uninterrupted, try uninterrupted.train())
        let stop = StopAfter(step)
        let first = try trainer(parts.path, [stop])
        stop.request = first.stop
        #expect(throws: TrainingError.self) { try first.train() }
        let second = try trainer(parts.path)
        #expect(difference(Outcome(second, try second.train(resumeFrom: .last)), expected) == nil)
    }

    @Test func `a damaged checkpoint is passed over for the one before`() throws {
        let folder = try TemporaryDirectory()
        func change(_ args: inout TrainingArguments) {
            args.outputDir = folder.path
            args.saveStrategy = .steps
            args.saveSteps = 2
        }
        let whole = try tinyTrainer(change)
        let expected = Outcome(whole, try whole.train())
        for (name, damage) in [
            ("optimizer.safetensors", { (bytes: inout [UInt8]) in bytes[bytes.count / 2] ^= 1 }),
            ("model.safetensors", { (bytes: inout [UInt8]) in bytes.removeLast() }),
        ] {
            let path = FileSystem.join(folder.file("checkpoint-6"), name)
            var bytes = try Self.bytes(path)
            damage(&bytes)
            try AtomicFile.write(bytes, to: path)
            let found = try ResumePoint.last.find(in: folder.path) { #expect($0.contains(name)) }
            #expect(found.step == 4)
            #expect(throws: TrainingError.self) {
                try ResumePoint.path(folder.file("checkpoint-6")).find(in: folder.path) { _ in }
            }
            let resumed = try tinyTrainer(change)
            #expect(difference(Outcome(resumed, try resumed.train(resumeFrom: .last)), expected) == nil)
        }
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        let file = try MappedFile(path)
        return withExtendedLifetime(file) { Array(file.bytes) }
    }

    @Test func `old checkpoints are deleted, the best and the newest are not`() throws {
        let folder = try TemporaryDirectory()
        let trainer = try tinyTrainer {
            $0.outputDir = folder.path
            $0.numTrainEpochs = 4
            $0.evalStrategy = .epoch
            $0.saveStrategy = .epoch
            $0.saveTotalLimit = 2
            $0.loadBestModelAtEnd = true
            $0.metricForBestModel = "loss"
        }
        try trainer.train()
        let best = try #require(trainer.state.bestModelCheckpoint)
        let steps = try Checkpoint.all(in: folder.path).map(\.step)
        #expect(steps.last == 12 && steps.count == 2)
        #expect(steps.contains { best.hasSuffix("/checkpoint-\($0)") })
        // The model has the best checkpoint's weights, and its evaluation gives the best metric.
        let metrics = try trainer.evaluate()
        #expect(metrics.first { $0.name == "eval_loss" }?.value == trainer.state.bestMetric)
    }

    @Test func `nothing that looks like a checkpoint is left of a write that fails`() throws {
        let folder = try TemporaryDirectory()
        struct Full: Error {}
        #expect(throws: Full.self) {
            _ = try Checkpoint.write(step: 3, in: folder.path) { inner in
                try AtomicFile.write("half", to: FileSystem.join(inner, "model.safetensors"))
                throw Full()
            }
        }
        #expect(try FileSystem.names(in: folder.path).isEmpty)
        _ = try Checkpoint.write(step: 3, in: folder.path) { try AtomicFile.write("a", to: FileSystem.join($0, "x")) }
        _ = try Checkpoint.write(step: 3, in: folder.path) { try AtomicFile.write("b", to: FileSystem.join($0, "x")) }
        #expect(try FileSystem.names(in: folder.path) == ["checkpoint-3"])
        #expect(try MappedFile.text(folder.file("checkpoint-3/x")) == "b")
    }

    @Test func `early stopping ends the run, also across a resume`() throws {
        let folder = try TemporaryDirectory()
        let trainer = try tinyTrainer(
            {
                $0.outputDir = folder.path
                $0.numTrainEpochs = 10
                $0.evalStrategy = .epoch
                $0.saveStrategy = .epoch
                // Nothing is learned, so nothing becomes better after the first evaluation.
                $0.learningRate = 0
                $0.metricForBestModel = "accuracy"
            }, callbacks: [EarlyStoppingCallback(patience: 3)])
        let output = try trainer.train()
        #expect(output.globalStep == 4 * 3)
        let state = try TrainerState(
            try JSONValue(contentsOf: folder.file("checkpoint-9/trainer_state.json")), path: "")
        let kept = state.callbackStates["EarlyStoppingCallback"]?["attributes"]
        #expect(kept?["early_stopping_patience_counter"]?.int == 2)
    }

    @Test func `resuming without a checkpoint says so`() throws {
        let folder = try TemporaryDirectory()
        let trainer = try tinyTrainer { $0.outputDir = folder.path }
        let error = try #require(throws: TrainingError.self) { try trainer.train(resumeFrom: .last) }
        #expect(error.message.contains("there is no checkpoint"))
    }
}
