/// How texts are parted into words before n-grams are counted.
package enum WordSplitting {
    private typealias Scalars = [Unicode.Scalar]

    /// One of sacrebleu's tokenizers.
    package static func words(_ text: String, _ tokenizer: MetricOption.BLEUTokenizer) -> [String] {
        switch tokenizer {
        case .none: PythonText.split(text)
        case .char: PythonText.split(text).flatMap { $0.unicodeScalars.map { String($0) } }
        case .v13a: mteval13a(text)
        case .zh: chinese(text)
        case .intl: international(text)
        }
    }

    /// mteval-v13a of NIST, which WMT uses.
    static func mteval13a(_ text: String) -> [String] {
        var text = Array(text.unicodeScalars)
        text = replace(text, "<skipped>", "")
        text = replace(text, "-\n", "")
        text = replace(text, "\n", " ")
        return westernWords([" "] + unescape(text) + [" "])
    }

    /// XML's four escapes, one after the other.
    static func unescape(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard text.contains("&") else { return text }
        var text = text
        for (escape, meaning) in [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
            text = replace(text, escape, meaning)
        }
        return text
    }

    /// Punctuation apart, but not within numbers: the part of mteval for languages of the West.
    static func westernWords(_ text: [Unicode.Scalar]) -> [String] { PythonText.split(western(text)) }

    /// - Parameter isPadded: whether the marks have spaces around them already.
    static func western(_ text: [Unicode.Scalar], isPadded: Bool = false) -> [Unicode.Scalar] {
        let isDigit = PythonText.isDigit
        func isMark(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }
        var text = isPadded ? text : pad(text, isWestern)
        text = replacePairs(text, { !isDigit($0) }, isMark) { [$0, " ", $1, " "] }
        text = replacePairs(text, isMark, { !isDigit($0) }) { [" ", $0, " ", $1] }
        return replacePairs(text, isDigit, { $0 == "-" }) { [$0, " ", $1, " "] }
    }

    /// ASCII's punctuation but for the apostrophe, comma, hyphen and full stop.
    static func isWestern(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x7b...0x7e, 0x5b...0x60, 0x20...0x26, 0x28...0x2b, 0x3a...0x40, 0x2f: true
        default: false
        }
    }

    /// A space on both sides of some characters.
    static func pad(_ text: [Unicode.Scalar], _ isPadded: (Unicode.Scalar) -> Bool) -> [Unicode.Scalar] {
        var result: Scalars = []
        result.reserveCapacity(text.count * 2)
        for scalar in text {
            if isPadded(scalar) { result += [" ", scalar, " "] } else { result.append(scalar) }
        }
        return result
    }

    /// What stands for two neighbours of some kind, from the left and without overlap, as `re.sub` goes.
    static func replacePairs(
        _ text: [Unicode.Scalar], _ isFirst: (Unicode.Scalar) -> Bool, _ isSecond: (Unicode.Scalar) -> Bool,
        _ replacement: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]
    ) -> [Unicode.Scalar] {
        var result: Scalars = []
        result.reserveCapacity(text.count + 16)
        var index = 0
        while index < text.count {
            if index + 1 < text.count, isFirst(text[index]), isSecond(text[index + 1]) {
                result += replacement(text[index], text[index + 1])
                index += 2
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }

    /// `str.replace`.
    static func replace(_ text: [Unicode.Scalar], _ old: String, _ new: String) -> [Unicode.Scalar] {
        let (old, new) = (Array(old.unicodeScalars), Array(new.unicodeScalars))
        guard let first = old.first, text.contains(first) else { return text }
        var result: Scalars = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == first, text[index...].starts(with: old) {
                result += new
                index += old.count
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }

    /// mteval-v14 of NIST for all languages: punctuation apart where a neighbour is no number, and symbols.
    private static func international(_ text: String) -> [String] {
        var text = Array(text.unicodeScalars)
        text = replacePairs(text, { !isNumber($0) }, isPunctuation) { [$0, " ", $1, " "] }
        text = replacePairs(text, isPunctuation, { !isNumber($0) }) { [" ", $0, " ", $1] }
        return PythonText.split(pad(text, isSymbol))
    }

    private static func isNumber(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: true
        default: false
        }
    }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            true
        default: false
        }
    }

    private static func isSymbol(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: true
        default: false
        }
    }

    private static func chinese(_ text: String) -> [String] {
        westernWords(pad(Array(PythonText.strip(text).unicodeScalars), isChinese))
    }

    /// Characters that sacrebleu's tokenizer for Chinese takes for words. Its ranges of characters beyond the basic
    /// plane are written with four digits each, so that those from U+2001 to U+2A6D are meant; that is followed here.
    private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3400...0x4db5, 0x4e00...0x9fbb, 0xf900...0xfa2d, 0xfa30...0xfa6a, 0xfa70...0xfad9, 0x2001...0x2a6d,
            0x2f81...0x2fa1, 0xff00...0xffef, 0x2e80...0x2eff, 0x3000...0x303f, 0x31c0...0x31ef, 0x2f00...0x2fdf,
            0x2ff0...0x2fff, 0x3100...0x312f, 0x31a0...0x31bf, 0xfe10...0xfe1f, 0xfe30...0xfe4f, 0x3200...0x33ff:
            true
        default: false
        }
    }
}
