import SwiftletIO

/// What joins texts and special tokens. All kinds come down to two lists of pieces.
struct PostProcessor: Sendable {
    enum Piece: Sendable {
        /// The first or second text.
        case sequence(Int, typeID: Int32)
        case special(ids: [Int32], tokens: [String], typeID: Int32)
    }

    /// How the kind is written to a file.
    indirect enum Kind: Sendable {
        case template(specialTokens: JSONValue)
        case bert(separator: SpecialToken, classifier: SpecialToken)
        case roberta(separator: SpecialToken, classifier: SpecialToken, trimsOffsets: Bool, addsPrefixSpace: Bool)
        /// Adds nothing; it trims offsets.
        case byteLevel(ByteLevelPreTokenizer)
        /// One after another; at most one of them adds tokens.
        case sequence([PostProcessor])
        case absent
    }

    struct SpecialToken: Sendable {
        var token: String
        var id: Int32
    }

    var kind: Kind
    var single: [Piece]
    var pair: [Piece]
    /// How spaces at the ends of tokens are left out of their offsets, each on the result of the one before.
    var trimmings: [OffsetTrimming] = []

    /// Whether spaces at the ends of tokens are left out of their offsets.
    var trimsOffsets: Bool { !trimmings.isEmpty }

    func pieces(isPair: Bool) -> [Piece] { isPair ? pair : single }

    /// How many special tokens are added.
    func addedCount(isPair: Bool) -> Int {
        pieces(isPair: isPair).reduce(0) { count, piece in
            if case .special(let ids, _, _) = piece { count + ids.count } else { count }
        }
    }

    static let absent = PostProcessor(
        kind: .absent, single: [.sequence(0, typeID: 0)],
        pair: [.sequence(0, typeID: 0), .sequence(1, typeID: 1)])

    /// `[CLS] A [SEP] B [SEP]` as a template, with type 1 from B on.
    static func bertTemplate(classifier: SpecialToken, separator: SpecialToken) -> PostProcessor {
        func special(_ token: SpecialToken, _ type: Int32) -> Piece {
            .special(ids: [token.id], tokens: [token.token], typeID: type)
        }
        var tokens = JSONObject()
        for token in [classifier, separator] {
            tokens[token.token] = [
                "id": .string(token.token), "ids": [.int(Int(token.id))], "tokens": [.string(token.token)],
            ]
        }
        let single: [Piece] = [special(classifier, 0), .sequence(0, typeID: 0), special(separator, 0)]
        return PostProcessor(
            kind: .template(specialTokens: .object(tokens)), single: single,
            pair: single + [.sequence(1, typeID: 1), special(separator, 1)])
    }

    static func bert(separator: SpecialToken, classifier: SpecialToken) -> PostProcessor {
        var result = bertTemplate(classifier: classifier, separator: separator)
        result.kind = .bert(separator: separator, classifier: classifier)
        return result
    }

    /// `<s> A </s></s> B </s>`, all of type 0.
    static func roberta(
        separator: SpecialToken, classifier: SpecialToken, trimsOffsets: Bool, addsPrefixSpace: Bool
    ) -> PostProcessor {
        let first = Piece.special(ids: [classifier.id], tokens: [classifier.token], typeID: 0)
        let last = Piece.special(ids: [separator.id], tokens: [separator.token], typeID: 0)
        return PostProcessor(
            kind: .roberta(
                separator: separator, classifier: classifier, trimsOffsets: trimsOffsets,
                addsPrefixSpace: addsPrefixSpace),
            single: [first, .sequence(0, typeID: 0), last],
            pair: [first, .sequence(0, typeID: 0), last, last, .sequence(1, typeID: 0), last],
            trimmings: trimsOffsets ? [OffsetTrimming(addsPrefixSpace: addsPrefixSpace)] : [])
    }

    /// Nothing is added, and offsets are trimmed if it says so.
    static func byteLevel(_ byteLevel: ByteLevelPreTokenizer) -> PostProcessor {
        var result = absent
        result.kind = .byteLevel(byteLevel)
        if byteLevel.trimsOffsets { result.trimmings = [OffsetTrimming(addsPrefixSpace: byteLevel.addsPrefixSpace)] }
        return result
    }

    init(kind: Kind, single: [Piece], pair: [Piece], trimmings: [OffsetTrimming] = []) {
        self.kind = kind
        self.single = single
        self.pair = pair
        self.trimmings = trimmings
    }

    init(_ section: JSONSection) throws {
        try section.limitSteps("processors")
        try self.init(section, depth: 0)
    }

    private init(_ section: JSONSection, depth: Int) throws {
        switch try section.type() {
        case "TemplateProcessing": self = try Self.template(section)
        case "BertProcessing":
            self = .bert(separator: try Self.token(section, "sep"), classifier: try Self.token(section, "cls"))
        case "RobertaProcessing":
            self = .roberta(
                separator: try Self.token(section, "sep"), classifier: try Self.token(section, "cls"),
                trimsOffsets: try section.bool("trim_offsets"), addsPrefixSpace: try section.bool("add_prefix_space"))
        case "ByteLevel": self = .byteLevel(try ByteLevelPreTokenizer(section))
        case "Sequence":
            try section.limitNesting(depth)
            let items = try section.required("processors").items()
            let processors = try items.map { try PostProcessor($0, depth: depth + 1) }
            var result = Self.absent
            var addsTokens = false
            for (item, processor) in zip(items, processors) {
                if processor.arranges {
                    guard !addsTokens else {
                        throw item.invalid(
                            "type", "is the second processor of a sequence that adds tokens; one is implemented")
                    }
                    addsTokens = true
                    (result.single, result.pair) = (processor.single, processor.pair)
                }
                result.trimmings += processor.trimmings
            }
            result.kind = .sequence(processors)
            self = result
        case let type: throw section.unsupported(type)
        }
    }

