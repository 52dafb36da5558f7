import SwiftletDatasets
public import SwiftletIO

/// Several runs side by side: their metrics with tests on the same rows, the rows that changed, and the settings that
/// differ. The first run is what the others are compared with.
public struct RunComparison {
    /// A run with its answers.
    struct Run {
        /// Another one for each run.
        let name: String
        let folder: String
        let record: RunRecord
        let table: PredictionTable

        /// The name, with the folder where the name is only a part of it.
        var title: String { name.isSame(as: folder) ? name : "\(name) (\(folder))" }
    }

    /// A metric of one run beside the first one's.
    public struct Difference: Sendable {
        /// Such as `accuracy`.
        public let metric: String
        /// The metric's value in the first run, on the rows that the runs share.
        public let first: Double
        /// The metric's value in the run that is compared with the first, on the same rows.
        public let other: Double
        /// 95% of the differences on draws of rows, other less first; `nil` where there is none.
        public let interval: (low: Double, high: Double)?
        /// Of the paired bootstrap: twice the share of draws in which the difference has not the sign of most, at most 1. NaN
        /// where there is none.
        public let pValue: Double
        /// Why the draws make no statement, so that there is neither an interval nor a p, as in `fewer than 10 rows`; `nil`
        /// where they do, and for a metric that is not drawn.
        public let reason: String?
    }

    let runs: [Run]
    let bootstrap: Bootstrap

    /// - Parameter folders: of two runs at least, whose `predictions.parquet` are of the same rows.
    /// - Throws: `ReportError` for a folder without predictions, and for runs on other rows, naming the first that differs.
    public init(folders: [String], bootstrap: Bootstrap = Bootstrap()) throws {
        guard folders.count > 1 else {
            throw ReportError(
                .option, "there is \(folders.count) run to compare", remedy: "Name two output folders at least.")
        }
        let names = Self.names(folders)
        runs = try folders.indices.map { index in
            Run(
                name: names[index], folder: folders[index], record: try RunRecord(folder: folders[index]),
                table: try PredictionTable(contentsOf: FileSystem.join(folders[index], RunFiles.predictions)))
        }
        self.bootstrap = bootstrap
        for (run, folder) in zip(runs, folders).dropFirst() {
            try Self.check(run.table, folder, runs[0].table, folders[0])
        }
    }

    /// As many last parts of the paths as tell the runs apart; a folder that is named twice has its number, too.
    private static func names(_ folders: [String]) -> [String] {
        let parts = folders.map { $0.split(separator: "/").filter { !$0.isSame(as: ".") } }
        for count in 1...max(parts.map(\.count).max() ?? 1, 1) {
            let names = zip(parts, folders).map { $0.isEmpty ? $1 : $0.suffix(count).joined(separator: "/") }
            if Set(names.map { TextKey($0) }).count == names.count { return names }
        }
        return folders.enumerated().map { "\($1) (\($0 + 1))" }
    }

    private static func check(
        _ table: PredictionTable, _ folder: String, _ first: PredictionTable, _ firstFolder: String
    ) throws {
        func differ(_ what: String) -> ReportError {
            ReportError(
                .differentRows, "'\(folder)' and '\(firstFolder)' are not about the same rows: \(what)",
                remedy: "Evaluate both models on one split, and compare these runs.", at: ErrorLocation(path: folder))
        }
        guard table.kind == first.kind else {
            throw differ("one has \(table.kind.rawValue), the other \(first.kind.rawValue)")
        }
        guard table.count == first.count else { throw differ("\(table.count) and \(first.count) rows") }
        guard table.has("label") == first.has("label") else { throw differ("only one has labels") }
        if table.has("label") {
            let (labels, others) = (try table.values("label"), try first.values("label"))
            if let row = labels.indices.first(where: { labels[$0] != others[$0] }) {
                let names = [table.labels, first.labels].map { $0.prefix(10).joined(separator: ", ") }
                let isOtherNames = table.labels.textKeys != first.labels.textKeys
                throw differ(
                    "row \(row) has the labels \(labels[row]) and \(others[row])"
                        + (isOtherNames ? "; the models' labels are \(names[0]) and \(names[1])" : ""))
            }
        }
        let (texts, others) = (try table.texts(), try first.texts())
        if let row = texts.indices.first(where: { !texts[$0].isSame(as: others[$0]) }) {
            throw differ("row \(row) has another text")
        }
    }

