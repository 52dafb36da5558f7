import SwiftletIO

/// What the files of a folder say about a tokenizer, put together as the Python stack does.
///
/// For the classes of known families only the vocabulary comes from `tokenizer.json`; the other parts follow from the
/// class and from `tokenizer_config.json`. Everything else is taken from `tokenizer.json` as it stands.
struct TokenizerFiles {
    enum Family: String {
        case bert = "BertTokenizer"
        case distilBert = "DistilBertTokenizer"
        case mpnet = "MPNetTokenizer"
        case generic = "TokenizersBackend"
    }

    static let namedTokens = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]

    let folder: String
    let family: Family
    /// `tokenizer_config.json`, with the special tokens of `special_tokens_map.json` where they count.
    private(set) var config: JSONObject
    private(set) var pipeline: Pipeline
    /// By name, such as `cls_token`.
    private(set) var special: [(name: String, token: AddedToken)] = []
    private(set) var extraSpecial: [AddedToken] = []
    var modelInputNames: [String] = []
    var modelMaxLength = Int.max
    var padTokenTypeID = 0
    var padsLeft = false
    var truncatesLeft = false

    init(_ folder: String) throws {
        self.folder = folder
        guard FileSystem.isDirectory(folder) else {
            throw TokenizerError(
                "there is no folder '\(folder)'", remedy: "Give the path of a folder with tokenizer.json or vocab.txt.")
        }
        func file(_ name: String) -> String? {
            let path = FileSystem.join(folder, name)
            return FileSystem.exists(path) ? path : nil
        }
        func object(_ name: String) throws -> JSONSection? {
            guard let path = file(name) else { return nil }
            let section = JSONSection(value: try JSONValue(contentsOf: path), path: path, key: "")
            guard section.value.object != nil else {
                throw section.invalid("", "is \(section.value.kind), not an object")
            }
            return section
        }

        let configSection = try object("tokenizer_config.json")
        var config = configSection?.value.object ?? [:]
        let configPath = FileSystem.join(folder, "tokenizer_config.json")
        let modelConfig = try object("config.json")
        let family = try Self.family(configSection, modelConfig)
        self.family = family

        let json = try file("tokenizer.json").map { try TokenizerJSON($0) }
        var fileTokens: [(id: Int, token: AddedToken)] = []
        if let items = try json?.document.optional("added_tokens")?.items() {
            fileTokens = try items.map { (try $0.int("id"), try AddedToken($0)) }
        }

        // Special tokens: tokenizer_config.json, or the older special_tokens_map.json and added_tokens.json.
        var declared: [(id: Int, token: AddedToken)] = []
        var merged = JSONSection(value: .object(config), path: configPath, key: "")
        if let decoder = try merged.optional("added_tokens_decoder") {
            guard let object = decoder.value.object else {
                throw decoder.invalid("", "is \(decoder.value.kind), not an object")
            }
            for (key, value) in object {
                guard let id = Int(key), id >= 0 else { throw decoder.invalid(key, "is not an id") }
                let section = JSONSection(value: value, path: configPath, key: "added_tokens_decoder.\(key)")
                declared.append((id, try AddedToken(section)))
            }
        } else {
            if let map = try object("special_tokens_map.json") {
                for (key, value) in map.value.object ?? [:] {
                    config[key] = value
                }
                merged = JSONSection(value: .object(config), path: map.path, key: "")
            }
            if let added = try object("added_tokens.json"), let object = added.value.object {
                for (token, value) in object {
                    let id = try JSONSection(value: value, path: added.path, key: token).int()
                    let named = config
                    let isSpecial = Self.namedTokens.contains { name in
                        let value = named[name]
                        return Self.same(value?.string ?? value?["content"]?.string, token)
                    }
                    declared.append((id, AddedToken(token, isSpecial: isSpecial)))
                }
            }
            declared += fileTokens
        }
        declared.sort { $0.id < $1.id }

        for (name, value) in Self.defaults(family) where config[name] == nil { config[name] = .string(value) }
        merged = JSONSection(value: .object(config), path: merged.path, key: "")
        self.config = config
        // A named token that is declared as an added token has its flags; one that is only a string has those of a
        // special token.
        func resolve(_ section: JSONSection) throws -> AddedToken {
            var token: AddedToken
            if let string = section.value.string {
                token = AddedToken(string, isSpecial: true)
                if family == .mpnet, section.key == "mask_token" { token.stripsLeft = true }
            } else {
                token = try AddedToken(section, isSpecial: true)
            }
            if let known = declared.last(where: { Self.same($0.token.content, token.content) }) { token = known.token }
            token.isSpecial = true
            return token
        }
        let others = config.filter { key, value in
            key.hasSuffix("_token") && !Self.namedTokens.contains(key) && value.string != nil
        }
        let names = Self.namedTokens + others.map(\.0)
        for name in names {
            guard let section = try merged.optional(name) else { continue }
            special.append((name, try resolve(section)))
        }
        for name in ["extra_special_tokens", "additional_special_tokens"] {
            guard let section = try merged.optional(name) else { continue }
            if let object = section.value.object {
                for (key, value) in object {
                    special.append(
                        (key, try resolve(JSONSection(value: value, path: merged.path, key: "\(name).\(key)"))))
                }
            } else {
                extraSpecial += try section.items().map(resolve)
            }
            break
        }

        // The parts.
        if let json, family == .generic {
            let document = json.document
            var post = PostProcessor.absent
            if let section = try document.optional("post_processor") { post = try PostProcessor(section) }
            var pipeline = Pipeline(
                normalizer: try document.optional("normalizer").map { try Normalizer($0) },
                preTokenizer: try document.optional("pre_tokenizer").map { try PreTokenizer($0) },
                model: try Model(try document.required("model"), vocabulary: json.vocabulary), postProcessor: post,
                decoder: try document.optional("decoder").map { try Decoder($0) })
            pipeline.added.add(
                fileTokens.map(\.token), model: pipeline.model.vocabulary, normalizer: pipeline.normalizer)
            self.pipeline = pipeline
            for (id, token) in fileTokens where Int(pipeline.added.id(of: token.content) ?? -1) != id {
                throw document.invalid("added_tokens", "give '\(token.content)' the id \(id), which is not the next one")
            }
        } else {
            let vocabulary: Vocabulary
            if let json {
                let section = try json.document.required("model")
                if let type = try section.optional("type"), type.value.string != "WordPiece" {
                    throw section.unsupported(type.value.string ?? type.value.kind)
                }
                guard let pairs = json.vocabulary else {
                    throw section.invalid("vocab", "is not an object of tokens and ids")
                }
                vocabulary = Vocabulary(pairs)
            } else if let path = file("vocab.txt"), family != .generic {
                vocabulary = Vocabulary(try Self.vocabulary(lines: path))
            } else {
                throw TokenizerError(
                    "'\(folder)' has no tokenizer file that is understood",
                    remedy: "A folder needs tokenizer.json, or vocab.txt with the class of a BERT-like tokenizer in "
                        + "tokenizer_config.json or config.json.")
            }
            let settings = JSONSection(value: .object(config), path: configPath, key: "")
            let unknown = special.first { $0.name == "unk_token" }?.token.content ?? "[UNK]"
            pipeline = Pipeline(
                normalizer: .bert(
                    BertNormalizer(
                        stripsAccents: try settings.optionalBool("strip_accents"),
                        lowercases: try settings.optionalBool("do_lower_case") ?? true,
                        spacesIdeographs: try settings.optionalBool("tokenize_chinese_chars") ?? true)),
                preTokenizer: .bert, model: .wordPiece(WordPiece(vocabulary: vocabulary, unknownToken: unknown)),
                postProcessor: .absent, decoder: .wordPiece(prefix: "##", cleansUp: true))
        }
        addTokens(declared.map(\.token))
        if family != .generic { pipeline.postProcessor = familyPostProcessor() }

        try readSettings(json?.document, configPath)
    }

    /// Adds declared tokens that are not there yet, then the special ones with the flags they have in the end.
    private mutating func addTokens(_ declared: [AddedToken]) {
        let vocabulary = pipeline.model.vocabulary
        let normalizer = pipeline.normalizer
        var new = declared.filter { token in
            !pipeline.added.tokens.values.contains { Self.same($0.content, token.content) }
        }
        let known = new.map(\.content) + pipeline.added.tokens.values.map(\.content)
        for token in special.map(\.token) + extraSpecial where !known.contains(where: { Self.same($0, token.content) }) {
            new.append(token)
        }
        pipeline.added.add(new, model: vocabulary, normalizer: normalizer)
        pipeline.added.add(special.map(\.token) + extraSpecial, model: vocabulary, normalizer: normalizer)
    }

    private func familyPostProcessor() -> PostProcessor {
        func token(_ name: String, _ fallback: Int32) -> PostProcessor.SpecialToken {
            let content = special.first { $0.name == name }?.token.content ?? ""
            return .init(token: content, id: pipeline.id(of: content) ?? fallback)
        }
        return switch family {
        case .mpnet:
            .roberta(
                separator: token("sep_token", 2), classifier: token("cls_token", 0), trimsOffsets: true,
                addsPrefixSpace: false)
        default: .bertTemplate(classifier: token("cls_token", 2), separator: token("sep_token", 3))
        }
    }

    private mutating func readSettings(_ document: JSONSection?, _ configPath: String) throws {
        let settings = JSONSection(value: .object(config), path: configPath, key: "")
        if let names = try settings.optional("model_input_names") {
            modelInputNames = try names.items().map { item in
                guard let name = item.value.string else { throw item.invalid("", "is \(item.value.kind), not a string") }
                return name
            }
        } else {
            modelInputNames =
                family == .bert ? ["input_ids", "token_type_ids", "attention_mask"] : ["input_ids", "attention_mask"]
        }
        if let length = try settings.optional("model_max_length") ?? settings.optional("max_len") {
            guard let number = length.value.double, number >= 0 else {
                throw length.invalid("", "is \(length.value.kind), not a length")
            }
            modelMaxLength = number < 1e18 ? Int(number) : Int.max
        }
        let padding = try document?.optional("padding")
        if try settings.optional("pad_token_type_id") != nil {
            padTokenTypeID = try settings.int("pad_token_type_id")
        } else if let padding, try padding.optional("pad_type_id") != nil {
            padTokenTypeID = try padding.int("pad_type_id")
        }
        func isLeft(_ name: String, _ section: JSONSection?) throws -> Bool {
            if try settings.optional(name) != nil {
                switch try settings.string(name) {
                case "left": return true
                case "right": return false
                case let side: throw settings.invalid(name, "is '\(side)', which is neither left nor right")
                }
            }
            guard let section, let direction = try section.optional("direction") else { return false }
            switch direction.value.string {
            case "Left": return true
            case "Right": return false
            default: throw section.invalid("direction", "is neither Left nor Right")
            }
        }
        padsLeft = try isLeft("padding_side", padding)
        truncatesLeft = try isLeft("truncation_side", try document?.optional("truncation"))
        // Asking a tokenizer to pad needs a token; a file may name it in its padding only.
        if !special.contains(where: { $0.name == "pad_token" }), let padding,
            try padding.optional("pad_token") != nil
        {
            let token = AddedToken(try padding.string("pad_token"), isSpecial: true)
            special.append(("pad_token", token))
            config["pad_token"] = .string(token.content)
            pipeline.added.add([token], model: pipeline.model.vocabulary, normalizer: pipeline.normalizer)
        }
    }

    private static func family(_ config: JSONSection?, _ modelConfig: JSONSection?) throws -> Family {
        for section in [config, modelConfig] {
            guard let section, try section.optional("tokenizer_class") != nil else { continue }
            var name = try section.string("tokenizer_class")
            if name.hasSuffix("Fast") { name.removeLast(4) }
            switch name {
            case "BertTokenizer", "ElectraTokenizer": return .bert
            case "DistilBertTokenizer": return .distilBert
            case "MPNetTokenizer": return .mpnet
            default: return .generic
            }
        }
        switch try modelConfig?.optional("model_type")?.value.string {
        case "bert", "distilbert", "electra": return .bert
        case "mpnet": return .mpnet
        default: return .generic
        }
    }

    private static func defaults(_ family: Family) -> [(String, String)] {
        switch family {
        case .bert, .distilBert:
            [
                ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"),
                ("mask_token", "[MASK]"),
            ]
        case .mpnet:
            [
                ("bos_token", "<s>"), ("eos_token", "</s>"), ("sep_token", "</s>"), ("cls_token", "<s>"),
                ("unk_token", "[UNK]"), ("pad_token", "<pad>"), ("mask_token", "<mask>"),
            ]
        case .generic: []
        }
    }

    /// One token a line; its number is the id.
    private static func vocabulary(lines path: String) throws -> [(token: String, id: Int32)] {
        let file = try MappedFile(path)
        var pairs: [(token: String, id: Int32)] = []
        var start = 0
        let table = UnicodeTable.shared
        while start < file.bytes.count {
            var end = start
            while end < file.bytes.count, file.bytes[end] != 0x0A { end += 1 }
            let line = UnsafeRawBufferPointer(rebasing: file.bytes[start..<end])
            guard let text = String(validating: line, as: UTF8.self) else {
                throw TokenizerError.invalid(path, "line \(pairs.count + 1)", "is not UTF-8")
            }
            var scalars = text.unicodeScalars[...]
            while let last = scalars.last, table[last.value].has(UnicodeTable.Entry.whitespace) { scalars.removeLast() }
            pairs.append((String(scalars), Int32(pairs.count)))
            start = end + 1
        }
        return pairs
    }

    /// Equal bytes; Swift's `==` takes canonically equivalent strings for equal.
    static func same(_ left: String?, _ right: String) -> Bool {
        left?.utf8.elementsEqual(right.utf8) ?? false
    }
}
