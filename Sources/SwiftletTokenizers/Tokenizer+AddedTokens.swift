extension Tokenizer {
    /// A tokenizer that knows more tokens; a token that it knows already gets the flags given here.
    ///
    /// New tokens get the next free ids, so that the model's embeddings need `count` rows in the end.
    ///
    /// - Parameter areSpecial: whether all of them are special tokens, whatever they say themselves.
    /// - Throws: `TokenizerError` if there are no more ids.
    public func adding(_ tokens: [AddedToken], areSpecial: Bool = false) throws -> Tokenizer {
        var settings = settings
        try settings.add(tokens.map { $0.special(areSpecial) })
        return with(settings)
    }

    /// A tokenizer that knows more tokens. Those that are not special are looked for in normalized texts.
    public func adding(_ tokens: [String], areSpecial: Bool = false) throws -> Tokenizer {
        try adding(tokens.map { AddedToken($0, isSpecial: areSpecial) })
    }

    /// A tokenizer with other special tokens, which are added to the vocabulary if they are not in it.
    ///
    /// What is put around texts stays as it is until the tokenizer is saved and loaded again, as in Python.
    ///
    /// - Parameters:
    ///   - specialTokens: by name, such as `[.pad: "<pad>"]`; new ones get ids in this order.
    ///   - extra: special tokens without a name of their own.
    ///   - replacesExtra: whether `extra`, if it is not empty, takes the place of those that there are.
    /// - Throws: `TokenizerError` if there are no more ids.
    public func adding(
        specialTokens: KeyValuePairs<SpecialTokenName, AddedToken>, extra: [AddedToken] = [],
        replacesExtra: Bool = true
    ) throws -> Tokenizer {
        try adding(specialTokens: specialTokens.map { ($0, $1) }, extra: extra, replacesExtra: replacesExtra)
    }

    /// A tokenizer with other special tokens, whose names and tokens are values that the program has computed.
    ///
    /// - Parameters:
    ///   - specialTokens: names and tokens; new ones get ids in this order.
    ///   - extra: special tokens without a name of their own.
    ///   - replacesExtra: whether `extra`, if it is not empty, takes the place of those that there are.
    /// - Throws: `TokenizerError` if there are no more ids.
    public func adding(
        specialTokens: [(name: SpecialTokenName, token: AddedToken)], extra: [AddedToken] = [],
        replacesExtra: Bool = true
    ) throws -> Tokenizer {
        var settings = settings
        var new: [AddedToken] = []
        for (name, token) in specialTokens {
            let token = token.special(true)
            new.append(token)
            settings.special.removeAll { $0.name == name.rawValue }
            settings.special.append((name.rawValue, token))
        }
        let order = SpecialTokenName.allCases.map(\.rawValue)
        let ranks = settings.special.map { order.firstIndex(of: $0.name) ?? order.count }
        settings.special = settings.special.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
            .map { [special = settings.special] in special[$0] }
        let extra = extra.map { $0.special(true) }
        let isKnown = { [known = settings.extraSpecial] (token: AddedToken) in
            known.contains { TokenizerFiles.same($0.content, token.content) }
        }
        let added = replacesExtra ? extra : extra.filter { !isKnown($0) }
        if replacesExtra, !added.isEmpty { settings.extraSpecial = added } else { settings.extraSpecial += added }
        try settings.add(new + added)
        return with(settings)
    }
}

extension TokenizerSettings {
    fileprivate mutating func add(_ tokens: [AddedToken]) throws(TokenizerError) {
        let vocabulary = pipeline.model.vocabulary
        let largest = max(
            pipeline.added.tokens.keys.max().map { Int($0) } ?? 0, vocabulary.ids.last.map { Int($0) } ?? 0,
            vocabulary.count)
        guard largest + tokens.count < Int(Int32.max) else {
            throw TokenizerError(
                "\(tokens.count) tokens can't be added after the id \(largest)",
                remedy: "Give the tokens of the vocabulary ids without gaps.")
        }
        try pipeline.added.add(tokens, model: vocabulary, normalizer: pipeline.normalizer)
    }
}

extension AddedToken {
    fileprivate func special(_ isSpecial: Bool) -> AddedToken {
        var token = self
        if isSpecial { token.isSpecial = true }
        return token
    }
}
