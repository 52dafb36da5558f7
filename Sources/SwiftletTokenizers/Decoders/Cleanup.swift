/// Replacements in decoded text.
enum Cleanup {
    /// In this order, each on the result of the one before.
    private static let replacements: [(from: [UInt8], to: [UInt8])] = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ].map { (Array($0.0.utf8), Array($0.1.utf8)) }

    /// Without the spaces that tokenization of English put in.
    static func apply(to bytes: [UInt8]) -> [UInt8] {
        // Every pattern begins with a space.
        guard bytes.contains(0x20) else { return bytes }
        return replacements.reduce(bytes) { replace($1.from, with: $1.to, in: $0) }
    }

    /// Each occurrence of some bytes replaced, from left to right. The empty text occurs between all scalars.
    static func replace(_ from: [UInt8], with to: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        guard let first = from.first else {
            var result = to
            for (index, byte) in bytes.enumerated() {
                result.append(byte)
                if index + 1 == bytes.count || bytes[index + 1] & 0xC0 != 0x80 { result += to }
            }
            return result
        }
        guard bytes.count >= from.count else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var position = 0
        while position < bytes.count {
            if bytes[position] == first, bytes[position...].starts(with: from) {
                result += to
                position += from.count
            } else {
                result.append(bytes[position])
                position += 1
            }
        }
        return result
    }
}
