import SwiftletDatasets
import SwiftletIO
import SwiftletRunLog

extension RunReport {
    // MARK: Metrics and curves

    func metricsSection() throws -> ReportSection? {
        var blocks: [JSONValue?] = []
        var note: String?
        if let table {
            let metrics = try self.metrics()
            blocks.append(
                Block.table(
                    "Metrics of \(counted(table.count, "row"))",
                    [
                        Block.Column("metric", "text", metrics.map { .string($0.name) }),
                        Block.Column("value", "number", metrics.map { .finite($0.value) }),
                        Block.Column("95% from", "number", metrics.map { .finite($0.interval?.low) }),
                        Block.Column("95% to", "number", metrics.map { .finite($0.interval?.high) }),
                        Block.Column("baseline", "number", metrics.map { .finite($0.baseline) }),
                        Block.Column("what it is", "text", metrics.map { .string($0.explanation) }),
                    ]))
            note =
                "Intervals: percentile bootstrap over rows, \(options.bootstrap.resampleCount(rows: table.count)) draws, "
                + "seed \(options.bootstrap.seed). Baseline: what the most frequent class, or the mean, always predicted "
                + "gives."
            let labelled = table.has("label") ? try table.values("label").count { !$0.isNull } : table.count
            if labelled < table.count {
                note?.append(" \(counted(table.count - labelled, "row")) without a label don't count.")
            }
            if labelled < Self.fewRows {
                note?.append(
                    " So few rows say little: a single one has no interval, and where all are right, an interval has no width."
                )
            }
        }
        let (logged, kinds) = (record.json["metrics"]?.object ?? [:], record.json["metric_names"]?.object ?? [:])
        blocks.append(
            Block.table(
                "What the run logged",
                [
                    Block.Column("name", "text", logged.keys.map { .string($0) }),
                    Block.Column("value", "number", logged.values.map { .finite($0.double) }),
                ]
                    // Of an F1, which mean of the classes' it is.
                    + (kinds.isEmpty
                        ? [] : [Block.Column("metric", "text", logged.keys.map { kinds[$0] ?? .string("") })])))
        return ReportSection("metrics", "Metrics", note: note, blocks)
    }

    func curvesSection() -> ReportSection? {
        func points(_ key: String) -> [(Double, Double)] {
            history.compactMap { entry in
                guard let step = entry["step"]?.double, let value = entry[key]?.double else { return nil }
                return (step, value)
            }
        }
        var names: [String] = []
        for entry in history {
            for key in entry.keys
            where key.hasPrefix("eval_") && key != "eval_loss" && !MetricName.isBookkeeping(key)
                && !names.contains(text: key)
            {
                if entry[key]?.double != nil { names.append(key) }
            }
        }
        return ReportSection(
            "curves", "Training",
            [
                Block.lines(
                    "Loss", x: "step", y: "loss", [("training", points("loss")), ("evaluation", points("eval_loss"))]),
                Block.lines(
                    "Metrics", x: "step", y: "value", names.map { (String($0.dropFirst("eval_".count)), points($0)) }),
                Block.lines(
                    "Learning rate", x: "step", y: "learning rate", [("learning rate", points("learning_rate"))]),
                Block.lines(
                    "Gradient norm", x: "step", y: "norm before clipping", [("gradient norm", points("grad_norm"))]),
            ])
    }

    // MARK: Classes

