import SwiftletIO

/// A `tokenizer.json` with the large parts of its model read apart from the rest.
///
/// `JSONValue` compares keys as Swift compares strings, by canonical equivalence; in a vocabulary `가` as one scalar
/// and as two are different tokens. Reading it directly is also several times faster, as it is for merges and scores.
struct TokenizerJSON {
    /// Everything; `model.vocab` and `model.merges` are empty if they are in `data`.
    let document: JSONSection
    let data: ModelData

    /// Of the format; the only one there is.
    static let version = "1.0"

    /// - Parameter rounding: how scores are read; by Python where it makes the model of a class it knows, by the Rust
    ///   library where it takes the file as it stands.
    init(_ path: String, rounding: JSONScanner.Rounding) throws {
        let file = try MappedFile(path)
        self = try withExtendedLifetime(file) { try TokenizerJSON(file.bytes, path: path, rounding: rounding) }
    }

    init(_ bytes: UnsafeRawBufferPointer, path: String, rounding: JSONScanner.Rounding) throws {
        var data = ModelData()
        var cuts: [(range: Range<Int>, replacement: String)] = []
        let places = Self.find(bytes)
        if let range = places.vocabulary {
            let reader = ModelReader(bytes: bytes, range: range, path: path, key: "model.vocab")
            if bytes[range.lowerBound] == UInt8(ascii: "{") {
                data.vocabulary = try reader.pairs()
                cuts.append((range, "{}"))
            } else {
                data.scores = try reader.scores(rounding)
                cuts.append((range, "[]"))
            }
        }
        if let range = places.merges {
            data.merges = try ModelReader(bytes: bytes, range: range, path: path, key: "model.merges").merges()
            cuts.append((range, "[]"))
        }
        cuts.sort { $0.range.lowerBound < $1.range.lowerBound }
        var rest: [UInt8] = []
        var start = 0
        for cut in cuts {
            rest += bytes[start..<cut.range.lowerBound]
            rest += cut.replacement.utf8
            start = cut.range.upperBound
        }
        rest += bytes[start...]
        let value = try rest.withUnsafeBytes { try ModelReader.parse($0, path) }
        document = JSONSection(value: value, path: path, key: "")
        self.data = data
        try checkVersion()
    }

    /// A file of another version may mean something else by the same names, so it is refused, as by the Rust library.
    private func checkVersion() throws {
        guard let version = document.value.object?["version"] else { return }
        guard let name = version.string else {
            throw document.invalid("version", "is \(version.kind), not a string")
        }
        guard TokenizerFiles.same(name, Self.version) else {
            throw TokenizerError.invalid(
                document.path, "version", "is '\(name)', and only '\(Self.version)' is known",
                remedy:
                    "Save the tokenizer again with a version of the tokenizers library that writes '\(Self.version)'.",
                kind: .unsupported)
        }
    }

    private static func find(_ bytes: UnsafeRawBufferPointer) -> (vocabulary: Range<Int>?, merges: Range<Int>?) {
        var scanner = JSONScanner(bytes: bytes)
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { scanner.position = 3 }
        // Of a name that comes twice the last counts, as the parser has it.
        var (vocabulary, merges): (Range<Int>?, Range<Int>?) = (nil, nil)
        let isRead = scanner.object { name, scanner in
            guard name.elementsEqual("model".utf8) else { return scanner.skipValue() }
            (vocabulary, merges) = (nil, nil)
            guard scanner.position < bytes.count, bytes[scanner.position] == UInt8(ascii: "{") else {
                return scanner.skipValue()
            }
            return scanner.object { name, scanner in
                let start = scanner.position
                guard scanner.skipValue() else { return false }
                if name.elementsEqual("vocab".utf8) { vocabulary = start..<scanner.position }
                if name.elementsEqual("merges".utf8) { merges = start..<scanner.position }
                return true
            }
        }
        guard isRead else { return (nil, nil) }
        func isEnclosed(_ range: Range<Int>, _ left: Unicode.Scalar, _ right: Unicode.Scalar) -> Bool {
            range.count >= 2 && bytes[range.lowerBound] == UInt8(ascii: left)
                && bytes[range.upperBound - 1] == UInt8(ascii: right)
        }
        return (
            vocabulary.flatMap { isEnclosed($0, "{", "}") || isEnclosed($0, "[", "]") ? $0 : nil },
            merges.flatMap { isEnclosed($0, "[", "]") ? $0 : nil }
        )
    }
}

/// Reads one large value of a model: an object or a list, from its bracket to its bracket.
struct ModelReader {
    let bytes: UnsafeRawBufferPointer
    let range: Range<Int>
    let path: String
    let key: String

