internal import SwiftletIO

/// Words as the Penn Treebank parts them, in NLTK's form: punctuation and endings such as 's and n't apart.
enum TreebankWords {
    private typealias Scalars = [Unicode.Scalar]
    /// What is read at a place: where it ends and what stands for it.
    private typealias Rule = (_ text: Scalars, _ place: Int) -> (end: Int, text: Scalars)?

    static func words(_ sentence: String) -> [String] {
        var text = Array(sentence.unicodeScalars)
        text = openingQuotes(text)
        text = punctuation(text)
        text = WordSplitting.pad(text) { ["[", "]", "(", ")", "{", "}", "<", ">"].contains($0) }
        text = WordSplitting.replace(text, "--", " -- ")
        text = endings([" "] + text + [" "])
        return PythonText.split(contractions(text))
    }

    private static func replace(_ text: Scalars, _ rule: Rule) -> Scalars {
        var result: Scalars = []
        result.reserveCapacity(text.count + 16)
        var place = 0
        while place < text.count {
            if let (end, replacement) = rule(text, place), end > place {
                result += replacement
                place = end
            } else {
                result.append(text[place])
                place += 1
            }
        }
        return result
    }

    /// Words with spaces around and between them.
    private static func apart(_ words: ArraySlice<Unicode.Scalar>...) -> Scalars {
        words.reduce(into: [" "]) { text, word in
            text += word
            text.append(" ")
        }
    }

    private static func isWord(_ text: Scalars, _ place: Int) -> Bool {
        text.indices.contains(place) && PythonText.isWord(text[place])
    }

    private static func openingQuotes(_ text: Scalars) -> Scalars {
        var text = replace(text) { text, place in
            if ["«", "“", "‘", "„"].contains(text[place]) { return (place + 1, [" ", text[place], " "]) }
            let ticks = text[place...].prefix { $0 == "`" }
            return ticks.isEmpty ? nil : (place + ticks.count, apart(ticks))
        }
        if text.first == "\"" { text.replaceSubrange(0..<1, with: ["`", "`"]) }
        text = WordSplitting.replace(text, "``", " `` ")
        text = replace(text) { text, place in
            guard [" ", "(", "[", "{", "<"].contains(text[place]) else { return nil }
            let rest = text[(place + 1)...]
            let length = rest.first == "\"" ? 1 : rest.prefix(2).elementsEqual("''".unicodeScalars) ? 2 : 0
            return length == 0 ? nil : (place + 1 + length, [text[place], " ", "`", "`", " "])
        }
        // A quote before a word, but not that of an ending.
        return replace(text) { text, place in
            guard text[place] == "'", !isWord(text, place - 1), isWord(text, place + 1) else { return nil }
            for ending in ["re", "ve", "ll", "m", "t", "s", "d", "n"] {
                let end = place + 1 + ending.unicodeScalars.count
                if isSame(text[(place + 1)...].prefix(ending.unicodeScalars.count), ending), !isWord(text, end) {
                    return nil
                }
            }
            return (place + 1, ["'", " "])
        }
    }

    /// Whether letters are the same but for case; the long s and the Kelvin sign are letters of ASCII for `re` too.
    private static func isSame(_ text: ArraySlice<Unicode.Scalar>, _ lower: String) -> Bool {
        let lower = lower.unicodeScalars
        guard text.count == lower.count else { return false }
        return zip(text, lower).allSatisfy { (left: Unicode.Scalar, right: Unicode.Scalar) -> Bool in
            switch left.value {
            case 65...90: left.value + 32 == right.value
            case 0x17f: right.value == 0x17f || right == "s"
            case 0x212a: right.value == 0x212a || right == "k"
            default: left == right
            }
        }
    }

