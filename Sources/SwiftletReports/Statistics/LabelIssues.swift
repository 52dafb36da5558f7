/// Rows whose label is probably wrong, by confident learning (Northcutt, Jiang and Chuang, "Confident Learning:
/// Estimating Uncertainty in Dataset Labels"): a class counts as confident for a row if its probability is at least the
/// mean that it has over the rows labelled with it. The probabilities must come from a model that was not trained on the
/// rows.
public struct LabelIssues: Sendable {
    /// A row with the class that it rather belongs to.
    public struct Issue: Sendable {
        /// The row's place in the labels and probabilities that were given, from 0.
        public let row: Int
        /// The class index that the row is labelled with.
        public let label: Int
        /// The index of the class that the row rather belongs to: the most probable one of those that are confident for
        /// it.
        public let suggestion: Int
        /// The probability of the label less the largest of the others: the smaller, the more suspect.
        public let margin: Double
    }

    /// The most suspect first.
    public let issues: [Issue]
    /// The mean probability of each class over its rows; NaN without rows.
    public let thresholds: [Double]

    /// - Parameter probabilities: `[rows][classes]`.
    public init(labels: [Int], probabilities: [[Double]], classCount: Int) {
        var (sums, counts) = ([Double](repeating: 0, count: classCount), [Int](repeating: 0, count: classCount))
        for (label, scores) in zip(labels, probabilities) {
            sums[label] += scores[label]
            counts[label] += 1
        }
        let thresholds = sums.indices.map { counts[$0] == 0 ? Double.nan : sums[$0] / Double(counts[$0]) }
        self.thresholds = thresholds
        issues = zip(labels, probabilities).enumerated().compactMap { row, pair -> Issue? in
            let (label, scores) = pair
            let confident = scores.indices.filter { scores[$0] >= thresholds[$0] }
            guard let best = confident.max(by: { scores[$0] < scores[$1] }), best != label else { return nil }
            return Issue(row: row, label: label, suggestion: best, margin: margin(of: label, scores))
        }.sorted { $0.margin == $1.margin ? $0.row < $1.row : $0.margin < $1.margin }
    }
}

/// The probability of a class less the largest of the others.
func margin(of label: Int, _ scores: [Double]) -> Double {
    scores[label] - (scores.indices.filter { $0 != label }.map { scores[$0] }.max() ?? 0)
}
