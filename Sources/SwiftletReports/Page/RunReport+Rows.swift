import SwiftletDatasets
import SwiftletIO

extension RunReport {
    /// Rows that a page shows at most, and bytes of their texts.
    private static let rowLimit = 20_000
    private static let textBudget = 5_000_000
    /// Columns of texts, such as endings to choose from.
    private static let columnLimit = 12

    // MARK: Rows

    func rowsSection(_ table: PredictionTable) throws -> ReportSection? {
        let rows = try chosenRows(table)
        guard !rows.isEmpty else { return nil }
        // What the model reads comes first, then other columns of texts, while there is room.
        let read = Array(table.textColumns.prefix(Self.columnLimit))
        let others = table.allTextColumns.filter { !read.contains(text: $0) }.prefix(max(6 - read.count, 0))
        let names = table.kind == .answers ? ["question", "context"] : read + others
        let limit = min(max(Self.textBudget / rows.count / max(names.count, 1), 60), 4000)
        let numbers = try table.numbers("row")
        var columns = [Block.Column("row", "number", rows.map { .finite(numbers[$0]) })]
        var presets: [Block.Preset] = []
        func text(_ name: String, kind: String = "text") throws {
            let values = try table.values(name)
            columns.append(Block.Column(name, kind, rows.map { .string(cut(values[$0].string ?? "", limit)) }))
        }
        func number(_ name: String, kind: String = "number") throws {
            guard table.has(name) else { return }
            let values = try table.numbers(name)
            columns.append(Block.Column(name, kind, rows.map { .short(values[$0]) }))
        }
        func flag(_ name: String) throws {
            guard table.has(name) else { return }
            let values = try table.values(name)
            columns.append(Block.Column(name, "flag", rows.map { values[$0].bool.map { .bool($0) } ?? .null }))
        }
        func list(_ name: String) throws {
            guard table.has(name) else { return }
            let values = try table.values(name)
            columns.append(
                Block.Column(
                    name, "text",
                    rows.map { row in
                        .string(cut((values[row].list ?? []).compactMap(\.string).joined(separator: " | "), limit))
                    }))
        }
        let wrong = (column: "correct", value: JSONValue.bool(false))
        switch table.kind {
        case .classes:
            for name in names { try text(name) }
            let (labels, predictions) = try table.classIDs()
            columns.append(
                Block.Column(
                    "label", "label", rows.map { labels[$0].map { .int($0) } ?? .null }, dictionary: table.labels))
            columns.append(
                Block.Column("prediction", "label", rows.map { .int(predictions[$0]) }, dictionary: table.labels))
            try number("score", kind: "share")
            try number("loss")
            try flag("correct")
            presets = [
                Block.Preset(name: "Most confident mistakes", filter: wrong, sort: ("score", true)),
                Block.Preset(name: "Least sure", sort: ("score", false)),
            ]
        case .multipleLabels:
            for name in names { try text(name) }
            try list("label")
            try list("prediction")
            try number("loss")
            try flag("correct")
            presets = [Block.Preset(name: "Worst", filter: wrong, sort: ("loss", true))]
        case .numbers:
            for name in names { try text(name) }
            try number("label")
            try number("prediction")
            try number("loss")
            presets = [Block.Preset(name: "Worst", sort: ("loss", true))]
        case .tokens:
            columns.append(try tokenColumn(table, rows, limit))
            try number("loss")
            try flag("correct")
            presets = [Block.Preset(name: "Worst", filter: wrong, sort: ("loss", true))]
        case .answers:
            try text("question")
            columns.append(try contextColumn(table, rows, limit))
            try list("label")
            try text("prediction")
            try number("score", kind: "share")
            try number("f1", kind: "share")
            try flag("correct")
            presets = [
                Block.Preset(name: "Most confident mistakes", filter: wrong, sort: ("score", true)),
                Block.Preset(name: "Least sure", sort: ("score", false)),
            ]
        case .vectors:
            for name in names { try text(name) }
            try number("label")
            try number("prediction")
            let (others, scores) = (try table.values("neighbors"), try table.values("neighbor_scores"))
            columns.append(
                Block.Column(
                    "nearest", "neighbors",
                    rows.map { row in
                        .array(
                            zip(others[row].list ?? [], scores[row].list ?? []).map { other, score in
                                [other.int.map { .int($0) } ?? .null, .short(score.double)]
                            })
                    }))
            presets = [
                Block.Preset(name: "Nearest pairs", sort: ("prediction", true)),
                Block.Preset(name: "Farthest pairs", sort: ("prediction", false)),
            ]
        }
        try number("token_count")
        var note = "Click a heading to sort."
        if rows.count < table.count {
            note +=
                " \(rows.count) of \(table.count) rows are here: those that are wrong with the highest scores, those that are "
                + "least sure, and others evenly; the metrics are of all rows, and predictions.parquet has all."
        }
        note += " Texts are cut after \(limit) characters."
        return ReportSection(
            "rows", "Rows", note: note,
            [
                Block.table(
                    "Rows with predictions", columns, presets: presets, id: "rows", searches: true,
                    texts: table.kind == .answers ? 1 : table.kind == .tokens ? 0 : read.count)
            ])
    }

