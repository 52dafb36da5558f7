#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A text that is not JSON.
public struct JSONError: SwiftletError {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// The text breaks JSON's rules, or ends too early.
        case syntax
        /// Bytes that are not UTF-8.
        case encoding
        /// Lists or objects within each other, deeper than is read.
        case tooDeep
    }

    /// What went wrong, to switch over.
    public var kind: Kind
    /// What was found, such as "expected ',' or '}'".
    public var problem: String
    /// Where in the text, both from 1; columns in bytes.
    public var line: Int
    /// The character within the line, from 1.
    public var column: Int
    /// The file, when there is one.
    public var path: String?

    public var message: String {
        "\(path.map { "'\($0)'" } ?? "the text") is not valid JSON: \(problem) at line \(line), column \(column)"
    }
    public var location: ErrorLocation { ErrorLocation(path: path, line: line) }
    public var remedy: String? { path == nil ? nil : "The file may be damaged or cut off; get it again." }
}

extension JSONValue {
    /// Reads a JSON text in UTF-8. `NaN`, `Infinity` and `-Infinity` are accepted, as in Python.
    public init(parsing bytes: UnsafeRawBufferPointer) throws(JSONError) {
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }

    /// Reads a text.
    ///
    /// - Throws: `JSONError` with line and column of what is no JSON.
    public init(parsing text: String) throws(JSONError) {
        var text = text
        let result = text.withUTF8 { utf8 in
            Result { () throws(JSONError) in try JSONValue(parsing: UnsafeRawBufferPointer(utf8)) }
        }
        self = try result.get()
    }

    /// Reads a JSON file.
    ///
    /// - Throws: `FileError` or `JSONError`, both naming the file.
    public init(contentsOf path: String) throws {
        let bytes = try MappedFile.contents(path)
        do throws(JSONError) {
            let result = bytes.withUnsafeBytes { bytes in
                Result { () throws(JSONError) in try JSONValue(parsing: bytes) }
            }
            self = try result.get()
        } catch {
            var error = error
            error.path = path
            throw error
        }
    }
}

/// A recursive-descent reader over UTF-8 bytes.
struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    var position = 0
    /// Deeper nesting is refused, so that a hostile file can't exhaust the stack.
    static let maximumDepth = 256

    init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        // Some editors begin UTF-8 files with a byte order mark.
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
    }

    mutating func document() throws(JSONError) -> JSONValue {
        let result = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw error("something follows the end of the document") }
        return result
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < Self.maximumDepth else {
            throw error("more than \(Self.maximumDepth) levels of nesting", .tooDeep)
        }
        skipSpace()
        guard position < bytes.count else { throw error("the text ends where a value should be") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "N"): return try literal("NaN", .double(.nan))
        case UInt8(ascii: "I"): return try literal("Infinity", .double(.infinity))
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        position += 1
        var object = JSONObject()
        skipSpace()
        if take(UInt8(ascii: "}")) { return object }
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw error("expected a key in double quotes")
            }
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("expected ':' after a key") }
            object[key] = try value(depth: depth + 1)
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "}")) { return object }
            throw error("expected ',' or '}'")
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        position += 1
        var array: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return array }
        while true {
            array.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "]")) { return array }
            throw error("expected ',' or ']'")
        }
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        // Most strings have no escapes and are taken over in one piece.
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let text = try text(start..<position)
                position += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            if byte < 0x20 { throw error("a control character inside a string") }
            position += 1
        }
        throw error("a string that does not end")
    }

    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var result = try text(start..<position)
        var pieceStart = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                result += try text(pieceStart..<position)
                position += 1
                return result
            }
            if byte == UInt8(ascii: "\\") {
                result += try text(pieceStart..<position)
                result.unicodeScalars.append(try escape())
                pieceStart = position
                continue
            }
            if byte < 0x20 { throw error("a control character inside a string") }
            position += 1
        }
        throw error("a string that does not end")
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        position += 1
        guard position < bytes.count else { throw error("a string that does not end") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try hexadecimal()
            if let scalar = Unicode.Scalar(unit) { return scalar }
            guard (0xD800..<0xDC00).contains(unit), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
                throw error("a lone surrogate in an escape")
            }
            let low = try hexadecimal()
            guard (0xDC00..<0xE000).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
            else { throw error("a lone surrogate in an escape") }
            return scalar
        default: throw error("an unknown escape in a string")
        }
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw error("an escape that is cut off") }
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw error("an escape with a character that is no hexadecimal digit")
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if position < bytes.count, bytes[position] == UInt8(ascii: "I") {
            return try literal("Infinity", .double(-.infinity))
        }
        let integerStart = position
        try digits()
        if bytes[integerStart] == UInt8(ascii: "0"), position - integerStart > 1 {
            throw error("a number with leading zeros")
        }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try digits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int(text) { return .int(value) }
        return .double(strtod(text, nil))
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        guard position > start else { throw error("expected a value") }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let count = word.utf8CodeUnitCount
        guard position + count <= bytes.count,
            memcmp(bytes.baseAddress! + position, word.utf8Start, count) == 0
        else { throw error("expected a value") }
        position += count
        return value
    }

    private func text(_ range: Range<Int>) throws(JSONError) -> String {
        guard let text = String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
            throw error("bytes that are not UTF-8", .encoding)
        }
        return text
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private func error(_ problem: String, _ kind: JSONError.Kind = .syntax) -> JSONError {
        var line = 1
        var lineStart = 0
        for index in 0..<min(position, bytes.count) where bytes[index] == 0x0A {
            line += 1
            lineStart = index + 1
        }
        return JSONError(kind: kind, problem: problem, line: line, column: position - lineStart + 1)
    }
}
