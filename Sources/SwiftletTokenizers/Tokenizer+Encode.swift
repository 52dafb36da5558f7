import Dispatch
import Synchronization

extension Tokenizer {
    /// Encodes one text, or a pair of texts as one sequence.
    ///
    /// - Parameters:
    ///   - pair: the second text. An empty one counts as none, as in Python.
    ///   - addSpecialTokens: whether tokens such as `[CLS]` are put around the texts.
    ///   - maxLength: in tokens, special ones included; the model's limit if `nil`. Given alone it turns truncation on.
    ///   - stride: how many tokens each overflowing part repeats of the part before.
    ///   - padToMultipleOf: padded sequences are as long as a multiple of this.
    ///   - paddingSide: the tokenizer's own if `nil`, as is `truncationSide`.
    ///   - returnOverflowingTokens: whether `overflowing` has the parts that truncation cuts.
    /// - Throws: `TokenizerError` if padding is asked for without a padding token, or truncation can't be done.
    public func callAsFunction(
        _ text: String, _ pair: String? = nil, addSpecialTokens: Bool = true, padding: Padding = .none,
        truncation: Truncation = .none, maxLength: Int? = nil, stride: Int = 0, padToMultipleOf: Int? = nil,
        paddingSide: Side? = nil, truncationSide: Side? = nil, returnOverflowingTokens: Bool = false
    ) throws -> Encoding {
        let limits = try Limits(
            self, padding: padding, truncation: truncation, maxLength: maxLength, stride: stride,
            padToMultipleOf: padToMultipleOf, paddingSide: paddingSide, truncationSide: truncationSide,
            returnsOverflow: returnOverflowingTokens)
        let pair = pair.flatMap { $0.isEmpty ? nil : $0 }
        return Self.single(try call(.whole([text]), pair.map { .whole([$0]) }, addSpecialTokens, limits))
    }

    /// Encodes texts, or pairs of texts, as one batch.
    ///
    /// - Parameter returnOverflowingTokens: whether the parts that truncation cuts are rows of the batch, each after
    ///   the first part of its text; see `BatchEncoding.overflowToSampleMapping`.
    public func callAsFunction(
        _ texts: [String], _ pairs: [String]? = nil, addSpecialTokens: Bool = true, padding: Padding = .none,
        truncation: Truncation = .none, maxLength: Int? = nil, stride: Int = 0, padToMultipleOf: Int? = nil,
        paddingSide: Side? = nil, truncationSide: Side? = nil, returnOverflowingTokens: Bool = false
    ) throws -> BatchEncoding {
        let limits = try Limits(
            self, padding: padding, truncation: truncation, maxLength: maxLength, stride: stride,
            padToMultipleOf: padToMultipleOf, paddingSide: paddingSide, truncationSide: truncationSide,
            returnsOverflow: returnOverflowingTokens)
        return try call(.whole(texts), pairs.map { .whole($0) }, addSpecialTokens, limits)
    }

    /// Encodes one text that is split into words already, or a pair of such; Python's `is_split_into_words=True`.
    ///
    /// `wordIDs` of the result are numbers of the given words, and offsets count within them.
    public func callAsFunction(
        words: [String], _ pair: [String]? = nil, addSpecialTokens: Bool = true, padding: Padding = .none,
        truncation: Truncation = .none, maxLength: Int? = nil, stride: Int = 0, padToMultipleOf: Int? = nil,
        paddingSide: Side? = nil, truncationSide: Side? = nil, returnOverflowingTokens: Bool = false
    ) throws -> Encoding {
        let limits = try Limits(
            self, padding: padding, truncation: truncation, maxLength: maxLength, stride: stride,
            padToMultipleOf: padToMultipleOf, paddingSide: paddingSide, truncationSide: truncationSide,
            returnsOverflow: returnOverflowingTokens)
        let pair = pair.flatMap { $0.isEmpty ? nil : $0 }
        return Self.single(try call(.words([words]), pair.map { .words([$0]) }, addSpecialTokens, limits))
    }

