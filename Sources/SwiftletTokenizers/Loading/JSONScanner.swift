/// Finds its way through JSON without making values. Whatever it does not understand it leaves to the parser.
struct JSONScanner {
    let bytes: UnsafeRawBufferPointer
    var position = 0

    @inline(__always) private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// Whether a number or a word can end before this byte.
    @inline(__always) private static func ends(_ byte: UInt8) -> Bool {
        isSpace(byte) || byte == 0x2C || byte == 0x7D || byte == 0x5D
    }

    @inline(__always) mutating func skipSpace() {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    }

    @inline(__always) mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// A string with its quotes.
    mutating func string() -> (range: Range<Int>, hasEscapes: Bool)? {
        let start = position
        guard take("\"") else { return nil }
        var hasEscapes = false
        var place = position
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if byte == 0x22 {
                position = place
                return (start..<place, hasEscapes)
            }
            if byte == 0x5C {
                hasEscapes = true
                place += 1
            } else if byte < 0x20 {
                return nil
            }
        }
        return nil
    }

    /// A number that an id may be.
    mutating func id() -> Int32? {
        let start = position
        var value: Int64 = 0
        while position < bytes.count, (0x30...0x39).contains(bytes[position]), position - start < 11 {
            value = value * 10 + Int64(bytes[position] - 0x30)
            position += 1
        }
        if position == start || (position - start > 1 && bytes[start] == 0x30) { return nil }
        if position < bytes.count, !Self.ends(bytes[position]) { return nil }
        return Int32(exactly: value)
    }

    /// How a decimal number becomes a `Double`.
    enum Rounding {
        /// To the nearest one, as Python does.
        case nearest
        /// In the two steps of the Rust library's reader, whose result is the nearest or one beside it. Sums of scores
        /// can be equal in one way of reading and not in the other.
        case twice
    }

    /// Any finite number.
    mutating func number(_ rounding: Rounding = .nearest) -> Double? {
        var number = Decimal()
        let isNegative = take("-")
        let digits = position
        while position < bytes.count, number.take(bytes[position], isFraction: false) { position += 1 }
        guard position > digits, position == digits + 1 || bytes[digits] != 0x30 else { return nil }
        if take(".") {
            let fraction = position
            while position < bytes.count, number.take(bytes[position], isFraction: true) { position += 1 }
            guard position > fraction else { return nil }
        }
        if take("e") || take("E") {
            var sign = 1
            if !take("+"), take("-") { sign = -1 }
            let first = position
            var exponent = 0
            while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 {
                // More than this is 0 or infinite in any case.
                exponent = min(exponent * 10 + Int(bytes[position] - 0x30), 100_000)
                position += 1
            }
            guard position > first else { return nil }
            number.exponent += sign * exponent
        }
        if position < bytes.count, !Self.ends(bytes[position]) { return nil }
        let value =
            switch rounding {
            case .twice: number.roundedTwice
            case .nearest: number.nearest ?? Double(String(decoding: bytes[digits..<position], as: UTF8.self))
            }
        guard let value, value.isFinite else { return nil }
        return isNegative ? -value : value
    }

    /// Passes over one value.
    mutating func skipValue() -> Bool {
        skipSpace()
        guard position < bytes.count else { return false }
        switch bytes[position] {
        case UInt8(ascii: "\""): return string() != nil
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var depth = 0
            while position < bytes.count {
                switch bytes[position] {
                case UInt8(ascii: "\""):
                    guard string() != nil else { return false }
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    if depth == 0 {
                        position += 1
                        return true
                    }
                default: break
                }
                position += 1
            }
            return false
        default:
            while position < bytes.count, !Self.ends(bytes[position]) { position += 1 }
            return true
        }
    }

    /// Goes through the members of the object that begins here.
    ///
    /// - Parameter member: gets the key without its quotes, and passes over the value.
    /// - Returns: whether this is an object, and nothing in the way.
    mutating func object(_ member: (UnsafeRawBufferPointer, inout JSONScanner) -> Bool) -> Bool {
        skipSpace()
        guard take("{") else { return false }
        skipSpace()
        if take("}") { return true }
        while true {
            skipSpace()
            guard let (key, _) = string() else { return false }
            skipSpace()
            guard take(":") else { return false }
            skipSpace()
            let name = UnsafeRawBufferPointer(rebasing: bytes[key.lowerBound + 1..<key.upperBound - 1])
            guard member(name, &self) else { return false }
            skipSpace()
            if take(",") { continue }
            return take("}")
        }
    }

    /// A decimal number that is read digit by digit.
    private struct Decimal {
        private var digits: UInt64 = 0
        var exponent = 0
        /// Whether some digits did not fit.
        private var isCut = false

        @inline(__always) mutating func take(_ byte: UInt8, isFraction: Bool) -> Bool {
            guard byte >= 0x30, byte <= 0x39 else { return false }
            let digit = UInt64(byte - 0x30)
            if isCut || digits > (UInt64.max - digit) / 10 {
                isCut = true
                if !isFraction { exponent += 1 }
            } else {
                digits = digits * 10 + digit
                if isFraction { exponent -= 1 }
            }
            return true
        }

        private static let powers: [UInt64] = (0..<19).reduce(into: [1]) { powers, _ in
            powers.append(powers[powers.count - 1] * 10)
        }

        private static let doubles: [Double] = (0...308).map { Double("1e\($0)") ?? .infinity }

        /// The nearest `Double`, or `nil` where this way of finding it does not reach.
        ///
        /// Digits and power of ten are integers of 64 bits. Both are shifted to the top, so that their quotient has 64
        /// bits and a remainder: enough to round it as IEEE 754 wants it.
        var nearest: Double? {
            guard !isCut, exponent > -20, exponent <= 0 else { return nil }
            if digits == 0 { return 0 }
            let power = Self.powers[-exponent]
            let shift = (digits: digits.leadingZeroBitCount, power: power.leadingZeroBitCount)
            let (top, divisor) = (digits << UInt64(shift.digits), power << UInt64(shift.power))
            let isHalved = top >= divisor
            let division = divisor.dividingFullWidth(isHalved ? (top >> 1, top << 63) : (top, 0))
            var quotient = division.quotient >> 11
            // Half of the last bit that fits is 0x400.
            let rest = division.quotient & 0x7FF
            if rest > 0x400 || (rest == 0x400 && (division.remainder > 0 || quotient & 1 == 1)) { quotient += 1 }
            let scale = shift.power - shift.digits - 64 + 11 + (isHalved ? 1 : 0)
            return Double(sign: .plus, exponent: scale, significand: Double(quotient))
        }

        var roundedTwice: Double {
            var (value, exponent) = (Double(digits), exponent)
            while value != 0, exponent < -308 {
                value /= 1e308
                exponent += 308
            }
            if value == 0 { return 0 }
            if exponent > 308 { return .infinity }
            return exponent < 0 ? value / Self.doubles[-exponent] : value * Self.doubles[exponent]
        }
    }
}
