#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Spearman's correlation, and Pearson's for STS-B, of rows that are kept, since ranks need all of them.
struct CorrelationState: MetricState {
    /// Whether both are wanted, as STS-B has them.
    let hasPearson: Bool
    private var x: [Double] = []
    private var y: [Double] = []

    init(hasPearson: Bool = false) { self.hasPearson = hasPearson }

    var options: Set<String> { hasPearson ? [] : ["return_pvalue"] }

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("A correlation")
        let predictions = try batch.predictions.doubles("predictions")
        let references = try batch.references.doubles("references")
        x += predictions
        y += references
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        var values = MetricValues()
        if hasPearson { values["pearson"] = try Moments(x, y).pearson(&values.warnings) }
        let r = Correlation.spearman(x, y, &values.warnings)
        values["spearmanr"] = r
        // Two rows leave no degree of freedom, for which scipy has a rule in pearsonr only.
        if options.returnPValue { values["spearmanr_pvalue"] = x.count == 2 ? .nan : Correlation.pValue(r, x.count) }
        return values
    }

    var groups: [Int]? { [Int](repeating: 1, count: x.count) }

    func taking(_ counts: [Int]) -> CorrelationState {
        var state = CorrelationState(hasPearson: hasPearson)
        state.x = x.repeated(counts)
        state.y = y.repeated(counts)
        return state
    }
}

enum Correlation {
    static let constant = "An input array is constant; the correlation coefficient is not defined."

    static func isConstant(_ x: [Double]) -> Bool { x.allSatisfy { $0 == x[0] } }

    /// `scipy.stats.spearmanr`: Pearson's correlation of ranks, where equal values share their mean rank.
    static func spearman(_ x: [Double], _ y: [Double], _ warnings: inout [String]) -> Double {
        if x.count < 2 { return .nan }
        if isConstant(x) || isConstant(y) {
            warnings.append(constant)
            return .nan
        }
        if x.contains(where: \.isNaN) || y.contains(where: \.isNaN) { return .nan }
        // Twice the deviation of a rank from the mean rank is an integer: these sums are exact.
        let xs = ranks(x).map { 2 * $0 - Double(x.count + 1) }
        let ys = ranks(y).map { 2 * $0 - Double(x.count + 1) }
        let norms = xs.reduce(0) { $0 + $1 * $1 } * ys.reduce(0) { $0 + $1 * $1 }
        return max(-1, min(1, zip(xs, ys).reduce(0) { $0 + $1.0 * $1.1 } / norms.squareRoot()))
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
