internal import SwiftletIO
internal import Yams

/// What a dataset's README.md says about its files and features.
struct DatasetCard {
    struct Config {
        var name: String
        var files: [(split: String, patterns: [String])]
        var isDefault: Bool
        var separator: Character?
    }

    var configs: [Config] = []
    /// Features by config; the name is empty where the card gives none.
    var features: [(config: String, features: Features)] = []

    /// - Throws: `DatasetError` for YAML that is broken or not of the form of a card.
    init(_ path: String) throws {
        let text: String
        do { text = try MappedFile.text(path) } catch {
            throw DatasetError(error.message, remedy: error.remedy, kind: .fileSystem, at: ErrorLocation(path: path))
        }
        guard let (yaml, firstLine) = Self.frontMatter(text) else { return }
        let root: Node?
        do { root = try CardYAML.compose(yaml) } catch let error as YamlError {
            throw DatasetError(
                "the YAML at the top of '\(path)' is broken\(Self.place(error, firstLine))",
                remedy: "Correct it, or remove it to find the files by their names.",
                kind: .malformed, at: ErrorLocation(path: path))
        } catch let error as DatasetError {
            throw DatasetError(
                "the YAML at the top of '\(path)': \(error.message)", remedy: error.remedy, kind: .malformed,
                at: ErrorLocation(path: path))
        }
        do {
            guard let mapping = root?.mapping else {
                if root == nil { return }
                throw DatasetError(
                    "it is not a set of keys", remedy: "Write `key: value` lines between the two lines of dashes.",
                    kind: .malformed)
            }
            if let node = mapping["configs"] { configs = try Self.configs(node) }
            if let node = mapping["dataset_info"] { features = try Self.infos(node) }
        } catch let error as DatasetError {
            throw DatasetError(
                "the YAML at the top of '\(path)': \(error.message)",
                remedy: error.remedy ?? "Correct it as the Hub describes it for dataset cards.",
                kind: .malformed, at: ErrorLocation(path: path))
        }
    }

    /// The text between the `---` lines and the number of its first line.
    private static func frontMatter(_ text: String) -> (String, Int)? {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        func isFence(_ line: Substring.UTF8View.SubSequence) -> Bool {
            var line = Substring(line)
            if line.utf8.last == 0x0D { line = Substring(line.utf8.dropLast()) }
            return line == "---" || line == "\u{FEFF}---"
        }
        guard let first = lines.first, isFence(first) else { return nil }
        guard let end = lines.dropFirst().firstIndex(where: isFence) else { return nil }
        return (lines[1..<end].map { String(Substring($0)) }.joined(separator: "\n"), 2)
    }

    private static func place(_ error: YamlError, _ firstLine: Int) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            ": line \(mark.line + firstLine - 1), \(problem)"
        default: ""
        }
    }

    private static func configs(_ node: Node) throws -> [Config] {
        guard let list = node.sequence else {
            throw DatasetError(
                "'configs' is not a list", remedy: "Write a list with a config_name and data_files for each config.",
                kind: .malformed, at: ErrorLocation(key: "configs"))
        }
        return try list.map { item in
            guard let name = item["config_name"]?.scalar?.string else {
                throw DatasetError(
                    "an entry of 'configs' has no 'config_name'", remedy: "Give each config a config_name.",
                    kind: .malformed, at: ErrorLocation(key: "configs"))
            }
            var folder = item["data_dir"]?.scalar?.string ?? ""
            if !folder.isEmpty, !folder.hasSuffix("/") { folder += "/" }
            var files: [(split: String, patterns: [String])] = []
            if let node = item["data_files"] {
                files = try dataFiles(node, name).map { ($0.split, $0.patterns.map { folder + $0 }) }
            } else if !folder.isEmpty {
                files = [("train", [folder + "**"])]
            }
            let separator = (item["sep"] ?? item["delimiter"])?.scalar?.string.first
            return Config(
                name: name, files: files, isDefault: item["default"]?.scalar?.string.lowercased() == "true",
                separator: separator)
        }
    }

    private static func dataFiles(_ node: Node, _ config: String) throws -> [(split: String, patterns: [String])] {
        func patterns(_ node: Node?) throws -> [String] {
            if let pattern = node?.scalar?.string { return [pattern] }
            guard let list = node?.sequence else {
                throw DatasetError(
                    "an entry of 'data_files' in config '\(config)' has no 'path'",
                    remedy: "Write a split and a path for each entry.", kind: .malformed,
                    at: ErrorLocation(key: "data_files"))
            }
            return try list.map { item in
                guard let pattern = item.scalar?.string else {
                    throw DatasetError(
                        "a path in 'data_files' of config '\(config)' is not text", remedy: "Write paths as text.",
                        kind: .malformed, at: ErrorLocation(key: "data_files"))
                }
                return pattern
            }
        }
        guard let list = node.sequence, list.contains(where: { $0.mapping != nil }) else {
            return [("train", try patterns(node))]
        }
        var result: [(split: String, patterns: [String])] = []
        for item in list {
            guard let split = item["split"]?.scalar?.string else {
                throw DatasetError(
                    "an entry of 'data_files' in config '\(config)' has no 'split'",
                    remedy: "Write a split and a path for each entry.", kind: .malformed,
                    at: ErrorLocation(key: "data_files"))
            }
            guard !result.contains(where: { $0.split.isSame(as: split) }) else {
                throw DatasetError(
                    "split '\(split)' comes twice in config '\(config)'",
                    remedy: "Write one entry for each split, with a list of paths.", kind: .malformed,
                    at: ErrorLocation(key: "data_files", split: split))
            }
            result.append((split, try patterns(item["path"])))
        }
        return result
    }

    private static func infos(_ node: Node) throws -> [(config: String, features: Features)] {
        let nodes = node.sequence.map(Array.init) ?? [node]
        return try nodes.compactMap { item in
            guard let features = item["features"] else { return nil }
            let config = item["config_name"]?.scalar?.string ?? ""
            guard let read = try CardFeatures.features(features) else { return nil }
            return (config, read)
        }
    }
}
