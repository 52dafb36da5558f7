public import SwiftletIO

/// What a sweep searches, how, and by what it judges.
public struct SweepSettings: Sendable {
    /// Whether the metric is to be small, as a loss, or large, as an accuracy.
    public enum Direction: String, Sendable, CaseIterable {
        /// The smallest metric is the best, as of a loss.
        case minimize
        /// The largest metric is the best, as of an accuracy.
        case maximize
    }

    /// The settings by the names of their arguments, in order.
    public var space: [(name: String, dimension: SearchDimension)]
    /// How the next setting to try is chosen; `.tpe` by default.
    public var method: SearchMethod
    /// Settings to try; for a grid at most as many, `nil` for all.
    public var trialCount: Int?
    /// Each setting is run once with each of these. Their mean is what is compared.
    public var seeds: [UInt64] = [42]
    /// The name of a metric of the last evaluation, with or without `eval_`.
    public var metric = "eval_loss"
    /// What tables and pages call the metric, where its name doesn't say all, such as `f1/macro` for `f1`.
    package var metricTitle: String?
    /// The metric as tables and pages call it.
    package var shownMetric: String { metricTitle ?? metric }
    /// Whether the smallest or the largest value of `metric` is the best. By default what the metric's name says, such as
    /// the largest of an accuracy (`Direction.init(ofMetric:)`); `validate` refuses a name that doesn't say it.
    public var direction: Direction {
        get { givenDirection ?? Direction(ofMetric: metric) ?? .minimize }
        set { givenDirection = newValue }
    }
    private var givenDirection: Direction?
    /// Of the choice of settings.
    public var seed: UInt64 = 0
    /// Runs at the same time.
    public var parallelRuns = 1
    /// What all runs have in common, such as the model and the data, by the names of their options. A journal of runs that
    /// had something else in common is refused.
    public var commonOptions: JSONObject = [:]
    /// For ASHA, the epochs of the first round, in which every setting takes part; above 0.
    public var minEpochs = 1.0
    /// For ASHA, the epochs of the last round, and so the most that a setting is trained; at least `minEpochs`.
    public var maxEpochs = 9.0
    /// For ASHA, how much rounds differ: one in so many settings goes on to the next round, which has so many times the
    /// epochs, up to `maxEpochs`. At least 2.
    public var reductionFactor = 3

    /// - Parameters:
    ///   - space: names and values; more than none.
    ///   - trialCount: settings to try.
    public init(space: [(name: String, dimension: SearchDimension)], method: SearchMethod = .tpe, trialCount: Int? = 20)
    {
        self.space = space
        self.method = method
        self.trialCount = trialCount
    }

    /// - Throws: `ReportError` that names the setting that makes no sense.
    public func validate() throws {
        func fail(_ message: String, _ option: String, _ remedy: String? = nil) -> ReportError {
            ReportError(.option, message, remedy: remedy, at: ErrorLocation(option: option))
        }
        guard !space.isEmpty else {
            throw fail("there is nothing to search", "search", "Name a setting and its values.")
        }
        for (index, (name, dimension)) in space.enumerated() {
            if let reason = dimension.problem {
                throw fail("the values of '\(name)' make no sense: \(reason)", "search")
            }
            if space[..<index].contains(where: { $0.name.isSame(as: name) }) {
                throw fail("'\(name)' is searched twice", "search")
            }
            if method == .grid, dimension.grid == nil {
                throw fail(
                    "'\(name)' has no steps, which a grid needs", "search", "List its values, or search at random.")
            }
        }
        if let trialCount, trialCount < 1 {
            throw fail("the number of trials is \(trialCount)", "trials", "Give at least 1.")
        }
        if trialCount == nil, method != .grid {
            throw fail("only a grid knows its end", "trials", "Say how many settings to try.")
        }
        guard givenDirection != nil || Direction(ofMetric: metric) != nil else {
            throw fail(
                "whether the best '\(metric)' is the smallest or the largest is not known", "direction",
                "Give {direction|--direction} minimize or maximize.")
        }
        guard !seeds.isEmpty, Set(seeds).count == seeds.count else {
            throw fail("the seeds must be different numbers, at least one", "seeds")
        }
        guard parallelRuns > 0 else { throw fail("\(parallelRuns) runs at a time", "parallel", "Give at least 1.") }
        if method == .asha {
            guard minEpochs > 0, maxEpochs >= minEpochs, maxEpochs.isFinite else {
                throw fail("epochs from \(minEpochs) to \(maxEpochs) make no sense", "max_epochs")
            }
            guard reductionFactor > 1 else {
                throw fail("the reduction factor is \(reductionFactor)", "reduction_factor", "Give at least 2.")
            }
            if space.contains(where: { $0.name == "num_train_epochs" || $0.name == "max_steps" }) {
                throw fail("asha sets the epochs itself", "search", "Leave out num_train_epochs and max_steps.")
            }
        }
    }

