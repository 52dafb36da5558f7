internal import SwiftletIO
internal import Yams

/// Writes which files a dataset is made of into the YAML at the top of its README.md.
package enum DatasetCardText {
    /// - Parameters:
    ///   - card: the README.md there is, of which everything else stays; `nil` for none.
    ///   - files: a pattern for each split.
    ///   - config: whose files these are; an entry of that name is replaced.
    /// - Throws: `DatasetError` where the YAML there is can't be read.
    package static func text(
        _ card: String?, naming files: [(split: String, pattern: String)], as config: String
    ) throws -> String {
        let (yaml, body) = parts(card ?? "")
        var root: Node
        do { root = try CardYAML.compose(yaml) ?? Node.mapping([:]) } catch {
            throw DatasetError(
                "the YAML at the top of the repository's README.md is broken", remedy: "Correct it there first.",
                kind: .malformed, at: ErrorLocation(path: "README.md"))
        }
        guard root.mapping != nil else {
            throw DatasetError(
                "the YAML at the top of the repository's README.md is no set of keys",
                remedy: "Correct it there first.", kind: .malformed, at: ErrorLocation(path: "README.md"))
        }
        let entry: Node = [
            "config_name": Node(config),
            "data_files": list(files.map { ["split": Node($0.split), "path": Node($0.pattern)] as Node }),
        ]
        var configs = root["configs"]?.sequence.map(Array.init) ?? []
        if let place = configs.firstIndex(where: { $0["config_name"]?.string?.isSame(as: config) ?? false }) {
            configs[place] = entry
        } else {
            configs.append(entry)
        }
        root["configs"] = list(configs)
        // Features come from the files, which carry them; what the card says of this config may be of its old files.
        root["dataset_info"] = root["dataset_info"].flatMap { without($0, config) }
        return "---\n\(try serialize(node: root, allowUnicode: true))---\n\(body)"
    }

    private static func without(_ infos: Node, _ config: String) -> Node? {
        func isOther(_ info: Node) -> Bool { !(info["config_name"]?.string ?? "default").isSame(as: config) }
        guard let all = infos.sequence else { return isOther(infos) ? infos : nil }
        let others = all.filter(isOther)
        return others.isEmpty ? nil : list(Array(others))
    }

    private static func list(_ nodes: [Node]) -> Node { .sequence(Node.Sequence(nodes)) }

    /// The text between the `---` lines, and what follows them.
    private static func parts(_ card: String) -> (yaml: String, body: String) {
        let lines = card.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return ("", card) }
        return (lines[1..<end].joined(separator: "\n"), lines[(end + 1)...].joined(separator: "\n"))
    }
}
