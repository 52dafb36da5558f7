import SwiftletDatasets
import SwiftletIO

/// One metric of an evaluation with how sure it is.
public struct MetricSummary: Sendable {
    /// As the field calls it, such as `accuracy` or `macro_f1`.
    public let name: String
    /// The metric on the rows that have a label, in the metric's own unit; such as from 0 to 1 for an accuracy.
    public let value: Double
    /// 95% by the bootstrap; `nil` where none is computed, as for a single row.
    public let interval: (low: Double, high: Double)?
    /// What always predicting the most frequent class, or the mean, gives; `nil` where that says nothing.
    public let baseline: Double?
    /// Whether more is better.
    public let isGreaterBetter: Bool
    /// What it is, in a few words.
    public let explanation: String
}

/// A metric before it has an interval.
struct MetricValue {
    var name: String
    var value: Double
    var baseline: Double?
    var isGreaterBetter = true
    var explanation: String
    /// Its place among the values that the bootstrap computes; `nil` for one without an interval.
    var place: Int?
}

extension PredictionTable {
    /// The table's metrics. Rows without a label don't count; without any label there are none.
    public func summary(_ bootstrap: Bootstrap = Bootstrap()) throws -> [MetricSummary] {
        let (values, rows, metric) = try metrics()
        // One row is all that a draw of one row can have: that would look sure.
        let intervals = rows > 1 && values.contains { $0.place != nil } ? bootstrap.intervals(rows: rows, metric) : []
        return values.filter { !$0.value.isNaN }.map { value in
            MetricSummary(
                name: value.name, value: value.value,
                interval: value.place.flatMap { intervals.indices.contains($0) ? intervals[$0] : nil },
                baseline: value.baseline.flatMap { $0.isNaN ? nil : $0 }, isGreaterBetter: value.isGreaterBetter,
                explanation: value.explanation)
        }
    }

    /// The metric that a slice of rows is told by, such as accuracy, on numbers of rows; those without a label are left
    /// out. `nil` where rows have no labels.
    func mainMetric() throws -> (name: String, isGreaterBetter: Bool, of: ([Int]) -> Double)? {
        switch kind {
        case .classes, .multipleLabels, .tokens, .answers:
            guard has("correct") else { return nil }
            let correct = try values("correct").map(\.bool)
            guard correct.contains(where: { $0 != nil }) else { return nil }
            let name = kind == .classes ? "accuracy" : kind == .answers ? "exact_match" : "rows_all_right"
            return (
                name, true,
                { rows in
                    let known = rows.compactMap { correct[$0] }
                    return known.isEmpty ? .nan : Double(known.count { $0 }) / Double(known.count)
                }
            )
        case .numbers:
            let losses = try numbers("loss")
            guard losses.contains(where: { !$0.isNaN }) else { return nil }
            return (
                "mse", false,
                { rows in
                    let known = rows.map { losses[$0] }.filter { !$0.isNaN }
                    return known.isEmpty ? .nan : known.reduce(0, +) / Double(known.count)
                }
            )
        case .vectors:
            let cosines = try numbers("prediction")
            guard cosines.contains(where: { !$0.isNaN }) else { return nil }
            return (
                "mean_cosine", true,
                { rows in
                    rows.isEmpty ? .nan : rows.reduce(0) { $0 + cosines[$1] } / Double(rows.count)
                }
            )
        }
    }

    /// Metrics with their values, the number of rows they are of, and what computes those with intervals of a draw.
    func metrics() throws -> (values: [MetricValue], rows: Int, metric: ([Int]) -> [Double]) {
        switch kind {
        case .classes: try classMetrics()
        case .multipleLabels: try labelMetrics()
        case .numbers: try numberMetrics()
        case .tokens: try tokenMetrics()
        case .answers: try answerMetrics()
        case .vectors: try vectorMetrics()
        }
    }
}
