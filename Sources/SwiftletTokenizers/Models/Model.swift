import SwiftletIO

/// What turns words into tokens.
enum Model: Sendable {
    case wordPiece(WordPiece)

    var vocabulary: Vocabulary {
        switch self {
        case .wordPiece(let model): model.vocabulary
        }
    }

    /// Appends the tokens of a word to `pieces`, with their ends in the word.
    func tokenize(_ word: UnsafeBufferPointer<UInt8>, into pieces: inout PieceBuffer) throws(TokenizerError) {
        switch self {
        case .wordPiece(let model): try model.tokenize(word, into: &pieces)
        }
    }

    init(_ section: JSONSection, vocabulary: [(token: String, id: Int32)]?) throws {
        guard let type = try section.optional("type") else {
            // Files of old versions of the library name no type.
            guard try section.optional("continuing_subword_prefix") != nil, try section.optional("merges") == nil else {
                throw section.invalid("type", "is missing")
            }
            self = .wordPiece(try WordPiece(section, vocabulary: vocabulary))
            return
        }
        switch type.value.string {
        case "WordPiece": self = .wordPiece(try WordPiece(section, vocabulary: vocabulary))
        case let name?: throw section.unsupported(name)
        case nil: throw section.invalid("type", "is \(type.value.kind), not a string")
        }
    }

    /// Without the vocabulary.
    var json: JSONValue {
        switch self {
        case .wordPiece(let model): model.json
        }
    }
}

/// Tokens of words, by their ends.
struct PieceBuffer {
    var ids: [Int32] = []
    var ends: [Int] = []

    mutating func append(_ id: Int32, end: Int) {
        ids.append(id)
        ends.append(end)
    }

    mutating func removeAll() {
        ids.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }
}
