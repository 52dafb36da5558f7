/// Sums for Pearson's correlation, in memory that doesn't grow. They are kept to twice the precision of a `Double`, of
/// differences from the first row, and scaled, so that neither cancellation nor overflow matters.
struct Moments: Sendable {
    /// An unevaluated sum of two doubles (Dekker 1971).
    struct Pair: Sendable {
        var high = 0.0
        var low = 0.0

        var value: Double { high + low }

        static func product(_ a: Double, _ b: Double) -> Pair {
            let high = a * b
            return Pair(high: high, low: (-high).addingProduct(a, b))
        }

        static func * (left: Pair, right: Pair) -> Pair {
            var product = product(left.high, right.high)
            product.low += left.high * right.low + left.low * right.high
            return product
        }

        static func - (left: Pair, right: Pair) -> Pair {
            left + Pair(high: -right.high, low: -right.low)
        }

        static func + (left: Pair, right: Pair) -> Pair {
            let high = left.high + right.high
            let part = high - left.high
            let error = (left.high - (high - part)) + (right.high - part)
            let low = left.low + right.low + error
            let sum = high + low
            return Pair(high: sum, low: low - (sum - high))
        }

        static func += (left: inout Pair, right: Pair) { left = left + right }
    }

    /// One of the two inputs.
    private struct Side {
        var first = 0.0
        var isConstant = true
        /// A power of 2.
        var scale = 0.0
        var sum = Pair()
        var squares = Pair()

        /// The scaled difference of `value` from the first, and the factor by which the scale had to change.
        mutating func add(_ value: Double) -> (difference: Double, rescaled: Double) {
            if value != first { isConstant = false }
            let difference = value - first
            var rescaled = 1.0
            if difference != 0, difference.isFinite, scale == 0 || abs(difference) * scale > 0x1p300 {
                let exponent = max(-1000, min(1000, -difference.exponent))
                let new = Double(sign: .plus, exponent: exponent, significand: 1)
                if scale != 0 { rescaled = new / scale }
                scale = new
                sum = sum * Pair(high: rescaled)
                squares = squares * Pair(high: rescaled) * Pair(high: rescaled)
            }
            let scaled = difference * (scale == 0 ? 1 : scale)
            sum += Pair(high: scaled)
            squares += .product(scaled, scaled)
            return (scaled, rescaled)
        }

        /// `count` squared times the variance, in units of the scale.
        func spread(_ count: Double) -> Double { (Pair(high: count) * squares - sum * sum).value }

        func isNearlyConstant(_ count: Double) -> Bool {
            let norm = (spread(count) / count).squareRoot() / scale
            return norm < 1e-13 * abs(first + sum.value / scale / count)
        }
    }

    private(set) var count = 0
    private var x = Side()
    private var y = Side()
    private var products = Pair()

    init() {}

    init(_ xs: [Double], _ ys: [Double]) { add(xs, ys) }

    mutating func add(_ xs: [Double], _ ys: [Double]) {
        for (x, y) in zip(xs, ys) {
            if count == 0 { (self.x.first, self.y.first) = (x, y) }
            count += 1
            let (dx, xRescaled) = self.x.add(x)
            let (dy, yRescaled) = self.y.add(y)
            if xRescaled != 1 || yRescaled != 1 {
                products = products * Pair(high: xRescaled) * Pair(high: yRescaled)
            }
            products += .product(dx, dy)
        }
    }

    /// `scipy.stats.pearsonr`.
    func pearson(_ warnings: inout [String]) throws(MetricError) -> Double {
        guard count >= 2 else {
            throw .input(
                "predictions", "`x` and `y` must have length at least 2.", remedy: "Give two rows or more.",
                commandLine: "Give a split with two rows or more.", kind: .empty)
        }
        if x.isConstant || y.isConstant {
            warnings.append(Correlation.constant)
            return .nan
        }
        let rows = Double(count)
        if x.isNearlyConstant(rows) || y.isNearlyConstant(rows) {
            warnings.append(
                "An input array is nearly constant; the computed correlation coefficient may be inaccurate.")
        }
        let covariance = (Pair(high: rows) * products - x.sum * y.sum).value
        if abs(covariance) == x.spread(rows), abs(covariance) == y.spread(rows) { return covariance < 0 ? -1 : 1 }
        let r = covariance / x.spread(rows).squareRoot() / y.spread(rows).squareRoot()
        if r.isNaN { return r }
        let clipped = max(-1, min(1, r))
        return count == 2 ? clipped.rounded() : clipped
    }
}

/// Pearson's correlation; rows are kept only where resampling was announced.
struct PearsonState: MetricState {
    let options: Set<String> = ["return_pvalue"]
    private var moments = Moments()
    private var kept: (x: [Double], y: [Double])? = ([], [])

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("pearsonr")
        let x = try batch.predictions.doubles("predictions")
        let y = try batch.references.doubles("references")
        if batch.options.bootstrap == nil, !x.isEmpty { kept = nil }
        kept?.x += x
        kept?.y += y
        moments.add(x, y)
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        var values = MetricValues()
        let r = try moments.pearson(&values.warnings)
        values["pearsonr"] = r
        if options.returnPValue { values["p-value"] = Correlation.pValue(r, moments.count) }
        return values
    }

    var groups: [Int]? { kept.map { [Int](repeating: 1, count: $0.x.count) } }
    var groupsError: MetricError { .late("A bootstrap", option: "strategy") }

    func taking(_ counts: [Int]) -> PearsonState {
        var state = PearsonState()
        state.kept = nil
        if let kept { state.moments = Moments(kept.x.repeated(counts), kept.y.repeated(counts)) }
        return state
    }
}
