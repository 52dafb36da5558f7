#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The learning-rate schedules by the names of `lr_scheduler_type`.
public enum SchedulerType: String, Sendable, CaseIterable {
    case linear
    case cosine
    case cosineWithRestarts = "cosine_with_restarts"
    case polynomial
    case constant
    case constantWithWarmup = "constant_with_warmup"
    case inverseSqrt = "inverse_sqrt"

    /// What the base learning rate is multiplied by at scheduler step `step`, counted from 0.
    ///
    /// The formulas and their defaults are those of `transformers.optimization`: half a cosine, one restart cycle,
    /// polynomial power 1 down to a learning rate of 1e-7.
    public func factor(step: Int, warmupSteps: Int, trainingSteps: Int, baseLearningRate: Double) -> Double {
        let warmup = Double(step) / Double(max(1, warmupSteps))
        let remaining = Double(max(1, trainingSteps - warmupSteps))
        let progress = Double(step - warmupSteps) / remaining
        let isWarmingUp = step < warmupSteps
        switch self {
        case .constant:
            return 1
        case .constantWithWarmup:
            return isWarmingUp ? warmup : 1
        case .linear:
            return isWarmingUp ? warmup : max(0, Double(trainingSteps - step) / remaining)
        case .cosine:
            return isWarmingUp ? warmup : max(0, 0.5 * (1 + cos(Double.pi * progress)))
        case .cosineWithRestarts:
            if isWarmingUp { return warmup }
            return progress >= 1 ? 0 : max(0, 0.5 * (1 + cos(Double.pi * progress.truncatingRemainder(dividingBy: 1))))
        case .polynomial:
            if isWarmingUp { return warmup }
            let end = 1e-7
            if step > trainingSteps { return end / baseLearningRate }
            let left = 1 - Double(step - warmupSteps) / Double(max(1, trainingSteps - warmupSteps))
            return ((baseLearningRate - end) * left + end) / baseLearningRate
        case .inverseSqrt:
            if isWarmingUp { return warmup }
            let timescale = warmupSteps > 0 ? warmupSteps : 10_000
            return 1 / sqrt(Double(step + timescale - warmupSteps) / Double(timescale))
        }
    }
}

/// Sets an optimizer's learning rates: call `step()` after each `optimizer.step()`.
public final class LRScheduler {
    public let type: SchedulerType
    public let warmupSteps: Int
    public let trainingSteps: Int
    /// Scheduler steps taken so far.
    public private(set) var lastEpoch = 0
    private let optimizer: AdamW
    private let baseRates: [Double]

    public init(_ type: SchedulerType, optimizer: AdamW, warmupSteps: Int, trainingSteps: Int) {
        self.type = type
        self.optimizer = optimizer
        self.warmupSteps = warmupSteps
        self.trainingSteps = trainingSteps
        baseRates = optimizer.groups.map(\.learningRate)
        // As in PyTorch, making the schedule already sets the rate of step 0: with warm-up, zero.
        apply()
    }

    /// The learning rate of each group, now.
    public var lastLearningRates: [Double] { optimizer.groups.map(\.learningRate) }

    public func step() {
        lastEpoch += 1
        apply()
    }

    private func apply() {
        optimizer.setLearningRates(
            baseRates.map { rate in
                rate
                    * type.factor(
                        step: lastEpoch, warmupSteps: warmupSteps, trainingSteps: trainingSteps, baseLearningRate: rate)
            })
    }
}
