/// A set of scalars as ranges in order, with gaps between them.
struct ScalarSet: Equatable, Sendable {
    private(set) var ranges: [ClosedRange<UInt32>]

    static let last: UInt32 = 0x10FFFF
    static let all = ScalarSet([0...last])
    static let empty = ScalarSet([])

    init(_ ranges: some Sequence<ClosedRange<UInt32>>) {
        var result: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let before = result.last, range.lowerBound <= before.upperBound &+ 1 {
                result[result.count - 1] = before.lowerBound...max(before.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        self.ranges = result
    }

    init(_ scalar: UInt32) { ranges = [scalar...scalar] }

    /// A list of `UnicodePropertyData`.
    init(hexadecimal text: StaticString) {
        var ranges: [ClosedRange<UInt32>] = []
        var reader = HexadecimalReader(text)
        while let range = reader.range() { ranges.append(range) }
        self.init(ranges)
    }

    var isEmpty: Bool { ranges.isEmpty }

    /// The only scalar, if there is but one.
    var single: UInt32? {
        guard ranges.count == 1, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }

    func contains(_ scalar: UInt32) -> Bool { ranges.contains { $0.contains(scalar) } }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    var inverted: ScalarSet {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= Self.last { result.append(next...Self.last) }
        return ScalarSet(result)
    }

    func intersection(_ other: ScalarSet) -> ScalarSet { inverted.union(other.inverted).inverted }

    /// With what matches one of these scalars where case is ignored.
    var ignoringCase: ScalarSet {
        var more: [ClosedRange<UInt32>] = []
        for (scalar, others) in CaseTable.shared.others where contains(scalar) { more += others.map { $0...$0 } }
        return more.isEmpty ? self : ScalarSet(ranges + more)
    }
}

/// Which scalars differ only in case, as the engine of the Rust library has it.
struct CaseTable: Sendable {
    static let shared = CaseTable()

    let others: [UInt32: [UInt32]]
    /// Scalars that match several scalars where case is ignored, as `ß` matches `ss`.
    let long: [(scalar: UInt32, sequence: [UInt32])]

    private init() {
        var others: [UInt32: [UInt32]] = [:]
        var reader = HexadecimalReader(UnicodePropertyData.cases)
        while let scalar = reader.number() {
            while let other = reader.number() { others[scalar, default: []].append(other) }
        }
        var long: [(scalar: UInt32, sequence: [UInt32])] = []
        reader = HexadecimalReader(UnicodePropertyData.longFolds)
        while let scalar = reader.number() {
            var sequence: [UInt32] = []
            while let part = reader.number() { sequence.append(part) }
            long.append((scalar, sequence))
        }
        self.others = others
        self.long = long
    }

    func areSame(_ first: UInt32, _ second: UInt32) -> Bool {
        first == second || others[first]?.contains(second) == true
    }
}

/// A set in the form in which it is asked: a bit for each scalar, with equal blocks of 256 shared.
struct ScalarBits: Sendable {
    private var blocks: [UInt16]
    private var words: [UInt64]
    /// Of ASCII, in two words.
    private let ascii: (UInt64, UInt64)

    init(_ set: ScalarSet) {
        var blocks = [UInt16](repeating: 0, count: 0x1100)
        let none = [UInt64](repeating: 0, count: 4)
        let all = [UInt64](repeating: ~0, count: 4)
        var words = none + all
        var known: [[UInt64]: UInt16] = [none: 0, all: 1]
        var pending: [Int: [UInt64]] = [:]
        for range in set.ranges {
            var scalar = range.lowerBound
            while scalar <= range.upperBound {
                let page = Int(scalar >> 8)
                let last = min(range.upperBound, scalar | 0xFF)
                if last - scalar == 0xFF {
                    blocks[page] = 1
                } else {
                    var block = pending[page] ?? none
                    while scalar <= last {
                        let lastOfWord = min(last, scalar | 63)
                        let bits = UInt64.max >> UInt64(63 - (lastOfWord - scalar))
                        block[Int(scalar >> 6 & 3)] |= bits << UInt64(scalar & 63)
                        scalar = lastOfWord + 1
                    }
                    pending[page] = block
                }
                scalar = last + 1
            }
        }
        for (page, block) in pending {
            if let index = known[block] {
                blocks[page] = index
            } else {
                blocks[page] = UInt16(words.count / 4)
                known[block] = blocks[page]
                words += block
            }
        }
        let first = Int(blocks[0]) * 4
        ascii = (words[first], words[first + 1])
        self.blocks = blocks
        self.words = words
    }

    @inline(__always) func contains(ascii byte: UInt8) -> Bool {
        (byte < 64 ? ascii.0 : ascii.1) >> UInt64(byte & 63) & 1 == 1
    }

    @inline(__always) func contains(_ scalar: UInt32) -> Bool {
        let word = Int(blocks[Int(scalar >> 8)]) * 4 + Int(scalar >> 6 & 3)
        return words[word] >> UInt64(scalar & 63) & 1 == 1
    }
}
