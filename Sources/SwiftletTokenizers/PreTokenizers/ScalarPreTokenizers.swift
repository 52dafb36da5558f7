/// Splits at whitespace, and makes each punctuation mark a word of its own.
enum BertPreTokenizer {
    static func split(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
        guard let base = bytes.baseAddress else { return }
        let table = UnicodeTable.shared
        var (start, position) = (0, 0)
        while position < bytes.count {
            let (scalar, count) = UTF8Bytes.scalar(base, at: position)
            let entry = table[scalar]
            if entry.has(UnicodeTable.Entry.whitespace | UnicodeTable.Entry.punctuation) {
                if start < position { body(start..<position) }
                start = position + count
                if entry.has(UnicodeTable.Entry.punctuation) { body(position..<start) }
            }
            position += count
        }
        if start < position { body(start..<position) }
    }
}

/// Words by the pattern `\w+|[^\w\s]+`.
enum WordPreTokenizer {
    static func split(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
        typealias Entry = UnicodeTable.Entry
        guard let base = bytes.baseAddress else { return }
        let table = UnicodeTable.shared
        var (start, position) = (0, 0)
        var last: UInt32 = Entry.whitespace
        while position < bytes.count {
            let (scalar, count) = UTF8Bytes.scalar(base, at: position)
            let kind = table[scalar].bits & (Entry.word | Entry.whitespace)
            if kind != last {
                if last != Entry.whitespace { body(start..<position) }
                (start, last) = (position, kind)
            }
            position += count
        }
        if last != Entry.whitespace, start < position { body(start..<position) }
    }
}

/// Splits where the script changes, with Japanese as one script.
enum ScriptPreTokenizer {
    static func split(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
        guard let base = bytes.baseAddress else { return }
        let table = PropertyTable.shared
        // As in the Rust library, what comes before the first scalar that has a script is dropped.
        var start: Int?
        var last: UInt32 = 0
        var position = 0
        while position < bytes.count {
            let (scalar, count) = UTF8Bytes.scalar(base, at: position)
            let script = table[scalar].script
            if script != 0, script != last {
                if let start { body(start..<position) }
                start = position
                last = script
            }
            position += count
        }
        if let start { body(start..<position) }
    }
}
