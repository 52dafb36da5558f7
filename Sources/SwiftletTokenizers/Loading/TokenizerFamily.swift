import SwiftletIO

/// The tokenizer classes whose parts follow from the class and `tokenizer_config.json`; only vocabulary, merges and
/// compiled normalization rules are taken from their files. Every other class takes `tokenizer.json` as it stands.
enum TokenizerFamily: String {
    case bert = "BertTokenizer"
    case distilBert = "DistilBertTokenizer"
    case mpnet = "MPNetTokenizer"
    case roberta = "RobertaTokenizer"
    case deberta = "DebertaTokenizer"
    case debertaV2 = "DebertaV2Tokenizer"
    case xlmRoberta = "XLMRobertaTokenizer"
    case camembert = "CamembertTokenizer"
    case albert = "AlbertTokenizer"
    case generic = "TokenizersBackend"

    /// Classes that are another's by a second name.
    private static let aliases: [String: TokenizerFamily] = [
        "ElectraTokenizer": .bert, "MobileBertTokenizer": .bert, "SqueezeBertTokenizer": .bert,
        "LayoutLMTokenizer": .bert, "LxmertTokenizer": .bert, "LongformerTokenizer": .roberta,
        "BartTokenizer": .roberta, "LEDTokenizer": .roberta, "MvpTokenizer": .roberta,
    ]

    private static let modelTypes: [String: TokenizerFamily] = [
        "bert": .bert, "distilbert": .bert, "electra": .bert, "convbert": .bert, "ernie": .bert, "layoutlm": .bert,
        "megatron-bert": .bert, "nezha": .bert, "nomic_bert": .bert, "squeezebert": .bert, "mpnet": .mpnet,
        "roberta": .roberta, "roberta-prelayernorm": .roberta, "bart": .roberta, "data2vec-text": .roberta,
        "ibert": .roberta, "longformer": .roberta, "lilt": .roberta, "mega": .roberta, "mra": .roberta,
        "xlm-roberta": .xlmRoberta, "xmod": .xlmRoberta, "gte": .xlmRoberta, "jina_embeddings_v3": .xlmRoberta,
        "deberta": .deberta, "deberta-v2": .debertaV2, "camembert": .camembert, "albert": .albert, "yoso": .albert,
    ]

    /// Models whose tokenizer is always taken as its file stands, whatever class they name.
    private static let asFiled = ["modernbert", "modernbert-decoder", "nystromformer", "xlm-roberta-xl"]

    /// - Parameters:
    ///   - config: `tokenizer_config.json`.
    ///   - modelConfig: `config.json`.
    static func of(_ config: JSONSection?, _ modelConfig: JSONSection?) throws -> TokenizerFamily {
        let modelType = try modelConfig?.optional("model_type")?.value.string
        if let modelType, asFiled.contains(modelType) { return .generic }
        for section in [config, modelConfig] {
            guard let section, try section.optional("tokenizer_class") != nil else { continue }
            var name = try section.string("tokenizer_class")
            if name.hasSuffix("Fast") { name.removeLast(4) }
            return TokenizerFamily(rawValue: name) ?? aliases[name] ?? .generic
        }
        return modelType.flatMap { modelTypes[$0] } ?? .generic
    }

    /// The type of the model that the class makes.
    var modelType: String {
        switch self {
        case .bert, .distilBert, .mpnet: "WordPiece"
        case .roberta, .deberta: "BPE"
        default: "Unigram"
        }
    }

    /// The file of the vocabulary where there is no `tokenizer.json`.
    var vocabularyFile: String? {
        switch self {
        case .bert, .distilBert, .mpnet: "vocab.txt"
        case .roberta, .deberta: "vocab.json"
        case .xlmRoberta, .camembert: "sentencepiece.bpe.model"
        case .albert: "spiece.model"
        case .debertaV2: "spm.model"
        case .generic: nil
        }
    }

