package import SwiftletDatasets
import SwiftletIO

extension RunReport {
    /// Rows that a page shows at most, and bytes of their texts.
    private static let rowLimit = 20_000
    private static let textBudget = 5_000_000

    // MARK: Rows

    func rowsSection(_ table: PredictionTable) throws -> ReportSection? {
        let rows = try chosenRows(table)
        guard !rows.isEmpty else { return nil }
        let names = table.kind == .answers ? ["question", "context"] : Array(table.textColumns.prefix(6))
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
            [Block.table("Rows with predictions", columns, presets: presets, id: "rows", searches: true)])
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

    private func cut(_ text: String, _ limit: Int) -> String {
        guard text.utf8.count > limit, text.count > limit else { return text }
        return String(text.prefix(limit)) + "…"
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

    // MARK: Data

    func labelIssuesSection(_ table: PredictionTable) throws -> ReportSection? {
        var blocks: [JSONValue?] = []
        if table.kind == .classes {
            let (rows, labels, _) = try table.labelledClasses()
            let all = try table.probabilities()
            let found = LabelIssues(labels: labels, probabilities: rows.map { all[$0] }, classCount: table.labels.count)
                .issues
            let texts = try table.texts()
            let shown = found.prefix(2000)
            blocks.append(
                Block.text(
                    "\(found.count) of \(rows.count) evaluated rows look mislabelled by confident learning: the probability of another "
                        + "class is at least the mean that it has over its own rows, and larger than the label's."))
            blocks.append(
                Block.table(
                    "Evaluated rows with doubtful labels",
                    [
                        Block.Column("row", "number", shown.map { .int(rows[$0.row]) }),
                        Block.Column("text", "text", shown.map { .string(cut(texts[rows[$0.row]], 400)) }),
                        Block.Column("label", "label", shown.map { .int($0.label) }, dictionary: table.labels),
                        Block.Column("rather", "label", shown.map { .int($0.suggestion) }, dictionary: table.labels),
                        Block.Column("margin", "number", shown.map { .short($0.margin) }),
                    ], searches: true))
        }
        if let suspects {
            let shown = min(suspects.numRows, 2000)
            let top = try suspects.take(shown)
            let own = top.columnNames.dropFirst(5).filter { name in
                if case .value(let type)? = top.features[name] { return type.contains("string") }
                return false
            }
            let columns = try own.map { try top.column($0).values() }
            let texts = (0..<shown).map { row in columns.map { $0[row].string ?? "" }.joined(separator: "\n") }
            blocks.append(
                Block.text(
                    "Training rows in the order of suspicion, by what the model said of them during the training, each time before it "
                        + "learned from them: the mean logarithm of the label's probability. Of pairs, what a logistic regression on "
                        + "their common words, fitted on other rows, says of the label counts, too. "
                        + "\(RunFiles.labelSuspects) has more of them."))
            blocks.append(
                Block.table(
                    "Training rows with doubtful labels",
                    [
                        Block.Column("rank", "number", try top.ints("rank").map { .int($0) }),
                        Block.Column("row", "number", try top.ints("row").map { .int($0) }),
                        Block.Column("text", "text", texts.map { .string(cut($0, 400)) }),
                        Block.Column("label", "text", try top.strings("label").map { .string($0) }),
                        Block.Column("rather", "text", try top.strings("suggestion").map { .string($0) }),
                        Block.Column("score", "number", try top.doubles("score").map { .short($0) }),
                    ], searches: true))
        }
        return ReportSection("labels", "Probable label errors", blocks)
    }

    func duplicatesSection() throws -> ReportSection? {
        guard let duplicates else { return nil }
        let threshold = options.duplicateThreshold ?? 0.8
        let top = try duplicates.take(2000)
        let text =
            duplicates.numRows == 0
            ? "No evaluated row is a near duplicate of a training row (Jaccard similarity of 4 letters in a row at least \(threshold))."
            : "\(duplicates.numRows) evaluated rows stand in the training split too, or nearly (Jaccard similarity of 4 letters in a "
                + "row at least \(threshold)). What the model gets right of them, it may have learned by heart."
        return ReportSection(
            "leakage", "Near duplicates between training and evaluation",
            [
                Block.text(text),
                Block.table(
                    "Evaluated rows with their nearest training rows",
                    [
                        Block.Column("row", "number", try top.ints("row").map { .int($0) }),
                        Block.Column("training row", "number", try top.ints("train_row").map { .int($0) }),
                        Block.Column("similarity", "share", try top.doubles("similarity").map { .short($0) }),
                        Block.Column("text", "text", try top.strings("text").map { .string(cut($0, 400)) }),
                        Block.Column(
                            "training text", "text", try top.strings("train_text").map { .string(cut($0, 400)) }),
                    ], searches: true),
            ])
    }

    // MARK: Slices

    func lengthsSection(_ table: PredictionTable) throws -> ReportSection? {
        guard table.has("token_count") else { return nil }
        let lengths = try table.numbers("token_count")
        var texts: [JSONValue] = []
        if table.has("is_cut") {
            let cuts = try table.values("is_cut").count { $0.bool == true }
            texts.append(
                Block.text(
                    cuts == 0
                        ? "No row is as long as the model takes."
                        : "\(cuts) of \(table.count) rows are as long as the model takes (\(shown(lengths.max() ?? 0)) tokens): what comes "
                            + "after that, it does not see."))
        }
        return ReportSection(
            "lengths", "Results by length", texts + [try slices(table, "tokens", Slices(numbers: lengths))])
    }

    func sliceSection(_ table: PredictionTable, by column: String) throws -> ReportSection? {
        ReportSection(
            "slice-\(column)", "Results by \(column)",
            [
                try slices(
                    table, column, Slices(values: try table.values(column), feature: table.dataset.features[column]))
            ])
    }

    private func slices(_ table: PredictionTable, _ name: String, _ slices: Slices) throws -> JSONValue? {
        let metric = try table.mainMetric()
        let parts = slices.parts
        let values = parts.map { part in metric?.of(part.rows) ?? .nan }
        let intervals = parts.map { part -> (low: Double, high: Double)? in
            guard let metric, !part.rows.isEmpty else { return nil }
            // Each slice has few rows; so few draws are enough that many slices take no time.
            var bootstrap = options.bootstrap
            bootstrap.resamples = min(bootstrap.resampleCount(rows: part.rows.count), 300)
            return bootstrap.intervals(rows: part.rows.count) { [metric.of($0.map { part.rows[$0] })] }.first ?? nil
        }
        var columns = [
            Block.Column(name, "text", parts.map { .string($0.name) }),
            Block.Column("rows", "number", parts.map { .int($0.rows.count) }),
        ]
        if let metric {
            columns += [
                Block.Column(metric.name, "number", values.map { .finite($0) }),
                Block.Column("95% from", "number", intervals.map { .finite($0?.low) }),
                Block.Column("95% to", "number", intervals.map { .finite($0?.high) }),
            ]
        }
        return Block.table("Results by \(name)", columns)
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
                return [("\(prefix)\(key)", value.string ?? value.text(.line))]
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

/// Rows by the values of a column: each value of a few, ranges of numbers.
package struct Slices {
    package var parts: [(name: String, rows: [Int])] = []

    /// Four ranges with about as many rows each; each number of few.
    package init(numbers: [Double]) {
        let known = numbers.indices.filter { numbers[$0].isFinite }
        let sorted = known.map { numbers[$0] }.sorted()
        guard let first = sorted.first, let last = sorted.last else { return }
        func text(_ value: Double) -> String {
            Int(exactly: value).map(String.init) ?? String((value * 1e4).rounded() / 1e4)
        }
        let distinct = Set(sorted)
        if distinct.count <= 6 {
            parts = distinct.sorted().map { value in (text(value), known.filter { numbers[$0] == value }) }
        } else {
            let cuts = [0.25, 0.5, 0.75].map { percentile($0, ofSorted: sorted) }
            var bounds: [Double] = [first]
            for cut in cuts + [last] where cut > bounds[bounds.count - 1] { bounds.append(cut) }
            parts = zip(bounds, bounds.dropFirst()).enumerated().map { index, range in
                let rows = known.filter {
                    numbers[$0] <= range.1 && (numbers[$0] > range.0 || index == 0 && numbers[$0] == first)
                }
                return ("\(text(range.0))–\(text(range.1))", rows)
            }
        }
        addMissing(numbers.indices.filter { !numbers[$0].isFinite })
    }

    /// Most frequent values first, 20 at most and the rest as one.
    package init(values: [Value], feature: Feature?) {
        if case .classLabel(let names)? = feature {
            self.init(
                texts: values.map { value in value.int.map { names.indices.contains($0) ? names[$0] : String($0) } })
        } else if values.contains(where: { if case .double = $0 { true } else { false } })
            || Set(values.compactMap(\.int)).count > 20
        {
            self.init(numbers: values.map { $0.double ?? .nan })
        } else {
            self.init(texts: values.map { $0.isNull ? nil : $0.string ?? $0.description })
        }
    }

    private init(texts: [String?]) {
        var rows: [TextKey: [Int]] = [:]
        for (row, text) in texts.enumerated() { if let text { rows[TextKey(text), default: []].append(row) } }
        let sorted = rows.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        parts = sorted.prefix(20).map { ($0.key.text, $0.value) }
        let rest = sorted.dropFirst(20)
        if !rest.isEmpty { parts.append(("\(rest.count) other values", rest.flatMap(\.value).sorted())) }
        addMissing(texts.indices.filter { texts[$0] == nil })
    }

    private mutating func addMissing(_ rows: [Int]) { if !rows.isEmpty { parts.append(("missing", rows)) } }
}
