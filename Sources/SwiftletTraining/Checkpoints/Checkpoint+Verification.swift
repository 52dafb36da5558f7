import SwiftletIO

/// What a checkpoint says about itself, compared with what is there.
extension Checkpoint {
    /// What every checkpoint has, and what one has besides from which a run can go on.
    private static let modelFiles = ["model.safetensors", stateFile, "training_args.json"]
    private static let resumeFiles = ["optimizer.safetensors", "scheduler.json", "progress.json", RandomState.file]

    /// Compares every file with the size and checksum it had when it was written.
    ///
    /// - Throws: `TrainingError` that names the file which is missing or damaged: `checkpoint.json`, one that it lists, or
    ///   one of the model or the run that it does not list; or the step that it is of, where its name says another.
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
        for written in [writtenStep, try Self.step(inStateOf: path)].compactMap(\.self) where written != step {
            throw TrainingError(
                "'\(path)' is named for step \(step), and was written at step \(written)",
                remedy: "Rename it to \(Self.prefix)\(written), if it is the checkpoint that you mean.",
                kind: .checkpoint, at: ErrorLocation(path: path))
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

    /// Whether nobody has put anything into it; not, where that can't be known.
    var holdsOnlyWhatItLists: Bool {
        guard let files = try? JSONValue(contentsOf: file(Self.manifest))["files"]?.object else { return false }
        func isListed(_ folder: String, _ names: [String]) throws -> Bool {
            try names.allSatisfy { name in
                let path = FileSystem.join(folder, name)
                if FileSystem.isLink(file(path)) { return false }
                guard FileSystem.isDirectory(file(path)) else { return path == Self.manifest || files[path] != nil }
                return try isListed(path, FileSystem.names(in: file(path)))
            }
        }
        return (try? isListed("", FileSystem.names(in: path))) ?? false
    }

    /// What `trainer_state.json` says; `nil` where that is damaged, which is told when it is read to go on from.
    static func step(inStateOf path: String) throws(FileError) -> Int? {
        do {
            let step = try JSONValue(contentsOf: FileSystem.join(path, stateFile))["global_step"]?.int
            return step.flatMap { CheckpointFields.counts.contains($0) ? $0 : nil }
        } catch {
            if let error = error as? FileError, error.kind == .shortage { throw error }
            return nil
        }
    }
}
