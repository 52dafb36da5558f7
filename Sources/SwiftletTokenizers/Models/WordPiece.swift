import SwiftletIO

/// The longest token first, from left to right; a word that can't be covered is unknown.
struct WordPiece: Sendable {
    let vocabulary: Vocabulary
    let unknownToken: String
    let continuingPrefix: String
    /// In scalars; longer words are unknown.
    let longestWord: Int
    /// -1 if the unknown token is not in the vocabulary.
    let unknownID: Int32
    /// Tokens that continue a word, without the prefix.
    let continuations: ByteTable

    init(
        vocabulary: Vocabulary, unknownToken: String = "[UNK]", continuingPrefix: String = "##", longestWord: Int = 100
    ) {
        self.vocabulary = vocabulary
        self.unknownToken = unknownToken
        self.continuingPrefix = continuingPrefix
        self.longestWord = longestWord
        unknownID = vocabulary.id(of: unknownToken) ?? -1
        continuations = ByteTable(vocabulary.tokens, vocabulary.ids, withoutPrefix: Array(continuingPrefix.utf8))
    }

    /// What covering a word reads: valid as long as the model. Copying it counts no references.
    struct Cover: Sendable {
        fileprivate let whole: ByteTable.Reader
        fileprivate let continuations: ByteTable.Reader
    }

    var cover: Cover { Cover(whole: vocabulary.table.reader, continuations: continuations.reader) }

    func tokenize(_ word: UnsafeBufferPointer<UInt8>, into pieces: inout PieceBuffer) throws(TokenizerError) {
        guard let base = word.baseAddress, !word.isEmpty else { return }
        var scalars = 0
        for byte in word where byte & 0xC0 != 0x80 { scalars += 1 }
        if scalars <= longestWord {
            var hashes: [UInt64] = [0]
            hashes.reserveCapacity(word.count + 1)
            for byte in word { hashes.append(ByteTable.extend(hashes[hashes.count - 1], byte)) }
            let before = pieces.ids.count
            if cover(base, hashes, word.count, { pieces.append($0, end: $1) }) { return }
            pieces.truncate(to: before)
        }
        guard unknownID >= 0 else { throw missingUnknown }
        pieces.append(unknownID, end: word.count)
    }

    var missingUnknown: TokenizerError {
        TokenizerError(
            "a word is not in the vocabulary, and neither is the unknown token '\(unknownToken)'",
            remedy: "Add '\(unknownToken)' to the vocabulary of the tokenizer.", kind: .unknownToken)
    }

    init(_ section: JSONSection, _ data: ModelData) throws {
        guard let vocabulary = data.vocabulary else {
            throw section.invalid("vocab", "is not an object of tokens and ids")
        }
        self.init(
            vocabulary: Vocabulary(vocabulary), unknownToken: try section.string("unk_token"),
            continuingPrefix: try section.string("continuing_subword_prefix"),
            longestWord: try section.int("max_input_chars_per_word"))
    }

    /// Without the vocabulary, which does not fit a `JSONValue`.
    var json: JSONValue {
        [
            "type": "WordPiece", "unk_token": .string(unknownToken),
            "continuing_subword_prefix": .string(continuingPrefix), "max_input_chars_per_word": .int(longestWord),
            "vocab": [:],
        ]
    }
}

extension WordPiece.Cover {
    /// Covers a word of at most `longestWord` scalars.
    ///
    /// - Parameters:
    ///   - hashes: those of the word's prefixes, from that of 0 bytes to that of all.
    ///   - piece: called with each token's id and end. What it got is void when this returns `false`.
    /// - Returns: whether the word could be covered.
    @inline(__always)
    func callAsFunction(
        _ word: UnsafePointer<UInt8>, _ hashes: UnsafePointer<UInt64>, _ count: Int, _ piece: (Int32, Int) -> Void
    ) -> Bool {
        let id = whole.find(word, count, hash: hashes[count])
        if id >= 0 {
            piece(id, count)
            return true
        }
        var start = 0
        while start < count {
            let table = start == 0 ? whole : continuations
            var end = start + table.bound(word + start, count - start)
            var found: Int32 = -1
            while end > start {
                if end == count || word[end] & 0xC0 != 0x80 {
                    let before = start == 0 ? 0 : hashes[start] &* Powers.shared[end - start]
                    found = table.find(word + start, end - start, hash: hashes[end] &- before)
                    if found >= 0 { break }
                }
                end -= 1
            }
            guard found >= 0 else { return false }
            piece(found, end)
            start = end
        }
        return true
    }
}

/// Powers of the hash's multiplier.
struct Powers: Sendable {
    static let shared = Powers()
    private static let most = 1024
    // Sendable: written in `init` only, and never freed.
    private nonisolated(unsafe) let values: UnsafeMutablePointer<UInt64>

    private init() {
        values = .allocate(capacity: Self.most + 1)
        values[0] = 1
        for exponent in 1...Self.most { values[exponent] = values[exponent - 1] &* ByteTable.multiplier }
    }

    @inline(__always) subscript(exponent: Int) -> UInt64 {
        if exponent <= Self.most { return values[exponent] }
        var result: UInt64 = 1
        for _ in 0..<exponent { result = result &* ByteTable.multiplier }
        return result
    }
}
