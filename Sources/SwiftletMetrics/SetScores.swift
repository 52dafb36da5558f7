/// The sizes of a predicted set, of the true one, and of what they share.
struct SetCounts: Sendable {
    var both = 0.0
    var predicted = 0.0
    var actual = 0.0

    static func + (left: SetCounts, right: SetCounts) -> SetCounts {
        SetCounts(
            both: left.both + right.both, predicted: left.predicted + right.predicted,
            actual: left.actual + right.actual)
    }
}

/// Precision, recall and F1, with the averages and undefined cases of
/// `sklearn.metrics.precision_recall_fscore_support`.
enum SetScore: String, Sendable {
    case precision, recall, f1

    private var title: String {
        switch self {
        case .precision: "Precision"
        case .recall: "Recall"
        case .f1: "F-score"
        }
    }

    private var missing: String {
        switch self {
        case .precision: "predicted"
        case .recall: "true"
        case .f1: "true nor predicted"
        }
    }

    func value(
        _ sets: [SetCounts], average: Average, weights: [Double]? = nil, zeroDivision: MetricOption.ZeroDivision,
        _ warnings: inout [String]
    ) -> MetricValue {
        var sets = sets
        if average == .micro { sets = [sets.reduce(SetCounts(), +)] }
        var isUndefined = false
        let scores = sets.map { set in
            let (numerator, denominator) =
                switch self {
                case .precision: (set.both, set.predicted)
                case .recall: (set.both, set.actual)
                case .f1: (2 * set.both, set.actual + set.predicted)
                }
            if denominator != 0 { return numerator / denominator }
            isUndefined = true
            return switch zeroDivision {
            case .warn, .zero: 0.0
            case .one: 1.0
            case .nan: Double.nan
            }
        }
        if isUndefined, zeroDivision == .warn {
            let (axis, other) = average == .samples ? ("label", "sample") : ("sample", "label")
            let place = sets.count == 1 ? "due to" : "in \(other)s with"
            warnings.append(
                "\(title) is ill-defined and being set to 0.0 \(place) no \(missing) \(axis)s. "
                    + "Use `zero_division` parameter to control this behavior.")
        }
        return switch average {
        case .perLabel: .list(scores)
        case .weighted: .number(Self.mean(scores, sets.map(\.actual)))
        case .samples: .number(Self.mean(scores, weights))
        case .binary, .micro, .macro: .number(Self.mean(scores, nil))
        }
    }

    /// The mean of what isn't NaN; without weights where they add up to 0.
    static func mean(_ scores: [Double], _ weights: [Double]?) -> Double {
        let kept = scores.indices.filter { !scores[$0].isNaN }
        if kept.isEmpty { return .nan }
        if let weights {
            let total = kept.reduce(0) { $0 + weights[$1] }
            if total != 0 { return kept.reduce(0) { $0 + scores[$1] * weights[$1] } / total }
        }
        return kept.reduce(0) { $0 + scores[$1] } / Double(kept.count)
    }
}
