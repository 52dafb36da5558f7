import SwiftletIO

extension Tokenizer {
    /// The tokens of a text, or of a pair.
    public func tokenize(_ text: String, _ pair: String? = nil, addSpecialTokens: Bool = false) throws -> [String] {
        try self(text, pair, addSpecialTokens: addSpecialTokens).tokens
    }

    /// The tokens of ids; the empty string for ids that are no token.
    ///
    /// - Parameter skipSpecialTokens: whether special tokens are left out.
    public func convertIDsToTokens(_ ids: [Int], skipSpecialTokens: Bool = false) -> [String] {
        guard skipSpecialTokens else { return ids.map { convertIDToToken($0) ?? "" } }
        let special = Set(allSpecialIDs)
        return ids.filter { !special.contains($0) }.map { convertIDToToken($0) ?? "" }
    }

    /// The token of an id, or `nil` if it is none; of an added token what it is in normalized texts.
    public func convertIDToToken(_ id: Int) -> String? {
        Int32(exactly: id).flatMap { pipeline.added.decodedToken(of: $0) } ?? pipeline.model.vocabulary.token(of: id)
    }

    /// The ids of tokens; the unknown token's for what is no token, `nil` if there is no unknown token.
    public func convertTokensToIDs(_ tokens: [String]) -> [Int?] {
        tokens.map { convertTokenToID($0) ?? unkTokenID }
    }

    /// The id of a token, or `nil` if it is none.
    public func convertTokenToID(_ token: String) -> Int? { pipeline.id(of: token).map { Int($0) } }

    /// All tokens with their ids, added ones included; Python's `get_vocab`.
    ///
    /// A list and not a dictionary: Swift takes canonically equivalent strings for equal, vocabularies do not.
    public var vocabulary: [(token: String, id: Int)] {
        let model = pipeline.model.vocabulary
        let own = zip(model.tokens, model.ids).map { ($0, Int($1)) }
        let added = pipeline.added.sorted.filter { model.id(of: $0.token.content) == nil }
        return own + added.map { ($0.token.content, Int($0.id)) }
    }

    /// The added tokens by id; Python's `added_tokens_decoder`.
    public var addedTokens: [Int: AddedToken] {
        Dictionary(uniqueKeysWithValues: pipeline.added.tokens.map { (Int($0), $1) })
    }

    /// The text that tokens stand for.
    public func convertTokensToString(_ tokens: [String]) -> String {
        pipeline.decoder?.decode(tokens) ?? tokens.joined(separator: " ")
    }

    /// The text of ids. Ids that are no token are left out.
    ///
    /// - Parameters:
    ///   - skipSpecialTokens: whether special tokens are left out.
    ///   - cleanUpTokenizationSpaces: whether spaces before punctuation and English contractions are left out; what
    ///     `clean_up_tokenization_spaces` in the configuration says if `nil`. Nothing is done for BPE, which needs no
    ///     such thing. WordPiece decoders clean up by themselves, whatever is said here.
    public func decode(
        _ ids: [Int], skipSpecialTokens: Bool = false, cleanUpTokenizationSpaces: Bool? = nil
    ) -> String {
        let text = pipeline.decode(ids, skipsSpecialTokens: skipSpecialTokens)
        let cleansUp = cleanUpTokenizationSpaces ?? settings.config["clean_up_tokenization_spaces"]?.bool ?? false
        return cleansUp && canCleanUp ? Self.cleanedUp(text) : text
    }

    /// The text of ids as a model has them.
    ///
    /// - Parameters:
    ///   - ids: one sequence; ids outside the vocabulary are left out.
    ///   - skipSpecialTokens: leave special tokens such as `[CLS]` out.
    ///   - cleanUpTokenizationSpaces: take out spaces before punctuation and contractions, but for BPE; `nil` does what
    /// the tokenizer's files say.
    public func decode(
        _ ids: [Int32], skipSpecialTokens: Bool = false, cleanUpTokenizationSpaces: Bool? = nil
    ) -> String {
        decode(
            ids.map { Int($0) }, skipSpecialTokens: skipSpecialTokens,
            cleanUpTokenizationSpaces: cleanUpTokenizationSpaces)
    }

    /// The texts of lists of ids.
    public func batchDecode(
        _ ids: [[Int]], skipSpecialTokens: Bool = false, cleanUpTokenizationSpaces: Bool? = nil
    ) -> [String] {
        ids.map {
            decode($0, skipSpecialTokens: skipSpecialTokens, cleanUpTokenizationSpaces: cleanUpTokenizationSpaces)
        }
    }

    /// The texts of lists of ids as a model has them.
    ///
    /// - Parameters:
    ///   - ids: one list for each text.
    ///   - skipSpecialTokens: leave special tokens such as `[CLS]` out.
    ///   - cleanUpTokenizationSpaces: take out spaces before punctuation and contractions, but for BPE; `nil` does what
    /// the tokenizer's files say.
    public func batchDecode(
        _ ids: [[Int32]], skipSpecialTokens: Bool = false, cleanUpTokenizationSpaces: Bool? = nil
    ) -> [String] {
        ids.map {
            decode($0, skipSpecialTokens: skipSpecialTokens, cleanUpTokenizationSpaces: cleanUpTokenizationSpaces)
        }
    }

    private var canCleanUp: Bool {
        guard case .bpe = pipeline.model else { return true }
        let name = "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output"
        return settings.config[name]?.bool ?? false
    }

    /// In this order, each on the result of the one before. Decoders of WordPiece have one replacement more.
    private static let replacements = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" 's", "'s"),
        (" 've", "'ve"), (" 're", "'re"),
    ].map { (Array($0.0.utf8), Array($0.1.utf8)) }

    private static func cleanedUp(_ text: String) -> String {
        var bytes = Array(text.utf8)
        for (from, to) in replacements where bytes.count >= from.count {
            var result: [UInt8] = []
            result.reserveCapacity(bytes.count)
            var position = 0
            while position < bytes.count {
                if bytes[position] == from[0], bytes[position...].starts(with: from) {
                    result += to
                    position += from.count
                } else {
                    result.append(bytes[position])
                    position += 1
                }
            }
            bytes = result
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
