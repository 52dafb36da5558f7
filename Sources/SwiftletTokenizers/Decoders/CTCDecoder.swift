import SwiftletIO

/// What makes text of the outputs of speech models: repeated tokens count once, and a padding token parts letters.
struct CTCDecoder: Sendable {
    var padToken: String
    var wordDelimiter: String
    var cleansUp: Bool

    func pieces(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        for (index, token) in tokens.enumerated() where index == 0 || tokens[index - 1] != token {
            var piece = Cleanup.replace(Array(padToken.utf8), with: [], in: token)
            if cleansUp {
                piece = Cleanup.replace(Array(wordDelimiter.utf8), with: [0x20], in: Cleanup.apply(to: piece))
            }
            if !piece.isEmpty { pieces.append(piece) }
        }
        return pieces
    }

    init(_ section: JSONSection) throws {
        padToken = try section.string("pad_token")
        wordDelimiter = try section.string("word_delimiter_token")
        cleansUp = try section.bool("cleanup")
    }

    var json: JSONValue {
        [
            "type": "CTC", "pad_token": .string(padToken), "word_delimiter_token": .string(wordDelimiter),
            "cleanup": .bool(cleansUp),
        ]
    }
}
