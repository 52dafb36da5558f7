import SwiftletIO

extension Tokenizer {
    /// A tokenizer of these settings with a newly trained model, whose first tokens are `specialTokens`.
    func with(_ model: Model, _ specialTokens: [AddedToken]) throws -> Tokenizer {
        var settings = settings
        settings.pipeline.model = model
        // A class has one kind of model.
        if let family = TokenizerFamily(rawValue: settings.className), family.modelType != model.json["type"]?.string {
            settings.className = TokenizerFamily.generic.rawValue
        }
        settings.pipeline.added = AddedVocabulary()
        let special = specialTokens.map { token in
            var token = token
            token.isSpecial = true
            return token
        }
        try settings.pipeline.added.add(special, model: model.vocabulary, normalizer: settings.pipeline.normalizer)
        try settings.addMissingSpecialTokens()
        if let section = settings.pipeline.postProcessor.section {
            settings.pipeline.postProcessor = try PostProcessor(
                JSONSection(value: try settings.renumbered(section.value), path: section.path, key: section.key))
        }
        return with(settings)
    }
}

extension PostProcessor {
    fileprivate var section: JSONSection? {
        json.isNull ? nil : JSONSection(value: json, path: "tokenizer", key: "post_processor")
    }
}

extension TokenizerSettings {
    fileprivate mutating func addMissingSpecialTokens() throws(TokenizerError) {
        let missing = (special.map(\.token) + extraSpecial).filter { pipeline.added.id(of: $0.content) == nil }
        try pipeline.added.add(missing, model: pipeline.model.vocabulary, normalizer: pipeline.normalizer)
    }

    /// A post-processor with the ids that its tokens have now.
    fileprivate func renumbered(_ processor: JSONValue) throws -> JSONValue {
        guard var object = processor.object else { return processor }
        func id(_ token: String) throws -> JSONValue {
            guard let id = pipeline.id(of: token) else {
                throw TokenizerError(
                    "'\(token)' is put around texts, but is no token of the new vocabulary",
                    remedy: "Add it to specialTokens.")
            }
            return .int(Int(id))
        }
        for name in ["cls", "sep"] {
            guard let token = object[name]?.array?.first, let content = token.string else { continue }
            object[name] = [token, try id(content)]
        }
        if var tokens = object["special_tokens"]?.object {
            for (key, value) in tokens {
                guard var token = value.object else { continue }
                token["ids"] = .array(try (token["tokens"]?.array ?? []).compactMap(\.string).map(id))
                tokens[key] = .object(token)
            }
            object["special_tokens"] = .object(tokens)
        }
        if let processors = object["processors"]?.array {
            object["processors"] = .array(try processors.map(renumbered))
        }
        return .object(object)
    }

    /// Whether words are spelled with one letter for each byte.
    var usesByteLetters: Bool {
        func isByteLevel(_ value: JSONValue) -> Bool {
            value["type"]?.string == "ByteLevel" || (value["pretokenizers"]?.array ?? []).contains(where: isByteLevel)
        }
        return pipeline.preTokenizer.map { isByteLevel($0.json) } ?? false
    }

    /// The letters that stand for the 256 bytes.
    static let byteLetters = ByteAlphabet.shared.scalars.compactMap { Unicode.Scalar($0) }

    /// Those of a class that knows no tokens but special ones.
    init(_ family: TokenizerFamily, _ config: JSONObject) throws {
        func section(_ value: JSONValue, _ key: String = "") -> JSONSection {
            JSONSection(value: value, path: "config", key: key)
        }
        func part(_ value: JSONValue, _ key: String) -> JSONSection? { value.isNull ? nil : section(value, key) }
        let settings = section(.object(config))
        var special: [(name: String, token: AddedToken)] = []
        for (name, content) in family.defaults {
            let content = try settings.optional(name) == nil ? content : settings.string(name)
            let stripsLeft = family.maskStripsLeft && name == "mask_token"
            special.append((name, AddedToken(content, isSpecial: true, stripsLeft: stripsLeft)))
        }
        func token(_ name: String) -> String { special.first { $0.name == name }?.token.content ?? "" }
        var tokens: [String] = []
        for name in family.firstTokens where !tokens.contains(token(name)) { tokens.append(token(name)) }
        let unknown = token("unk_token")
        let model: Model =
            switch family.modelType {
            case "WordPiece": .wordPiece(WordPiece(vocabulary: Vocabulary(list: tokens), unknownToken: unknown))
            case "BPE": .bpe(try BPE(vocabulary: Vocabulary(list: tokens), merges: MergeList()))
            default:
                .unigram(try Unigram(tokens: tokens.map { ($0, 0) }, unknownID: tokens.firstIndex(of: unknown)))
            }
        self.init(
            Pipeline(
                normalizer: try part(try family.normalizer(settings, charsmap: nil), "normalizer").map {
                    try Normalizer($0)
                },
                preTokenizer: try part(try family.preTokenizer(settings), "pre_tokenizer").map { try PreTokenizer($0) },
                model: model, postProcessor: .absent,
                decoder: try part(try family.decoder(settings), "decoder").map { try Decoder($0) }))
        self.config = config
        self.special = special
        className = family.rawValue
        modelInputNames = family.inputNames
        let firsts = tokens.compactMap { content in special.first { $0.token.content == content }?.token }
        try pipeline.added.add(firsts, model: model.vocabulary, normalizer: pipeline.normalizer)
        let pipeline = pipeline
        let processor = try family.postProcessor(settings, token: token) { content, fallback in
            pipeline.id(of: content).map { Int($0) } ?? fallback
        }
        if let section = part(processor, "post_processor") { self.pipeline.postProcessor = try PostProcessor(section) }
    }
}

extension TokenizerFamily {
    /// The names of the tokens that an untrained tokenizer has, in the order of their ids.
    fileprivate var firstTokens: [String] {
        let names: [SpecialTokenName] =
            switch self {
            case .mpnet: [.bos, .eos, .unk, .pad, .mask]
            case .roberta: [.pad, .unk, .bos, .eos, .mask]
            case .xlmRoberta, .camembert: [.bos, .pad, .eos, .unk, .mask]
            case .deberta: [.unk, .cls, .sep, .pad, .mask]
            case .debertaV2: [.pad, .unk, .sep, .cls, .mask]
            default: [.pad, .unk, .cls, .sep, .mask]
            }
        return names.map(\.rawValue)
    }
}
