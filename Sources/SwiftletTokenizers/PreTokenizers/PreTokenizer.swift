import SwiftletIO

/// What splits a normalized text into words.
indirect enum PreTokenizer: Sendable {
    case bert
    case byteLevel(ByteLevelPreTokenizer)
    case metaspace(MetaspacePreTokenizer)
    /// Words of letters, marks, digits and connectors, and words of all else but whitespace.
    case whitespace
    case whitespaceSplit
    case punctuation(SplitBehavior)
    case digits(individually: Bool)
    case split(TextPattern, SplitBehavior, inverts: Bool)
    case delimiter(UInt32)
    case unicodeScripts
    /// In scalars.
    case fixedLength(Int)
    case sequence([PreTokenizer])

    /// - Throws: `TokenizerError` if the text becomes too long, or takes too many steps.
    func split(_ words: inout Words, _ limits: inout TextLimits) throws(TokenizerError) {
        if case .sequence(let preTokenizers) = self {
            for preTokenizer in preTokenizers { try preTokenizer.split(&words, &limits) }
            return
        }
        try limits.spend(bytes: words.byteCount, words: words.words.count, .preTokenizer)
        typealias Entry = UnicodeTable.Entry
        let table = UnicodeTable.shared
        switch self {
        case .bert: words.split { bytes, parts in BertPreTokenizer.split(bytes) { parts.append($0) } }
        case .byteLevel(let preTokenizer): try preTokenizer.split(&words, limits)
        case .metaspace(let preTokenizer): try preTokenizer.split(&words, limits)
        case .whitespace: words.split { bytes, parts in WordPreTokenizer.split(bytes) { parts.append($0) } }
        case .whitespaceSplit: words.split(at: { table[$0].has(Entry.whitespace) }, .removed)
        case .punctuation(let behavior): words.split(at: { table[$0].has(Entry.punctuation) }, behavior)
        case .digits(let individually):
            let properties = PropertyTable.shared
            words.split(
                at: { properties[$0].bits & PropertyTable.Entry.numeric != 0 }, individually ? .isolated : .contiguous)
        case .split(let pattern, let behavior, let inverts):
            try words.split { (bytes, parts) throws(TokenizerError) in
                let (matches, steps) = pattern.matches(in: bytes, allowance: limits.steps)
                try limits.spend(steps + 32, .preTokenizer)
                behavior.split(bytes.count, at: matches, inverted: inverts, into: &parts)
            }
        case .delimiter(let delimiter): words.split(at: { $0 == delimiter }, .removed)
        case .unicodeScripts: words.split { bytes, parts in ScriptPreTokenizer.split(bytes) { parts.append($0) } }
        case .fixedLength(let length):
            words.split { bytes, parts in
                var (start, position, count) = (0, 0, 0)
                while position < bytes.count {
                    position += 1
                    while position < bytes.count, bytes[position] & 0xC0 == 0x80 { position += 1 }
                    count += 1
                    if count == length || position == bytes.count {
                        parts.append(start..<position)
                        (start, count) = (position, 0)
                    }
                }
            }
        case .sequence: break
        }
    }

    init(_ section: JSONSection) throws {
        try section.limitSteps("pretokenizers")
        try self.init(section, depth: 0)
    }

    private init(_ section: JSONSection, depth: Int) throws {
        switch try section.type() {
        case "BertPreTokenizer": self = .bert
        case "ByteLevel": self = .byteLevel(try ByteLevelPreTokenizer(section))
        case "Metaspace": self = .metaspace(try MetaspacePreTokenizer(section))
        case "Whitespace": self = .whitespace
        case "WhitespaceSplit": self = .whitespaceSplit
        case "Punctuation":
            self = .punctuation(try section.optional("behavior").map { try SplitBehavior($0) } ?? .isolated)
        case "Digits": self = .digits(individually: try section.bool("individual_digits"))
        case "Split":
            self = .split(
                try TextPattern(try section.required("pattern")), try SplitBehavior(try section.required("behavior")),
                inverts: try section.bool("invert"))
        case "CharDelimiterSplit": self = .delimiter(try section.scalar("delimiter"))
        case "UnicodeScripts": self = .unicodeScripts
        case "FixedLength":
            let length = try section.optional("length")?.int() ?? 5
            guard length > 0 else { throw section.invalid("length", "is 0; words have at least one character") }
            self = .fixedLength(length)
        case "Sequence":
            try section.limitNesting(depth)
            self = .sequence(
                try section.required("pretokenizers").items().map { try PreTokenizer($0, depth: depth + 1) })
        case let type: throw section.unsupported(type)
        }
    }

    var json: JSONValue {
        switch self {
        case .bert: ["type": "BertPreTokenizer"]
        case .byteLevel(let preTokenizer): preTokenizer.json
        case .metaspace(let preTokenizer): preTokenizer.json
        case .whitespace: ["type": "Whitespace"]
        case .whitespaceSplit: ["type": "WhitespaceSplit"]
        case .punctuation(let behavior): ["type": "Punctuation", "behavior": .string(behavior.rawValue)]
        case .digits(let individually): ["type": "Digits", "individual_digits": .bool(individually)]
        case .split(let pattern, let behavior, let inverts):
            [
                "type": "Split", "pattern": pattern.json, "behavior": .string(behavior.rawValue),
                "invert": .bool(inverts),
            ]
        case .delimiter(let delimiter):
            [
                "type": "CharDelimiterSplit",
                "delimiter": .string(Unicode.Scalar(delimiter).map { String(Character($0)) } ?? ""),
            ]
        case .unicodeScripts: ["type": "UnicodeScripts"]
        case .fixedLength(let length): ["type": "FixedLength", "length": .int(length)]
        case .sequence(let preTokenizers): ["type": "Sequence", "pretokenizers": .array(preTokenizers.map(\.json))]
        }
    }
}

extension SplitBehavior {
    fileprivate init(_ section: JSONSection) throws {
        guard let behavior = SplitBehavior(rawValue: section.value.string ?? "") else {
            throw section.invalid(
                "", "is none of 'Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext' and 'Contiguous'")
        }
        self = behavior
    }
}
