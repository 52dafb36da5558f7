/// A piece of a text as normalizers change it: UTF-8 bytes, each with the range of bytes of the original text that it
/// stands for.
struct AlignedText {
    private(set) var bytes: [UInt8]
    private(set) var alignments: [Range<Int>]

    /// The original bytes of `range`.
    init(_ original: UnsafePointer<UInt8>, _ range: Range<Int>) {
        bytes = Array(UnsafeBufferPointer(start: original + range.lowerBound, count: range.count))
        alignments = []
        alignments.reserveCapacity(bytes.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let count = UTF8Bytes.scalar(original, at: position).count
            alignments.append(contentsOf: repeatElement(position..<position + count, count: count))
            position += count
        }
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
        var newBytes: [UInt8] = []
        var newAlignments: [Range<Int>] = []
        newBytes.reserveCapacity(bytes.count)
        newAlignments.reserveCapacity(bytes.count)
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
                alignment = position < 1 ? 0..<0 : alignments[position - 1]
            } else {
                alignment = position < alignments.count ? alignments[position] : 0..<0
                skip(1 - item.change)
            }
            UTF8Bytes.encode(item.scalar) {
                newBytes.append($0)
                newAlignments.append(alignment)
            }
        }
        (bytes, alignments) = (newBytes, newAlignments)
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

    mutating func decompose() {
        let table = UnicodeTable.shared
        var changes: [Change] = []
        var classes: [UInt8] = []
        var runStart = 0
        // Insertion sort of a run of combining marks: stable, and runs are short but for hostile texts, which
        // `sort` takes over.
        func finishRun() {
            let count = changes.count - runStart
            if count > 1 {
                let order = (runStart..<changes.count).sorted { (classes[$0], $0) < (classes[$1], $1) }
                let sorted = order.map { changes[$0] }
                changes.replaceSubrange(runStart..., with: sorted)
            }
            runStart = changes.count
        }
        for scalar in scalars {
            var change = 0
            table.decompose(scalar, table[scalar]) { part in
                let order = table[part].combiningClass
                if order == 0 { finishRun() }
                changes.append(Change(scalar: part, change: change))
                classes.append(order)
                if order == 0 { runStart = changes.count }
                change = 1
            }
        }
        finishRun()
        transform(changes)
    }

    mutating func lowercase() {
        let table = UnicodeTable.shared
        var changes: [Change] = []
        for scalar in scalars {
            var change = 0
            table.lowercase(scalar, table[scalar]) { part in
                changes.append(Change(scalar: part, change: change))
                change = 1
            }
        }
        transform(changes)
    }
}
