import SwiftletIO

/// What the files of a folder say about a tokenizer, put together as the Python stack does.
///
/// For the classes of known families only the vocabulary comes from `tokenizer.json`; the other parts follow from the
/// class and from `tokenizer_config.json`. Everything else is taken from `tokenizer.json` as it stands.
struct TokenizerFiles {
    static let namedTokens = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]

    let folder: String
    let family: TokenizerFamily
    /// `tokenizer_config.json`, with the special tokens of `special_tokens_map.json` where they count.
    private(set) var config: JSONObject
    private(set) var pipeline: Pipeline
    /// By name, such as `cls_token`.
    private(set) var special: [(name: String, token: AddedToken)] = []
    private(set) var extraSpecial: [AddedToken] = []
    /// Added tokens, by their ids.
    let declared: [AddedToken]
    var modelInputNames: [String] = []
    var modelMaxLength = Int.max
    var padTokenTypeID = 0
    var padsLeft = false
    var truncatesLeft = false

    init(_ folder: String) throws {
        self.folder = folder
        guard FileSystem.isDirectory(folder) else {
            throw TokenizerError(
                "there is no folder '\(folder)'",
                remedy: "Give a folder with tokenizer.json or vocab.txt. For a name on the Hub, write "
                    + "'try await AutoTokenizer.fromPretrained(\"\(folder)\")' with 'import Swiftlet'.",
                commandLine: "Give a folder with tokenizer.json or vocab.txt, or a name on the Hub.",
                kind: .noFile, at: ErrorLocation(path: folder))
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
        let family = try TokenizerFamily.of(configSection, modelConfig)
        self.family = family

        func token(_ name: String) -> String {
            let value = config[name]
            return value?.string ?? value?["content"]?.string ?? family.defaults.first { $0.0 == name }?.1 ?? ""
        }
        let vocabulary = try VocabularyFiles(folder, family, file: file, token: token)
        let json = vocabulary.json
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
        self.declared = declared.map(\.token)

        for (name, value) in family.defaults where config[name] == nil { config[name] = .string(value) }
        merged = JSONSection(value: .object(config), path: merged.path, key: "")
        self.config = config
        // A named token that is declared as an added token has its flags; one that is only a string has those of a
        // special token.
        func resolve(_ section: JSONSection) throws -> AddedToken {
            var token: AddedToken
            if let string = section.value.string {
                token = AddedToken(string, isSpecial: true)
                if family.maskStripsLeft, section.key == "mask_token" { token.stripsLeft = true }
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
        if config["extra_special_tokens"] == nil, config["additional_special_tokens"] == nil {
            extraSpecial = json == nil ? vocabulary.extraTokens : []
            if extraSpecial.isEmpty { extraSpecial = family.extraTokens.map { AddedToken($0, isSpecial: true) } }
        }

        // The parts.
        if let json, family == .generic {
            let document = json.document
            var post = PostProcessor.absent
            if let section = try document.optional("post_processor") { post = try PostProcessor(section) }
            pipeline = Pipeline(
                normalizer: try document.optional("normalizer").map { try Normalizer($0) },
                preTokenizer: try document.optional("pre_tokenizer").map { try PreTokenizer($0) },
                model: try Model(try document.required("model"), json.data), postProcessor: post,
                decoder: try document.optional("decoder").map { try Decoder($0) })
            try add(fileTokens.map(\.token))
            for (id, token) in fileTokens where Int(pipeline.added.id(of: token.content) ?? -1) != id {
                throw document.invalid(
                    "added_tokens", "give '\(token.content)' the id \(id), which is not the next one")
            }
        } else {
            let settings = JSONSection(value: .object(config), path: configPath, key: "")
            let unknown = special.first { $0.name == "unk_token" }?.token.content ?? "[UNK]"
            func section(_ value: JSONValue, _ key: String) -> JSONSection? {
                value.isNull ? nil : JSONSection(value: value, path: configPath, key: key)
            }
            let normalizer = try family.normalizer(settings, charsmap: vocabulary.charsmap)
            pipeline = Pipeline(
                normalizer: try section(normalizer, "normalizer").map { try Normalizer($0) },
                preTokenizer: try section(try family.preTokenizer(settings), "pre_tokenizer").map {
                    try PreTokenizer($0)
                },
                model: try vocabulary.model(family, unknown: unknown, settings), postProcessor: .absent,
                decoder: try section(try family.decoder(settings), "decoder").map { try Decoder($0) })
        }
        try addTokens(declared.map(\.token))
        if family != .generic { pipeline.postProcessor = try familyPostProcessor(json?.document, configPath) }

        try readSettings(json?.document, configPath)
    }

    /// Adds declared tokens with their flags, then special ones that are not declared.
    private mutating func addTokens(_ declared: [AddedToken]) throws(TokenizerError) {
        // A named token is special whatever its declaration says; one of the extra ones is not.
        var new = declared.map { token in
            var token = token
            if special.contains(where: { Self.same($0.token.content, token.content) }) { token.isSpecial = true }
            return token
        }
        let known = (new + pipeline.added.tokens.values).map(\.content)
        new += (special.map(\.token) + extraSpecial).filter { token in !known.contains { Self.same($0, token.content) }
        }
        try add(new)
    }

    private mutating func add(_ tokens: [AddedToken]) throws(TokenizerError) {
        do throws(TokenizerError) {
            try pipeline.added.add(tokens, model: pipeline.model.vocabulary, normalizer: pipeline.normalizer)
        } catch {
            var error = error
            error.message = "'\(folder)': \(error.message)"
            error.location.path = folder
            throw error
        }
    }

    private func familyPostProcessor(_ document: JSONSection?, _ configPath: String) throws -> PostProcessor {
        // Of the classes only this one leaves what its file says.
        if family == .albert, let section = try document?.optional("post_processor") {
            return try PostProcessor(section)
        }
        let value = try family.postProcessor(
            JSONSection(value: .object(config), path: configPath, key: ""),
            token: { name in special.first { $0.name == name }?.token.content ?? "" },
            id: { token, fallback in pipeline.id(of: token).map { Int($0) } ?? fallback })
        return try PostProcessor(JSONSection(value: value, path: configPath, key: "post_processor"))
    }

    private mutating func readSettings(_ document: JSONSection?, _ configPath: String) throws {
        let settings = JSONSection(value: .object(config), path: configPath, key: "")
        if let names = try settings.optional("model_input_names") {
            modelInputNames = try names.items().map { item in
                guard let name = item.value.string else {
                    throw item.invalid("", "is \(item.value.kind), not a string")
                }
                return name
            }
        } else {
            modelInputNames = family.inputNames
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
            try add([token])
        }
    }

    /// Equal bytes; Swift's `==` takes canonically equivalent strings for equal.
    static func same(_ left: String?, _ right: String) -> Bool {
        left?.utf8.elementsEqual(right.utf8) ?? false
    }
}
