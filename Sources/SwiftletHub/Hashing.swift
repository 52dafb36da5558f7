/// The part that SHA-1 and SHA-256 share: bytes are collected into blocks of 64, and the last block holds the length.
struct BlockBuffer {
    private var pending: [UInt8] = []
    private var length: UInt64 = 0

    init() { pending.reserveCapacity(128) }

    mutating func add(_ bytes: UnsafeRawBufferPointer, _ process: (UnsafeRawPointer) -> Void) {
        length &+= UInt64(bytes.count)
        var bytes = bytes[...]
        if !pending.isEmpty {
            let count = min(64 - pending.count, bytes.count)
            pending.append(contentsOf: bytes.prefix(count))
            bytes = bytes.dropFirst(count)
            guard pending.count == 64 else { return }
            pending.withUnsafeBytes { process($0.baseAddress!) }
            pending.removeAll(keepingCapacity: true)
        }
        let whole = UnsafeRawBufferPointer(rebasing: bytes)
        var offset = 0
        while offset + 64 <= whole.count {
            process(whole.baseAddress! + offset)
            offset += 64
        }
        pending.append(contentsOf: whole[offset...])
    }

    mutating func finish(_ process: (UnsafeRawPointer) -> Void) {
        let bits = length &* 8
        pending.append(0x80)
        while pending.count % 64 != 56 { pending.append(0) }
        for shift in stride(from: 56, through: 0, by: -8) {
            pending.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
        pending.withUnsafeBytes { bytes in
            for offset in stride(from: 0, to: bytes.count, by: 64) { process(bytes.baseAddress! + offset) }
        }
    }
}

/// SHA-256 (FIPS 180-4), the hash of large files on the Hub.
package struct SHA256 {
    private var buffer = BlockBuffer()
    private var state = SHA256State()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var state = state
        buffer.add(bytes) { state.process($0) }
        self.state = state
    }

    /// The hash in hex digits.
    package mutating func finish() -> String {
        var state = state
        buffer.finish { state.process($0) }
        return hex([state.a, state.b, state.c, state.d, state.e, state.f, state.g, state.h])
    }

    package static func hash(_ bytes: [UInt8]) -> String {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.finish()
    }
}

/// SHA-1 (FIPS 180-4), the hash of a small file as Git names it.
package struct SHA1 {
    private var buffer = BlockBuffer()
    private var state = SHA1State()

    package init() {}

    /// The hash that Git gives a file of this size: a header comes before the bytes.
    package init(gitBlobOf size: Int) {
        let header = Array("blob \(size)\0".utf8)
        header.withUnsafeBytes { update($0) }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var state = state
        buffer.add(bytes) { state.process($0) }
        self.state = state
    }

    /// The hash in hex digits.
    package mutating func finish() -> String {
        var state = state
        buffer.finish { state.process($0) }
        return hex([state.a, state.b, state.c, state.d, state.e])
    }

    package static func gitBlob(_ bytes: [UInt8]) -> String {
        var hash = SHA1(gitBlobOf: bytes.count)
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.finish()
    }
}

private func hex(_ words: [UInt32]) -> String {
    words.map { word in
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
}

@inline(__always) private func rotated(_ value: UInt32, right count: UInt32) -> UInt32 {
    (value &>> count) | (value &<< (32 &- count))
}

@inline(__always) private func word(_ block: UnsafeRawPointer, _ index: Int) -> UInt32 {
    UInt32(bigEndian: block.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
}

private struct SHA256State {
    var a: UInt32 = 0x6a09_e667, b: UInt32 = 0xbb67_ae85, c: UInt32 = 0x3c6e_f372, d: UInt32 = 0xa54f_f53a
    var e: UInt32 = 0x510e_527f, f: UInt32 = 0x9b05_688c, g: UInt32 = 0x1f83_d9ab, h: UInt32 = 0x5be0_cd19

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    static let constants: [UInt32] = [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ]

    mutating func process(_ block: UnsafeRawPointer) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
            for i in 0..<16 { w[i] = word(block, i) }
            for i in 16..<64 {
                let x = w[i &- 15]
                let y = w[i &- 2]
                let s0 = rotated(x, right: 7) ^ rotated(x, right: 18) ^ (x &>> 3)
                let s1 = rotated(y, right: 17) ^ rotated(y, right: 19) ^ (y &>> 10)
                w[i] = w[i &- 16] &+ s0 &+ w[i &- 7] &+ s1
            }
            var (a, b, c, d, e, f, g, h) = (a, b, c, d, e, f, g, h)
            Self.constants.withUnsafeBufferPointer { k in
                for i in 0..<64 {
                    let s1 = rotated(e, right: 6) ^ rotated(e, right: 11) ^ rotated(e, right: 25)
                    let t1 = h &+ s1 &+ ((e & f) ^ (~e & g)) &+ k[i] &+ w[i]
                    let s0 = rotated(a, right: 2) ^ rotated(a, right: 13) ^ rotated(a, right: 22)
                    let t2 = s0 &+ ((a & b) ^ (a & c) ^ (b & c))
                    h = g
                    g = f
                    f = e
                    e = d &+ t1
                    d = c
                    c = b
                    b = a
                    a = t1 &+ t2
                }
            }
            self.a &+= a
            self.b &+= b
            self.c &+= c
            self.d &+= d
            self.e &+= e
            self.f &+= f
            self.g &+= g
            self.h &+= h
        }
    }
}

private struct SHA1State {
    var a: UInt32 = 0x6745_2301, b: UInt32 = 0xefcd_ab89, c: UInt32 = 0x98ba_dcfe, d: UInt32 = 0x1032_5476
    var e: UInt32 = 0xc3d2_e1f0

    mutating func process(_ block: UnsafeRawPointer) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 80) { w in
            for i in 0..<16 { w[i] = word(block, i) }
            for i in 16..<80 { w[i] = rotated(w[i &- 3] ^ w[i &- 8] ^ w[i &- 14] ^ w[i &- 16], right: 31) }
            var (a, b, c, d, e) = (a, b, c, d, e)
            for i in 0..<80 {
                let (f, k): (UInt32, UInt32) =
                    switch i {
                    case ..<20: ((b & c) | (~b & d), 0x5a82_7999)
                    case ..<40: (b ^ c ^ d, 0x6ed9_eba1)
                    case ..<60: ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc)
                    default: (b ^ c ^ d, 0xca62_c1d6)
                    }
                let next = rotated(a, right: 27) &+ f &+ e &+ k &+ w[i]
                e = d
                d = c
                c = rotated(b, right: 2)
                b = a
                a = next
            }
            self.a &+= a
            self.b &+= b
            self.c &+= c
            self.d &+= d
            self.e &+= e
        }
    }
}
