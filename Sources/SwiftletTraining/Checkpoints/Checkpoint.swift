import Foundation
package import SwiftletDistributed
import SwiftletIO
import SwiftletTensor

/// A folder `checkpoint-N` from which a run can go on.
///
/// It is written under another name and renamed when everything is on the disk, so a folder of that name is whole
/// unless the disk damages it; `checkpoint.json` holds the size and checksum of every file to notice that too, and says
/// which run the checkpoint is of.
public struct Checkpoint: Sendable, Equatable {
    /// The folder, named `checkpoint-<step>`.
    public let path: String
    /// Updates made when it was written.
    public let step: Int
    /// The run that wrote it; `nil` for Python's checkpoints.
    public let run: RunIdentity?
    /// Seconds since 1970; 0 where `checkpoint.json` does not say.
    let savedAt: Double

    static let prefix = "checkpoint-"
    static let manifest = "checkpoint.json"
    private static let temporaryPrefix = ".writing-checkpoint-"
    /// What every checkpoint has, and what one has besides from which a run can go on.
    private static let modelFiles = ["model.safetensors", "trainer_state.json", "training_args.json"]
    private static let resumeFiles = ["optimizer.safetensors", "scheduler.json", "progress.json", RandomState.file]

    /// - Throws: `FileError` where the system is short of what reading takes, so that nothing is known.
    init?(_ path: String) throws(FileError) {
        let name = FileSystem.name(of: path)
        guard name.hasPrefix(Self.prefix), let step = Int(name.dropFirst(Self.prefix.count)), step >= 0,
            FileSystem.isDirectory(path)
        else { return nil }
        self.path = path
        self.step = step
        // A damaged one is told by `verify`.
        let json: JSONValue
        do { json = try JSONValue(contentsOf: FileSystem.join(path, Self.manifest)) } catch {
            if let error = error as? FileError, error.kind == .shortage { throw error }
            json = .null
        }
        run = RunIdentity(json)
        savedAt = json["saved_at"]?.double.flatMap { $0.isFinite ? $0 : nil } ?? 0
    }

    func file(_ name: String) -> String { FileSystem.join(path, name) }

    /// The checkpoints of a folder: those of the run that wrote last come last, and of one run that with the most steps.
    public static func all(in folder: String) throws -> [Checkpoint] {
        guard FileSystem.isDirectory(folder) else { return [] }
        let found = try FileSystem.names(in: folder, skipsOthers: true).compactMap {
            try Checkpoint(FileSystem.join(folder, $0))
        }
        let latest = Dictionary(found.map { ($0.run?.id ?? "", $0.savedAt) }, uniquingKeysWith: max)
        func key(_ checkpoint: Checkpoint) -> (Double, String, Int) {
            let run = checkpoint.run?.id ?? ""
            return (latest[run] ?? 0, run, checkpoint.step)
        }
        return found.sorted { key($0) < key($1) }
    }

    /// The newest whole checkpoint that this launch has written before it started all processes again; `nil` at the first
    /// start, or if there is none. All processes call it; the main process looks.
    ///
    /// - Returns: its path.
    package static func ofThisLaunch(in folder: String, _ group: ProcessGroup?) throws -> String? {
        let environment = try group?.environment ?? ProcessEnvironment.current()
        guard environment.restartCount > 0 else { return nil }
        let launches = Set(try RunIdentity.launches(group))
        func find() throws -> String {
            try recover(in: folder)
            let own = try all(in: folder).filter { !launches.isDisjoint(with: $0.run?.launches ?? []) }
            return try own.last { try $0.isWhole { _ in } }?.path ?? ""
        }
        let path = try group?.shared(text: find) ?? find()
        return path.isEmpty ? nil : path
    }

    /// Writes `checkpoint-<step>`: `body` fills the folder it is given.
    package static func write(
        step: Int, in folder: String, run: RunIdentity? = nil, _ body: (_ folder: String) throws -> Void
    ) throws -> Checkpoint {
        try FileSystem.createDirectory(folder)
        try recover(in: folder)
        let temporary = FileSystem.join(folder, "\(temporaryPrefix)\(step)")
        let target = FileSystem.join(folder, "\(prefix)\(step)")
        do {
            try FileSystem.createDirectory(temporary)
            try body(temporary)
            try writeManifest(temporary, run, after: try all(in: folder).last)
            try FileSystem.replaceDirectory(target, with: temporary)
        } catch {
            try? FileSystem.remove(temporary)
            throw error
        }
        guard let checkpoint = try Checkpoint(target) else {
            throw TrainingError(
                "'\(target)' is not there after it was written",
                remedy: "Does something else write to the folder? Choose another output_dir.", kind: .checkpoint,
                at: ErrorLocation(path: target))
        }
        return checkpoint
    }

