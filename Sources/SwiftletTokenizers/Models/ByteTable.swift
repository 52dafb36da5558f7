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

    /// What `find` reads: valid as long as its table. Copying it counts no references.
    struct Reader: @unchecked Sendable {
        // Sendable: what the pointers lead to is written before there is a reader.
        fileprivate let slots: UnsafeMutablePointer<Slot>
        fileprivate let arena: UnsafeMutablePointer<UInt8>
        fileprivate let bounds: UnsafeMutablePointer<UInt8>
        fileprivate let shift: UInt64
        fileprivate let mask: Int
        /// Bytes of the longest key.
        let longest: Int
    }

    let reader: Reader
    let count: Int

    @inline(__always) static func extend(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        hash &* multiplier &+ UInt64(byte) &+ 1
    }

    static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        bytes.reduce(0) { extend($0, $1) }
    }

    /// The keys are those tokens that begin with `prefix`, without it; one that comes twice has its last id.
    init(_ tokens: [String], _ ids: [Int32], withoutPrefix prefix: [UInt8] = []) {
        var (total, kept) = (0, [Int]())
        kept.reserveCapacity(prefix.isEmpty ? tokens.count : 0)
        for (index, token) in tokens.enumerated() where prefix.isEmpty || token.utf8.starts(with: prefix) {
            kept.append(index)
            total += token.utf8.count
        }
        var capacity = 16
        while capacity < kept.count * 2 { capacity *= 2 }
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: capacity)
        slots.initialize(repeating: Slot(), count: capacity)
        let shift = UInt64(64 - capacity.trailingZeroBitCount)
        let mask = capacity - 1
        let arena = UnsafeMutablePointer<UInt8>.allocate(capacity: max(total, 1))
        let bounds = UnsafeMutablePointer<UInt8>.allocate(capacity: Reader.boundCount)
        bounds.initialize(repeating: 2, count: Reader.boundCount)
        var (used, longest, count) = (0, 0, 0)
        for index in kept {
            let id = ids[index]
            var (length, hash) = (0, UInt64(0))
            func take(_ byte: UInt8) {
                arena[used + length] = byte
                hash = Self.extend(hash, byte)
                length += 1
            }
            let text = tokens[index].utf8
            let isContiguous: Void? = text.withContiguousStorageIfAvailable { bytes in
                for place in prefix.count..<bytes.count { take(bytes[place]) }
            }
            if isContiguous == nil { for byte in text.dropFirst(prefix.count) { take(byte) } }
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
                if length > 2 {
                    let bound = bounds + Reader.bound(arena + used)
                    bound.pointee = max(bound.pointee, UInt8(min(length, 255)))
                }
                used += length
                longest = max(longest, length)
            } else {
                slots[position].id = id
            }
        }
        reader = Reader(slots: slots, arena: arena, bounds: bounds, shift: shift, mask: mask, longest: longest)
        self.count = count
    }

    deinit {
        reader.slots.deallocate()
        reader.arena.deallocate()
        reader.bounds.deallocate()
    }

    @inline(__always) fileprivate static func mix(_ hash: UInt64) -> UInt64 {
        (hash ^ hash >> 32) &* 0xD6E8_FEB8_6659_FD93
    }

    /// The id of `count` bytes with this hash, or -1.
    @inline(__always)
    func find(_ bytes: UnsafePointer<UInt8>, _ count: Int, hash: UInt64) -> Int32 {
        reader.find(bytes, count, hash: hash)
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

extension ByteTable.Reader {
    fileprivate static let boundCount = 1 << 15

    /// Where the bound of keys with these first three bytes lies.
    @inline(__always)
    fileprivate static func bound(_ bytes: UnsafePointer<UInt8>) -> Int {
        let three = UInt32(bytes[0]) | UInt32(bytes[1]) << 8 | UInt32(bytes[2]) << 16
        return Int((three &* 0x9E37_79B1) >> 17)
    }

    /// No key that `count` bytes begin with is longer than this.
    @inline(__always)
    func bound(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
        if count < 3 { return count }
        let bound = bounds[Self.bound(bytes)]
        return min(count, bound == 255 ? longest : Int(bound))
    }

    /// The id of `count` bytes with this hash, or -1.
    @inline(__always)
    func find(_ bytes: UnsafePointer<UInt8>, _ count: Int, hash: UInt64) -> Int32 {
        let mixed = ByteTable.mix(hash)
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
}
