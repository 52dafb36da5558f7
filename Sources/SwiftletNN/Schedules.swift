#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The learning-rate schedules by the names of `lr_scheduler_type`.
public enum SchedulerType: String, Sendable, CaseIterable {
    /// Warm-up, then a straight line to 0.
    case linear
    /// Warm-up, then a cosine to 0.
    case cosine
    /// Warm-up, then `num_cycles` cosines, each from the peak to 0.
    case cosineWithRestarts = "cosine_with_restarts"
    /// Warm-up, then a power of the share that is left, down to `lr_end`.
    case polynomial
    /// The peak throughout.
    case constant
    /// Warm-up, then the peak.
    case constantWithWarmup = "constant_with_warmup"
    /// Warm-up, then the inverse root of the number of updates.
    case inverseSqrt = "inverse_sqrt"
    /// The peak, lowered when a metric stops improving.
    case reduceLROnPlateau = "reduce_lr_on_plateau"
    /// Warm-up, then a cosine to `min_lr`.
    case cosineWithMinLR = "cosine_with_min_lr"
    /// A warm-up from `warmup_lr_rate` of the peak, then a cosine to `min_lr`.
    case cosineWarmupWithMinLR = "cosine_warmup_with_min_lr"
    /// Warm-up, the peak for a while, then a decay to `min_lr_ratio` of it.
    case warmupStableDecay = "warmup_stable_decay"
}

/// A learning rate as a function of the step: a type, its lengths and its `lr_scheduler_kwargs`.
public struct LearningRateSchedule: Sendable {
    /// Which schedule it is.
    public let type: SchedulerType
    /// Updates in which the learning rate rises to its peak.
    public let warmupSteps: Int
    /// Updates in all.
    public let trainingSteps: Int
    /// What `lr_scheduler_kwargs` says.
    public let options: SchedulerOptions

    /// - Parameters:
    ///   - type: which schedule it is.
    ///   - warmupSteps: updates in which the learning rate rises.
    ///   - trainingSteps: updates in all.
    ///   - options: what `lr_scheduler_kwargs` says; by default the schedule's own values.
    public init(_ type: SchedulerType, warmupSteps: Int, trainingSteps: Int, options: SchedulerOptions = .init()) {
        self.type = type
        self.warmupSteps = warmupSteps
        self.trainingSteps = trainingSteps
        self.options = options
    }

    /// What the base learning rate is multiplied by at scheduler step `step`, counted from 0. The formulas and their
    /// defaults are those of `transformers.optimization`.
    public func factor(step: Int, baseLearningRate: Double) -> Double {
        let warmup = Double(step) / Double(max(1, warmupSteps))
        let remaining = Double(max(1, trainingSteps - warmupSteps))
        let progress = Double(step - warmupSteps) / remaining
        let isWarmingUp = step < warmupSteps
        // Nothing times anything; shares of it can't be taken.
        if baseLearningRate == 0 { return 0 }
        switch type {
        case .constant, .reduceLROnPlateau:
            return 1
        case .constantWithWarmup:
            return isWarmingUp ? warmup : 1
        case .linear:
            return isWarmingUp ? warmup : max(0, Double(trainingSteps - step) / remaining)
        case .cosine:
            return isWarmingUp ? warmup : max(0, wave(progress, cycles: options.cycles ?? 0.5))
        case .cosineWithRestarts:
            if isWarmingUp { return warmup }
            if progress >= 1 { return 0 }
            let cycle = (progress * (options.cycles ?? 1)).truncatingRemainder(dividingBy: 1)
            return max(0, 0.5 * (1 + cos(Double.pi * cycle)))
        case .polynomial:
            if isWarmingUp { return warmup }
            let end = options.endLearningRate ?? 1e-7
            if step > trainingSteps { return end / baseLearningRate }
            let left = 1 - Double(step - warmupSteps) / Double(max(1, trainingSteps - warmupSteps))
            return ((baseLearningRate - end) * pow(left, options.power ?? 1) + end) / baseLearningRate
        case .inverseSqrt:
            if isWarmingUp { return warmup }
            let timescale = Double(options.timescale ?? (warmupSteps > 0 ? warmupSteps : 10_000))
            return 1 / sqrt((Double(step) + timescale - Double(warmupSteps)) / timescale)
        case .cosineWithMinLR:
            if isWarmingUp { return warmup }
            return lifted(wave(progress, cycles: options.cycles ?? 0.5), baseLearningRate)
        case .cosineWarmupWithMinLR:
            if isWarmingUp {
                guard let start = options.warmupLearningRateRate else {
                    return Double(step + 1) / Double(max(1, warmupSteps))
                }
                return start + (1 - start) * Double(step) / Double(max(1, warmupSteps - 1))
            }
            let shifted = (Double(step - warmupSteps) + 1) / remaining
            return lifted(wave(shifted, cycles: options.cycles ?? 0.5), baseLearningRate)
        case .warmupStableDecay:
            return warmupStableDecay(step)
        }
    }

    private func wave(_ progress: Double, cycles: Double) -> Double {
        0.5 * (1 + cos(Double.pi * cycles * 2 * progress))
    }

    /// From the least learning rate up instead of from 0.
    private func lifted(_ factor: Double, _ baseLearningRate: Double) -> Double {
        let least = options.minLearningRateRate ?? (options.minLearningRate ?? 0) / baseLearningRate
        return max(0, factor * (1 - least) + least)
    }

    private func warmupStableDecay(_ step: Int) -> Double {
        // As numbers that don't overflow; up to 2^53 they count exactly.
        let (step, warmupSteps) = (Double(step), Double(warmupSteps))
        let decaySteps = Double(options.decaySteps ?? 0)
        let stableSteps = options.stableSteps.map(Double.init) ?? Double(trainingSteps) - warmupSteps - decaySteps
        let least = options.minLearningRateRatio ?? 0
        func shaped(_ progress: Double, _ shape: SchedulerOptions.Shape, isDecay: Bool) -> Double {
            let factor =
                switch shape {
                case .linear: isDecay ? 1 - progress : progress
                case .cosine:
                    isDecay
                        ? wave(progress, cycles: options.cycles ?? 0.5)
                        : 0.5 * (1 - cos(Double.pi * progress))
                case .oneMinusSqrt: isDecay ? 1 - sqrt(progress) : 1 - sqrt(1 - progress)
                }
            return max(0, factor * (1 - least) + least)
        }
        if step < warmupSteps {
            return shaped(step / max(1, warmupSteps), options.warmupShape ?? .linear, isDecay: false)
        }
        if step < warmupSteps + stableSteps { return 1 }
        if step < warmupSteps + stableSteps + decaySteps {
            let progress = (step - warmupSteps - stableSteps) / max(1, decaySteps)
            return shaped(progress, options.decayShape ?? .cosine, isDecay: true)
        }
        return least
    }
}
