/// The ids of words that a thread met before.
///
/// A table of fixed size: a word goes to the one place that its bytes say, in the stead of what was there. Texts repeat
/// most of their words within a few thousand, so that little is lost by that, and nothing grows.
/// Its owner calls `deallocate()`.
package struct WordMemory {
    /// One word of at most 23 bytes and 9 ids, in 64 bytes.
    private struct Entry {
        /// The bytes of the word, zeros, and in the last byte their number; all zeros for no word.
        var key: (UInt64, UInt64, UInt64) = (0, 0, 0)
        var count: Int32 = 0
        var ids: (Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32) = (0, 0, 0, 0, 0, 0, 0, 0, 0)
    }

    struct Key {
        fileprivate var words: (UInt64, UInt64, UInt64)
        fileprivate var place: Int
    }

    static let longestWord = 23
    static let mostIDs = 9
    private static let places = 1 << 14

    private let entries: UnsafeMutablePointer<Entry>
    /// For each number of bytes, what is kept of 24.
    private let masks: UnsafeMutablePointer<(UInt64, UInt64, UInt64)>

    /// How many bytes must be readable from the start of a word.
    static let readable = 24

    init() {
        entries = .allocate(capacity: Self.places)
        entries.initialize(repeating: Entry(), count: Self.places)
        masks = .allocate(capacity: Self.readable)
        func mask(_ count: Int) -> UInt64 { count >= 8 ? .max : (1 << UInt64(max(count, 0) * 8)) - 1 }
        for count in 0..<Self.readable {
            (masks + count).initialize(to: (mask(count), mask(count - 8), mask(count - 16)))
        }
    }

    func deallocate() {
        entries.deallocate()
        masks.deallocate()
    }

    /// How many of 16 bytes from a place on are ASCII letters, digits or parts of other scalars, up to the first that
    /// is not.
    @inline(__always)
    package static func wordBytes(_ bytes: UnsafePointer<UInt8>) -> Int {
        let raw = UnsafeRawPointer(bytes)
        let first = others(UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self)))
        if first != 0 { return first.trailingZeroBitCount / 8 }
        let second = others(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        return 8 + second.trailingZeroBitCount / 8
    }

    /// The high bit of each of 8 bytes that is ASCII and neither letter nor digit.
    ///
    /// Sums of a byte's low seven bits with less than 128 don't reach the next byte, and their high bit compares.
    @inline(__always)
    private static func others(_ bytes: UInt64) -> UInt64 {
        let each: UInt64 = 0x0101_0101_0101_0101
        let low = bytes & (each &* 0x7F)
        let lower = low | each &* 0x20
        let isLetter = (lower &+ each &* 0x1F) & ~(lower &+ each &* 0x05)
        let isDigit = (low &+ each &* 0x50) & ~(low &+ each &* 0x46)
        return ~(isLetter | isDigit | bytes) & (each &* 0x80)
    }

    /// - Parameters:
    ///   - word: the first byte of a word, from where on `readable` bytes may be read.
    ///   - count: its bytes, 1 to `longestWord`.
    @inline(__always)
    func key(readable word: UnsafePointer<UInt8>, _ count: Int) -> Key {
        let raw = UnsafeRawPointer(word)
        let mask = masks[count]
        return key(
            (
                UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self)) & mask.0,
                UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) & mask.1,
                UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self)) & mask.2
            ), count)
    }

    /// - Parameters:
    ///   - word: the first byte of a word.
    ///   - count: its bytes, 1 to `longestWord`.
    ///   - readable: how many bytes may be read from there on.
    @inline(__always)
    func key(_ word: UnsafePointer<UInt8>, _ count: Int, readable: Int) -> Key {
        if readable >= Self.readable { return key(readable: word, count) }
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        for index in 0..<count {
            let byte = UInt64(word[index]) << UInt64(index % 8 * 8)
            switch index / 8 {
            case 0: words.0 |= byte
            case 1: words.1 |= byte
            default: words.2 |= byte
            }
        }
        return key(words, count)
    }

    @inline(__always)
    private func key(_ bytes: (UInt64, UInt64, UInt64), _ count: Int) -> Key {
        var words = bytes
        words.2 |= UInt64(count) << 56
        var hash = (words.0 ^ words.1 &* 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93
        hash = (hash ^ hash >> 32 ^ words.2) &* 0x9E37_79B9_7F4A_7C15
        return Key(words: words, place: Int(hash >> 40) & (Self.places - 1))
    }

    /// Appends the ids of a word that is remembered.
    @inline(__always)
    func recall(_ key: Key, into ids: inout IDBuffer) -> Bool {
        let entry = entries + key.place
        guard entry.pointee.key.0 == key.words.0, entry.pointee.key.1 == key.words.1, entry.pointee.key.2 == key.words.2
        else { return false }
        let count = Int(entry.pointee.count)
        ids.reserve(Self.mostIDs)
        // Nine are written in any case; those beyond the count are written over later.
        UnsafeMutableRawPointer(ids.base + ids.count).copyMemory(
            from: UnsafeRawPointer(entry) + MemoryLayout<Entry>.offset(of: \Entry.ids)!, byteCount: Self.mostIDs * 4)
        ids.count += count
        return true
    }

    @inline(__always)
    func remember(_ key: Key, _ ids: UnsafePointer<Int32>, _ count: Int) {
        guard count <= Self.mostIDs else { return }
        let entry = entries + key.place
        entry.pointee.key = key.words
        entry.pointee.count = Int32(truncatingIfNeeded: count)
        withUnsafeMutableBytes(of: &entry.pointee.ids) { bytes in
            bytes.copyMemory(from: UnsafeRawBufferPointer(start: ids, count: count * 4))
        }
    }
}
