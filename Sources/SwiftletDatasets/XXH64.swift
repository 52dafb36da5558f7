/// The hash that Python's library names its cache files by: 64 bits, fed piece by piece.
struct XXH64 {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    private var lanes: (UInt64, UInt64, UInt64, UInt64) = (prime1 &+ prime2, prime2, 0, 0 &- prime1)
    private var rest: [UInt8] = []
    private var length: UInt64 = 0

    private static func turned(_ value: UInt64, _ bits: UInt64) -> UInt64 { value << bits | value >> (64 - bits) }

    private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
        turned(lane &+ input &* prime2, 31) &* prime1
    }

    private mutating func stripe(_ bytes: UnsafeRawBufferPointer, _ place: Int) {
        func word(_ index: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place + 8 * index, as: UInt64.self))
        }
        lanes = (
            Self.round(lanes.0, word(0)), Self.round(lanes.1, word(1)), Self.round(lanes.2, word(2)),
            Self.round(lanes.3, word(3))
        )
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        length &+= UInt64(bytes.count)
        var place = 0
        if !rest.isEmpty {
            let missing = min(32 - rest.count, bytes.count)
            rest.append(contentsOf: bytes[..<missing])
            place = missing
            guard rest.count == 32 else { return }
            let full = rest
            full.withUnsafeBytes { stripe($0, 0) }
            rest.removeAll(keepingCapacity: true)
        }
        while place + 32 <= bytes.count {
            stripe(bytes, place)
            place += 32
        }
        rest.append(contentsOf: bytes[place...])
    }

    /// A text, set off from its neighbours by its length.
    mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            withUnsafeBytes(of: UInt64(utf8.count).littleEndian) { update($0) }
            update(UnsafeRawBufferPointer(utf8))
        }
    }

    var value: UInt64 {
        var hash: UInt64
        if length >= 32 {
            hash =
                Self.turned(lanes.0, 1) &+ Self.turned(lanes.1, 7) &+ Self.turned(lanes.2, 12)
                &+ Self.turned(lanes.3, 18)
            for lane in [lanes.0, lanes.1, lanes.2, lanes.3] {
                hash = (hash ^ Self.round(0, lane)) &* Self.prime1 &+ Self.prime4
            }
        } else {
            hash = Self.prime5
        }
        hash = hash &+ length
        var place = 0
        while place + 8 <= rest.count {
            var word: UInt64 = 0
            for index in 0..<8 { word |= UInt64(rest[place + index]) << UInt64(8 * index) }
            hash = Self.turned(hash ^ Self.round(0, word), 27) &* Self.prime1 &+ Self.prime4
            place += 8
        }
        if place + 4 <= rest.count {
            var word: UInt64 = 0
            for index in 0..<4 { word |= UInt64(rest[place + index]) << UInt64(8 * index) }
            hash = Self.turned(hash ^ word &* Self.prime1, 23) &* Self.prime2 &+ Self.prime3
            place += 4
        }
        for byte in rest[place...] { hash = Self.turned(hash ^ UInt64(byte) &* Self.prime5, 11) &* Self.prime1 }
        hash = (hash ^ hash >> 33) &* Self.prime2
        hash = (hash ^ hash >> 29) &* Self.prime3
        return hash ^ hash >> 32
    }

    /// 16 hexadecimal digits.
    var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    static func text(_ parts: [String]) -> String {
        var hash = XXH64()
        for part in parts { hash.update(part) }
        return hash.text
    }
}
