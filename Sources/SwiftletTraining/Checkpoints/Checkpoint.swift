import SwiftletIO

/// A folder `checkpoint-N` from which a run can go on.
///
/// It is written under another name and renamed when everything is on the disk, so a folder of that name is whole
/// unless the disk damages it; `checkpoint.json` holds the size and checksum of every file to notice that too.
public struct Checkpoint: Sendable, Equatable {
    public let path: String
    public let step: Int

    static let prefix = "checkpoint-"
    static let manifest = "checkpoint.json"
    private static let temporaryPrefix = ".writing-checkpoint-"

    init?(_ path: String) {
        let name = FileSystem.name(of: path)
        guard name.hasPrefix(Self.prefix), let step = Int(name.dropFirst(Self.prefix.count)), step >= 0,
            FileSystem.isDirectory(path)
        else { return nil }
        self.path = path
        self.step = step
    }

    func file(_ name: String) -> String { FileSystem.join(path, name) }

    /// The checkpoints of a folder, the newest last.
    public static func all(in folder: String) throws -> [Checkpoint] {
        guard FileSystem.isDirectory(folder) else { return [] }
        return try FileSystem.names(in: folder).compactMap { Checkpoint(FileSystem.join(folder, $0)) }
            .sorted { $0.step < $1.step }
    }

    /// Writes `checkpoint-<step>`: `body` fills the folder it is given.
    package static func write(step: Int, in folder: String, _ body: (_ folder: String) throws -> Void) throws -> Checkpoint {
        try FileSystem.createDirectory(folder)
        try removeLeftovers(in: folder)
        let temporary = FileSystem.join(folder, "\(temporaryPrefix)\(step)")
        let target = FileSystem.join(folder, "\(prefix)\(step)")
        do {
            try FileSystem.createDirectory(temporary)
            try body(temporary)
            try writeManifest(temporary)
            if FileSystem.exists(target) {
                // Out of the way first: a folder can't be renamed onto one that holds files.
                let old = FileSystem.join(folder, "\(temporaryPrefix)\(step).old")
                try FileSystem.rename(target, to: old)
                try FileSystem.rename(temporary, to: target)
                try FileSystem.remove(old)
            } else {
                try FileSystem.rename(temporary, to: target)
            }
        } catch {
            try? FileSystem.remove(temporary)
            throw error
        }
        guard let checkpoint = Checkpoint(target) else {
            throw TrainingError("'\(target)' is not there after it was written", kind: .checkpoint)
        }
        return checkpoint
    }

    /// What runs that were killed while writing have left.
    static func removeLeftovers(in folder: String) throws {
        guard FileSystem.isDirectory(folder) else { return }
        for name in try FileSystem.names(in: folder) where name.hasPrefix(temporaryPrefix) {
            try FileSystem.remove(FileSystem.join(folder, name))
        }
    }

    private static func writeManifest(_ folder: String) throws {
        var files: JSONObject = [:]
        for name in try filesBelow(folder) {
            let path = FileSystem.join(folder, name)
            files[name] = [
                "size": .int(try FileSystem.size(of: path)), "crc32c": .int(Int(try CRC32C.ofFile(path))),
            ]
        }
        let json: JSONValue = ["format": 1, "files": .object(files)]
        try AtomicFile.write(json.text(.config) + "\n", to: FileSystem.join(folder, manifest))
    }

    /// Paths within the folder; some models have a file in a folder of its own.
    private static func filesBelow(_ folder: String) throws -> [String] {
        try FileSystem.names(in: folder).sorted().flatMap { name in
            let path = FileSystem.join(folder, name)
            return FileSystem.isDirectory(path) ? try filesBelow(path).map { FileSystem.join(name, $0) } : [name]
        }
    }

    /// Compares every file with the size and checksum it had when it was written. A checkpoint of Python's, which has
    /// no manifest, passes.
    ///
    /// - Throws: `TrainingError` that names the file.
    func verify() throws {
        guard FileSystem.exists(file(Self.manifest)) else { return }
        guard let files = try JSONValue(contentsOf: file(Self.manifest))["files"]?.object else {
            throw TrainingError("'\(file(Self.manifest))' lists no files", kind: .checkpoint)
        }
        for (name, entry) in files {
            let path = file(name)
            guard FileSystem.isRegularFile(path) else { throw TrainingError(
                "'\(path)' is missing", kind: .checkpoint) }
            let size = try FileSystem.size(of: path)
            guard size == entry["size"]?.int else {
                throw TrainingError(
                    "'\(path)' has \(size) bytes instead of \(entry["size"]?.int ?? 0)", kind: .checkpoint)
            }
            guard Int(try CRC32C.ofFile(path)) == entry["crc32c"]?.int else {
                throw TrainingError("the content of '\(path)' has changed since it was written", kind: .checkpoint)
            }
        }
    }

    /// Deletes the oldest until `limit` remain; never `best` and never the newest.
    static func rotate(in folder: String, keeping limit: Int, best: String?) throws {
        let all = try all(in: folder)
        let bestName = best.map { FileSystem.name(of: $0) }
        func isProtected(_ checkpoint: Checkpoint) -> Bool {
            checkpoint.step == all.last?.step || FileSystem.name(of: checkpoint.path) == bestName
        }
        let removable = all.filter { !isProtected($0) }
        let surplus = all.count - max(limit, all.count - removable.count)
        for checkpoint in removable.prefix(max(surplus, 0)) { try checkpoint.remove() }
    }

    /// Renamed first, so that a half-deleted folder does not look like a checkpoint.
    func remove() throws {
        let gone = FileSystem.join(FileSystem.parent(of: path), "\(Self.temporaryPrefix)\(step).removed")
        try FileSystem.rename(path, to: gone)
        try FileSystem.remove(gone)
    }
}
