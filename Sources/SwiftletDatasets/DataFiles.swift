internal import SwiftletIO

/// Finds a dataset's files: by the patterns of its card, or by their names.
struct DataFiles {
    let folder: String
    /// Paths within the folder, sorted, without hidden files and what is no data.
    let files: [String]

    private static let ignored: Set<TextKey> = [
        "README.md", "config.json", "dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json",
    ]
    private static let deepest = 16

    init(_ folder: String) throws {
        self.folder = folder
        var files: [String] = []
        func visit(_ path: String, _ depth: Int) throws {
            for name in try FileSystem.names(in: FileSystem.join(folder, path)) {
                if name.hasPrefix(".") || Self.ignored.contains(TextKey(name)) { continue }
                let inner = path.isEmpty ? name : "\(path)/\(name)"
                if FileSystem.isDirectory(FileSystem.join(folder, inner)) {
                    if !name.hasPrefix("__"), depth < Self.deepest { try visit(inner, depth + 1) }
                } else {
                    files.append(inner)
                }
            }
        }
        try visit("", 0)
        self.files = files
    }

    /// The same of a list of paths, for a dataset whose files are still elsewhere.
    init(_ title: String, names: [String]) {
        folder = title
        files = names.sortedByCodePoints().filter { name in
            let parts = name.split(separator: "/")
            return parts.count <= Self.deepest + 1 && !parts.dropLast().contains { $0.hasPrefix("__") }
                && !parts.contains { $0.hasPrefix(".") || Self.ignored.contains(TextKey($0)) }
        }
    }

    /// The files that match a pattern of a card.
    ///
    /// - Throws: `DatasetError` for a pattern that leaves the folder or matches nothing.
    func matching(_ pattern: String) throws -> [String] {
        var parts: [Substring] = []
        for part in pattern.split(separator: "/", omittingEmptySubsequences: true) where part != "." {
            if part == ".." {
                guard parts.popLast() != nil else { throw outside(pattern) }
            } else {
                parts.append(part)
            }
        }
        guard !pattern.hasPrefix("/"), !pattern.hasPrefix("~"), !pattern.contains("://"), !parts.isEmpty else {
            throw outside(pattern)
        }
        let found = files.filter { file in
            FileFormat.of(file) != nil && Glob.matches(file.split(separator: "/")[...], parts[...])
        }
        guard !found.isEmpty else {
            throw DatasetError(
                "no file in '\(folder)' matches '\(pattern)' of its README.md",
                remedy: "Download the whole dataset, or correct the pattern. Files may end in .parquet, .arrow, .csv, .tsv, .json or .jsonl.")
        }
        return found
    }

    private func outside(_ pattern: String) -> DatasetError {
        DatasetError(
            "the path '\(pattern)' in the README.md of '\(folder)' is not within that folder",
            remedy: "Write paths relative to the README.md.")
    }

    private static let keywords: [(split: String, words: [String])] = [
        ("train", ["train", "training"]), ("validation", ["validation", "valid", "dev", "val"]),
        ("test", ["test", "testing", "eval", "evaluation"]),
    ]

    /// Splits by names: `data/train-00000-of-00001.parquet`, then folders, then files called `train`, `dev` and so
    /// on, else everything is `train`.
    func bySplitNames() -> [(split: String, files: [String])] {
        let data = files.filter { FileFormat.of($0) != nil }
        var sharded: [TextKey: [String]] = [:]
        for file in data where file.hasPrefix("data/") {
            if let split = Self.shardedSplit(file.dropFirst(5)) { sharded[TextKey(split), default: []].append(file) }
        }
        if !sharded.isEmpty {
            let known: [TextKey] = ["train", "validation", "test"]
            let order = known.filter { sharded[$0] != nil } + sharded.keys.filter { !known.contains($0) }.sorted()
            return order.map { ($0.text, sharded[$0] ?? []) }
        }
        func split(_ isOf: (_ file: String, _ word: String) -> Bool) -> [(split: String, files: [String])] {
            Self.keywords.compactMap { split, words in
                let found = data.filter { file in words.contains { isOf(file, $0) } }
                return found.isEmpty ? nil : (split, found)
            }
        }
        let byFolder = split { file, word in
            file.split(separator: "/").dropLast().contains { Self.has(word, in: $0, mustEnd: false) }
        }
        if !byFolder.isEmpty { return byFolder }
        let byName = split { file, word in Self.has(word, in: Substring(FileSystem.name(of: file)), mustEnd: true) }
        if !byName.isEmpty { return byName }
        return data.isEmpty ? [] : [("train", data)]
    }

