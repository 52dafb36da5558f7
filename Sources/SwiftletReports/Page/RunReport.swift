package import SwiftletDatasets
package import SwiftletIO
import SwiftletTraining

/// The page about a run: what was trained on what, how good it is and how sure that is, which rows are wrong.
///
/// Everything in it is computed from the files in the run's folder, so that it can be made again from them.
public struct RunReport {
    package internal(set) var record: RunRecord
    let history: [JSONObject]
    package let table: PredictionTable?
    let suspects: Dataset?
    let duplicates: Dataset?
    let options: RunReportOptions
    private let summary = Summary()
    /// What the tokens of some rows add to their predictions.
    var explanations: [RowExplanation] = []

    package init(
        record: RunRecord, history: [JSONObject], table: PredictionTable?, suspects: Dataset? = nil,
        duplicates: Dataset? = nil, options: RunReportOptions
    ) {
        self.record = record
        self.history = history
        self.table = table
        self.suspects = suspects
        self.duplicates = duplicates
        self.options = options
    }

    /// Reads what a run has left in its folder.
    ///
    /// - Parameter options: slices that are named take the place of the run's own.
    /// - Throws: `ReportError` for a folder without a `run.json`, and for a slice column that the predictions don't have.
    public init(folder: String, _ options: RunReportOptions = RunReportOptions()) throws {
        let state = FileSystem.join(folder, "trainer_state.json")
        let predictions = FileSystem.join(folder, RunFiles.predictions)
        let record = try RunRecord(folder: folder)
        var kept = options
        if options.sliceColumns.isEmpty { kept.sliceColumns = record.sliceColumns }
        self.init(
            record: record,
            history: FileSystem.exists(state)
                ? (try JSONValue(contentsOf: state))["log_history"]?.array?.compactMap(\.object) ?? [] : [],
            table: FileSystem.exists(predictions) ? try PredictionTable(contentsOf: predictions) : nil,
            suspects: try RunFiles.table(RunFiles.labelSuspects, in: folder),
            duplicates: try RunFiles.table(RunFiles.nearDuplicates, in: folder), options: kept)
        guard let table else {
            guard let name = options.sliceColumns.first else { return }
            throw ReportError(
                .missingFile, "'\(folder)' has no \(RunFiles.predictions) to show results by column '\(name)' of",
                remedy: "Evaluate the model with {evaluateWithReport|swiftlet evaluate}, which writes it.",
                at: ErrorLocation(path: predictions, column: name))
        }
        // A column of the split that the predictions have one of, too, is known by both of its names.
        let names = table.dataset.columnNames
        let known = names + names.map(table.nameInSplit)
        for name in self.options.sliceColumns where !known.contains(text: name) {
            throw ReportError.noSlice(name, names)
        }
    }

    /// The columns by whose values the page shows results.
    package var sliceColumns: [String] { options.sliceColumns }

    /// The metrics with their intervals, which page and card have both: computed once.
    func metrics() throws -> [MetricSummary] {
        if let known = summary.metrics { return known }
        let metrics = try table?.summary(options.bootstrap) ?? []
        summary.metrics = metrics
        return metrics
    }

    private final class Summary {
        var metrics: [MetricSummary]?
    }

    /// Adds what the tokens of rows add to their predictions.
    public mutating func add(_ explanations: [RowExplanation]) { self.explanations += explanations }

    /// Writes `report.html`.
    public func write(to folder: String) throws {
        try AtomicFile.write(try page(title: FileSystem.name(of: folder)), to: FileSystem.join(folder, RunFiles.page))
    }

    /// The whole page.
    public func page(title: String) throws -> String {
        ReportPage(title: title, content: try content(title: title)).html
    }

    /// What the page shows.
    package func content(title: String) throws -> JSONObject {
        var sections = [try metricsSection(), curvesSection()]
        if let table {
            sections += try [
                classesSection(table), confusionSection(table), calibrationSection(table), thresholdSection(table),
                scoresSection(table), mapSection(table), rowsSection(table), explanationsSection(),
            ]
        }
        // Training rows are judged without an evaluation, too.
        sections.append(try labelIssuesSection())
        if let table {
            sections += try [duplicatesSection(), lengthsSection(table)]
            sections += try options.sliceColumns.map { try sliceSection(table, by: $0) }
        }
        sections.append(runSection())
        return [
            "title": .string(title), "lead": .string(lead),
            "labelIDs": .array((table?.labels ?? []).map { .string($0) }),
            "facts": .array(facts.map { [.string($0), .string($1)] }),
            "sections": .array(sections.compactMap(\.self).map { .object($0.json) }),
        ]
    }

    /// What was trained on what, in one sentence.
    var lead: String {
        let model = record.model["name"]?.string.map { FileSystem.name(of: $0) } ?? "A model"
        let task = record.task ?? "a task"
        let splits = record.data["splits"]?.object ?? [:]
        var source = record.data["dataset"]?.string.map { FileSystem.name(of: $0) } ?? "its own data"
        if let config = record.data["config"]?.string { source += " (\(config))" }
        let evaluated = record.json["evaluated_split"]?.string
        func rows(_ name: String) -> String? { splits[name]?["rows"]?.int.map { counted($0, "row") } }
        let trained = record.json["weights"] != nil
        var text =
            trained
            ? "\(model) was fine-tuned for \(task) on \(rows("train") ?? "rows") of \(source)"
            : "\(model) was evaluated for \(task) on \(source)"
        if let evaluated, let count = rows(evaluated) {
            text +=
                trained ? " and evaluated on \(count) of its split '\(evaluated)'" : ", split '\(evaluated)', \(count)"
        }
        return text + "."
    }

