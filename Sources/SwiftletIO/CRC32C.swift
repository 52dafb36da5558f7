/// The checksum CRC-32C (Castagnoli): that of iSCSI, ext4 and TensorFlow's record files.
///
/// It finds every change of up to 32 neighbouring bits, which a torn or damaged file is likely to have; it is no
/// protection against somebody who means harm.
public struct CRC32C: Sendable {
    private var register: UInt32 = 0xFFFF_FFFF

    /// The checksum of no bytes.
    public init() {}

    /// The checksum of all bytes so far.
    public var value: UInt32 { ~register }

    /// The checksum in the form that TensorFlow's record files store: rotated and shifted, so that a checksum of
    /// data which holds checksums stays a good one.
    public var masked: UInt32 { (value >> 15 | value << 17) &+ 0xA282_EAD8 }

    /// Takes in more bytes; how they are cut into pieces makes no difference.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var crc = register
        Self.tables.withUnsafeBufferPointer { table in
            var rest = bytes
            // Eight bytes at a time, each looked up in the table for its distance from the end of the eight.
            while rest.count >= 8 {
                let word = UInt64(littleEndian: rest.loadUnaligned(as: UInt64.self)) ^ UInt64(crc)
                let near = table[0x700 + Int(word & 0xFF)] ^ table[0x600 + Int(word >> 8 & 0xFF)]
                let next = table[0x500 + Int(word >> 16 & 0xFF)] ^ table[0x400 + Int(word >> 24 & 0xFF)]
                let third = table[0x300 + Int(word >> 32 & 0xFF)] ^ table[0x200 + Int(word >> 40 & 0xFF)]
                let far = table[0x100 + Int(word >> 48 & 0xFF)] ^ table[Int(word >> 56)]
                crc = near ^ next ^ third ^ far
                rest = UnsafeRawBufferPointer(rebasing: rest[8...])
            }
            for byte in rest { crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8 }
        }
        register = crc
    }

    /// Takes in more bytes.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The checksum of a whole list of bytes.
    public static func checksum(of bytes: [UInt8]) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }

    /// The checksum of a file.
    public static func ofFile(_ path: String) throws(FileError) -> UInt32 {
        let file = try MappedFile(path)
        var crc = CRC32C()
        withExtendedLifetime(file) { crc.update(file.bytes) }
        return crc.value
    }

    /// Eight tables of 256: entry `b` of table `k` is the checksum's change by byte `b` followed by `k` zero bytes.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            // The polynomial 0x1EDC6F41, bits reversed.
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
            tables[byte] = crc
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        return tables
    }()
}
