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

extension PCG64 {
    /// A number in `0..<1`, as `Generator.random()`.
    mutating func double() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// The sums of probabilities that `choice` compares with.
    static func limits(_ probabilities: [Double]) -> [Double] {
        var sum = 0.0
        let sums = probabilities.map { probability in
            sum += probability
            return sum
        }
        return sums.map { $0 / sum }
    }

    /// As one element of `Generator.choice(n, size, p=probabilities)`.
    mutating func choice(_ limits: [Double]) -> Int {
        let value = double()
        return min(limits.firstIndex { $0 > value } ?? limits.count, limits.count - 1)
    }

    /// As an element of `Generator.integers(bound, size:)`: numbers below `bound`, by Lemire's method.
    mutating func integer(below bound: UInt32) -> Int {
        guard bound > 1 else { return 0 }
        var product = UInt64(next32()) &* UInt64(bound)
        if UInt32(truncatingIfNeeded: product) < bound {
            let threshold = (0 &- bound) % bound
            while UInt32(truncatingIfNeeded: product) < threshold { product = UInt64(next32()) &* UInt64(bound) }
        }
        return Int(product >> 32)
    }

    /// As `Generator.choice(n, size: count, replace: false)` for `n` up to 10000: Floyd's sampling, then a shuffle.
    mutating func choice(of n: Int, count: Int) -> [Int] {
        var chosen: [Int] = []
        for last in (n - count)..<n {
            let value = integer(below: UInt32(last) + 1)
            chosen.append(chosen.contains(value) ? last : value)
        }
        for index in stride(from: count - 1, to: 0, by: -1) {
            chosen.swapAt(index, integer(below: UInt32(index) + 1))
        }
        return chosen
    }

    /// As `default_rng(rng.integers(0, 1 << 63) - epoch)`: the generator of a later pass over a stream.
    func shifted(by epoch: Int) -> PCG64 {
        var copy = self
        // Bounds of 64 bits are reached by the high half of a product; 2^63 never needs a second draw.
        let seed = copy.next() >> 1
        return PCG64(seed: seed &- UInt64(epoch))
    }

    /// How many of each class come when `draws` rows are taken: about as many as their share, ties drawn at random.
    /// As scikit-learn's `_approximate_mode`.
    mutating func approximateMode(_ counts: [Int], draws: Int) -> [Int] {
        let total = Double(counts.reduce(0, +))
        let shares = counts.map { Double(draws * $0) / total }
        var result = shares.map { Int($0) }
        var missing = draws - result.reduce(0, +)
        let remainders = shares.map { $0 - $0.rounded(.down) }
        for value in Set(remainders).sorted(by: >) where missing > 0 {
            let classes = remainders.indices.filter { remainders[$0] == value }
            let added = min(classes.count, missing)
            for index in choice(of: classes.count, count: added) { result[classes[index]] += 1 }
            missing -= added
        }
        return result
    }
}
