/// Unicode's normalization forms.
enum NormalizationForm: String, Sendable {
    case nfc = "NFC"
    case nfd = "NFD"
    case nfkc = "NFKC"
    case nfkd = "NFKD"

    var isCompatible: Bool { self == .nfkc || self == .nfkd }
    var composes: Bool { self == .nfc || self == .nfkc }
}

extension AlignedText {
    mutating func normalize(_ form: NormalizationForm) {
        // Every form leaves ASCII as it is.
        guard bytes.contains(where: { $0 >= 0x80 }) else { return }
        let decomposed = decomposition(compatible: form.isCompatible)
        transform(form.composes ? Self.composed(decomposed) : decomposed.map(\.change))
    }

    private struct Part {
        var change: Change
        var combiningClass: UInt8
    }

    private func decomposition(compatible: Bool) -> [Part] {
        let table = UnicodeTable.shared
        var parts: [Part] = []
        parts.reserveCapacity(bytes.count)
        var runStart = 0
        // Puts a run of combining marks in order, stably.
        func finishRun() {
            if parts.count - runStart > 1 {
                let run = parts[runStart...].enumerated().sorted {
                    ($0.element.combiningClass, $0.offset) < ($1.element.combiningClass, $1.offset)
                }
                parts.replaceSubrange(runStart..., with: run.map(\.element))
            }
        }
        func append(_ scalar: UInt32, _ change: Int) {
            let order = table[scalar].combiningClass
            if order == 0 { finishRun() }
            parts.append(Part(change: Change(scalar: scalar, change: change), combiningClass: order))
            if order == 0 { runStart = parts.count }
        }
        for scalar in scalars {
            var change = 0
            func take(_ part: UInt32) {
                append(part, change)
                change = 1
            }
            if compatible {
                table.decomposeCompatibly(scalar, take)
            } else {
                table.decompose(scalar, table[scalar], take)
            }
        }
        finishRun()
        return parts
    }

    /// A composite takes over the changes of its parts: what it stands for is what they stood for together.
    private static func composed(_ parts: [Part]) -> [Change] {
        let compositions = Compositions.shared
        var result: [Change] = []
        result.reserveCapacity(parts.count)
        /// The place of the last scalar of class 0.
        var starter: Int?
        /// The class of the last scalar that stayed after it.
        var lastClass: UInt8?
        for part in parts {
            let order = part.combiningClass
            if let starter, lastClass == nil || lastClass ?? 0 < order,
                let composite = compositions[result[starter].scalar, part.change.scalar]
            {
                result[starter].scalar = composite
                result[starter].change += part.change.change - 1
                continue
            }
            result.append(part.change)
            if order == 0 {
                starter = result.count - 1
                lastClass = nil
            } else if starter != nil {
                lastClass = order
            }
        }
        return result
    }

    mutating func lowercase() {
        let table = UnicodeTable.shared
        var changes: [Change] = []
        changes.reserveCapacity(bytes.count)
        for scalar in scalars {
            var change = 0
            table.lowercase(scalar, table[scalar]) { part in
                changes.append(Change(scalar: part, change: change))
                change = 1
            }
        }
        transform(changes)
    }

    /// Puts the visible stand-in of each byte in its place.
    mutating func mapBytes() {
        let alphabet = ByteAlphabet.shared
        var result = AlignedText(origin: origin, capacity: bytes.count * 2)
        for (byte, alignment) in zip(bytes, alignments) {
            alphabet.forEachByte(of: byte) { result.append($0, alignment) }
        }
        self = result
    }
}
