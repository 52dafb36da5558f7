import SwiftletIO

/// A SentencePiece `.model` file: the few fields of its protocol buffer that say how to make a tokenizer.
struct SentencePieceModel {
    struct Piece {
        var token = ""
        var score: Float = 0
        /// 1 is an ordinary token.
        var kind = 1

        var isControl: Bool { kind == 3 }
        var isUserDefined: Bool { kind == 4 }
    }

    private(set) var pieces: [Piece] = []
    /// 1 is Unigram, 2 BPE.
    private(set) var modelType = 1
    private(set) var unknownID = 0
    /// The compiled rules of the normalizer; empty if there are none.
    private(set) var charsmap: [UInt8] = []

    init(_ path: String) throws {
        let file = try MappedFile(path)
        do {
            try withExtendedLifetime(file) { try read(UnsafeRawBufferPointer(file.bytes)) }
        } catch is ProtobufReader.Malformed {
            throw TokenizerError.invalid(
                path, "the file", "is not a SentencePiece model, or cut off", remedy: "Get the file again.")
        }
        guard !pieces.isEmpty else { throw TokenizerError.invalid(path, "pieces", "are missing") }
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer) throws {
        var message = ProtobufReader(bytes)
        while let field = try message.next() {
            switch field {
            case (1, .bytes(let bytes)): pieces.append(try Self.piece(bytes))
            case (2, .bytes(let bytes)):
                var trainer = ProtobufReader(bytes)
                while let field = try trainer.next() {
                    switch field {
                    case (3, .number(let value)): modelType = Int(truncatingIfNeeded: value)
                    case (40, .number(let value)): unknownID = Int(Int32(truncatingIfNeeded: value))
                    default: break
                    }
                }
            case (3, .bytes(let bytes)):
                var normalizer = ProtobufReader(bytes)
                while let field = try normalizer.next() {
                    if case (2, .bytes(let bytes)) = field { charsmap = Array(bytes) }
                }
            default: break
            }
        }
    }

    private static func piece(_ bytes: UnsafeRawBufferPointer) throws -> Piece {
        var piece = Piece()
        var message = ProtobufReader(bytes)
        while let field = try message.next() {
            switch field {
            case (1, .bytes(let bytes)):
                guard let token = String(validating: bytes, as: UTF8.self) else { throw ProtobufReader.Malformed() }
                piece.token = token
            case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
            case (3, .number(let value)): piece.kind = Int(truncatingIfNeeded: value)
            default: break
            }
        }
        return piece
    }

    /// Tokens and scores as they stand in the file.
    var scores: [(token: String, score: Double)] { pieces.map { ($0.token, Double($0.score)) } }

    /// The rules of the normalizer as `tokenizer.json` holds them.
    var encodedCharsmap: String? {
        if charsmap.isEmpty { return nil }
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(charsmap.count / 3 * 4 + 4)
        for start in stride(from: 0, to: charsmap.count, by: 3) {
            let group = charsmap[start..<min(start + 3, charsmap.count)]
            var bits = group.reduce(0) { $0 << 8 | Int($1) }
            bits <<= 8 * (3 - group.count)
            for place in 0..<4 {
                text.append(place <= group.count ? digits[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Goes through the fields of one message of a protocol buffer. Nothing is read beyond its bytes.
struct ProtobufReader {
    struct Malformed: Error {}

    enum Value {
        case number(UInt64)
        case fixed32(UInt32)
        case bytes(UnsafeRawBufferPointer)
        /// Of a kind that no field here has.
        case other
    }

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private mutating func number() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 70, by: 7) {
            guard position < bytes.count else { throw Malformed() }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw Malformed()
    }

    private mutating func take(_ count: UInt64) throws(Malformed) -> UnsafeRawBufferPointer {
        guard count <= UInt64(bytes.count - position) else { throw Malformed() }
        let part = UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(count)])
        position += Int(count)
        return part
    }

    /// The number and the value of the next field; `nil` at the end.
    mutating func next() throws(Malformed) -> (Int, Value)? {
        if position == bytes.count { return nil }
        let tag = try number()
        let field = Int(truncatingIfNeeded: tag >> 3)
        switch tag & 7 {
        case 0: return (field, .number(try number()))
        case 1:
            _ = try take(8)
            return (field, .other)
        case 2: return (field, .bytes(try take(try number())))
        case 5:
            let part = try take(4)
            return (field, .fixed32(UInt32(littleEndian: part.loadUnaligned(as: UInt32.self))))
        default: throw Malformed()
        }
    }
}
