import SwiftletIO

/// A `tokenizer.json` with the vocabulary read apart from the rest.
///
/// `JSONValue` compares keys as Swift compares strings, by canonical equivalence; in a vocabulary `가` as one scalar
/// and as two are different tokens. Reading it directly is also several times faster.
struct TokenizerJSON {
    /// Everything; `model.vocab` is empty if it was an object.
    let document: JSONSection
    /// `model.vocab`, if it is an object.
    let vocabulary: [(token: String, id: Int32)]?

    init(_ path: String) throws {
        let file = try MappedFile(path)
        try self.init(file.bytes, path: path)
    }

    init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
        var scanner = Scanner(bytes: bytes)
        if let range = scanner.vocabulary() {
            var rest: [UInt8] = []
            rest.reserveCapacity(bytes.count - range.count + 2)
            rest += bytes[..<range.lowerBound]
            rest += "{}".utf8
            rest += bytes[range.upperBound...]
            vocabulary = try Self.pairs(bytes, range, path)
            document = JSONSection(
                value: try rest.withUnsafeBytes { try Self.parse($0, path) }, path: path, key: "")
        } else {
            vocabulary = nil
            document = JSONSection(value: try Self.parse(bytes, path), path: path, key: "")
        }
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer, _ path: String) throws -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: bytes)
        } catch {
            var error = error
            error.path = path
            throw error
        }
    }

    /// The members of an object whose values are ids.
    private static func pairs(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ path: String
    ) throws -> [(token: String, id: Int32)] {
        var scanner = Scanner(bytes: bytes, position: range.lowerBound + 1)
        let end = range.upperBound - 1
        var pairs: [(token: String, id: Int32)] = []
        pairs.reserveCapacity(range.count / 14)
        func broken(_ problem: String) -> TokenizerError { .invalid(path, "model.vocab", problem) }
        scanner.skipSpace()
        if scanner.position == end { return [] }
        while true {
            scanner.skipSpace()
            guard let (quoted, hasEscapes) = scanner.string() else { throw broken("has a key that is no string") }
            let token: String
            if hasEscapes {
                token = try parse(UnsafeRawBufferPointer(rebasing: bytes[quoted]), path).string ?? ""
            } else {
                let content = UnsafeRawBufferPointer(rebasing: bytes[quoted.lowerBound + 1..<quoted.upperBound - 1])
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw broken("has a token that is not UTF-8")
                }
                token = text
            }
            scanner.skipSpace()
            guard scanner.take(":") else { throw broken("has no ':' after '\(token)'") }
            scanner.skipSpace()
            guard let id = scanner.integer() else {
                throw TokenizerError.invalid(path, "model.vocab.\(token)", "is not an integer from 0 to \(Int32.max)")
            }
            pairs.append((token, id))
            scanner.skipSpace()
            if scanner.position == end { return pairs }
            guard scanner.take(",") else { throw broken("has no ',' after '\(token)'") }
        }
    }

    /// Finds its way through JSON without making values. Whatever it does not understand it leaves to the parser.
    private struct Scanner {
        let bytes: UnsafeRawBufferPointer
        var position = 0

        mutating func skipSpace() {
            while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
        }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        /// A string with its quotes.
        mutating func string() -> (range: Range<Int>, hasEscapes: Bool)? {
            let start = position
            guard take("\"") else { return nil }
            var hasEscapes = false
            while position < bytes.count {
                let byte = bytes[position]
                if byte == 0x22 {
                    position += 1
                    return (start..<position, hasEscapes)
                }
                if byte < 0x20 { return nil }
                if byte == 0x5C {
                    hasEscapes = true
                    position += 1
                }
                position += 1
            }
            return nil
        }

        mutating func integer() -> Int32? {
            let start = position
            var value: Int64 = 0
            while position < bytes.count, (0x30...0x39).contains(bytes[position]), position - start < 11 {
                value = value * 10 + Int64(bytes[position] - 0x30)
                position += 1
            }
            if position == start || (position - start > 1 && bytes[start] == 0x30) { return nil }
            if position < bytes.count, ![0x20, 0x0A, 0x0D, 0x09, 0x2C, 0x7D].contains(bytes[position]) { return nil }
            return Int32(exactly: value)
        }

        /// Passes over one value.
        mutating func skipValue() -> Bool {
            skipSpace()
            guard position < bytes.count else { return false }
            switch bytes[position] {
            case UInt8(ascii: "\""): return string() != nil
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                var depth = 0
                while position < bytes.count {
                    switch bytes[position] {
                    case UInt8(ascii: "\""):
                        guard string() != nil else { return false }
                        continue
                    case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                    case UInt8(ascii: "}"), UInt8(ascii: "]"):
                        depth -= 1
                        if depth == 0 {
                            position += 1
                            return true
                        }
                    default: break
                    }
                    position += 1
                }
                return false
            default:
                while position < bytes.count, ![0x20, 0x0A, 0x0D, 0x09, 0x2C, 0x7D, 0x5D].contains(bytes[position]) {
                    position += 1
                }
                return true
            }
        }

        /// Goes to the value of a member of the object that begins here; the last, as the parser has it.
        mutating func enter(_ name: StaticString) -> Bool {
            skipSpace()
            guard take("{") else { return false }
            var found: Int?
            skipSpace()
            if take("}") { return false }
            while true {
                skipSpace()
                guard let (key, _) = string() else { return false }
                skipSpace()
                guard take(":") else { return false }
                skipSpace()
                let isIt = name.withUTF8Buffer { utf8 in
                    bytes[key.lowerBound + 1..<key.upperBound - 1].elementsEqual(utf8)
                }
                if isIt { found = position }
                guard skipValue() else { return false }
                skipSpace()
                if take(",") { continue }
                guard take("}"), let found else { return false }
                position = found
                return true
            }
        }

        mutating func vocabulary() -> Range<Int>? {
            if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
            guard enter("model"), enter("vocab") else { return nil }
            let start = position
            guard start < bytes.count, bytes[start] == UInt8(ascii: "{"), skipValue(),
                bytes[position - 1] == UInt8(ascii: "}")
            else { return nil }
            return start..<position
        }
    }
}
