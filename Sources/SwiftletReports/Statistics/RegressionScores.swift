#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The scores of predicted numbers, as scikit-learn and SciPy compute them.
public struct RegressionScores: Sendable {
    /// The mean of the squared differences, in the labels' unit squared.
    public let meanSquaredError: Double
    /// The mean of the absolute differences, in the labels' unit.
    public let meanAbsoluteError: Double
    /// The square root of the first.
    public var rootMeanSquaredError: Double { sqrt(meanSquaredError) }
    /// The share of the labels' variance that is explained; NaN where they don't vary.
    public let determination: Double
    /// Pearson's correlation; NaN where one of both does not vary.
    public let correlation: Double

    /// - Parameters:
    ///   - labels: the true numbers.
    ///   - predictions: as many.
    ///   - rows: which of them to look at; all by default.
    public init(labels: [Double], predictions: [Double], rows: [Int]? = nil) {
        let rows = rows ?? Array(labels.indices)
        let count = Double(rows.count)
        var (squares, absolutes, sumOfLabels, sumOfPredictions) = (0.0, 0.0, 0.0, 0.0)
        for row in rows {
            let difference = predictions[row] - labels[row]
            squares += difference * difference
            absolutes += abs(difference)
            sumOfLabels += labels[row]
            sumOfPredictions += predictions[row]
        }
        let (meanLabel, meanPrediction) = (sumOfLabels / count, sumOfPredictions / count)
        var (ofLabels, ofPredictions, ofBoth) = (0.0, 0.0, 0.0)
        for row in rows {
            let (label, prediction) = (labels[row] - meanLabel, predictions[row] - meanPrediction)
            ofLabels += label * label
            ofPredictions += prediction * prediction
            ofBoth += label * prediction
        }
        meanSquaredError = squares / count
        meanAbsoluteError = absolutes / count
        determination = ofLabels > 0 ? 1 - squares / ofLabels : .nan
        correlation = ofLabels > 0 && ofPredictions > 0 ? ofBoth / sqrt(ofLabels * ofPredictions) : .nan
    }

    /// Spearman's correlation: Pearson's of the ranks, the mean rank for equal numbers.
    public static func rankCorrelation(_ labels: [Double], _ predictions: [Double]) -> Double {
        RegressionScores(labels: ranks(labels), predictions: ranks(predictions)).correlation
    }

    static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start
            while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
            for place in start...end { ranks[order[place]] = Double(start + end) / 2 + 1 }
            start = end + 1
        }
        return ranks
    }
}
