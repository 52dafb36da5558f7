import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The file in which a sweep keeps what its runs gave: a line with the settings, then a line for each outcome.
final class SweepJournal {
    private let file: AppendingFile?
    /// Keeps a second sweep out; `nil` on a file system without locks.
    private var lock: FileLock?
    private let path: String?
    /// Whether the folder was made for this journal.
    private var isFolderNew = false
    private(set) var outcomes: [SweepRun: SweepOutcome] = [:]
    /// Whether the file has an outcome; one that is to be forgotten counts too.
    private var hasLines = false
    /// What the runs of the outcomes were given.
    private var values: [SweepRun: JSONObject] = [:]

    /// - Parameters:
    ///   - path: `nil` keeps nothing.
    ///   - retriesFailures: whether outcomes of runs that failed are forgotten.
    /// - Throws: `ReportError` for a journal of other settings, with a line that is none of a journal's, or that another
    ///   sweep writes.
    init(_ path: String?, _ settings: SweepSettings, retriesFailures: Bool = false) throws {
        guard let path else {
            (file, lock, self.path) = (nil, nil, nil)
            return
        }
        let isFolderNew = !FileSystem.exists(FileSystem.parent(of: path))
        (self.path, self.isFolderNew) = (path, isFolderNew)
        lock = try Self.lock(FileSystem.parent(of: path))
        var file = try AppendingFile(path)
        // A run that was killed may have left half a line.
        try file.dropUnfinishedLine()
        var isNew = try FileSystem.size(of: path) == 0
        if !isNew {
            let lines = try MappedFile.text(path).split(separator: "\n")
            if let changed = try Self.difference(lines.first.map(String.init) ?? "", path, settings) {
                guard lines.count == 1 else { throw changed }
                // Nothing is lost that a run has measured.
                file = try AppendingFile(path, replacing: true)
                isNew = true
            }
            self.file = file
            for (index, line) in lines.enumerated().dropFirst() { try read(String(line), index + 1, path) }
        } else {
            self.file = file
        }
        if isNew {
            try file.append(Array((JSONValue.object(["sweep": .object(settings.json)]).text(.line) + "\n").utf8))
        }
        if retriesFailures { outcomes = outcomes.filter { $0.value.failure == nil } }
    }

    private static func lock(_ folder: String) throws -> FileLock? {
        try FileSystem.createDirectory(folder)
        let path = FileSystem.join(folder, ".swiftlet-sweep.lock")
        let taken: FileLock?
        // The folder itself can be written to, or what follows says so.
        do { taken = try FileLock.attempt(path, removesFile: true) } catch { return nil }
        guard let taken else {
            let holder = FileLock.note(path).map { ": \($0.shown())" } ?? ""
            throw ReportError(
                .sweep, "another sweep writes to '\(folder)'\(holder)",
                remedy: "Wait until it has ended, or name another {folder|--output-dir}.",
                at: ErrorLocation(path: folder, option: "output_dir"))
        }
        try taken.write(note: "process \(getpid())")
        return taken
    }

    // MARK: Settings

    /// What the settings of a journal are called for a user, and their names on the command line.
    private static let options = [
        "space": "--search", "common": "options after --", "seeds": "--seeds", "seed": "--search-seed",
        "parallel": "--parallel",
        "epochs": "--min-epochs or --max-epochs", "reduction_factor": "--reduction-factor", "method": "--method",
        "metric": "--metric", "direction": "--direction",
    ]

