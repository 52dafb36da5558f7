/// The extended grapheme clusters of a text, in the Unicode version of the Rust library.
///
/// Swift's own characters are those of the standard library's version, which changes from system to system.
struct GraphemeBreaks {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let table = PropertyTable.shared
    private var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// What matters of the scalars of a cluster so far.
    private struct State {
        var kind: Kind
        var isRegionalPair = false
        /// A pictograph and what extends it, and then a joiner.
        var pictograph = false
        var joinedPictograph = false
        /// A consonant and what extends it, with a linker or without.
        var consonant = false
        var linkedConsonant = false
    }

    private enum Kind {
        case carriageReturn, lineFeed, syllableLV, syllableLVT
        case other(PropertyTable.GraphemeClass)
    }

    private func kind(_ scalar: UInt32, _ entry: PropertyTable.Entry) -> Kind {
        switch scalar {
        case 0xD: .carriageReturn
        case 0xA: .lineFeed
        case 0xAC00..<0xAC00 + 11172: (scalar - 0xAC00) % 28 == 0 ? .syllableLV : .syllableLVT
        default: .other(entry.grapheme)
        }
    }

    mutating func next() -> Range<Int>? {
        guard let base = bytes.baseAddress, position < bytes.count else { return nil }
        let start = position
        let first = UTF8Bytes.scalar(base, at: position)
        position += first.count
        // Nothing joins two ASCII scalars but a line break of two.
        if first.value < 0x80, first.value != 0xD, position == bytes.count || bytes[position] < 0x80 {
            return start..<position
        }
        var entry = table[first.value]
        var state = State(kind: kind(first.value, entry))
        update(&state, entry)
        while position < bytes.count {
            let (scalar, count) = UTF8Bytes.scalar(base, at: position)
            entry = table[scalar]
            let kind = kind(scalar, entry)
            guard joins(state, kind, entry) else { break }
            if case .other(.regional) = kind { state.isRegionalPair = true }
            state.kind = kind
            update(&state, entry)
            position += count
        }
        return start..<position
    }

    private func update(_ state: inout State, _ entry: PropertyTable.Entry) {
        if case .other(let grapheme) = state.kind {
            state.joinedPictograph = state.pictograph && grapheme == .joiner
            state.pictograph = grapheme == .pictograph || (state.pictograph && grapheme == .extend)
        } else {
            (state.pictograph, state.joinedPictograph) = (false, false)
        }
        switch entry.conjunct {
        case .consonant: (state.consonant, state.linkedConsonant) = (true, false)
        case .linker: state.linkedConsonant = state.consonant
        case .extend: break
        case .none: (state.consonant, state.linkedConsonant) = (false, false)
        }
    }

    private func joins(_ state: State, _ next: Kind, _ entry: PropertyTable.Entry) -> Bool {
        switch (state.kind, next) {
        case (.carriageReturn, .lineFeed): return true
        case (.carriageReturn, _), (.lineFeed, _), (.other(.control), _): return false
        case (_, .carriageReturn), (_, .lineFeed), (_, .other(.control)): return false
        case (.other(.leading), .other(.leading)), (.other(.leading), .other(.vowel)): return true
        case (.other(.leading), .syllableLV), (.other(.leading), .syllableLVT): return true
        case (.syllableLV, .other(.vowel)), (.syllableLV, .other(.trailing)): return true
        case (.other(.vowel), .other(.vowel)), (.other(.vowel), .other(.trailing)): return true
        case (.syllableLVT, .other(.trailing)), (.other(.trailing), .other(.trailing)): return true
        case (_, .other(.extend)), (_, .other(.joiner)), (_, .other(.spacing)): return true
        case (.other(.prepend), _): return true
        case (_, .other(.pictograph)) where state.joinedPictograph: return true
        case (.other(.regional), .other(.regional)): return !state.isRegionalPair
        default: return entry.conjunct == .consonant && state.linkedConsonant
        }
    }
}
