internal import SwiftletIO

/// Folders in the layout of Python's `save_to_disk`: `data-00000-of-00001.arrow`, `dataset_info.json`, `state.json`,
/// and above several of them `dataset_dict.json`.
extension Dataset {
    /// Writes the rows, their features and their format so that Python's `load_from_disk` reads them.
    ///
    /// - Parameters:
    ///   - maxShardSize: bytes a file, about.
    ///   - numShards: the number of files; by default what `maxShardSize` makes of the rows.
    public func saveToDisk(_ path: String, maxShardSize: Int = 500_000_000, numShards: Int? = nil) throws {
        try save(FileSystem.expandingTilde(path), split: nil, maxShardSize, numShards)
    }

    func save(_ path: String, split: String?, _ maxShardSize: Int, _ numShards: Int?) throws {
        guard maxShardSize > 0, numShards ?? 1 > 0 else {
            throw DatasetError(
                "a dataset can't be saved in no files", remedy: "Give a size or number above 0.",
                kind: .invalidArgument, at: ErrorLocation(option: "num_shards"))
        }
        if provenance.files.contains(where: { FileSystem.parent(of: $0).isSame(as: path) }) {
            throw DatasetError(
                "the dataset would overwrite itself in '\(path)'", remedy: "Save it to another folder.",
                kind: .invalidArgument, at: ErrorLocation(path: path))
        }
        var files: [JSONValue] = []
        for (mark, rows) in try self.shards(ofAbout: maxShardSize, count: numShards) {
            let name = "data-\(mark).arrow"
            try rows.toArrow(FileSystem.join(path, name))
            files.append(["filename": .string(name)])
        }
        let state: JSONValue = [
            "_data_files": .array(files), "_fingerprint": .string(try fingerprint()),
            "_format_columns": format.columns.map { .array($0.map { .string($0) }) } ?? .null, "_format_kwargs": [:],
            "_format_type": format.type.map { .string($0) } ?? .null,
            "_output_all_columns": .bool(format.outputAllColumns), "_split": split.map { .string($0) } ?? .null,
        ]
        let info: JSONValue = [
            "citation": "", "description": "", "features": features.json, "homepage": "", "license": "",
        ]
        try AtomicFile.write(info.text(.saved), to: FileSystem.join(path, "dataset_info.json"))
        // The state names the files, so it comes when they are there.
        try AtomicFile.write(state.text(.saved), to: FileSystem.join(path, "state.json"))
    }

    /// The rows in parts of about `size` bytes, or in so many, each with its mark in a file's name: `00000-of-00003`.
    package func shards(ofAbout size: Int, count number: Int? = nil) throws -> [(mark: String, rows: Dataset)] {
        let share = stored.rows == 0 ? 0 : Double(count) / Double(stored.rows)
        let bytes = Int(Double(stored.bytes) * share)
        let total = number ?? max(1, min(bytes / size + 1, count))
        let digits = { (number: Int) in String(repeating: "0", count: max(0, 5 - String(number).count)) + String(number)
        }
        return try (0..<total).map { ("\(digits($0))-of-\(digits(total))", try shard(total, index: $0)) }
    }

