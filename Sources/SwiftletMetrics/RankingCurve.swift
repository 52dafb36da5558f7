/// Areas under curves over thresholds of a score.
enum RankingCurve {
    /// True and false positives, by weight, above each distinct score, from the highest:
    /// `sklearn.metrics.confusion_matrix_at_thresholds`.
    static func counts(
        _ scores: [Double], _ isPositive: [Bool], _ weights: [Double]?
    ) -> (truePositives: [Double], falsePositives: [Double]) {
        var order = Array(scores.indices)
        if let weights { order.removeAll { weights[$0] == 0 } }
        order.sort { scores[$0] > scores[$1] }
        var truePositives: [Double] = []
        var falsePositives: [Double] = []
        var (positive, negative) = (0.0, 0.0)
        for (position, row) in order.enumerated() {
            let weight = weights?[row] ?? 1
            if isPositive[row] { positive += weight } else { negative += weight }
            if position + 1 < order.count, scores[order[position + 1]] == scores[row] { continue }
            truePositives.append(positive)
            falsePositives.append(negative)
        }
        return (truePositives, falsePositives)
    }

    /// `sklearn.metrics.roc_auc_score` of two classes: by trapezoids, and up to `maxFPR` with McClish's correction
    /// (1989).
    static func rocAUC(
        _ scores: [Double], _ isPositive: [Bool], _ weights: [Double]?, maxFPR: Double? = nil,
        _ warnings: inout [String]
    ) -> Double {
        guard isPositive.contains(true), isPositive.contains(false) else {
            warnings.append("Only one class is present in y_true. ROC AUC score is not defined in that case.")
            return .nan
        }
        let counts = counts(scores, isPositive, weights)
        let (positives, negatives) = (counts.truePositives.last ?? 0, counts.falsePositives.last ?? 0)
        if positives <= 0 || negatives <= 0 { return .nan }
        let limit = maxFPR ?? 1
        if limit == 1 { return wholeArea(counts, positives, negatives) }
        var (area, tpr, fpr) = (0.0, 0.0, 0.0)
        for (truePositive, falsePositive) in zip(counts.truePositives, counts.falsePositives) {
            let (nextTPR, nextFPR) = (truePositive / positives, falsePositive / negatives)
            if nextFPR > limit {
                let end = tpr + (nextTPR - tpr) * (limit - fpr) / (nextFPR - fpr)
                area += (limit - fpr) * (tpr + end) / 2
                break
            }
            area += (nextFPR - fpr) * (tpr + nextTPR) / 2
            (tpr, fpr) = (nextTPR, nextFPR)
        }
        let least = limit * limit / 2
        return 0.5 * (1 + (area - least) / (limit - least))
    }

    /// The whole area, divided once at its end: rows without weights are counted in whole numbers, and a ranking without a
    /// mistake has exactly 1.
    private static func wholeArea(
        _ counts: (truePositives: [Double], falsePositives: [Double]), _ positives: Double, _ negatives: Double
    ) -> Double {
        var (doubled, truePositive, falsePositive, start) = (0.0, 0.0, 0.0, 0.0)
        for (nextTrue, nextFalse) in zip(counts.truePositives, counts.falsePositives) {
            if nextTrue != truePositive {
                // What is level is one rectangle, however many weights it is of.
                doubled += (falsePositive - start) * (2 * truePositive)
                doubled += (nextFalse - falsePositive) * (truePositive + nextTrue)
                start = nextFalse
            }
            (truePositive, falsePositive) = (nextTrue, nextFalse)
        }
        doubled += (falsePositive - start) * (2 * truePositive)
        return doubled / (2 * positives * negatives)
    }

    /// `sklearn.metrics.average_precision_score` of two classes: the sum of precisions, each with the gain of recall.
    static func averagePrecision(
        _ scores: [Double], _ isPositive: [Bool], _ weights: [Double]?, _ warnings: inout [String]
    ) -> Double {
        let counts = counts(scores, isPositive, weights)
        let positives = counts.truePositives.last ?? 0
        if positives == 0 {
            warnings.append("No positive class found in y_true, recall is set to one for all thresholds.")
        }
        // Without a positive row each precision is 0.
        guard positives != 0 else { return 0 }
        var (area, found) = (0.0, 0.0)
        for (truePositive, falsePositive) in zip(counts.truePositives, counts.falsePositives) {
            let total = truePositive + falsePositive
            area += (truePositive - found) * (total == 0 ? 0 : truePositive / total)
            found = truePositive
        }
        return max(0, area / positives)
    }
}
