import ArgumentParser
import Logging
import Swiftlet
import SwiftletIO

/// What `evaluate` and `predict` need of a saved model.
struct SavedModel {
    let task: TaskName
    let model: any PretrainedModel
    let tokenizer: Tokenizer

    let speed: KernelOptions

    init(_ path: String, speed: KernelOptions) throws {
        self.speed = speed
        let path = try HubNames.model(path)
        let options = LoadOptions(logger: Logger(label: "swiftlet"))
        task = try TaskName(ofModel: path)
        model =
            switch task {
            case .textClassification: try AutoModelForSequenceClassification.fromPretrained(path, options: options)
            case .tokenClassification: try AutoModelForTokenClassification.fromPretrained(path, options: options)
            case .questionAnswering: try AutoModelForQuestionAnswering.fromPretrained(path, options: options)
            case .multipleChoice: try AutoModelForMultipleChoice.fromPretrained(path, options: options)
            case .fillMask: try AutoModelForMaskedLM.fromPretrained(path, options: options)
            case .sentenceEmbeddings: try SentenceEmbeddingModel.fromPretrained(path, options: options)
            }
        tokenizer = try AutoTokenizer.fromPretrained(path)
    }

    /// - Parameter rows: those that will be evaluated.
    func trainer(
        batchSize: Int, _ task: any CommandTask, rows: PreparedRows, metrics: [Metric] = [], showsBar: Bool = true
    ) throws -> Trainer {
        var args = TrainingArguments()
        args.perDeviceEvalBatchSize = batchSize
        try speed.apply(to: &args)
        return try Trainer(
            model: model, args: args, dataCollator: try task.collator(args), tokenizer: tokenizer,
            computeMetrics: rows.computeMetrics, metrics: metrics,
            callbacks: [ProgressCallback(showsBar: showsBar, printsLogs: false)], logger: Logger(label: "swiftlet"))
    }
}

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measure a fine-tuned model on a split of a dataset.")

    @Option(help: "Folder of a fine-tuned model, or its name on the Hub.") var model: String
    @Option(help: "Split to evaluate.") var split = "validation"
    @Option(help: "Metric, such as accuracy or glue/mrpc; by default what fits the dataset.") var metric: String?
    @Option var perDeviceEvalBatchSize = 8
    @OptionGroup var data: DatasetOptions
    @OptionGroup(title: "Tasks") var taskOptions: TaskOptions
    @OptionGroup var speed: KernelOptions

    func run() throws {
        let group = try ProcessGroup.shared()
        defer { group?.close() }
        do { try evaluate(isMainProcess: group?.rank ?? 0 == 0) } catch {
            group?.announceFailure("\(error)")
            throw error
        }
    }

    private func evaluate(isMainProcess: Bool) throws {
        let dataset = try data.load().split(split)
        let saved = try SavedModel(model, speed: speed)
        try taskOptions.check(saved.task, data: data, metric: metric)
        let task = try saved.task.make(
            saved.tokenizer, sample: dataset, data: data, options: taskOptions, metric: metric)
        let rows = try task.prepare(dataset)
        let trainer = try saved.trainer(
            batchSize: perDeviceEvalBatchSize, task, rows: rows, metrics: try task.metrics(saved.model),
            showsBar: isMainProcess)
        let results = task.completed(try trainer.evaluate(rows.dataset))
        if isMainProcess { printMetrics("eval metrics", results.filter { $0.name != "epoch" }) }
    }
}
