/// The merges of a `BPE` by the ids of their two parts.
final class PairTable: Sendable {
    static let none = UInt32.max

    private struct Slot {
        var key = UInt64.max
        /// Lower ranks merge first.
        var rank = PairTable.none
    }

    // Sendable: written in `init` only.
    private nonisolated(unsafe) let slots: UnsafeMutablePointer<Slot>
    /// What two parts become, by rank.
    nonisolated(unsafe) let results: UnsafeMutablePointer<Int32>
    private let shift: UInt64
    private let mask: Int
    /// The parts of every merge, by rank.
    private let keys: [UInt64]

    /// A pair that comes twice has its last rank.
    init(_ merges: [(left: Int32, right: Int32, result: Int32)]) {
        var capacity = 16
        while capacity < merges.count * 2 { capacity *= 2 }
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(), count: capacity)
        results = .allocate(capacity: max(merges.count, 1))
        shift = UInt64(64 - capacity.trailingZeroBitCount)
        mask = capacity - 1
        var keys: [UInt64] = []
        keys.reserveCapacity(merges.count)
        for (rank, merge) in merges.enumerated() {
            let key = Self.key(merge.left, merge.right)
            keys.append(key)
            results[rank] = merge.result
            var position = Int(Self.mix(key) >> shift)
            while slots[position].key != key, slots[position].rank != Self.none { position = (position + 1) & mask }
            slots[position] = Slot(key: key, rank: UInt32(truncatingIfNeeded: rank))
        }
        self.keys = keys
    }

    deinit {
        slots.deallocate()
        results.deallocate()
    }

    @inline(__always) private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always) private static func mix(_ key: UInt64) -> UInt64 {
        (key ^ key >> 29) &* 0x9E37_79B9_7F4A_7C15
    }

    /// The rank of a merge, or `none`.
    @inline(__always)
    func rank(_ left: Int32, _ right: Int32) -> UInt32 {
        let key = Self.key(left, right)
        var position = Int(Self.mix(key) >> shift)
        while true {
            let slot = slots[position]
            if slot.key == key || slot.rank == Self.none { return slot.rank }
            position = (position + 1) & mask
        }
    }

    /// The merges in the order of their ranks, each pair once.
    var pairs: [(left: Int32, right: Int32)] {
        keys.enumerated().compactMap { rank, key in
            let pair = (
                left: Int32(truncatingIfNeeded: key >> 32), right: Int32(truncatingIfNeeded: key & 0xFFFF_FFFF)
            )
            return self.rank(pair.left, pair.right) == UInt32(truncatingIfNeeded: rank) ? pair : nil
        }
    }
}
