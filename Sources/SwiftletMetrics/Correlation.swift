#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Pearson's and Spearman's correlation of rows that are kept, since ranks need all of them.
struct CorrelationState: MetricState {
    let pearson: String?
    let spearman: String?
    private var x: [Double] = []
    private var y: [Double] = []

    init(pearson: String? = nil, spearman: String? = nil) {
        self.pearson = pearson
        self.spearman = spearman
    }

    var options: Set<String> { pearson != nil && spearman != nil ? [] : ["return_pvalue"] }

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("A correlation")
        let predictions = try batch.predictions.doubles("predictions")
        let references = try batch.references.doubles("references")
        x += predictions
        y += references
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        var values = MetricValues()
        if let pearson {
            let r = try Correlation.pearson(x, y, &values.warnings)
            values[pearson] = r
            if options.returnPValue { values["p-value"] = Correlation.pValue(r, x.count) }
        }
        if let spearman {
            let r = try Correlation.spearman(x, y, &values.warnings)
            values[spearman] = r
            if options.returnPValue { values["\(spearman)_pvalue"] = Correlation.pValue(r, x.count) }
        }
        return values
    }

    var groups: [Int]? { [Int](repeating: 1, count: x.count) }

    func taking(_ counts: [Int]) -> CorrelationState {
        var state = CorrelationState(pearson: pearson, spearman: spearman)
        for (index, count) in counts.enumerated() {
            for _ in 0..<count {
                state.x.append(x[index])
                state.y.append(y[index])
            }
        }
        return state
    }
}

enum Correlation {
    static let constant = "An input array is constant; the correlation coefficient is not defined."

    /// `scipy.stats.pearsonr`.
    static func pearson(_ x: [Double], _ y: [Double], _ warnings: inout [String]) throws(MetricError) -> Double {
        guard x.count >= 2 else { throw MetricError("`x` and `y` must have length at least 2.") }
        if isConstant(x) || isConstant(y) {
            warnings.append(constant)
            return .nan
        }
        let (xs, xIsNear) = centered(x)
        let (ys, yIsNear) = centered(y)
        if xIsNear || yIsNear {
            warnings.append(
                "An input array is nearly constant; the computed correlation coefficient may be inaccurate.")
        }
        let r = zip(xs, ys).reduce(0) { $0 + $1.0 * $1.1 }
        if r.isNaN { return r }
        let clipped = max(-1, min(1, r))
        return x.count == 2 ? clipped.rounded() : clipped
    }

    static func isConstant(_ x: [Double]) -> Bool { x.allSatisfy { $0 == x[0] } }

    /// Deviations from the mean, scaled to a norm of 1; and whether they are hardly more than rounding errors.
    private static func centered(_ x: [Double]) -> ([Double], Bool) {
        let mean = x.reduce(0, +) / Double(x.count)
        let deviations = x.map { $0 - mean }
        let largest = deviations.reduce(0) { max($0, abs($1)) }
        let norm = largest * deviations.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
        return (deviations.map { $0 / norm }, norm < 1e-13 * abs(mean))
    }

    /// `scipy.stats.spearmanr`: Pearson's correlation of ranks, where equal values share their mean rank.
    static func spearman(_ x: [Double], _ y: [Double], _ warnings: inout [String]) throws(MetricError) -> Double {
        if x.count < 2 { return .nan }
        if isConstant(x) || isConstant(y) {
            warnings.append(constant)
            return .nan
        }
        if x.contains(where: \.isNaN) || y.contains(where: \.isNaN) { return .nan }
        let (xs, _) = centered(ranks(x))
        let (ys, _) = centered(ranks(y))
        return max(-1, min(1, zip(xs, ys).reduce(0) { $0 + $1.0 * $1.1 }))
    }

    /// `scipy.stats.rankdata`, from 1.
    static func ranks(_ x: [Double]) -> [Double] {
        let order = x.indices.sorted { x[$0] < x[$1] }
        var ranks = [Double](repeating: 0, count: x.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, x[order[end]] == x[order[start]] { end += 1 }
            for position in start..<end { ranks[order[position]] = Double(start + end + 1) / 2 }
            start = end
        }
        return ranks
    }

    /// The chance of a correlation this strong, either way, among `n` independent normal pairs: Student's t
    /// distribution with n - 2 degrees of freedom.
    static func pValue(_ r: Double, _ n: Int) -> Double {
        if r.isNaN { return .nan }
        if n == 2 { return 1 }
        return incompleteBeta((1 - r) * (1 + r), Double(n) / 2 - 1, 0.5)
    }

    /// The regularized incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22).
    static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        if x <= 0 { return 0 }
        if x >= 1 { return 1 }
        if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
        let front = exp(a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b)) / a
        var (c, d) = (1.0, 1 / (1 - (a + b) * x / (a + 1)))
        var fraction = d
        for step in 1..<10_000 {
            let m = Double(step)
            for term in [
                m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
            ] {
                d = 1 / (1 + term * d)
                c = 1 + term / c
                fraction *= c * d
            }
            if abs(c * d - 1) < 1e-16 { break }
        }
        return front * fraction
    }
}
