import ArgumentParser
import Logging
import Swiftlet
import SwiftletIO

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Fine-tune a model on a dataset and save it.")

    @Option(help: "Folder of a pretrained model, or its name on the Hub, such as bert-base-uncased.") var model: String
    @Option(help: "Metric to evaluate with, such as accuracy or glue/mrpc; by default what fits the dataset.")
    var metric: String?
    @Option(help: "Go on from a checkpoint: a folder, or 'last' for the newest of --output-dir.")
    var resumeFromCheckpoint: String?
    @Flag(help: "Predict the test split after the training.") var doPredict = false
    @Flag(help: .hidden) var doTrain = false
    @Flag(help: .hidden) var doEval = false
    @Flag(help: .hidden) var useCpu = false
    @OptionGroup var data: DatasetOptions
    @OptionGroup var training: TrainingOptions
    @OptionGroup(title: "Hub") var push: HubPushOptions

    func run() throws {
        let args = try training.arguments()
        var run = FineTuningRun(
            model: try HubNames.model(model), dataset: try data.load(), options: data, metric: metric, args: args)
        run.modelName = model
        run.resumeFrom = resumeFromCheckpoint.map(ResumePoint.init)
        run.callbacks = training.callbacks(args)
        run.predictsTest = doPredict
        let upload = try push.prepare(outputDir: args.outputDir)
        try run.run()
        try upload?.run()
    }
}

/// One training from a checkpoint to a saved model with its results.
struct FineTuningRun {
    let model: String
    let dataset: DatasetDict
    let options: DatasetOptions
    let metric: String?
    let args: TrainingArguments
    /// How the model was asked for, for the model card; by default its folder.
    var modelName: String?
    var resumeFrom: ResumePoint?
    var callbacks: [any TrainerCallback] = []
    var predictsTest = false

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
        let reporter = ProgressCallback(showsBar: !args.disableTqdm)
        let trainer = try Trainer(
            model: network, args: args, trainDataset: tokenizedTrain, evalDataset: tokenizedValidation,
            tokenizer: tokenizer,
            metrics: try FineTuning.metrics(named: metric, options: options, labelCount: labelNames?.count ?? 1),
            callbacks: callbacks + [reporter], logger: logger)
        try trainer.checkOutputDirectory()
        let signals = InterruptSignals(trainer.stop)
        defer { signals.cancel() }

        let result = try trainer.train(resumeFrom: resumeFrom)
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
        try trainer.saveReports(baseModel: modelName ?? model, datasets: options.cardDatasets)
        if predictsTest {
            let output = try trainer.predict(try task.tokenize(try dataset.split("test")), metricKeyPrefix: "predict")
            try trainer.saveMetrics("predict", output.metrics)
            printMetrics("predict metrics", output.metrics)
        }
        logger.info("saved to \(args.outputDir)")
    }
}
