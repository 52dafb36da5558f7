/// The symbols of one word while they are merged; its buffers are used again from word to word.
final class BPEMerging {
    /// Words of up to this many symbols are searched for the next merge from end to end, longer ones keep a queue.
    private static let scanned = 40

    private(set) var count = 0
    private(set) var ids: UnsafeMutablePointer<Int32>
    /// In bytes. While a queue is used, 0 for symbols that went into the one before.
    private(set) var lengths: UnsafeMutablePointer<Int32>
    private var ranks: UnsafeMutablePointer<UInt32>
    private var capacity: Int

    // Only for words with a queue.
    private var previous: [Int32] = []
    private var next: [Int32] = []
    private var queue = MergeQueue()

    init() {
        capacity = 256
        ids = .allocate(capacity: capacity)
        lengths = .allocate(capacity: capacity)
        ranks = .allocate(capacity: capacity)
    }

    deinit {
        ids.deallocate()
        lengths.deallocate()
        ranks.deallocate()
    }

    /// Forgets the last word and makes room for `symbols`.
    func begin(_ symbols: Int) {
        count = 0
        if symbols > capacity {
            grow(to: symbols)
        } else if capacity > 1 << 16, symbols < 1 << 12 {
            // One very long word should not hold its memory for good.
            (previous, next, queue) = ([], [], MergeQueue())
            grow(to: 1 << 12)
        }
    }

    private func grow(to wanted: Int) {
        ids.deallocate()
        lengths.deallocate()
        ranks.deallocate()
        capacity = wanted
        ids = .allocate(capacity: capacity)
        lengths = .allocate(capacity: capacity)
        ranks = .allocate(capacity: capacity)
    }

    /// Adds a symbol of the word; no more of them than `begin` was told.
    @inline(__always) func append(_ id: Int32, length: Int) {
        ids[count] = id
        lengths[count] = Int32(truncatingIfNeeded: length)
        count += 1
    }

    /// Merges until nothing is left to merge: lower ranks first, then from left to right.
    ///
    /// - Parameter isRegular: whether each merge makes a token that no other merge at the same place can make. If not,
    ///   the reference can take an outdated entry of its queue for a current one, so the queue is needed.
    @inline(__always)
    func merge(_ table: PairTable, isRegular: Bool) {
        if count < 2 { return }
        if count <= Self.scanned && isRegular { scan(table) } else { useQueue(table) }
    }

    @inline(__always)
    private func scan(_ table: PairTable) {
        let (ids, lengths, ranks) = (ids, lengths, ranks)
        var count = count
        for index in 0..<count - 1 { ranks[index] = table.rank(ids[index], ids[index + 1]) }
        while count > 1 {
            var (best, place) = (PairTable.none, 0)
            for index in 0..<count - 1 where ranks[index] < best { (best, place) = (ranks[index], index) }
            if best == PairTable.none { break }
            ids[place] = table.results[Int(best)]
            lengths[place] &+= lengths[place + 1]
            count -= 1
            var index = place + 1
            while index < count {
                ids[index] = ids[index + 1]
                lengths[index] = lengths[index + 1]
                ranks[index - 1] = ranks[index]
                index += 1
            }
            if place > 0 { ranks[place - 1] = table.rank(ids[place - 1], ids[place]) }
            if place + 1 < count { ranks[place] = table.rank(ids[place], ids[place + 1]) }
        }
        self.count = count
    }

    private func useQueue(_ table: PairTable) {
        let count = count
        if next.count < count {
            next = Array(repeating: 0, count: count)
            previous = Array(repeating: 0, count: count)
        }
        for index in 0..<count {
            next[index] = index + 1 < count ? Int32(truncatingIfNeeded: index + 1) : -1
            previous[index] = Int32(truncatingIfNeeded: index - 1)
        }
        queue.removeAll()
        for index in 0..<count - 1 {
            let rank = table.rank(ids[index], ids[index + 1])
            if rank != PairTable.none { queue.stage(rank, index) }
        }
        queue.order()
        while let (rank, place) = queue.pop() {
            // An entry is outdated if its symbol is gone, or has another neighbour by now.
            if lengths[place] == 0 || next[place] < 0 { continue }
            let right = Int(next[place])
            let result = table.results[Int(rank)]
            let current = table.rank(ids[place], ids[right])
            if current == PairTable.none || table.results[Int(current)] != result { continue }
            ids[place] = result
            lengths[place] &+= lengths[right]
            lengths[right] = 0
            next[place] = next[right]
            if next[place] >= 0 { previous[Int(next[place])] = Int32(truncatingIfNeeded: place) }
            if previous[place] >= 0 {
                let left = Int(previous[place])
                let rank = table.rank(ids[left], result)
                if rank != PairTable.none { queue.push(rank, left) }
            }
            if next[place] >= 0 {
                let rank = table.rank(result, ids[Int(next[place])])
                if rank != PairTable.none { queue.push(rank, place) }
            }
        }
        var kept = 0
        for index in 0..<count where lengths[index] != 0 {
            ids[kept] = ids[index]
            lengths[kept] = lengths[index]
            kept += 1
        }
        self.count = kept
    }
}

/// Merges to be done, by rank and then by place.
private struct MergeQueue {
    /// Rank and place in one number; a heap whose nodes have four children.
    private var keys: [UInt64] = []

    mutating func removeAll() { keys.removeAll(keepingCapacity: true) }

    private static func key(_ rank: UInt32, _ place: Int) -> UInt64 {
        UInt64(rank) << 32 | UInt64(UInt32(truncatingIfNeeded: place))
    }

    /// Adds an entry; `order` must follow before the first is taken.
    mutating func stage(_ rank: UInt32, _ place: Int) { keys.append(Self.key(rank, place)) }

    mutating func order() {
        guard keys.count > 1 else { return }
        for index in stride(from: (keys.count - 2) / 4, through: 0, by: -1) { sink(index) }
    }

    mutating func push(_ rank: UInt32, _ place: Int) {
        let key = Self.key(rank, place)
        keys.append(key)
        var index = keys.count - 1
        while index > 0, keys[(index - 1) / 4] > key {
            keys[index] = keys[(index - 1) / 4]
            index = (index - 1) / 4
        }
        keys[index] = key
    }

    mutating func pop() -> (rank: UInt32, place: Int)? {
        guard let first = keys.first else { return nil }
        let last = keys.removeLast()
        if !keys.isEmpty {
            keys[0] = last
            sink(0)
        }
        return (UInt32(truncatingIfNeeded: first >> 32), Int(first & 0xFFFF_FFFF))
    }

    private mutating func sink(_ start: Int) {
        let key = keys[start]
        var index = start
        while true {
            let first = index * 4 + 1
            guard first < keys.count else { break }
            var smallest = first
            for child in first + 1..<max(first + 1, min(first + 4, keys.count)) where keys[child] < keys[smallest] {
                smallest = child
            }
            guard keys[smallest] < key else { break }
            keys[index] = keys[smallest]
            index = smallest
        }
        keys[index] = key
    }
}
