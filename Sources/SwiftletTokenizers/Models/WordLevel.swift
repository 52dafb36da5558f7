import SwiftletIO

/// A word is a token, or unknown.
struct WordLevel: Sendable {
    let vocabulary: Vocabulary
    let unknownToken: String
    /// -1 if the unknown token is not in the vocabulary.
    private let unknownID: Int32

    init(vocabulary: Vocabulary, unknownToken: String = "<unk>") {
        self.vocabulary = vocabulary
        self.unknownToken = unknownToken
        unknownID = vocabulary.id(of: unknownToken) ?? -1
    }

    func tokenize(_ word: UnsafeBufferPointer<UInt8>, into pieces: inout PieceBuffer) throws(TokenizerError) {
        guard let base = word.baseAddress, !word.isEmpty else { return }
        let id = vocabulary.table.find(base, word.count, hash: ByteTable.hash(word))
        guard id >= 0 || unknownID >= 0 else {
            throw TokenizerError(
                "a word is not in the vocabulary, and neither is the unknown token '\(unknownToken)'",
                remedy: "Add '\(unknownToken)' to the vocabulary of the tokenizer.", kind: .unknownToken)
        }
        pieces.append(id >= 0 ? id : unknownID, end: word.count)
    }

    init(_ section: JSONSection, _ data: ModelData) throws {
        guard let pairs = data.vocabulary else { throw section.invalid("vocab", "is not an object of tokens and ids") }
        self.init(vocabulary: Vocabulary(pairs), unknownToken: try section.string("unk_token"))
    }

    /// Without the vocabulary.
    var json: JSONValue { ["type": "WordLevel", "vocab": [:], "unk_token": .string(unknownToken)] }
}
