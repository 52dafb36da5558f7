internal import SwiftletIO
internal import Yams

/// The YAML at the top of a README.md, with aliases replaced by what they stand for.
///
/// An alias that stands for aliases makes trees that grow with every line, up to sizes that nobody can go through. So the
/// text is read without aliases first, which takes time in proportion to it, and put together within a limit.
enum CardYAML {
    /// Nodes of a card, at most; those of real ones have some thousands.
    private static let mostNodes = 200_000
    /// Levels of nesting, at most.
    private static let mostLevels = 100

    /// - Throws: `YamlError` for a broken text, `DatasetError` for one that grows or nests without measure.
    static func compose(_ text: String) throws -> Node? {
        guard text.utf8.contains(UInt8(ascii: "*")) else { return try Yams.compose(yaml: text) }
        // A character that stands for the `*` of what may be an alias, and for nothing else in this text.
        let used = Set(text.unicodeScalars.lazy.filter { (0xE000...0xF8FF).contains($0.value) })
        guard let mark = (0xE000...0xF8FF).lazy.compactMap(Unicode.Scalar.init).first(where: { !used.contains($0) })
        else {
            throw DatasetError(
                "it has every character for private use", remedy: "Write it with fewer special characters.",
                kind: .malformed)
        }
        var marked = String.UnicodeScalarView()
        var before: Unicode.Scalar = "\n"
        for scalar in text.unicodeScalars {
            let mayBegin = before == " " || before == "\n" || before == "\t" || "[{,:?-".unicodeScalars.contains(before)
            marked.append(scalar == "*" && mayBegin ? mark : scalar)
            before = scalar
        }
        // The parser owns the names of anchors.
        let parser = try Parser(yaml: String(marked))
        return try withExtendedLifetime(parser) {
            guard let root = try parser.singleRoot() else { return nil }
            var expansion = Expansion(mark: mark)
            return try expansion.expanded(root, 0)
        }
    }

    private struct Expansion {
        let mark: Unicode.Scalar
        var anchors: [TextKey: Node] = [:]
        var count = 0

        init(mark: Unicode.Scalar) { self.mark = mark }

        /// A node whose aliases, which come after what they stand for, are replaced.
        mutating func expanded(_ node: Node, _ level: Int) throws -> Node {
            try count(node, level)
            var result: Node
            switch node {
            case .scalar(var scalar):
                if scalar.style == .plain, scalar.string.unicodeScalars.first == mark {
                    let name = String(scalar.string.unicodeScalars.dropFirst())
                    guard let known = anchors[TextKey(name)] else {
                        throw DatasetError(
                            "the alias *\(name) stands for nothing",
                            remedy: "Write &\(name) before what it stands for.", kind: .malformed,
                            at: ErrorLocation(key: name))
                    }
                    try countAll(known, level)
                    return known
                }
                // In any other text it was a `*`.
                if scalar.string.unicodeScalars.contains(mark) {
                    scalar.string = scalar.string.unicodeScalars.map { $0 == mark ? "*" : String($0) }.joined()
                }
                result = .scalar(scalar)
            case .sequence(let sequence):
                var nodes: [Node] = []
                for item in sequence { nodes.append(try expanded(item, level + 1)) }
                result = .sequence(Node.Sequence(nodes, sequence.tag, sequence.style, sequence.mark, sequence.anchor))
            case .mapping(let mapping):
                var pairs: [(Node, Node)] = []
                for (key, value) in mapping {
                    let key = try expanded(key, level + 1)
                    guard key.scalar != nil else {
                        throw DatasetError("a key is not text", remedy: "Write keys as plain text.", kind: .malformed)
                    }
                    pairs.append((key, try expanded(value, level + 1)))
                }
                result = .mapping(Node.Mapping(pairs, mapping.tag, mapping.style, mapping.mark, mapping.anchor))
            default: result = node
            }
            if let anchor = node.anchor { anchors[TextKey(anchor.rawValue)] = result }
            return result
        }

        /// A known node once more, each of whose nodes counts.
        private mutating func countAll(_ node: Node, _ level: Int) throws {
            try count(node, level)
            for item in node.sequence.map(Array.init) ?? [] { try countAll(item, level + 1) }
            for (key, value) in node.mapping.map(Array.init) ?? [] {
                try countAll(key, level + 1)
                try countAll(value, level + 1)
            }
        }

        private mutating func count(_ node: Node, _ level: Int) throws {
            count += 1
            guard count <= mostNodes, level <= mostLevels else {
                throw DatasetError(
                    "it has more than \(level > mostLevels ? "\(mostLevels) levels" : "\(mostNodes) entries"), aliases included",
                    remedy: "Write it without aliases that stand for aliases.", kind: .malformed)
            }
        }
    }
}
