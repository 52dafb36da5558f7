import Logging
import Swiftlet
import SwiftletIO

/// Answers rows with a saved model, which is loaded for the first of them.
final class Predictor {
    private let folder: String
    private let task: ModelTask
    private let options: TaskOptions
    private let args: TrainingArguments
    private let device: Device
    private let logger: Logger
    private let showsProgress: Bool
    private var saved: FineTunedModel?
    private var masks: FillMaskPipeline?

    init(
        folder: String, task: ModelTask, options: TaskOptions, args: TrainingArguments, device: Device, logger: Logger,
        showsProgress: Bool
    ) {
        self.folder = folder
        self.task = task
        self.options = options
        self.args = args
        self.device = device
        self.logger = logger
        self.showsProgress = showsProgress
    }

    /// - Returns: an answer for each row; metrics where the rows have labels that fit the model.
    func predict(_ rows: Dataset, split: String) throws -> ([JSONObject], metrics: [(name: String, value: Double)]?) {
        if task == .maskedLM { return (try fill(rows), nil) }
        let model = try saved ?? load(rows, split)
        saved = model
        let (answers, output) = try model.predict(rows, split: split)
        let isLabelled = output.metrics.contains { $0.name == "test_loss" }
        return (answers, isLabelled ? model.task.completed(output.metrics) : nil)
    }

    private func load(_ rows: Dataset, _ split: String) throws -> FineTunedModel {
        do { return try load([(split, rows)]) } catch let error as TaskError where error.kind == .unknownLabels {
            // Rows to predict need no labels, and those that they have may be others than the model's.
            logger.warning("\(error.message); there are no metrics")
            var rows = rows
            for name in rows.columnNames where TaskColumnNames.areLabels(name, options) {
                rows = try rows.removeColumns([name])
            }
            return try load([(split, rows)])
        }
    }

    private func load(_ splits: [(name: String, rows: Dataset)]) throws -> FineTunedModel {
        try FineTunedModel(
            folder: folder, splits: splits, options: options, args: args,
            callbacks: showsProgress ? [ProgressCallback(showsBar: true, printsLogs: false)] : [], logger: logger)
    }
}
