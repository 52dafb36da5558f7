/// The pairs of scalars that NFC and NFKC make one of.
struct Compositions: Sendable {
    static let shared = Compositions()

    private let composites: [UInt64: UInt32]

    private init() {
        // A composite is made of what makes up all but the last scalar of its decomposition, and that last one.
        var whole: [[UInt32]: UInt32] = [:]
        let table = UnicodeTable.shared
        let candidates = table.canonicalComposites
        var decompositions: [(scalar: UInt32, parts: [UInt32])] = []
        for scalar in candidates {
            var parts: [UInt32] = []
            table.decompose(scalar, table[scalar]) { parts.append($0) }
            decompositions.append((scalar, parts))
            whole[parts] = scalar
        }
        var composites: [UInt64: UInt32] = [:]
        for (scalar, parts) in decompositions {
            guard let last = parts.last else { continue }
            let rest = Array(parts.dropLast())
            guard let first = rest.count == 1 ? rest[0] : whole[rest] else { continue }
            composites[Self.key(first, last)] = scalar
        }
        self.composites = composites
    }

    private static func key(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

    subscript(_ first: UInt32, _ second: UInt32) -> UInt32? {
        // Nothing composes with ASCII or Latin-1 as the second.
        if second < 0x300 { return nil }
        if (0x1100..<0x1113).contains(first), (0x1161..<0x1176).contains(second) {
            return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28
        }
        if (0xAC00..<0xAC00 + 11172).contains(first), (first - 0xAC00) % 28 == 0, (0x11A8..<0x11C3).contains(second) {
            return first + second - 0x11A7
        }
        return composites[Self.key(first, second)]
    }
}
