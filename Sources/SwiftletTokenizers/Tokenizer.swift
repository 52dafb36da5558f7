import Dispatch
import Synchronization

/// Turns texts into the numbers that a model takes, and back.
///
/// A tokenizer never changes once it is made, so it can be used from several threads.
public final class Tokenizer: Sendable {
    /// How sequences are filled up with padding tokens. `true` is `longest`.
    public enum Padding: Sendable, ExpressibleByBooleanLiteral {
        case none
        /// To the longest sequence of the batch.
        case longest
        /// To `maxLength`, or to the model's limit.
        case maxLength

        public init(booleanLiteral value: Bool) { self = value ? .longest : .none }
        public init(_ value: Bool) { self = value ? .longest : .none }
    }

    /// What is cut when a sequence is longer than `maxLength`. `true` is `longestFirst`.
    public enum Truncation: Sendable, ExpressibleByBooleanLiteral {
        case none
        /// Token by token from the longer of the two texts.
        case longestFirst
        case onlyFirst
        case onlySecond

        public init(booleanLiteral value: Bool) { self = value ? .longestFirst : .none }
        public init(_ value: Bool) { self = value ? .longestFirst : .none }
    }

    /// The end of a sequence at which padding is added or tokens are cut.
    public enum Side: Sendable { case left, right }

    let pipeline: Pipeline
    let fast: FastEncoder?
    let files: TokenizerFiles
    private let onWarning: (@Sendable (String) -> Void)?
    private let hasWarned = Atomic<Bool>(false)

    /// Number of tokens of the model's vocabulary, without added ones; Python's `vocab_size`.
    public let vocabularySize: Int
    /// Number of all tokens, added ones included; Python's `len(tokenizer)`.
    public let count: Int
    /// The longest sequence that the model takes; `Int.max` if there is no limit.
    public let modelMaxLength: Int
    public let paddingSide: Side
    public let truncationSide: Side
    /// The inputs that the model takes, in order: keys of a batch.
    public let modelInputNames: [String]
    public let padTokenTypeID: Int

    public let padToken: String?
    public let unkToken: String?
    public let clsToken: String?
    public let sepToken: String?
    public let maskToken: String?
    public let bosToken: String?
    public let eosToken: String?

    init(_ files: TokenizerFiles, onWarning: (@Sendable (String) -> Void)?) {
        self.files = files
        self.onWarning = onWarning
        pipeline = files.pipeline
        fast = FastEncoder(files.pipeline).flatMap { $0.canEncode ? $0 : nil }
        vocabularySize = pipeline.model.vocabulary.count
        count = vocabularySize + pipeline.added.countBeyond(pipeline.model.vocabulary)
        modelMaxLength = files.modelMaxLength
        paddingSide = files.padsLeft ? .left : .right
        truncationSide = files.truncatesLeft ? .left : .right
        modelInputNames = files.modelInputNames
        padTokenTypeID = files.padTokenTypeID
        func token(_ name: String) -> String? { files.special.first { $0.name == name }?.token.content }
        padToken = token("pad_token")
        unkToken = token("unk_token")
        clsToken = token("cls_token")
        sepToken = token("sep_token")
        maskToken = token("mask_token")
        bosToken = token("bos_token")
        eosToken = token("eos_token")
    }

    private func id(_ token: String?) -> Int? { token.flatMap { pipeline.id(of: $0) }.map { Int($0) } }
    public var padTokenID: Int? { id(padToken) }
    public var unkTokenID: Int? { id(unkToken) }
    public var clsTokenID: Int? { id(clsToken) }
    public var sepTokenID: Int? { id(sepToken) }
    public var maskTokenID: Int? { id(maskToken) }
    public var bosTokenID: Int? { id(bosToken) }
    public var eosTokenID: Int? { id(eosToken) }

    /// All special tokens, named ones first, each once.
    public var allSpecialTokens: [String] {
        var tokens: [String] = []
        for token in files.special.map(\.token.content) + files.extraSpecial.map(\.content)
        where !tokens.contains(where: { TokenizerFiles.same($0, token) }) {
            tokens.append(token)
        }
        return tokens
    }

    /// Ids of `allSpecialTokens`.
    public var allSpecialIDs: [Int] { allSpecialTokens.compactMap { id($0) } }

    /// Encodes one text, or a pair of texts as one sequence.
    ///
    /// - Parameters:
    ///   - pair: the second text. An empty one counts as none, as in Python.
    ///   - addSpecialTokens: whether tokens such as `[CLS]` are put around the texts.
    ///   - maxLength: in tokens, special ones included; the model's limit if `nil`. Given alone it turns truncation on.
    /// - Throws: `TokenizerError` if padding is asked for without a padding token, or truncation can't be done.
    public func callAsFunction(
        _ text: String, _ pair: String? = nil, addSpecialTokens: Bool = true, padding: Padding = .none,
        truncation: Truncation = .none, maxLength: Int? = nil
    ) throws -> Encoding {
        let pair = pair.flatMap { $0.isEmpty ? nil : $0 }
        return try self([text], pair.map { [$0] }, addSpecialTokens: addSpecialTokens, padding: padding, truncation: truncation, maxLength: maxLength)[0]
    }

