public import SwiftletDatasets
public import SwiftletIO
public import SwiftletMetrics
public import SwiftletModels
import SwiftletTokenizers
public import SwiftletTraining

/// The right one of several endings, with the columns of SWAG: `sent1`, `sent2` if there is one, `ending0`, `ending1` and
/// so on.
public struct MultipleChoiceTask: FineTuningTask {
    private let context: TaskContext
    private let text: String
    private let beginning: String?
    private let endings: [String]
    private let labelColumn: String?
    private let maxLength: Int
    private let labels: ChoiceLabels?
    /// What the training found out: the rows of another split may not show it.
    private let countsFromOne: Bool?

    /// - Throws: `TaskError` for rows without endings, and for labels that are none of them.
    public init(_ context: TaskContext) throws {
        let columns = try context.columns
        self.context = context
        text = context.options.textColumn ?? "sent1"
        beginning = context.options.textPairColumn ?? (columns.has("sent2") ? "sent2" : nil)
        let count = try context.sample.columnNames.count
        let endings = (0..<count).map { "ending\($0)" }.prefix { columns.has($0) }.map(\.self)
        self.endings = endings
        for name in [text, beginning ?? text] { try columns.require(name) }
        guard endings.count > 1 else {
            let names = try context.sample.columnNames
            throw TaskError(
                .column,
                "the dataset has no column 'ending\(endings.count)'; its columns are \(names.joined(separator: ", "))",
                remedy: "The endings to choose from are in columns ending0, ending1 and so on.")
        }
        labelColumn = columns.label()
        maxLength = try context.maxLength()
        let isFromOne = context.isFineTuned ? context.config.countsChoicesFromOne : nil
        labels = try labelColumn.map { try ChoiceLabels(context.splits, $0, endings: endings, isFromOne: isFromOne) }
        countsFromOne = isFromOne
    }

    public var notes: [String] { labels?.notes ?? [] }
    public var maxTokens: Int? { maxLength }
    public var textColumns: [String]? { [text] + (beginning.map { [$0] } ?? []) + endings }
    public var savedOptions: JSONObject {
        var saved = context.options.saved(label: context.options.labelColumn)
        if let isFromOne = labels?.isFromOne ?? countsFromOne { saved[ModelConfig.choicesFromOne] = .bool(isFromOne) }
        return saved
    }

    /// The number of the first choice in labels and answers.
    private var firstChoice: Int { labels?.isFromOne ?? countsFromOne ?? false ? 1 : 0 }

    /// The usual one, but where rows are padded to `maxLength`.
    public func collator() throws -> (any DataCollator)? {
        try context.paddingCollator(maxLength) {
            try DataCollatorForMultipleChoice(tokenizer: context.tokenizer, padding: .maxLength, maxLength: $0)
        }
    }

    public func loadModel(_ folder: String, options: LoadOptions) throws -> any PretrainedModel {
        try AutoModelForMultipleChoice.fromPretrained(folder: folder, options: options)
    }

    public func prepare(_ rows: Dataset, split: String, for use: RowUse) throws -> PreparedRows {
        var rows = rows
        var isLabelled = false
        if let labelColumn, rows.columnNames.contains(labelColumn), let labels {
            do {
                rows = try labels.encode(rows, labelColumn, split: split)
                isLabelled = true
            } catch  where use == .prediction {
                // Labels are kept in the answers as they stand in the rows.
            }
        }
        if !isLabelled {
            guard use == .prediction else {
                _ = try TaskColumns(rows, context.options).requireLabel()
                throw TaskError(.labels, "split '\(split)' has no labels")
            }
            rows = try rows.selectColumns([text] + (beginning.map { [$0] } ?? []) + endings)
        }
        return PreparedRows(
            try rows.map(batched: true) { batch -> Columns in
                try context.tokenizer.encodeChoices(
                    batch, context: text, beginning: beginning, endings: endings, maxLength: maxLength)
            })
    }

