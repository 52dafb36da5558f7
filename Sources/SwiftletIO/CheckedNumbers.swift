extension Double {
    /// The whole part, and the nearest `Int` where there is none: the limits for what is beyond them, 0 for NaN.
    /// `Int(value)` ends the process there.
    package var clampedToInt: Int {
        if isNaN { return 0 }
        if self >= 0x1p63 { return .max }
        if self <= -0x1p63 { return .min }
        return Int(self)
    }
}

extension Int {
    /// The sum, or the limit that it is beyond.
    package func addingClamped(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
