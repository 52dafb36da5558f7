public import SwiftletIO

extension Tokenizer {
    /// A tokenizer of the same kind whose tokens are learned from texts; Python's `train_new_from_iterator`.
    ///
    /// Normalizer, pre-tokenizer, post-processor and decoder stay as they are, and so do added tokens: special ones come
    /// first, others last. For other settings of the training use `WordPieceTrainer`, `BPETrainer`, `UnigramTrainer` or
    /// `WordLevelTrainer`.
    ///
    /// - Parameters:
    ///   - vocabularySize: how many tokens there are to be, special ones included.
    ///   - newSpecialTokens: come after those that the tokenizer has.
    ///   - specialTokensMap: other names for special tokens, such as `["[UNK]": "<unk>"]`. As in Python, the old name
    ///     stays a token, after all others, where the tokenizer's files declare it as an added token.
    /// - Throws: `TokenizerError` if the texts don't fit the size.
    public func trained(
        on texts: some Sequence<String>, vocabularySize: Int, newSpecialTokens: [AddedToken] = [],
        specialTokensMap: [TextKey: String] = [:]
    ) throws -> Tokenizer {
        try trained(
            settings.pipeline.counts(of: texts), vocabularySize, newSpecialTokens, RenamedTokens(specialTokensMap))
    }

    /// Trains a tokenizer of the same kind on the lines of text files.
    ///
    /// - Parameters:
    ///   - files: of UTF-8 text; each line is a text.
    ///   - vocabularySize: how many tokens there are to be, special ones included.
    ///   - newSpecialTokens: come after those that the tokenizer has.
    ///   - specialTokensMap: other names for special tokens, as above.
    /// - Throws: `TokenizerError` if the texts don't fit the size, or a file is not UTF-8; `FileError`.
    public func trained(
        files: [String], vocabularySize: Int, newSpecialTokens: [AddedToken] = [],
        specialTokensMap: [TextKey: String] = [:]
    ) throws -> Tokenizer {
        try trained(
            settings.pipeline.counts(files: files), vocabularySize, newSpecialTokens, RenamedTokens(specialTokensMap))
    }

    private func trained(
        _ words: WordCounts, _ vocabularySize: Int, _ newSpecialTokens: [AddedToken], _ renamed: RenamedTokens
    ) throws -> Tokenizer {
        let added = pipeline.added.sorted.map(\.token)
        let special = added.filter(\.isSpecial).map { renamed($0) } + newSpecialTokens
        var like = try settings.renamed(renamed)
        if !renamed.isEmpty { like.extraSpecial = [] }
        let original = with(like)
        var result: Tokenizer
        switch pipeline.model {
        case .wordPiece:
            // The trainer's own prefix, whatever that of the model is; so it is in Python.
            let trainer = WordPieceTrainer(vocabularySize: vocabularySize, specialTokens: special)
            result = try trainer.train(words, like: original)
        case .bpe(let model):
            let trainer = BPETrainer(
                vocabularySize: vocabularySize, specialTokens: special,
                initialAlphabet: settings.usesByteLetters ? TokenizerSettings.byteLetters : [],
                continuingPrefix: model.options.continuingPrefix, endOfWordSuffix: model.options.endSuffix)
            result = try trainer.train(words, like: original)
        case .unigram(let model):
            let trainer = UnigramTrainer(
                vocabularySize: vocabularySize, specialTokens: added.map { renamed($0) } + newSpecialTokens,
                initialAlphabet: settings.usesByteLetters ? TokenizerSettings.byteLetters : [],
                unkToken: model.unknownID.flatMap { model.vocabulary.token(of: Int($0)) }.map { renamed($0) })
            result = try trainer.train(words, like: original)
        case .wordLevel:
            let trainer = WordLevelTrainer(vocabularySize: vocabularySize, specialTokens: special)
            result = try trainer.train(words, like: original)
        }
        // Tokens that were added to the old tokenizer are added to the new one; by their old names those that its files
        // declare, and those without a name of their own.
        if !renamed.isEmpty { result = try result.adding(settings.declared) }
        result = try result.adding(added.filter { !$0.isSpecial })
        if !renamed.isEmpty {
            // Tokens that are named as special ones only there stay what they were added as.
            result = try result.adding(specialTokens: [], extra: settings.extraSpecial)
                .adding(added.filter { !$0.isSpecial })
        }
        return try result.adding(specialTokens: [], extra: newSpecialTokens, replacesExtra: false)
    }

