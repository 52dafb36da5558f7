/// General categories, scripts and grapheme classes of all scalars, as the Rust library's parts have them.
///
/// One 32-bit entry a scalar in blocks of 256, with equal empty blocks shared. Apart from `UnicodeTable`, so that BERT's
/// tokenizers need not wait for it.
struct PropertyTable: Sendable {
    struct Entry {
        let bits: UInt32
        static let categories: UInt32 = 0x1F
        static let space: UInt32 = 1 << 5
        static let word: UInt32 = 1 << 6
        static let numeric: UInt32 = 1 << 7
        static let combiningMark: UInt32 = 1 << 8
        static let graphemeShift: UInt32 = 9
        static let conjunctShift: UInt32 = 13
        static let scriptShift: UInt32 = 16

        /// An index into `UnicodePropertyData.categories`, from 1; 0 is unassigned.
        @inline(__always) var category: UInt32 { bits & Self.categories }
        /// `\p{L}`: the categories 1 to 5.
        @inline(__always) var isLetter: Bool { category &- 1 < 5 }
        /// `\p{N}`: the categories 9 to 11.
        @inline(__always) var isNumber: Bool { category &- 9 < 3 }
        @inline(__always) var isSpace: Bool { bits & Self.space != 0 }
        var grapheme: GraphemeClass { GraphemeClass(rawValue: UInt8(bits >> Self.graphemeShift & 0xF)) ?? .other }
        var conjunct: ConjunctPart { ConjunctPart(rawValue: UInt8(bits >> Self.conjunctShift & 3)) ?? .none }
        /// Equal for scalars of one script; 0 goes with every script.
        var script: UInt32 { bits >> Self.scriptShift }
    }

    enum GraphemeClass: UInt8 {
        case other, control, extend, joiner, spacing, prepend, leading, vowel, trailing, regional, pictograph
    }

    enum ConjunctPart: UInt8 {
        case none, consonant, linker, extend
    }

    static let shared = PropertyTable()

    // Sendable: written in `init` only, and never freed.
    private nonisolated(unsafe) let blocks: UnsafePointer<UInt16>
    private nonisolated(unsafe) let entries: UnsafePointer<UInt32>

    @inline(__always) subscript(scalar: UInt32) -> Entry {
        Entry(bits: entries[Int(blocks[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)])
    }

    private init() {
        var blocks = [UInt16](repeating: 0, count: 0x1100)
        var entries = [UInt32](repeating: 0, count: 256)

        func set(_ text: StaticString, _ bits: UInt32) {
            var reader = HexadecimalReader(text)
            while let range = reader.range() { set(range, bits) }
        }
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

        for (index, category) in UnicodePropertyData.categories.enumerated() {
            set(category.scalars, UInt32(index + 1))
        }
        set(UnicodePropertyData.spaces, Entry.space)
        set(UnicodePropertyData.words, Entry.word)
        set(UnicodePropertyData.numeric, Entry.numeric)
        set(UnicodePropertyData.combiningMarks, Entry.combiningMark)
        for (index, group) in UnicodePropertyData.graphemes.enumerated() {
            set(group.scalars, UInt32(index + 1) << Entry.graphemeShift)
        }
        for (index, group) in UnicodePropertyData.conjuncts.enumerated() {
            set(group.scalars, UInt32(index + 1) << Entry.conjunctShift)
        }
        var reader = HexadecimalReader(UnicodePropertyData.scriptGroups)
        var script: UInt32 = 1
        while let first = reader.range() {
            set(first, script << Entry.scriptShift)
            while let range = reader.range() { set(range, script << Entry.scriptShift) }
            script += 1
        }

        self.blocks = Self.keep(blocks)
        self.entries = Self.keep(entries)
    }

    private static func keep<Element>(_ array: [Element]) -> UnsafePointer<Element> {
        let pointer = UnsafeMutablePointer<Element>.allocate(capacity: max(array.count, 1))
        pointer.initialize(from: array, count: array.count)
        return UnsafePointer(pointer)
    }
}
