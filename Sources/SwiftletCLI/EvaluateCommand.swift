import ArgumentParser
import Logging
import Swiftlet
import SwiftletIO

/// What `evaluate` and `predict` need of a saved model.
struct SavedModel {
    let model: any SequenceClassificationModel
    let tokenizer: Tokenizer

    let kernels: Kernels

    init(_ path: String, kernels: Kernels) throws {
        self.kernels = kernels
        let path = try HubNames.model(path)
        model = try AutoModelForSequenceClassification.fromPretrained(path, logger: Logger(label: "swiftlet"))
        tokenizer = try AutoTokenizer.fromPretrained(path)
    }

    func trainer(batchSize: Int, metrics: [Metric] = [], showsBar: Bool = true) throws -> Trainer {
        var args = TrainingArguments()
        args.perDeviceEvalBatchSize = batchSize
        args.kernels = kernels
        return try Trainer(
            model: model, args: args, tokenizer: tokenizer, metrics: metrics,
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
    @OptionGroup var speed: KernelOptions

    func run() throws {
        let dataset = try data.load().split(split)
        let saved = try SavedModel(model, kernels: speed.kernels)
        let task = try FineTuning(tokenizer: saved.tokenizer, sample: dataset, options: data)
        let labelCount = try saved.model.config.labelCount
        let trainer = try saved.trainer(
            batchSize: perDeviceEvalBatchSize,
            metrics: try FineTuning.metrics(named: metric, options: data, labelCount: labelCount))
        let results = try trainer.evaluate(try task.tokenize(dataset))
        printMetrics("eval metrics", results.filter { $0.name != "epoch" })
    }
}
