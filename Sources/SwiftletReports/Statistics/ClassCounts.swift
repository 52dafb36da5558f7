#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// How many rows each class has, gets and rightly gets, and what follows from it. The scores are those of scikit-learn
/// with `zero_division=0`.
public struct ClassCounts: Sendable {
    /// Rows of each class.
    public private(set) var support: [Int]
    /// Rows that each class is predicted for.
    public private(set) var predicted: [Int]
    /// Rows of each class that it is predicted for.
    public private(set) var hits: [Int]

    /// - Parameters:
    ///   - labels: the class of each row, in `0..<classCount`.
    ///   - predictions: as many, likewise.
    ///   - rows: which of them to count, some perhaps more than once; all by default.
    public init(labels: [Int], predictions: [Int], classCount: Int, rows: [Int]? = nil) {
        support = [Int](repeating: 0, count: classCount)
        predicted = support
        hits = support
        for row in rows ?? Array(labels.indices) {
            let (label, prediction) = (labels[row], predictions[row])
            support[label] += 1
            predicted[prediction] += 1
            if label == prediction { hits[label] += 1 }
        }
    }

    /// - Parameter flags: for each row which classes it has, and which ones it gets.
    package init(flags: [(label: [Bool], prediction: [Bool])], classCount: Int, rows: [Int]? = nil) {
        support = [Int](repeating: 0, count: classCount)
        predicted = support
        hits = support
        for row in rows ?? Array(flags.indices) {
            let (label, prediction) = flags[row]
            for id in 0..<classCount {
                if label[id] { support[id] += 1 }
                if prediction[id] { predicted[id] += 1 }
                if label[id], prediction[id] { hits[id] += 1 }
            }
        }
    }

    /// `[label][prediction]`, numbers of rows.
    public static func confusion(labels: [Int], predictions: [Int], classCount: Int) -> [[Int]] {
        var counts = [[Int]](repeating: [Int](repeating: 0, count: classCount), count: classCount)
        for (label, prediction) in zip(labels, predictions) { counts[label][prediction] += 1 }
        return counts
    }

    var classCount: Int { support.count }
    /// Rows counted.
    public var total: Int { support.reduce(0, +) }

    /// The share of rows whose prediction is their label; NaN without rows.
    public var accuracy: Double { ratio(hits.reduce(0, +), total, missing: .nan) }
    /// Of the rows that are predicted to be of a class, the share that is.
    public func precision(_ label: Int) -> Double { ratio(hits[label], predicted[label]) }
    /// Of the rows of a class, the share that is found.
    public func recall(_ label: Int) -> Double { ratio(hits[label], support[label]) }
    /// The harmonic mean of precision and recall.
    public func f1(_ label: Int) -> Double { ratio(2 * hits[label], predicted[label] + support[label]) }
    /// F1 of all classes' rows together.
    public var microF1: Double { ratio(2 * hits.reduce(0, +), predicted.reduce(0, +) + total) }

    /// Classes that some row has or gets, over which scikit-learn takes means.
    private var seen: [Int] { support.indices.filter { support[$0] + predicted[$0] > 0 } }
    /// The mean of the classes' F1 over those that are there; NaN without rows.
    public var macroF1: Double { seen.isEmpty ? .nan : seen.reduce(0) { $0 + f1($1) } / Double(seen.count) }
    /// The mean of the classes' F1 by their numbers of rows.
    public var weightedF1: Double {
        total == 0 ? .nan : support.indices.reduce(0) { $0 + f1($1) * Double(support[$1]) } / Double(total)
    }
    /// The mean of all classes' F1, also of those that no row has or gets, as with several labels a row.
    package var macroF1OfAll: Double {
        classCount == 0 ? .nan : support.indices.reduce(0) { $0 + f1($1) } / Double(classCount)
    }
    /// The mean recall of the classes that there are rows of.
    public var balancedAccuracy: Double {
        let present = support.indices.filter { support[$0] > 0 }
        return present.isEmpty ? .nan : present.reduce(0) { $0 + recall($1) } / Double(present.count)
    }

    /// Matthews' correlation coefficient, 0 where it is not defined.
    public var matthewsCorrelation: Double {
        let all = Double(total)
        let (rows, columns) = (support.map(Double.init), predicted.map(Double.init))
        let covariance = Double(hits.reduce(0, +)) * all - zip(rows, columns).reduce(0) { $0 + $1.0 * $1.1 }
        let (ofRows, ofColumns) = (rows.reduce(all * all) { $0 - $1 * $1 }, columns.reduce(all * all) { $0 - $1 * $1 })
        return ofRows * ofColumns == 0 ? 0 : covariance / sqrt(ofRows * ofColumns)
    }

    private func ratio(_ part: Int, _ whole: Int, missing: Double = 0) -> Double {
        whole == 0 ? missing : Double(part) / Double(whole)
    }
}

/// The scores of predicted probabilities, as scikit-learn computes them.
public enum ProbabilityScores {
    /// Mean negative logarithm of the probability of the rows' labels, with probabilities kept above 2.2e-16.
    ///
    /// - Parameter probabilities: `[rows][classes]`.
    public static func logLoss(labels: [Int], probabilities: [[Double]]) -> Double {
        guard !labels.isEmpty else { return .nan }
        let sum = zip(labels, probabilities).reduce(0) { $0 - log(clipped($1.1[$1.0])) }
        return sum / Double(labels.count)
    }

    static func clipped(_ probability: Double) -> Double { min(max(probability, 0x1p-52), 1 - 0x1p-52) }

    /// Mean squared difference between the probability of the positive class and 1 or 0.
    public static func brier(isPositive: [Bool], scores: [Double]) -> Double {
        guard !scores.isEmpty else { return .nan }
        let sum = zip(isPositive, scores).reduce(0) { sum, row in
            let difference = row.1 - (row.0 ? 1 : 0)
            return sum + difference * difference
        }
        return sum / Double(scores.count)
    }
}