    /// Encodes texts, or pairs of texts, as one batch.
    ///
    /// - Parameter padToMultipleOf: padded sequences are as long as a multiple of this.
    public func callAsFunction(
        _ texts: [String], _ pairs: [String]? = nil, addSpecialTokens: Bool = true, padding: Padding = .none,
        truncation: Truncation = .none, maxLength: Int? = nil, padToMultipleOf: Int? = nil
    ) throws -> BatchEncoding {
        let limits = try Limits(
            self, padding: padding, truncation: truncation, maxLength: maxLength, padToMultipleOf: padToMultipleOf)
        let flat = try encode(texts, pairs, addSpecialTokens: addSpecialTokens, limits, threads: nil)
        if limits.maxLength == nil, modelMaxLength > 0, let onWarning,
            let longest = flat.longestRow, longest > modelMaxLength,
            !hasWarned.exchange(true, ordering: .relaxed)
        {
            onWarning(
                "Token indices sequence length is longer than the specified maximum sequence length for this model "
                    + "(\(longest) > \(modelMaxLength)). Running this sequence through the model will result in "
                    + "indexing errors")
        }
        return BatchEncoding(
            tokenizer: self, texts: texts, pairs: pairs, addSpecialTokens: addSpecialTokens, limits: limits, flat: flat)
    }

    /// Encodes texts, or pairs of texts, into one flat list of ids, without padding: the fastest way.
    ///
    /// - Parameter threads: how many work on it; as many as there are processors if `nil`. The result is the same.
    public func encodeBatch(
        _ texts: [String], _ pairs: [String]? = nil, addSpecialTokens: Bool = true, truncation: Truncation = .none,
        maxLength: Int? = nil, threads: Int? = nil
    ) throws -> FlatEncoding {
        let limits = try Limits(self, padding: .none, truncation: truncation, maxLength: maxLength, padToMultipleOf: nil)
        return try encode(texts, pairs, addSpecialTokens: addSpecialTokens, limits, threads: threads)
    }

    /// The tokens of a text, without special ones around it.
    public func tokenize(_ text: String) throws -> [String] {
        try self(text, addSpecialTokens: false).tokens
    }

    /// The tokens of ids; the empty string for ids that are no token.
    public func convertIDsToTokens(_ ids: [Int]) -> [String] {
        ids.map { pipeline.token(of: $0) ?? "" }
    }

    public func convertIDToToken(_ id: Int) -> String? { pipeline.token(of: id) }

    /// The ids of tokens; the unknown token's for what is no token, `nil` if there is no unknown token.
    public func convertTokensToIDs(_ tokens: [String]) -> [Int?] {
        tokens.map { id($0) ?? unkTokenID }
    }

    /// The id of a token, or `nil` if it is none.
    public func convertTokenToID(_ token: String) -> Int? { id(token) }

    /// The text of ids. Ids that are no token are left out.
    public func decode(_ ids: [Int], skipSpecialTokens: Bool = false) -> String {
        pipeline.decode(ids, skipsSpecialTokens: skipSpecialTokens)
    }

    public func decode(_ ids: [Int32], skipSpecialTokens: Bool = false) -> String {
        pipeline.decode(ids.lazy.map { Int($0) }, skipsSpecialTokens: skipSpecialTokens)
    }

    /// The texts of lists of ids.
    public func batchDecode(_ ids: [[Int]], skipSpecialTokens: Bool = false) -> [String] {
        ids.map { decode($0, skipSpecialTokens: skipSpecialTokens) }
    }

    /// How many special tokens are put around a text or a pair.
    public func specialTokenCount(isPair: Bool) -> Int { pipeline.postProcessor.addedCount(isPair: isPair) }

    private func encode(
        _ texts: [String], _ pairs: [String]?, addSpecialTokens: Bool, _ limits: Limits, threads: Int?
    ) throws -> FlatEncoding {
        if let pairs, pairs.count != texts.count {
            throw TokenizerError(
                "there are \(texts.count) texts and \(pairs.count) second texts", remedy: "Give one second text for each text.")
        }
        let assembler = try Assembler(self, isPair: pairs != nil, addSpecialTokens: addSpecialTokens, limits)
        let wanted = threads ?? ProcessorCount.value
        // A thread is worth its start for some 16 KB of text.
        var bytes = 0
        if wanted > 1, texts.count > 1 {
            for text in texts { bytes += text.utf8.count }
            if let pairs { for pair in pairs { bytes += pair.utf8.count } }
        }
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
