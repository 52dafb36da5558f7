import Logging
import Swiftlet
import SwiftletIO

/// What the commands need to know of a task.
protocol CommandTask {
    /// The model with a head for these rows; the checkpoint's own where it has one.
    func model(_ path: String, for rows: Dataset, logger: Logger) throws -> any PretrainedModel
    /// Makes batches; the default of the model's task if `nil`.
    func collator(_ args: TrainingArguments) throws -> (any DataCollator)?
    /// Rows as the model takes them.
    func prepare(_ rows: Dataset) throws -> PreparedRows
    /// The same where every row is to have a line of its own.
    func prepareToPredict(_ rows: Dataset) throws -> PreparedRows
    /// Computed batch by batch.
    func metrics(_ model: any PretrainedModel) throws -> [Metric]
    /// An evaluation's results with what follows from them.
    func completed(_ metrics: [(name: String, value: Double)]) -> [(name: String, value: Double)]
    /// A line for each row of `rows`, for `predict`.
    func lines(_ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel) throws -> [JSONObject]
}

extension CommandTask {
    func collator(_ args: TrainingArguments) throws -> (any DataCollator)? { nil }
    func prepareToPredict(_ rows: Dataset) throws -> PreparedRows { try prepare(rows) }
    func metrics(_ model: any PretrainedModel) throws -> [Metric] { [] }
    func completed(_ metrics: [(name: String, value: Double)]) -> [(name: String, value: Double)] { metrics }
}

/// One split, ready to be trained or evaluated on.
struct PreparedRows {
    let dataset: Dataset
    /// Called with all predictions of an evaluation of these rows.
    var computeMetrics: Trainer.ComputeMetrics?
    /// The rows as words, where the task is about words.
    var words: [[String]] = []
    /// The questions of the rows and their parts.
    var questions: (rows: QuestionRows, features: QuestionFeatures)?
}

extension TaskName {
    /// - Parameter sample: rows with the columns of all splits.
    func make(
        _ tokenizer: Tokenizer, sample: Dataset, data: DatasetOptions, options: TaskOptions, metric: String?
    ) throws -> any CommandTask {
        switch self {
        case .textClassification:
            try TextClassificationTask(tokenizer: tokenizer, sample: sample, options: data, metric: metric)
        case .tokenClassification:
            try TokenClassificationTask(tokenizer: tokenizer, sample: sample, data: data, options: options, metric: metric)
        case .questionAnswering: try QuestionAnsweringTask(tokenizer: tokenizer, data: data, options: options)
        case .multipleChoice: try MultipleChoiceTask(tokenizer: tokenizer, sample: sample, data: data, metric: metric)
        case .fillMask: try FillMaskTask(tokenizer: tokenizer, sample: sample, data: data, options: options)
        case .sentenceEmbeddings: try SentenceEmbeddingsTask(tokenizer: tokenizer, sample: sample, data: data)
        }
    }
}

/// The metrics of the rows under evaluation. A Trainer has one function for them all.
final class ActiveRows {
    var rows: PreparedRows?

    func computeMetrics(_ prediction: EvalPrediction) throws -> MetricValues {
        try rows?.computeMetrics?(prediction) ?? [:]
    }
}

/// Metrics by name, such as `glue/mrpc`.
func metric(named name: String) throws -> Metric {
    let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
    return try Evaluate.load(parts.first ?? name, parts.count > 1 ? parts[1] : nil)
}

/// Numbers as in a line of results.
func shortNumbers(_ values: some Sequence<Float>) -> JSONValue {
    .array(values.map { .double(Double("\($0)") ?? Double($0)) })
}
