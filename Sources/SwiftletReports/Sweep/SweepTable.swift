public import SwiftletIO
import SwiftletRunLog

/// What a sweep has found: a row for each setting, the best first.
public struct SweepTable: Sendable {
    /// A setting with the results of its runs.
    public struct Row: Sendable {
        /// The number of the setting, from 0, in the order in which settings were chosen.
        public let trial: Int
        /// The setting itself: values by the names of their training arguments.
        public let values: JSONObject
        /// Of its longest round with all seeds; `nil` but for ASHA.
        public let epochs: Double?
        /// The seeds of the runs that have ended, in the order of `SweepSettings.seeds`.
        public let seeds: [UInt64]
        /// The metric of each of these seeds' runs; NaN for a run that failed.
        public let results: [Double]
        /// Why a run failed.
        public let failure: String?
        /// The mean over the seeds; NaN where a run failed.
        public var mean: Double { results.isEmpty ? .nan : results.reduce(0, +) / Double(results.count) }
        /// The standard deviation over the seeds (with n - 1); NaN for one seed.
        public var deviation: Double {
            guard results.count > 1 else { return .nan }
            let mean = mean
            return (results.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(results.count - 1)).squareRoot()
        }
    }

    /// A row for each setting: those of the longest round first, then by the mean of the metric. Settings of which a
    /// run failed come last in their round.
    public let rows: [Row]
    /// What was searched and how, with the metric and the direction that the rows are sorted by.
    public let settings: SweepSettings
    /// Whether the sweep has come to its end; else there are only the settings of which a run has ended.
    public let isComplete: Bool
    /// How many runs failed, of all rounds.
    public let failureCount: Int
    /// How many runs have ended, with those that failed.
    public let runCount: Int

    init(_ settings: SweepSettings, _ progress: SweepProgress, isComplete: Bool) {
        self.settings = settings
        self.isComplete = isComplete
        failureCount = progress.outcomes.values.count { $0.failure != nil }
        runCount = progress.outcomes.count
        let begun = Set(progress.outcomes.keys.map(\.trial))
        let rows = progress.values.indices.filter(begun.contains).map { trial -> Row in
            let round = progress.ended.filter { $0.trial == trial }.map(\.round).max() ?? 0
            let ended = settings.seeds.compactMap { seed in
                progress.outcomes[SweepRun(trial: trial, round: round, seed: seed)].map { (seed: seed, outcome: $0) }
            }
            let outcomes = ended.map(\.outcome)
            return Row(
                trial: trial, values: progress.values[trial], epochs: settings.rounds[round],
                seeds: ended.map(\.seed), results: outcomes.map { settings.value(in: $0) ?? .nan },
                failure: outcomes.compactMap(\.failure).first)
        }
        let sign = settings.direction == .minimize ? 1.0 : -1.0
        // Rounds of more epochs first: those of fewer were given up.
        self.rows = rows.sorted {
            let (first, second) = (
                $0.mean.isNaN ? Double.infinity : sign * $0.mean, $1.mean.isNaN ? .infinity : sign * $1.mean
            )
            return (-($0.epochs ?? 0), first, $0.trial) < (-($1.epochs ?? 0), second, $1.trial)
        }
    }

    /// The names of all values, in the order of the space.
    private var names: [String] {
        var names = settings.space.map(\.name)
        for row in rows { for name in row.values.keys where !names.contains(text: name) { names.append(name) } }
        return names
    }

    /// Everything in a form for programs.
    public var json: JSONValue {
        [
            "metric": .string(settings.metric), "metric_title": .string(settings.shownMetric),
            "direction": .string(settings.direction.rawValue),
            "method": .string(settings.method.rawValue), "complete": .bool(isComplete),
            "runs": .int(runCount), "failed_runs": .int(failureCount),
            "trials": .array(
                rows.map { row in
                    [
                        "trial": .int(row.trial), "values": .object(row.values),
                        "epochs": row.epochs.map { .double($0) } ?? .null,
                        // A seed beyond 2^63 is no whole number of every JSON reader.
                        "seeds": .array(
                            row.seeds.map { seed in Int(exactly: seed).map { .int($0) } ?? .string("\(seed)") }),
                        "results": .array(row.results.map { .finite($0) }), "mean": .finite(row.mean),
                        "std": .finite(row.deviation), "failure": row.failure.map { .string($0) } ?? .null,
                    ]
                }),
        ]
    }

    /// What was tried and by what it is judged, in one sentence.
    private var lead: String {
        let best = settings.direction == .minimize ? "smallest" : "largest"
        var text = rows.count == 1 ? "1 setting" : "\(rows.count) settings"
        text +=
            " by \(settings.method.rawValue) search, the \(best) \(settings.shownMetric) first (\(settings.direction.rawValue))"
        if !isComplete { text += "; the sweep has not come to its end" }
        if failureCount > 0 { text += "; \(failureCount) of \(runCount) runs failed" }
        return text
    }

