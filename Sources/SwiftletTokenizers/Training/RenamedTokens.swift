import SwiftletIO

/// Special tokens that get other names when a tokenizer is trained anew; Python's `special_tokens_map`.
struct RenamedTokens {
    private let names: [TextKey: String]

    init(_ names: [TextKey: String]) { self.names = names }

    var isEmpty: Bool { names.isEmpty }

    /// The new name of a token, or the one it has.
    func callAsFunction(_ token: String) -> String { names[TextKey(token)] ?? token }

    /// The token under its new name, with the flags that it has.
    func callAsFunction(_ token: AddedToken) -> AddedToken {
        var token = token
        token.content = self(token.content)
        return token
    }

    /// A model whose unknown token has its new name. Its vocabulary is the old one, which training replaces.
    func callAsFunction(_ model: Model) throws -> Model {
        switch model {
        case .wordPiece(let old):
            return .wordPiece(
                WordPiece(
                    vocabulary: old.vocabulary, unknownToken: self(old.unknownToken),
                    continuingPrefix: old.continuingPrefix, longestWord: old.longestWord))
        case .wordLevel(let old):
            return .wordLevel(WordLevel(vocabulary: old.vocabulary, unknownToken: self(old.unknownToken)))
        case .bpe(let old):
            var options = old.options
            options.unknownToken = options.unknownToken.map { self($0) }
            return .bpe(try BPE(vocabulary: old.vocabulary, merges: MergeList(), options: options))
        case .unigram: return model
        }
    }

    /// A post-processor that puts the renamed tokens around texts. A template goes on calling its parts by their old
    /// names, as in Python.
    fileprivate func callAsFunction(_ processor: JSONValue) -> JSONValue {
        guard var object = processor.object else { return processor }
        func renamed(_ token: JSONValue) -> JSONValue { token.string.map { .string(self($0)) } ?? token }
        for name in ["cls", "sep"] {
            guard let pair = object[name]?.array, let token = pair.first else { continue }
            object[name] = .array([renamed(token)] + pair.dropFirst())
        }
        if var parts = object["special_tokens"]?.object {
            for (key, value) in parts {
                guard var part = value.object, let tokens = part["tokens"]?.array else { continue }
                part["tokens"] = .array(tokens.map(renamed))
                parts[key] = .object(part)
            }
            object["special_tokens"] = .object(parts)
        }
        if let processors = object["processors"]?.array {
            object["processors"] = .array(processors.map { self($0) })
        }
        return .object(object)
    }
}

extension TokenizerSettings {
    /// These settings with other names for special tokens, for a model that is yet to be trained.
    ///
    /// Tokens without a name of their own (`extraSpecial`) keep the names they have, as in Python.
    func renamed(_ renamed: RenamedTokens) throws -> TokenizerSettings {
        guard !renamed.isEmpty else { return self }
        var settings = self
        settings.special = special.map { ($0.name, renamed($0.token)) }
        settings.pipeline.model = try renamed(pipeline.model)
        let family = TokenizerFamily(rawValue: className) ?? .generic
        func section(_ value: JSONValue) -> JSONSection {
            JSONSection(value: value, path: "tokenizer", key: "post_processor")
        }
        let processor = pipeline.postProcessor.json
        if processor.isNull { return settings }
        switch family {
        case .generic, .albert:
            settings.pipeline.postProcessor = try PostProcessor(section(renamed(processor)))
        default:
            // The class makes its own of the tokens that it has.
            let value = try family.postProcessor(section(.object(config))) { name in
                settings.special.first { $0.name == name }?.token.content ?? ""
            } id: { _, fallback in
                fallback
            }
            settings.pipeline.postProcessor = try PostProcessor(section(value))
        }
        return settings
    }
}
