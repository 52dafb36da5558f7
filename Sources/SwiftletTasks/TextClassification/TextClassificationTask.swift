public import SwiftletDatasets
public import SwiftletIO
public import SwiftletMetrics
public import SwiftletModels
import SwiftletTokenizers
public import SwiftletTraining

/// Classes of texts and pairs, several labels at once, or a number for each.
public struct TextClassificationTask: FineTuningTask {
    private let context: TaskContext
    package let text: String
    package let pair: String?
    private let labelColumn: String?
    private let maxLength: Int
    private let labels: LabelScheme?
    private let columnNotes: [String]

    /// - Throws: `TaskError` for rows without texts, and for labels of no known kind or unknown to a fine-tuned model.
    public init(_ context: TaskContext) throws {
        let columns = TaskColumns(try context.sample, context.options, guesses: context.use != .prediction)
        self.context = context
        let (text, pair) = try columns.texts()
        guard pair != nil || context.use == .training || !context.config.wasTrainedOnPairs else {
            throw TaskError(
                .column, "the model was trained on pairs of texts, and there is no second text beside column '\(text)'",
                remedy: "Give rows with two texts each, and name the columns with \(optionName("textColumn")) and "
                    + "\(optionName("textPairColumn")).")
        }
        let label = columns.label()
        guard label != text, label == nil || label != pair else {
            throw TaskError(
                .column, "column '\(label ?? text)' is named for both a text and the label",
                remedy: "Name different columns with \(optionName("textColumn")), \(optionName("textPairColumn")) and "
                    + "\(optionName("labelColumn")).")
        }
        maxLength = try context.maxLength()
        labels = try context.labels(label)
        columnNotes = columns.notes(text: text, label: label)
        let keepsTexts = columns.isUnusual(text: text, pair: pair)
        var saved = context.options.saved(
            text: keepsTexts ? text : nil, pair: keepsTexts ? pair : nil,
            label: columns.isUnusual(label: label) ? label : nil)
        if pair != nil { saved[ModelConfig.pairs] = true }
        savedOptions = saved
        (self.text, self.pair, labelColumn) = (text, pair, label)
    }

    public var notes: [String] { columnNotes + (labels?.notes ?? []) }
    public var maxTokens: Int? { maxLength }
    public var textColumns: [String]? { [text] + (pair.map { [$0] } ?? []) }
    public let savedOptions: JSONObject

    /// The usual one, but where rows are padded to `maxLength`.
    public func collator() throws -> (any DataCollator)? {
        try context.paddingCollator(maxLength) {
            try DataCollatorWithPadding(tokenizer: context.tokenizer, padding: .maxLength, maxLength: $0)
        }
    }

    public func loadModel(_ folder: String, options: LoadOptions) throws -> any PretrainedModel {
        var options = options
        if let labels {
            options.labelNames = labels.names.isEmpty ? (0..<labels.outputCount).map { "LABEL_\($0)" } : labels.names
            options.numLabels = labels.outputCount
            // A single number or class is told by its labels, as in Python; what the user said is kept.
            if labels.problemType == .multiLabelClassification || context.options.problemType != nil
                || labels.outputCount > 1 && labels.problemType == .regression
            {
                options.problemType = labels.problemType
            }
        }
        return try AutoModelForSequenceClassification.fromPretrained(folder: folder, options: options)
    }

    public func prepare(_ rows: Dataset, split: String, for use: RowUse) throws -> PreparedRows {
        var rows = rows
        var isLabelled = false
        if let labelColumn, rows.columnNames.contains(labelColumn), let labels {
            do {
                rows = try labels.encode(rows, column: labelColumn, split: split)
                isLabelled = true
            } catch  where use == .prediction {
                // Labels are kept in the answers as they stand in the rows.
            }
        }
        guard isLabelled || use == .prediction else {
            _ = try TaskColumns(rows, context.options).requireLabel()
            throw TaskError(.labels, "split '\(split)' has no labels")
        }
        if !isLabelled { rows = try rows.selectColumns([text] + (pair.map { [$0] } ?? [])) }
        let tokenizer = context.tokenizer
        return PreparedRows(
            try rows.map(batched: true) { batch -> BatchEncoding in
                try tokenizer(
                    try batch.strings(text), try pair.map { try batch.strings($0) }, truncation: true,
                    maxLength: maxLength)
            })
    }

    public func classes(of rows: Dataset, split: String) throws -> (ids: [Int], names: [String])? {
        guard let labels, let labelColumn, labels.problemType == .singleLabelClassification else { return nil }
        return (try labels.encode(rows, column: labelColumn, split: split).ints("label"), labels.names)
    }

    /// `glue/<config>` for GLUE, mean squared error for numbers, else accuracy, with F1 where there are two classes or
    /// several labels at once.
    public func metrics(_ model: any PretrainedModel) throws -> [Metric] {
        let options = context.options
        let problem = try labels?.problemType ?? model.config.problemType
        let count = try model.config.labelCount
        if !options.metrics.isEmpty {
            return try MetricChoice.metrics(options.metrics, options.metricOptions, problem: problem, labelCount: count)
        }
        if options.datasetName.map({ FileSystem.name(of: $0) }) == "glue", let config = options.datasetConfig {
            return try MetricChoice.metrics(
                ["glue/\(config)"], options.metricOptions, problem: problem, labelCount: count)
        }
        let usual =
            switch problem {
            case .regression: ["mse"]
            case .multiLabelClassification: ["f1/micro"]
            case .singleLabelClassification, nil: count == 1 ? ["mse"] : count == 2 ? ["accuracy", "f1"] : ["accuracy"]
            }
        return try MetricChoice.metrics(usual, options.metricOptions, problem: problem, labelCount: count)
    }

    public func mistakes(
        _ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel
    ) throws -> [Mistake]? {
        let names = try model.config.labelNames
        let problem = try model.config.problemType ?? (names.count == 1 ? .regression : .singleLabelClassification)
        guard problem != .singleLabelClassification else {
            return Mistake.ofClasses(output) { .string(names.indices.contains($0) ? names[$0] : "LABEL_\($0)") }
        }
        let truths = try rows.dataset.column("label").values().map { value in
            value.list?.map { $0.double ?? .nan } ?? [value.double ?? .nan]
        }
        if problem == .regression { return Mistake.ofNumbers(output, truths) }
        return Mistake.ofSeveralLabels(output, truths.map { $0.map { $0 > 0.5 } }, names: names)
    }

    public func answers(
        _ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel
    ) throws -> [JSONObject] {
        let names = try model.config.labelNames
        let problem = try model.config.problemType ?? (names.count == 1 ? .regression : .singleLabelClassification)
        return (0..<(output.predictions.shape.first ?? 0)).map { row in
            let logits = Array(output.predictions[row: row])
            var answer = JSONObject()
            switch problem {
            case .regression:
                answer["prediction"] = logits.count == 1 ? .number(logits[0]) : .numbers(logits)
            case .singleLabelClassification:
                let scores = softmax(logits)
                let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
                answer["prediction"] = .string(names[best])
                answer["score"] = .number(scores[best])
                answer["probabilities"] = .object(JSONObject(zip(names, scores.map { .number($0) })))
            case .multiLabelClassification:
                let scores = logits.map(sigmoid)
                answer["prediction"] = .array(names.indices.filter { logits[$0] > 0 }.map { .string(names[$0]) })
                answer["probabilities"] = .object(JSONObject(zip(names, scores.map { .number($0) })))
            }
            answer["logits"] = .numbers(logits)
            return answer
        }
    }
}