    /// All rows, or of very many the ones that are worth looking at.
    private func chosenRows(_ table: PredictionTable) throws -> [Int] {
        guard table.count > Self.rowLimit else { return Array(0..<table.count) }
        var chosen: Set<Int> = []
        let correct = table.has("correct") ? try table.values("correct").map { $0.bool ?? true } : []
        let key = table.has("score") ? "score" : table.has("loss") ? "loss" : "prediction"
        let scores = try table.numbers(key).map { $0.isNaN ? -Double.infinity : $0 }
        let part = Self.rowLimit / 4
        chosen.formUnion(
            scores.indices.filter { correct.isEmpty || !correct[$0] }.sorted { scores[$0] > scores[$1] }.prefix(part))
        chosen.formUnion(scores.indices.sorted { scores[$0] < scores[$1] }.prefix(part))
        let left = Self.rowLimit - chosen.count
        for place in 0..<left { chosen.insert(place * table.count / left) }
        return chosen.sorted()
    }

    private func tokenColumn(_ table: PredictionTable, _ rows: [Int], _ limit: Int) throws -> Block.Column {
        let (words, labels, predictions) = (
            try table.values("words"), try table.values("label"), try table.values("prediction")
        )
        let names = TagIDs(try table.tagPairs()).names
        var ids = Dictionary(uniqueKeysWithValues: names.enumerated().map { (TextKey($1), $0) })
        var dictionary = names
        func id(_ value: Value) -> JSONValue {
            guard let name = value.string else { return .null }
            if ids[TextKey(name)] == nil {
                ids[TextKey(name)] = dictionary.count
                dictionary.append(name)
            }
            return ids[TextKey(name)].map { .int($0) } ?? .null
        }
        let values = rows.map { row -> JSONValue in
            // Numbers of tags take room too.
            let count = max(limit / 16, 20)
            return [
                .array((words[row].list ?? []).prefix(count).map { .string(cut($0.string ?? "", 100)) }),
                .array((labels[row].list ?? []).prefix(count).map(id)),
                .array((predictions[row].list ?? []).prefix(count).map(id)),
            ]
        }
        return Block.Column("words", "tokens", values, dictionary: dictionary)
    }

    private func contextColumn(_ table: PredictionTable, _ rows: [Int], _ limit: Int) throws -> Block.Column {
        let (contexts, labels, predictions) = (
            try table.values("context"), try table.values("label"), try table.values("prediction")
        )
        return Block.Column(
            "context", "context",
            rows.map { row in
                [
                    .string(cut(contexts[row].string ?? "", limit)),
                    .array((labels[row].list ?? []).prefix(5).map { .string($0.string ?? "") }),
                    .string(predictions[row].string ?? ""),
                ]
            })
    }

    func explanationsSection() -> ReportSection? {
        guard !explanations.isEmpty else { return nil }
        return ReportSection(
            "explanations", "Which tokens mattered",
            note:
                "Integrated gradients of the predicted class's logit, from padding to the tokens. Numbers are per cent of the "
                + "largest value of the row.",
            [
                Block.table(
                    "Explained rows",
                    [
                        Block.Column("row", "number", explanations.map { .int($0.row) }),
                        Block.Column("prediction", "text", explanations.map { .string($0.target) }),
                        Block.Column("logit", "number", explanations.map { .finite($0.logit) }),
                        Block.Column(
                            "tokens", "saliency",
                            explanations.map { one in
                                [.array(one.tokens.map { .string($0) }), .array(one.values.map { .short($0) })]
                            }),
                    ])
            ])
    }

    // MARK: The run

    func runSection() -> ReportSection? {
        func texts(_ object: JSONObject, _ prefix: String = "") -> [(String, String)] {
            object.flatMap { key, value -> [(String, String)] in
                if let inner = value.object { return texts(inner, "\(prefix)\(key).") }
                if key == "files" || key == "weights", let files = value.array {
                    return files.compactMap(HashedFile.init).map {
                        ("\(prefix)\(key): \($0.path)", "\($0.size) bytes, \($0.sha256)")
                    }
                }
                return [("\(prefix)\(key)", value.settingText)]
            }
        }
        let shown = JSONObject(record.json.filter { !["metrics", "format"].contains($0.0) })
        let pairs = texts(shown)
        return ReportSection(
            "run", "The run", note: "All of run.json. 'swiftlet replay' runs it again and compares the weights.",
            [
                Block.table(
                    "Settings and surroundings",
                    [
                        Block.Column("name", "text", pairs.map { .string($0.0) }),
                        Block.Column("value", "text", pairs.map { .string($0.1) }),
                    ], searches: true)
            ])
    }
}
