import SwiftletIO

/// SentencePiece's unigram model: of all ways to cut a word into tokens, the one with the largest sum of scores.
struct Unigram: Sendable {
    let vocabulary: Vocabulary
    /// By id.
    let scores: [Double]
    /// `nil`: a scalar that is no token is an error.
    let unknownID: Int32?
    /// Tokens such as `<0x0A>` for the bytes of unknown text.
    let byteFallback: Bool
    private let trie: ByteTrie
    private let unknownScore: Double
    /// The tokens of the 256 bytes, -1 where there is none.
    private let byteIDs: [Int32]

    /// - Parameter tokens: their numbers are their ids.
    /// - Throws: `TokenizerError` if the unknown token is not one of them.
    init(tokens: [(token: String, score: Double)], unknownID: Int?, byteFallback: Bool = false) throws(TokenizerError) {
        if let unknownID, !tokens.indices.contains(unknownID) {
            throw TokenizerError(
                "unk_id is \(unknownID), but there are \(tokens.count) tokens",
                remedy: "unk_id is the position of the unknown token in the vocabulary, from 0.", kind: .malformed)
        }
        let strings = tokens.map(\.token)
        guard tokens.count < Int(Int32.max), let trie = ByteTrie(strings) else {
            throw TokenizerError(
                "the vocabulary of \(tokens.count) tokens is too large", remedy: "Use a tokenizer with a smaller one.",
                kind: .unsupported)
        }
        self.trie = trie
        vocabulary = Vocabulary(list: strings)
        scores = tokens.map(\.score)
        self.unknownID = unknownID.map { Int32($0) }
        self.byteFallback = byteFallback
        // What the reference takes off for an unknown scalar.
        unknownScore = (scores.min() ?? .infinity) - 10
        let digits = Array("0123456789ABCDEF".utf8)
        let table = vocabulary.table
        byteIDs = (0..<256).map { byte in
            let name = [0x3C, 0x30, 0x78, digits[byte >> 4], digits[byte & 15], 0x3E]
            return table.find(String(decoding: name, as: UTF8.self))
        }
    }

    /// The best path to each place of a word; its buffers are used again from word to word.
    final class Lattice {
        struct Node {
            var score = 0.0
            /// Where the last token of the best path begins; -1 if there is no path yet.
            var start: Int32 = -1
            var id: Int32 = 0
        }

        fileprivate(set) var nodes: UnsafeMutablePointer<Node>
        private var capacity = 256
        /// From the last to the first.
        fileprivate var pieces: [(id: Int32, start: Int, end: Int)] = []

        init() { nodes = .allocate(capacity: capacity) }

        deinit { nodes.deallocate() }

        fileprivate func begin(_ count: Int) {
            // One very long word should not hold its memory for good.
            if count >= capacity || (capacity > 1 << 16 && count < 1 << 12) {
                nodes.deallocate()
                capacity = max(count + 1, 256)
                nodes = .allocate(capacity: capacity)
                pieces = []
            }
            nodes.initialize(repeating: Node(), count: count + 1)
            pieces.removeAll(keepingCapacity: true)
        }
    }

    func tokenize(_ word: UnsafeBufferPointer<UInt8>, into pieces: inout PieceBuffer) throws(TokenizerError) {
        guard let base = word.baseAddress, !word.isEmpty else { return }
        let lattice = pieces.lattice
        try cut(base, word.count, lattice)
        for piece in lattice.pieces.reversed() {
            let part = UnsafeBufferPointer(start: base + piece.start, count: piece.end - piece.start)
            if piece.id >= 0 {
                pieces.append(piece.id, start: piece.start, end: piece.end)
            } else if byteFallback, part.allSatisfy({ byteIDs[Int($0)] >= 0 }) {
                for byte in part { pieces.append(byteIDs[Int(byte)], start: piece.start, end: piece.end) }
            } else {
                guard let unknownID else { throw Self.missingUnknown }
                pieces.append(unknownID, start: piece.start, end: piece.end, isText: true)
            }
        }
    }

