/// A tree of byte strings, to find every one that begins at a place of a text.
///
/// Its edges are in one hash table by node and byte, so that it is made in one pass over the strings in any order. What
/// only one string goes on with is no path of nodes but a tail.
final class ByteTrie: Sendable {
    private struct Slot {
        /// The node's number, times 256, plus the byte. The root's edges are in `first`, so that 0 is no key.
        var key: UInt32 = 0
        var child: UInt32 = 0
    }

    private struct Node {
        /// Of the string that ends here, or -1.
        var id: Int32 = -1
        /// Of the only string that goes on from here where there is one; then the node has no edges.
        var tailID: Int32 = -1
        var tailStart: UInt32 = 0
        var tailCount: UInt32 = 0
    }

    // Sendable: written in `init` only.
    private nonisolated(unsafe) let slots: UnsafeMutablePointer<Slot>
    private nonisolated(unsafe) let first: UnsafeMutablePointer<UInt32>
    private nonisolated(unsafe) let nodes: UnsafeMutablePointer<Node>
    /// All of the strings.
    private nonisolated(unsafe) let arena: UnsafeMutablePointer<UInt8>
    private let shift: UInt32
    private let mask: UInt32

    /// The numbers of the strings are their ids; one that comes twice has its last, and empty ones are never found.
    ///
    /// `nil` if there are more than 2^24 nodes or 2^32 bytes.
    init?(_ strings: [String]) {
        let total = strings.reduce(0) { $0 + $1.utf8.count }
        guard total < UInt32.max else { return nil }
        var builder = Builder(bytes: total, strings: strings.count)
        for (number, string) in strings.enumerated() {
            guard builder.insert(string, Int32(truncatingIfNeeded: number)) else {
                builder.discard()
                return nil
            }
        }
        nodes = .allocate(capacity: builder.nodes.count)
        nodes.initialize(from: builder.nodes, count: builder.nodes.count)
        (slots, first, arena, shift, mask) = (builder.slots, builder.first, builder.arena, builder.shift, builder.mask)
    }

    deinit {
        slots.deallocate()
        first.deallocate()
        nodes.deallocate()
        arena.deallocate()
    }

    @inline(__always) private static func mix(_ key: UInt32) -> UInt32 { (key ^ key >> 15) &* 0x9E37_79B1 }

    private struct Builder {
        var slots: UnsafeMutablePointer<Slot>
        let first: UnsafeMutablePointer<UInt32>
        let arena: UnsafeMutablePointer<UInt8>
        var nodes = [Node()]
        var shift: UInt32
        var mask: UInt32
        private var used = 0
        private var written = 0

        init(bytes: Int, strings: Int) {
            var capacity = 1 << 10
            while capacity < strings * 2, capacity < 1 << 25 { capacity *= 2 }
            slots = .allocate(capacity: capacity)
            slots.initialize(repeating: Slot(), count: capacity)
            first = .allocate(capacity: 256)
            first.initialize(repeating: 0, count: 256)
            arena = .allocate(capacity: max(bytes, 1))
            shift = UInt32(32 - capacity.trailingZeroBitCount)
            mask = UInt32(capacity - 1)
            nodes.reserveCapacity(strings * 2)
        }

        func discard() {
            slots.deallocate()
            first.deallocate()
            arena.deallocate()
        }

        /// Whether there was room.
        mutating func insert(_ string: String, _ id: Int32) -> Bool {
            let start = written
            for byte in string.utf8 {
                arena[written] = byte
                written += 1
            }
            let end = written
            var (position, node) = (start, UInt32(0))
            while position < end {
                // Each turn adds two nodes at most.
                if nodes.count >= 1 << 24 - 2 { return false }
                let tail = nodes[Int(node)]
                if tail.tailID >= 0 {
                    nodes[Int(node)].tailID = -1
                    let child = edge(node, arena[Int(tail.tailStart)]).child
                    finish(child, tail.tailID, Int(tail.tailStart) + 1, Int(tail.tailCount) - 1)
                }
                let (child, isNew) = edge(node, arena[position])
                position += 1
                if isNew || position == end {
                    finish(child, id, position, isNew ? end - position : 0)
                    return true
                }
                node = child
            }
            return true
        }

        /// Lets a string end at a node, or go on from there on its own.
        private mutating func finish(_ node: UInt32, _ id: Int32, _ start: Int, _ count: Int) {
            if count == 0 {
                nodes[Int(node)].id = id
            } else {
                nodes[Int(node)].tailID = id
                nodes[Int(node)].tailStart = UInt32(start)
                nodes[Int(node)].tailCount = UInt32(count)
            }
        }

        /// The node that a byte leads to; made if there is none.
        private mutating func edge(_ node: UInt32, _ byte: UInt8) -> (child: UInt32, isNew: Bool) {
            let new = UInt32(nodes.count)
            if node == 0 {
                if first[Int(byte)] != 0 { return (first[Int(byte)], false) }
                first[Int(byte)] = new
                nodes.append(Node())
                return (new, true)
            }
            let key = node << 8 | UInt32(byte)
            var place = ByteTrie.mix(key) >> shift
            while slots[Int(place)].key != 0 {
                if slots[Int(place)].key == key { return (slots[Int(place)].child, false) }
                place = (place + 1) & mask
            }
            slots[Int(place)] = Slot(key: key, child: new)
            nodes.append(Node())
            used += 1
            if used * 2 > Int(mask) { grow() }
            return (new, true)
        }

        private mutating func grow() {
            let count = Int(mask) + 1
            let larger = UnsafeMutablePointer<Slot>.allocate(capacity: count * 4)
            larger.initialize(repeating: Slot(), count: count * 4)
            shift -= 2
            mask = UInt32(count * 4 - 1)
            for index in 0..<count where slots[index].key != 0 {
                var place = ByteTrie.mix(slots[index].key) >> shift
                while larger[Int(place)].key != 0 { place = (place + 1) & mask }
                larger[Int(place)] = slots[index]
            }
            slots.deallocate()
            slots = larger
        }
    }

    /// Calls `body` with the id and the end of every string that begins at `start`, the shortest first.
    @inline(__always)
    func prefixes(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ body: (Int32, Int) -> Void) {
        var number = first[Int(bytes[start])]
        var position = start + 1
        while number != 0 {
            let node = nodes[Int(number)]
            if node.id >= 0 { body(node.id, position) }
            if node.tailID >= 0 {
                let count = Int(node.tailCount)
                guard count <= end - position else { return }
                let tail = arena + Int(node.tailStart)
                var index = 0
                while index < count, tail[index] == bytes[position + index] { index += 1 }
                if index == count { body(node.tailID, position + count) }
                return
            }
            if position == end { return }
            let key = number << 8 | UInt32(bytes[position])
            var place = Self.mix(key) >> shift
            while true {
                let slot = slots[Int(place)]
                if slot.key == key {
                    number = slot.child
                    break
                }
                if slot.key == 0 { return }
                place = (place + 1) & mask
            }
            position += 1
        }
    }
}
