/// Ids of a text in one pass over its bytes, for BERT's normalizer and pre-tokenizer with WordPiece.
///
/// Each scalar is normalized as it is read and goes into the buffer of the current word, whose prefix hashes grow along;
/// there are no strings and no allocations. What would need a look at several scalars at once (combining marks that
/// accent stripping keeps, whose order may change) is left to `Pipeline.tokens`.
struct FastBert: Sendable {
    private let model: WordPiece
    private let matcher: AddedVocabulary.Matcher
    private let normalizer: BertNormalizer
    private let stripsAccents: Bool
    /// The flags of scalars that are not simply taken over.
    private let interesting: UInt32
    /// What an ASCII byte becomes in a word, or one of the marks below.
    private nonisolated(unsafe) let asciiClass: UnsafeMutablePointer<UInt8>

    private static let space: UInt8 = 0x80
    private static let punctuation: UInt8 = 0x81
    private static let removed: UInt8 = 0x82

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
        // Never freed: as long-lived as the program's tokenizers, and 128 bytes.
        asciiClass = .allocate(capacity: 128)
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
        }
    }

    /// Buffers that are used again from text to text; one for each thread.
    final class Scratch {
        fileprivate var word: UnsafeMutablePointer<UInt8>
        fileprivate var hashes: UnsafeMutablePointer<UInt64>
        fileprivate let capacity: Int

        /// - Parameter longestWord: in scalars.
        init(longestWord: Int) {
            // One scalar more than is kept, of at most 4 bytes, and no more than a sane amount ahead of a need.
            capacity = (min(longestWord, 1 << 20) + 2) * 4
            word = .allocate(capacity: capacity)
            hashes = .allocate(capacity: capacity + 1)
            hashes[0] = 0
        }

        deinit {
            word.deallocate()
            hashes.deallocate()
        }
    }

    func makeScratch() -> Scratch { Scratch(longestWord: model.longestWord) }

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
        var state = State(encoder: self, scratch: scratch, ids: ids)
        var isDone = true
        if matcher.isEmpty {
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

    private struct State {
        let model: WordPiece
        let table = UnicodeTable.shared
        let asciiClass: UnsafeMutablePointer<UInt8>
        let interesting: UInt32
        let cleansText: Bool
        let spacesIdeographs: Bool
        let stripsAccents: Bool
        let lowercases: Bool
        let word: UnsafeMutablePointer<UInt8>
        let hashes: UnsafeMutablePointer<UInt64>
        let longestWord: Int
        var ids: IDBuffer
        /// Of the current word.
        var count = 0
        var scalars = 0
        var hash: UInt64 = 0
        var lacksUnknown = false
        var needsMore = false

        init(encoder: FastBert, scratch: Scratch, ids: IDBuffer) {
            model = encoder.model
            asciiClass = encoder.asciiClass
            interesting = encoder.interesting
            cleansText = encoder.normalizer.cleansText
            spacesIdeographs = encoder.normalizer.spacesIdeographs
            stripsAccents = encoder.stripsAccents
            lowercases = encoder.normalizer.lowercases
            word = scratch.word
            hashes = scratch.hashes
            longestWord = encoder.model.longestWord
            self.ids = ids
        }

        /// Whether all of the bytes could be done.
        @inline(__always)
        mutating func run(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
            var position = start
            while position < end {
                let byte = bytes[position]
                if byte < 0x80 {
                    position += 1
                    let mapped = asciiClass[Int(byte)]
                    if mapped < 0x80 {
                        take(mapped)
                    } else if mapped == FastBert.space {
                        finishWord()
                    } else if mapped == FastBert.punctuation {
                        finishWord()
                        take(byte)
                        finishWord()
                    }
                } else {
                    let (scalar, count) = UTF8Bytes.scalar(bytes, at: position)
                    let entry = table[scalar]
                    if entry.has(interesting) {
                        normalize(scalar, entry)
                        if needsMore { return false }
                    } else {
                        scalars += 1
                        if scalars <= longestWord {
                            for index in 0..<count { append(bytes[position + index]) }
                        }
                    }
                    position += count
                }
            }
            finishWord()
            return true
        }

        @inline(__always) private mutating func append(_ byte: UInt8) {
            word[count] = byte
            hash = ByteTable.extend(hash, byte)
            count += 1
            hashes[count] = hash
        }

        /// One ASCII scalar of a word. Words that are too long stop growing; they are unknown in any case.
        @inline(__always) private mutating func take(_ byte: UInt8) {
            scalars += 1
            if scalars <= longestWord { append(byte) }
        }

        private mutating func normalize(_ scalar: UInt32, _ entry: UnicodeTable.Entry) {
            typealias Entry = UnicodeTable.Entry
            if cleansText {
                if entry.has(Entry.removed) { return }
                if entry.has(Entry.space) { return finishWord() }
            }
            let isIdeograph = spacesIdeographs && entry.has(Entry.ideograph)
            if isIdeograph { finishWord() }
            if stripsAccents {
                table.decompose(scalar, entry) { part in
                    let entry = table[part]
                    if entry.has(Entry.mark) { return }
                    if entry.has(Entry.combining) { needsMore = true }
                    lowercase(part, entry)
                }
            } else {
                lowercase(scalar, entry)
            }
            if isIdeograph { finishWord() }
        }

        private mutating func lowercase(_ scalar: UInt32, _ entry: UnicodeTable.Entry) {
            if lowercases, entry.has(UnicodeTable.Entry.lowercases) {
                table.lowercase(scalar, entry) { place($0, table[$0]) }
            } else {
                place(scalar, entry)
            }
        }

        private mutating func place(_ scalar: UInt32, _ entry: UnicodeTable.Entry) {
            typealias Entry = UnicodeTable.Entry
            if entry.has(Entry.whitespace) { return finishWord() }
            let isPunctuation = entry.has(Entry.punctuation)
            if isPunctuation { finishWord() }
            scalars += 1
            if scalars <= longestWord { UTF8Bytes.encode(scalar) { append($0) } }
            if isPunctuation { finishWord() }
        }

        @inline(__always) private mutating func finishWord() {
            if scalars == 0 { return }
            if scalars <= longestWord {
                let before = ids.count
                if !model.cover(word, hashes, count, { id, _ in ids.append(id) }) {
                    ids.count = before
                    appendUnknown()
                }
            } else {
                appendUnknown()
            }
            (count, scalars, hash) = (0, 0, 0)
        }

        private mutating func appendUnknown() {
            if model.unknownID < 0 { lacksUnknown = true }
            ids.append(model.unknownID)
        }
    }
}
