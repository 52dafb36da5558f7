/// Learns a vocabulary of whole words: the special tokens, then the most frequent words.
///
/// Of equally frequent words the one whose UTF-8 bytes come first is first. The result is that of the Rust library's
/// trainer. A word that is a special token too stands at its place among the words, and the id it had as a special token
/// stays empty.
public struct WordLevelTrainer: Sendable {
    /// How many tokens there are to be, special ones included.
    public var vocabularySize = 30000
    /// Rarer words are left out.
    public var minFrequency = 0
    /// The first tokens, in this order.
    public var specialTokens: [AddedToken] = []

    /// A trainer with these settings, each described at the property of its name. The defaults are those of
    /// `WordLevelTrainer` in the Rust library. Training refuses values out of range with a `TokenizerError`.
    public init(vocabularySize: Int = 30000, minFrequency: Int = 0, specialTokens: [AddedToken] = []) {
        self.vocabularySize = vocabularySize
        self.minFrequency = minFrequency
        self.specialTokens = specialTokens
    }

    /// - Returns: the tokens with their ids; one that comes twice has its last id.
    func train(_ words: [(word: [UInt8], count: Int)]) throws(TokenizerError) -> [(token: String, id: Int32)] {
        try TrainerLimits.check(vocabularySize: vocabularySize, minFrequency: minFrequency)
        let frequent = words.filter { $0.count >= minFrequency }.sorted { one, other in
            one.count != other.count ? one.count > other.count : one.word.lexicographicallyPrecedes(other.word)
        }
        let tokens = specialTokens.map(\.content) + frequent.map { String(decoding: $0.word, as: UTF8.self) }
        return tokens.prefix(vocabularySize).enumerated().map { ($1, Int32(truncatingIfNeeded: $0)) }
    }
}

/// What every trainer's numbers must keep to.
enum TrainerLimits {
    static func check(vocabularySize: Int, minFrequency: Int) throws(TokenizerError) {
        guard vocabularySize >= 0, vocabularySize < Int(Int32.max) else {
            throw .argument("vocabularySize", vocabularySize, "from 0 to \(Int32.max - 1)", python: "vocab_size")
        }
        guard minFrequency >= 0 else {
            throw .argument("minFrequency", minFrequency, "at least 0", python: "min_frequency")
        }
    }
}
