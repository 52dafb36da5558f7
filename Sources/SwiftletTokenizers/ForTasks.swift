extension Tokenizer {
    /// Whether tokens that go on with a word say so by a prefix, such as `##`.
    package var marksContinuedWords: Bool {
        switch pipeline.model {
        case .wordPiece(let model): !model.continuingPrefix.isEmpty
        case .bpe(let model): !(model.options.continuingPrefix ?? "").isEmpty
        case .unigram, .wordLevel: false
        }
    }

    /// A tokenizer for sequences of another length.
    package func with(modelMaxLength: Int) -> Tokenizer {
        var settings = settings
        settings.modelMaxLength = max(modelMaxLength, 0)
        return with(settings)
    }

    /// A tokenizer that makes letters small before all else; the same where it does so already.
    package var lowercasing: Tokenizer {
        guard pipeline.normalizer?.lowercases != true else { return self }
        var settings = settings
        switch settings.pipeline.normalizer {
        case nil: settings.pipeline.normalizer = .lowercase
        case .sequence(let normalizers): settings.pipeline.normalizer = .sequence([.lowercase] + normalizers)
        case .some(let normalizer): settings.pipeline.normalizer = .sequence([.lowercase, normalizer])
        }
        return with(settings)
    }
}

extension Normalizer {
    fileprivate var lowercases: Bool {
        switch self {
        case .lowercase: true
        case .sequence(let normalizers): normalizers.contains { $0.lowercases }
        // One that does more than that is none of the kind for Python.
        case .bert, .form, .strip, .stripAccents, .replace, .prepend, .byteLevel, .nmt, .precompiled: false
        }
    }
}