    func classesSection(_ table: PredictionTable) throws -> ReportSection? {
        var names = table.labels
        let counts: ClassCounts
        var note: String?
        switch table.kind {
        case .classes:
            let (_, labels, predictions) = try table.labelledClasses()
            counts = ClassCounts(labels: labels, predictions: predictions, classCount: names.count)
        case .multipleLabels:
            let (truths, guesses) = (try table.flags("label"), try table.flags("prediction"))
            counts = ClassCounts(
                flags: zip(truths, guesses).compactMap { truth, guess in truth.map { ($0, guess ?? $0) } },
                classCount: names.count)
        case .tokens:
            let tags = TagIDs(try table.tagPairs())
            names = tags.names
            counts = ClassCounts(labels: tags.labels, predictions: tags.predictions, classCount: names.count)
            note = "Of tags, word by word."
        default: return nil
        }
        guard counts.total > 0 else { return nil }
        let absent = names.indices.filter { counts.support[$0] == 0 }.map { names[$0] }
        if !absent.isEmpty {
            let listed = absent.prefix(10).map { "'\($0)'" }.joined(separator: ", ")
            note =
                (note.map { $0 + " " } ?? "") + "No evaluated row has "
                + (absent.count > 10 ? "\(absent.count) of the labels, such as \(listed)" : "the label \(listed)")
                + ": its recall and F1 stand as 0, and say nothing."
        }
        return ReportSection(
            "classes", "Results by class", note: note,
            [
                Block.table(
                    "Scores of each class",
                    [
                        Block.Column("class", "text", names.map { .string($0) }),
                        Block.Column("precision", "share", names.indices.map { .finite(counts.precision($0)) }),
                        Block.Column("recall", "share", names.indices.map { .finite(counts.recall($0)) }),
                        Block.Column("f1", "share", names.indices.map { .finite(counts.f1($0)) }),
                        Block.Column("support", "number", counts.support.map { .int($0) }),
                        Block.Column("predicted", "number", counts.predicted.map { .int($0) }),
                    ])
            ])
    }

    private static let confusionLimit = 40

    func confusionSection(_ table: PredictionTable) throws -> ReportSection? {
        let (names, labels, predictions): ([String], [Int], [Int])
        switch table.kind {
        case .classes:
            let known = try table.labelledClasses()
            (names, labels, predictions) = (table.labels, known.labels, known.predictions)
        case .tokens:
            let tags = TagIDs(try table.tagPairs())
            (names, labels, predictions) = (tags.names, tags.labels, tags.predictions)
        default: return nil
        }
        guard !labels.isEmpty else { return nil }
        // Of very many classes those with the most rows.
        let counts = ClassCounts(labels: labels, predictions: predictions, classCount: names.count)
        let shown =
            names.count <= Self.confusionLimit
            ? Array(names.indices)
            : names.indices.sorted { (counts.support[$0], $1) > (counts.support[$1], $0) }.prefix(Self.confusionLimit)
                .sorted()
        let places = Dictionary(uniqueKeysWithValues: shown.enumerated().map { ($1, $0) })
        var cells = [[Int]](repeating: [Int](repeating: 0, count: shown.count), count: shown.count)
        for (label, prediction) in zip(labels, predictions) {
            if let row = places[label], let column = places[prediction] { cells[row][column] += 1 }
        }
        let matrix: JSONValue = [
            "type": "matrix", "labels": .array(shown.map { .string(names[$0]) }),
            "counts": .array(cells.map { .array($0.map { .int($0) }) }),
            "target": table.kind == .classes ? "rows" : nil,
        ]
        return ReportSection(
            "confusion", "Confusion matrix",
            note: (table.kind == .classes ? "A cell lists its rows below." : "Of tags, word by word.")
                + (shown.count < names.count
                    ? " The \(shown.count) classes with the most rows, of \(names.count)." : ""),
            [matrix])
    }

    // MARK: Probabilities

