public import SwiftletIO

/// Sets an optimizer's learning rates: call `step()` after each `optimizer.step()`.
public final class LRScheduler {
    /// How the learning rate goes over the updates.
    public let schedule: LearningRateSchedule
    /// Scheduler steps taken so far.
    public private(set) var lastEpoch = 0
    private let optimizer: Optimizer
    private let baseRates: [Double]
    private var plateau: Plateau?
    /// Set by an accelerator: whether there was no update, and how many single-process steps one of all processes is.
    package var isAccumulating: (() -> Bool)?
    package var stepsAtOnce = 1

    /// - Parameters:
    ///   - schedule: gives the factor of each update.
    ///   - optimizer: the learning rates of its groups are set at once, and at each `step()`; those it has now are the
    /// peaks.
    public init(_ schedule: LearningRateSchedule, optimizer: Optimizer) {
        self.schedule = schedule
        self.optimizer = optimizer
        baseRates = optimizer.groups.map(\.learningRate)
        if schedule.type == .reduceLROnPlateau { plateau = Plateau(schedule.options) }
        // As in PyTorch, making the schedule already sets the rate of step 0: with warm-up, zero.
        apply()
    }

    /// A schedule by its name in Python, such as `linear`.
    ///
    /// - Throws: `SchedulerError` for an unknown name, or numbers that the schedule can't work with.
    public convenience init(
        _ type: SchedulerType, optimizer: Optimizer, warmupSteps: Int = 0, trainingSteps: Int,
        options: SchedulerOptions = .init()
    ) {
        self.init(
            LearningRateSchedule(type, warmupSteps: warmupSteps, trainingSteps: trainingSteps, options: options),
            optimizer: optimizer)
    }

    /// The learning rate of each group, now.
    public var lastLearningRates: [Double] { optimizer.groups.map(\.learningRate) }

    /// Goes on to the next update. `reduce_lr_on_plateau` waits for `step(metric:)` instead. One that an accelerator has
    /// prepared stays where it is after an update that was skipped.
    public func step() {
        guard plateau == nil else { return }
        if let isAccumulating, isAccumulating() || optimizer.stepWasSkipped { return }
        lastEpoch += stepsAtOnce
        apply()
    }

    /// Tells `reduce_lr_on_plateau` the result of an evaluation; other schedules don't listen.
    ///
    /// - Parameter greaterIsBetter: the direction, unless `mode` is set in the options.
    public func step(metric: Double, greaterIsBetter: Bool) {
        guard plateau != nil else { return }
        lastEpoch += 1
        plateau?.take(metric, greaterIsBetter: greaterIsBetter, optimizer)
    }

    private func apply() {
        if plateau != nil { return }
        optimizer.setLearningRates(
            baseRates.map { $0 * schedule.factor(step: lastEpoch, baseLearningRate: $0) })
    }

    /// What `load` needs to go on from here.
    public var state: JSONObject {
        var json: JSONObject = [
            "base_lrs": .array(baseRates.map { .double($0) }), "last_epoch": .int(lastEpoch),
            "_last_lr": .array(lastLearningRates.map { .double($0) }),
        ]
        if let plateau { json["plateau"] = plateau.json }
        return json
    }

    /// The largest number of steps that is believed in: up to it, every whole number is a `Double` too.
    private static let stepLimit = 1 << 53
    /// The largest learning rate that is believed in: float32 has room for what optimizers multiply it with.
    private static let rateLimit = 1e30

    /// - Throws: `SchedulerError` if the state is damaged or of another optimizer; the schedule then stays as it was.
    public func load(_ json: JSONValue) throws(SchedulerError) {
        guard let step = json["last_epoch"]?.int, (0...Self.stepLimit).contains(step) else {
            throw Self.damaged("last_epoch", "no last_epoch from 0 up")
        }
        let given = try Self.rates("_last_lr", json)
        // Those of a run that goes on count, not these: they are what its peaks were.
        var peaks = given
        if json["base_lrs"] != nil { peaks = try Self.rates("base_lrs", json) }
        for (key, rates) in [("_last_lr", given), ("base_lrs", peaks)] where rates.count != baseRates.count {
            throw SchedulerError(
                "the schedule's state has \(key) for \(rates.count) groups; there are \(baseRates.count)",
                remedy: "Go on with as many parameter groups as the schedule was saved with.", kind: .invalidArgument,
                at: ErrorLocation(key: key))
        }
        if let kept = plateau {
            var restored = kept
            guard restored.load(json["plateau"] ?? .null, stepLimit: Self.stepLimit) else {
                throw SchedulerError(
                    "the schedule's state has no usable 'plateau', which reduce_lr_on_plateau needs",
                    remedy: "Use another checkpoint, or the schedule that this one was saved with.",
                    kind: .invalidArgument, at: ErrorLocation(key: "plateau"))
            }
            plateau = restored
        }
        lastEpoch = step
        optimizer.setLearningRates(given)
    }

