/// What a single scalar of a text is held to: literals, escapes and classes.
extension PatternParser {
    mutating func assertion() throws(PatternError) -> PatternAssertion? {
        let result: PatternAssertion
        switch current {
        case "A": result = .textStart
        case "z": result = .textEnd
        case "Z": result = .lastLineEnd
        case "b": result = .wordBoundary
        case "B": result = .noWordBoundary
        default: return nil
        }
        position += 1
        return result
    }

    enum Escape {
        case scalar(UInt32)
        case set(ScalarSet)
    }

    /// What follows a backslash.
    mutating func escape(inClass: Bool) throws(PatternError) -> Escape {
        guard let scalar = current else { throw PatternError(problem: "ends with a backslash") }
        position += 1
        switch scalar {
        case "t": return .scalar(0x9)
        case "n": return .scalar(0xA)
        case "v": return .scalar(0xB)
        case "f": return .scalar(0xC)
        case "r": return .scalar(0xD)
        case "a": return .scalar(0x7)
        case "e": return .scalar(0x1B)
        case "b" where inClass: return .scalar(0x8)
        case "d": return .set(PropertyNames.digit)
        case "D": return .set(PropertyNames.digit.inverted)
        case "s": return .set(PropertyNames.space)
        case "S": return .set(PropertyNames.space.inverted)
        case "w": return .set(inClass ? PropertyNames.wordInClass : PropertyNames.word)
        case "W": return .set((inClass ? PropertyNames.wordInClass : PropertyNames.word).inverted)
        case "h": return .set(PropertyNames.hexadecimalDigit)
        case "H": return .set(PropertyNames.hexadecimalDigit.inverted)
        case "p", "P": return .set(try property(isNegated: scalar == "P"))
        case "u":
            guard let value = hexadecimal(count: 4...4) else {
                throw PatternError(problem: "has a '\\u' without 4 digits")
            }
            return .scalar(try checked(value))
        case "x":
            if take("{") {
                guard let value = hexadecimal(count: 1...8), take("}") else {
                    throw PatternError(problem: "has a '\\x{' without digits and '}'")
                }
                return .scalar(try checked(value))
            }
            guard let value = hexadecimal(count: 1...2) else {
                throw PatternError(problem: "has a '\\x' without digits")
            }
            guard value < 0x80 else { throw unsupported("a single byte of a character") }
            return .scalar(value)
        case "0"..."9": throw unsupported("'\\\(scalar)', a reference to a group or an octal number,")
        case "a"..."z", "A"..."Z": throw unsupported("'\\\(scalar)'")
        default: return .scalar(scalar.value)
        }
    }

    private func checked(_ value: UInt32) throws(PatternError) -> UInt32 {
        guard Unicode.Scalar(value) != nil else {
            throw PatternError(problem: "has U+\(String(value, radix: 16, uppercase: true)), which is no character")
        }
        return value
    }

    private mutating func hexadecimal(count: ClosedRange<Int>) -> UInt32? {
        var value: UInt32 = 0
        var digits = 0
        while digits < count.upperBound, let scalar = current, scalar.isASCII,
            let digit = Character(scalar).hexDigitValue
        {
            value = value << 4 | UInt32(digit)
            digits += 1
            position += 1
        }
        return digits < count.lowerBound ? nil : value
    }

    private mutating func property(isNegated: Bool) throws(PatternError) -> ScalarSet {
        guard take("{"), let end = pattern[position...].firstIndex(of: "}") else {
            throw PatternError(problem: "has a '\\p' without '{' and '}'")
        }
        let inverts = take("^")
        let name = String(String.UnicodeScalarView(pattern[min(position, end)..<end]))
        position = end + 1
        guard let set = PropertyNames.set(name) else { throw unsupported("'\\p{\(name)}'") }
        return inverts != isNegated ? set.inverted : set
    }

    /// What follows a `[`, to its `]`.
    mutating func characterClass(_ options: Options) throws(PatternError) -> ScalarSet {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 64 else { throw PatternError(problem: "has groups more than 64 deep") }
        let isNegated = take("^")
        if current == "]" { throw unsupported("a class that begins with ']'") }
        var operands: [ScalarSet] = []
        var set = ScalarSet.empty
        while !take("]") {
            guard let scalar = current else { throw PatternError(problem: "has a '[' without a ']'") }
            if take("&&") {
                operands.append(set)
                set = .empty
            } else if take("[:") {
                set = set.union(try namedClass())
            } else if take("[") {
                set = set.union(try characterClass(options))
            } else {
                position += 1
                let item = scalar == "\\" ? try escape(inClass: true) : .scalar(scalar.value)
                switch item {
                case .set(let more):
                    set = set.union(more)
                    if isNext("-"), !isNext("-]") {
                        throw PatternError(problem: "has a range that begins with a class")
                    }
                case .scalar(let lower): set = set.union(try range(from: lower, options, isNegated: isNegated))
                }
            }
        }
        for operand in operands { set = set.intersection(operand) }
        if options.ignoresCase { set = set.ignoringCase }
        return isNegated ? set.inverted : set
    }

    /// A scalar, or a range if one follows.
    private mutating func range(
        from lower: UInt32, _ options: Options, isNegated: Bool
    ) throws(PatternError) -> ScalarSet {
        var upper = lower
        let next = position + 1
        if current == "-", next < pattern.count, pattern[next] != "]",
            !pattern[next...].starts(with: "&&".unicodeScalars)
        {
            guard pattern[next] != "[" else { throw unsupported("a range that ends in a class") }
            position += 2
            if pattern[next] == "\\" {
                guard case .scalar(let scalar) = try escape(inClass: true) else {
                    throw unsupported("a range that ends in a class")
                }
                upper = scalar
            } else {
                upper = pattern[next].value
            }
            guard lower <= upper else { throw PatternError(problem: "has a range that ends before it begins") }
        }
        if options.ignoresCase, !isNegated {
            for (scalar, _) in CaseTable.shared.long where (lower...upper).contains(scalar) {
                throw unsupported(
                    "'\(Unicode.Scalar(scalar).map { String(Character($0)) } ?? "")' in a class with case ignored")
            }
        }
        return ScalarSet([lower...upper])
    }

    private mutating func namedClass() throws(PatternError) -> ScalarSet {
        let inverts = take("^")
        for (name, set) in [
            ("digit:]", PropertyNames.digit), ("space:]", PropertyNames.space), ("word:]", PropertyNames.wordInClass),
            ("xdigit:]", PropertyNames.hexadecimalDigit),
        ] where take(name) { return inverts ? set.inverted : set }
        throw unsupported("a named class other than digit, space, word and xdigit")
    }
}
