import SwiftletIO

/// Words as GPT-2 makes them, with each byte written as the visible scalar that stands for it.
struct ByteLevelPreTokenizer: Sendable {
    /// Whether a text that begins with no space gets one.
    var addsPrefixSpace: Bool
    /// Says nothing here; the post-processor of this name goes by it.
    var trimsOffsets: Bool
    /// Whether the text is split by GPT-2's pattern; other pre-tokenizers may have split it before.
    var splits: Bool

    func split(_ words: inout Words, _ limits: TextLimits) throws(TokenizerError) {
        if addsPrefixSpace {
            try words.rewrite(limits) { word, text, result in
                if text.bytes[word.range.lowerBound] != 0x20 {
                    result.append(0x20, text.alignments[word.range.lowerBound])
                }
                result.append(text, word.range)
            }
        }
        if splits {
            words.split { bytes, parts in GPT2Pattern.split(bytes) { parts.append($0) } }
        }
        let alphabet = ByteAlphabet.shared
        try words.rewrite(limits) { word, text, result in
            for index in word.range {
                let alignment = text.alignments[index]
                alphabet.forEachByte(of: text.bytes[index]) { result.append($0, alignment) }
            }
        }
    }

    init(addsPrefixSpace: Bool, trimsOffsets: Bool = true, splits: Bool = true) {
        self.addsPrefixSpace = addsPrefixSpace
        self.trimsOffsets = trimsOffsets
        self.splits = splits
    }

    init(_ section: JSONSection) throws {
        addsPrefixSpace = try section.bool("add_prefix_space")
        trimsOffsets = try section.bool("trim_offsets")
        splits = try section.optionalBool("use_regex") ?? true
    }

    /// As pre-tokenizer, post-processor and decoder of this name are written.
    var json: JSONValue {
        [
            "type": "ByteLevel", "add_prefix_space": .bool(addsPrefixSpace), "trim_offsets": .bool(trimsOffsets),
            "use_regex": .bool(splits),
        ]
    }
}

/// GPT-2's words, found without a regular expression:
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
enum GPT2Pattern {
    private enum Kind: UInt8 {
        case letter, number, space, other
    }

    /// Calls `body` with each word; together they are all of the text.
    @inline(__always)
    static func split(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
        guard let base = bytes.baseAddress else { return }
        let table = PropertyTable.shared
        let end = bytes.count
        var start = 0
        while start < end {
            let stop = wordEnd(base, start, end, table)
            body(start..<stop)
            start = stop
        }
    }

    @inline(__always)
    private static func kind(
        _ bytes: UnsafePointer<UInt8>, _ position: Int, _ table: PropertyTable
    ) -> (kind: Kind, count: Int) {
        let byte = bytes[position]
        if byte < 0x80 {
            switch byte {
            case 0x61...0x7A, 0x41...0x5A: return (.letter, 1)
            case 0x30...0x39: return (.number, 1)
            case 0x20, 0x9...0xD: return (.space, 1)
            default: return (.other, 1)
            }
        }
        let (scalar, count) = UTF8Bytes.scalar(bytes, at: position)
        let entry = table[scalar]
        if entry.isLetter { return (.letter, count) }
        if entry.isSpace { return (.space, count) }
        return (entry.isNumber ? .number : .other, count)
    }

    /// Where the word that begins at `start` ends.
    @inline(__always)
    static func wordEnd(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ table: PropertyTable) -> Int {
        if bytes[start] == UInt8(ascii: "'"), start + 1 < end {
            switch bytes[start + 1] {
            case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
            case UInt8(ascii: "r"), UInt8(ascii: "v"):
                if start + 2 < end, bytes[start + 2] == UInt8(ascii: "e") { return start + 3 }
            case UInt8(ascii: "l"):
                if start + 2 < end, bytes[start + 2] == UInt8(ascii: "l") { return start + 3 }
            default: break
            }
        }
        var (kind, count) = kind(bytes, start, table)
        var position = start + count
        if kind == .space {
            if bytes[start] == 0x20, position < end {
                let next = Self.kind(bytes, position, table)
                if next.kind != .space {
                    // A single space goes with what follows it.
                    kind = next.kind
                    position += next.count
                    return runEnd(bytes, position, end, kind, table)
                }
            }
            // Of several spaces the last is left to the next word.
            var last = start
            while position < end {
                let next = Self.kind(bytes, position, table)
                if next.kind != .space { return last > start ? last : position }
                last = position
                position += next.count
            }
            return end
        }
        return runEnd(bytes, position, end, kind, table)
    }

    @inline(__always)
    private static func runEnd(
        _ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ kind: Kind, _ table: PropertyTable
    ) -> Int {
        var position = start
        while position < end {
            let next = Self.kind(bytes, position, table)
            if next.kind != kind { break }
            position += next.count
        }
        return position
    }
}
