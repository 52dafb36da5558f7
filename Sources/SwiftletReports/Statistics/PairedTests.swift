#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// McNemar's exact test: whether two models that were right and wrong on the same rows differ by more than chance.
public struct McNemarTest: Sendable {
    /// The number of rows that only the first model gets right.
    public let onlyFirst: Int
    /// The number of rows that only the second model gets right.
    public let onlySecond: Int
    /// Two-sided, by the binomial distribution.
    public let pValue: Double

    /// - Parameters:
    ///   - first: whether the first model is right, row by row.
    ///   - second: the same of the second model.
    public init(first: [Bool], second: [Bool]) {
        onlyFirst = zip(first, second).count { $0.0 && !$0.1 }
        onlySecond = zip(first, second).count { !$0.0 && $0.1 }
        let (count, less) = (onlyFirst + onlySecond, min(onlyFirst, onlySecond))
        // The sum of binomial probabilities with 1/2 each, by logarithms: counts may be large.
        let base = lgamma(Double(count) + 1) - Double(count) * log(2.0)
        let tail = (0...less).reduce(0.0) { $0 + exp(base - lgamma(Double($1) + 1) - lgamma(Double(count - $1) + 1)) }
        pValue = min(1, 2 * tail)
    }
}

/// How much a metric of two models differs on the same rows, with an interval: both are measured on each draw of rows.
///
/// Draws of fewer than `fewestRows` rows make no statement, nor do draws that all have the same difference, as those of two
/// models with the same answers.
public struct PairedBootstrap: Sendable {
    /// So many rows at least are needed for an interval and a p: of fewer, draws say more about these rows than about the
    /// models.
    public static let fewestRows = 10

    /// Second less first, on all rows.
    public let difference: Double
    /// 95% of the draws; `nil` where they make no statement.
    public let interval: (low: Double, high: Double)?
    /// Twice the share of draws on the other side of 0, at most 1; with one added to draws and to all, so that it is
    /// never 0. NaN where draws make no statement.
    public let pValue: Double
    /// Why draws make no statement, as in `fewer than 10 rows`; `nil` where they do.
    public let reason: String?

    /// - Parameters:
    ///   - first: the metric of the first model on row numbers.
    ///   - second: the same of the second model.
    public init(
        rows: Int, _ bootstrap: Bootstrap = Bootstrap(), first: ([Int]) -> Double, second: ([Int]) -> Double
    ) {
        var draws: [Double] = []
        if rows >= Self.fewestRows {
            _ = bootstrap.intervals(rows: rows) { sample in
                draws.append(second(sample) - first(sample))
                return []
            }
        }
        self.init(
            difference: second(Array(0..<rows)) - first(Array(0..<rows)), draws: draws, rows: rows, bootstrap)
    }

    /// - Parameters:
    ///   - draws: the difference on each draw of rows; those that are not finite don't count.
    ///   - rows: how many rows a draw has.
    init(difference: Double, draws: [Double], rows: Int, _ bootstrap: Bootstrap) {
        self.difference = difference
        let known = draws.filter(\.isFinite)
        let (low, high) = (known.min() ?? 0, known.max() ?? 0)
        if rows < Self.fewestRows {
            reason = "fewer than \(Self.fewestRows) rows"
        } else if known.isEmpty {
            reason = "no draw has a value"
        } else if high - low <= 1e-12 * max(abs(low), abs(high)) {
            // The same but for rounding.
            reason = "all draws have the same difference"
        } else {
            reason = nil
        }
        guard reason == nil else {
            (interval, pValue) = (nil, .nan)
            return
        }
        interval = bootstrap.interval(known)
        let (below, above) = (known.count { $0 <= 0 }, known.count { $0 >= 0 })
        pValue = min(1, 2 * Double(min(below, above) + 1) / Double(known.count + 1))
    }
}
