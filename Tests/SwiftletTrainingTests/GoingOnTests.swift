import Logging
import SwiftletDatasets
import SwiftletIO
import SwiftletNN
import SwiftletTestSupport
import SwiftletTraining
import Synchronization
import Testing
import TinyTraining

/// Runs that go on after their end, and runs that end before it.
@Suite(.oneAtATime) struct GoingOnTests {
    private func change(_ args: inout TrainingArguments, _ folder: String, epochs: Double) {
        args.outputDir = folder
        args.numTrainEpochs = epochs
        args.saveStrategy = .steps
        // The rate of a step must not depend on how many there are to be.
        args.lrSchedulerType = .constant
        args.evalStrategy = .epoch
    }

    private func losses(_ trainer: Trainer) -> [Double] {
        trainer.state.logHistory.compactMap { $0["loss"]?.double }
    }

    @Test(arguments: [1.5, 2, 3]) func `a finished run goes on for more epochs, as one that was longer from the start`(
        epochs: Double
    ) throws {
        let (whole, parts) = (try TemporaryDirectory(), try TemporaryDirectory())
        let long = try tinyTrainer { change(&$0, whole.path, epochs: 4) }
        try long.train()
        let first = try tinyTrainer { change(&$0, parts.path, epochs: epochs) }
        let done = try first.train().globalStep
        let second = try tinyTrainer { change(&$0, parts.path, epochs: 4) }
        let output = try second.train(resumeFrom: .last)
        #expect(done < 12 && output.globalStep == 12)
        #expect(losses(second) == losses(long))
        for (a, b) in zip(weights(second), weights(long)) { #expect(a.values == b.values, "\(a.name)") }
    }

    @Test func `a finished run goes on for more steps`() throws {
        let folder = try TemporaryDirectory()
        func trainer(_ steps: Int) throws -> Trainer {
            try tinyTrainer {
                change(&$0, folder.path, epochs: 3)
                $0.maxSteps = steps
            }
        }
        #expect(try trainer(4).train().globalStep == 4)
        #expect(try trainer(7).train(resumeFrom: .last).globalStep == 7)
        // Nothing is left to do: no step is taken.
        #expect(try trainer(7).train(resumeFrom: .last).globalStep == 7)
    }

    private func stopping(_ folder: String, epochs: Double, patience: Int?, logger: Logger? = nil) throws -> Trainer {
        try tinyTrainer(
            {
                change(&$0, folder, epochs: epochs)
                $0.saveStrategy = .epoch
                // Nothing is learned, so nothing becomes better after the first evaluation.
                $0.learningRate = 0
                $0.metricForBestModel = "accuracy"
            }, callbacks: patience.map { [EarlyStoppingCallback(patience: $0)] } ?? [])
    }

    @Test func `an early stop holds, until more is asked for`() throws {
        let folder = try TemporaryDirectory()
        let first = try stopping(folder.path, epochs: 10, patience: 2)
        #expect(try first.train().globalStep == 9)
        let reason = (first.callbacks.first as? EarlyStoppingCallback)?.reason
        #expect(reason?.contains("eval_accuracy") == true && reason?.contains("2 evaluations") == true)
        // The same again is ended already; with more patience, or without the callback, it goes on.
        #expect(try stopping(folder.path, epochs: 10, patience: 2).train(resumeFrom: .last).globalStep == 9)
        #expect(try stopping(folder.path, epochs: 10, patience: 4).train(resumeFrom: .last).globalStep == 15)
        #expect(try stopping(folder.path, epochs: 6, patience: nil).train(resumeFrom: .last).globalStep == 18)
    }

    @Test func `the evaluation at the end of a run is kept for those who ask again`() throws {
        let trainer = try tinyTrainer { $0.evalStrategy = .epoch }
        #expect(trainer.latestEvaluation == nil)
        try trainer.train()
        let kept = try #require(trainer.latestEvaluation)
        let count = trainer.state.logHistory.count
        let anew = try trainer.evaluate()
        #expect(trainer.state.logHistory.count == count + 1)
        for (a, b) in zip(kept, anew) where !a.name.contains("runtime") && !a.name.contains("per_second") {
            #expect(a.name == b.name && a.value == b.value)
        }
        // Weights that have changed since have no evaluation.
        let steps = try tinyTrainer {
            $0.evalStrategy = .steps
            $0.evalSteps = 4
            $0.maxSteps = 6
            $0.evalDelay = 0
        }
        steps.callbacks.append(StopAfterFive())
        try steps.train()
        #expect(steps.state.globalStep == 5 && steps.latestEvaluation == nil)
    }

    @Test func `what the model answered is kept with the evaluation at the end, where that is asked for`() throws {
        let trainer = try tinyTrainer { $0.evalStrategy = .epoch }
        trainer.keepsLatestOutput = true
        let passes = Passes()
        trainer.callbacks.append(passes)
        try trainer.train()
        let kept = try #require(trainer.latestOutput)
        let evaluations = passes.count
        let rows = try #require(trainer.evalDataset)
        let anew = try trainer.predict(rows)
        #expect(evaluations > 0 && passes.count == evaluations + 1)
        #expect(kept.predictions.values == anew.predictions.values && kept.labelIDs == anew.labelIDs)
        // Of other rows nothing is kept, and what was kept stays.
        try trainer.evaluate(try rows.take(2))
        #expect(trainer.latestOutput?.predictions.shape == kept.predictions.shape)
        trainer.keepsLatestOutput = false
        try trainer.evaluate()
        #expect(trainer.latestOutput == nil && trainer.latestEvaluation != nil)
    }

    private final class Passes: TrainerCallback {
        var count = 0
        func onPredictionStep(_ state: TrainerState, done: Int, total: Int) { if done == total { count += 1 } }
    }

    private final class StopAfterFive: TrainerCallback {
        func onStepEnd(_ state: TrainerState, _ control: inout TrainerControl) {
            if state.globalStep == 5 { control.shouldTrainingStop = true }
        }
    }

    @Test func `a run shorter than logging_steps has a curve`() throws {
        let trainer = try tinyTrainer { $0.loggingSteps = 500 }
        try trainer.train()
        #expect(losses(trainer).count == trainer.state.globalStep)
    }
}
