/// What a metric wants to know of a model's answers.
public enum MetricPredictions: String, Sendable, CaseIterable {
    /// Integers: the class of each row, or 0 and 1 for each of several labels.
    case classes
    /// Probabilities: of the second of two classes, of each of more classes, or of each of several labels.
    case probabilities
    /// Numbers that were to be predicted.
    case numbers
    /// What no head gives as it is, such as texts, tags or losses.
    case others
}

extension Metric {
    /// What `addBatch` takes as predictions. `Trainer` makes it of the logits.
    public var takes: MetricPredictions {
        if let parts = (empty as? CombinedState)?.parts {
            let kinds = Set(parts.map { MetricPredictions(of: $0.name, nil) })
            return kinds.count == 1 ? kinds.first ?? .classes : .classes
        }
        if let own = empty as? RegisteredState { return own.metric.takes }
        return MetricPredictions(of: name, config)
    }
}

extension MetricPredictions {
    private static let ofClasses: Set<String> = [
        "accuracy", "precision", "recall", "f1", "matthews_correlation", "confusion_matrix", "xnli", "indic_glue",
        "glue",
        "super_glue",
    ]
    private static let ofProbabilities: Set<String> = [
        "roc_auc", "average_precision", "brier_score", "calibration_error", "top_k_accuracy",
    ]
    private static let ofNumbers: Set<String> = [
        "mse", "mae", "mape", "smape", "mase", "r_squared", "pearsonr", "spearmanr",
    ]

    fileprivate init(of name: String, _ config: String?) {
        switch (name, config) {
        case ("glue", "stsb"): self = .numbers
        case ("super_glue", "record"), ("super_glue", "multirc"), ("indic_glue", "wiki-ner"): self = .others
        case _ where Self.ofClasses.contains(name): self = .classes
        case _ where Self.ofProbabilities.contains(name): self = .probabilities
        case _ where Self.ofNumbers.contains(name): self = .numbers
        default: self = .others
        }
    }
}
