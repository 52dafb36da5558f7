/// A protocol-buffer message, field by field in the order they are added.
///
/// The few kinds of fields that event files need are written by hand: a generated reader of all of TensorFlow's
/// messages would be far larger than the files it writes.
struct ProtobufMessage {
    private(set) var bytes: [UInt8] = []

    private enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case delimited = 2
        case fixed32 = 5
    }

    private mutating func key(_ field: UInt64, _ type: WireType) {
        varint(field << 3 | type.rawValue)
    }

    /// Seven bits a byte, lowest first; the top bit says that more follow.
    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func add(_ field: UInt64, int value: Int64) {
        key(field, .varint)
        varint(UInt64(bitPattern: value))
    }

    mutating func add(_ field: UInt64, double value: Double) {
        key(field, .fixed64)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ field: UInt64, float value: Float) {
        key(field, .fixed32)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ field: UInt64, text: String) {
        key(field, .delimited)
        varint(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func add(_ field: UInt64, message: ProtobufMessage) {
        key(field, .delimited)
        varint(UInt64(message.bytes.count))
        bytes.append(contentsOf: message.bytes)
    }
}
