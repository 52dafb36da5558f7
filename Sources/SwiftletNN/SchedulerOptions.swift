public import SwiftletIO

/// What `lr_scheduler_kwargs` may hold. `nil` means the schedule's own default.
public struct SchedulerOptions: Sendable, Equatable {
    /// How a warm-up rises or a decay falls.
    public enum Shape: String, Sendable, CaseIterable {
        /// In a straight line.
        case linear
        /// Along half a cosine.
        case cosine
        /// As 1 less the root of the share that has passed.
        case oneMinusSqrt = "1-sqrt"
    }

    /// `num_cycles`
    public var cycles: Double?
    /// The exponent of `polynomial`.
    public var power: Double?
    /// `lr_end`
    public var endLearningRate: Double?
    /// Updates over which `inverse_sqrt` falls; by default those of the warm-up.
    public var timescale: Int?
    /// `min_lr`
    public var minLearningRate: Double?
    /// `min_lr_rate`, a share of the learning rate.
    public var minLearningRateRate: Double?
    /// `min_lr_ratio`, of `warmup_stable_decay`.
    public var minLearningRateRatio: Double?
    /// `warmup_lr_rate`
    public var warmupLearningRateRate: Double?
    /// `num_decay_steps`
    public var decaySteps: Int?
    /// `num_stable_steps`
    public var stableSteps: Int?
    /// `warmup_type`
    public var warmupShape: Shape?
    /// `decay_type`
    public var decayShape: Shape?
    // Of `reduce_lr_on_plateau`.
    /// Of `reduce_lr_on_plateau`: whether the metric should fall (`min`) or rise (`max`).
    public var mode: String?
    /// Of `reduce_lr_on_plateau`: what the learning rate is multiplied by, below 1.
    public var factor: Double?
    /// Of `reduce_lr_on_plateau`: evaluations without an improvement that are waited for.
    public var patience: Int?
    /// Of `reduce_lr_on_plateau`: how much better counts as an improvement.
    public var threshold: Double?
    /// `threshold_mode`
    public var thresholdMode: String?
    /// Of `reduce_lr_on_plateau`: evaluations after a reduction in which nothing is counted.
    public var cooldown: Int?
    /// `eps`
    public var epsilon: Double?

    /// Every option at its schedule's own default.
    public init() {}

    /// From the object of `lr_scheduler_kwargs`, for a schedule.
    ///
    /// - Throws: `SchedulerError` for a key that the schedule does not take, a value of another kind, and a key that
    ///   is missing.
    public init(_ json: JSONObject, for type: SchedulerType) throws(SchedulerError) {
        for (key, value) in json {
            guard type.optionNames.contains(key) else {
                let names = type.optionNames.sorted().joined(separator: ", ")
                throw SchedulerError(
                    "lr_scheduler_kwargs: '\(type.rawValue)' takes no '\(key)'",
                    remedy: names.isEmpty ? "It takes none at all." : "It takes \(names).", kind: .invalidArgument,
                    at: ErrorLocation(key: key, option: "lr_scheduler_kwargs"))
            }
            func number() throws(SchedulerError) -> Double {
                guard let number = value.double, number.isFinite else { throw .kind(key, value, "a number") }
                return number
            }
            func whole() throws(SchedulerError) -> Int {
                guard let number = value.int, Self.counts.contains(number) else {
                    throw .kind(key, value, "a whole number from 0 to 2^53")
                }
                return number
            }
            func text(_ allowed: [String]) throws(SchedulerError) -> String {
                guard let text = value.string, allowed.contains(text) else {
                    throw .kind(key, value, "one of \(allowed.joined(separator: ", "))")
                }
                return text
            }
            switch key {
            case "num_cycles": cycles = try number()
            case "power": power = try number()
            case "lr_end": endLearningRate = try number()
            case "timescale": timescale = try whole()
            case "min_lr": minLearningRate = try number()
            case "min_lr_rate": minLearningRateRate = try number()
            case "min_lr_ratio": minLearningRateRatio = try number()
            case "warmup_lr_rate": warmupLearningRateRate = try number()
            case "num_decay_steps": decaySteps = try whole()
            case "num_stable_steps": stableSteps = try whole()
            case "warmup_type": warmupShape = Shape(rawValue: try text(Shape.allCases.map(\.rawValue)))
            case "decay_type": decayShape = Shape(rawValue: try text(Shape.allCases.map(\.rawValue)))
            case "mode": mode = try text(["min", "max"])
            case "factor": factor = try number()
            case "patience": patience = try whole()
            case "threshold": threshold = try number()
            case "threshold_mode": thresholdMode = try text(["rel", "abs"])
            case "cooldown": cooldown = try whole()
            case "eps": epsilon = try number()
            default:
                throw SchedulerError(
                    "lr_scheduler_kwargs: '\(key)' is unknown", remedy: "Leave it out, or correct its spelling.",
                    kind: .invalidArgument, at: ErrorLocation(key: key, option: "lr_scheduler_kwargs"))
            }
        }
        try check(type)
    }

