#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// How sure a metric is: rows are drawn with replacement, as many as there are, many times, and the metric is computed
/// of each draw. The interval reaches from the 2.5th to the 97.5th percentile (the percentile method).
public struct Bootstrap: Sendable {
    /// Of the random numbers.
    public var seed: UInt64
    /// How often rows are drawn; `nil` takes 1000, and fewer, at least 200, above 20,000 rows.
    public var resamples: Int?
    /// The share of draws that an interval covers.
    public var confidence: Double

    /// Draws with these settings.
    public init(seed: UInt64 = 42, resamples: Int? = nil, confidence: Double = 0.95) {
        self.seed = seed
        self.resamples = resamples
        self.confidence = confidence
    }

    /// The number of draws for so many rows.
    public func resampleCount(rows: Int) -> Int {
        if let resamples { return max(resamples, 1) }
        return min(max(20_000_000 / max(rows, 1), 200), 1000)
    }

    /// An interval for each value that `metric` computes of row numbers; `nil` for values that no draw has.
    ///
    /// - Parameter metric: gets row numbers, some of them more than once; values that a draw doesn't have are NaN.
    public func intervals(rows: Int, _ metric: ([Int]) -> [Double]) -> [(low: Double, high: Double)?] {
        guard rows > 0 else { return metric([]).map { _ in nil } }
        var draws = RandomDraws(seed: seed)
        var values: [[Double]] = []
        var sample = [Int](repeating: 0, count: rows)
        for _ in 0..<resampleCount(rows: rows) {
            for place in sample.indices { sample[place] = draws.index(below: rows) }
            values.append(metric(sample))
        }
        guard let count = values.first?.count else { return [] }
        return (0..<count).map { index in interval(values.map { $0[index] }) }
    }

    /// The percentiles of values; `nil` where none is finite.
    func interval(_ values: [Double]) -> (low: Double, high: Double)? {
        let sorted = values.filter(\.isFinite).sorted()
        guard !sorted.isEmpty else { return nil }
        let tail = (1 - min(max(confidence, 0), 1)) / 2
        return (percentile(tail, ofSorted: sorted), percentile(1 - tail, ofSorted: sorted))
    }
}

/// The value below which a share of sorted values lies, between neighbours in proportion, as `numpy.percentile`.
///
/// - Parameter sorted: not empty.
package func percentile(_ share: Double, ofSorted sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1)
    let below = min(max(Int(exactly: place.rounded(.down)) ?? 0, 0), sorted.count - 1)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
}
