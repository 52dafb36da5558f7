public import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
public import SwiftletModels
public import SwiftletTasks
public import SwiftletTraining

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

extension PredictionTable {
    /// The answers of a model to the rows of a split.
    ///
    /// - Parameters:
    ///   - output: what the model gave for `prepared`.
    ///   - given: the rows as they were before.
    /// - Returns: `nil` for a task whose rows have no answer each, such as filling in, and for tasks of one's own with
    ///   outputs of a form that is not known here.
    public init?(
        _ task: any FineTuningTask, _ model: any PretrainedModel, output: PredictionOutput, prepared: PreparedRows,
        given: Dataset
    ) throws {
        guard var table = try Self.made(task, model, output, prepared, given) else { return nil }
        table.modelColumns = task.textColumns
        self = table
    }

    private static func made(
        _ task: any FineTuningTask, _ model: any PretrainedModel, _ output: PredictionOutput, _ prepared: PreparedRows,
        _ given: Dataset
    ) throws -> PredictionTable? {
        let lengths = try lengths(prepared, rows: given.numRows, limit: task.maxTokens)
        if let task = task as? TokenClassificationTask {
            return try PredictionTable(
                tokens: try task.words(of: output, prepared, model), try model.config.labelNames, lengths, given)
        }
        if let task = task as? QuestionAnsweringTask {
            return try task.found(output, prepared).map { try PredictionTable($0.0, $0.1, given) }
        }
        let predictions = output.predictions
        if model.task == .sentenceEmbeddings { return try PredictionTable(vectors: predictions, lengths, given) }
        guard predictions.shape.count == 2, predictions.shape[0] == given.numRows, predictions.shape[0] > 0 else {
            return nil
        }
        let names = try model.config.labelNames
        let width = predictions.shape[1]
        let problem = try model.config.problemType
        if model.task == .multipleChoice || problem == .singleLabelClassification || problem == nil && width > 1 {
            let names = model.task == .multipleChoice || names.count != width ? (0..<width).map(String.init) : names
            return try PredictionTable(classes: predictions, output.labelIDs, names, lengths, given)
        }
        if problem == .multiLabelClassification, names.count == width {
            return try PredictionTable(labels: predictions, prepared, names, lengths, given)
        }
        return width == 1 ? try PredictionTable(numbers: predictions, prepared, lengths, given) : nil
    }

    /// The number of each row's tokens, and whether it is the most that the model takes.
    private static func lengths(
        _ prepared: PreparedRows, rows: Int, limit: Int?
    ) throws -> [(String, ColumnData)] {
        guard prepared.dataset.numRows == rows, prepared.dataset.columnNames.contains("input_ids"),
            case .list(.value)? = prepared.dataset.features["input_ids"]
        else { return [] }
        let counts = try prepared.dataset.listLengths("input_ids")
        guard let limit else { return [("token_count", .ints(counts))] }
        return [("token_count", .ints(counts)), ("is_cut", .bools(counts.map { $0 >= limit }))]
    }

    private static func rowNumbers(_ given: Dataset) -> (String, ColumnData) {
        ("row", .ints(Array(0..<given.numRows)))
    }

    private init(
        classes logits: NumberArray, _ ids: [Int]?, _ names: [String], _ lengths: [(String, ColumnData)],
        _ given: Dataset
    ) throws {
        let logScores = (0..<given.numRows).map { logSoftmax(logits[row: $0].map(Double.init)) }
        let predictions = logits.argmax()
        let labels = logScores.indices.map { row -> Int? in
            guard let ids, ids.count == logScores.count, names.indices.contains(ids[row]) else { return nil }
            return ids[row]
        }
        var columns: [(String, ColumnData)] = [
            Self.rowNumbers(given),
            ("label", .optionalStrings(labels.map { $0.map { names[$0] } })),
            ("prediction", .strings(predictions.map { names[$0] })),
            (
                "correct",
                .values(zip(labels, predictions).map { label, best in label.map { .bool($0 == best) } ?? .null })
            ),
            ("score", .doubles(zip(logScores, predictions).map { exp($0[$1]) })),
            ("loss", .optionalDoubles(zip(logScores, labels).map { scores, label in label.map { -scores[$0] } })),
        ]
        for (id, name) in names.enumerated() {
            columns.append((Self.probabilityPrefix + name, .doubles(logScores.map { exp($0[id]) })))
        }
        try self.init(kind: .classes, labels: names, columns: columns + lengths, given: given)
    }

    private init(
        labels logits: NumberArray, _ prepared: PreparedRows, _ names: [String], _ lengths: [(String, ColumnData)],
        _ given: Dataset
    ) throws {
        let truths = try Self.labelLists(prepared)
        let rows = 0..<given.numRows
        let scores = rows.map { row in logits[row: row].map { sigmoid(Double($0)) } }
        let predicted = rows.map { row in logits[row: row].map { $0 > 0 } }
        func list(_ flags: [Bool]) -> Value { .list(zip(flags, names).filter(\.0).map { .string($0.1) }) }
        var columns: [(String, ColumnData)] = [
            Self.rowNumbers(given),
            ("label", .values(rows.map { row in truths.map { list($0[row].map { $0 > 0.5 }) } ?? .null })),
            ("prediction", .values(predicted.map(list))),
            (
                "correct",
                .values(
                    rows.map { row in
                        truths.map { .bool($0[row].map { $0 > 0.5 } == predicted[row]) } ?? .null
                    })
            ),
            (
                "loss",
                .optionalDoubles(
                    rows.map { row in
                        truths.map { truth in
                            // Binary cross-entropy by logits, which no probability of 0 or 1 makes infinite.
                            let terms = zip(logits[row: row].map(Double.init), truth[row]).map { logit, label in
                                max(logit, 0) - logit * label + log(1 + exp(-abs(logit)))
                            }
                            return terms.reduce(0, +) / Double(max(terms.count, 1))
                        }
                    })
            ),
        ]
        for (id, name) in names.enumerated() {
            columns.append((Self.probabilityPrefix + name, .doubles(scores.map { $0[id] })))
        }
        try self.init(kind: .multipleLabels, labels: names, columns: columns + lengths, given: given)
    }

