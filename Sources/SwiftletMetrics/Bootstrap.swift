#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

extension MetricValues {
    /// Adds bootstrap confidence intervals of all scores: rows are drawn with replacement, as `scipy.stats.bootstrap`
    /// does for paired samples, whose methods these are (Efron & Tibshirani 1993, chapters 13 and 14).
    mutating func addIntervals(
        of state: any MetricState, _ bootstrap: MetricOptions.Bootstrap, _ options: MetricOptions
    ) throws(MetricError) {
        guard bootstrap.resamples > 0 else {
            throw MetricError.option(
                "strategy", "`n_resamples` must be a positive integer.", remedy: "Give .bootstrap 1 resample or more.")
        }
        guard bootstrap.level > 0, bootstrap.level < 1 else {
            throw MetricError.option(
                "strategy", "`confidence_level` must be a number between 0 and 1.",
                remedy: "Give .bootstrap a level such as 0.95.")
        }
        guard let groups = state.groups else {
            throw state.groupsError
        }
        let rows = groups.reduce(0, +)
        guard rows > 1 else {
            throw MetricError.input(
                "predictions", "each sample in `data` must contain two or more observations along `axis`.",
                remedy: "Give two rows or more, or leave out .bootstrap.",
                commandLine: "Give a split with two rows or more.",
                kind: .empty)
        }
        let keys = zip(self.keys, values).compactMap { key, value in
            if case .number = value { key } else { nil }
        }
        func scores(_ counts: [Int]) -> [Double] {
            // A resample may lack what the score needs, such as a second class: it is undefined there.
            let values = (try? state.taking(counts).compute(options)) ?? MetricValues()
            return keys.map { values[$0] ?? .nan }
        }

        var ends: [Int] = []
        for group in groups { ends.append((ends.last ?? 0) + group) }
        let groupOfRow = groups.count == rows ? nil : ends
        var random = SplitMix(state: bootstrap.seed)
        var resampled = [[Double]](repeating: [], count: keys.count)
        for _ in 0..<bootstrap.resamples {
            var counts = [Int](repeating: 0, count: groups.count)
            for _ in 0..<rows {
                let row = Int(random.next(below: UInt64(rows)))
                counts[groupOfRow.map { Self.firstIndex(in: $0, above: row) } ?? row] += 1
            }
            for (index, score) in scores(counts).enumerated() { resampled[index].append(score) }
        }

        var jackknife = [[Double]](repeating: [], count: keys.count)
        if bootstrap.method == .bca {
            for group in groups.indices {
                var counts = groups
                counts[group] -= 1
                for (index, score) in scores(counts).enumerated() { jackknife[index].append(score) }
            }
        }
        for (index, key) in keys.enumerated() {
            intervals[key] = Self.interval(
                score: self[key] ?? .nan, resampled[index], jackknife[index], groups, bootstrap, key, &warnings)
        }
    }

    private static func firstIndex(in ends: [Int], above row: Int) -> Int {
        var (low, high) = (0, ends.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] > row { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private static func interval(
        score: Double, _ resampled: [Double], _ jackknife: [Double], _ groups: [Int],
        _ bootstrap: MetricOptions.Bootstrap, _ key: String, _ warnings: inout [String]
    ) -> ConfidenceInterval {
        let count = Double(resampled.count)
        let mean = resampled.reduce(0, +) / count
        let variance = resampled.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        let alpha = (1 - bootstrap.level) / 2
        var (lower, upper) = (alpha, 1 - alpha)
        if bootstrap.method == .bca {
            let below = resampled.reduce(0.0) { $0 + ($1 < score ? 1 : $1 == score ? 0.5 : 0) }
            let bias = Normal.quantile(below / count)
            let rows = Double(groups.reduce(0, +))
            let center = zip(jackknife, groups).reduce(0) { $0 + $1.0 * Double($1.1) } / rows
            var (cubes, squares) = (0.0, 0.0)
            for (value, group) in zip(jackknife, groups) {
                let influence = (rows - 1) * (center - value)
                cubes += Double(group) * influence * influence * influence
                squares += Double(group) * influence * influence
            }
            let acceleration = (cubes / (rows * rows * rows)) / (6 * pow(squares / (rows * rows), 1.5))
            func adjusted(_ z: Double) -> Double {
                Normal.cumulative(bias + (bias + z) / (1 - acceleration * (bias + z)))
            }
            (lower, upper) = (adjusted(Normal.quantile(alpha)), adjusted(-Normal.quantile(alpha)))
        }
        if mean.isNaN || lower.isNaN || upper.isNaN {
            warnings.append(
                "The confidence interval of '\(key)' cannot be calculated: it isn't defined for every resample, or has "
                    + "the same value for all.")
            return ConfidenceInterval(low: .nan, high: .nan, standardError: variance.squareRoot())
        }
        let sorted = resampled.sorted()
        var (low, high) = (percentile(sorted, lower), percentile(sorted, upper))
        if bootstrap.method == .basic { (low, high) = (2 * score - high, 2 * score - low) }
        return ConfidenceInterval(low: low, high: high, standardError: variance.squareRoot())
    }

    /// `numpy.percentile` with linear interpolation.
    private static func percentile(_ sorted: [Double], _ fraction: Double) -> Double {
        let position = fraction * Double(sorted.count - 1)
        let index = Swift.min(Int(position), sorted.count - 1)
        let next = Swift.min(index + 1, sorted.count - 1)
        return sorted[index] + (sorted[next] - sorted[index]) * (position - Double(index))
    }
}

/// SplitMix64 (Steele, Lea & Flood 2014).
struct SplitMix {
    var state: UInt64

    mutating func next(below bound: UInt64) -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return bound.multipliedFullWidth(by: z ^ (z >> 31)).high
    }
}

/// The standard normal distribution.
enum Normal {
    static func cumulative(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }

    /// The inverse of `cumulative`, by bisection.
    static func quantile(_ p: Double) -> Double {
        if p.isNaN || p < 0 || p > 1 { return .nan }
        if p == 0 { return -.infinity }
        if p == 1 { return .infinity }
        var (low, high) = (-40.0, 40.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if cumulative(middle) < p { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