    /// The metrics of a run beside the first one's.
    ///
    /// Where draws make no statement (see `PairedBootstrap`), there is neither an interval nor a p.
    ///
    /// - Parameter index: from 1.
    public func differences(_ index: Int) throws -> [Difference] {
        let (first, other) = (try runs[0].table.metrics(), try runs[index].table.metrics())
        // What a metric of one class is about, its explanation says.
        let pairs = first.values.compactMap { value in
            other.values.first { $0.name.isSame(as: value.name) && $0.explanation.isSame(as: value.explanation) }
                .map { (first: value, other: $0) }
        }.filter { !$0.first.value.isNaN && !$0.other.value.isNaN }
        let drawn = pairs.indices.filter { pairs[$0].first.place != nil && pairs[$0].other.place != nil }
        // Runs that count other rows, as where some predictions are NaN, have no draws in common.
        let haveDraws = !drawn.isEmpty && first.rows == other.rows
        var draws: [[Double]] = []
        if haveDraws, first.rows >= PairedBootstrap.fewestRows {
            _ = bootstrap.intervals(rows: first.rows) { sample in
                let (ofFirst, ofOther) = (first.metric(sample), other.metric(sample))
                func value(_ values: [Double], _ place: Int?) -> Double {
                    place.flatMap { values.indices.contains($0) ? values[$0] : nil } ?? .nan
                }
                draws.append(
                    drawn.map { value(ofOther, pairs[$0].other.place) - value(ofFirst, pairs[$0].first.place) })
                return []
            }
        }
        return pairs.indices.map { pair in
            let (value, same) = pairs[pair]
            let place = drawn.firstIndex(of: pair)
            let found = place.map { place in
                PairedBootstrap(
                    difference: same.value - value.value, draws: draws.map { $0[place] }, rows: first.rows, bootstrap)
            }
            let known = haveDraws ? found : nil
            return Difference(
                metric: value.name, first: value.value, other: same.value, interval: known?.interval,
                pValue: known?.pValue ?? .nan,
                reason: place != nil && !haveDraws ? "the runs count other rows" : known?.reason)
        }
    }

    /// Whether each run is right by chance alone where the other is not; `nil` where rows are not right or wrong.
    public func mcNemar(_ index: Int) throws -> McNemarTest? {
        guard runs.allSatisfy({ $0.table.has("correct") }) else { return nil }
        let (first, other) = (try runs[0].table.values("correct"), try runs[index].table.values("correct"))
        let rows = first.indices.filter { first[$0].bool != nil && other[$0].bool != nil }
        return McNemarTest(first: rows.map { first[$0].bool ?? false }, second: rows.map { other[$0].bool ?? false })
    }

    /// Settings that are not the same in all runs, with each run's value; `nil` where it is not set.
    ///
    /// Trainings and evaluations don't record the same: of runs of both kinds, what one doesn't have is no difference, but
    /// for variables of the environment.
    public func differingSettings() -> [(name: String, values: [JSONValue?])] {
        let settings = runs.map { Self.flat($0.record.json) }
        let areOfOneKind = Set(runs.map { $0.record.json["weights"] != nil }).count == 1
        var names: [String] = []
        for one in settings { for name in one.map(\.name) where !names.contains(text: name) { names.append(name) } }
        return names.compactMap { name in
            let values = settings.map { one in one.first { $0.name.isSame(as: name) }?.value }
            let known = values.compactMap(\.self)
            let isMissing =
                known.count < values.count && (areOfOneKind || name.hasPrefix("machine.environment."))
            let differs = known.dropFirst().contains { !$0.settingText.isSame(as: known[0].settingText) }
            return differs || isMissing ? (name, values) : nil
        }
    }

    /// What differs between any two runs, however alike, says nothing. The seed stands among the arguments; older records
    /// have it twice.
    private static let always: Set<String> = [
        "started", "ended", "command", "seed", "durations_seconds", "peak_memory_bytes", "energy_joules", "weights",
        "metrics",
        "tables", "arguments.output_dir", "arguments.logging_dir", "arguments.run_name",
    ]

    private static func flat(_ object: JSONObject, _ prefix: String = "") -> [(name: String, value: JSONValue)] {
        object.flatMap { key, value -> [(name: String, value: JSONValue)] in
            let name = prefix + key
            if always.contains(name) || value.isNull { return [] }
            if let inner = value.object { return flat(inner, name + ".") }
            if key == "files", let files = value.array {
                return files.compactMap(HashedFile.init).map {
                    ("\(name): \(FileSystem.name(of: $0.path))", .string($0.sha256))
                }
            }
            return [(name, value)]
        }
    }
}
