/// A hash table from byte strings to ids, asked with hashes of prefixes that are computed once a word.
///
/// The hash of bytes b1...bn is b1*K^(n-1) + ... + bn (each byte plus one), so that the hash of any part of a word
/// follows from those of its prefixes. Bytes are compared as well: a hash alone never decides.
final class ByteTable: Sendable {
    static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C55

    struct Slot {
        var tag: UInt32 = 0
        var id: Int32 = -1
        var start: UInt32 = 0
        var count: UInt32 = 0
    }

    // Sendable: written in `init` only.
    private nonisolated(unsafe) let slots: UnsafeMutablePointer<Slot>
    private nonisolated(unsafe) let arena: UnsafeMutablePointer<UInt8>
    private let shift: UInt64
    private let mask: Int
    /// Bytes of the longest key.
    let longest: Int
    let count: Int

    @inline(__always) static func extend(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        hash &* multiplier &+ UInt64(byte) &+ 1
    }

    static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        bytes.reduce(0) { extend($0, $1) }
    }

    /// A key that comes twice has its last id.
    init(_ keys: [(key: Substring.UTF8View, id: Int32)]) {
        var capacity = 16
        while capacity < keys.count * 2 { capacity *= 2 }
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: capacity)
        slots.initialize(repeating: Slot(), count: capacity)
        let shift = UInt64(64 - capacity.trailingZeroBitCount)
        let mask = capacity - 1
        let total = keys.reduce(0) { $0 + $1.key.count }
        let arena = UnsafeMutablePointer<UInt8>.allocate(capacity: max(total, 1))
        var (used, longest, count) = (0, 0, 0)
        for (key, id) in keys {
            var (length, hash) = (0, UInt64(0))
            for byte in key {
                arena[used + length] = byte
                hash = Self.extend(hash, byte)
                length += 1
            }
            let mixed = Self.mix(hash)
            var position = Int(mixed >> shift)
            let tag = UInt32(truncatingIfNeeded: mixed)
            while slots[position].id >= 0 {
                let slot = slots[position]
                if slot.tag == tag, Int(slot.count) == length,
                    (0..<length).allSatisfy({ arena[Int(slot.start) + $0] == arena[used + $0] })
                {
                    break
                }
                position = (position + 1) & mask
            }
            if slots[position].id < 0 {
                count += 1
                slots[position] = Slot(tag: tag, id: id, start: UInt32(used), count: UInt32(length))
                used += length
                longest = max(longest, length)
            } else {
                slots[position].id = id
            }
        }
        (self.slots, self.arena, self.shift, self.mask) = (slots, arena, shift, mask)
        self.longest = longest
        self.count = count
    }

    deinit {
        slots.deallocate()
        arena.deallocate()
    }

    @inline(__always) private static func mix(_ hash: UInt64) -> UInt64 {
        (hash ^ hash >> 32) &* 0xD6E8_FEB8_6659_FD93
    }

    /// The id of `count` bytes with this hash, or -1.
    @inline(__always)
    func find(_ bytes: UnsafePointer<UInt8>, _ count: Int, hash: UInt64) -> Int32 {
        let mixed = Self.mix(hash)
        let tag = UInt32(truncatingIfNeeded: mixed)
        var position = Int(mixed >> shift)
        while true {
            let slot = slots[position]
            if slot.id < 0 { return -1 }
            if slot.tag == tag, Int(slot.count) == count {
                let key = arena + Int(slot.start)
                var index = 0
                while index < count, key[index] == bytes[index] { index += 1 }
                if index == count { return slot.id }
            }
            position = (position + 1) & mask
        }
    }

    func find(_ text: String) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            guard let base = bytes.baseAddress else {
                return withUnsafePointer(to: 0) { find($0, 0, hash: 0) }
            }
            return find(base, bytes.count, hash: Self.hash(bytes))
        }
    }
}