    /// Epochs of ASHA's rounds, the fewest first; one round without a number for the other methods.
    var rounds: [Double?] {
        guard method == .asha else { return [nil] }
        var rounds: [Double?] = []
        var epochs = minEpochs
        while epochs < maxEpochs {
            rounds.append(epochs)
            epochs *= Double(reductionFactor)
        }
        return rounds + [maxEpochs]
    }

    /// How many runs there are in all; `nil` for ASHA, where that depends on their outcomes.
    public var runCount: Int? {
        guard method != .asha else { return nil }
        var trials = trialCount ?? .max
        if method == .grid, let all = CheckedNumber.product(space.map { $0.dimension.grid?.count ?? 1 }) {
            trials = min(trials, all)
        }
        return CheckedNumber.product([trials, seeds.count])
    }

    /// The settings of a grid in order, the last name's values changing first.
    func gridValues(_ trial: Int) -> JSONObject? {
        var rest = trial
        var values: [(String, JSONValue)] = []
        for (name, dimension) in space.reversed() {
            guard let grid = dimension.grid, !grid.isEmpty else { return nil }
            values.append((name, grid[rest % grid.count]))
            rest /= grid.count
        }
        return rest == 0 ? JSONObject(values.reversed()) : nil
    }

    /// What must be the same for a sweep to go on.
    var json: JSONObject {
        var json: JSONObject = [
            "method": .string(method.rawValue), "metric": .string(metric), "direction": .string(direction.rawValue),
        ]
        json["space"] = .object(JSONObject(space.map { ($0.name, $0.dimension.json) }))
        json["trials"] = trialCount.map { .int($0) } ?? .null
        json["seeds"] = .array(seeds.map { .string(String($0)) })
        json["seed"] = .string(String(seed))
        json["parallel"] = .int(parallelRuns)
        if !commonOptions.isEmpty { json["common"] = .object(commonOptions) }
        if method == .asha {
            json["epochs"] = .array(rounds.map { $0.map { .double($0) } ?? .null })
            json["reduction_factor"] = .int(reductionFactor)
        }
        return json
    }
}

/// One training of a sweep.
public struct SweepRun: Sendable, Hashable {
    /// The number of the setting, from 0.
    public let trial: Int
    /// ASHA's round, from 0.
    public let round: Int
    /// The seed that this training runs with, one of `SweepSettings.seeds`.
    public let seed: UInt64
}

/// What a training of a sweep has given.
public struct SweepOutcome: Sendable, Equatable {
    /// Metrics by name.
    public var metrics: JSONObject
    /// Why it failed; `nil` where it has not.
    public var failure: String?
    /// Whether it is of an earlier call, from the sweep's journal.
    public internal(set) var isKnown = false

    /// - Parameter failure: why there are no metrics.
    public init(metrics: JSONObject, failure: String? = nil) {
        self.metrics = metrics
        self.failure = failure
    }
}
