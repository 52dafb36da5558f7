import SwiftletIO

/// The file in which a sweep keeps what its runs gave: a line with the settings, then a line for each outcome.
final class SweepJournal {
    private let file: AppendingFile?
    private(set) var outcomes: [SweepRun: SweepOutcome] = [:]

    /// - Parameter path: `nil` keeps nothing.
    /// - Throws: `ReportError` for a journal of other settings or with a line that is none of a journal's.
    init(_ path: String?, _ settings: JSONObject) throws {
        guard let path else {
            file = nil
            return
        }
        let isThere = FileSystem.exists(path)
        let file = try AppendingFile(path)
        self.file = file
        if isThere {
            // A run that was killed may have left half a line.
            try file.dropUnfinishedLine()
            try read(path, settings)
        }
        if try FileSystem.size(of: path) == 0 {
            try file.append(Array((JSONValue.object(["sweep": .object(settings)]).text(.line) + "\n").utf8))
        }
    }

    private func read(_ path: String, _ settings: JSONObject) throws {
        for (index, text) in try MappedFile.text(path).split(separator: "\n").enumerated() {
            let line = try? JSONValue(parsing: String(text))
            if index == 0 {
                guard let before = line?["sweep"]?.object else {
                    throw ReportError(
                        .sweep, "'\(path)' is no journal of a sweep", at: ErrorLocation(path: path, line: 1))
                }
                let changed =
                    settings.keys.first { before[$0] != settings[$0] } ?? before.keys.first { settings[$0] == nil }
                if let changed {
                    throw ReportError(
                        .sweep, "'\(path)' is of a sweep with another '\(changed)'",
                        remedy: "Go on with the same options, or name another {folder|--output-dir}.",
                        at: ErrorLocation(path: path, line: 1, key: changed))
                }
                continue
            }
            guard let trial = line?["trial"]?.int, let round = line?["round"]?.int,
                let seed = line?["seed"]?.string.flatMap(UInt64.init), let metrics = line?["metrics"]?.object
            else {
                throw ReportError(
                    .sweep, "line \(index + 1) of '\(path)' is no outcome of a run",
                    remedy: "Take the line out to run it again.",
                    at: ErrorLocation(path: path, line: index + 1))
            }
            outcomes[SweepRun(trial: trial, round: round, seed: seed)] = SweepOutcome(
                metrics: metrics, failure: line?["failure"]?.string)
        }
    }

    func add(_ run: SweepRun, _ values: JSONObject, _ outcome: SweepOutcome) throws {
        outcomes[run] = outcome
        var line: JSONObject = ["trial": .int(run.trial), "round": .int(run.round), "seed": .string(String(run.seed))]
        line["values"] = .object(values)
        line["metrics"] = .object(outcome.metrics)
        line["failure"] = outcome.failure.map { .string($0) } ?? .null
        try file?.append(Array((JSONValue.object(line).text(.line) + "\n").utf8))
    }
}
