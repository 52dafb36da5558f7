internal import SwiftletIO

/// Finds out what stands between the fields of a file that was named CSV or TSV and is something else.
enum Delimiters {
    private static let candidates: [Character] = ["\t", ";", ",", "|"]
    private static let lines = 20

    /// The delimiter of the first lines, where it is clearly another one than expected: they have none of that, and the
    /// same number of the other in every line.
    static func found(in head: [UInt8], expected: Character, quote: Character?) -> Character? {
        let lines = split(head, quote)
        guard let header = lines.first, (header[expected] ?? 0) == 0 else { return nil }
        for candidate in candidates where candidate != expected {
            guard let count = header[candidate], count > 0 else { continue }
            if lines.allSatisfy({ $0[candidate] == count }) { return candidate }
        }
        return nil
    }

    static func name(_ delimiter: Character) -> String {
        switch delimiter {
        case "\t": "tabs"
        case ";": "semicolons"
        case ",": "commas"
        case "|": "bars"
        default: "'\(delimiter)'"
        }
    }

    /// How often each candidate is in each of the first lines, outside quotes. The last line may be cut off and does not
    /// count, unless it is the only one.
    private static func split(_ head: [UInt8], _ quote: Character?) -> [[Character: Int]] {
        var counted: [[Character: Int]] = []
        var counts: [Character: Int] = [:]
        var isQuoted = false
        var isEmpty = true
        for byte in head {
            let character = Character(Unicode.Scalar(byte))
            if character == quote { isQuoted.toggle() }
            if !isQuoted, byte == 0x0A || byte == 0x0D {
                if !isEmpty { counted.append(counts) }
                if counted.count == lines { return counted }
                counts = [:]
                isEmpty = true
                continue
            }
            isEmpty = false
            if !isQuoted, candidates.contains(character) { counts[character, default: 0] += 1 }
        }
        if counted.isEmpty, !isEmpty { counted.append(counts) }
        return counted
    }
}
