/// A number from outside (a file, an option, a header) that is not within its range.
public struct NumberError: SwiftletError {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// A number outside its range, or a text that is no number.
        case outOfRange
    }

    /// What went wrong, to switch over.
    public var kind: Kind { .outOfRange }
    /// What the number is: an option, a key, a field of a file.
    public var name: String
    /// The number as text.
    public var value: String
    /// The numbers that are allowed.
    public var range: ClosedRange<Int>

    public var message: String { "\(name) is \(value), which is not \(words)" }
    public var remedy: String? { "Give \(words)." }

    private var words: String {
        if range.upperBound == .max {
            return range.lowerBound == .min ? "a whole number" : "\(range.lowerBound) or more"
        }
        return range.lowerBound == .min
            ? "\(range.upperBound) or less" : "from \(range.lowerBound) to \(range.upperBound)"
    }
}

/// Numbers from outside, made safe to compute with: `Int(_:)` of a floating-point number, sums and products end the
/// process where they overflow, and sizes that nobody has looked at reach the allocator.
public enum CheckedNumber {
    /// The whole part of a number; `nil` for NaN and for what is outside the range.
    public static func int(_ value: Double, in range: ClosedRange<Int> = .min ... .max) -> Int? {
        guard let whole = Int(exactly: value.rounded(.towardZero)), range.contains(whole) else { return nil }
        return whole
    }

    /// The number; `nil` where it is outside the range.
    public static func int(_ value: Int, in range: ClosedRange<Int>) -> Int? { range.contains(value) ? value : nil }

    /// The whole part of a number.
    ///
    /// - Parameter name: what messages call it, such as `--save-steps`.
    /// - Throws: `NumberError` for NaN and for what is outside the range.
    public static func int(
        _ value: Double, named name: @autoclosure () -> String, in range: ClosedRange<Int>
    ) throws(NumberError) -> Int {
        guard let whole = int(value, in: range) else {
            throw NumberError(name: name(), value: JSONValue.double(value).text(), range: range)
        }
        return whole
    }

    /// The number.
    ///
    /// - Parameter name: what messages call it, such as `--save-steps`.
    /// - Throws: `NumberError` where it is outside the range.
    public static func int(
        _ value: Int, named name: @autoclosure () -> String, in range: ClosedRange<Int>
    ) throws(NumberError) -> Int {
        guard range.contains(value) else { throw NumberError(name: name(), value: String(value), range: range) }
        return value
    }

    /// The whole part of a number, or the nearest end of the range; the lower one for NaN.
    public static func clamped(_ value: Double, to range: ClosedRange<Int>) -> Int {
        if let whole = int(value) { return min(max(whole, range.lowerBound), range.upperBound) }
        return value > 0 ? range.upperBound : range.lowerBound
    }

    /// The product of sizes; `nil` where one is negative or the product is above the limit.
    public static func product(_ factors: some Sequence<Int>, atMost limit: Int = .max) -> Int? {
        let factors = Array(factors)
        if factors.contains(where: { $0 < 0 }) { return nil }
        if factors.contains(0) { return 0 }
        var result = 1
        for factor in factors {
            let (product, overflow) = result.multipliedReportingOverflow(by: factor)
            if overflow || product > limit { return nil }
            result = product
        }
        return result <= limit ? result : nil
    }

    /// The sum of sizes; `nil` where one is negative or the sum is above the limit.
    public static func sum(_ terms: some Sequence<Int>, atMost limit: Int = .max) -> Int? {
        var result = 0
        for term in terms {
            let (sum, overflow) = result.addingReportingOverflow(term)
            if term < 0 || overflow || sum > limit { return nil }
            result = sum
        }
        return result
    }
}