    /// A tokenizer of a class with no tokens but special ones, to be trained; what `BertTokenizer()` is in Python.
    ///
    /// - Parameters:
    ///   - className: such as `BertTokenizer` or `RobertaTokenizer`.
    ///   - config: settings as in `tokenizer_config.json`, such as `["do_lower_case": false]`.
    /// - Throws: `TokenizerError` for classes and settings that are not understood.
    public static func untrained(_ className: String, config: JSONObject = [:]) throws -> Tokenizer {
        guard let family = TokenizerFamily(rawValue: className), family != .generic else {
            throw TokenizerError(
                "'\(className)' is no class that can be made without files",
                remedy: "Use BertTokenizer, DistilBertTokenizer, MPNetTokenizer, RobertaTokenizer, DebertaTokenizer, "
                    + "DebertaV2Tokenizer, XLMRobertaTokenizer or AlbertTokenizer.")
        }
        return Tokenizer(try TokenizerSettings(family, config), onWarning: nil)
    }
}

extension WordPieceTrainer {
    /// Trains a tokenizer on texts.
    ///
    /// - Parameter tokenizer: gives what is not learned: how texts are normalized and split, and what is put around
    ///   them. Its named special tokens come last if `specialTokens` lacks them.
    public func train(on texts: some Sequence<String>, like tokenizer: Tokenizer) throws -> Tokenizer {
        try train(tokenizer.pipeline.counts(of: texts), like: tokenizer)
    }

    /// Trains a tokenizer on the lines of text files.
    ///
    /// - Parameters:
    ///   - files: of UTF-8 text; each line is a text.
    ///   - tokenizer: gives what is not learned: how texts are normalized and split, and what is put around them. Its
    ///     named special tokens come last if `specialTokens` lacks them.
    /// - Throws: `TokenizerError` for settings that don't fit the texts, or a file that is not UTF-8; `FileError`.
    public func train(files: [String], like tokenizer: Tokenizer) throws -> Tokenizer {
        try train(tokenizer.pipeline.counts(files: files), like: tokenizer)
    }

    fileprivate func train(_ words: WordCounts, like tokenizer: Tokenizer) throws -> Tokenizer {
        var model = WordPiece(vocabulary: Vocabulary(list: try train(words.sorted)), continuingPrefix: continuingPrefix)
        if case .wordPiece(let old) = tokenizer.pipeline.model {
            model = WordPiece(
                vocabulary: model.vocabulary, unknownToken: old.unknownToken, continuingPrefix: continuingPrefix,
                longestWord: old.longestWord)
        }
        return try tokenizer.with(.wordPiece(model), specialTokens)
    }
}

extension BPETrainer {
    /// Trains a tokenizer on texts.
    ///
    /// - Parameters:
    ///   - texts: read once, in order.
    ///   - tokenizer: gives what is not learned: how texts are normalized and split, and what is put around them. Its
    ///     named special tokens come last if `specialTokens` lacks them.
    /// - Throws: `TokenizerError` for settings that don't fit the texts.
    public func train(on texts: some Sequence<String>, like tokenizer: Tokenizer) throws -> Tokenizer {
        try train(tokenizer.pipeline.counts(of: texts), like: tokenizer)
    }

    /// Trains a tokenizer on the lines of text files.
    ///
    /// - Parameters:
    ///   - files: of UTF-8 text; each line is a text.
    ///   - tokenizer: gives what is not learned: how texts are normalized and split, and what is put around them. Its
    ///     named special tokens come last if `specialTokens` lacks them.
    /// - Throws: `TokenizerError` for settings that don't fit the texts, or a file that is not UTF-8; `FileError`.
    public func train(files: [String], like tokenizer: Tokenizer) throws -> Tokenizer {
        try train(tokenizer.pipeline.counts(files: files), like: tokenizer)
    }

