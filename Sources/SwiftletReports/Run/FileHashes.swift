import SwiftletDatasets
import SwiftletHub
import SwiftletIO

/// A file of a run with its hash.
struct HashedFile: Equatable {
    /// Within the folder that it was looked for in, or as it was given.
    var path: String
    var size: Int
    var sha256: String

    /// - Throws: `FileError` for a file that can't be read.
    init(_ path: String, shownAs name: String? = nil) throws {
        let file = try MappedFile(path)
        var hash = SHA256()
        withExtendedLifetime(file) { hash.update(file.bytes) }
        self.path = name ?? path
        size = file.bytes.count
        sha256 = hash.finish()
    }

    init?(_ json: JSONValue) {
        guard let path = json["path"]?.string, let size = json["size"]?.int, let sha256 = json["sha256"]?.string else {
            return nil
        }
        (self.path, self.size, self.sha256) = (path, size, sha256)
    }

    var json: JSONValue { ["path": .string(path), "size": .int(size), "sha256": .string(sha256)] }
}

enum FileHashes {
    /// The files of a model's folder that say what it computes: configurations, weights and tokenizer, those of the
    /// modules of sentence embeddings too.
    static func ofModel(_ folder: String, only endings: [String] = [".json", ".safetensors", ".bin", ".txt", ".model"])
        throws -> [HashedFile]
    {
        try modelFiles(folder).filter { name in endings.contains { name.hasSuffix($0) } }
            .map { try HashedFile(FileSystem.join(folder, $0), shownAs: $0) }
    }

    /// Results of a training lie in the same folder.
    private static let results: Set<String> = [
        "trainer_state.json", "all_results.json", "train_results.json", "eval_results.json", "predict_results.json",
        "run.json", "training_args.json", "training_args.bin", "profile.json",
    ]

    private static func modelFiles(_ folder: String) throws -> [String] {
        var found: [String] = []
        for name in try FileSystem.names(in: folder, skipsOthers: true).sortedByCodePoints() {
            let path = FileSystem.join(folder, name)
            if FileSystem.isRegularFile(path) {
                if !results.contains(name), !name.hasPrefix(".") { found.append(name) }
            } else if FileSystem.isDirectory(path), name.first?.isNumber ?? false, name.contains("_") {
                found += try FileSystem.names(in: path, skipsOthers: true).sortedByCodePoints()
                    .filter { FileSystem.isRegularFile(FileSystem.join(path, $0)) }.map { "\(name)/\($0)" }
            }
        }
        return found
    }

    /// The weights in a model's folder.
    static func ofWeights(_ folder: String) throws -> [HashedFile] {
        try ofModel(folder, only: [".safetensors", ".bin"])
    }

    /// Files of a dataset: those given, and those below folders that are given.
    static func ofData(_ paths: [String]) throws -> [HashedFile] {
        try paths.flatMap { path -> [HashedFile] in
            guard FileSystem.isDirectory(path) else {
                return FileSystem.isRegularFile(path) ? [try HashedFile(path)] : []
            }
            return try files(below: path, depth: 0).map { try HashedFile($0) }
        }
    }

    private static func files(below folder: String, depth: Int) throws -> [String] {
        guard depth < 16 else { return [] }
        return try FileSystem.names(in: folder, skipsOthers: true).sortedByCodePoints().filter { !$0.hasPrefix(".") }
            .flatMap { name -> [String] in
                let path = FileSystem.join(folder, name)
                if FileSystem.isDirectory(path) { return try files(below: path, depth: depth + 1) }
                return FileSystem.isRegularFile(path) ? [path] : []
            }
    }

    /// A hash of the rows themselves, for splits that have no file of their own here.
    static func ofRows(_ rows: Dataset) throws -> String {
        var hash = SHA256()
        for row in 0..<rows.numRows {
            var line = try rows.jsonLine(row) + "\n"
            line.withUTF8 { hash.update(UnsafeRawBufferPointer($0)) }
        }
        return hash.finish()
    }
}
