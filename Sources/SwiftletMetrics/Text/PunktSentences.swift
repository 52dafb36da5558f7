internal import SwiftletIO
internal import Synchronization

/// Where sentences end, after Kiss and Strunk (2006), with what NLTK's data knows of English: abbreviations, words that
/// begin sentences, and how words are written.
final class PunktSentences: Sendable {
    private let abbreviations: Set<TextKey>
    private let starters: Set<TextKey>
    /// Pairs of words between which no sentence ends, joined by a tab.
    private let collocations: Set<TextKey>
    private let writing: [TextKey: Int]
    private static let open = Mutex<[TextKey: PunktSentences]>([:])

    private typealias Scalars = ArraySlice<Unicode.Scalar>

    /// The reader of a folder of NLTK's data, which is made once.
    static func shared(_ folder: String) throws(MetricError) -> PunktSentences {
        if let reader = open.withLock({ $0[TextKey(folder)] }) { return reader }
        let reader = try PunktSentences(folder: folder)
        open.withLock { $0[TextKey(folder)] = reader }
        return reader
    }

    private init(folder: String) throws(MetricError) {
        func lines(_ name: String) throws(MetricError) -> [String] {
            do {
                let text = try MappedFile.text("\(folder)/tokenizers/punkt_tab/english/\(name)")
                return text.unicodeScalars.split(separator: "\n").map { String($0) }
            } catch {
                throw MetricError(
                    "NLTK's model of sentences can't be read: \(error.message)",
                    remedy: "Give a folder of NLTK's data that has tokenizers/punkt_tab/english.",
                    at: ErrorLocation(path: error.path, option: "nltk_data"))
            }
        }
        abbreviations = try lines("abbrev_types.txt").textKeys
        starters = try lines("sent_starters.txt").textKeys
        collocations = try lines("collocations.tab").textKeys
        var writing: [TextKey: Int] = [:]
        for line in try lines("ortho_context.tab") {
            let fields = line.unicodeScalars.split(separator: "\t").map { String($0) }
            guard fields.count == 2, let flags = Int(fields[1]) else {
                throw MetricError(
                    "NLTK's model of sentences has the line '\(line)' in ortho_context.tab, which is no word and number",
                    remedy: "Get the folder tokenizers/punkt_tab of NLTK's data again.", kind: .format,
                    at: ErrorLocation(
                        path: "\(folder)/tokenizers/punkt_tab/english/ortho_context.tab", option: "nltk_data"))
            }
            writing[TextKey(fields[0])] = flags
        }
        self.writing = writing
    }

    /// The text's sentences.
    func sentences(_ text: String) -> [String] {
        let text = Array(text.unicodeScalars)
        var slices: [(start: Int, end: Int)] = []
        var start = 0
        for context in contexts(text) where endsSentence(context.words) {
            slices.append((start, context.mark + 1))
            start = context.next ?? context.mark + 1
        }
        var end = text.count
        while end > 0, PythonText.isSpace(text[end - 1]) { end -= 1 }
        slices.append((start, max(start, end)))
        return realigned(slices, text).map { String(String.UnicodeScalarView(text[$0.start..<$0.end])) }
    }

