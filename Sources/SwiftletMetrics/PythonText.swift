internal import SwiftletIO

/// Python's string methods, as the scripts of question answering use them.
enum PythonText {
    /// `str.lower`, which knows the final sigma.
    static func lower(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var result = String.UnicodeScalarView()
        for (index, scalar) in scalars.enumerated() {
            if scalar.value < 128 {
                result.append((65...90).contains(scalar.value) ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar)
            } else if scalar == "\u{3a3}" {
                let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
                let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
                let isFinal = before?.properties.isCased == true && after?.properties.isCased != true
                result.append(isFinal ? "\u{3c2}" : "\u{3c3}")
            } else {
                result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            }
        }
        return String(result)
    }

    /// `string.punctuation`.
    static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 33...47, 58...64, 91...96, 123...126: true
        default: false
        }
    }

    static func isDigit(_ scalar: Unicode.Scalar) -> Bool { (48...57).contains(scalar.value) }

    static func removing(_ text: String, _ isRemoved: (Unicode.Scalar) -> Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !isRemoved(scalar) { result.append(scalar) }
        return String(result)
    }

    /// `str.isspace` of one character, at which `str.split` parts.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 9...13, 28...32, 0x85, 0xa0, 0x1680, 0x2000...0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000: true
        default: false
        }
    }

    /// `str.split` at white space.
    static func split(_ text: some Sequence<Unicode.Scalar>) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        for scalar in text {
            if !isSpace(scalar) {
                word.append(scalar)
            } else if !word.isEmpty {
                words.append(String(word))
                word = String.UnicodeScalarView()
            }
        }
        if !word.isEmpty { words.append(String(word)) }
        return words
    }

    static func split(_ text: String) -> [String] { split(text.unicodeScalars) }

    /// `str.strip`.
    static func strip(_ text: String) -> String {
        let trimmed = rstrip(text).unicodeScalars.drop(while: isSpace)
        return String(String.UnicodeScalarView(trimmed))
    }

    /// `str.rstrip`.
    static func rstrip(_ text: String) -> String {
        var scalars = text.unicodeScalars[...]
        while let last = scalars.last, isSpace(last) { scalars.removeLast() }
        return String(String.UnicodeScalarView(scalars))
    }

    /// `\w` of the module `re`.
    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || isAlpha(scalar) || scalar.properties.numericType != nil
    }

    /// `str.isalpha` of one character.
    static func isAlpha(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }

    /// `str.isalpha`.
    static func isAlpha(_ text: String) -> Bool { !text.isEmpty && text.unicodeScalars.allSatisfy { isAlpha($0) } }

    /// `str.isdigit` of one character: of any script, also raised or in a circle.
    static func isAnyDigit(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.numericType == .decimal || scalar.properties.numericType == .digit
    }

    /// `str.isdigit`.
    static func isAnyDigits(_ text: String) -> Bool { !text.isEmpty && text.unicodeScalars.allSatisfy(isAnyDigit) }

    /// The words of SQuAD's `normalize_answer`: lower case, without punctuation and articles.
    static func answerWords(_ text: String) -> [String] {
        let scalars = Array(removing(lower(text), isPunctuation).unicodeScalars)
        var words: [String] = []
        var word = String.UnicodeScalarView()
        func endWord() {
            if !word.isEmpty { words.append(String(word)) }
            word = String.UnicodeScalarView()
        }
        var index = 0
        while index < scalars.count {
            // A run of \w, and the articles among them, which become a space.
            var end = index
            while end < scalars.count, isWord(scalars[end]) { end += 1 }
            if end > index {
                switch scalars[index..<end] {
                case ["a"], ["a", "n"], ["t", "h", "e"]: endWord()
                default: word.append(contentsOf: scalars[index..<end])
                }
                index = end
                continue
            }
            if isSpace(scalars[index]) { endWord() } else { word.append(scalars[index]) }
            index += 1
        }
        endWord()
        return words
    }

    /// F1 of two bags of words, 0 where nothing is shared.
    static func bagF1(_ prediction: [String], _ truth: [String]) -> Double {
        var counts: [TextKey: Int] = [:]
        for word in truth { counts[TextKey(word), default: 0] += 1 }
        var shared = 0
        for word in prediction {
            let key = TextKey(word)
            guard let count = counts[key], count > 0 else { continue }
            counts[key] = count - 1
            shared += 1
        }
        if shared == 0 { return 0 }
        let (precision, recall) = (Double(shared) / Double(prediction.count), Double(shared) / Double(truth.count))
        return 2 * precision * recall / (precision + recall)
    }
}