    func calibrationSection(_ table: PredictionTable) throws -> ReportSection? {
        guard let curve = try table.calibration() else { return nil }
        let filled = curve.bins.filter { $0.count > 0 }
        var texts = [
            "Expected calibration error \(shown(curve.expectedError)), largest gap \(shown(curve.maximumError)), in "
                + "\(curve.bins.count) bins of equal width by the probability of the predicted class."
        ]
        let (rows, labels, _) = try table.labelledClasses()
        let all = try table.probabilities()
        if let fit = TemperatureFit(labels: labels, probabilities: rows.map { all[$0] }, seed: options.bootstrap.seed) {
            texts.append(
                "Temperature \(shown(fit.temperature)), fitted by the log-likelihood of \(fit.fittedRows.count) rows: on the other "
                    + "\(fit.heldOutRows.count) the error goes from \(shown(fit.errorBefore)) to \(shown(fit.errorAfter)). "
                    + (fit.isBounded
                        ? "It is the end of what is tried: the probabilities say little."
                        : "Logits divided by it are neither too sure nor too unsure."))
        }
        return ReportSection(
            "calibration", "Calibration",
            texts.map(Block.text) + [
                Block.lines(
                    "Reliability: on the diagonal the model is right as often as it says", x: "confidence",
                    y: "accuracy",
                    [("bins", filled.map { ($0.confidence, $0.accuracy) })], isUnit: true, hasDiagonal: true),
                Block.table(
                    "Bins",
                    [
                        Block.Column("from", "number", filled.map { .finite($0.low) }),
                        Block.Column("to", "number", filled.map { .finite($0.high) }),
                        Block.Column("rows", "number", filled.map { .int($0.count) }),
                        Block.Column("confidence", "number", filled.map { .finite($0.confidence) }),
                        Block.Column("accuracy", "number", filled.map { .finite($0.accuracy) }),
                    ]),
            ])
    }

    private static let curveLimit = 20

    func thresholdSection(_ table: PredictionTable) throws -> ReportSection? {
        let curves = try table.curves().filter { !$0.curves.rocAUC.isNaN }
        guard !curves.isEmpty else { return nil }
        let drawn = curves.prefix(Self.curveLimit)
        return ReportSection(
            "thresholds", "Precision, recall and ROC",
            note: drawn.count < curves.count ? "Drawn for the first \(drawn.count) of \(curves.count) classes." : nil,
            [
                Block.lines(
                    "Precision and recall", x: "recall", y: "precision",
                    drawn.map {
                        (table.labels[$0.label], thinned($0.curves.precisionRecall.map { ($0.recall, $0.precision) }))
                    },
                    isUnit: true),
                Block.lines(
                    "ROC", x: "false positive rate", y: "true positive rate",
                    drawn.map {
                        (
                            table.labels[$0.label],
                            thinned($0.curves.roc.map { ($0.falsePositiveRate, $0.truePositiveRate) })
                        )
                    }, isUnit: true, hasDiagonal: true),
                Block.table(
                    "Areas",
                    [
                        Block.Column("class", "text", curves.map { .string(table.labels[$0.label]) }),
                        Block.Column("average precision", "share", curves.map { .finite($0.curves.averagePrecision) }),
                        Block.Column("ROC AUC", "share", curves.map { .finite($0.curves.rocAUC) }),
                    ]),
            ])
    }

    /// At most so many points that a page can draw them.
    private func thinned(_ points: [(Double, Double)]) -> [(Double, Double)] {
        guard points.count > 300 else { return points }
        return (0..<300).map { points[$0 * (points.count - 1) / 299] }
    }

    func shown(_ value: Double) -> String { value.isFinite ? ShownNumber.short(value) : "unknown" }
}

/// Tags of words as numbers, in the order of their names.
struct TagIDs {
    let names: [String]
    let labels: [Int]
    let predictions: [Int]

    init(_ rows: [[(label: String, prediction: String)]]) {
        let found = Set(rows.flatMap { $0.flatMap { [TextKey($0.label), TextKey($0.prediction)] } }).sorted()
        let ids = Dictionary(uniqueKeysWithValues: found.enumerated().map { ($1, $0) })
        names = found.map(\.text)
        labels = rows.flatMap { $0.map { ids[TextKey($0.label)] ?? 0 } }
        predictions = rows.flatMap { $0.map { ids[TextKey($0.prediction)] ?? 0 } }
    }
}
