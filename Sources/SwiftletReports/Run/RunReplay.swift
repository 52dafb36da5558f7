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

    /// The words after the program's name that make the run again, with another output folder and without a report.
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
        // Slices are for the report, which is left out.
        var kept: [String] = []
        var isSlice = false
        for word in words {
            if word.hasPrefix("--") {
                isSlice = word.prefix { $0 != "=" }.replacing("_", with: "-") == "--slice-column"
            }
            if !isSlice, word != "--report" { kept.append(word) }
        }
        // Of an option that comes twice the last one counts.
        let publishing = words.contains { $0.replacing("_", with: "-").hasPrefix("--push-to-hub") }
        return kept + (publishing ? ["--push-to-hub", "false"] : []) + ["--output-dir", outputDir, "--no-report"]
    }

    /// What is not as it was: data, model, versions, processor, threads. An empty list means that the same weights are to
    /// be expected.
    public func differences() throws -> [String] {
        var found: [String] = []
        func files(_ title: String, _ list: JSONValue?, below base: String?) {
            for file in (list?.array ?? []).compactMap(HashedFile.init) {
                let place = base.map { FileSystem.join($0, file.path) } ?? file.path
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
        compare("the environment") { $0["environment"] }
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
