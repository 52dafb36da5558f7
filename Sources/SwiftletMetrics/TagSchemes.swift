internal import SwiftletIO

/// Tagging schemes as seqeval's strict mode (`seqeval.scheme`) reads them.
struct TagScheme: Sendable {
    /// A tag: the letter that says where in an entity it stands, and the entity's type.
    struct Tag: Sendable {
        var prefix: Unicode.Scalar
        var type: TextKey
        var text: String
    }

    enum Types { case any, same, different }

    /// Whether a tag, after another, begins, continues or ends an entity.
    struct Pattern: Sendable {
        var previous: String
        var current: String
        var types: Types

        init(_ previous: String, _ current: String, _ types: Types) {
            self.previous = previous
            self.current = current
            self.types = types
        }

        func matches(_ before: Tag, _ tag: Tag) -> Bool {
            guard previous.unicodeScalars.contains(before.prefix), current.unicodeScalars.contains(tag.prefix) else {
                return false
            }
            return switch types {
            case .any: true
            case .same: before.type == tag.type
            case .different: before.type != tag.type
            }
        }
    }

    static let prefixes = "IOBESUL"

    let allowed: String
    let start: [Pattern]
    let inside: [Pattern]
    let end: [Pattern]

    init(_ scheme: MetricOption.Scheme) {
        let any = Self.prefixes
        switch scheme {
        case .IOB1:
            allowed = "IOB"
            start = [
                Pattern("O", "I", .any), Pattern("I", "I", .different), Pattern("B", "I", .any),
                Pattern("I", "B", .same), Pattern("B", "B", .same),
            ]
            inside = [Pattern("BI", "I", .same)]
            end = [
                Pattern("I", "I", .different), Pattern("I", "OB", .any), Pattern("B", "O", .any),
                Pattern("B", "I", .different), Pattern("B", "B", .same),
            ]
        case .IOE1:
            allowed = "IOE"
            start = [
                Pattern("O", "I", .any), Pattern("I", "I", .different), Pattern("E", "I", .any),
                Pattern("E", "E", .same),
            ]
            inside = [Pattern("I", "IE", .same)]
            end = [
                Pattern("I", "I", .different), Pattern("I", "O", .any), Pattern("I", "E", .different),
                Pattern("E", "IE", .same),
            ]
        case .IOB2:
            allowed = "IOB"
            start = [Pattern(any, "B", .any)]
            inside = [Pattern("BI", "I", .same)]
            end = [Pattern("IB", "OB", .any), Pattern("IB", "I", .different)]
        case .IOE2:
            allowed = "IOE"
            start = [Pattern("OE", "IE", .any), Pattern("I", "IE", .different)]
            inside = [Pattern("I", "IE", .same)]
            end = [Pattern("E", any, .any)]
        case .IOBES:
            allowed = "IOBES"
            start = [Pattern(any, "BS", .any)]
            inside = [Pattern("BI", "IE", .same)]
            end = [Pattern("SE", any, .any)]
        case .BILOU:
            allowed = "BILOU"
            start = [Pattern(any, "BU", .any)]
            inside = [Pattern("BI", "IL", .same)]
            end = [Pattern("UL", any, .any)]
        }
    }

    static func tag(_ text: String, suffix: Bool) throws(MetricError) -> Tag {
        let scalars = text.unicodeScalars
        guard let prefix = suffix ? scalars.last : scalars.first, prefixes.unicodeScalars.contains(prefix) else {
            throw .input(
                "references", "This scheme is not supported: '\(text)' begins with none of I, O, B, E, S, U and L",
                remedy: "Give tags such as B-PER, or leave out .strict.", commandLine: "Leave out the mode strict.")
        }
        var type = suffix ? scalars.dropLast() : scalars.dropFirst()
        while type.first == "-" { type.removeFirst() }
        while type.last == "-" { type.removeLast() }
        return Tag(prefix: prefix, type: type.isEmpty ? "_" : TextKey(Substring(type)), text: text)
    }

    /// The entities of a sentence, with `end` after the last tag.
    func entities(_ texts: [String], suffix: Bool) throws(MetricError) -> [TagEntity] {
        let outside = Tag(prefix: "O", type: "_", text: "O")
        var tags: [Tag] = []
        for text in texts { tags.append(try Self.tag(text, suffix: suffix)) }
        tags.append(outside)
        for tag in tags where !allowed.unicodeScalars.contains(tag.prefix) {
            throw .input(
                "references",
                "Invalid token is found: \(tag.text). Allowed prefixes are: "
                    + "\(allowed.map(String.init).joined(separator: "|")).",
                remedy: "Name the scheme of these tags, or leave out .strict.",
                commandLine: "Name the \"scheme\" of these tags, or leave out the mode strict.")
        }
        var entities: [TagEntity] = []
        var previous = outside
        var index = 0
        while index < tags.count {
            let tag = tags[index]
            if start.contains(where: { $0.matches(previous, tag) }) {
                var end = index + 1
                while end < tags.count, inside.contains(where: { $0.matches(tags[end - 1], tags[end]) }) { end += 1 }
                if end == tags.count { end = tags.count - 2 }
                if end > 0, self.end.contains(where: { $0.matches(tags[end - 1], tags[end]) }) {
                    entities.append(TagEntity(type: tag.type, start: index, end: end))
                }
                index = max(end, index + 1)
            } else {
                index += 1
            }
            previous = tags[index - 1]
        }
        return entities
    }

    /// The scheme that the prefixes of all tags look like, as `seqeval.scheme.auto_detect` has it.
    static func detect(_ sentences: [[String]], suffix: Bool) throws(MetricError) -> MetricOption.Scheme {
        var found: Set<Unicode.Scalar> = []
        for sentence in sentences {
            for text in sentence { found.insert(try tag(text, suffix: suffix).prefix) }
        }
        let known: [(MetricOption.Scheme, [String])] = [
            (.IOB2, ["IOB", "IB", "BO", "B"]),
            (.IOE2, ["IOE", "IE", "EO", "E"]),
            (.IOBES, ["IOBES", "IBES", "IOBE", "OBES", "IBE", "BES", "OBE", "BE", "S"]),
            (.BILOU, ["IOBLU", "IBLU", "IOBL", "OBLU", "IBL", "BLU", "OBL", "BL", "U"]),
        ]
        for (scheme, sets) in known where sets.contains(where: { Set($0.unicodeScalars) == found }) { return scheme }
        throw MetricError(
            "This scheme is not supported: {\(found.sorted().map { String($0) }.joined(separator: ", "))}",
            remedy: "Name the scheme, as in .strict(.IOB2).",
            commandLine: "Name the \"scheme\" with --metric-args.", at: ErrorLocation(option: "scheme"))
    }
}

struct TagEntity: Hashable {
    var type: TextKey
    var start: Int
    var end: Int
}
