import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Numbers in reports.
package enum NumberText {
    /// With so many places after the point, as `%.4f`.
    package static func fixed(_ value: Double, places: Int) -> String { format("%.\(places)f", value) }

    /// With so many significant digits and no zeros at the end, as `%.4g`.
    package static func significant(_ value: Double, digits: Int) -> String { format("%.\(digits)g", value) }

    private static func format(_ format: String, _ value: Double) -> String {
        // The longest double has 309 digits before the point.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
            withVaList([value]) { _ = vsnprintf(buffer.baseAddress!, buffer.count, format, $0) }
            return String(cString: buffer.baseAddress!)
        }
    }
}

extension JSONValue {
    /// The value as Python's `str` writes it.
    var pythonText: String {
        switch self {
        case .null: "None"
        case .bool(let value): value ? "True" : "False"
        case .string(let text): text
        case .double(let value) where !value.isFinite: value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
        default: text()
        }
    }

    /// As Python's model cards round: a number whose digits go on beyond the fourth place has four.
    var cardText: String {
        let text = pythonText
        guard case .double(let value) = self, let point = text.firstIndex(of: ".") else { return text }
        return text[point...].utf8.count > 5 ? NumberText.fixed(value, places: 4) : text
    }
}
