public import SwiftletIO
import SwiftletRunLog

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The values that a setting may have in a search.
public enum SearchDimension: Sendable, Equatable {
    /// One of these.
    case choices([JSONValue])
    /// A number between two others, both included. With `isLog` each power of ten is as likely; `step` allows only some.
    case real(low: Double, high: Double, isLog: Bool = false, step: Double? = nil)
    /// A whole number, likewise.
    case integer(low: Int, high: Int, isLog: Bool = false, step: Int = 1)

    /// From a text: `8,16,32`, `uniform:0:0.3`, `uniform:0:0.3:0.05` (with a step), `loguniform:1e-5:1e-3`, `int:1:5`,
    /// `int:8:64:8` or `logint:1:64`.
    ///
    /// - Parameter setting: what has these values, such as `learning_rate`, for the error.
    /// - Throws: `ReportError` that quotes a text of another form.
    public init(parsing text: String, for setting: String? = nil) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        func fail(_ reason: String) -> ReportError {
            ReportError(
                .option, "'\(text)' is no range of values\(setting.map { " for \($0.shown())" } ?? ""): \(reason)",
                remedy: "Write 8,16,32, uniform:0:0.3, loguniform:1e-5:1e-3, int:1:5 or logint:1:64.",
                at: ErrorLocation(option: "search"))
        }
        func real(_ text: String) throws -> Double {
            guard let number = Double(text), number.isFinite else { throw fail("'\(text)' is no number") }
            return number
        }
        func whole(_ text: String) throws -> Int {
            guard let number = Int(text), Self.counted.contains(number) else {
                throw fail("'\(text)' is no whole number up to 2^53")
            }
            return number
        }
        switch (parts[0], parts.count) {
        case ("uniform", 3...4):
            self = .real(
                low: try real(parts[1]), high: try real(parts[2]), step: parts.count > 3 ? try real(parts[3]) : nil)
        case ("loguniform", 3): self = .real(low: try real(parts[1]), high: try real(parts[2]), isLog: true)
        case ("int", 3...4):
            self = .integer(
                low: try whole(parts[1]), high: try whole(parts[2]), step: parts.count > 3 ? try whole(parts[3]) : 1)
        case ("logint", 3): self = .integer(low: try whole(parts[1]), high: try whole(parts[2]), isLog: true)
        case ("uniform", _), ("loguniform", _), ("int", _), ("logint", _):
            throw fail("\(parts[0]) takes a lower and an upper bound")
        default:
            let values = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard values.allSatisfy({ !$0.isEmpty }) else { throw fail("a value is empty") }
            self = .choices(values.map(Self.value))
        }
        if let reason = problem { throw fail(reason) }
    }

    /// Whole numbers that a `Double` counts exactly.
    private static let counted = -(1 << 53)...(1 << 53)

    private static func value(_ text: String) -> JSONValue {
        if let whole = Int(text) { return .int(whole) }
        if let number = Double(text), number.isFinite { return .double(number) }
        return ["true": .bool(true), "false": .bool(false)][text] ?? .string(text)
    }

    /// Why there is nothing to search; `nil` where there is.
    var problem: String? {
        switch self {
        case .choices(let values):
            if values.isEmpty { return "there are no values" }
            let different = Set(values.map { TextKey($0.text()) })
            return different.count < values.count ? "a value stands there twice" : nil
        case .real(let low, let high, let isLog, let step):
            guard low.isFinite, high.isFinite, low <= high else { return "the lower bound is above the upper one" }
            if isLog, low <= 0 { return "a logarithmic range must begin above 0" }
            if let step, !(step > 0 && step.isFinite) || isLog { return "the step must be above 0" }
            if let step, (high - low) / step > 1e6 { return "the step is too small" }
            return nil
        case .integer(let low, let high, let isLog, let step):
            guard low <= high else { return "the lower bound is above the upper one" }
            guard Self.counted.contains(low), Self.counted.contains(high) else { return "the bounds are too large" }
            if isLog, low < 1 { return "a logarithmic range must begin above 0" }
            return step < 1 || isLog && step != 1 ? "the step must be at least 1" : nil
        }
    }

    /// All values, for a grid; `nil` for a range without steps.
    package var grid: [JSONValue]? {
        switch self {
        case .choices(let values): return values
        case .real(let low, let high, _, let step):
            guard let step else { return low == high ? [.double(low)] : nil }
            let count = Int(exactly: ((high - low) / step + 1e-9).rounded(.down)) ?? 0
            return (0...count).map { .double(Self.stepped(low, Double($0), step)) }
        case .integer(let low, let high, let isLog, let step):
            guard !isLog, (high - low) / step < 100_000 else { return nil }
            return Array(stride(from: low, through: high, by: step)).map { .int($0) }
        }
    }

    /// Fifteen digits: what a step's multiple has beyond them is rounding, as in 3 * 0.05.
    private static func stepped(_ low: Double, _ count: Double, _ step: Double) -> Double {
        let value = low + count * step
        return Double(NumberText.significant(value, digits: 15)) ?? value
    }

    /// Values to check before a search: all choices; of a range the ends, and one between them that is not round.
    package var samples: [JSONValue] {
        switch self {
        case .choices(let values): return values
        case .real(let low, let high, _, let step):
            // What a logarithm gives back may lie a digit beside.
            let top = step == nil ? .double(high) : value(at: 1)
            return Self.distinct([.double(low), top, value(at: 0.371)])
        case .integer: return Self.distinct([value(at: 0), value(at: 1), value(at: 0.371)])
        }
    }

    private static func distinct(_ values: [JSONValue]) -> [JSONValue] {
        values.indices.filter { !values[..<$0].contains(values[$0]) }.map { values[$0] }
    }

    /// A value for a number from 0 to 1.
    package func value(at unit: Double) -> JSONValue {
        let unit = min(max(unit, 0), 1)
        switch self {
        case .choices(let values):
            return values[min(Int(exactly: (unit * Double(values.count)).rounded(.down)) ?? 0, values.count - 1)]
        case .real(let low, let high, let isLog, let step):
            if isLog { return .double(min(max(exp(log(low) + unit * (log(high) - log(low))), low), high)) }
            guard let step else { return .double(low + unit * (high - low)) }
            let steps = ((high - low) / step + 1e-9).rounded(.down)
            return .double(Self.stepped(low, min((unit * (steps + 1)).rounded(.down), steps), step))
        case .integer(let low, let high, let isLog, let step):
            if isLog {
                let (bottom, top) = (log(Double(low) - 0.5), log(Double(high) + 0.5))
                let number = exp(bottom + unit * (top - bottom)).rounded()
                return .int(min(max(Int(exactly: number) ?? low, low), high))
            }
            let steps = (high - low) / step
            let place = Int(exactly: (unit * Double(steps + 1)).rounded(.down)) ?? 0
            return .int(low + min(place, steps) * step)
        }
    }

    /// Where a value lies between 0 and 1; `nil` for choices, and for values outside.
    package func unit(of value: JSONValue) -> Double? {
        guard let number = value.double else { return nil }
        switch self {
        case .choices: return nil
        case .real(let low, let high, let isLog, _):
            guard high > low, (low...high).contains(number) else { return low == high ? 0.5 : nil }
            return isLog ? (log(number) - log(low)) / (log(high) - log(low)) : (number - low) / (high - low)
        case .integer(let low, let high, let isLog, _):
            guard (Double(low)...Double(high)).contains(number) else { return nil }
            if isLog {
                let (bottom, top) = (log(Double(low) - 0.5), log(Double(high) + 0.5))
                return (log(number) - bottom) / (top - bottom)
            }
            return (number - Double(low) + 0.5) / Double(high - low + 1)
        }
    }

    var json: JSONValue {
        switch self {
        case .choices(let values): return ["choices": .array(values)]
        case .real(let low, let high, let isLog, let step):
            return [
                "real": [.double(low), .double(high)], "log": .bool(isLog), "step": step.map { .double($0) } ?? .null,
            ]
        case .integer(let low, let high, let isLog, let step):
            return ["integer": [.int(low), .int(high)], "log": .bool(isLog), "step": .int(step)]
        }
    }
}