    private static func labelLists(_ prepared: PreparedRows) throws -> [[Double]]? {
        guard let name = ["label", "labels"].first(where: prepared.dataset.columnNames.contains),
            case .list? = prepared.dataset.features[name]
        else { return nil }
        return try prepared.dataset.column(name).values().map { ($0.list ?? []).map { $0.double ?? 0 } }
    }

    private init(
        numbers: NumberArray, _ prepared: PreparedRows, _ lengths: [(String, ColumnData)], _ given: Dataset
    ) throws {
        let name = ["label", "labels"].first(where: prepared.dataset.columnNames.contains)
        let labels =
            try name.map { try prepared.dataset.column($0).values().map(\.double) }
            ?? [Double?](repeating: nil, count: given.numRows)
        let predictions = numbers.values.map(Double.init)
        try self.init(
            kind: .numbers, labels: [],
            columns: [
                Self.rowNumbers(given), ("label", .optionalDoubles(labels)), ("prediction", .doubles(predictions)),
                (
                    "loss",
                    .optionalDoubles(
                        zip(labels, predictions).map { label, prediction in
                            label.map { (prediction - $0) * (prediction - $0) }
                        })
                ),
            ] + lengths, given: given)
    }

    private init(
        tokens rows: [TokenClassificationTask.TaggedWords], _ names: [String], _ lengths: [(String, ColumnData)],
        _ given: Dataset
    ) throws {
        func texts(_ values: [String?]) -> Value { .list(values.map { $0.map { .string($0) } ?? .null }) }
        let isLabelled = rows.contains { row in row.labels.contains { $0 != nil } }
        try self.init(
            kind: .tokens, labels: [],
            columns: [
                Self.rowNumbers(given), ("words", .stringLists(rows.map(\.words))),
                ("label", .values(rows.map { isLabelled ? texts($0.labels) : .null })),
                ("prediction", .values(rows.map { texts($0.tags) })),
                ("scores", .values(rows.map { .list($0.scores.map { $0.map { .double($0) } ?? .null }) })),
                (
                    "correct",
                    .values(
                        rows.map { row in
                            guard isLabelled else { return .null }
                            return .bool(zip(row.labels, row.tags).allSatisfy { $0 == nil || $0 == $1 })
                        })
                ),
                (
                    "loss",
                    .optionalDoubles(
                        rows.map { row in
                            let losses = row.losses.compactMap(\.self)
                            return losses.isEmpty ? nil : losses.reduce(0, +) / Double(losses.count)
                        })
                ),
            ] + lengths, given: given)
    }

    private init(_ questions: QuestionRows, _ answers: [PredictedAnswer], _ given: Dataset) throws {
        let scores = try answers.indices.map { index -> (exact: Double, f1: Double)? in
            guard let truths = questions.answers?[index] else { return nil }
            let row = try QuestionRows(
                questions: [questions.questions[index]], contexts: [questions.contexts[index]], answers: [truths])
            let values = try answerScores([answers[index]], row)
            return ((values["exact_match"] ?? 0) / 100, (values["f1"] ?? 0) / 100)
        }
        try self.init(
            kind: .answers, labels: [],
            columns: [
                Self.rowNumbers(given), ("question", .strings(questions.questions)),
                ("context", .strings(questions.contexts)),
                (
                    "label",
                    .values(
                        answers.indices.map { index in
                            questions.answers.map { .list($0[index].map { .string($0.text) }) } ?? .null
                        })
                ),
                ("prediction", .strings(answers.map(\.text))),
                (
                    "score",
                    .optionalDoubles(
                        answers.map { answer in
                            answer.candidates.first { $0.text.isSame(as: answer.text) }.map { Double($0.probability) }
                        })
                ),
                ("exact_match", .optionalDoubles(scores.map { $0?.exact })),
                ("f1", .optionalDoubles(scores.map { $0?.f1 })),
                ("correct", .values(scores.map { $0.map { .bool($0.exact == 1) } ?? .null })),
            ], given: given)
    }

    private init(vectors: NumberArray, _ lengths: [(String, ColumnData)], _ given: Dataset) throws {
        let plane = VectorMap(vectors)
        let label = given.columnNames.first { name in
            ["label", "labels", "score", "similarity_score"].contains(name)
                && (given.features[name].map {
                    if case .value(let type) = $0 { !type.contains("string") } else { $0.names != nil }
                } ?? false)
        }
        var columns = [Self.rowNumbers(given)]
        if let label { columns.append(("label", .optionalDoubles(try given.column(label).values().map(\.double)))) }
        columns += [
            ("prediction", .optionalDoubles(plane.cosines)), ("x", .doubles(plane.points.map(\.x))),
            ("y", .doubles(plane.points.map(\.y))),
            ("neighbors", .values(plane.neighbors.map { .list($0.map { .int($0.row) }) })),
            ("neighbor_scores", .values(plane.neighbors.map { .list($0.map { .double($0.cosine) }) })),
        ]
        try self.init(kind: .vectors, labels: [], columns: columns + lengths, given: given)
    }
}
