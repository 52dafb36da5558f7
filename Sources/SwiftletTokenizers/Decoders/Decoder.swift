import SwiftletIO

/// What turns tokens back into text.
enum Decoder: Sendable {
    case wordPiece(prefix: String, cleansUp: Bool)

    func decode(_ tokens: [String]) -> String {
        switch self {
        case .wordPiece(let prefix, let cleansUp):
            let prefix = Array(prefix.utf8)
            var text: [UInt8] = []
            for (index, token) in tokens.enumerated() {
                var bytes = Array(token.utf8)
                if index > 0 {
                    if bytes.starts(with: prefix) { bytes.removeFirst(prefix.count) } else { bytes.insert(0x20, at: 0) }
                }
                if cleansUp { bytes = Self.cleanedUp(bytes) }
                text += bytes
            }
            return String(decoding: text, as: UTF8.self)
        }
    }

    /// In this order, each on the result of the one before.
    private static let replacements: [(from: [UInt8], to: [UInt8])] = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ].map { (Array($0.0.utf8), Array($0.1.utf8)) }

    /// Without the spaces that tokenization of English put in.
    static func cleanedUp(_ bytes: [UInt8]) -> [UInt8] {
        // Every pattern begins with a space.
        guard bytes.contains(0x20) else { return bytes }
        var bytes = bytes
        for (from, to) in replacements where bytes.count >= from.count {
            var result: [UInt8] = []
            result.reserveCapacity(bytes.count)
            var position = 0
            while position < bytes.count {
                if bytes[position] == from[0], bytes[position...].starts(with: from) {
                    result += to
                    position += from.count
                } else {
                    result.append(bytes[position])
                    position += 1
                }
            }
            bytes = result
        }
        return bytes
    }

    init(_ section: JSONSection) throws {
        switch try section.type() {
        case "WordPiece":
            self = .wordPiece(prefix: try section.string("prefix"), cleansUp: try section.bool("cleanup"))
        case let type: throw section.unsupported(type)
        }
    }

    var json: JSONValue {
        switch self {
        case .wordPiece(let prefix, let cleansUp):
            ["type": "WordPiece", "prefix": .string(prefix), "cleanup": .bool(cleansUp)]
        }
    }
}