    /// Appends the ids of a word only.
    @inline(__always)
    func tokenize(
        _ word: UnsafePointer<UInt8>, _ count: Int, _ lattice: Lattice, into ids: inout IDBuffer
    ) throws(TokenizerError) {
        try cut(word, count, lattice)
        for piece in lattice.pieces.reversed() {
            if piece.id >= 0 {
                ids.append(piece.id)
                continue
            }
            let part = UnsafeBufferPointer(start: word + piece.start, count: piece.end - piece.start)
            if byteFallback, part.allSatisfy({ byteIDs[Int($0)] >= 0 }) {
                for byte in part { ids.append(byteIDs[Int(byte)]) }
            } else {
                guard let unknownID else { throw Self.missingUnknown }
                ids.append(unknownID)
            }
        }
    }

    private static var missingUnknown: TokenizerError {
        TokenizerError(
            "a text has a character that is not in the vocabulary, and the model has no unknown token",
            remedy: "Set model.unk_id of tokenizer.json to the position of a token for unknown text.",
            kind: .unknownToken)
    }

    /// Finds the best tokens of a word, from the last to the first; the id of unknown text is -1.
    private func cut(_ word: UnsafePointer<UInt8>, _ count: Int, _ lattice: Lattice) throws(TokenizerError) {
        guard count < Int(Int32.max) else {
            throw TokenizerError("a word has \(count) bytes, which is too long", remedy: "Split the text.")
        }
        lattice.begin(count)
        let nodes = lattice.nodes
        var needsUnknown = false
        scores.withUnsafeBufferPointer { scores in
            var start = 0
            while start < count {
                let reached = nodes[start].score
                let next = start + UTF8Bytes.scalar(word, at: start).count
                var coversScalar = false
                trie.prefixes(word, start, count) { id, end in
                    let score = scores[Int(id)] + reached
                    if nodes[end].start < 0 || score > nodes[end].score {
                        nodes[end] = .init(score: score, start: Int32(truncatingIfNeeded: start), id: id)
                    }
                    if end == next { coversScalar = true }
                }
                if !coversScalar {
                    let score = unknownScore + reached
                    if nodes[next].start < 0 || score > nodes[next].score {
                        needsUnknown = true
                        nodes[next] = .init(score: score, start: Int32(truncatingIfNeeded: start), id: -1)
                    }
                }
                start = next
            }
        }
        if needsUnknown, unknownID == nil { throw Self.missingUnknown }
        var end = count
        var unknownEnd = -1
        func finishUnknown(_ start: Int) {
            guard unknownEnd >= 0 else { return }
            // Unknown text is looked up as a whole: the text of the unknown token itself is one of its parts.
            let text = UnsafeBufferPointer(start: word + start, count: unknownEnd - start)
            let id = vocabulary.table.find(word + start, text.count, hash: ByteTable.hash(text))
            lattice.pieces.append((id, start, unknownEnd))
            unknownEnd = -1
        }
        while end > 0 {
            let node = nodes[end]
            if node.id < 0 || node.id == unknownID {
                if unknownEnd < 0 { unknownEnd = end }
            } else {
                finishUnknown(end)
                lattice.pieces.append((node.id, Int(node.start), end))
            }
            end = Int(node.start)
        }
        finishUnknown(0)
    }

    init(_ section: JSONSection, _ data: ModelData) throws {
        guard let tokens = data.scores else { throw section.invalid("vocab", "is not a list of tokens and scores") }
        let unknown = try section.optional("unk_id") == nil ? nil : try section.int("unk_id")
        let byteFallback = try section.optionalBool("byte_fallback") ?? false
        do throws(TokenizerError) {
            try self.init(tokens: tokens, unknownID: unknown, byteFallback: byteFallback)
        } catch {
            throw TokenizerError.invalid(section.path, section.key, error.message, remedy: error.remedy)
        }
    }

    /// Without the vocabulary.
    var json: JSONValue {
        [
            "type": "Unigram", "unk_id": unknownID.map { .int(Int($0)) } ?? .null, "vocab": [],
            "byte_fallback": .bool(byteFallback),
        ]
    }
}
