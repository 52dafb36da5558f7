import SwiftletIO
import SwiftletTensor
import SwiftletTraining

/// A run that is to be made again, to see whether the same weights come out.
public struct RunReplay: Sendable {
    /// The folder of the run.
    public let folder: String
    /// What the folder's `run.json` tells of the run: its command, its settings, and the hashes of its weights.
    public let record: RunRecord

    /// - Throws: `ReportError` for a folder without a record, and for runs that can't be made again from it: those that
    ///   went on from a checkpoint, that trained nothing, and those of several processes.
    public init(folder: String) throws {
        self.folder = folder
        record = try RunRecord(folder: folder)
        let path = FileSystem.join(folder, RunFiles.record)
        func refused(_ message: String, _ remedy: String) -> ReportError {
            ReportError(.replay, message, remedy: remedy, at: ErrorLocation(path: path))
        }
        guard let words = record.json["command"]?.array, !words.isEmpty, words.allSatisfy({ $0.string != nil }) else {
            throw refused(
                "'\(path)' has no command, which is a list of words",
                "Put back the run.json that the training wrote, or train again.")
        }
        guard record.json["weights"]?.array?.isEmpty == false else {
            throw refused("the run in '\(folder)' has trained no model", "Name the output folder of a training.")
        }
        if record.json["resumed_from"]?.string != nil {
            throw refused(
                "the run in '\(folder)' went on from a checkpoint", "Only runs from their beginning can be made again.")
        }
        if let count = record.json["processes"]?.int, count > 1 {
            throw refused(
                "the run in '\(folder)' was one of \(count) processes",
                "Start it again as it was, with another output folder, and compare the weights.")
        }
    }

    /// The words after the program's name that make the run again, with another output folder, without a report and
    /// without an upload.
    ///
    /// - Throws: `ReportError` where the run was not one of `swiftlet train` or `swiftlet quickstart`.
    public func arguments(outputDir: String) throws -> [String] {
        let words = Array(record.command.dropFirst())
        guard let first = words.first, ["train", "quickstart"].contains(first) else {
            throw ReportError(
                .replay, "the run in '\(folder)' was made by a program, '\(record.command.first ?? "unknown")'",
                remedy: "Run that program again, and compare the folders with {RunReplay.verdict|swiftlet compare}.")
        }
        if words.contains(where: { $0.hasSuffix(Process.secret) }) {
            throw ReportError(
                .replay, "the command of the run in '\(folder)' had a secret, which is not kept",
                remedy: "Give the command again yourself.")
        }
        // The report is left out, and with it its slices; so is the upload, with what belongs to it.
        var kept: [String] = []
        var (valuesToDrop, isAfterFlag, hasLogFolder) = (0, false, false)
        for word in words {
            if word.hasPrefix("--") {
                let name = word.prefix { $0 != "=" }.dropFirst(2).replacing("_", with: "-")
                let count = Self.leftOut.first { name.isSame(as: $0.name) }?.values
                (valuesToDrop, isAfterFlag) = (word.contains("=") ? 0 : count ?? 0, count == 0)
                hasLogFolder = hasLogFolder || name.isSame(as: "logging-dir")
                if count != nil { continue }
            } else if valuesToDrop > 0 {
                valuesToDrop -= 1
                continue
            } else if isAfterFlag, JSONValue(truth: word) != nil {
                continue
            }
            kept.append(word)
        }
        // Of an option that comes twice the last one counts, also of one in a file of options.
        if first.isSame(as: "train") { kept += ["--push-to-hub", "false"] }
        // Logs of the run itself stay as they are.
        if hasLogFolder { kept += ["--logging-dir", FileSystem.join(outputDir, "runs")] }
        return kept + ["--output-dir", outputDir, "--no-report"]
    }

    /// Options that are left out, and how many values follow them; 0 for flags, which a truth may follow.
    private static let leftOut: [(name: String, values: Int)] = [
        ("slice-column", Int.max), ("report", 0), ("push-to-hub", 0), ("hub-model-id", 1),
        ("hub-private-repo", 0),
    ]

    /// What is not as it was: data, model, weights, versions, processor, threads. An empty list means that the same weights are to
    /// be expected.
    public func differences() throws -> [String] {
        var found: [String] = []
        func files(_ title: String, _ list: JSONValue?, below base: String?) {
            for file in (list?.array ?? []).compactMap(HashedFile.init) {
                // Paths are as they were given, from the folder that the run was started in.
                let inRun = FileSystem.join(base ?? "", file.path)
                let place = FileSystem.join(record.workingDirectory ?? "", inRun)
                guard FileSystem.isRegularFile(place) else {
                    found.append("\(title) file '\(place)' is gone")
                    continue
                }
                do {
                    guard try HashedFile(place).sha256 != file.sha256 else { continue }
                    found.append("\(title) file '\(place)' has changed")
                } catch { found.append("\(title) file '\(place)' can't be read") }
            }
        }
        files("data", record.data["files"], below: nil)
        files("model", record.model["files"], below: record.model["path"]?.string)
        // What is compared in the end must be what the run left.
        files("weights", record.json["weights"], below: FileSystem.join(Process.workingDirectory, folder))
        let versions = record.json["versions"]
        for (name, now) in [("swiftlet", swiftletVersion), ("libtorch", torchVersion)] {
            guard let before = versions?[name]?.string, before != now else { continue }
            found.append("\(name) is \(now), and was \(before)")
        }
        let (before, now) = (record.json["machine"], MachineDescription.json())
        func compare(_ title: String, _ value: (JSONValue) -> JSONValue?) {
            guard let before, let old = value(before), let new = value(now), old != new else { return }
            found.append("\(title) is \(new.string ?? new.text(.line)), and was \(old.string ?? old.text(.line))")
        }
        compare("the processor") { $0["processor"]?["name"] }
        compare("the processor's list of extensions") { $0["processor"]?["extensions"] }
        compare("the number of threads") { $0["threads"] }
        // How many threads there are was compared: what says so would be a second line about one thing.
        compare("the environment") { machine in
            machine["environment"]?.object.map { all in
                .object(JSONObject(all.filter { name, _ in !name.isSame(as: "OMP_NUM_THREADS") }))
            }
        }
        return found
    }

    /// What making a run again has shown.
    public struct Verdict: Sendable {
        /// Whether every file of weights has the same bytes.
        public let isIdentical: Bool
        /// Files that differ, are missing, or are new.
        public let files: [String]
    }

    /// Compares the weights of the run with those in another folder.
    public func verdict(_ other: String) throws -> Verdict {
        let (before, now) = (try FileHashes.ofWeights(folder), try FileHashes.ofWeights(other))
        var files: [String] = []
        for file in before {
            guard let same = now.first(where: { $0.path == file.path }) else {
                files.append("\(file.path) is missing")
                continue
            }
            if same.sha256 != file.sha256 { files.append("\(file.path) differs") }
        }
        for file in now where !before.contains(where: { $0.path == file.path }) { files.append("\(file.path) is new") }
        return Verdict(isIdentical: files.isEmpty && !before.isEmpty, files: files)
    }
}
