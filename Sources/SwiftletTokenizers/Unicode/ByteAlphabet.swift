/// The visible scalars that stand for bytes in byte-level tokenizers: most of Latin-1 for itself, the rest from U+0100.
struct ByteAlphabet: Sendable {
    static let shared = ByteAlphabet()

    /// The scalar of each byte.
    let scalars: [UInt32]
    /// The byte of each scalar up to the last one that stands for a byte; -1 for none.
    private let values: [Int16]

    private init() {
        var scalars: [UInt32] = []
        var next: UInt32 = 0x100
        for byte in UInt32(0)..<256 {
            let isVisible = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
            scalars.append(isVisible ? byte : next)
            if !isVisible { next += 1 }
        }
        var values = [Int16](repeating: -1, count: Int(next))
        for (byte, scalar) in scalars.enumerated() { values[Int(scalar)] = Int16(byte) }
        self.scalars = scalars
        self.values = values
    }

    /// The byte that a scalar stands for.
    func byte(of scalar: UInt32) -> UInt8? {
        guard scalar < values.count, values[Int(scalar)] >= 0 else { return nil }
        return UInt8(truncatingIfNeeded: values[Int(scalar)])
    }

    /// The UTF-8 of a byte's scalar.
    @inline(__always) func forEachByte(of byte: UInt8, _ body: (UInt8) -> Void) {
        UTF8Bytes.encode(scalars[Int(byte)], body)
    }
}