    /// Numbers of steps that a `Double` counts exactly.
    private static let counts = 0...(1 << 53)

    /// - Throws: `SchedulerError` for what the schedule can't do without, and for numbers of steps that can't be
    ///   counted.
    public func check(_ type: SchedulerType) throws(SchedulerError) {
        for (name, count) in [
            ("num_decay_steps", decaySteps), ("num_stable_steps", stableSteps), ("patience", patience),
            ("cooldown", cooldown), ("timescale", timescale),
        ] {
            if let count, !Self.counts.contains(count) {
                throw .kind(name, .int(count), "a whole number from 0 to 2^53")
            }
        }
        if timescale == 0 { throw .kind("timescale", 0, "a whole number from 1") }
        for (name, number) in [
            ("num_cycles", cycles), ("power", power), ("lr_end", endLearningRate), ("min_lr", minLearningRate),
            ("min_lr_rate", minLearningRateRate), ("min_lr_ratio", minLearningRateRatio),
            ("warmup_lr_rate", warmupLearningRateRate), ("factor", factor), ("threshold", threshold), ("eps", epsilon),
        ] {
            if let number, !(abs(number) <= 1e15) {
                throw .kind(name, .double(number), "a number between -1e15 and 1e15")
            }
        }
        switch type {
        case .cosineWithMinLR, .cosineWarmupWithMinLR:
            guard (minLearningRate == nil) != (minLearningRateRate == nil) else {
                throw SchedulerError(
                    "'\(type.rawValue)' needs either min_lr or min_lr_rate", remedy: "Set one in lr_scheduler_kwargs.",
                    kind: .invalidArgument, at: ErrorLocation(key: "min_lr", option: "lr_scheduler_kwargs"))
            }
        case .warmupStableDecay:
            guard decaySteps != nil else {
                throw SchedulerError(
                    "'\(type.rawValue)' needs num_decay_steps", remedy: "Set it in lr_scheduler_kwargs.",
                    kind: .invalidArgument, at: ErrorLocation(key: "num_decay_steps", option: "lr_scheduler_kwargs"))
            }
        case .reduceLROnPlateau:
            if let factor, factor >= 1 {
                throw SchedulerError(
                    "lr_scheduler_kwargs: factor is \(factor); it must be below 1",
                    remedy: "Give a share of the learning rate, such as 0.1.", kind: .invalidArgument,
                    at: ErrorLocation(key: "factor", option: "lr_scheduler_kwargs"))
            }
        default: break
        }
    }
}

extension SchedulerType {
    /// The keys of `lr_scheduler_kwargs` that the schedule takes.
    var optionNames: Set<String> {
        switch self {
        case .linear, .constant, .constantWithWarmup: []
        case .cosine, .cosineWithRestarts: ["num_cycles"]
        case .polynomial: ["lr_end", "power"]
        case .inverseSqrt: ["timescale"]
        case .cosineWithMinLR: ["num_cycles", "min_lr", "min_lr_rate"]
        case .cosineWarmupWithMinLR: ["num_cycles", "min_lr", "min_lr_rate", "warmup_lr_rate"]
        case .warmupStableDecay:
            ["num_decay_steps", "num_stable_steps", "warmup_type", "decay_type", "min_lr_ratio", "num_cycles"]
        case .reduceLROnPlateau:
            ["mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "min_lr", "eps"]
        }
    }
}

/// A schedule that can't be made.
public struct SchedulerError: SwiftletError {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// No schedule of this name.
        case unknownSchedule
        /// A number or option that the schedule can't work with.
        case invalidArgument
    }

    /// What went wrong, to switch over.
    public var kind: Kind
    public var message: String
    public var remedy: String?
    public var commandLineRemedy: String?
    public var location: ErrorLocation

    /// - Parameters:
    ///   - message: one sentence that names the culprit.
    ///   - remedy: what a caller in Swift can do.
    ///   - commandLine: what a user of the command line can do; by default the same.
    init(
        _ message: String, remedy: String? = nil, commandLine: String? = nil, kind: Kind = .invalidArgument,
        at location: ErrorLocation = ErrorLocation()
    ) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.commandLineRemedy = commandLine ?? remedy
        self.location = location
    }

    static func kind(_ key: String, _ value: JSONValue, _ rule: String) -> SchedulerError {
        SchedulerError(
            "lr_scheduler_kwargs: \(key) is \(value.text()); it must be \(rule)",
            remedy: "Correct it, or leave it out.", kind: .invalidArgument,
            at: ErrorLocation(key: key, option: "lr_scheduler_kwargs"))
    }
}
