/// Ids of a text in one pass over its bytes, for SentencePiece's unigram model as XLM-R, CamemBERT, ALBERT and DeBERTa-v2
/// have it.
///
/// A text is cut at its spaces, and what lies between is looked up among what the thread has met before. Other pieces
/// go through the parts one by one; ASCII that the normalizer does to each byte goes to the model at once.
final class FastMetaspace: Sendable {
    private let model: Unigram
    private let normalizer: Normalizer?
    private let preTokenizer: PreTokenizer
    private let prepends: Bool
    private let mark: [UInt8]
    /// Whether a space belongs to what follows it; if not, it is dropped.
    private let keepsSpaces: Bool
    /// What the normalizer does beyond single pieces.
    private let care: Care
    /// What the normalizer makes of an ASCII byte; 0 where that is not one byte, or depends on its neighbours.
    private let asciiClass: [UInt8]
    private let plain: AddedVocabulary.Matcher
    private let normalized: AddedVocabulary.Matcher

    /// What may not be cut at a space.
    private struct Care {
        /// Several spaces, other white space, and space at the end are changed.
        var mendsSpaces = false
        /// Spaces come from other scalars, or what stands between two of them is deleted.
        var makesSpaces = false
        /// Scalars that are one character are looked at as a whole.
        var joinsScalars = false
        /// Bytes that a replaced text has.
        var replaced: Set<UInt8> = []
    }

    /// `nil` for pipelines of other parts.
    init?(_ pipeline: Pipeline) {
        guard case .unigram(let model) = pipeline.model, let preTokenizer = pipeline.preTokenizer else { return nil }
        var steps = [preTokenizer]
        if case .sequence(let inner) = preTokenizer { steps = inner }
        guard case .metaspace(let metaspace)? = steps.popLast(), metaspace.splits, metaspace.prepending != .first else {
            return nil
        }
        switch (steps.first, steps.count) {
        case (nil, _): keepsSpaces = true
        case (.whitespaceSplit?, 1): keepsSpaces = false
        default: return nil
        }
        var care = Care()
        if let normalizer = pipeline.normalizer {
            guard Self.inspect(normalizer, &care) else { return nil }
        }
        self.care = care
        self.model = model
        self.preTokenizer = preTokenizer
        normalizer = pipeline.normalizer
        prepends = metaspace.prepending == .always
        var mark: [UInt8] = []
        UTF8Bytes.encode(metaspace.replacement) { mark.append($0) }
        guard mark.first ?? 0 >= 0x80 else { return nil }
        self.mark = mark
        plain = pipeline.added.plain
        normalized = pipeline.added.normalized
        asciiClass = (0..<128).map { byte in
            // White space is cut at, removed, or changed.
            if byte <= 0x20 || byte == 0x7F || care.replaced.contains(UInt8(byte)) { return 0 }
            guard let normalizer = pipeline.normalizer else { return UInt8(byte) }
            var limits = TextLimits(1)
            guard let result = try? normalizer.form([UInt8(byte)], &limits) else { return 0 }
            return result.count == 1 && result[0] > 0x20 && result[0] < 0x7F ? result[0] : 0
        }
        // Texts of added tokens that are looked for in what the normalizer made are left to the usual way.
        guard normalized.isEmpty else { return nil }
    }

