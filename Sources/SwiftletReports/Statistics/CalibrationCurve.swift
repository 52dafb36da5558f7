#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif
import SwiftletTraining

/// Whether a model is right as often as it says: rows in bins of equal width by the probability of the predicted class.
public struct CalibrationCurve: Sendable {
    /// Rows whose confidence lies in one stretch.
    public struct Bin: Sendable {
        /// Where the bin begins, as a probability. Only the first bin has its beginning itself.
        public let low: Double
        /// Where the bin ends, as a probability. The end itself belongs to the bin.
        public let high: Double
        /// Rows in it.
        public let count: Int
        /// The mean probability of the predicted classes of its rows, from 0 to 1; NaN without rows.
        public let confidence: Double
        /// The share of its rows whose prediction is right, from 0 to 1; NaN without rows.
        public let accuracy: Double
    }

    /// Also those without rows.
    public let bins: [Bin]
    /// Expected calibration error: the mean difference between confidence and accuracy of the bins, by their rows.
    public let expectedError: Double
    /// The largest difference of a bin.
    public let maximumError: Double

    /// - Parameters:
    ///   - confidences: the probability of each row's predicted class, from 0 to 1.
    ///   - isRight: whether the prediction is the row's label.
    ///   - binCount: 15, as in Guo et al., "On Calibration of Modern Neural Networks".
    ///   - rows: which rows to look at, some perhaps more than once; all by default.
    public init(confidences: [Double], isRight: [Bool], binCount: Int = 15, rows: [Int]? = nil) {
        let width = max(binCount, 1)
        var (counts, sums, hits) = (
            [Int](repeating: 0, count: width), [Double](repeating: 0, count: width), [Int](repeating: 0, count: width)
        )
        let rows = rows ?? Array(0..<min(confidences.count, isRight.count))
        for row in rows {
            let place = (confidences[row] * Double(width)).rounded(.up) - 1
            let bin = min(max(Int(exactly: place) ?? 0, 0), width - 1)
            counts[bin] += 1
            sums[bin] += confidences[row]
            if isRight[row] { hits[bin] += 1 }
        }
        bins = counts.indices.map { bin in
            Bin(
                low: Double(bin) / Double(width), high: Double(bin + 1) / Double(width), count: counts[bin],
                confidence: counts[bin] == 0 ? .nan : sums[bin] / Double(counts[bin]),
                accuracy: counts[bin] == 0 ? .nan : Double(hits[bin]) / Double(counts[bin]))
        }
        let total = Double(rows.count)
        let filled = bins.filter { $0.count > 0 }
        expectedError =
            filled.isEmpty
            ? .nan : filled.reduce(0) { $0 + abs($1.accuracy - $1.confidence) * Double($1.count) / total }
        maximumError = filled.map { abs($0.accuracy - $0.confidence) }.max() ?? .nan
    }
}

/// One number that all logits are divided by, so that probabilities are neither too sure nor too unsure. Predictions stay.
public struct TemperatureFit: Sendable {
    /// Above 1 where the model is too sure.
    public let temperature: Double
    /// Whether the temperature is one of the ends of what was tried, so that another one may fit better.
    var isBounded: Bool { temperature < 0.051 || temperature > 19.9 }
    /// Numbers of the rows that it was fitted on, from 0, in rising order: half of all.
    public let fittedRows: [Int]
    /// Numbers of the other rows, from 0, in rising order. On these its errors are measured.
    public let heldOutRows: [Int]
    /// The expected calibration error of the held-out rows as the model gives their probabilities, from 0 to 1.
    public let errorBefore: Double
    /// The expected calibration error of the same rows once their logits are divided by the temperature, from 0 to 1.
    public let errorAfter: Double

    /// Fits the temperature, between 0.05 and 20, with the smallest negative log-likelihood of half the rows, drawn by
    /// `seed`.
    ///
    /// - Returns: `nil` for fewer than 20 rows.
    public init?(labels: [Int], probabilities: [[Double]], seed: UInt64 = 42) {
        guard labels.count >= 20 else { return nil }
        var draws = RandomDraws(seed: seed)
        let order = draws.permutation(of: labels.count)
        fittedRows = order.prefix(labels.count / 2).sorted()
        heldOutRows = order.dropFirst(labels.count / 2).sorted()
        let logits = probabilities.map { $0.map { log(max($0, 1e-300)) } }
        let fitted = fittedRows
        func loss(_ logTemperature: Double) -> Double {
            let scale = exp(-logTemperature)
            return fitted.reduce(0) { sum, row in
                sum - logSoftmax(logits[row].map { $0 * scale })[labels[row]]
            }
        }
        temperature = exp(minimum(of: loss, from: log(0.05), to: log(20)))
        let scale = 1 / temperature
        func error(_ scale: Double) -> Double {
            var (confidences, isRight) = ([Double](), [Bool]())
            for row in heldOut(order, labels.count) {
                let scaled = softmax(logits[row].map { $0 * scale })
                let top = scaled.max() ?? 0
                confidences.append(top)
                isRight.append(scaled.firstIndex(of: top) == labels[row])
            }
            return CalibrationCurve(confidences: confidences, isRight: isRight).expectedError
        }
        errorBefore = error(1)
        errorAfter = error(scale)
    }
}

private func heldOut(_ order: [Int], _ count: Int) -> [Int] { order.dropFirst(count / 2).sorted() }

/// Where a function with one valley is smallest, by golden sections, to 1e-10.
func minimum(of function: (Double) -> Double, from start: Double, to end: Double) -> Double {
    let ratio = (sqrt(5) - 1) / 2
    var (low, high) = (start, end)
    var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
    var (atLeft, atRight) = (function(left), function(right))
    while high - low > 1e-10 {
        if atLeft <= atRight {
            (high, right, atRight) = (right, left, atLeft)
            left = high - ratio * (high - low)
            atLeft = function(left)
        } else {
            (low, left, atLeft) = (left, right, atRight)
            right = low + ratio * (high - low)
            atRight = function(right)
        }
    }
    return (low + high) / 2
}