    private static func rates(_ key: String, _ json: JSONValue) throws(SchedulerError) -> [Double] {
        guard let given = json[key]?.array else { throw damaged(key, "no list \(key)") }
        let rates = given.compactMap(\.double).filter { (0...rateLimit).contains($0) }
        guard rates.count == given.count else {
            throw damaged(key, "something in \(key) that is no learning rate")
        }
        return rates
    }

    private static func damaged(_ key: String, _ what: String) -> SchedulerError {
        SchedulerError(
            "the schedule's state has \(what)", remedy: "Use another checkpoint: this file is damaged.",
            kind: .invalidArgument, at: ErrorLocation(key: key))
    }
}

/// A schedule by its name, as `transformers.get_scheduler`.
///
/// - Parameters:
///   - numTrainingSteps: of all epochs; `constant`, `constant_with_warmup`, `inverse_sqrt` and `reduce_lr_on_plateau`
///     do without.
///   - options: what `scheduler_specific_kwargs` holds in Python.
/// - Throws: `SchedulerError` for a name that is none, a number that is missing or negative, or options that the
///   schedule can't work with.
public func getScheduler(
    _ name: String, optimizer: Optimizer, numWarmupSteps: Int = 0, numTrainingSteps: Int? = nil,
    options: SchedulerOptions = .init()
) throws(SchedulerError) -> LRScheduler {
    guard let type = SchedulerType(rawValue: name) else {
        throw SchedulerError(
            "there is no schedule '\(name)'",
            remedy: "Schedules are \(SchedulerType.allCases.map(\.rawValue).joined(separator: ", ")).",
            kind: .unknownSchedule, at: ErrorLocation(option: "lr_scheduler_type"))
    }
    guard numWarmupSteps >= 0 else {
        throw SchedulerError(
            "numWarmupSteps is \(numWarmupSteps)", remedy: "It must be at least 0.", kind: .invalidArgument,
            at: ErrorLocation(option: "num_warmup_steps"))
    }
    switch type {
    case .constant, .constantWithWarmup, .inverseSqrt, .reduceLROnPlateau: break
    default:
        guard let numTrainingSteps, numTrainingSteps >= 0 else {
            throw SchedulerError(
                "'\(name)' needs numTrainingSteps, at least 0",
                remedy: "It is the number of epochs times the loader's count.", kind: .invalidArgument,
                at: ErrorLocation(option: "num_training_steps"))
        }
    }
    try options.check(type)
    let end = options.endLearningRate ?? 1e-7
    if type == .polynomial, let rate = optimizer.groups.map(\.learningRate).min(), rate <= end {
        throw SchedulerError(
            "'polynomial' ends at the learning rate \(end), and the optimizer has \(rate)",
            remedy: "Set lr_end below it.", kind: .invalidArgument, at: ErrorLocation(option: "lr_end"))
    }
    return LRScheduler(
        type, optimizer: optimizer, warmupSteps: numWarmupSteps, trainingSteps: numTrainingSteps ?? 0,
        options: options)
}

/// `torch.optim.lr_scheduler.ReduceLROnPlateau`: lowers the rate when a metric stops getting better.
private struct Plateau {
    let options: SchedulerOptions
    var best: Double?
    var badCount = 0
    var cooldownLeft = 0

    init(_ options: SchedulerOptions) { self.options = options }

    mutating func take(_ metric: Double, greaterIsBetter: Bool, _ optimizer: Optimizer) {
        let isMax = options.mode.map { $0 == "max" } ?? greaterIsBetter
        let threshold = options.threshold ?? 1e-4
        let isRelative = options.thresholdMode != "abs"
        let isBetter: Bool
        if let best {
            let sign = isMax ? 1.0 : -1.0
            let bar = isRelative ? best * (1 + sign * threshold) : best + sign * threshold
            isBetter = isMax ? metric > bar : metric < bar
        } else {
            isBetter = !metric.isNaN
        }
        if isBetter {
            best = metric
            badCount = 0
        } else {
            badCount += 1
        }
        if cooldownLeft > 0 {
            cooldownLeft -= 1
            badCount = 0
        }
        guard badCount > (options.patience ?? 10) else { return }
        optimizer.setLearningRates(
            optimizer.groups.map { group in
                let lowered = max(group.learningRate * (options.factor ?? 0.1), options.minLearningRate ?? 0)
                return group.learningRate - lowered > (options.epsilon ?? 1e-8) ? lowered : group.learningRate
            })
        cooldownLeft = options.cooldown ?? 0
        badCount = 0
    }

    var json: JSONValue {
        [
            "best": best.map { .double($0) } ?? .null, "num_bad_epochs": .int(badCount),
            "cooldown_counter": .int(cooldownLeft),
        ]
    }

    /// - Returns: whether the state makes sense; otherwise nothing is taken over.
    mutating func load(_ json: JSONValue, stepLimit: Int) -> Bool {
        guard let bad = json["num_bad_epochs"]?.int, let cooldown = json["cooldown_counter"]?.int,
            (0...stepLimit).contains(bad), (0...stepLimit).contains(cooldown),
            let best = json["best"], best.isNull || best.double != nil
        else { return false }
        (self.best, badCount, cooldownLeft) = (best.double, bad, cooldown)
        return true
    }
}