    // MARK: - Where a sentence may end

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "?" || scalar == "!" }

    private struct Context {
        var mark: Int
        /// Where the next word begins, if white space comes before it.
        var next: Int?
        var words: [Unicode.Scalar]
    }

    /// Marks that may end a sentence, each with the word before and what comes after.
    private func contexts(_ text: [Unicode.Scalar]) -> [Context] {
        var contexts: [Context] = []
        var last: (mark: Int, next: Int?, after: Int, word: Range<Int>)?
        func add() {
            guard let last else { return }
            contexts.append(
                Context(mark: last.mark, next: last.next, words: Array(text[last.word] + text[last.mark..<last.after])))
        }
        for mark in text.indices where Self.isMark(text[mark]) {
            guard let (after, next) = Self.after(mark, text) else { continue }
            let wordStart = Self.wordStart(
                before: mark, from: last?.word.upperBound ?? 0, start: last?.word.lowerBound ?? 0, text)
            if let word = last?.word, word.upperBound <= wordStart { add() }
            last = (mark, next, after, wordStart..<mark)
        }
        add()
        return contexts
    }

    /// Where the word that ends at a mark begins: after the last white space of ASCII since the mark before, else where
    /// the word of that mark began.
    private static func wordStart(before mark: Int, from: Int, start: Int, _ text: [Unicode.Scalar]) -> Int {
        var place = mark - 1
        while place > from {
            if text[place].value == 32 || (9...13).contains(text[place].value) { return place + 1 }
            place -= 1
        }
        return start
    }

    /// Where the token after a mark ends, and where it begins if white space comes before it; `nil` if there is none.
    private static func after(_ mark: Int, _ text: [Unicode.Scalar]) -> (end: Int, next: Int?)? {
        guard mark + 1 < text.count else { return nil }
        if PunktWords.isOutside(text[mark + 1]) { return (mark + 2, nil) }
        var next = mark + 1
        while next < text.count, PythonText.isSpace(text[next]) { next += 1 }
        guard next > mark + 1, next < text.count else { return nil }
        var end = next
        while end < text.count, !PythonText.isSpace(text[end]) { end += 1 }
        return (end, next)
    }

    /// Closing marks at the beginning of a sentence belong to the one before.
    private func realigned(_ slices: [(start: Int, end: Int)], _ text: [Unicode.Scalar]) -> [(start: Int, end: Int)] {
        var result: [(start: Int, end: Int)] = []
        var moved = 0
        for (index, slice) in slices.enumerated() {
            let start = min(slice.start + moved, slice.end)
            guard index + 1 < slices.count else {
                if start < slice.end { result.append((start, slice.end)) }
                continue
            }
            let next = slices[index + 1]
            if let (end, whole) = Self.closing(text[next.start..<next.end]) {
                result.append((start, next.start + end))
                moved = whole
            } else {
                moved = 0
                if start < slice.end { result.append((start, slice.end)) }
            }
        }
        return result
    }

    /// The length of closing marks before white space, two hyphens or the end; with the white space too.
    private static func closing(_ text: Scalars) -> (marks: Int, whole: Int)? {
        let isClosing: (Unicode.Scalar) -> Bool = { scalar in
            switch scalar {
            case "\"", "'", ")", "]", "}", "\u{2018}", "\u{2019}", "\u{201c}", "\u{201d}", "\u{ab}", "\u{bb}": true
            default: false
            }
        }
        var end = text.startIndex
        while end < text.endIndex, isClosing(text[end]) {
            end += 1
            let rest = text[end...]
            if rest.isEmpty { return (end - text.startIndex, end - text.startIndex) }
            if let first = rest.first, PythonText.isSpace(first) {
                let spaces = rest.prefix(while: PythonText.isSpace).count
                return (end - text.startIndex, end - text.startIndex + spaces)
            }
            if rest.starts(with: "--".unicodeScalars) { return (end - text.startIndex, end - text.startIndex) }
        }
        return nil
    }

    // MARK: - Whether it ends

    private struct Token {
        var text: String
        /// In lower case, with numbers for one word.
        var type: String
        var isBreak = false
        var isAbbreviation = false
        var isEllipsis = false

        var endsWithPeriod: Bool { text.unicodeScalars.last == "." }

        var typeWithoutPeriod: String {
            let scalars = type.unicodeScalars
            return scalars.count > 1 && scalars.last == "."
                ? String(String.UnicodeScalarView(scalars.dropLast())) : type
        }

        var typeWithoutSentencePeriod: String { isBreak ? typeWithoutPeriod : type }

        /// A letter and a full stop.
        var isInitial: Bool {
            let scalars = Array(text.unicodeScalars)
            return scalars.count == 2 && scalars[1] == "." && PythonText.isWord(scalars[0])
                && scalars[0].properties.generalCategory != .decimalNumber
        }

        init(_ text: String) {
            self.text = text
            let lower = PythonText.lower(text)
            type = Self.isNumber(Array(lower.unicodeScalars)) ? "##number##" : lower
        }

        private static func isNumber(_ scalars: [Unicode.Scalar]) -> Bool {
            func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .decimalNumber }
            var rest = scalars[...]
            if rest.first == "-" { rest.removeFirst() }
            if rest.first == "." || rest.first == "," { rest.removeFirst() }
            guard let first = rest.first, isDigit(first) else { return false }
            return rest.allSatisfy { isDigit($0) || $0 == "," || $0 == "." || $0 == "-" }
        }
    }

    private func endsSentence(_ words: [Unicode.Scalar]) -> Bool {
        var tokens = words.split(separator: "\n").flatMap { PunktWords.words($0) }.map { Token($0) }
        for index in tokens.indices { annotate(&tokens[index]) }
        for index in tokens.indices.dropLast() { annotate(&tokens[index], before: tokens[index + 1]) }
        // A break after the last token divides nothing.
        return tokens.dropLast().contains(where: \.isBreak)
    }

    private func annotate(_ token: inout Token) {
        let scalars = Array(token.text.unicodeScalars)
        if scalars.count == 1, Self.isMark(scalars[0]) {
            token.isBreak = true
        } else if scalars.count >= 2, scalars.allSatisfy({ $0 == "." }) {
            token.isEllipsis = true
        } else if token.endsWithPeriod, scalars.count < 2 || scalars[scalars.count - 2] != "." {
            let word = PythonText.lower(String(String.UnicodeScalarView(scalars.dropLast())))
            let last =
                word.unicodeScalars.split(separator: "-", omittingEmptySubsequences: false).last.map { String($0) }
                ?? word
            if abbreviations.contains(TextKey(word)) || abbreviations.contains(TextKey(last)) {
                token.isAbbreviation = true
            } else {
                token.isBreak = true
            }
        }
    }

    private func annotate(_ token: inout Token, before next: Token) {
        guard token.endsWithPeriod else { return }
        let (type, nextType) = (token.typeWithoutPeriod, next.typeWithoutSentencePeriod)
        let isInitial = token.isInitial
        if collocations.contains(TextKey("\(type)\t\(nextType)")) {
            token.isBreak = false
            token.isAbbreviation = true
            return
        }
        let begins = beginsSentence(next)
        let isUpper = next.text.unicodeScalars.first.map(Self.isUpper) ?? false
        if token.isAbbreviation || token.isEllipsis, !isInitial {
            if begins == true || (isUpper && starters.contains(TextKey(nextType))) {
                token.isBreak = true
                return
            }
        }
        guard isInitial || type.isSame(as: "##number##") else { return }
        let isNeverLower = (writing[TextKey(nextType)] ?? 0) & Writing.lower == 0
        if begins == false || (begins == nil && isInitial && isUpper && isNeverLower) {
            token.isBreak = false
            token.isAbbreviation = true
        }
    }

    /// How words of the model were seen, in bits.
    private enum Writing {
        static let middleUpper = 1 << 2
        static let beginningLower = 1 << 4
        static let upper = (1 << 1) | (1 << 2) | (1 << 3)
        static let lower = (1 << 4) | (1 << 5) | (1 << 6)
    }

    /// Whether its first letter says that a word begins a sentence; `nil` where it doesn't say.
    private func beginsSentence(_ token: Token) -> Bool? {
        let scalars = Array(token.text.unicodeScalars)
        if scalars.count == 1, [";", ":", ",", ".", "!", "?"].contains(scalars[0]) { return false }
        guard let first = scalars.first else { return nil }
        let flags = writing[TextKey(token.typeWithoutSentencePeriod)] ?? 0
        if Self.isUpper(first), flags & Writing.lower != 0, flags & Writing.middleUpper == 0 { return true }
        if Self.isLower(first), flags & Writing.upper != 0 || flags & Writing.beginningLower == 0 { return false }
        return nil
    }

    private static func isUpper(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isUppercase }
    private static func isLower(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isLowercase }
}
