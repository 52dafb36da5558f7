import SwiftletIO

/// What changes a text before it is split.
indirect enum Normalizer: Sendable {
    case bert(BertNormalizer)
    case form(NormalizationForm)
    case lowercase
    case strip(left: Bool, right: Bool)
    /// Deletes combining marks; it does not decompose.
    case stripAccents
    case replace(TextPattern, content: String)
    case prepend(String)
    case byteLevel
    case nmt
    case precompiled(Precompiled)
    case sequence([Normalizer])

    /// - Throws: `TokenizerError` if the text becomes too long, or takes too many steps.
    func normalize(_ text: inout AlignedText, _ limits: inout TextLimits) throws(TokenizerError) {
        if case .sequence(let normalizers) = self {
            for normalizer in normalizers { try normalizer.normalize(&text, &limits) }
            return
        }
        try limits.spend(bytes: text.bytes.count, .normalizer)
        switch self {
        case .bert(let normalizer): normalizer.normalize(&text)
        case .form(let form): text.normalize(form)
        case .lowercase: text.lowercase()
        case .strip(let left, let right): text.strip(left: left, right: right)
        case .stripAccents: text.filter { PropertyTable.shared[$0].bits & PropertyTable.Entry.combiningMark == 0 }
        case .replace(let pattern, let content):
            let matches = try pattern.matches(in: text.bytes, &limits, .normalizer)
            let replaced = matches.reduce(0) { $0 + $1.count }
            let (added, isTooLong) = content.utf8.count.multipliedReportingOverflow(by: matches.count)
            try limits.check(isTooLong ? Int.max : text.bytes.count - replaced + added, .normalizer)
            text.replace(matches, with: Array(content.utf8))
        case .prepend(let prefix):
            if !text.bytes.isEmpty { try limits.check(text.bytes.count + prefix.utf8.count, .normalizer) }
            text.prepend(prefix)
        case .byteLevel: text.mapBytes()
        case .precompiled(let table): try table.normalize(&text, limits)
        case .nmt: Self.cleanForTranslation(&text)
        case .sequence: break
        }
        try limits.check(text.bytes.count, .normalizer)
    }

    /// What becomes of bytes that are a text of their own.
    func form(_ bytes: [UInt8], _ limits: inout TextLimits) throws(TokenizerError) -> [UInt8] {
        let text = bytes.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { AlignedText($0, 0..<buffer.count) }
        }
        guard var text else { return [] }
        try normalize(&text, &limits)
        return text.bytes
    }

    /// What SentencePiece does for translation models: no control characters, plain spaces for odd ones.
    private static func cleanForTranslation(_ text: inout AlignedText) {
        text.filter { scalar in
            switch scalar {
            case 0x1...0x8, 0xB, 0xE...0x1F, 0x7F, 0x8F, 0x9F: false
            default: true
            }
        }
        text.map { scalar in
            switch scalar {
            case 0x9, 0xA, 0xC, 0xD, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: 0x20
            default: scalar
            }
        }
    }

    init(_ section: JSONSection) throws {
        try section.limitSteps("normalizers")
        try self.init(section, depth: 0)
    }

    private init(_ section: JSONSection, depth: Int) throws {
        switch try section.type() {
        case "BertNormalizer": self = .bert(try BertNormalizer(section))
        case "Lowercase": self = .lowercase
        case "Strip":
            self = .strip(left: try section.bool("strip_left"), right: try section.bool("strip_right"))
        case "StripAccents": self = .stripAccents
        case "Replace":
            self = .replace(
                try TextPattern(try section.required("pattern")), content: try section.string("content"))
        case "Prepend": self = .prepend(try section.string("prepend"))
        case "ByteLevel": self = .byteLevel
        case "Nmt": self = .nmt
        case "Precompiled": self = .precompiled(try Precompiled(section))
        case "Sequence":
            try section.limitNesting(depth)
            self = .sequence(try section.required("normalizers").items().map { try Normalizer($0, depth: depth + 1) })
        case let type:
            guard let form = NormalizationForm(rawValue: type) else { throw section.unsupported(type) }
            self = .form(form)
        }
    }

    var json: JSONValue {
        switch self {
        case .bert(let normalizer): normalizer.json
        case .form(let form): ["type": .string(form.rawValue)]
        case .lowercase: ["type": "Lowercase"]
        case .strip(let left, let right):
            ["type": "Strip", "strip_left": .bool(left), "strip_right": .bool(right)]
        case .stripAccents: ["type": "StripAccents"]
        case .replace(let pattern, let content):
            ["type": "Replace", "pattern": pattern.json, "content": .string(content)]
        case .prepend(let prefix): ["type": "Prepend", "prepend": .string(prefix)]
        case .byteLevel: ["type": "ByteLevel"]
        case .nmt: ["type": "Nmt"]
        case .precompiled(let table): table.json
        case .sequence(let normalizers): ["type": "Sequence", "normalizers": .array(normalizers.map(\.json))]
        }
    }
}

extension JSONSection {
    /// Sequences within sequences are followed so far and no further.
    func limitNesting(_ depth: Int) throws {
        if depth > 32 { throw invalid("", "lies more than 32 sequences deep") }
    }

    /// A component has so many steps at most, with those of sequences within sequences. Some passes over a text cost
    /// little, but a file can repeat them thousands of times.
    func limitSteps(_ name: String) throws {
        let most = 256
        var steps = 0
        func count(_ component: JSONValue, depth: Int) {
            for step in component[name]?.array ?? [] where depth <= 32 && steps <= most {
                steps += 1
                count(step, depth: depth + 1)
            }
        }
        count(value, depth: 0)
        if steps > most {
            throw invalid(
                "", "has more than \(most) steps", remedy: "Leave out what repeats itself, or use another checkpoint.",
                kind: .unsupported)
        }
    }

    /// A string of one scalar.
    func scalar(_ name: String) throws -> UInt32 {
        let text = try string(name)
        guard text.unicodeScalars.count == 1, let scalar = text.unicodeScalars.first else {
            throw invalid(name, "is '\(text)', not a single character")
        }
        return scalar.value
    }
}