    var inputNames: [String] {
        switch self {
        case .bert: ["input_ids", "token_type_ids", "attention_mask"]
        case .deberta, .debertaV2: ["input_ids", "attention_mask", "token_type_ids"]
        default: ["input_ids", "attention_mask"]
        }
    }

    /// Special tokens where no file names others.
    var defaults: [(String, String)] {
        switch self {
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
        case .roberta, .xlmRoberta, .camembert:
            [
                ("bos_token", "<s>"), ("eos_token", "</s>"), ("sep_token", "</s>"), ("cls_token", "<s>"),
                ("unk_token", "<unk>"), ("pad_token", "<pad>"), ("mask_token", "<mask>"),
            ]
        case .deberta, .debertaV2:
            [
                ("bos_token", "[CLS]"), ("eos_token", "[SEP]"), ("unk_token", "[UNK]"), ("sep_token", "[SEP]"),
                ("pad_token", "[PAD]"), ("cls_token", "[CLS]"), ("mask_token", "[MASK]"),
            ]
        case .albert:
            [
                ("bos_token", "[CLS]"), ("eos_token", "[SEP]"), ("unk_token", "<unk>"), ("sep_token", "[SEP]"),
                ("pad_token", "<pad>"), ("cls_token", "[CLS]"), ("mask_token", "[MASK]"),
            ]
        case .generic: []
        }
    }

    /// Whether a mask token that is given as text only takes the spaces on its left.
    var maskStripsLeft: Bool { self == .mpnet || self == .camembert }

    /// Further special tokens where no file names others.
    var extraTokens: [String] {
        self == .camembert ? ["<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"] : []
    }
}

