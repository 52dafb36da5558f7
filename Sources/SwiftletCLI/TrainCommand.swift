import ArgumentParser
import Logging
import Swiftlet
import SwiftletIO

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Fine-tune a model on a dataset and save it.")

    @Option(help: "Folder of a pretrained model.") var model: String
    @Option(help: "Metric to evaluate with, such as accuracy or glue/mrpc; by default what fits the dataset.")
    var metric: String?
    @OptionGroup var data: DatasetOptions
    @OptionGroup var training: TrainingOptions

    func run() throws {
        try FineTuningRun(
            model: FileSystem.expandingTilde(model), dataset: try data.load(), options: data, metric: metric,
            args: training.arguments
        ).run()
    }
}

/// One training from a checkpoint to a saved model with its results.
struct FineTuningRun {
    let model: String
    let dataset: DatasetDict
    let options: DatasetOptions
    let metric: String?
    let args: TrainingArguments

    func run() throws {
        let logger = Logger(label: "swiftlet")
        try args.validate()
        let train = try dataset.split("train")
        let tokenizer = try AutoTokenizer.fromPretrained(model)
        let task = try FineTuning(tokenizer: tokenizer, sample: train, options: options)
        let labelNames = try task.labelNames(train)
        let validation = dataset.splits.first { $0.hasPrefix("validation") }
        let tokenizedTrain = try task.tokenize(train)
        let tokenizedValidation = try validation.map { try task.tokenize(try dataset.split($0)) }

        // Before the model is made: a fresh head is drawn from this seed, as in the Python scripts.
        manualSeed(args.seed)
        let network = try AutoModelForSequenceClassification.fromPretrained(
            model, numLabels: labelNames?.count ?? 1, labelNames: labelNames ?? ["LABEL_0"], logger: logger)
        let reporter = ProgressReporter(showsBar: !args.disableTqdm)
        let trainer = try Trainer(
            model: network, args: args, trainDataset: tokenizedTrain, evalDataset: tokenizedValidation,
            tokenizer: tokenizer,
            computeMetrics: try FineTuning.metric(
                named: metric, options: options, labelCount: labelNames?.count ?? 1),
            callbacks: [reporter], logger: logger)
        try trainer.checkOutputDirectory()
        let signals = InterruptSignals(trainer.stop)
        defer { signals.cancel() }

        let result = try trainer.train()
        try trainer.saveModel()
        try trainer.saveState()
        try trainer.saveMetrics("train", result.metrics)
        printMetrics("train metrics", result.metrics)
        if tokenizedValidation != nil {
            let metrics = try trainer.evaluate()
            try trainer.saveMetrics("eval", metrics)
            try trainer.saveState()
            printMetrics("eval metrics", metrics)
        }
        logger.info("saved to \(args.outputDir)")
    }
}
