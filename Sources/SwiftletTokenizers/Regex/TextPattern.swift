import SwiftletIO

/// What `Split` and `Replace` look for: a text, or a regular expression.
enum TextPattern: Sendable {
    case string(String)
    case regex(RegularExpression)

    /// The matches in order, as the Rust library's engine finds them one after another. Matches may be empty.
    func matches(in bytes: [UInt8]) -> [Range<Int>] {
        bytes.withUnsafeBufferPointer { matches(in: $0) }
    }

    func matches(in bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        switch self {
        case .string(let text): return Self.occurrences(of: Array(text.utf8), in: bytes)
        case .regex(let expression):
            guard !bytes.isEmpty else { return [] }
            var matches: [Range<Int>] = []
            expression.forEachMatch(in: bytes) { matches.append($0) }
            return matches
        }
    }

    private static func occurrences(of text: [UInt8], in bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        var matches: [Range<Int>] = []
        guard let first = text.first else {
            // Nothing lies between any two scalars.
            guard !bytes.isEmpty else { return [] }
            for position in 0...bytes.count where position == bytes.count || bytes[position] & 0xC0 != 0x80 {
                matches.append(position..<position)
            }
            return matches
        }
        var position = 0
        while position + text.count <= bytes.count {
            if bytes[position] == first, (1..<text.count).allSatisfy({ bytes[position + $0] == text[$0] }) {
                matches.append(position..<position + text.count)
                position += text.count
            } else {
                position += 1
            }
        }
        return matches
    }

    init(_ section: JSONSection) throws {
        if let text = try section.optional("String") {
            guard let string = text.value.string else { throw text.invalid("", "is \(text.value.kind), not a string") }
            self = .string(string)
        } else if let expression = try section.optional("Regex") {
            guard let pattern = expression.value.string else {
                throw expression.invalid("", "is \(expression.value.kind), not a string")
            }
            do throws(PatternError) {
                self = .regex(try RegularExpression(pattern))
            } catch {
                throw expression.invalid(
                    "", "is '\(pattern)', a pattern that \(error.problem)",
                    remedy: error.isUnsupported
                        ? "Write the pattern without it, or use another checkpoint."
                        : "Mend the pattern, or use another checkpoint.",
                    kind: error.isUnsupported ? .unsupported : .malformed)
            }
        } else {
            throw section.invalid("", "is neither a String nor a Regex")
        }
    }

    var json: JSONValue {
        switch self {
        case .string(let text): ["String": .string(text)]
        case .regex(let expression): ["Regex": .string(expression.pattern)]
        }
    }
}
