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
    /// Updates that had been made when it was written; `nil` where nothing in it says so.
    let writtenStep: Int?
    /// Seconds since 1970; 0 where `checkpoint.json` does not say.
    let savedAt: Double

    static let prefix = "checkpoint-"
    static let manifest = "checkpoint.json"
    static let stateFile = "trainer_state.json"
    /// The latest time that is believed in, so that a later one is another number.
    private static let lastTime = 1e11
    private static let temporaryPrefix = ".writing-checkpoint-"
    private static let removedSuffix = ".removed"

    /// - Throws: `FileError` where the system is short of what reading takes, so that nothing is known.
    init?(_ path: String) throws(FileError) {
        guard let step = Self.step(in: FileSystem.name(of: path)), FileSystem.isDirectory(path) else { return nil }
        self.path = path
        self.step = step
        // A damaged one is told by `verify`.
        let json: JSONValue
        do { json = try JSONValue(contentsOf: FileSystem.join(path, Self.manifest)) } catch {
            if let error = error as? FileError, error.kind == .shortage { throw error }
            json = .null
        }
        run = RunIdentity(json)
        savedAt = json["saved_at"]?.double.flatMap { (0...Self.lastTime).contains($0) ? $0 : nil } ?? 0
        if let step = json["global_step"]?.int {
            writtenStep = step
        } else {
            // Manifests of earlier versions don't say it.
            writtenStep = run == nil ? nil : try Self.step(inStateOf: path)
        }
    }

    /// The step that a name such as `checkpoint-500` is of; `nil` for one that no training writes, such as `checkpoint-007`.
    static func step(in name: String, after prefix: String = prefix) -> Int? {
        guard name.utf8.starts(with: prefix.utf8) else { return nil }
        let digits = name.utf8.dropFirst(prefix.utf8.count)
        guard digits.first != UInt8(ascii: "0") || digits.count == 1,
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(String(Substring(digits)))
    }

    /// Whether its folder was given the name of another step.
    var isMisnamed: Bool { writtenStep.map { $0 != step } ?? false }

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

    /// Those that a run may count and delete: it wrote them, and they have the names that it gave them.
    static func own(of run: String, in folder: String) throws -> [Checkpoint] {
        try all(in: folder).filter { $0.run?.id == run && !$0.isMisnamed }
    }

    /// Folders like checkpoints, of which the name is not one that a training gives.
    static func namesWithoutStep(in folder: String) throws -> [String] {
        guard FileSystem.isDirectory(folder) else { return [] }
        return try FileSystem.names(in: folder, skipsOthers: true).filter { name in
            // What has a point was put aside, by a run or by hand.
            name.hasPrefix(prefix) && !name.contains(".") && step(in: name) == nil
                && FileSystem.isRegularFile(FileSystem.join(FileSystem.join(folder, name), manifest))
        }
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
    ///
    /// - Parameter onKept: told where something is now that had this name, and that no run may delete.
    package static func write(
        step: Int, in folder: String, run: RunIdentity? = nil, _ body: (_ folder: String) throws -> Void,
        onKept: (String) -> Void = { _ in }
    ) throws -> Checkpoint {
        try FileSystem.createDirectory(folder)
        try recover(in: folder)
        let temporary = FileSystem.join(folder, "\(temporaryPrefix)\(step)")
        let target = FileSystem.join(folder, "\(prefix)\(step)")
        do {
            try FileSystem.createDirectory(temporary)
            try body(temporary)
            try writeManifest(temporary, step, run, after: try all(in: folder).last)
            if try !FileSystem.isTaken(target) || mayBeReplaced(target) {
                try FileSystem.replaceDirectory(target, with: temporary)
            } else {
                let aside = try FileSystem.replaceDirectory(target, keepingOldBeside: temporary)
                onKept("'\(target)' held what no training writes there: that is kept as '\(aside)'")
            }
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

    /// Whether what has a checkpoint's name is a checkpoint of this or an earlier run and nothing else: training again in
    /// the same folder writes over that.
    private static func mayBeReplaced(_ path: String) throws -> Bool {
        guard !FileSystem.isLink(path), let there = try Checkpoint(path), !there.isMisnamed else { return false }
        return there.holdsOnlyWhatItLists
    }

    /// Takes back what was moved away by a run that was killed before the new one had its name, and deletes what such
    /// runs have left half-written.
    static func recover(in folder: String) throws {
        guard FileSystem.isDirectory(folder) else { return }
        for name in try FileSystem.names(in: folder, skipsOthers: true) {
            if let target = name.removingSuffix(FileSystem.replacedSuffix), step(in: target) != nil {
                try FileSystem.recoverDirectory(FileSystem.join(folder, target))
            } else if step(in: name.removingSuffix(removedSuffix) ?? name, after: temporaryPrefix) != nil {
                try FileSystem.remove(FileSystem.join(folder, name))
            }
        }
    }

    private static func writeManifest(
        _ folder: String, _ step: Int, _ run: RunIdentity?, after latest: Checkpoint?
    ) throws {
        var files: JSONObject = [:]
        for name in try filesBelow(folder) {
            let path = FileSystem.join(folder, name)
            files[name] = [
                "size": .int(try FileSystem.size(of: path)), "crc32c": .int(Int(try CRC32C.ofFile(path))),
            ]
        }
        // Later than what is there also where the clock was set back.
        let time = max(Date().timeIntervalSince1970, (latest?.savedAt ?? 0) + 0.001)
        var json: JSONObject = ["format": 1, "global_step": .int(step), "saved_at": .double(time)]
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

    /// Deletes a run's oldest checkpoints until `limit` of them remain; never `best` and never the newest. Those of other
    /// runs are neither counted nor deleted.
    static func rotate(in folder: String, keeping limit: Int, best: String?, run: String) throws {
        let all = try own(of: run, in: folder)
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
        let gone = FileSystem.join(FileSystem.parent(of: path), "\(Self.temporaryPrefix)\(step)\(Self.removedSuffix)")
        try FileSystem.rename(path, to: gone)
        try FileSystem.remove(gone)
    }
}

extension String {
    /// What is before an ending; `nil` without that.
    fileprivate func removingSuffix(_ suffix: String) -> String? {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : nil
    }
}
