/// Properties and mappings of all scalars, as the Rust library has them.
///
/// One 32-bit entry a scalar in blocks of 256, with equal empty blocks shared.
struct UnicodeTable: Sendable {
    struct Entry {
        let bits: UInt32
        static let removed: UInt32 = 1
        static let space: UInt32 = 1 << 1
        static let ideograph: UInt32 = 1 << 2
        static let mark: UInt32 = 1 << 3
        static let punctuation: UInt32 = 1 << 4
        static let whitespace: UInt32 = 1 << 5
        static let word: UInt32 = 1 << 6
        static let lowercases: UInt32 = 1 << 7
        static let decomposes: UInt32 = 1 << 8
        static let combiningShift: UInt32 = 9
        static let combining: UInt32 = 0xFF << combiningShift
        static let mappingShift: UInt32 = 17

        @inline(__always) func has(_ flags: UInt32) -> Bool { bits & flags != 0 }
        @inline(__always) var combiningClass: UInt8 { UInt8(truncatingIfNeeded: bits >> Self.combiningShift) }
        @inline(__always) var mapping: Int { Int(bits >> Self.mappingShift) }
    }

    private struct Mapping {
        var decomposition: Range<UInt16> = 0..<0
        var compatible: Range<UInt16> = 0..<0
        var lowercase: Range<UInt16> = 0..<0
    }

    static let shared = UnicodeTable()

    // Sendable: written in `init` only, and never freed.
    private nonisolated(unsafe) let blocks: UnsafePointer<UInt16>
    private nonisolated(unsafe) let entries: UnsafePointer<UInt32>
    private nonisolated(unsafe) let mappings: UnsafePointer<Mapping>
    private nonisolated(unsafe) let pool: UnsafePointer<UInt32>
    /// What composition leads to, but Hangul syllables.
    let canonicalComposites: [UInt32]

