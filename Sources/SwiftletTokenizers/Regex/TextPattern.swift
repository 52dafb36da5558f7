import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What `Split` and `Replace` look for: a text, or a regular expression.
enum TextPattern: Sendable {
    case string(String)
    case regex(RegularExpression)

    /// The matches in order, as the Rust library's engine finds them one after another. Matches may be empty.
    ///
    /// - Throws: `TokenizerError` if that takes more steps than are left.
    func matches(
        in bytes: [UInt8], _ limits: inout TextLimits, _ part: TextLimits.Part
    ) throws(TokenizerError) -> [Range<Int>] {
        let (matches, steps) = bytes.withUnsafeBufferPointer { self.matches(in: $0, allowance: limits.steps) }
        try limits.spend(steps, part)
        return matches
    }

    /// - Returns: the matches, and how many steps they took. If these are more than the allowance, matches are missing.
    func matches(
        in bytes: UnsafeBufferPointer<UInt8>, allowance: Int = .max
    ) -> (matches: [Range<Int>], steps: Int) {
        var matches: [Range<Int>] = []
        guard !bytes.isEmpty else { return (matches, 0) }
        switch self {
        case .string(let text):
            var text = text
            let steps = text.withUTF8 { Self.occurrences(of: $0, in: bytes, allowance, &matches) }
            return (matches, steps)
        case .regex(let expression):
            let steps = expression.forEachMatch(in: bytes, allowance: allowance) { matches.append($0) }
            return (matches, steps)
        }
    }

    private static func occurrences(
        of text: UnsafeBufferPointer<UInt8>, in bytes: UnsafeBufferPointer<UInt8>, _ allowance: Int,
        _ matches: inout [Range<Int>]
    ) -> Int {
        guard let base = bytes.baseAddress, let sought = text.baseAddress, let first = text.first else {
            // Nothing lies between any two scalars.
            for position in 0...bytes.count where position == bytes.count || bytes[position] & 0xC0 != 0x80 {
                matches.append(position..<position)
            }
            return bytes.count
        }
        var (position, steps) = (0, bytes.count / 8)
        while position + text.count <= bytes.count, steps <= allowance {
            guard bytes[position] == first else {
                position += 1
                continue
            }
            steps += 1 + text.count / 64
            if memcmp(base + position, sought, text.count) == 0 {
                matches.append(position..<position + text.count)
                position += text.count
            } else {
                position += 1
            }
        }
        return steps
    }

    /// How many times as long a text can become in which a content takes the place of each match.
    func growth(_ content: String) -> Int {
        let least =
            switch self {
            case .string(let text): text.utf8.count
            case .regex(let expression): expression.leastLength
            }
        let count = content.utf8.count
        return least == 0 ? count + 1 : max(1, (count + least - 1) / least)
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
                        ? "Write the pattern in another way, or use another checkpoint."
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
