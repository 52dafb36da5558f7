public import SwiftletIO
import SwiftletRunLog

/// Ends the training when `metric_for_best_model` has not become better for `patience` evaluations, as
/// `transformers.EarlyStoppingCallback` does.
public final class EarlyStoppingCallback: TrainerCallback {
    /// Evaluations in a row without an improvement after which the run ends.
    public let patience: Int
    /// By how much an evaluation must be better than the best one so far to count as an improvement.
    public let threshold: Double
    private var badCount = 0
    private var metricName = ""
    private var greaterIsBetter = false
    private var best: Double?

    /// - Parameter threshold: the least that counts as better.
    public init(patience: Int = 1, threshold: Double = 0) {
        self.patience = patience
        self.threshold = threshold
    }

    /// Called by the Trainer, which knows the metric.
    package func prepare(_ args: TrainingArguments) throws(TrainingError) {
        guard patience > 0 else {
            throw TrainingError(
                "early_stopping_patience is \(patience); it must be at least 1",
                remedy: "Give the number of evaluations without an improvement after which to stop.",
                kind: .invalidArgument, at: ErrorLocation(option: "early_stopping_patience"))
        }
        guard threshold >= 0, threshold.isFinite else {
            throw TrainingError(
                "early_stopping_threshold is \(threshold); it must be a number from 0",
                remedy: "Give 0 to count every improvement.", kind: .invalidArgument,
                at: ErrorLocation(option: "early_stopping_threshold"))
        }
        guard args.evalStrategy != .no, let name = args.bestMetricName else {
            throw TrainingError(
                "early stopping needs evaluations and a metric",
                remedy: "Set eval_strategy and metric_for_best_model, such as epoch and f1.",
                commandLine: "Give --eval-strategy and --metric-for-best-model, such as epoch and f1.",
                kind: .invalidArgument, at: ErrorLocation(option: "metric_for_best_model"))
        }
        metricName = name
        greaterIsBetter = args.greaterIsBest
    }

    public func onEvaluate(
        _ state: TrainerState, metrics: [(name: String, value: Double)], _ control: inout TrainerControl
    ) {
        guard let value = metrics.first(where: { $0.name == metricName })?.value else { return }
        // The state's best does not know this evaluation yet.
        let isBetter =
            state.bestMetric.map { best in
                (greaterIsBetter ? value > best : value < best) && abs(value - best) > threshold
            } ?? true
        badCount = isBetter ? 0 : badCount + 1
        best = isBetter ? value : state.bestMetric
        if badCount >= patience { control.shouldTrainingStop = true }
    }

    /// What ended the run, in words; `nil` as long as nothing has.
    public var reason: String? {
        guard badCount >= patience else { return nil }
        let bar = best.map { " than \(NumberText.significant($0, digits: 4))" } ?? ""
        let count = badCount == 1 ? "an evaluation" : "\(badCount) evaluations"
        return "early stopping, as \(metricName) has not become better\(bar) for \(count)"
    }

    static let standardStateName = "EarlyStoppingCallback"
    public var stateName: String { Self.standardStateName }

    /// Evaluations in a row without a better metric, of a kept state.
    static func badCount(of state: JSONValue?) -> Int? {
        state?["attributes"]?["early_stopping_patience_counter"]?.int
    }

    static func patience(of state: JSONValue?) -> Int { state?["args"]?["early_stopping_patience"]?.int ?? 1 }

    public var checkpointState: JSONObject? {
        [
            "args": ["early_stopping_patience": .int(patience), "early_stopping_threshold": .double(threshold)],
            "attributes": ["early_stopping_patience_counter": .int(badCount)],
        ]
    }

    public func restore(_ state: JSONObject) {
        // As many as a run can have: a count from outside may be anything.
        badCount = min(max(Self.badCount(of: .object(state)) ?? 0, 0), 1 << 53)
    }
}
