import Logging
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTraining

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What a training would take, from a few steps that were run and thrown away.
public struct RunEstimate: Sendable {
    /// Updates of the weights in the whole run.
    public let steps: Int
    /// The mean time of the steps that were measured, without the first.
    public let secondsPerStep: Double
    /// All steps together, without evaluations.
    public var seconds: Double { secondsPerStep * Double(steps) }
    /// The most memory that the process has had, in bytes.
    public let peakMemory: Int
    /// The saved model and the checkpoints that are kept, in bytes.
    public let diskSpace: Int
}

extension FineTuning {
    /// Runs a few steps and leaves nothing behind: no file in `output_dir`, no change of the model on disk. All that a run
    /// checks before its first step is checked: rows, columns and metrics of the validation and the test split, too, the
    /// checkpoint to go on from, and whether the output folder can be written to.
    ///
    /// - Parameter measured: how many steps are timed, after one that is not.
    /// - Throws: what `run()` would throw before and in its first steps; `TaskError` where nothing is trained.
    public func estimate(measuring measured: Int = 5) throws -> RunEstimate {
        guard measured > 0 else {
            throw TaskError(.option, "\(measured) steps can't be measured", remedy: "Give at least 1.")
        }
        guard stages.contains(.train) else {
            throw TaskError(
                .option, "an estimate is of a training, and none is asked for",
                remedy: "Leave out {estimate()|--dry-run}, or train, too.")
        }
        let folder = try TemporaryFolder()
        let clock = StepClock(steps: measured + 1)
        let (whole, ready) = try rehearsed(in: folder, [clock])
        var dry = whole.args
        dry.metricForBestModel = args.metricForBestModel
        dry.saveStrategy = .no
        dry.evalStrategy = .no
        dry.evalOnStart = false
        dry.loadBestModelAtEnd = false
        let trainer = try ready.trainer.again(ready.trainer.model, dry)
        try trainer.train()
        let parameters = trainer.model.parameterCount
        return RunEstimate(
            steps: clock.plannedSteps, secondsPerStep: clock.secondsPerStep, peakMemory: peakMemory(),
            // Weights, and for each of them two moments of the optimizer.
            diskSpace: parameters * 4 + checkpointCount(clock.plannedSteps, clock.savedEvery) * parameters * 12)
    }

    /// Checks all that a run checks before its first step, as `estimate()` does, and runs no step.
    ///
    /// - Throws: what `run()` would throw before its first step; with an `expectedMetric`, `TaskError` and `TrainingError`
    ///   where nothing is evaluated, or not with this metric, as far as that can be known.
    package func check() throws { _ = try rehearsed(in: try TemporaryFolder(), []) }

    /// All that the run itself would see before its first step, with the arguments that it has.
    private func rehearsed(
        in folder: TemporaryFolder, _ callbacks: [any TrainerCallback]
    ) throws -> (FineTuning, Prepared) {
        var whole = self
        whole.args.outputDir = folder.path
        // That a few steps end early is no news.
        whole.logger.logLevel = max(logger.logLevel, .warning)
        whole.callbacks = callbacks
        if let expectedMetric {
            whole.args.metricForBestModel = expectedMetric
            if whole.args.evalStrategy == .no { whole.args.evalStrategy = .epoch }
        }
        let ready = try whole.prepared(whole.args)
        try willBegin(ready.trainer, ready.evaluationSplit)
        if ready.trainer.accelerator.isMainProcess { try checkOutputFolder() }
        _ = try resumeFrom?.find(in: args.outputDir) { logger.warning("\($0)") }
        return (whole, ready)
    }

    /// Sees that the output folder can be made and written to, and leaves all as it was.
    private func checkOutputFolder() throws {
        var place = args.outputDir
        while !FileSystem.exists(place), !FileSystem.parent(of: place).isSame(as: place) {
            place = FileSystem.parent(of: place)
        }
        let probe = FileSystem.join(place, ".write-test")
        try AtomicFile.write("", to: probe)
        try FileSystem.remove(probe)
    }

    private func checkpointCount(_ steps: Int, _ interval: Int) -> Int {
        let count =
            switch args.saveStrategy {
            case .no: 0
            case .epoch: Int(exactly: args.numTrainEpochs.rounded(.up)) ?? 1
            default: (steps + max(interval, 1) - 1) / max(interval, 1)
            }
        return min(count, args.saveTotalLimit ?? count)
    }
}

/// Times steps, and ends the training after a few.
private final class StepClock: TrainerCallback {
    private let steps: Int
    private let clock = ContinuousClock()
    private var times: [ContinuousClock.Instant] = []
    private(set) var plannedSteps = 0
    private(set) var savedEvery = 1

    init(steps: Int) { self.steps = steps }

    func onTrainBegin(_ state: TrainerState, _ control: inout TrainerControl) {
        (plannedSteps, savedEvery) = (state.maxSteps, state.saveSteps)
    }

    func onStepEnd(_ state: TrainerState, _ control: inout TrainerControl) {
        times.append(clock.now)
        if times.count >= steps { control.shouldTrainingStop = true }
    }

    var secondsPerStep: Double {
        guard let first = times.first, let last = times.last, times.count > 1 else { return .nan }
        let duration = (last - first).components
        return (Double(duration.seconds) + Double(duration.attoseconds) * 1e-18) / Double(times.count - 1)
    }
}

private func peakMemory() -> Int {
    var usage = rusage()
    // RUSAGE_SELF, whose type is not the same everywhere.
    getrusage(0, &usage)
    #if canImport(Darwin)
    return Int(usage.ru_maxrss)
    #else
    return Int(usage.ru_maxrss) * 1024
    #endif
}
