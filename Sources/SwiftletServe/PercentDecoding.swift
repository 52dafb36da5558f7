import Hummingbird

extension ServingRequestContext {
    /// A part of the address, such as the name of a model, as it was before it was put there.
    func parameter(_ name: String) -> String? { parameters.get(name)?.percentDecoded }
}

extension String {
    /// The text with `%41` as `A`. What is no such code stays; what is no UTF-8 afterwards becomes replacement characters.
    var percentDecoded: String {
        func digit(_ byte: UInt8?) -> UInt8? { byte.flatMap { UInt8(String(UnicodeScalar($0)), radix: 16) } }
        guard utf8.contains(UInt8(ascii: "%")) else { return self }
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let high = digit(rest.first), let low = digit(rest.dropFirst().first) {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