    /// A full stop at the end, before closing marks and white space.
    private static func finalStop(_ text: Scalars, spaced: Bool) -> Scalars {
        var end = text.count
        while end > 0, PythonText.isSpace(text[end - 1]) { end -= 1 }
        var start = end
        let closing: [Unicode.Scalar] =
            spaced ? ["]", ")", "}", ">", "\"", "'", "»", "”", "’", " "] : ["]", ")", "}", ">", "\"", "'"]
        while start > 0, closing.contains(text[start - 1]) { start -= 1 }
        guard start >= 2, text[start - 1] == ".", text[start - 2] != "." else { return text }
        // Spaces among the marks belong to them, also those before the white space at the end.
        var marks = Array(text[start..<end])
        if spaced { marks += text[end...].prefix { $0 == " " } }
        var result = Array(text[..<(start - 1)])
        result += spaced ? [" ", ".", " "] : [" ", "."]
        result += marks
        result.append(" ")
        return result
    }

    private static func punctuation(_ text: Scalars) -> Scalars {
        var text = finalStop(text, spaced: true)
        func isPart(_ scalar: Unicode.Scalar) -> Bool { scalar == ":" || scalar == "," }
        text = WordSplitting.replacePairs(text, isPart, { $0.properties.generalCategory != .decimalNumber }) {
            [" ", $0, " ", $1]
        }
        if let last = text.last, isPart(last) { text.replaceSubrange((text.count - 1)..., with: [" ", last, " "]) }
        text = replace(text) { text, place in
            let stops = text[place...].prefix { $0 == "." }
            return stops.count < 2 ? nil : (place + stops.count, apart(stops))
        }
        text = WordSplitting.pad(text) { scalar in
            [";", "@", "#", "$", "%", "&"].contains(scalar) || (0x2012...0x2015).contains(scalar.value)
        }
        text = finalStop(text, spaced: false)
        text = WordSplitting.pad(text) { $0 == "?" || $0 == "!" }
        text = replace(text) { text, place in
            guard text[place] != "'", text[(place + 1)...].starts(with: "' ".unicodeScalars) else { return nil }
            return (place + 3, [text[place], " ", "'", " "])
        }
        return WordSplitting.pad(text) { $0 == "*" }
    }

    private static func endings(_ text: Scalars) -> Scalars {
        var text = WordSplitting.pad(text) { ["»", "”", "’"].contains($0) }
        text = WordSplitting.replace(text, "''", " '' ")
        text = WordSplitting.replace(text, "\"", " '' ")
        text = replace(text) { text, place in
            let spaces = text[place...].prefix(while: PythonText.isSpace)
            return spaces.isEmpty ? nil : (place + spaces.count, [" "])
        }
        for endings in [
            ["'s", "'S", "'m", "'M", "'d", "'D", "'"], ["'ll", "'LL", "'re", "'RE", "'ve", "'VE", "n't", "N'T"],
        ] {
            text = replace(text) { text, place in
                guard text[place] != "'", text[place] != " " else { return nil }
                for ending in endings {
                    let scalars = Array(ending.unicodeScalars)
                    guard text[(place + 1)...].starts(with: scalars) else { continue }
                    let end = place + 1 + scalars.count
                    if end < text.count, text[end] == " " { return (end + 1, [text[place]] + apart(scalars[...])) }
                }
                return nil
            }
        }
        return text
    }

    /// Two words that are written as one.
    private static func contractions(_ text: Scalars) -> Scalars {
        var text = text
        let pairs = [
            ("can", "not"), ("d", "'ye"), ("gim", "me"), ("gon", "na"), ("got", "ta"), ("lem", "me"), ("more", "'n"),
            ("wan", "na"),
        ]
        for (first, second) in pairs {
            let (middle, length) = (
                first.unicodeScalars.count, first.unicodeScalars.count + second.unicodeScalars.count
            )
            text = replace(text) { text, place in
                let word = text[place...].prefix(length)
                guard isSame(word, first + second), !isWord(text, place - 1), !isWord(text, place + length) else {
                    return nil
                }
                if first == "wan", !text[(place + length)...].prefix(1).contains(where: PythonText.isSpace) {
                    return nil
                }
                return (place + length, apart(word.prefix(middle), word.dropFirst(middle)))
            }
        }
        for second in ["is", "was"] {
            let length = 3 + second.unicodeScalars.count
            text = replace(text) { text, place in
                let word = text[place...].prefix(length)
                guard isSame(word, " 't" + second), !isWord(text, place + length) else { return nil }
                return (place + length, apart(word.dropFirst().prefix(2), word.dropFirst(3)))
            }
        }
        return text
    }
}