    fileprivate func train(_ words: WordCounts, like tokenizer: Tokenizer) throws -> Tokenizer {
        let result = try train(words.sorted)
        var options = BPE.Options()
        if case .bpe(let old) = tokenizer.pipeline.model { options = old.options }
        options.continuingPrefix = continuingPrefix
        options.endSuffix = endOfWordSuffix
        let model = try BPE(
            vocabulary: Vocabulary(list: result.tokens), merges: MergeList(result.merges), options: options)
        return try tokenizer.with(.bpe(model), specialTokens)
    }
}

extension UnigramTrainer {
    /// Trains a tokenizer on texts.
    ///
    /// - Parameters:
    ///   - texts: read once, in order.
    ///   - tokenizer: gives what is not learned: how texts are normalized and split, and what is put around them. Its
    ///     named special tokens come last if `specialTokens` lacks them.
    /// - Throws: `TokenizerError` for settings that don't fit the texts.
    public func train(on texts: some Sequence<String>, like tokenizer: Tokenizer) throws -> Tokenizer {
        try train(tokenizer.pipeline.counts(of: texts), like: tokenizer)
    }

    /// Trains a tokenizer on the lines of text files.
    ///
    /// - Parameters:
    ///   - files: of UTF-8 text; each line is a text.
    ///   - tokenizer: gives what is not learned: how texts are normalized and split, and what is put around them. Its
    ///     named special tokens come last if `specialTokens` lacks them.
    /// - Throws: `TokenizerError` for settings that don't fit the texts, or a file that is not UTF-8; `FileError`.
    public func train(files: [String], like tokenizer: Tokenizer) throws -> Tokenizer {
        try train(tokenizer.pipeline.counts(files: files), like: tokenizer)
    }

    fileprivate func train(_ words: WordCounts, like tokenizer: Tokenizer) throws -> Tokenizer {
        let result = try train(words.sorted)
        var byteFallback = false
        if case .unigram(let old) = tokenizer.pipeline.model { byteFallback = old.byteFallback }
        let model = try Unigram(tokens: result.tokens, unknownID: result.unknownID, byteFallback: byteFallback)
        return try tokenizer.with(.unigram(model), specialTokens)
    }
}

extension WordLevelTrainer {
    /// Trains a tokenizer on texts.
    ///
    /// - Parameters:
    ///   - texts: read once, in order.
    ///   - tokenizer: gives what is not learned: how texts are normalized and split, what is put around them, and the
    ///     unknown token. Its named special tokens come last if `specialTokens` lacks them.
    /// - Throws: `TokenizerError` for settings that can't be.
    public func train(on texts: some Sequence<String>, like tokenizer: Tokenizer) throws -> Tokenizer {
        try train(tokenizer.pipeline.counts(of: texts), like: tokenizer)
    }

    /// Trains a tokenizer on the lines of text files.
    ///
    /// - Parameters:
    ///   - files: of UTF-8 text; each line is a text.
    ///   - tokenizer: gives what is not learned: how texts are normalized and split, what is put around them, and the
    ///     unknown token. Its named special tokens come last if `specialTokens` lacks them.
    /// - Throws: `TokenizerError` for settings that can't be, or a file that is not UTF-8; `FileError`.
    public func train(files: [String], like tokenizer: Tokenizer) throws -> Tokenizer {
        try train(tokenizer.pipeline.counts(files: files), like: tokenizer)
    }

    fileprivate func train(_ words: WordCounts, like tokenizer: Tokenizer) throws -> Tokenizer {
        var unknownToken = tokenizer.unkToken ?? "<unk>"
        if case .wordLevel(let old) = tokenizer.pipeline.model { unknownToken = old.unknownToken }
        let model = WordLevel(vocabulary: Vocabulary(try train(words.sorted)), unknownToken: unknownToken)
        return try tokenizer.with(.wordLevel(model), specialTokens)
    }
}
