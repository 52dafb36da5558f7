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
public struct PairedBootstrap: Sendable {
    /// Second less first, on all rows.
    public let difference: Double
    /// 95% of the draws; `nil` without rows.
    public let interval: (low: Double, high: Double)?
    /// Twice the share of draws on the other side of 0, at most 1; with one added to draws and to all, so that it is
    /// never 0.
    public let pValue: Double

    /// - Parameters:
    ///   - first: the metric of the first model on row numbers.
    ///   - second: the same of the second model.
    public init(
        rows: Int, _ bootstrap: Bootstrap = Bootstrap(), first: ([Int]) -> Double, second: ([Int]) -> Double
    ) {
        difference = second(Array(0..<rows)) - first(Array(0..<rows))
        var draws: [Double] = []
        interval =
            bootstrap.intervals(rows: rows) { sample in
                draws.append(second(sample) - first(sample))
                return [draws[draws.count - 1]]
            }.first ?? nil
        let (below, above) = (draws.count { $0 <= 0 }, draws.count { $0 >= 0 })
        pValue = min(1, 2 * Double(min(below, above) + 1) / Double(draws.count + 1))
    }
}
