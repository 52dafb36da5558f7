import SwiftletIO

/// What splits a normalized text into words.
enum PreTokenizer: Sendable {
    case bert

    /// The words of UTF-8 bytes, in order; none is empty.
    func split(_ bytes: [UInt8]) -> [Range<Int>] {
        switch self {
        case .bert: BertPreTokenizer.split(bytes)
        }
    }

    init(_ section: JSONSection) throws {
        switch try section.type() {
        case "BertPreTokenizer": self = .bert
        case let type: throw section.unsupported(type)
        }
    }

    var json: JSONValue {
        switch self {
        case .bert: ["type": "BertPreTokenizer"]
        }
    }
}

/// Splits at whitespace, and makes each punctuation mark a word of its own.
enum BertPreTokenizer {
    static func split(_ bytes: [UInt8]) -> [Range<Int>] {
        let table = UnicodeTable.shared
        var words: [Range<Int>] = []
        bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            var (start, position) = (0, 0)
            while position < bytes.count {
                let (scalar, count) = UTF8Bytes.scalar(base, at: position)
                let entry = table[scalar]
                if entry.has(UnicodeTable.Entry.whitespace | UnicodeTable.Entry.punctuation) {
                    if start < position { words.append(start..<position) }
                    start = position + count
                    if entry.has(UnicodeTable.Entry.punctuation) { words.append(position..<start) }
                }
                position += count
            }
            if start < position { words.append(start..<position) }
        }
        return words
    }
}
