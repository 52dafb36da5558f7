/// Learns a WordPiece vocabulary, with the merges of byte pair encoding as the Rust library does.
public struct WordPieceTrainer: Sendable {
    /// How many tokens there are to be, special ones included.
    public var vocabularySize = 30000
    /// A pair that is rarer is not merged.
    public var minFrequency = 0
    /// The first tokens, in this order.
    public var specialTokens: [AddedToken] = []
    /// How many letters there are at most; the most frequent ones are kept. `nil` keeps all.
    public var limitAlphabet: Int?
    /// Letters that are tokens even if the texts lack them.
    public var initialAlphabet: [Unicode.Scalar] = []
    /// Put before tokens that continue a word.
    public var continuingPrefix = "##"
    /// Put after the last token of a word; models don't look for it.
    public var endOfWordSuffix: String?

    /// A trainer with these settings, each described at the property of its name. The defaults are those of
    /// `WordPieceTrainer` in the Rust library. Training refuses values out of range with a `TokenizerError`.
    public init(
        vocabularySize: Int = 30000, minFrequency: Int = 0, specialTokens: [AddedToken] = [],
        limitAlphabet: Int? = nil, initialAlphabet: [Unicode.Scalar] = [], continuingPrefix: String = "##",
        endOfWordSuffix: String? = nil
    ) {
        self.vocabularySize = vocabularySize
        self.minFrequency = minFrequency
        self.specialTokens = specialTokens
        self.limitAlphabet = limitAlphabet
        self.initialAlphabet = initialAlphabet
        self.continuingPrefix = continuingPrefix
        self.endOfWordSuffix = endOfWordSuffix
    }

    /// - Returns: the tokens in the order of their ids.
    func train(_ words: [(word: [UInt8], count: Int)]) throws(TokenizerError) -> [String] {
        let trainer = BPETrainer(
            vocabularySize: vocabularySize, minFrequency: minFrequency, specialTokens: specialTokens,
            limitAlphabet: limitAlphabet, initialAlphabet: initialAlphabet, continuingPrefix: continuingPrefix,
            endOfWordSuffix: endOfWordSuffix)
        return try trainer.train(words).tokens
    }
}