    @inline(__always) subscript(scalar: UInt32) -> Entry {
        Entry(bits: entries[Int(blocks[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)])
    }

    /// Calls `body` with each scalar of the lowercase form.
    @inline(__always) func lowercase(_ scalar: UInt32, _ entry: Entry, _ body: (UInt32) -> Void) {
        guard entry.has(Entry.lowercases) else { return body(scalar) }
        for index in mappings[entry.mapping].lowercase { body(pool[Int(index)]) }
    }

    /// Calls `body` with each scalar of the full canonical decomposition, unordered.
    @inline(__always) func decompose(_ scalar: UInt32, _ entry: Entry, _ body: (UInt32) -> Void) {
        guard entry.has(Entry.decomposes) else { return body(scalar) }
        if scalar >= 0xAC00, scalar < 0xAC00 + 11172 {
            let index = scalar - 0xAC00
            body(0x1100 + index / 588)
            body(0x1161 + index % 588 / 28)
            if index % 28 != 0 { body(0x11A7 + index % 28) }
            return
        }
        for index in mappings[entry.mapping].decomposition { body(pool[Int(index)]) }
    }

    /// Calls `body` with each scalar of the full compatibility decomposition, unordered.
    func decomposeCompatibly(_ scalar: UInt32, _ body: (UInt32) -> Void) {
        let entry = self[scalar]
        let compatible = mappings[entry.mapping].compatible
        guard !compatible.isEmpty else { return decompose(scalar, entry, body) }
        for index in compatible { body(pool[Int(index)]) }
    }

    private init() {
        var blocks = [UInt16](repeating: 0, count: 0x1100)
        var entries = [UInt32](repeating: 0, count: 256)
        var mappings = [Mapping()]
        var pool: [UInt32] = []

        func set(_ range: ClosedRange<UInt32>, _ bits: UInt32) {
            var scalar = range.lowerBound
            while scalar <= range.upperBound {
                let page = Int(scalar >> 8)
                if blocks[page] == 0 {
                    blocks[page] = UInt16(entries.count >> 8)
                    entries.append(contentsOf: repeatElement(0, count: 256))
                }
                let base = Int(blocks[page]) << 8
                let last = min(range.upperBound, scalar | 0xFF)
                for index in Int(scalar & 0xFF)...Int(last & 0xFF) { entries[base + index] |= bits }
                scalar = last + 1
            }
        }
        func mapping(of scalar: UInt32, _ bit: UInt32) -> Int {
            set(scalar...scalar, bit)
            let position = Int(blocks[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)
            let existing = Int(entries[position] >> Entry.mappingShift)
            if existing > 0 { return existing }
            mappings.append(Mapping())
            entries[position] |= UInt32(mappings.count - 1) << Entry.mappingShift
            return mappings.count - 1
        }

        for (text, bit) in [
            (UnicodeData.removed, Entry.removed), (UnicodeData.spaces, Entry.space),
            (UnicodeData.ideographs, Entry.ideograph), (UnicodeData.marks, Entry.mark),
            (UnicodeData.punctuation, Entry.punctuation), (UnicodeData.whitespace, Entry.whitespace),
            (UnicodeData.word, Entry.word),
        ] {
            var reader = HexadecimalReader(text)
            while let range = reader.range() { set(range, bit) }
        }
        var reader = HexadecimalReader(UnicodeData.combiningClasses)
        while let order = reader.number() {
            while let range = reader.range() { set(range, order << Entry.combiningShift) }
        }
        var canonical: [UInt32] = []
        reader = HexadecimalReader(UnicodeData.decompositions)
        while let scalar = reader.number() {
            let start = UInt16(pool.count)
            while let part = reader.number() { pool.append(part) }
            mappings[mapping(of: scalar, Entry.decomposes)].decomposition = start..<UInt16(pool.count)
            canonical.append(scalar)
        }
        set(0xAC00...0xAC00 + 11171, Entry.decomposes)
        reader = HexadecimalReader(UnicodeData.lowercases)
        while let scalar = reader.number() {
            let start = UInt16(pool.count)
            while let part = reader.number() { pool.append(part) }
            mappings[mapping(of: scalar, Entry.lowercases)].lowercase = start..<UInt16(pool.count)
        }

        reader = HexadecimalReader(UnicodeData.compatibles)
        while let scalar = reader.number() {
            let start = UInt16(pool.count)
            while let part = reader.number() { pool.append(part) }
            mappings[mapping(of: scalar, 0)].compatible = start..<UInt16(pool.count)
        }
        var excluded: Set<UInt32> = []
        reader = HexadecimalReader(UnicodeData.excluded)
        while let range = reader.range() { excluded.formUnion(range) }
        canonicalComposites = canonical.filter { !excluded.contains($0) }

        self.blocks = Self.keep(blocks)
        self.entries = Self.keep(entries)
        self.mappings = Self.keep(mappings)
        self.pool = Self.keep(pool)
    }

    private static func keep<Element>(_ array: [Element]) -> UnsafePointer<Element> {
        let pointer = UnsafeMutablePointer<Element>.allocate(capacity: max(array.count, 1))
        pointer.initialize(from: array, count: array.count)
        return UnsafePointer(pointer)
    }
}

/// Reads the lists of `UnicodeData`: numbers end at any other character, a group ends at `;` or at the end.
struct HexadecimalReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var groupEnded = false

    init(_ text: StaticString) {
        bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    /// The next number of this group; `nil` once at its end, after which the next group begins.
    mutating func number() -> UInt32? {
        if groupEnded {
            groupEnded = false
            return nil
        }
        guard position < bytes.count else { return nil }
        var value: UInt32 = 0
        while position < bytes.count, let digit = digit(bytes[position]) {
            value = value << 4 | digit
            position += 1
        }
        finishNumber()
        return value
    }

    mutating func range() -> ClosedRange<UInt32>? {
        if groupEnded || position >= bytes.count { return number().map { $0...$0 } }
        var lower: UInt32 = 0
        while position < bytes.count, let digit = digit(bytes[position]) {
            lower = lower << 4 | digit
            position += 1
        }
        guard position < bytes.count, bytes[position] == UInt8(ascii: "-") else {
            finishNumber()
            return lower...lower
        }
        position += 1
        guard let upper = number() else { return lower...lower }
        return lower...max(lower, upper)
    }

    private mutating func finishNumber() {
        if position >= bytes.count {
            groupEnded = true
        } else {
            groupEnded = bytes[position] == UInt8(ascii: ";")
            position += 1
        }
    }

    private func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x61...0x66: UInt32(byte - 0x57)
        default: nil
        }
    }
}
