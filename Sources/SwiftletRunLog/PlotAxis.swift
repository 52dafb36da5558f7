#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A range of numbers with round numbers marked in it.
struct PlotAxis: Sendable {
    let lower: Double
    let upper: Double
    let ticks: [Double]
    private let step: Double

    /// - Parameter tickCount: about how many marks there are.
    init(from lower: Double, to upper: Double, tickCount: Int) {
        // A range of no width gets some, so that its one value lies in the middle.
        let pad = upper > lower ? 0 : max(abs(upper) * 0.1, 1e-9)
        self.lower = lower - (lower == 0 && upper == 0 ? 0 : pad)
        self.upper = upper + (lower == 0 && upper == 0 ? 1 : pad)
        let step = Self.roundStep((self.upper - self.lower) / Double(tickCount))
        self.step = step
        // As multiples, so that no error adds up; the ends count in spite of a rounding error.
        let first = (self.lower / step - 1e-6).rounded(.up)
        let last = (self.upper / step + 1e-6).rounded(.down)
        let count = last - first
        ticks = count >= 0 && count < 100 ? (0...Int(count)).map { (first + Double($0)) * step } : []
    }

    /// The axis of values: a little wider than they are, from zero if that is not far.
    init(values: [Double], startsAtZero: Bool, limit: Double?, tickCount: Int) {
        let (least, most) = (values.min() ?? 0, values.max() ?? 1)
        // Halves first: the difference of two huge numbers may be beyond all numbers.
        let pad = (most / 2 - least / 2) * 0.1
        var (lower, upper) = (least - pad, most + pad)
        if least >= 0, startsAtZero || least < 0.35 * most { lower = 0 }
        if let limit, most <= limit { upper = min(upper, limit) }
        if let limit, least >= -limit { lower = max(lower, -limit) }
        self.init(from: max(lower, -1e300), to: min(upper, 1e300), tickCount: tickCount)
    }

    /// Where a value lies: 0 at the lower end, 1 at the upper.
    func share(_ value: Double) -> Double { (value - lower) / (upper - lower) }

    /// The nearest number of 1, 2, 5, 10, 20, …, by its ratio.
    static func roundStep(_ width: Double) -> Double {
        guard width > 0, width.isFinite else { return 1 }
        let power = pow(10, floor(log10(width)))
        // Between neighbours, the geometric mean parts those that are nearer to the one or the other.
        let squared = (width / power) * (width / power)
        return power * (squared < 2 ? 1 : squared < 10 ? 2 : squared < 50 ? 5 : 10)
    }

    func label(_ tick: Double) -> String {
        if abs(tick) < step * 1e-6 { return "0" }
        let largest = max(abs(lower), abs(upper))
        if largest >= 1e6 || largest < 2e-3 { return Self.scientific(tick) }
        if largest >= 10_000, step >= 1000 { return "\(Int((tick / 1000).rounded()))k" }
        return NumberText.fixed(tick, places: max(0, Int(-floor(log10(step) + 1e-9))))
    }

    /// `2e-05` without its needless zero.
    private static func scientific(_ value: Double) -> String {
        let text = NumberText.significant(value, digits: 3)
        guard let exponent = text.firstIndex(of: "e"), let power = Int(text[text.index(after: exponent)...]) else {
            return text
        }
        return "\(text[..<exponent])e\(power)"
    }
}
