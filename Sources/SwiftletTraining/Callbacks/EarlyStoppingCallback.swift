public import SwiftletIO

/// Ends the training when `metric_for_best_model` has not become better for `patience` evaluations, as
/// `transformers.EarlyStoppingCallback` does.
public final class EarlyStoppingCallback: TrainerCallback {
    public let patience: Int
    public let threshold: Double
    private var badCount = 0
    private var metricName = ""
    private var greaterIsBetter = false

    /// - Parameter threshold: the least that counts as better.
    public init(patience: Int = 1, threshold: Double = 0) {
        self.patience = patience
        self.threshold = threshold
    }

    /// Called by the Trainer, which knows the metric.
    func prepare(_ args: TrainingArguments) throws(TrainingError) {
        guard patience > 0 else { throw TrainingError("early stopping: patience is \(patience); it must be at least 1") }
        guard args.evalStrategy != .no, let name = args.bestMetricName else {
            throw TrainingError(
                "early stopping needs evaluations and a metric",
                remedy: "Set eval_strategy and metric_for_best_model, such as epoch and f1.")
        }
        metricName = name
        greaterIsBetter = args.greaterIsBest
    }

    public func onEvaluate(
        _ state: TrainerState, metrics: [(name: String, value: Double)], _ control: inout TrainerControl
    ) {
        guard let value = metrics.first(where: { $0.name == metricName })?.value else { return }
        // The state's best does not know this evaluation yet.
        let isBetter = state.bestMetric.map { best in
            (greaterIsBetter ? value > best : value < best) && abs(value - best) > threshold
        } ?? true
        badCount = isBetter ? 0 : badCount + 1
        if badCount >= patience { control.shouldTrainingStop = true }
    }

    public var checkpointState: JSONObject? {
        [
            "args": ["early_stopping_patience": .int(patience), "early_stopping_threshold": .double(threshold)],
            "attributes": ["early_stopping_patience_counter": .int(badCount)],
        ]
    }

    public func restore(_ state: JSONObject) {
        badCount = state["attributes"]?["early_stopping_patience_counter"]?.int ?? 0
    }
}