    /// What keeps a journal's outcomes from being those of these settings; `nil` where nothing does.
    ///
    /// - Throws: `ReportError` for a file that is no journal.
    private static func difference(_ line: String, _ path: String, _ settings: SweepSettings) throws -> ReportError? {
        guard let before = (try? JSONValue(parsing: line))?["sweep"]?.object else {
            throw ReportError(
                .sweep, "'\(path)' is no journal of a sweep", remedy: "Name another {folder|--output-dir}.",
                at: ErrorLocation(path: path, line: 1))
        }
        let now = settings.json
        // Which setting has which number doesn't depend on how many there are in all; nor, where outcomes don't count, on
        // how many run at a time.
        let free = ["trials"] + (settings.method == .grid || settings.method == .random ? ["parallel"] : [])
        // The order of a grid's settings follows that of the names.
        let (oldNames, newNames) = (before["space"]?.object?.keys ?? [], now["space"]?.object?.keys ?? [])
        if settings.method == .grid, !oldNames.areSame(as: newNames), oldNames.textKeys == newNames.textKeys {
            let order = oldNames.map { $0.shown() }.joined(separator: ", ")
            return ReportError(
                .sweep, "'\(path)' is of a sweep with another order of --search: \(order) there",
                remedy: "Give them in that order, or name another {folder|--output-dir}.",
                at: ErrorLocation(path: path, line: 1, key: "space"))
        }
        let names = now.keys + before.keys.filter { now[$0] == nil }
        guard let changed = names.first(where: { !free.contains(text: $0) && before[$0] != now[$0] }) else {
            return nil
        }
        var title = "another '\(changed.shown())'" + (options[changed].map { " (\($0))" } ?? "")
        var (old, new) = (before[changed], now[changed])
        if changed == "common" || changed == "space" {
            // The option among them that differs.
            let (olds, news) = (old?.object ?? [:], new?.object ?? [:])
            if let name = (news.keys + olds.keys).first(where: { olds[$0] != news[$0] }) {
                title = "another " + (changed == "common" ? "option" : "range of") + " '\(name.shown())'"
                (old, new) = (olds[name], news[name])
            }
        }
        func text(_ value: JSONValue?) -> String { value.map { cut($0.settingText, 200).shown() } ?? "none" }
        return ReportError(
            .sweep, "'\(path)' is of a sweep with \(title): \(text(old)) there, \(text(new)) now",
            remedy: "Go on with the same options, or name another {folder|--output-dir}.",
            at: ErrorLocation(path: path, line: 1, key: changed))
    }

    // MARK: Outcomes

    private func read(_ text: String, _ number: Int, _ path: String) throws {
        let line = try? JSONValue(parsing: text)
        guard let trial = line?["trial"]?.int, let round = line?["round"]?.int,
            let seed = line?["seed"]?.string.flatMap(UInt64.init), let metrics = line?["metrics"]?.object
        else {
            throw ReportError(
                .sweep, "line \(number) of '\(path)' is no outcome of a run",
                remedy: "Take the line out to run it again.", at: ErrorLocation(path: path, line: number))
        }
        hasLines = true
        let run = SweepRun(trial: trial, round: round, seed: seed)
        var outcome = SweepOutcome(metrics: metrics, failure: line?["failure"]?.string)
        outcome.isKnown = true
        outcomes[run] = outcome
        values[run] = line?["values"]?.object
    }

    /// What is known of a run with these values. One of the same number with others was chosen when outcomes before it
    /// were others, such as those of runs that failed.
    func outcome(of run: SweepRun, _ values: JSONObject) -> SweepOutcome? {
        guard let outcome = outcomes[run] else { return nil }
        guard let before = self.values[run] else { return outcome }
        let isSame =
            before.count == values.count
            && values.allSatisfy { name, value in
                guard let old = before[name] else { return false }
                guard let old = old.double, let new = value.double else { return old == value }
                // Another machine's logarithm may differ in the last digit.
                return abs(old - new) <= 1e-9 * max(abs(old), abs(new))
            }
        return isSame ? outcome : nil
    }

    /// Takes the file away where it has no outcome, and the folder with it, if that was made for the journal and has nothing
    /// else. Nothing can be added afterwards.
    func removeIfEmpty() {
        guard !hasLines, let path else { return }
        try? FileSystem.remove(path)
        // Its file lies in the folder.
        lock = nil
        let folder = FileSystem.parent(of: path)
        if isFolderNew, (try? FileSystem.names(in: folder))?.isEmpty == true { try? FileSystem.remove(folder) }
    }

    func add(_ run: SweepRun, _ values: JSONObject, _ outcome: SweepOutcome) throws {
        hasLines = true
        outcomes[run] = outcome
        self.values[run] = values
        var line: JSONObject = ["trial": .int(run.trial), "round": .int(run.round), "seed": .string(String(run.seed))]
        line["values"] = .object(values)
        // JSON has no NaN. A metric that is none, or infinite, stands as null; the failure says why.
        line["metrics"] = .object(JSONObject(outcome.metrics.map { ($0, $1.orNullIfNotFinite) }))
        line["failure"] = outcome.failure.map { .string($0) } ?? .null
        try file?.append(Array((JSONValue.object(line).text(.line) + "\n").utf8))
    }
}