    /// The table for a terminal, and below it why runs failed.
    public var text: String { text(listsFailures: true) }

    /// - Parameter listsFailures: whether reasons of failures stand below the table; not where each was told when it came.
    package func text(listsFailures: Bool) -> String {
        let isAsha = settings.method == .asha
        let head =
            ["trial"] + names.map { $0.shown() } + (isAsha ? ["epochs"] : []) + [
                settings.shownMetric.shown(), "std", "runs",
            ]
        let lines = rows.map { row -> [String] in
            let values = names.map { name -> String in
                row.values[name].map { $0.isNull ? "" : Self.shownValue($0).shown() } ?? ""
            }
            let mean = row.failure == nil ? ShownNumber.short(row.mean) : "failed"
            return [String(row.trial)] + values + (isAsha ? [row.epochs.map(ShownNumber.short) ?? ""] : [])
                + [mean, ShownNumber.short(row.deviation), String(row.results.count)]
        }
        let reasons =
            listsFailures
            ? rows.compactMap { row in row.failure.map { "trial \(row.trial) failed: \($0.shown())" } } : []
        return ([lead.shown()] + RunComparison.table([head] + lines) + reasons).joined(separator: "\n") + "\n"
    }

    /// A searched value as the table has it: four significant digits. `sweep.json` has all.
    package static func shownValue(_ value: JSONValue) -> String {
        if case .double(let number) = value { return NumberText.significant(number, digits: 4) }
        return value.settingText
    }

    /// A metric as the table has it: four decimals.
    package static func shownMetric(_ value: Double) -> String { ShownNumber.short(value) }

    /// The table with a plot of all settings beside each other, as a page like `report.html`.
    public func page(title: String) -> String {
        let columns =
            [Block.Column("trial", "number", rows.map { .int($0.trial) })]
            + names.map { name in
                let values = rows.map { $0.values[name] ?? .null }
                let isNumber = values.allSatisfy { $0.double != nil || $0.isNull }
                return Block.Column(
                    name, isNumber ? "number" : "text",
                    values.map { isNumber ? $0 : .string($0.settingText) })
            }
            + (settings.method == .asha ? [Block.Column("epochs", "number", rows.map { .finite($0.epochs) })] : [])
            + [
                Block.Column("mean \(settings.shownMetric)", "number", rows.map { .finite($0.mean) }),
                Block.Column("standard deviation", "number", rows.map { .finite($0.deviation) }),
                Block.Column("runs", "number", rows.map { .int($0.results.count) }),
                Block.Column("failure", "text", rows.map { .string($0.failure ?? "") }),
            ]
        let seeds = settings.seeds.count == 1 ? "one seed" : "\(settings.seeds.count) seeds"
        let direction =
            settings.direction == .minimize ? "smallest is the best (minimize)" : "largest is the best (maximize)"
        let sections = [
            ReportSection(
                "plot", "Settings side by side", note: "A line is a setting, the best one drawn thick.", [axes]),
            ReportSection(
                "trials", "Settings",
                note: "The mean of \(settings.shownMetric) over \(seeds) is what is compared: the \(direction).",
                [Block.table("All settings, the best first", columns, searches: true)]),
        ]
        let best = rows.first.flatMap { row in
            row.mean.isFinite ? "; the best has \(settings.shownMetric) \(ShownNumber.short(row.mean))" : nil
        }
        return ReportPage(
            title: title,
            content: [
                "title": .string(title), "facts": [],
                "lead": .string(lead + (best ?? "") + "."),
                "sections": .array(sections.compactMap(\.self).map { .object($0.json) }),
            ]
        ).html
    }

    /// Parallel coordinates: an axis for each setting and one for the metric.
    private var axes: JSONValue? {
        let shown = rows.filter { $0.mean.isFinite }
        guard !shown.isEmpty else { return nil }
        var axes: [JSONValue] = []
        func axis(_ name: String, _ values: [JSONValue]) {
            let numbers = values.compactMap(\.double)
            if numbers.count == values.count, let low = numbers.min(), let high = numbers.max() {
                axes.append(["name": .string(name), "low": .finite(low), "high": .finite(high)])
            } else {
                let texts = Set(values.map { TextKey($0.settingText) }).sorted().map {
                    JSONValue.string($0.text)
                }
                axes.append(["name": .string(name), "texts": .array(texts)])
            }
        }
        for name in names { axis(name, shown.map { $0.values[name] ?? .null }) }
        axis(settings.shownMetric, shown.map { .double($0.mean) })
        let lines: [JSONValue] = shown.enumerated().map { index, row in
            let values = names.map { name -> JSONValue in
                let value = row.values[name] ?? .null
                return value.double == nil ? .string(value.settingText) : value
            }
            return ["values": .array(values + [.double(row.mean)]), "best": .bool(index == 0)]
        }
        return [
            "type": "axes", "title": "Parallel coordinates", "x": "", "y": "", "axes": .array(axes),
            "lines": .array(lines),
        ]
    }
}
