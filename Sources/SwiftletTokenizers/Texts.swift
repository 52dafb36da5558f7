/// The texts of a batch.
enum Texts: Sendable {
    case whole([String])
    /// Each text split into words by the caller. Every word is encoded for itself, and offsets count within it.
    case words([[String]])

    var count: Int {
        switch self {
        case .whole(let texts): texts.count
        case .words(let texts): texts.count
        }
    }

    var byteCount: Int {
        switch self {
        case .whole(let texts): texts.reduce(0) { $0 + $1.utf8.count }
        case .words(let texts): texts.reduce(0) { $1.reduce($0) { $0 + $1.utf8.count } }
        }
    }

    /// The tokens of a text with their origins.
    func details(_ row: Int, _ sequence: Int, _ pipeline: Pipeline) throws -> [Encoding.Detail] {
        switch self {
        case .whole(let texts): return try Self.details(texts[row], nil, sequence, pipeline)
        case .words(let texts):
            var details: [Encoding.Detail] = []
            for (number, word) in texts[row].enumerated() {
                details += try Self.details(word, number, sequence, pipeline)
            }
            return details
        }
    }

    private static func details(
        _ text: String, _ word: Int?, _ sequence: Int, _ pipeline: Pipeline
    ) throws -> [Encoding.Detail] {
        var text = text
        return try text.withUTF8 { bytes in
            // The number of the scalar that each byte belongs to, and at last how many there are.
            var scalars = [Int](repeating: 0, count: bytes.count + 1)
            var number = -1
            for (index, byte) in bytes.enumerated() {
                if byte & 0xC0 != 0x80 { number += 1 }
                scalars[index] = number
            }
            scalars[bytes.count] = number + 1
            return try pipeline.tokens(bytes).map { token in
                Encoding.Detail(
                    token: token.text ?? pipeline.token(of: Int(token.id)) ?? "", bytes: token.range,
                    scalars: scalars[token.range.lowerBound]..<scalars[token.range.upperBound],
                    word: word ?? token.word, sequence: sequence)
            }
        }
    }
}
