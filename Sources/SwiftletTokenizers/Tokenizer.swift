import Synchronization

/// Turns texts into the numbers that a model takes, and back.
///
/// A tokenizer never changes once it is made, so it can be used from several threads.
public final class Tokenizer: Sendable {
    /// How sequences are filled up with padding tokens. `true` is `longest`.
    public enum Padding: Sendable, ExpressibleByBooleanLiteral {
        /// Rows keep their lengths.
        case none
        /// To the longest sequence of the batch.
        case longest
        /// To `maxLength`, or to the model's limit.
        case maxLength

        /// `true` pads to the longest row, `false` not at all.
        public init(booleanLiteral value: Bool) { self = value ? .longest : .none }
        /// `true` pads to the longest row, `false` not at all.
        public init(_ value: Bool) { self = value ? .longest : .none }
    }

    /// What is cut when a sequence is longer than `maxLength`. `true` is `longestFirst`.
    public enum Truncation: Sendable, ExpressibleByBooleanLiteral {
        /// Nothing is cut; too long a sequence is warned of.
        case none
        /// Token by token from the longer of the two texts.
        case longestFirst
        /// Only the first text of a pair is cut.
        case onlyFirst
        /// Only the second text of a pair is cut.
        case onlySecond

        /// `true` cuts the longer text of a pair first, `false` nothing.
        public init(booleanLiteral value: Bool) { self = value ? .longestFirst : .none }
        /// `true` cuts the longer text of a pair first, `false` nothing.
        public init(_ value: Bool) { self = value ? .longestFirst : .none }
    }

    /// The end of a sequence at which padding is added or tokens are cut.
    public enum Side: Sendable {
        /// At the beginning.
        case left
        /// At the end.
        case right
    }

    let settings: TokenizerSettings
    let fast: FastEncoder?
    private let onWarning: (@Sendable (String) -> Void)?
    private let hasWarned = Atomic<Bool>(false)

    var pipeline: Pipeline { settings.pipeline }

    /// Number of tokens of the model's vocabulary, without added ones; Python's `vocab_size`.
    public let vocabularySize: Int
    /// Number of all tokens, added ones included; Python's `len(tokenizer)`.
    public let count: Int
    /// The longest sequence that the model takes; `Int.max` if there is no limit.
    public var modelMaxLength: Int { settings.modelMaxLength }
    /// On which side rows are padded.
    public var paddingSide: Side { settings.paddingSide }
    /// On which side rows are cut.
    public var truncationSide: Side { settings.truncationSide }
    /// The inputs that the model takes, in order: keys of a batch.
    public var modelInputNames: [String] { settings.modelInputNames }
    /// The type of padding tokens. The Python stack reads no other one from files.
    public var padTokenTypeID: Int { 0 }

    /// What rows are filled up with, such as `[PAD]`; `nil` without one.
    public let padToken: String?
    /// What stands for text that no token covers, such as `[UNK]`; `nil` without one.
    public let unkToken: String?
    /// What stands before a sequence, and what classifiers read, such as `[CLS]`; `nil` without one.
    public let clsToken: String?
    /// What stands between two texts and at the end, such as `[SEP]`; `nil` without one.
    public let sepToken: String?
    /// What is to be filled in, such as `[MASK]`; `nil` without one.
    public let maskToken: String?
    /// The beginning of a sequence, such as `<s>`; `nil` without one.
    public let bosToken: String?
    /// The end of a sequence, such as `</s>`; `nil` without one.
    public let eosToken: String?
    /// The id of the padding token; `nil` without one.
    public let padTokenID: Int?
    /// The id of the unknown token; `nil` without one.
    public let unkTokenID: Int?
    /// The id of the token before a sequence; `nil` without one.
    public let clsTokenID: Int?
    /// The id of the token between two texts; `nil` without one.
    public let sepTokenID: Int?
    /// The id of the mask token; `nil` without one.
    public let maskTokenID: Int?
    /// The id of the token that begins a sequence; `nil` without one.
    public let bosTokenID: Int?
    /// The id of the token that ends a sequence; `nil` without one.
    public let eosTokenID: Int?

    init(_ settings: TokenizerSettings, onWarning: (@Sendable (String) -> Void)?) {
        self.settings = settings
        self.onWarning = onWarning
        let pipeline = settings.pipeline
        fast = FastEncoder(pipeline).flatMap { $0.canEncode ? $0 : nil }
        vocabularySize = pipeline.model.vocabulary.count
        count = vocabularySize + pipeline.added.countBeyond(pipeline.model.vocabulary)
        func token(_ name: SpecialTokenName) -> (String?, Int?) {
            let content = settings.special.first { $0.name == name.rawValue }?.token.content
            return (content, content.flatMap { pipeline.id(of: $0) }.map { Int($0) })
        }
        (padToken, padTokenID) = token(.pad)
        (unkToken, unkTokenID) = token(.unk)
        (clsToken, clsTokenID) = token(.cls)
        (sepToken, sepTokenID) = token(.sep)
        (maskToken, maskTokenID) = token(.mask)
        (bosToken, bosTokenID) = token(.bos)
        (eosToken, eosTokenID) = token(.eos)
    }

    /// A tokenizer of this vocabulary with other settings. What was warned of may be warned of again.
    func with(_ settings: TokenizerSettings) -> Tokenizer { Tokenizer(settings, onWarning: onWarning) }

    /// All special tokens, named ones first, each once.
    public var allSpecialTokens: [String] {
        var seen: Set<[UInt8]> = []
        let tokens = settings.special.map(\.token.content) + settings.extraSpecial.map(\.content)
        return tokens.filter { seen.insert(Array($0.utf8)).inserted }
    }

    /// Ids of `allSpecialTokens`.
    public var allSpecialIDs: [Int] { allSpecialTokens.compactMap { convertTokenToID($0) } }

    /// How many special tokens are put around a text or a pair; Python's `num_special_tokens_to_add`.
    public func specialTokenCount(isPair: Bool) -> Int { pipeline.postProcessor.addedCount(isPair: isPair) }

    /// Says once that a sequence is longer than the model takes.
    func warn(ofLength length: Int) {
        guard let onWarning, !hasWarned.exchange(true, ordering: .relaxed) else { return }
        onWarning(
            "Token indices sequence length is longer than the specified maximum sequence length for this model "
                + "(\(length) > \(modelMaxLength)). Running this sequence through the model will result in indexing errors"
        )
    }
}
