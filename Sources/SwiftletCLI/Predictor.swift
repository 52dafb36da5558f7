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
    private let quantization: Quantization?
    private let logger: Logger
    private let showsProgress: Bool
    private var saved: FineTunedModel?
    private var masks: FillMaskPipeline?

    init(
        folder: String, task: ModelTask, options: TaskOptions, args: TrainingArguments, device: Device,
        quantization: Quantization?, logger: Logger, showsProgress: Bool
    ) {
        self.folder = folder
        self.task = task
        self.options = options
        self.args = args
        self.device = device
        self.quantization = quantization
        self.logger = logger
        self.showsProgress = showsProgress
    }

    /// - Returns: an answer for each row; metrics where the rows have labels that fit the model.
    func predict(_ rows: Dataset, split: String) throws -> ([JSONObject], metrics: [(name: String, value: Double)]?) {
        if task == .maskedLM { return (try fill(rows), nil) }
        let model = try saved ?? load([(split, rows)])
        saved = model
        let (answers, output) = try model.predict(rows, split: split)
        let isLabelled = output.metrics.contains { $0.name == "test_loss" }
        return (answers, isLabelled ? model.task.completed(output.metrics) : nil)
    }

    private func load(_ splits: [(name: String, rows: Dataset)]) throws -> FineTunedModel {
        try FineTunedModel(
            folder: folder, splits: splits, options: options, args: args,
            callbacks: showsProgress ? [ProgressCallback(showsBar: true, printsLogs: false)] : [], logger: logger,
            quantization: quantization, for: .prediction)
    }

    /// The most likely tokens for each mask of the texts.
    private func fill(_ rows: Dataset) throws -> [JSONObject] {
        var inference = InferenceOptions(device: device)
        inference.kernels = args.kernels
        inference.int8 = quantization == .int8
        let (folder, options) = (folder, inference)
        let fill = try masks ?? waiting { try await pipeline(.fillMask, model: folder, options: options) }
        masks = fill
        let column = try FillMaskTask.textColumn(
            of: rows, options: self.options, config: try AutoConfig.fromPretrained(folder: folder))
        let texts = try rows.strings(column)
        let fillings = try waiting { try await fill(texts) }
        let answers: [JSONObject] = zip(texts, fillings).map { text, filling in
            ["text": .string(text), "prediction": .array(filling.masks.map { .array($0.map(\.json)) })]
        }
        return Predictions.join(answers, rows)
    }
}
