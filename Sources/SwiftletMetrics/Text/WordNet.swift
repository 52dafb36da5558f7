internal import SwiftletIO
internal import Synchronization

/// Synonyms from WordNet's files, as NLTK reads them. The files stay where they are and are searched in place.
final class WordNet: Sendable {
    private struct Part: Sendable {
        var index: MappedFile
        var data: MappedFile
        /// Forms that the rules don't reach, and what they are forms of.
        var exceptions: [TextKey: [String]]
        var endings: [(String, String)]
    }

    private let parts: [Part]
    private let known = Mutex<[TextKey: [String]]>([:])
    private static let open = Mutex<[TextKey: WordNet]>([:])

    /// The reader of a folder of NLTK's data, which is made once.
    static func shared(_ folder: String) throws(MetricError) -> WordNet {
        if let reader = open.withLock({ $0[TextKey(folder)] }) { return reader }
        let reader = try WordNet(folder: folder)
        open.withLock { $0[TextKey(folder)] = reader }
        return reader
    }

    private init(folder: String) throws(MetricError) {
        let rules: [(String, [(String, String)])] = [
            (
                "noun",
                [
                    ("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"),
                    ("men", "man"), ("ies", "y"),
                ]
            ),
            (
                "verb",
                [
                    ("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"),
                    ("ing", ""),
                ]
            ),
            ("adj", [("er", ""), ("est", ""), ("er", "e"), ("est", "e")]), ("adv", []),
        ]
        var parts: [Part] = []
        for (name, endings) in rules {
            let path = "\(folder)/corpora/wordnet"
            do {
                var exceptions: [TextKey: [String]] = [:]
                for line in try MappedFile.text("\(path)/\(name).exc").unicodeScalars.split(separator: "\n") {
                    let words = PythonText.split(line)
                    if let first = words.first { exceptions[TextKey(first)] = Array(words.dropFirst()) }
                }
                parts.append(
                    Part(
                        index: try MappedFile("\(path)/index.\(name)"), data: try MappedFile("\(path)/data.\(name)"),
                        exceptions: exceptions, endings: endings))
            } catch {
                throw MetricError(
                    "WordNet can't be read: \(error.message)",
                    remedy:
                        "Give a folder of NLTK's data that has corpora/wordnet, with \(name).exc, index.\(name) and "
                        + "data.\(name).", at: ErrorLocation(path: error.path, option: "nltk_data"))
            }
        }
        self.parts = parts
    }

    /// The word itself and those single words that mean the same in one of its senses.
    func synonyms(_ word: String) throws(MetricError) -> [String] {
        let key = TextKey(word)
        if let words = known.withLock({ $0[key] }) { return words }
        var words: Set<TextKey> = [key]
        for part in parts {
            for form in forms(PythonText.lower(word), part) {
                for offset in try Self.offsets(form, part.index) ?? [] {
                    words.formUnion(try Self.words(at: offset, part.data).textKeys)
                }
            }
        }
        let sorted = words.sorted().map(\.text)
        known.withLock { $0[key] = sorted }
        return sorted
    }

    /// The word and what it may be a form of.
    private func forms(_ word: String, _ part: Part) -> [String] {
        if let listed = part.exceptions[TextKey(word)] { return [word] + listed }
        let scalars = Array(word.unicodeScalars)
        return [word]
            + part.endings.compactMap { old, new in
                guard scalars.count >= old.unicodeScalars.count,
                    scalars.suffix(old.unicodeScalars.count).elementsEqual(old.unicodeScalars)
                else { return nil }
                return String(String.UnicodeScalarView(scalars.dropLast(old.unicodeScalars.count))) + new
            }
    }

    /// Where the senses of a word lie in the data; `nil` where the index has no such word. The index is sorted.
    private static func offsets(_ word: String, _ index: MappedFile) throws(MetricError) -> [Int]? {
        let wanted = Array(word.utf8)
        if wanted.isEmpty { return nil }
        var (low, high) = (0, index.bytes.count)
        while low < high {
            let middle = (low + high) / 2
            let start = lineStart(middle, index.bytes)
            let line = line(start, index.bytes)
            // The licence at the beginning is indented.
            let key = line.first == 32 ? line.prefix(0) : line.prefix { $0 != 32 }
            if key.elementsEqual(wanted) { return try offsets(line, index.path) }
            if key.lexicographicallyPrecedes(wanted) { low = start + line.count + 1 } else { high = start }
        }
        return nil
    }

    private static func offsets(_ line: Slice<UnsafeRawBufferPointer>, _ path: String) throws(MetricError) -> [Int] {
        let fields = line.split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
        guard fields.count > 5, let senses = Int(fields[2]), let pointers = Int(fields[3]), senses > 0, pointers >= 0,
            pointers < fields.count, senses < fields.count, fields.count >= 6 + pointers + senses,
            case let offsets = fields[(6 + pointers)...].prefix(senses).compactMap({ Int($0) }), offsets.count == senses
        else { throw damaged(path, fields.first ?? "") }
        return offsets
    }

    /// The single words of a sense.
    private static func words(at offset: Int, _ data: MappedFile) throws(MetricError) -> [String] {
        guard data.bytes.indices.contains(offset) else { throw damaged(data.path, "offset \(offset)") }
        let fields = line(offset, data.bytes).prefix { $0 != UInt8(ascii: "|") }.split(separator: 32)
            .map { String(decoding: $0, as: UTF8.self) }
        guard fields.count > 4, Int(fields[0]) == offset, let count = Int(fields[3], radix: 16), count > 0,
            count < fields.count, fields.count >= 4 + 2 * count
        else { throw damaged(data.path, "offset \(offset)") }
        return (0..<count).compactMap { index in
            var word = fields[4 + 2 * index][...].unicodeScalars
            // What stands in brackets at the end says where an adjective may stand.
            if word.last == ")", let open = word.lastIndex(of: "(") { word = word[..<open] }
            return word.contains("_") ? nil : String(String.UnicodeScalarView(word))
        }
    }

    private static func lineStart(_ place: Int, _ bytes: UnsafeRawBufferPointer) -> Int {
        var start = place
        while start > 0, bytes[start - 1] != 10 { start -= 1 }
        return start
    }

    private static func line(_ start: Int, _ bytes: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        var end = start
        while end < bytes.count, bytes[end] != 10 { end += 1 }
        return bytes[start..<end]
    }

    private static func damaged(_ path: String, _ place: String) -> MetricError {
        MetricError(
            "WordNet's file '\(path)' is damaged at \(place)",
            remedy: "Get the folder corpora/wordnet of NLTK's data again.",
            kind: .format, at: ErrorLocation(path: path, key: place, option: "nltk_data"))
    }
}