    /// Whether it says how texts and special tokens follow one another.
    private var arranges: Bool {
        switch kind {
        case .template, .bert, .roberta: true
        case .byteLevel, .absent: false
        case .sequence(let processors): processors.contains(where: \.arranges)
        }
    }

    private static func token(_ section: JSONSection, _ name: String) throws -> SpecialToken {
        let items = try section.required(name).items()
        guard items.count == 2, let token = items[0].value.string else {
            throw section.invalid(name, "is not a list of a token and its id")
        }
        return SpecialToken(token: token, id: Int32(try items[1].int()))
    }

    /// How many special tokens a template may add: more than any model's sequence has room for beside a text.
    private static let mostTokens = 1024
    /// How often a template may have a text. Known ones have each once; a file could say it a thousand times.
    private static let mostTexts = 8

    private static func template(_ section: JSONSection) throws -> PostProcessor {
        let specials = try section.required("special_tokens")
        guard specials.value.object != nil else {
            throw section.invalid("special_tokens", "is \(specials.value.kind), not an object")
        }
        func pieces(_ template: String, sequences: Int) throws -> [Piece] {
            let remedy = "Shorten the template, or use another checkpoint."
            var (texts, tokenCount) = (0, 0)
            return try section.required(template).items().map { item in
                if let sequence = try item.optional("Sequence") {
                    texts += 1
                    guard texts <= mostTexts else {
                        throw section.invalid(
                            template, "has more than \(mostTexts) texts", remedy: remedy, kind: .unsupported)
                    }
                    let type = Int32(try sequence.int("type_id"))
                    switch try sequence.string("id") {
                    case "A": return .sequence(0, typeID: type)
                    case "B" where sequences == 2: return .sequence(1, typeID: type)
                    case let id: throw sequence.invalid("id", "is '\(id)', which is no text of this template")
                    }
                }
                guard let special = try item.optional("SpecialToken") else {
                    throw item.invalid("", "is neither a Sequence nor a SpecialToken")
                }
                let name = try special.string("id")
                guard let token = try specials.optional(name) else {
                    throw special.invalid("id", "is '\(name)', which special_tokens lacks")
                }
                let items = try token.required("ids").items()
                tokenCount += items.count
                guard tokenCount <= mostTokens else {
                    throw section.invalid(
                        template, "adds more than \(mostTokens) special tokens", remedy: remedy, kind: .unsupported)
                }
                let ids = try items.map { Int32(try $0.int()) }
                let tokens = try token.strings("tokens")
                guard ids.count == tokens.count else { throw token.invalid("ids", "and tokens differ in number") }
                return .special(ids: ids, tokens: tokens, typeID: Int32(try special.int("type_id")))
            }
        }
        return PostProcessor(
            kind: .template(specialTokens: specials.value), single: try pieces("single", sequences: 1),
            pair: try pieces("pair", sequences: 2))
    }

    var json: JSONValue {
        func written(_ token: SpecialToken) -> JSONValue { [.string(token.token), .int(Int(token.id))] }
        switch kind {
        case .absent: return .null
        case .byteLevel(let byteLevel): return byteLevel.json
        case .sequence(let processors):
            return ["type": "Sequence", "processors": .array(processors.map(\.json))]
        case .bert(let separator, let classifier):
            return ["type": "BertProcessing", "sep": written(separator), "cls": written(classifier)]
        case .roberta(let separator, let classifier, let trimsOffsets, let addsPrefixSpace):
            return [
                "type": "RobertaProcessing", "sep": written(separator), "cls": written(classifier),
                "trim_offsets": .bool(trimsOffsets), "add_prefix_space": .bool(addsPrefixSpace),
            ]
        case .template(let specialTokens):
            // Pieces name special tokens by key; a key has the tokens that its entry lists.
            func written(_ pieces: [Piece]) -> JSONValue {
                .array(
                    pieces.map { piece in
                        switch piece {
                        case .sequence(let index, let type):
                            ["Sequence": ["id": index == 0 ? "A" : "B", "type_id": .int(Int(type))]]
                        case .special(let ids, let tokens, let type):
                            [
                                "SpecialToken": [
                                    "id": .string(Self.key(of: ids, tokens, in: specialTokens)),
                                    "type_id": .int(Int(type)),
                                ]
                            ]
                        }
                    })
            }
            return [
                "type": "TemplateProcessing", "single": written(single), "pair": written(pair),
                "special_tokens": specialTokens,
            ]
        }
    }

    private static func key(of ids: [Int32], _ tokens: [String], in specialTokens: JSONValue) -> String {
        for (key, value) in specialTokens.object ?? [:]
        where value["ids"] == .array(ids.map { .int(Int($0)) }) && value["tokens"] == .array(tokens.map { .string($0) })
        {
            return key
        }
        return tokens.first ?? ""
    }
}
