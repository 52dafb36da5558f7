public import Logging
public import SwiftletDatasets
public import SwiftletIO
import SwiftletMetrics
public import SwiftletModels
public import SwiftletNN
public import SwiftletTokenizers
public import SwiftletTraining

/// A trained model with its task, for evaluating splits and predicting rows: what `swiftlet evaluate` and `swiftlet
/// predict` do. For single texts from a program of your own, see `pipeline(...)`.
public final class FineTunedModel {
    /// What the model was trained for, with its columns and labels.
    public let task: any FineTuningTask
    /// The model with its head.
    public let model: any PretrainedModel
    /// The model's own tokenizer.
    public let tokenizer: Tokenizer
    private let args: TrainingArguments
    package let logger: Logger
    private let active = ActiveRows(nil)
    private let callbacks: [any TrainerCallback]

    /// Loads a folder that a training has saved.
    ///
    /// - Parameters:
    ///   - folder: with `config.json`, weights and tokenizer.
    ///   - splits: the rows that will be worked on. They say which columns there are.
    ///   - args: the batch size of evaluations, device and kernels are read from it.
    ///   - quantization: what linear layers multiply in; `nil` is what the folder says, else float32.
    ///   - use: with `.prediction`, rows need no labels that the model knows.
    ///   - makeTask: makes a task of one's own; by default the one that the model was trained for.
    /// - Throws: `TaskError` for rows that don't fit the task or the model; what reading the files throws.
    public init(
        folder: String, splits: [(name: String, rows: Dataset)], options: TaskOptions = TaskOptions(),
        args: TrainingArguments = TrainingArguments(), callbacks: [any TrainerCallback] = [],
        logger: Logger = Logger(label: "swiftlet"), quantization: Quantization? = nil,
        for use: RowUse = .evaluation, makeTask: ((TaskContext) throws -> any FineTuningTask)? = nil
    ) throws {
        for (name, rows) in splits where rows.numRows == 0 {
            throw TaskError(.split, "split '\(name)' has no rows", remedy: "Name another one, or give it rows.")
        }
        let saved = makeTask == nil ? try ModelTask(ofModel: folder) : nil
        let config = try AutoConfig.fromPretrained(folder: folder)
        tokenizer =
            saved == .sentenceEmbeddings
            ? try SentenceEmbeddingModel.tokenizer(folder) : try AutoTokenizer.fromPretrained(folder: folder)
        try FineTuning.check(tokenizer, config, folder)
        let context = TaskContext(
            tokenizer: tokenizer, splits: splits, options: options, config: config, isFineTuned: true, use: use)
        task = try makeTask?(context) ?? (saved ?? .sequenceClassification).make(context)
        var loading = LoadOptions(logger: logger)
        loading.quantization = quantization
        model = try task.loadModel(folder, options: loading)
        // Those of a training may ask for what only a training has.
        var args = args
        (args.evalStrategy, args.saveStrategy) = (.no, .no)
        (args.evalOnStart, args.loadBestModelAtEnd) = (false, false)
        self.args = args
        self.callbacks = callbacks
        self.logger = logger
        for note in task.notes { logger.notice("\(note)") }
    }

    private func trainer(_ rows: PreparedRows) throws -> Trainer {
        active.rows = rows
        return try Trainer(
            model: model, args: args, dataCollator: try task.collator(), tokenizer: tokenizer,
            computeMetrics: rows.computeMetrics == nil ? nil : { [active] in try active.computeMetrics($0) },
            metrics: try task.metrics(model), callbacks: callbacks, logger: logger)
    }

    /// Loss and metrics of a split, with what the model answers for each row.
    ///
    /// - Throws: `TaskError` that names row and column.
    public func evaluate(_ rows: Dataset, split: String = "validation") throws -> Evaluation {
        let prepared = try task.prepare(rows, split: split, for: .evaluation)
        if prepared.dataset.columnNames.contains("label"), let ids = try? prepared.dataset.ints("label"), !ids.isEmpty,
            ids.allSatisfy({ $0 == -1 })
        {
            throw TaskError(
                .labels, "every row of split '\(split)' has the label -1, which stands for labels that are kept secret",
                remedy: "Evaluate a split with labels; answers for this one are what predicting is for.")
        }
        let trainer = try trainer(prepared)
        try trainer.checkMetrics(on: prepared.dataset)
        let output = try trainer.predict(prepared.dataset, metricKeyPrefix: "eval")
        if let row = Self.rowWithoutNumbers(output) {
            logger.warning(
                "the model's answer to row \(row) of split '\(split)' is not a number: its weights are damaged, and metrics mean nothing"
            )
        }
        return Evaluation(
            metrics: task.completed(output.metrics), output: output, prepared: prepared, rows: rows,
            labels: try labelNames,
            isMainProcess: trainer.accelerator.isMainProcess, task: task, model: model)
    }

    /// Answers for rows, which need no labels.
    ///
    /// - Returns: an object for each row, with its own columns and `prediction`; and loss, metrics and speed, where the rows
    ///   have labels.
    /// - Throws: `TaskError` that names row and column.
    public func predict(_ rows: Dataset, split: String = "test") throws -> (
        answers: [JSONObject], output: PredictionOutput
    ) {
        let prepared = try task.prepare(rows, split: split, for: .prediction)
        let output = try trainer(prepared).predict(prepared.dataset)
        if let row = Self.rowWithoutNumbers(output) {
            throw TaskError(
                .model, "the model's answer to row \(row) of split '\(split)' is not a number: its weights are damaged",
                remedy: "Take an earlier checkpoint, or train it again with a lower learning rate.")
        }
        return (Predictions.join(try task.answers(output, prepared, model), rows), output)
    }

    /// The first row for which the model gives something that is no number.
    private static func rowWithoutNumbers(_ output: PredictionOutput) -> Int? {
        guard let rows = output.predictions.shape.first, rows > 0,
            let place = output.predictions.values.firstIndex(where: \.isNaN)
        else { return nil }
        return place / max(output.predictions.values.count / rows, 1)
    }

    private var labelNames: [String] { get throws { try model.config.labelNames } }
}

/// What an evaluation found.
public struct Evaluation {
    /// Names and values, in the order of the metrics.
    public let metrics: [(name: String, value: Double)]
    /// The model's answers as arrays, the labels beside them.
    public let output: PredictionOutput
    /// The rows as the model got them.
    public let prepared: PreparedRows
    /// The rows as they were given.
    public let rows: Dataset
    /// Label names by id.
    public let labels: [String]
    /// Only one of several processes shows results.
    public let isMainProcess: Bool
    let task: any FineTuningTask
    let model: any PretrainedModel
}
