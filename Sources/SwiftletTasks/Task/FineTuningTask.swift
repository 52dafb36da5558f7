public import SwiftletDatasets
public import SwiftletIO
public import SwiftletMetrics
public import SwiftletModels
public import SwiftletTokenizers
public import SwiftletTraining

/// What a task is: the columns and labels of its rows, how they become tokens, the model with its head, what makes batches,
/// the metrics, and how outputs become answers that a person reads.
///
/// `FineTuning` trains any task, and `FineTunedModel` evaluates it and predicts with it. `ModelTask.make(_:)` has those of
/// the package; a package of your own may add one: see docs/adding-a-task.md.
public protocol FineTuningTask {
    /// Rows as the model takes them. `rows` has the columns that the task was made for.
    ///
    /// - Parameters:
    ///   - split: for messages.
    ///   - use: rows to predict need no labels, and each has an answer of its own.
    /// - Throws: `TaskError` that names split, row and column.
    func prepare(_ rows: Dataset, split: String, for use: RowUse) throws -> PreparedRows

    /// Loads the encoder of a folder with the task's head: the checkpoint's own where it has one.
    func loadModel(_ folder: String, options: LoadOptions) throws -> any PretrainedModel

    /// What makes batches; the usual one for the model's task if `nil`.
    func collator() throws -> (any DataCollator)?

    /// Metrics that are computed batch by batch. What they are called with is described at `Trainer`.
    func metrics(_ model: any PretrainedModel) throws -> [Metric]

    /// An evaluation's results with what follows from them, such as the perplexity from the loss.
    func completed(_ metrics: [(name: String, value: Double)]) -> [(name: String, value: Double)]

    /// An answer for each row of `rows` that was prepared for prediction: `prediction` and whatever else there is to say.
    func answers(_ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel) throws -> [JSONObject]

    /// The rows that the model gets wrong; `nil` for tasks whose rows have no right answer of their own.
    ///
    /// - Parameters:
    ///   - output: of an evaluation.
    ///   - rows: that were evaluated, with labels.
    func mistakes(
        _ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel
    ) throws -> [Mistake]?

    /// The class of each row, where there are classes: both parts of rows that are split keep their shares. `nil` where
    /// there are none.
    func classes(of rows: Dataset, split: String) throws -> (ids: [Int], names: [String])?

    /// The longest sequence in tokens that rows are cut to; `nil` where nothing is cut.
    var maxTokens: Int? { get }

    /// The columns with the texts that the model reads, in its order; `nil` where the task doesn't say. Reports show these
    /// and look for them in other splits; where they are not known, all columns of texts.
    var textColumns: [String]? { get }

    /// What the user should know about how rows were read.
    var notes: [String] { get }

    /// How the options of the task stand in the model's configuration, for those who use the model later.
    var savedOptions: JSONObject { get }
}

/// What rows are prepared for.
public enum RowUse: Sendable {
    /// Labels are needed, and decide what the model's labels are.
    case training
    /// Labels are needed, and must be the model's.
    case evaluation
    /// No labels are needed, and those that are there need not fit the model.
    case prediction
}

extension FineTuningTask {
    public func collator() throws -> (any DataCollator)? { nil }
    public func metrics(_ model: any PretrainedModel) throws -> [Metric] { [] }
    public func completed(_ metrics: [(name: String, value: Double)]) -> [(name: String, value: Double)] { metrics }
    public func mistakes(
        _ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel
    ) throws -> [Mistake]? { nil }
    public func classes(of rows: Dataset, split: String) throws -> (ids: [Int], names: [String])? { nil }
    public var maxTokens: Int? { nil }
    public var textColumns: [String]? { nil }
    public var notes: [String] { [] }
    public var savedOptions: JSONObject { [:] }
}

/// One split, ready to be trained, evaluated or predicted on.
public struct PreparedRows {
    /// With `input_ids` and what else the collator takes.
    public var dataset: Dataset
    /// Called with all predictions of an evaluation of these rows.
    public var computeMetrics: Trainer.ComputeMetrics?
    /// What the task itself needs to make answers of outputs, such as the words of each row.
    public var details: (any Sendable)?
    /// Whether the rows have labels.
    public var hasLabels: Bool { ["label", "labels", "start_positions"].contains { dataset.columnNames.contains($0) } }

    /// - Parameters:
    ///   - dataset: with `input_ids` and what else the collator takes.
    ///   - computeMetrics: called with all predictions of an evaluation of these rows.
    ///   - details: what the task itself needs to make answers of outputs.
    public init(_ dataset: Dataset, computeMetrics: Trainer.ComputeMetrics? = nil, details: (any Sendable)? = nil) {
        self.dataset = dataset
        self.computeMetrics = computeMetrics
        self.details = details
    }
}

