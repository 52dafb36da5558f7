/// Ids of a text in one pass over its bytes, for BERT's normalizer and pre-tokenizer with WordPiece.
///
/// What stands between ASCII's spaces and punctuation is looked up among the words that were met before. For a new one,
/// each scalar is normalized as it is read and goes into the buffer of the current word, whose prefix hashes grow along;
/// there are no strings and no allocations. What would need a look at several scalars at once (combining marks that
/// accent stripping keeps, whose order may change) is left to `Pipeline.tokens`.
final class FastBert: Sendable {
    let model: WordPiece
    private let matcher: AddedVocabulary.Matcher
    let normalizer: BertNormalizer
    let stripsAccents: Bool
    /// The flags of scalars that are not simply taken over.
    let interesting: UInt32
    /// What an ASCII byte becomes in a word, or one of the marks below.
    nonisolated(unsafe) let asciiClass: UnsafeMutablePointer<UInt8>
    /// The id of each ASCII byte that is punctuation, or -1.
    nonisolated(unsafe) let punctuationIDs: UnsafeMutablePointer<Int32>

    static let space: UInt8 = 0x80
    static let punctuation: UInt8 = 0x81
    static let removed: UInt8 = 0x82

    /// `nil` for pipelines of other parts.
    init?(_ pipeline: Pipeline) {
        guard case .bert(let normalizer)? = pipeline.normalizer, case .bert? = pipeline.preTokenizer,
            case .wordPiece(let model) = pipeline.model, pipeline.added.normalized.isEmpty
        else { return nil }
        self.model = model
        self.normalizer = normalizer
        matcher = pipeline.added.plain
        stripsAccents = normalizer.stripsAccentsInEffect
        typealias Entry = UnicodeTable.Entry
        let table = UnicodeTable.shared
        var interesting = Entry.whitespace | Entry.punctuation
        if normalizer.cleansText { interesting |= Entry.removed | Entry.space }
        if normalizer.spacesIdeographs { interesting |= Entry.ideograph }
        if stripsAccents { interesting |= Entry.mark | Entry.decomposes | Entry.combining }
        if normalizer.lowercases { interesting |= Entry.lowercases }
        self.interesting = interesting
        asciiClass = .allocate(capacity: 128)
        punctuationIDs = .allocate(capacity: 128)
        for byte in UInt8(0)..<128 {
            let entry = table[UInt32(byte)]
            var result = byte
            if normalizer.lowercases { table.lowercase(UInt32(byte), entry) { result = UInt8($0) } }
            if entry.has(Entry.whitespace) { result = Self.space }
            if entry.has(Entry.punctuation) { result = Self.punctuation }
            if normalizer.cleansText {
                if entry.has(Entry.removed) { result = Self.removed }
                if entry.has(Entry.space) { result = Self.space }
            }
            asciiClass[Int(byte)] = result
            punctuationIDs[Int(byte)] =
                model.longestWord < 1
                ? model.unknownID
                : withUnsafePointer(to: byte) {
                    let id = model.vocabulary.table.find($0, 1, hash: ByteTable.extend(0, byte))
                    return id < 0 ? model.unknownID : id
                }
        }
    }

    deinit {
        asciiClass.deallocate()
        punctuationIDs.deallocate()
    }

    /// Buffers that are used again from text to text, and words that were met before; one for each thread.
    final class Scratch {
        let encoder: FastBert
        let word: UnsafeMutablePointer<UInt8>
        let hashes: UnsafeMutablePointer<UInt64>
        /// The end of a text, with zeros behind it.
        let tail: UnsafeMutablePointer<UInt8>
        let memory = WordMemory()

        init(_ encoder: FastBert) {
            self.encoder = encoder
            // One scalar more than is kept, of at most 4 bytes, and no more than a sane amount ahead of a need.
            let capacity = (min(encoder.model.longestWord, 1 << 20) + 2) * 4
            word = .allocate(capacity: capacity)
            hashes = .allocate(capacity: capacity + 1)
            hashes[0] = 0
            tail = .allocate(capacity: WordMemory.readable * 2)
        }

        deinit {
            word.deallocate()
            hashes.deallocate()
            tail.deallocate()
            memory.deallocate()
        }
    }

    func makeScratch() -> Scratch { Scratch(self) }

    /// Whether words may be so long that they don't fit the buffers.
    var canEncode: Bool { model.longestWord <= 1 << 20 }

    /// Appends the ids of a text.
    ///
    /// - Returns: whether that was possible; when not, `ids` is as before.
    func encode(
        _ text: UnsafeBufferPointer<UInt8>, into ids: inout IDBuffer, _ scratch: Scratch
    ) throws(TokenizerError) -> Bool {
        guard let base = text.baseAddress, !text.isEmpty else { return true }
        let before = ids.count
        var state = State(scratch: scratch, ids: ids)
        var isDone = true
        if !matcher.mayFind(base, text.count) {
            isDone = state.run(base, 0, text.count)
        } else {
            for part in matcher.split(base, 0..<text.count) {
                if let id = part.id {
                    if !part.range.isEmpty { state.ids.append(id) }
                } else if !state.run(base, part.range.lowerBound, part.range.upperBound) {
                    isDone = false
                    break
                }
            }
        }
        ids = state.ids
        guard isDone else {
            ids.count = before
            return false
        }
        if state.lacksUnknown { throw model.missingUnknown }
        return true
    }
}