    /// Takes back what was moved away by a run that was killed before the new one had its name, and deletes what such
    /// runs have left half-written.
    static func recover(in folder: String) throws {
        guard FileSystem.isDirectory(folder) else { return }
        for name in try FileSystem.names(in: folder, skipsOthers: true) {
            if name.hasPrefix(prefix), name.hasSuffix(FileSystem.replacedSuffix) {
                let target = String(name.dropLast(FileSystem.replacedSuffix.count))
                try FileSystem.recoverDirectory(FileSystem.join(folder, target))
            } else if name.hasPrefix(temporaryPrefix) {
                try FileSystem.remove(FileSystem.join(folder, name))
            }
        }
    }

    private static func writeManifest(_ folder: String, _ run: RunIdentity?, after latest: Checkpoint?) throws {
        var files: JSONObject = [:]
        for name in try filesBelow(folder) {
            let path = FileSystem.join(folder, name)
            files[name] = [
                "size": .int(try FileSystem.size(of: path)), "crc32c": .int(Int(try CRC32C.ofFile(path))),
            ]
        }
        // Later than what is there also where the clock was set back.
        let time = max(Date().timeIntervalSince1970, (latest?.savedAt ?? 0) + 0.001)
        var json: JSONObject = ["format": 1, "saved_at": .double(time)]
        if let run {
            json["run_id"] = .string(run.id)
            json["launches"] = .array(run.launches.map { .string($0) })
        }
        json["files"] = .object(files)
        try AtomicFile.write(JSONValue.object(json).text(.config) + "\n", to: FileSystem.join(folder, manifest))
    }

    /// Paths within the folder; some models have a file in a folder of its own.
    private static func filesBelow(_ folder: String) throws -> [String] {
        try FileSystem.names(in: folder).sorted().flatMap { name in
            let path = FileSystem.join(folder, name)
            return FileSystem.isDirectory(path) ? try filesBelow(path).map { FileSystem.join(name, $0) } : [name]
        }
    }

    /// Compares every file with the size and checksum it had when it was written.
    ///
    /// - Throws: `TrainingError` that names the file which is missing or damaged: `checkpoint.json`, one that it lists, or
    ///   one of the model or the run that it does not list.
    func verify() throws {
        guard FileSystem.exists(file(Self.manifest)) else {
            throw TrainingError(
                "'\(path)' has no \(Self.manifest), so nobody knows whether it is whole",
                remedy:
                    "It was written by Python or is damaged: load it as a model and start a new run, or use another one.",
                kind: .checkpoint, at: ErrorLocation(path: path))
        }
        guard let files = try JSONValue(contentsOf: file(Self.manifest))["files"]?.object else {
            throw TrainingError(
                "'\(file(Self.manifest))' lists no files", remedy: "Use another checkpoint.", kind: .checkpoint,
                at: ErrorLocation(path: file(Self.manifest)))
        }
        var needed = Self.modelFiles
        if Self.resumeFiles.contains(where: { files[$0] != nil || FileSystem.exists(file($0)) }) {
            needed += Self.resumeFiles
        }
        for name in needed where files[name] == nil {
            throw TrainingError(
                "'\(file(Self.manifest))' does not list '\(name)'", remedy: "Use another checkpoint.",
                kind: .checkpoint, at: ErrorLocation(path: file(Self.manifest), key: name))
        }
        for (name, entry) in files {
            guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
                throw TrainingError(
                    "'\(file(Self.manifest))' lists '\(name)', which is no file of the checkpoint",
                    remedy: "Use another checkpoint.", kind: .checkpoint,
                    at: ErrorLocation(path: file(Self.manifest), key: name))
            }
            let path = file(name)
            guard FileSystem.isRegularFile(path) else {
                throw TrainingError(
                    "'\(path)' is missing", remedy: "Use another checkpoint.", kind: .checkpoint,
                    at: ErrorLocation(path: path))
            }
            let size = try FileSystem.size(of: path)
            guard size == entry["size"]?.int else {
                throw TrainingError(
                    "'\(path)' has \(size) bytes instead of \(entry["size"]?.int ?? 0)",
                    remedy: "Use another checkpoint.", kind: .checkpoint, at: ErrorLocation(path: path))
            }
            guard Int(try CRC32C.ofFile(path)) == entry["crc32c"]?.int else {
                throw TrainingError(
                    "the content of '\(path)' has changed since it was written", remedy: "Use another checkpoint.",
                    kind: .checkpoint, at: ErrorLocation(path: path))
            }
        }
    }

    /// Whether `verify` finds nothing wrong.
    ///
    /// - Parameter onDamage: gets what it finds.
    /// - Throws: `FileError` where the system is short of what reading takes: that is no reason to take an older one.
    func isWhole(onDamage: (any Error) -> Void) throws(FileError) -> Bool {
        do {
            try verify()
            return true
        } catch {
            if let error = error as? FileError, error.kind == .shortage { throw error }
            onDamage(error)
            return false
        }
    }

    /// Deletes a run's oldest checkpoints until `limit` of them remain; never `best` and never the newest. Those of other
    /// runs are neither counted nor deleted.
    static func rotate(in folder: String, keeping limit: Int, best: String?, run: String) throws {
        let all = try all(in: folder).filter { $0.run?.id == run }
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