    /// Encodes texts that are split into words already, or pairs of such, as one batch.
    public func callAsFunction(
        words: [[String]], _ pairs: [[String]]? = nil, addSpecialTokens: Bool = true, padding: Padding = .none,
        truncation: Truncation = .none, maxLength: Int? = nil, stride: Int = 0, padToMultipleOf: Int? = nil,
        paddingSide: Side? = nil, truncationSide: Side? = nil, returnOverflowingTokens: Bool = false
    ) throws -> BatchEncoding {
        let limits = try Limits(
            self, padding: padding, truncation: truncation, maxLength: maxLength, stride: stride,
            padToMultipleOf: padToMultipleOf, paddingSide: paddingSide, truncationSide: truncationSide,
            returnsOverflow: returnOverflowingTokens)
        return try call(.words(words), pairs.map { .words($0) }, addSpecialTokens, limits)
    }

    /// Encodes texts, or pairs of texts, into one flat list of ids, without padding: the fastest way.
    ///
    /// - Parameter threads: how many work on it; as many as there are processors if `nil`. The result is the same.
    public func encodeBatch(
        _ texts: [String], _ pairs: [String]? = nil, addSpecialTokens: Bool = true, truncation: Truncation = .none,
        maxLength: Int? = nil, threads: Int? = nil
    ) throws -> FlatEncoding {
        let limits = try Limits(self, padding: .none, truncation: truncation, maxLength: maxLength)
        return try encode(.whole(texts), pairs.map { .whole($0) }, addSpecialTokens, limits, threads: threads)
    }

    private static func single(_ batch: BatchEncoding) -> Encoding {
        var encoding = batch[0]
        encoding.overflowing = (1..<batch.count).map { batch[$0] }
        return encoding
    }

    private func call(
        _ texts: Texts, _ pairs: Texts?, _ addSpecialTokens: Bool, _ limits: Limits
    ) throws -> BatchEncoding {
        let flat = try encode(texts, pairs, addSpecialTokens, limits, threads: nil)
        let call = Call(
            tokenizer: self, texts: texts, pairs: pairs, addSpecialTokens: addSpecialTokens, limits: limits)
        let batch = BatchEncoding(call, flat)
        if limits.maxLength == nil, modelMaxLength > 0,
            let long = (0..<batch.count).first(where: { batch.length($0) > modelMaxLength })
        {
            warn(ofLength: batch.length(long))
        }
        return batch
    }

    private func encode(
        _ texts: Texts, _ pairs: Texts?, _ addSpecialTokens: Bool, _ limits: Limits, threads: Int?
    ) throws -> FlatEncoding {
        if let pairs, pairs.count != texts.count {
            throw TokenizerError(
                "there are \(texts.count) texts and \(pairs.count) second texts",
                remedy: "Give one second text for each text.")
        }
        let assembler = try Assembler(self, isPair: pairs != nil, addSpecialTokens: addSpecialTokens, limits)
        let wanted = threads ?? ProcessorCount.value
        // A thread is worth its start for some 16 KB of text.
        var bytes = 0
        if wanted > 1, texts.count > 1 { bytes = texts.byteCount + (pairs?.byteCount ?? 0) }
        let parts = max(1, min(wanted, texts.count, threads == nil ? bytes / 16384 : wanted))
        guard parts > 1 else {
            return try RowEncoder(tokenizer: self, assembler: assembler).encode(texts, pairs, 0..<texts.count)
        }
        let results = Mutex<[Int: Result<FlatEncoding, any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            let range = texts.count * part / parts..<texts.count * (part + 1) / parts
            let result = Result { try RowEncoder(tokenizer: self, assembler: assembler).encode(texts, pairs, range) }
            results.withLock { $0[part] = result }
        }
        var joined = FlatEncoding()
        for part in 0..<parts {
            if let result = results.withLock({ $0[part] }) { joined.append(try result.get()) }
        }
        return joined
    }
}