    public func metrics(_ model: any PretrainedModel) throws -> [Metric] {
        let names = context.options.metrics.isEmpty ? ["accuracy"] : context.options.metrics
        return try MetricChoice.metrics(
            names, context.options.metricOptions, problem: .singleLabelClassification, labelCount: endings.count)
    }

    public func mistakes(
        _ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel
    ) throws -> [Mistake]? {
        Mistake.ofClasses(output) { .int($0 + firstChoice) }
    }

    public func answers(
        _ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel
    ) throws -> [JSONObject] {
        (0..<(output.predictions.shape.first ?? 0)).map { row in
            let logits = Array(output.predictions[row: row])
            let scores = softmax(logits)
            let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
            return [
                "prediction": .int(best + firstChoice), "score": .number(scores[best]),
                "probabilities": .numbers(scores),
                "logits": .numbers(logits),
            ]
        }
    }
}

/// How a column says which choice is the right one: by its number from 0 or from 1, a letter, or its own text.
struct ChoiceLabels {
    private enum Form {
        case number(first: Int)
        case letter
        case text
    }

    private let form: Form
    /// `nil` for labels that are no numbers.
    var isFromOne: Bool? {
        guard case .number(let first) = form else { return nil }
        return first == 1
    }
    private let endings: [String]
    var notes: [String] {
        if case .number(first: 1) = form { return ["the labels count the choices from 1"] }
        return []
    }

    /// - Parameter isFromOne: whether numbers count the choices from 1, where a training has found it out.
    init(
        _ splits: [(name: String, rows: Dataset)], _ column: String, endings: [String], isFromOne: Bool? = nil
    ) throws {
        self.endings = endings
        let cells = try splits.filter { $0.rows.columnNames.contains(column) }.flatMap { split in
            try split.rows.column(column).values().compactMap { LabelCell($0) }
        }
        let numbers = cells.compactMap(\.int).filter { $0 != -1 }
        if cells.allSatisfy({ $0.int != nil }) {
            let looksFromOne = numbers.contains(endings.count) && !numbers.contains(0)
            form = .number(first: isFromOne ?? looksFromOne ? 1 : 0)
        } else if cells.allSatisfy({ Self.letter($0.name).map { $0 < endings.count } ?? false }) {
            form = .letter
        } else {
            form = .text
        }
    }

    private static func letter(_ name: String) -> Int? {
        let scalars = Array(name.uppercased().unicodeScalars)
        guard scalars.count == 1, ("A"..."Z").contains(scalars[0]) else { return nil }
        return Int(scalars[0].value) - 65
    }

    func encode(_ rows: Dataset, _ column: String, split: String) throws -> Dataset {
        var ids: [Int] = []
        var texts: [[String]] = []
        if case .text = form { texts = try endings.map { try rows.strings($0) } }
        for (row, value) in try rows.column(column).values().enumerated() {
            var id: Int?
            if let cell = LabelCell(value) {
                switch form {
                case .number(let first): id = cell.int.flatMap { $0 == -1 ? -1 : $0 >= first ? $0 - first : nil }
                case .letter: id = Self.letter(cell.name)
                case .text:
                    let key = TextKey(cell.name)
                    id = texts.firstIndex { TextKey($0[row]) == key }
                }
            }
            guard let id, id == -1 || endings.indices.contains(id) else {
                throw TaskError(
                    .labels,
                    "row \(row) of split '\(split)' has \(value) in column '\(column)', which is none of the "
                        + "\(endings.count) choices",
                    remedy:
                        "Give the number of the right choice, from \(isFromOne == true ? 1 : 0), its letter, or its text."
                )
            }
            ids.append(id)
        }
        let others = try rows.removeColumns(
            [column] + (column != "label" && rows.columnNames.contains("label") ? ["label"] : []))
        return try others.addColumn("label", .ints(ids))
    }
}