// The parts as `tokenizer.json` would say them.
extension TokenizerFamily {
    /// - Parameter charsmap: compiled normalization rules, where a file has them.
    func normalizer(_ settings: JSONSection, charsmap: String?) throws -> JSONValue {
        func flag(_ name: String, _ fallback: Bool) throws -> Bool { try settings.optionalBool(name) ?? fallback }
        let precompiled = charsmap.map {
            JSONValue.object(["type": "Precompiled", "precompiled_charsmap": .string($0)])
        }
        switch self {
        case .bert, .distilBert, .mpnet:
            return [
                "type": "BertNormalizer", "clean_text": true,
                "handle_chinese_chars": .bool(try flag("tokenize_chinese_chars", true)),
                "strip_accents": try settings.optionalBool("strip_accents").map { .bool($0) } ?? .null,
                "lowercase": .bool(try flag("do_lower_case", true)),
            ]
        case .roberta, .deberta, .generic: return .null
        case .xlmRoberta, .camembert: return precompiled ?? .null
        case .albert:
            var steps: [JSONValue] = [
                ["type": "Replace", "pattern": ["String": "``"], "content": "\""],
                ["type": "Replace", "pattern": ["String": "''"], "content": "\""],
            ]
            if try !flag("keep_accents", false) { steps += [["type": "NFKD"], ["type": "StripAccents"]] }
            if try flag("do_lower_case", true) { steps.append(["type": "Lowercase"]) }
            if let precompiled { steps.append(precompiled) }
            return ["type": "Sequence", "normalizers": .array(steps)]
        case .debertaV2:
            var steps: [JSONValue] = try flag("do_lower_case", false) ? [["type": "Lowercase"]] : []
            steps += [
                ["type": "Replace", "pattern": ["Regex": #"\s{2,}|[\n\r\t]"#], "content": " "], ["type": "NFC"],
                ["type": "Strip", "strip_left": false, "strip_right": true],
            ]
            return ["type": "Sequence", "normalizers": .array(steps)]
        }
    }

    private func metaspace(_ settings: JSONSection) throws -> JSONValue {
        let isPrepended = try settings.optionalBool("add_prefix_space") ?? true
        let scheme: JSONValue = isPrepended ? "always" : self == .debertaV2 ? "first" : "never"
        return ["type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": true]
    }

    func preTokenizer(_ settings: JSONSection) throws -> JSONValue {
        switch self {
        case .bert, .distilBert, .mpnet: return ["type": "BertPreTokenizer"]
        case .roberta, .deberta:
            let isPrepended = try settings.optionalBool("add_prefix_space") ?? false
            return [
                "type": "ByteLevel", "add_prefix_space": .bool(isPrepended), "trim_offsets": true, "use_regex": true,
            ]
        case .xlmRoberta, .camembert, .albert:
            return ["type": "Sequence", "pretokenizers": [["type": "WhitespaceSplit"], try metaspace(settings)]]
        case .debertaV2:
            var steps: [JSONValue] = []
            if try settings.optionalBool("split_by_punct") ?? false {
                steps.append(["type": "Punctuation", "behavior": "Isolated"])
            }
            return ["type": "Sequence", "pretokenizers": .array(steps + [try metaspace(settings)])]
        case .generic: return .null
        }
    }

    func decoder(_ settings: JSONSection) throws -> JSONValue {
        switch self {
        case .bert, .distilBert, .mpnet: ["type": "WordPiece", "prefix": "##", "cleanup": true]
        case .roberta, .deberta:
            ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true]
        case .xlmRoberta, .camembert, .albert, .debertaV2: try metaspace(settings)
        case .generic: .null
        }
    }

    /// - Parameter id: of a token, or what it is taken for if it is none.
    func postProcessor(
        _ settings: JSONSection, token: (_ name: String) -> String, id: (_ token: String, _ fallback: Int) -> Int
    ) throws -> JSONValue {
        func template(
            _ first: (token: String, id: Int), _ last: (token: String, id: Int), doubled: Bool, secondType: Int
        ) -> JSONValue {
            func special(_ token: String, _ type: Int) -> JSONValue {
                ["SpecialToken": ["id": .string(token), "type_id": .int(type)]]
            }
            func text(_ name: String, _ type: Int) -> JSONValue {
                ["Sequence": ["id": .string(name), "type_id": .int(type)]]
            }
            let single = [special(first.token, 0), text("A", 0), special(last.token, 0)]
            let second = [text("B", secondType), special(last.token, secondType)]
            let tokens = [first, last].map { token, id -> (String, JSONValue) in
                (token, ["id": .string(token), "ids": [.int(id)], "tokens": [.string(token)]])
            }
            return [
                "type": "TemplateProcessing", "single": .array(single),
                "pair": .array(single + (doubled ? [special(last.token, 0)] : []) + second),
                "special_tokens": .object(JSONObject(tokens)),
            ]
        }
        func named(_ name: String, _ fallback: Int) -> (token: String, id: Int) {
            (token(name), id(token(name), fallback))
        }
        switch self {
        case .bert, .distilBert:
            return template(named("cls_token", 2), named("sep_token", 3), doubled: false, secondType: 1)
        case .debertaV2: return template(named("cls_token", 0), named("sep_token", 0), doubled: false, secondType: 1)
        case .deberta: return template(named("cls_token", 1), named("sep_token", 2), doubled: true, secondType: 0)
        case .xlmRoberta, .camembert:
            return template(named("bos_token", 0), named("eos_token", 2), doubled: true, secondType: 0)
        case .albert:
            return template(
                ("[CLS]", named("cls_token", 2).id), ("[SEP]", named("sep_token", 3).id), doubled: false, secondType: 1)
        case .mpnet, .roberta:
            let (separator, classifier) = (named("sep_token", 2), named("cls_token", 0))
            let trims = self == .mpnet ? true : try settings.optionalBool("trim_offsets") ?? true
            let prepends = self == .mpnet ? false : try settings.optionalBool("add_prefix_space") ?? false
            return [
                "type": "RobertaProcessing", "sep": [.string(separator.token), .int(separator.id)],
                "cls": [.string(classifier.token), .int(classifier.id)], "trim_offsets": .bool(trims),
                "add_prefix_space": .bool(prepends),
            ]
        case .generic: return .null
        }
    }
}