    private var facts: [(String, String)] {
        var facts: [(String, String)] = []
        let arguments = record.arguments
        func add(_ name: String, _ value: JSONValue?) {
            guard let value, !value.isNull else { return }
            facts.append((name, value.settingText))
        }
        if record.json["weights"] != nil {
            if let steps = arguments["max_steps"]?.int, steps > 0 {
                add("steps", .int(steps))
            } else {
                add("epochs", arguments["num_train_epochs"])
            }
            add("batch size", arguments["per_device_train_batch_size"])
            add("learning rate", arguments["learning_rate"])
        }
        add("seed", arguments["seed"])
        add("parameters", record.json["parameters"])
        if let seconds = record.json["durations_seconds"]?["total"]?.double, seconds.isFinite {
            facts.append(("seconds", ShownNumber.plain((seconds * 10).rounded() / 10)))
        }
        add("ended", record.json["ended"])
        return facts
    }
}

/// A part of the page with a heading.
struct ReportSection {
    /// Within the page, for links.
    var id: String
    var title: String
    /// What the reader should know about the numbers.
    var note: String?
    var blocks: [JSONValue]

    init?(_ id: String, _ title: String, note: String? = nil, _ blocks: [JSONValue?]) {
        let blocks = blocks.compactMap(\.self)
        guard !blocks.isEmpty else { return nil }
        (self.id, self.title, self.note, self.blocks) = (id, title, note, blocks)
    }

    var json: JSONObject {
        var json: JSONObject = ["id": .string(id), "title": .string(title)]
        json["note"] = note.map { .string($0) }
        json["blocks"] = .array(blocks)
        return json
    }
}

/// The kinds of things that the page's script can draw.
enum Block {
    /// One column of a table.
    struct Column {
        /// How values are shown: `text`, `number`, `share` (0 to 1 with a bar), `label`, `flag`, `tokens`, `context`,
        /// `neighbors`, `saliency`.
        var kind: String
        var name: String
        var values: [JSONValue]
        /// What integers of a column of labels stand for.
        var dictionary: [String]?

        init(_ name: String, _ kind: String, _ values: [JSONValue], dictionary: [String]? = nil) {
            (self.name, self.kind, self.values, self.dictionary) = (name, kind, values, dictionary)
        }

        var json: JSONValue {
            var json: JSONObject = ["name": .string(name), "kind": .string(kind), "values": .array(values)]
            json["dictionary"] = dictionary.map { .array($0.map { .string($0) }) }
            return .object(json)
        }
    }

    /// An order and a filter of a table that a button brings up.
    struct Preset {
        var name: String
        /// Rows whose value in the column is this one.
        var filter: (column: String, value: JSONValue)?
        var sort: (column: String, descending: Bool)?

        var json: JSONValue {
            var json: JSONObject = ["name": .string(name)]
            if let filter { json["filter"] = [.string(filter.column), filter.value] }
            if let sort { json["sort"] = [.string(sort.column), .bool(sort.descending)] }
            return .object(json)
        }
    }

    /// - Parameter texts: how many columns after the first one have the text that a row is known by.
    static func table(
        _ caption: String, _ columns: [Column], presets: [Preset] = [], id: String? = nil, searches: Bool = false,
        texts: Int = 0
    ) -> JSONValue? {
        guard let first = columns.first, !first.values.isEmpty else { return nil }
        var json: JSONObject = ["type": "table", "caption": .string(caption), "searches": .bool(searches)]
        json["id"] = id.map { .string($0) }
        json["texts"] = .int(texts)
        json["columns"] = .array(columns.map(\.json))
        json["presets"] = .array(presets.map(\.json))
        return .object(json)
    }

    /// Lines over numbers. Points that are not finite are left out.
    static func lines(
        _ title: String, x: String, y: String, _ series: [(name: String, points: [(Double, Double)])],
        isUnit: Bool = false, hasDiagonal: Bool = false
    ) -> JSONValue? {
        let series = series.map { ($0.name, $0.points.filter { $0.0.isFinite && $0.1.isFinite }) }.filter {
            !$0.1.isEmpty
        }
        guard !series.isEmpty else { return nil }
        return [
            "type": "lines", "title": .string(title), "x": .string(x), "y": .string(y), "unit": .bool(isUnit),
            "diagonal": .bool(hasDiagonal),
            "series": .array(
                series.map { name, points in
                    ["name": .string(name), "points": .array(points.map { [.double($0.0), .double($0.1)] })]
                }),
        ]
    }

    static func bars(
        _ title: String, x: String, y: String, _ categories: [String], _ series: [(name: String, values: [Int])]
    ) -> JSONValue? {
        guard !categories.isEmpty else { return nil }
        return [
            "type": "bars", "title": .string(title), "x": .string(x), "y": .string(y),
            "categories": .array(categories.map { .string($0) }),
            "series": .array(series.map { ["name": .string($0.name), "values": .array($0.values.map { .int($0) })] }),
        ]
    }

    static func text(_ text: String) -> JSONValue { ["type": "text", "text": .string(text)] }
}

extension JSONValue {
    /// A number with six digits after the point, where a page has many.
    static func short(_ value: Double?) -> JSONValue {
        guard let value, value.isFinite else { return .null }
        return .double((value * 1e6).rounded() / 1e6)
    }
}
