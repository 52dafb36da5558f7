/// What becomes of precision, recall and false alarms as the score from which a row counts as positive goes down.
public struct ThresholdCurves: Sendable {
    /// The receiver operating characteristic: false and true positive rate for each threshold, without points that lie on
    /// the line between their neighbours, as `sklearn.metrics.roc_curve`. The first threshold is above all scores.
    public let roc: [(falsePositiveRate: Double, truePositiveRate: Double, threshold: Double)]
    /// Precision and recall for each threshold from the lowest up, and `(1, 0)` at the end, as
    /// `sklearn.metrics.precision_recall_curve`.
    public let precisionRecall: [(precision: Double, recall: Double)]
    /// The area under the ROC curve; NaN where one of both classes has no rows.
    public let rocAUC: Double
    /// The mean of precisions weighted by the steps of recall; 0 where no row is positive.
    public let averagePrecision: Double

    /// - Parameters:
    ///   - isPositive: whether each row is of the class.
    ///   - scores: how much the model says so; must be finite.
    public init(isPositive: [Bool], scores: [Double]) {
        let order = scores.indices.sorted { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }
        let positives = isPositive.count { $0 }
        let negatives = isPositive.count - positives
        // For each distinct score, from the highest: how many rows of both kinds reach it.
        var steps: [(found: Int, alarms: Int, threshold: Double)] = []
        var (found, alarms) = (0, 0)
        for (place, row) in order.enumerated() {
            if isPositive[row] { found += 1 } else { alarms += 1 }
            if place + 1 == order.count || scores[order[place + 1]] != scores[row] {
                steps.append((found, alarms, scores[row]))
            }
        }
        func rate(_ part: Int, _ whole: Int) -> Double { whole == 0 ? .nan : Double(part) / Double(whole) }
        let points = [(found: 0, alarms: 0, threshold: Double.infinity)] + steps
        let corners = steps.indices.filter { index in
            index == 0 || index == steps.count - 1
                || steps[index + 1].found - steps[index].found != steps[index].found - steps[index - 1].found
                || steps[index + 1].alarms - steps[index].alarms != steps[index].alarms - steps[index - 1].alarms
        }.map { steps[$0] }
        roc = ([points[0]] + corners).map {
            (rate($0.alarms, negatives), rate($0.found, positives), $0.threshold)
        }
        // Twice the pairs of a positive and a negative row in the right order, those of equal scores by half: in whole
        // numbers, so that a ranking without a mistake has exactly 1.
        let doubledPairs = zip(points, points.dropFirst()).reduce(0) { pairs, step in
            pairs + (step.1.alarms - step.0.alarms) * (step.1.found + step.0.found)
        }
        rocAUC =
            positives == 0 || negatives == 0
            ? .nan : Double(doubledPairs) / (2 * Double(positives) * Double(negatives))
        // As there, recall is 1 throughout where no row is positive.
        precisionRecall =
            steps.reversed().map {
                (rate($0.found, $0.found + $0.alarms), positives == 0 ? 1 : rate($0.found, positives))
            } + [(1, 0)]
        let precisions = zip(points, points.dropFirst()).reduce(0.0) { sum, step in
            sum + Double(step.1.found - step.0.found) * rate(step.1.found, step.1.found + step.1.alarms)
        }
        averagePrecision = positives == 0 ? 0 : precisions / Double(positives)
    }
}
