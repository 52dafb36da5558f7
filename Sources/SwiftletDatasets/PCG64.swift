/// numpy's default generator, so that shuffles and splits are Python's for the same seed.
struct PCG64 {
    private var state: UInt128 = 0
    private let increment: UInt128
    private var buffered: UInt32?

    /// As `numpy.random.default_rng(seed)`.
    init(seed: UInt64) {
        let words = Self.seedSequence(seed)
        func wide(_ index: Int) -> UInt128 { UInt128(words[index]) << 64 | UInt128(words[index + 1]) }
        increment = wide(2) << 1 | 1
        step()
        state &+= wide(0)
        step()
    }

    private mutating func step() {
        let multiplier = UInt128(0x2360_ED05_1FC6_5DA4) << 64 | UInt128(0x4385_DF64_9FCC_F645)
        state = state &* multiplier &+ increment
    }

    mutating func next() -> UInt64 {
        step()
        let mixed = UInt64(truncatingIfNeeded: state >> 64) ^ UInt64(truncatingIfNeeded: state)
        let turn = UInt64(truncatingIfNeeded: state >> 122)
        return mixed >> turn | mixed << ((64 &- turn) & 63)
    }

    /// The low half of an output first, then the high one.
    private mutating func next32() -> UInt32 {
        if let value = buffered {
            buffered = nil
            return value
        }
        let value = next()
        buffered = UInt32(truncatingIfNeeded: value >> 32)
        return UInt32(truncatingIfNeeded: value)
    }

    /// A number in `0...limit`, by rejection under the smallest mask.
    private mutating func number(upTo limit: UInt64) -> UInt64 {
        guard limit > 0 else { return 0 }
        let mask = UInt64.max >> UInt64(limit.leadingZeroBitCount)
        while true {
            let value = (limit <= UInt64(UInt32.max) ? UInt64(next32()) : next()) & mask
            if value <= limit { return value }
        }
    }

    /// As `Generator.permutation(count)`.
    mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for index in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(index, Int(number(upTo: UInt64(index))))
        }
        return order
    }

    /// As `SeedSequence(seed).generate_state(4, uint64)`.
    private static func seedSequence(_ seed: UInt64) -> [UInt64] {
        let entropy = [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32), 0, 0]
        var hash: UInt32 = 0x43B0_D7E5
        func mixed(_ value: UInt32, _ multiplier: UInt32) -> UInt32 {
            var value = value ^ hash
            hash = hash &* multiplier
            value = value &* hash
            return value ^ value >> 16
        }
        var pool = entropy.map { mixed($0, 0x931E_8875) }
        for source in 0..<4 {
            for target in 0..<4 where target != source {
                let value = mixed(pool[source], 0x931E_8875)
                let sum = 0xCA01_F9DD &* pool[target] &- 0x4973_F715 &* value
                pool[target] = sum ^ sum >> 16
            }
        }
        hash = 0x8B51_F9DD
        let words = (0..<8).map { mixed(pool[$0 % 4], 0x58F3_8DED) }
        return (0..<4).map { UInt64(words[2 * $0]) | UInt64(words[2 * $0 + 1]) << 32 }
    }
}