    /// Patterns that match nothing where no white space stands beside white space, and all of it is plain spaces.
    private static let spaceMending = [#"\s{2,}|[\n\r\t]"#, #"\s{2,}"#, " {2,}"]

    /// Whether a normalizer does to a text what it does to the pieces between its spaces, but for what `care` names.
    private static func inspect(_ normalizer: Normalizer, _ care: inout Care) -> Bool {
        switch normalizer {
        case .form(let form):
            if form.isCompatible { care.makesSpaces = true }
            return true
        case .lowercase: return true
        case .stripAccents:
            care.makesSpaces = true
            return true
        case .precompiled:
            care.joinsScalars = true
            care.makesSpaces = true
            return true
        case .replace(.string(let text), let content):
            care.replaced.formUnion(text.utf8)
            if content.isEmpty { care.makesSpaces = true }
            // What makes texts longer is left to the usual way, which looks at the limit at each step.
            return !text.isEmpty && content.utf8.count <= text.utf8.count && !text.utf8.contains(0x20)
                && !content.unicodeScalars.contains { $0.properties.isWhitespace }
        case .strip(left: false, right: true):
            care.mendsSpaces = true
            return !care.makesSpaces
        case .replace(.regex(let expression), _):
            care.mendsSpaces = true
            return !care.makesSpaces && spaceMending.contains(expression.pattern)
        case .sequence(let steps): return steps.allSatisfy { inspect($0, &care) }
        default: return false
        }
    }

    /// Appends the ids of a text.
    ///
    /// - Returns: whether that was possible; when not, `ids` is as before.
    func encode(
        _ text: UnsafeBufferPointer<UInt8>, into ids: inout IDBuffer, _ words: FastWords
    ) throws(TokenizerError) -> Bool {
        guard let base = text.baseAddress, !text.isEmpty else { return true }
        let before = ids.count
        var limits = TextLimits(text.count)
        if !plain.mayFind(base, text.count) {
            let isDone = try encode(base, 0..<text.count, base + text.count, &ids, words, &limits)
            if !isDone { ids.count = before }
            return isDone
        }
        for part in plain.split(base, 0..<text.count) {
            if let id = part.id {
                // An added token of no bytes is none.
                if !part.range.isEmpty { ids.append(id) }
            } else if try !encode(base, part.range, base + text.count, &ids, words, &limits) {
                ids.count = before
                return false
            }
        }
        return true
    }

    private func encode(
        _ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, _ readable: UnsafePointer<UInt8>, _ ids: inout IDBuffer,
        _ words: FastWords, _ limits: inout TextLimits
    ) throws(TokenizerError) -> Bool {
        if care.mendsSpaces, !Self.hasSingleSpaces(bytes, range) { return false }
        var start = range.lowerBound
        while start < range.upperBound {
            if !keepsSpaces, bytes[start] == 0x20 {
                start += 1
                continue
            }
            var end = start + 1
            var isASCII = bytes[start] < 0x80
            while end < range.upperBound, bytes[end] != 0x20 {
                if bytes[end] >= 0x80 { isASCII = false }
                end += 1
            }
            if care.joinsScalars, end < range.upperBound, !Self.isBoundary(bytes, range, end) { return false }
            let (piece, count) = (bytes + start, end - start)
            start = end
            guard count <= WordMemory.longestWord else {
                guard try cut(piece, count, isASCII, &ids, words, &limits) else { return false }
                continue
            }
            let key = words.memory.key(piece, count, readable: readable - piece)
            if words.memory.recall(key, into: &ids) { continue }
            let before = ids.count
            guard try cut(piece, count, isASCII, &ids, words, &limits) else { return false }
            words.memory.remember(key, ids.base + before, ids.count - before)
        }
        return true
    }

    /// Whether no white space stands beside white space or at the end, and all of it is plain spaces.
    private static func hasSingleSpaces(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>) -> Bool {
        let table = PropertyTable.shared
        var position = range.lowerBound
        var wasSpace = false
        while position < range.upperBound {
            let byte = bytes[position]
            if byte < 0x80 {
                position += 1
                if byte == 0x20 {
                    if wasSpace { return false }
                    wasSpace = true
                    continue
                }
                if (0x9...0xD).contains(byte) || (0x1C...0x1F).contains(byte) { return false }
            } else {
                let (scalar, count) = UTF8Bytes.scalar(bytes, at: position)
                if table[scalar].isSpace || UnicodeTable.shared[scalar].has(UnicodeTable.Entry.whitespace) {
                    return false
                }
                position += count
            }
            wasSpace = false
        }
        return !wasSpace
    }

    /// Whether the space at `place` is a character of its own.
    private static func isBoundary(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, _ place: Int) -> Bool {
        let table = PropertyTable.shared
        if place + 1 < range.upperBound, bytes[place + 1] >= 0x80 {
            switch table[UTF8Bytes.scalar(bytes, at: place + 1).value].grapheme {
            case .extend, .joiner, .spacing: return false
            default: break
            }
        }
        if bytes[place - 1] >= 0x80, table[UTF8Bytes.scalar(bytes, before: place).value].grapheme == .prepend {
            return false
        }
        return true
    }

    /// Appends the ids of a piece: at most one space, at its beginning.
    ///
    /// - Returns: whether the text stays within its limits so far. When not, the usual way says what is wrong.
    private func cut(
        _ piece: UnsafePointer<UInt8>, _ count: Int, _ isASCII: Bool, _ ids: inout IDBuffer, _ words: FastWords,
        _ limits: inout TextLimits
    ) throws(TokenizerError) -> Bool {
        if isASCII, write(piece, count, words) {
            let text = words.text
            var failure: TokenizerError?
            text.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                do throws(TokenizerError) {
                    try model.tokenize(base, buffer.count, words.lattice, into: &ids)
                } catch { failure = error }
            }
            if let failure { throw failure }
            return true
        }
        var aligned = AlignedText(piece, 0..<count)
        var parts: Words
        do throws(TokenizerError) {
            try normalizer?.normalize(&aligned, &limits)
            parts = Words(aligned, 0..<aligned.bytes.count, origin: 0..<count)
            try preTokenizer.split(&parts, &limits)
        } catch { return false }
        limits.finish(aligned.bytes.count)
        let bytes = parts.text.bytes
        for part in parts.words {
            var failure: TokenizerError?
            bytes.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                do throws(TokenizerError) {
                    try model.tokenize(base + part.range.lowerBound, part.range.count, words.lattice, into: &ids)
                } catch { failure = error }
            }
            if let failure { throw failure }
        }
        return true
    }

    /// Writes an ASCII piece into `words.text` as the model takes it.
    private func write(_ piece: UnsafePointer<UInt8>, _ count: Int, _ words: FastWords) -> Bool {
        words.text.removeAll(keepingCapacity: true)
        var index = 0
        if piece[0] == 0x20 {
            words.text.append(contentsOf: mark)
            index = 1
        } else if prepends {
            words.text.append(contentsOf: mark)
        }
        while index < count {
            let mapped = asciiClass[Int(piece[index])]
            if mapped == 0 { return false }
            words.text.append(mapped)
            index += 1
        }
        return true
    }
}
