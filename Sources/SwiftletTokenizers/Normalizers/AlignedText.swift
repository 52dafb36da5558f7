/// A text as normalizers and pre-tokenizers change it: UTF-8 bytes, each with the range of bytes of the original text
/// that it stands for.
struct AlignedText {
    private(set) var bytes: [UInt8]
    private(set) var alignments: [Range<Int>]
    /// Where this text begins in the original one.
    let origin: Int

    /// The original bytes of `range`.
    init(_ original: UnsafePointer<UInt8>, _ range: Range<Int>) {
        bytes = Array(UnsafeBufferPointer(start: original + range.lowerBound, count: range.count))
        alignments = []
        alignments.reserveCapacity(bytes.count)
        origin = range.lowerBound
        var position = range.lowerBound
        while position < range.upperBound {
            let count = UTF8Bytes.scalar(original, at: position).count
            alignments.append(contentsOf: repeatElement(position..<position + count, count: count))
            position += count
        }
    }

    /// A text of which nothing has been written yet.
    init(origin: Int, capacity: Int) {
        bytes = []
        alignments = []
        self.origin = origin
        bytes.reserveCapacity(capacity)
        alignments.reserveCapacity(capacity)
    }

    mutating func append(_ byte: UInt8, _ alignment: Range<Int>) {
        bytes.append(byte)
        alignments.append(alignment)
    }

    mutating func append(_ more: some Sequence<UInt8>, _ alignment: Range<Int>) {
        for byte in more { append(byte, alignment) }
    }

    mutating func append(_ other: AlignedText, _ range: Range<Int>) {
        bytes += other.bytes[range]
        alignments += other.alignments[range]
    }

    /// Where a range of these bytes lies in the original text.
    func original(_ range: Range<Int>) -> Range<Int> {
        guard !range.isEmpty else { return 0..<0 }
        let start = alignments[range.lowerBound].lowerBound
        return start..<max(start, alignments[range.upperBound - 1].upperBound)
    }

    var scalars: [UInt32] {
        var scalars: [UInt32] = []
        scalars.reserveCapacity(bytes.count)
        bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            var position = 0
            while position < bytes.count {
                let (value, count) = UTF8Bytes.scalar(base, at: position)
                scalars.append(value)
                position += count
            }
        }
        return scalars
    }

    /// One scalar of a new text, and how it came to be.
    struct Change {
        var scalar: UInt32
        /// 1: new, aligned with what came before. 0: stands for the next scalar of the old text. `-n`: stands for the
        /// next one, and `n` more after it are deleted.
        var change: Int
    }

    /// Replaces the text, with the alignment rules of the Rust library.
    mutating func transform(_ changes: [Change], removedAtStart: Int = 0) {
        var result = AlignedText(origin: origin, capacity: bytes.count)
        var position = 0
        func skip(_ count: Int) {
            for _ in 0..<count where position < bytes.count {
                position += 1
                while position < bytes.count, bytes[position] & 0xC0 == 0x80 { position += 1 }
            }
        }
        skip(removedAtStart)
        for item in changes {
            let alignment: Range<Int>
            if item.change > 0 {
                alignment = position < 1 ? origin..<origin : alignments[position - 1]
            } else {
                alignment = position < alignments.count ? alignments[position] : origin..<origin
                skip(1 - item.change)
            }
            UTF8Bytes.encode(item.scalar) { result.append($0, alignment) }
        }
        self = result
    }

    mutating func filter(_ keep: (UInt32) -> Bool) {
        var changes: [Change] = []
        var (removed, removedAtStart) = (0, 0)
        for scalar in scalars {
            if keep(scalar) {
                changes.append(Change(scalar: scalar, change: 0))
            } else if changes.isEmpty {
                removedAtStart += 1
            } else {
                changes[changes.count - 1].change -= 1
                removed += 1
            }
        }
        if removed + removedAtStart > 0 { transform(changes, removedAtStart: removedAtStart) }
    }

    /// Puts one scalar in the place of each.
    mutating func map(_ body: (UInt32) -> UInt32) {
        transform(scalars.map { Change(scalar: body($0), change: 0) })
    }

    /// Puts a text before this one, unless this one is empty; it stands for the first scalar.
    mutating func prepend(_ text: String) {
        guard let alignment = alignments.first else { return }
        let new = Array(text.utf8)
        bytes.insert(contentsOf: new, at: 0)
        alignments.insert(contentsOf: repeatElement(alignment, count: new.count), at: 0)
    }

    /// Puts a text in the place of each match, aligned with the match's last scalar.
    mutating func replace(_ matches: [Range<Int>], with content: [UInt8]) {
        guard !matches.isEmpty else { return }
        var result = AlignedText(origin: origin, capacity: bytes.count)
        var position = 0
        for match in matches {
            result.append(self, position..<match.lowerBound)
            result.append(content, match.upperBound > 0 ? alignments[match.upperBound - 1] : origin..<origin)
            position = match.upperBound
        }
        result.append(self, position..<bytes.count)
        self = result
    }

    /// Without whitespace at the ends.
    mutating func strip(left: Bool, right: Bool) {
        let table = UnicodeTable.shared
        func isSpace(_ scalar: UInt32) -> Bool { table[scalar].has(UnicodeTable.Entry.whitespace) }
        let scalars = scalars
        let leading = left ? scalars.prefix(while: isSpace).count : 0
        let trailing = right ? scalars.reversed().prefix(while: isSpace).count : 0
        guard leading + trailing > 0 else { return }
        let kept = leading < scalars.count - trailing ? scalars[leading..<scalars.count - trailing] : []
        transform(kept.map { Change(scalar: $0, change: 0) }, removedAtStart: leading)
    }
}