/// What a task is made for: rows, a tokenizer, and the model if it was trained for the task before.
public struct TaskContext {
    /// The base model's tokenizer.
    public var tokenizer: Tokenizer
    /// The splits that will be worked on. The first decides what the columns and labels are: the training split, or the
    /// one to evaluate.
    public var splits: [(name: String, rows: Dataset)]
    /// Columns, labels, lengths and metrics, as the user asked for them.
    public var options: TaskOptions
    /// The base model's configuration.
    public var config: ModelConfig
    /// Whether the model has a head for the task already, whose labels are then the task's.
    public var isFineTuned: Bool
    /// What the rows are for. Labels of rows to predict need not be the model's.
    public var use: RowUse

    /// - Parameters:
    ///   - tokenizer: the base model's.
    ///   - splits: the splits that will be worked on, the deciding one first.
    ///   - options: as the user asked for them.
    ///   - config: the base model's configuration.
    ///   - isFineTuned: whether the model has a head for the task already.
    ///   - use: what the rows are for.
    public init(
        tokenizer: Tokenizer, splits: [(name: String, rows: Dataset)], options: TaskOptions = TaskOptions(),
        config: ModelConfig, isFineTuned: Bool, use: RowUse = .training
    ) {
        self.tokenizer = tokenizer
        self.splits = splits
        self.options = options.filled(from: config, rows: splits.first?.rows)
        self.config = config
        self.isFineTuned = isFineTuned
        self.use = use
    }

    /// The first split's rows.
    ///
    /// - Throws: `TaskError` where there is no split.
    public var sample: Dataset {
        get throws {
            guard let first = splits.first else { throw TaskError(.split, "there are no rows") }
            return first.rows
        }
    }

    var columns: TaskColumns { get throws { TaskColumns(try sample, options) } }

    /// - Parameter naming: the options of the task that name columns.
    func columns(naming: [String]) throws -> TaskColumns { TaskColumns(try sample, options, naming: naming) }

    /// The labels of the model, where they decide.
    var modelLabels: ModelLabels? { get throws { isFineTuned ? try ModelLabels(config) : nil } }

    /// The labels of a column.
    ///
    /// - Returns: `nil` where there is no such column, and where rows to predict have labels that the model doesn't know.
    func labels(_ column: String?, isOfTokens: Bool = false) throws -> LabelScheme? {
        guard let column, try columns.has(column) else { return nil }
        do {
            return try LabelScheme(
                splits, column: column, options: options, isOfTokens: isOfTokens, model: try modelLabels)
        } catch let error as TaskError {
            guard use == .prediction else { throw error }
            return nil
        }
    }

    /// Longest sequence in tokens: what was asked for, what the model was trained with, or the limit of both.
    ///
    /// - Throws: `TaskError` for more than the model has positions for.
    public func maxLength(default usual: Int? = nil) throws -> Int {
        let positions = config.positionLimit ?? .max
        if let asked = options.maxLength {
            guard asked >= 4 else {
                throw TaskError(.option, "\(argumentName("maxLength")) is \(asked)", remedy: "Give at least 4 tokens.")
            }
            guard asked <= positions else {
                throw TaskError(
                    .option, "\(argumentName("maxLength")) is \(asked), and the model has \(positions) positions",
                    remedy: "Give at most \(positions).")
            }
            return asked
        }
        let saved = config.savedMaxLength ?? .max
        return min(saved, tokenizer.modelMaxLength, positions, usual ?? .max)
    }

    /// Where all rows are padded to one length, what does that; else `nil`, so that batches are made in the usual way.
    ///
    /// - Parameter make: makes a collator that pads to its argument.
    func paddingCollator(
        _ maxLength: Int, _ make: (_ maxLength: Int) throws -> any DataCollator
    ) throws -> (any DataCollator)? {
        guard options.padToMaxLength else { return nil }
        guard maxLength < Int(Int32.max) else {
            throw TaskError(
                .option, "rows are to be padded to the longest sequence, and neither tokenizer nor model names one",
                remedy: "Give \(optionName("maxLength")).")
        }
        return try make(maxLength)
    }
}

extension ModelConfig {
    private static let key = "max_length"

    /// The longest sequence of the training, kept in `task_specific_params`, which Python's library passes over.
    var savedMaxLength: Int? {
        guard let params = json["task_specific_params"]?["swiftlet"]?[Self.key]?.int, params > 0 else { return nil }
        return params
    }

    /// The column of the training, kept beside it where its name is not a usual one.
    func savedColumn(_ key: String) -> String? { json["task_specific_params"]?["swiftlet"]?[key]?.string }

    /// Something that was so in the training, kept beside it; `nil` for models of others.
    func savedFlag(_ key: String) -> Bool? { json["task_specific_params"]?["swiftlet"]?[key]?.bool }

    /// Keeps options of the training for those who use the model later.
    package mutating func save(taskOptions: JSONObject) {
        guard !taskOptions.keys.isEmpty else { return }
        var params = json["task_specific_params"]?.object ?? [:]
        params["swiftlet"] = .object(taskOptions)
        json["task_specific_params"] = .object(params)
    }
}
