import SwiftletIO
import Testing

@Suite struct CRC32CTests {
    /// The values of RFC 3720, B.4, and the check value of the catalogue of CRC algorithms.
    @Test(
        arguments: [
            ([UInt8](), 0), ([UInt8]("123456789".utf8), 0xE306_9283),
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            ([UInt8](0..<32), 0x46DD_794E), ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
        ] as [([UInt8], UInt32)])
    func `has the published values`(bytes: [UInt8], expected: UInt32) {
        #expect(CRC32C.checksum(of: bytes) == expected)
    }

    /// Bit by bit, as the definition has it, for lengths around the eight bytes that are read at once.
    @Test func `equals the definition for every length and every cut`() {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<67).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for count in 0...bytes.count {
            let whole = Array(bytes.prefix(count))
            var register: UInt32 = 0xFFFF_FFFF
            for byte in whole {
                register ^= UInt32(byte)
                for _ in 0..<8 { register = register & 1 == 1 ? register >> 1 ^ 0x82F6_3B78 : register >> 1 }
            }
            for cut in 0...count {
                var crc = CRC32C()
                crc.update(Array(whole.prefix(cut)))
                crc.update(Array(whole.dropFirst(cut)))
                #expect(crc.value == ~register, "\(count) bytes cut at \(cut)")
            }
        }
    }

    /// The length field of a record that holds 24 bytes, from an event file written by TensorBoard's own writer.
    @Test func `masks as TensorFlow's record files do`() {
        var crc = CRC32C()
        crc.update([24, 0, 0, 0, 0, 0, 0, 0])
        #expect(crc.masked == 0x224B_7FA3)
    }
}
