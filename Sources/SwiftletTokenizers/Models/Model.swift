import SwiftletIO

/// What turns words into tokens.
enum Model: Sendable {
    case wordPiece(WordPiece)
    case bpe(BPE)
    case unigram(Unigram)
    case wordLevel(WordLevel)

    var vocabulary: Vocabulary {
        switch self {
        case .wordPiece(let model): model.vocabulary
        case .bpe(let model): model.vocabulary
        case .unigram(let model): model.vocabulary
        case .wordLevel(let model): model.vocabulary
        }
    }

    /// Appends the tokens of a word to `pieces`, with their places in the word.
    func tokenize(_ word: UnsafeBufferPointer<UInt8>, into pieces: inout PieceBuffer) throws(TokenizerError) {
        switch self {
        case .wordPiece(let model): try model.tokenize(word, into: &pieces)
        case .bpe(let model): try model.tokenize(word, into: &pieces)
        case .unigram(let model): try model.tokenize(word, into: &pieces)
        case .wordLevel(let model): try model.tokenize(word, into: &pieces)
        }
    }

    init(_ section: JSONSection, _ data: ModelData) throws {
        switch try Self.type(section, data) {
        case "WordPiece": self = .wordPiece(try WordPiece(section, data))
        case "BPE": self = .bpe(try BPE(section, data))
        case "Unigram": self = .unigram(try Unigram(section, data))
        case "WordLevel": self = .wordLevel(try WordLevel(section, data))
        case let name: throw section.unsupported(name)
        }
    }

    /// Files of old versions of the library name no type; the members tell.
    static func type(_ section: JSONSection, _ data: ModelData) throws -> String {
        if let type = try section.optional("type") {
            guard let name = type.value.string else {
                throw section.invalid("type", "is \(type.value.kind), not a string")
            }
            return name
        }
        if data.scores != nil { return "Unigram" }
        guard data.vocabulary != nil else { throw section.invalid("type", "is missing") }
        if data.merges != nil { return "BPE" }
        if try section.optional("continuing_subword_prefix") != nil { return "WordPiece" }
        guard try section.optional("unk_token") != nil else { throw section.invalid("type", "is missing") }
        return "WordLevel"
    }

    /// Without vocabulary and merges.
    var json: JSONValue {
        switch self {
        case .wordPiece(let model): model.json
        case .bpe(let model): model.json
        case .unigram(let model): model.json
        case .wordLevel(let model): model.json
        }
    }
}

/// The large parts of a model as they stand in a file.
struct ModelData {
    /// `vocab`, if it is an object of tokens and ids.
    var vocabulary: [(token: String, id: Int32)]?
    /// `vocab`, if it is a list of tokens and scores.
    var scores: [(token: String, score: Double)]?
    var merges: MergeList?
}

/// The tokens of one word with their places in it, and what the models need while they work; used again from word to word.
struct PieceBuffer {
    private(set) var ids: [Int32] = []
    private(set) var starts: [Int] = []
    private(set) var ends: [Int] = []
    /// Numbers of tokens that the reference names by the text they cover, not by their entry of the vocabulary.
    private(set) var texts: Set<Int> = []
    private(set) lazy var merging = BPEMerging()
    private(set) lazy var lattice = Unigram.Lattice()

    /// Appends a token that begins where the one before ends.
    @inline(__always) mutating func append(_ id: Int32, end: Int) { append(id, start: ends.last ?? 0, end: end) }

    @inline(__always) mutating func append(_ id: Int32, start: Int, end: Int, isText: Bool = false) {
        if isText { texts.insert(ids.count) }
        ids.append(id)
        starts.append(start)
        ends.append(end)
    }

    /// Drops the tokens after the first `count`.
    mutating func truncate(to count: Int) {
        ids.removeSubrange(count...)
        starts.removeSubrange(count...)
        ends.removeSubrange(count...)
    }

    mutating func removeAll() {
        ids.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        if !texts.isEmpty { texts.removeAll() }
    }
}
