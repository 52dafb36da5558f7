/// Ids of a text in one pass over its bytes, for byte-level BPE as RoBERTa, DeBERTa and ModernBERT have it.
///
/// The scalars that stand for bytes are never written: symbols begin as bytes. Words are looked up among those that the
/// thread has met before; only others are merged.
final class FastByteLevel: Sendable {
    private let merges: PairTable
    private let isRegular: Bool
    /// The tokens of the 256 bytes.
    private let byteIDs: [Int32]
    /// Where words that are tokens stay whole: the tokens.
    private let whole: ByteTable?
    private let addsPrefixSpace: Bool
    private let composes: Bool
    private let plain: AddedVocabulary.Matcher
    private let normalized: AddedVocabulary.Matcher

    /// `nil` for pipelines of other parts.
    init?(_ pipeline: Pipeline) {
        guard case .byteLevel(let splitter)? = pipeline.preTokenizer, splitter.splits,
            case .bpe(let model) = pipeline.model
        else { return nil }
        switch pipeline.normalizer {
        case nil: composes = false
        case .form(.nfc)?: composes = true
        default: return nil
        }
        let options = model.options
        guard (options.continuingPrefix ?? "").isEmpty, (options.endSuffix ?? "").isEmpty else { return nil }
        byteIDs = (0..<256).map { byte -> Int32 in
            var bytes: [UInt8] = []
            ByteAlphabet.shared.forEachByte(of: UInt8(byte)) { bytes.append($0) }
            return model.vocabulary.table.find(String(decoding: bytes, as: UTF8.self))
        }
        // A byte without a token would be unknown, or left out.
        guard byteIDs.allSatisfy({ $0 >= 0 }) else { return nil }
        merges = model.merges
        isRegular = model.isRegular
        whole = options.ignoresMerges ? model.vocabulary.table : nil
        addsPrefixSpace = splitter.addsPrefixSpace
        plain = pipeline.added.plain
        normalized = pipeline.added.normalized
    }

    /// Appends the ids of a text.
    ///
    /// - Returns: whether that was possible; when not, `ids` is as before.
    func encode(_ text: UnsafeBufferPointer<UInt8>, into ids: inout IDBuffer, _ words: FastWords) -> Bool {
        guard let base = text.baseAddress, !text.isEmpty else { return true }
        // Canonical composition leaves most texts as they are.
        if composes, !ComposedText.contains(text) { return false }
        let end = base + text.count
        if normalized.isEmpty, !plain.mayFind(base, text.count) {
            run(base, text.count, end, &ids, words)
            return true
        }
        for part in plain.split(base, 0..<text.count) {
            if let id = part.id {
                // An added token of no bytes is none.
                if !part.range.isEmpty { ids.append(id) }
            } else if normalized.isEmpty {
                run(base + part.range.lowerBound, part.range.count, end, &ids, words)
            } else {
                for inner in normalized.split(base, part.range) where !inner.range.isEmpty {
                    if let id = inner.id {
                        ids.append(id)
                    } else {
                        run(base + inner.range.lowerBound, inner.range.count, end, &ids, words)
                    }
                }
            }
        }
        return true
    }

    /// - Parameter readable: where the bytes end that may be read.
    private func run(
        _ part: UnsafePointer<UInt8>, _ count: Int, _ readable: UnsafePointer<UInt8>, _ ids: inout IDBuffer,
        _ words: FastWords
    ) {
        guard addsPrefixSpace, part[0] != 0x20 else { return encode(part, count, readable, &ids, words) }
        words.text.removeAll(keepingCapacity: true)
        words.text.append(0x20)
        words.text.append(contentsOf: UnsafeBufferPointer(start: part, count: count))
        words.text.withUnsafeBufferPointer { text in
            if let base = text.baseAddress { encode(base, text.count, base + text.count, &ids, words) }
        }
    }

    @inline(__always)
    private func encode(
        _ bytes: UnsafePointer<UInt8>, _ count: Int, _ readable: UnsafePointer<UInt8>, _ ids: inout IDBuffer,
        _ words: FastWords
    ) {
        let table = PropertyTable.shared
        var start = 0
        while start < count {
            let end = GPT2Pattern.wordEnd(bytes, start, count, table)
            let (word, length) = (bytes + start, end - start)
            start = end
            guard length <= WordMemory.longestWord else {
                merge(word, length, &ids, words)
                continue
            }
            let key = words.memory.key(word, length, readable: readable - word)
            if words.memory.recall(key, into: &ids) { continue }
            let before = ids.count
            merge(word, length, &ids, words)
            words.memory.remember(key, ids.base + before, ids.count - before)
        }
    }

    private func merge(_ word: UnsafePointer<UInt8>, _ count: Int, _ ids: inout IDBuffer, _ words: FastWords) {
        if let whole {
            words.written.removeAll(keepingCapacity: true)
            for index in 0..<count { ByteAlphabet.shared.forEachByte(of: word[index]) { words.written.append($0) } }
            let id = words.written.withUnsafeBufferPointer { bytes in
                bytes.baseAddress.map { whole.find($0, bytes.count, hash: ByteTable.hash(bytes)) } ?? -1
            }
            if id >= 0 { return ids.append(id) }
        }
        let merging = words.merging
        merging.begin(count)
        byteIDs.withUnsafeBufferPointer { byteIDs in
            for index in 0..<count { merging.append(byteIDs[Int(word[index])], length: 1) }
        }
        merging.merge(merges, isRegular: isRegular)
        for index in 0..<merging.count { ids.append(merging.ids[index]) }
    }
}

/// Whether a text is as canonical composition would leave it.
enum ComposedText {
    /// A bit for each scalar that composition may change, or join with what stands before it.
    private static let unsafe: [UInt64] = {
        typealias Entry = UnicodeTable.Entry
        let table = UnicodeTable.shared
        var bits = [UInt64](repeating: 0, count: 0x110000 / 64)
        func mark(_ scalar: UInt32) { bits[Int(scalar / 64)] |= 1 << UInt64(scalar % 64) }
        let composites = Set(table.canonicalComposites)
        for scalar in UInt32(0)..<0x110000 {
            let entry = table[scalar]
            let isHangul = (0xAC00..<0xAC00 + 11172).contains(scalar)
            if entry.has(Entry.combining) { mark(scalar) }
            if entry.has(Entry.decomposes), !isHangul, !composites.contains(scalar) { mark(scalar) }
        }
        for composite in composites {
            var isFirst = true
            table.decompose(composite, table[composite]) { part in
                if !isFirst { mark(part) }
                isFirst = false
            }
        }
        for scalar in UInt32(0x1161)...0x1175 { mark(scalar) }
        for scalar in UInt32(0x11A8)...0x11C2 { mark(scalar) }
        return bits
    }()

    /// `false` also for some texts that are.
    static func contains(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = text.baseAddress else { return true }
        return unsafe.withUnsafeBufferPointer { unsafe in
            var position = 0
            while position < text.count {
                // Nothing below U+0300 is changed.
                if base[position] < 0xCC {
                    position += 1
                    continue
                }
                let (scalar, count) = UTF8Bytes.scalar(base, at: position)
                if unsafe[Int(scalar / 64)] >> UInt64(scalar % 64) & 1 != 0 { return false }
                position += count
            }
            return true
        }
    }
}
