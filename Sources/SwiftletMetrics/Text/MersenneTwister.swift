/// The generator MT19937 (Matsumoto & Nishimura 1998) with the seeding and the bounded numbers of
/// `numpy.random.RandomState`, so that what Python draws from a seed is drawn here too.
struct MersenneTwister {
    private var state: [UInt32]
    private var index = 624

    init(seed: UInt32) {
        state = [seed]
        state.reserveCapacity(624)
        for place in 1..<624 {
            let last = state[place - 1]
            state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(place))
        }
    }

    mutating func next() -> UInt32 {
        if index == 624 { twist() }
        var word = state[index]
        index += 1
        word ^= word >> 11
        word ^= (word << 7) & 0x9d2c_5680
        word ^= (word << 15) & 0xefc6_0000
        return word ^ (word >> 18)
    }

    private mutating func twist() {
        for place in 0..<624 {
            let joined = (state[place] & 0x8000_0000) | (state[(place + 1) % 624] & 0x7fff_ffff)
            state[place] = state[(place + 397) % 624] ^ (joined >> 1) ^ (joined & 1 == 0 ? 0 : 0x9908_b0df)
        }
        index = 0
    }

    /// A number from 0 to `limit`, as `randint` draws it: with as many bits as the limit has, until one fits.
    mutating func next(upTo limit: UInt32) -> UInt32 {
        if limit == 0 { return 0 }
        let mask = UInt32.max >> UInt32(limit.leadingZeroBitCount)
        while true {
            let number = next() & mask
            if number <= limit { return number }
        }
    }
}