    /// `train` of `train-00000-of-00001.parquet`.
    private static func shardedSplit(_ name: Substring) -> String? {
        guard let dash = name.firstIndex(of: "-"), !name.contains("/") else { return nil }
        let rest = Array(name[name.index(after: dash)...].unicodeScalars)
        guard rest.count > 15, String(String.UnicodeScalarView(rest[5..<9])) == "-of-",
            (rest[..<5] + rest[9..<14]).allSatisfy({ ("0"..."9").contains($0) })
        else { return nil }
        return String(name[..<dash])
    }

    /// Whether a word stands in a name, set off by `-`, `.`, `_`, a space or a digit.
    private static func has(_ word: String, in name: Substring, mustEnd: Bool) -> Bool {
        let (word, name) = (Array(word.utf8), Array(name.utf8))
        guard name.count >= word.count else { return false }
        let separators = Set("-._ 0123456789".utf8)
        return (0...name.count - word.count).contains { start in
            guard name[start..<start + word.count].elementsEqual(word) else { return false }
            let end = start + word.count
            return (start == 0 || separators.contains(name[start - 1]))
                && (end == name.count ? !mustEnd : separators.contains(name[end]))
        }
    }
}

/// File name patterns: `*`, `?` and `[...]` within a name, `**` over folders.
enum Glob {
    static func matches(_ path: ArraySlice<Substring>, _ pattern: ArraySlice<Substring>) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        if first == "**" {
            if pattern.count == 1 { return !path.isEmpty }
            return (path.startIndex...path.endIndex).contains { matches(path[$0...], pattern.dropFirst()) }
        }
        guard let name = path.first, matches(Array(name.unicodeScalars)[...], Array(first.unicodeScalars)[...]) else {
            return false
        }
        return matches(path.dropFirst(), pattern.dropFirst())
    }

    /// One name against one part of a pattern, without going back further than the last `*`.
    private static func matches(_ name: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>) -> Bool {
        var (n, p) = (name.startIndex, pattern.startIndex)
        var star: (name: Int, pattern: Int)?
        while n < name.endIndex {
            if p < pattern.endIndex, pattern[p] == "*" {
                star = (n, p)
                p += 1
                continue
            }
            if p < pattern.endIndex, let next = step(name[n], pattern, p) {
                n += 1
                p = next
            } else if let last = star {
                star = (last.name + 1, last.pattern)
                (n, p) = (last.name + 1, last.pattern + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }

    /// The place after the element at `p` if it takes the character.
    private static func step(_ scalar: Unicode.Scalar, _ pattern: ArraySlice<Unicode.Scalar>, _ p: Int) -> Int? {
        if pattern[p] == "?" { return p + 1 }
        if pattern[p] == "[", p + 2 < pattern.endIndex, let end = pattern[(p + 2)...].firstIndex(of: "]") {
            var set = pattern[(p + 1)..<end]
            let negated = set.first == "!" || set.first == "^"
            if negated { set = set.dropFirst() }
            var found = false
            var index = set.startIndex
            while index < set.endIndex {
                if index + 2 < set.endIndex, set[index + 1] == "-" {
                    if set[index] <= scalar, scalar <= set[index + 2] { found = true }
                    index += 3
                } else {
                    if set[index] == scalar { found = true }
                    index += 1
                }
            }
            return found != negated ? end + 1 : nil
        }
        return pattern[p] == scalar ? p + 1 : nil
    }
}