    static func parse(_ bytes: UnsafeRawBufferPointer, _ path: String) throws -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: bytes)
        } catch {
            var error = error
            error.path = path
            throw error
        }
    }

    private func broken(_ problem: String) -> TokenizerError { .invalid(path, key, problem) }

    private func text(_ quoted: (range: Range<Int>, hasEscapes: Bool)) throws -> String {
        if quoted.hasEscapes {
            return try Self.parse(UnsafeRawBufferPointer(rebasing: bytes[quoted.range]), path).string ?? ""
        }
        let content = content(quoted.range)
        // Nearly all tokens are ASCII, which needs no look at its validity.
        if content.allSatisfy({ $0 < 0x80 }) { return String(decoding: content, as: UTF8.self) }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw broken("has a token that is not UTF-8")
        }
        return text
    }

    /// Without the quotes.
    private func content(_ quoted: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[quoted.lowerBound + 1..<quoted.upperBound - 1])
    }

    /// Calls `item` at each element, and checks the commas between.
    private func each(_ item: (inout JSONScanner) throws -> Void) throws {
        var scanner = JSONScanner(bytes: bytes, position: range.lowerBound + 1)
        let end = range.upperBound - 1
        scanner.skipSpace()
        if scanner.position == end { return }
        while true {
            scanner.skipSpace()
            try item(&scanner)
            scanner.skipSpace()
            if scanner.position == end { return }
            guard scanner.take(",") else { throw broken("lacks a ',' at byte \(scanner.position)") }
        }
    }

    /// The members of an object whose values are ids.
    func pairs() throws -> [(token: String, id: Int32)] {
        var pairs: [(token: String, id: Int32)] = []
        pairs.reserveCapacity(range.count / 14)
        try each { scanner in
            guard let quoted = scanner.string() else { throw broken("has a key that is no string") }
            let token = try text(quoted)
            scanner.skipSpace()
            guard scanner.take(":") else { throw broken("has no ':' after '\(token)'") }
            scanner.skipSpace()
            guard let id = scanner.id() else {
                throw TokenizerError.invalid(path, "\(key).\(token)", "is not an integer from 0 to \(Int32.max)")
            }
            pairs.append((token, id))
        }
        return pairs
    }

    /// The items of a list, each a list of a token and its score.
    func scores(_ rounding: JSONScanner.Rounding) throws -> [(token: String, score: Double)] {
        var scores: [(token: String, score: Double)] = []
        scores.reserveCapacity(range.count / 24)
        try each { scanner in
            func wrong() -> TokenizerError {
                .invalid(path, "\(key)[\(scores.count)]", "is not a list of a token and its score")
            }
            guard scanner.take("[") else { throw wrong() }
            scanner.skipSpace()
            guard let quoted = scanner.string() else { throw wrong() }
            let token = try text(quoted)
            scanner.skipSpace()
            guard scanner.take(",") else { throw wrong() }
            scanner.skipSpace()
            guard let score = scanner.number(rounding) else { throw wrong() }
            scanner.skipSpace()
            guard scanner.take("]") else { throw wrong() }
            scores.append((token, score))
        }
        return scores
    }

    /// The items of a list, each either a text with one space or a list of two texts; all of one kind.
    func merges() throws -> MergeList {
        var merges = MergeList()
        merges.reserve(range.count / 16, bytes: range.count / 2)
        var items = 0
        var arePairs: Bool?
        try each { scanner in
            items += 1
            func wrong(_ problem: String) -> TokenizerError { .invalid(path, "\(key)[\(items - 1)]", problem) }
            let isPair = scanner.take("[")
            guard arePairs ?? isPair == isPair else {
                throw wrong("is written in another way than the merges before it")
            }
            arePairs = isPair
            if isPair {
                scanner.skipSpace()
                guard let left = scanner.string() else { throw wrong("is not a list of two texts") }
                scanner.skipSpace()
                guard scanner.take(",") else { throw wrong("is not a list of two texts") }
                scanner.skipSpace()
                guard let right = scanner.string() else { throw wrong("is not a list of two texts") }
                scanner.skipSpace()
                guard scanner.take("]") else { throw wrong("is not a list of two texts") }
                if left.hasEscapes || right.hasEscapes {
                    merges.append(try text(left).utf8, try text(right).utf8)
                } else {
                    merges.append(content(left.range), content(right.range))
                }
                return
            }
            guard let quoted = scanner.string() else { throw wrong("is neither a text nor a list of two texts") }
            let line: MergeList.Line
            if quoted.hasEscapes {
                var text = try text(quoted)
                line = text.withUTF8 { merges.append(line: UnsafeRawBufferPointer($0)) }
            } else {
                line = merges.append(line: content(quoted.range))
            }
            if line == .malformed { throw wrong("is not two texts with one space between") }
        }
        return merges
    }
}