    /// Reads a folder of Python's `save_to_disk`, or of `saveToDisk`. Rows are mapped from its files.
    public static func loadFromDisk(_ path: String) throws -> Dataset {
        let path = FileSystem.expandingTilde(path)
        guard FileSystem.isDirectory(path) else {
            throw DatasetError(
                "there is no folder '\(path)'", remedy: "Give a folder that was saved by saveToDisk.",
                kind: .noFile, at: ErrorLocation(path: path))
        }
        let statePath = FileSystem.join(path, "state.json")
        guard FileSystem.exists(statePath) else {
            let isDict = FileSystem.exists(FileSystem.join(path, "dataset_dict.json"))
            throw DatasetError(
                "'\(path)' is no saved dataset: there is no state.json",
                remedy: isDict
                    ? "It holds several splits: load it with DatasetDict.loadFromDisk."
                    : "Give a folder that was saved by saveToDisk, or load its files with loadDataset.",
                kind: .noFile, at: ErrorLocation(path: path))
        }
        let state = try object(statePath)
        let infoPath = FileSystem.join(path, "dataset_info.json")
        let saved = try object(infoPath)["features"]?.object
        let names = state["_data_files"]?.array?.map { $0["filename"]?.string } ?? []
        guard !names.isEmpty, names.allSatisfy({ $0.map { !$0.isEmpty && !$0.contains("/") && $0 != ".." } ?? false })
        else {
            throw DatasetError(
                "'\(statePath)' does not name its files in '_data_files'", remedy: "Save the dataset again.",
                kind: .malformed, at: ErrorLocation(path: statePath))
        }
        let files = names.compactMap { $0 }.map { FileSystem.join(path, $0) }
        let parts = try files.map { try mapped(FileSource.all($0, FileOptions(format: .arrow))[0], saved: saved) }
        let fingerprint = state["_fingerprint"]?.string ?? ""
        var dataset = try parts.count == 1 ? parts[0] : concatenate(parts)
        // The files may have been exchanged since the fingerprint was written: theirs is part of it, and so are the
        // features that were read.
        let features = dataset.features.metadata
        dataset = dataset.from(dataset.provenance.adding("saved") { [fingerprint, features] })
        let columns = state["_format_columns"]?.array?.compactMap(\.string)
        return try dataset.withFormat(
            state["_format_type"]?.string, columns: columns,
            outputAllColumns: state["_output_all_columns"]?.bool ?? false)
    }

    fileprivate static func object(_ path: String) throws -> JSONValue {
        let file = try MappedFile(path)
        do {
            return try withExtendedLifetime(file) { try JSONValue(parsing: file.bytes) }
        } catch let error as JSONError {
            throw DatasetError(
                "'\(path)', line \(error.line), column \(error.column): \(error.problem)",
                remedy: "Save the dataset again.",
                kind: .malformed, at: ErrorLocation(path: path, line: error.line))
        }
    }
}

extension JSONStyle {
    /// `state.json` and `dataset_info.json`.
    fileprivate static var saved: JSONStyle { JSONStyle(indent: 2) }
}

extension DatasetDict {
    /// Writes every split into a folder of its name, so that Python's `load_from_disk` reads them.
    public func saveToDisk(_ path: String, maxShardSize: Int = 500_000_000) throws {
        let path = FileSystem.expandingTilde(path)
        for (split, dataset) in pairs {
            guard !split.isEmpty, !split.contains("/"), split != "..", split != "." else {
                throw DatasetError(
                    "a split can't be called '\(split)' in a folder", remedy: "Choose another name.",
                    kind: .invalidArgument, at: ErrorLocation(split: split))
            }
            try dataset.save(FileSystem.join(path, split), split: split, maxShardSize, nil)
        }
        let names: JSONValue = ["splits": .array(splits.map { .string($0) })]
        try AtomicFile.write(names.text(), to: FileSystem.join(path, "dataset_dict.json"))
    }

    /// Reads a folder of several splits of Python's `save_to_disk`, or of `saveToDisk`.
    public static func loadFromDisk(_ path: String) throws -> DatasetDict {
        let path = FileSystem.expandingTilde(path)
        let names = FileSystem.join(path, "dataset_dict.json")
        guard FileSystem.exists(names) else {
            let isOne = FileSystem.exists(FileSystem.join(path, "state.json"))
            throw DatasetError(
                "'\(path)' holds no saved splits: there is no dataset_dict.json",
                remedy: isOne
                    ? "It is one dataset: load it with Dataset.loadFromDisk."
                    : "Give a folder that was saved by saveToDisk, or load its files with loadDataset.",
                kind: .noFile, at: ErrorLocation(path: path))
        }
        let splits = try Dataset.object(names)["splits"]?.array?.compactMap(\.string) ?? []
        guard splits.allSatisfy({ !$0.isEmpty && !$0.contains("/") && $0 != ".." }) else {
            throw DatasetError(
                "'\(names)' names a split outside its folder", remedy: "Save the dataset again.", kind: .malformed,
                at: ErrorLocation(path: names))
        }
        return DatasetDict(try splits.map { ($0, try Dataset.loadFromDisk(FileSystem.join(path, $0))) })
    }
}
