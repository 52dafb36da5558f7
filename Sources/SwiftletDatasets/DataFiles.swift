internal import SwiftletIO

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

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
        // Links to folders wait until all others have been seen: one that leads to a folder that was is left out, so that
        // no file comes twice, and a link to where it lies does not lead in circles.
        var seen: Set<FolderIdentity> = []
        var links: [(path: String, depth: Int)] = [("", 0)]
        func visit(_ path: String, _ depth: Int) throws {
            for name in try FileSystem.names(in: FileSystem.join(folder, path)) {
                if name.hasPrefix(".") || Self.ignored.contains(TextKey(name)) { continue }
                let inner = path.isEmpty ? name : "\(path)/\(name)"
                let full = FileSystem.join(folder, inner)
                guard let identity = FolderIdentity(full) else {
                    files.append(inner)
                    continue
                }
                if name.hasPrefix("__") || depth >= Self.deepest { continue }
                if FolderIdentity.isLink(full) {
                    links.append((inner, depth + 1))
                } else if seen.insert(identity).inserted {
                    try visit(inner, depth + 1)
                }
            }
        }
        while !links.isEmpty {
            let (path, depth) = links.removeFirst()
            if let identity = FolderIdentity(FileSystem.join(folder, path)), seen.insert(identity).inserted {
                try visit(path, depth)
            }
        }
        self.files = files.sortedByCodePoints()
    }

    /// The data files among a list of paths, for a dataset whose files are still elsewhere.
    init(_ title: String, names: [String]) {
        folder = title
        files = names.sortedByCodePoints().filter { name in
            let parts = name.split(separator: "/")
            return parts.count <= Self.deepest + 1 && !parts.dropLast().contains { $0.hasPrefix("__") }
                && !parts.contains { $0.hasPrefix(".") || Self.ignored.contains(TextKey($0)) }
        }
    }

    /// The format of one of the files, by its name; for a zip archive that is there, by what is in it.
    ///
    /// - Throws: `FileError` for an archive that can't be read: it would be left out without a word.
    func format(of file: String) throws(FileError) -> FileFormat? {
        let name = FileName(file)
        if let format = name.format { return Self.isNote(file, format) ? nil : format }
        guard name.packing == .zip else { return nil }
        do { return try FileSource.all(FileSystem.join(folder, file), FileOptions()).first?.format } catch {
            if let error = error as? FileError { throw error }
            return nil
        }
    }

    /// Texts that lie beside data and are none.
    private static func isNote(_ file: String, _ format: FileFormat) -> Bool {
        guard format == .text else { return false }
        let stem = FileSystem.name(of: file).prefix { $0 != "." }.lowercased()
        return ["license", "licence", "readme", "notice", "citation", "changelog", "requirements"].contains(stem)
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
        let paths = PathPattern(parts)
        let found = try files.filter { try format(of: $0) != nil && paths.matches($0) }
        guard !found.isEmpty else {
            throw DatasetError(
                "no file in '\(folder)' matches '\(pattern)' of its README.md",
                remedy: "Download the whole dataset, or correct the pattern. Files may end in \(FileName.known).",
                kind: .noFile, at: ErrorLocation(path: folder))
        }
        return found
    }

    private func outside(_ pattern: String) -> DatasetError {
        DatasetError(
            "the path '\(pattern)' in the README.md of '\(folder)' is not within that folder",
            remedy: "Write paths relative to the README.md.", kind: .malformed,
            at: ErrorLocation(path: FileSystem.join(folder, "README.md"), key: "data_files"))
    }

    private static let keywords: [(split: String, words: [String])] = [
        ("train", ["train", "training"]), ("validation", ["validation", "valid", "dev", "val"]),
        ("test", ["test", "testing", "eval", "evaluation"]),
    ]

    /// Splits by names: `data/train-00000-of-00001.parquet`, then folders, then files called `train`, `dev` and so
    /// on, else everything is `train`.
    func bySplitNames() throws -> [(split: String, files: [String])] {
        let data = try files.filter { try format(of: $0) != nil }
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

/// What tells a folder from others, whatever path leads to it.
private struct FolderIdentity: Hashable {
    private let device: UInt64
    private let number: UInt64

    /// `nil` for what is no folder.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0, (status.st_mode & S_IFMT) == S_IFDIR else { return nil }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        number = UInt64(truncatingIfNeeded: status.st_ino)
    }

    static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && (status.st_mode & S_IFMT) == S_IFLNK
    }
}
