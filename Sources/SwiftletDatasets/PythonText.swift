/// The way Python prints values, which the course's readers compare with.
enum PythonText {
    static func of(_ text: String) -> String {
        let quote: Unicode.Scalar =
            text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
        var output = String(quote)
        for scalar in text.unicodeScalars {
            switch scalar {
            case quote, "\\":
                output += "\\"
                output.unicodeScalars.append(scalar)
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case " ": output += " "
            default:
                if isPrintable(scalar) {
                    output.unicodeScalars.append(scalar)
                } else if scalar.value < 0x100 {
                    output += "\\x" + hex(scalar.value, 2)
                } else if scalar.value < 0x1_0000 {
                    output += "\\u" + hex(scalar.value, 4)
                } else {
                    output += "\\U" + hex(scalar.value, 8)
                }
            }
        }
        output.unicodeScalars.append(quote)
        return output
    }

    static func of(_ bytes: [UInt8]) -> String {
        let quote: UInt8 = bytes.contains(0x27) && !bytes.contains(0x22) ? 0x22 : 0x27
        var output = "b" + String(Unicode.Scalar(quote))
        for byte in bytes {
            switch byte {
            case quote, 0x5C: output += "\\" + String(Unicode.Scalar(byte))
            case 0x0A: output += "\\n"
            case 0x0D: output += "\\r"
            case 0x09: output += "\\t"
            case 0x20...0x7E: output += String(Unicode.Scalar(byte))
            default: output += "\\x" + hex(UInt32(byte), 2)
            }
        }
        return output + String(Unicode.Scalar(quote))
    }

    static func of(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        let text = value.description
        // Swift writes digits out up to 2^54, Python up to 1e16.
        guard abs(value) >= 1e16, !text.contains("e") else { return text }
        var digits = text.drop { $0 == "-" }.prefix { $0 != "." }
        let exponent = digits.count - 1
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        let fraction = digits.dropFirst()
        return "\(value < 0 ? "-" : "")\(digits.first!)\(fraction.isEmpty ? "" : ".\(fraction)")e+\(exponent)"
    }

    static func list(_ items: some Sequence<String>) -> String { "[" + items.joined(separator: ", ") + "]" }

    static func dictionary(_ pairs: some Sequence<(String, String)>) -> String {
        "{" + pairs.map { "\(of($0.0)): \($0.1)" }.joined(separator: ", ") + "}"
    }

    /// The proleptic Gregorian date of a day counted from 1970-01-01.
    static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        return switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default: true
        }
    }

    static func hex(_ value: UInt32, _ width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
