/// What a thread remembers of words, and the buffers for those it meets for the first time.
///
/// A table of fixed size: a word goes to the one place that its bytes say, in the stead of what was there. Texts repeat
/// most of their words within a few thousand, so that little is lost by that, and nothing grows.
final class FastWords {
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
    private static let places = 1 << 13

    private let entries: UnsafeMutablePointer<Entry>
    /// `masks[n]` has the low `n` bytes set.
    private let masks: UnsafeMutablePointer<UInt64>
    let merging = BPEMerging()
    let lattice = Unigram.Lattice()
    /// For texts that have to be written anew.
    var text: [UInt8] = []
    /// For words that are looked up in another form.
    var written: [UInt8] = []
    /// Ids of the word that is being cut.
    var ids = IDBuffer(capacity: 64)

    init() {
        entries = .allocate(capacity: Self.places)
        entries.initialize(repeating: Entry(), count: Self.places)
        masks = .allocate(capacity: 9)
        for count in 0...8 { masks[count] = count == 8 ? .max : (1 << UInt64(count * 8)) - 1 }
    }

    deinit {
        entries.deallocate()
        masks.deallocate()
        ids.deallocate()
    }

    /// - Parameters:
    ///   - word: the first byte of a word of 1 to `longestWord` bytes.
    ///   - readable: how many bytes may be read from there on.
    @inline(__always)
    func key(_ word: UnsafePointer<UInt8>, _ count: Int, readable: Int) -> Key {
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        if readable >= 24 {
            let raw = UnsafeRawPointer(word)
            words.0 = UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self)) & masks[min(count, 8)]
            if count > 8 {
                words.1 =
                    UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                    & masks[min(count - 8, 8)]
                if count > 16 {
                    words.2 =
                        UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self)) & masks[count - 16]
                }
            }
        } else {
            for index in 0..<count {
                let byte = UInt64(word[index]) << UInt64(index % 8 * 8)
                switch index / 8 {
                case 0: words.0 |= byte
                case 1: words.1 |= byte
                default: words.2 |= byte
                }
            }
        }
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
