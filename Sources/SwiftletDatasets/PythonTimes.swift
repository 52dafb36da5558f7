// Dates, times and decimal numbers in the writing of Python: `repr`, `str`, and pandas' CSV.
extension PythonText {
    /// `datetime.datetime(2020, 1, 2, 10, 0)`: seconds and microseconds only where they are not zero.
    static func timestamp(microseconds: Int) -> String { "datetime.datetime(\(fields(microseconds)))" }

    /// A timestamp with its zone behind it. The clock of a named zone is UTC's: the rules of zones are not known here.
    static func timestamp(microseconds: Int, zone: String) -> String {
        if let offset = offset(zone) {
            let (moved, overflow) = microseconds.addingReportingOverflow(offset * 1_000_000)
            let delta = offset < 0 ? "days=-1, seconds=\(offset + 86_400)" : "seconds=\(offset)"
            let zone = offset == 0 ? "datetime.timezone.utc" : "datetime.timezone(datetime.timedelta(\(delta)))"
            return "datetime.datetime(\(fields(overflow ? microseconds : moved)), tzinfo=\(zone))"
        }
        return "datetime.datetime(\(fields(microseconds)), tzinfo=zoneinfo.ZoneInfo(key='UTC'))"
    }

    private static func fields(_ microseconds: Int) -> String {
        let (days, rest) = split(microseconds)
        let (year, month, day) = civil(days: days)
        let (second, micro) = (rest / 1_000_000 % 60, rest % 1_000_000)
        var parts = [year, month, day, rest / 3_600_000_000, rest / 60_000_000 % 60]
        if second != 0 || micro != 0 { parts.append(second) }
        if micro != 0 { parts.append(micro) }
        return parts.map(String.init).joined(separator: ", ")
    }

    /// Seconds east of UTC of a zone such as `+05:30` or `-0300`.
    static func offset(_ zone: String) -> Int? {
        guard let sign = zone.utf8.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        let digits = zone.utf8.dropFirst().filter { $0 != UInt8(ascii: ":") }.map { Int($0) - 48 }
        guard digits.count == 4, digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
        let seconds = (digits[0] * 10 + digits[1]) * 3600 + (digits[2] * 10 + digits[3]) * 60
        guard seconds < 86_400 else { return nil }
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }

    static func date(days: Int) -> String {
        let (year, month, day) = civil(days: days)
        return "datetime.date(\(year), \(month), \(day))"
    }

    /// `datetime.time(1, 2, 3, 4)`.
    static func time(microseconds: Int) -> String {
        let (_, rest) = split(microseconds)
        var parts = [rest / 3_600_000_000, rest / 60_000_000 % 60]
        let (second, micro) = (rest / 1_000_000 % 60, rest % 1_000_000)
        if second != 0 || micro != 0 { parts.append(second) }
        if micro != 0 { parts.append(micro) }
        return "datetime.time(" + parts.map(String.init).joined(separator: ", ") + ")"
    }

    /// `datetime.timedelta(days=1, seconds=3)`.
    static func duration(microseconds: Int) -> String {
        let (days, rest) = split(microseconds)
        let parts = [("days", days), ("seconds", rest / 1_000_000), ("microseconds", rest % 1_000_000)]
            .filter { $0.1 != 0 }.map { "\($0.0)=\($0.1)" }
        return "datetime.timedelta(\(parts.isEmpty ? "0" : parts.joined(separator: ", ")))"
    }

    /// Days, and the microseconds of the last one.
    static func split(_ microseconds: Int) -> (days: Int, rest: Int) {
        let days = floorDivide(microseconds, 86_400_000_000)
        return (days, microseconds &- days &* 86_400_000_000)
    }

    /// `2020-01-02`.
    static func isoDate(days: Int) -> String {
        let (year, month, day) = civil(days: days)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// `10:20:30` with so many digits of a second's fraction.
    static func clock(_ microseconds: Int, digits: Int) -> String {
        let text =
            "\(padded(microseconds / 3_600_000_000, 2)):\(padded(microseconds / 60_000_000 % 60, 2)):\(padded(microseconds / 1_000_000 % 60, 2))"
        guard digits > 0 else { return text }
        return text + "." + padded(microseconds % 1_000_000, 6).prefix(digits)
    }

    static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number.magnitude)
        return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// A decimal number of little-endian words in two's complement, as `str` writes Python's `Decimal`: with an exponent
    /// where the number is small or the scale negative.
    static func decimal(words: [UInt64], scale: Int) -> String {
        var words = words
        let isNegative = words.last.map { $0 >> 63 == 1 } ?? false
        if isNegative {
            var carry = true
            for index in words.indices {
                let (value, overflow) = (~words[index]).addingReportingOverflow(carry ? 1 : 0)
                words[index] = value
                carry = overflow
            }
        }
        var digits: [UInt8] = []
        while words.contains(where: { $0 != 0 }) {
            var remainder: UInt64 = 0
            for index in words.indices.reversed() {
                let (quotient, rest) = UInt64(10).dividingFullWidth((remainder, words[index]))
                words[index] = quotient
                remainder = rest
            }
            digits.append(UInt8(remainder) + 48)
        }
        if digits.isEmpty { digits = [48] }
        let text = String(decoding: digits.reversed(), as: UTF8.self)
        let sign = isNegative ? "-" : ""
        let adjusted = digits.count - 1 - scale
        if scale >= 0, adjusted >= -6 {
            guard scale > 0 else { return sign + text }
            let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + text
            return "\(sign)\(padded.dropLast(scale)).\(padded.suffix(scale))"
        }
        let fraction = text.dropFirst()
        return "\(sign)\(text.prefix(1))\(fraction.isEmpty ? "" : ".")\(fraction)E\(adjusted < 0 ? "" : "+")\(adjusted)"
    }

    /// A decimal number without an exponent.
    static func plainDecimal(_ text: String) -> String {
        guard let mark = text.firstIndex(of: "E"), let exponent = Int(text[text.index(after: mark)...]),
            abs(exponent) < 1000
        else { return text }
        let mantissa = text[..<mark].drop { $0 == "-" }
        let digits = mantissa.filter { $0 != "." }
        let point =
            (mantissa.firstIndex(of: ".").map { mantissa.distance(from: mantissa.startIndex, to: $0) } ?? mantissa.count)
            + exponent
        let sign = text.hasPrefix("-") ? "-" : ""
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if point >= digits.count { return sign + digits + String(repeating: "0", count: point - digits.count) }
        return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }
}
