import SwiftletIO

/// What turns tokens back into text.
indirect enum Decoder: Sendable {
    case wordPiece(prefix: String, cleansUp: Bool)
    case byteLevel(ByteLevelPreTokenizer)
    case metaspace(MetaspacePreTokenizer)
    /// The suffix ends words.
    case bpe(suffix: String)
    case ctc(CTCDecoder)
    case replace(TextPattern, content: String)
    case fuse
    /// Takes up to `start` and `stop` scalars of a kind from the ends of each token.
    case strip(UInt32, start: Int, stop: Int)
    /// Tokens such as `<0x61>` are bytes.
    case byteFallback
    case sequence([Decoder])

    /// The text of tokens.
    func decode(_ tokens: [String]) -> String {
        // Bytes, not strings: a token may end in the middle of what Swift takes for one character.
        String(decoding: pieces(tokens.map { Array($0.utf8) }).joined(), as: UTF8.self)
    }

    /// The pieces of text that tokens become; decoders of a sequence work on those of the one before.
    func pieces(_ tokens: [[UInt8]]) -> [[UInt8]] {
        switch self {
        case .wordPiece(let prefix, let cleansUp):
            let prefix = Array(prefix.utf8)
            return tokens.enumerated().map { index, token in
                var piece = token
                if index > 0 {
                    if token.starts(with: prefix) { piece.removeFirst(prefix.count) } else { piece.insert(0x20, at: 0) }
                }
                return cleansUp ? Cleanup.apply(to: piece) : piece
            }
        case .byteLevel: return [Self.bytes(tokens)]
        case .metaspace(let metaspace):
            var mark: [UInt8] = []
            UTF8Bytes.encode(metaspace.replacement) { mark.append($0) }
            return tokens.enumerated().map { index, token in
                let isDropped = index == 0 && metaspace.prepending != .never
                return Cleanup.replace(mark, with: isDropped ? [] : [0x20], in: token)
            }
        case .bpe(let suffix):
            return tokens.enumerated().map { index, token in
                Cleanup.replace(Array(suffix.utf8), with: index == tokens.count - 1 ? [] : [0x20], in: token)
            }
        case .ctc(let decoder): return decoder.pieces(tokens)
        case .replace(let pattern, let content):
            return tokens.map { token in
                var piece: [UInt8] = []
                var position = 0
                let (matches, _) = token.withUnsafeBufferPointer { pattern.matches(in: $0) }
                for match in matches {
                    piece += token[position..<match.lowerBound]
                    piece += content.utf8
                    position = match.upperBound
                }
                return piece + token[position...]
            }
        case .fuse: return [Array(tokens.joined())]
        case .strip(let scalar, let start, let stop): return tokens.map { Self.strip($0, scalar, start, stop) }
        case .byteFallback: return Self.bytesOfFallbacks(tokens)
        case .sequence(let decoders): return decoders.reduce(tokens) { $1.pieces($0) }
        }
    }

    /// What byte-level tokens stand for; tokens of other scalars stand for themselves.
    private static func bytes(_ tokens: [[UInt8]]) -> [UInt8] {
        let alphabet = ByteAlphabet.shared
        var result: [UInt8] = []
        for token in tokens {
            let start = result.count
            let isWhole = token.withUnsafeBufferPointer { bytes in
                guard let base = bytes.baseAddress else { return true }
                var position = 0
                while position < bytes.count {
                    let (scalar, count) = UTF8Bytes.scalar(base, at: position)
                    guard let byte = alphabet.byte(of: scalar) else { return false }
                    result.append(byte)
                    position += count
                }
                return true
            }
            if !isWhole { result.replaceSubrange(start..., with: token) }
        }
        // Bytes that are no text become replacement characters here, before another decoder sees them.
        return Array(String(decoding: result, as: UTF8.self).utf8)
    }

    private static func strip(_ token: [UInt8], _ scalar: UInt32, _ start: Int, _ stop: Int) -> [UInt8] {
        var content: [UInt8] = []
        UTF8Bytes.encode(scalar) { content.append($0) }
        var rest = token[...]
        for _ in 0..<start {
            guard rest.starts(with: content) else { break }
            rest = rest.dropFirst(content.count)
        }
        for _ in 0..<stop {
            guard rest.count >= content.count, rest.suffix(content.count).elementsEqual(content) else { break }
            rest = rest.dropLast(content.count)
        }
        return Array(rest)
    }

    private static func bytesOfFallbacks(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var bytes: [UInt8] = []
        func finish() {
            guard !bytes.isEmpty else { return }
            if String(validating: bytes, as: UTF8.self) != nil {
                result.append(bytes)
            } else {
                result += Array(repeating: Array("\u{FFFD}".utf8), count: bytes.count)
            }
            bytes.removeAll()
        }
        for token in tokens {
            if let byte = fallbackByte(token) {
                bytes.append(byte)
            } else {
                finish()
                result.append(token)
            }
        }
        finish()
        return result
    }

    /// The byte of a token such as `<0x61>`.
    private static func fallbackByte(_ token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: Array("<0x".utf8)), token[5] == UInt8(ascii: ">") else { return nil }
        func digit(_ byte: UInt8) -> UInt8? { Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) } }
        guard let low = digit(token[4]) else { return nil }
        // The library reads the digits as a number that may have a sign.
        if token[3] == UInt8(ascii: "+") { return low }
        return digit(token[3]).map { $0 << 4 | low }
    }

    init(_ section: JSONSection) throws {
        try section.limitSteps("decoders")
        try self.init(section, depth: 0)
        // Decoding has no errors, so that what a decoder can do to a text has to be known before.
        guard growth <= Self.mostGrowth else {
            throw section.invalid(
                "", "can make a text more than \(Self.mostGrowth) times as long",
                remedy: "Let it replace less or by shorter texts, or use another checkpoint.", kind: .unsupported)
        }
    }

    private static let mostGrowth = 256
    private static let largestPattern = 128

    /// How many times as long a token can become, but for single spaces between tokens.
    private var growth: Int {
        switch self {
        case .bpe(let suffix): suffix.isEmpty ? 2 : 1
        case .ctc(let decoder): decoder.cleansUp && decoder.wordDelimiter.isEmpty ? 2 : 1
        case .replace(let pattern, let content): pattern.growth(content)
        case .sequence(let decoders): decoders.reduce(1) { min($0 * $1.growth, Self.mostGrowth + 1) }
        case .wordPiece, .byteLevel, .metaspace, .fuse, .strip, .byteFallback: 1
        }
    }

    private init(_ section: JSONSection, depth: Int) throws {
        switch try section.type() {
        case "WordPiece":
            self = .wordPiece(prefix: try section.string("prefix"), cleansUp: try section.bool("cleanup"))
        case "ByteLevel": self = .byteLevel(try ByteLevelPreTokenizer(section))
        case "Metaspace": self = .metaspace(try MetaspacePreTokenizer(section))
        case "BPEDecoder": self = .bpe(suffix: try section.string("suffix"))
        case "CTC": self = .ctc(try CTCDecoder(section))
        case "Replace":
            let pattern = try TextPattern(try section.required("pattern"))
            if case .regex(let expression) = pattern,
                expression.looksFar || expression.size > Self.largestPattern
            {
                throw section.invalid(
                    "pattern", "is '\(expression.pattern)', which is too complex a pattern for a decoder",
                    remedy: "Simplify the pattern, or use another checkpoint.", kind: .unsupported)
            }
            self = .replace(pattern, content: try section.string("content"))
        case "Fuse": self = .fuse
        case "Strip":
            self = .strip(
                try section.scalar("content"), start: try section.int("start"), stop: try section.int("stop"))
        case "ByteFallback": self = .byteFallback
        case "Sequence":
            try section.limitNesting(depth)
            self = .sequence(try section.required("decoders").items().map { try Decoder($0, depth: depth + 1) })
        case let type: throw section.unsupported(type)
        }
    }

    var json: JSONValue {
        switch self {
        case .wordPiece(let prefix, let cleansUp):
            ["type": "WordPiece", "prefix": .string(prefix), "cleanup": .bool(cleansUp)]
        case .byteLevel(let byteLevel): byteLevel.json
        case .metaspace(let metaspace): metaspace.json
        case .bpe(let suffix): ["type": "BPEDecoder", "suffix": .string(suffix)]
        case .ctc(let decoder): decoder.json
        case .replace(let pattern, let content):
            ["type": "Replace", "pattern": pattern.json, "content": .string(content)]
        case .fuse: ["type": "Fuse"]
        case .strip(let scalar, let start, let stop):
            [
                "type": "Strip", "content": .string(Unicode.Scalar(scalar).map { String(Character($0)) } ?? ""),
                "start": .int(start), "stop": .int(stop),
            ]
        case .byteFallback: ["type": "ByteFallback"]
        case .sequence(let decoders): ["type": "Sequence", "decoders": .array(decoders.map(\.json))]
        }
    }
}
