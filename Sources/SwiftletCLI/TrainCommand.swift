import ArgumentParser
import Logging
import Swiftlet
import SwiftletIO

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Fine-tune a model on a dataset and save it.")

    @Option(help: "Folder of a pretrained model, or its name on the Hub, such as bert-base-uncased.") var model: String
    @Option(help: "What to train for: \(TaskName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var task = TaskName.textClassification
    @Option(help: "Metric to evaluate with, such as accuracy or glue/mrpc; by default what fits the dataset.")
    var metric: String?
    @Option(help: "Go on from a checkpoint: a folder, or 'last' for the newest of --output-dir.")
    var resumeFromCheckpoint: String?
    @Flag(help: "Predict the test split after the training.") var doPredict = false
    @Flag(help: .hidden) var doTrain = false
    @Flag(help: .hidden) var doEval = false
    @OptionGroup var data: DatasetOptions
    @OptionGroup(title: "Tasks") var taskOptions: TaskOptions
    @OptionGroup var training: TrainingOptions
    @OptionGroup(title: "Hub") var push: HubPushOptions

    func validate() throws { try taskOptions.check(task, data: data, metric: metric) }

    func run() throws {
        let args = try training.arguments()
        // Before the data is read: whoever is missing or has other arguments is better known early.
        let group = try ProcessGroup.shared(timeout: .seconds(args.ddpTimeout))
        defer { group?.close() }
        do { try train(args, group) } catch {
            group?.announceFailure("\(error)")
            throw error
        }
    }

    private func train(_ args: TrainingArguments, _ group: ProcessGroup?) throws {
        var run = FineTuningRun(
            model: try HubNames.model(model), dataset: try data.load(), options: data, metric: metric, args: args)
        run.modelName = model
        run.task = task
        run.taskOptions = taskOptions
        run.resumeFrom = resumeFromCheckpoint.map(ResumePoint.init)
        if let group { run.isMainProcess = group.rank == 0 }
        // A launcher that starts all again means: from where they were. Without a checkpoint of that, as at first.
        if let own = try Checkpoint.ofThisLaunch(in: args.outputDir, group) { run.resumeFrom = .path(own) }
        // All must stop at the same step; the rest only writes.
        run.callbacks = try training.callbacks(args).filter { run.isMainProcess || $0 is EarlyStoppingCallback }
        run.predictsTest = doPredict
        let upload = run.isMainProcess ? try push.prepare(outputDir: args.outputDir) : nil
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
    var task = TaskName.textClassification
    var taskOptions = TaskOptions()
    var resumeFrom: ResumePoint?
    var callbacks: [any TrainerCallback] = []
    var predictsTest = false
    /// Only one of several processes shows and writes anything.
    var isMainProcess = true

    func run() throws {
        var logger = Logger(label: "swiftlet")
        if !isMainProcess { logger.logLevel = .error }
        try args.validate()
        let train = try dataset.split("train")
        let tokenizer = try AutoTokenizer.fromPretrained(model)
        let task = try task.make(tokenizer, sample: train, data: options, options: taskOptions, metric: metric)
        let validation = dataset.splits.first { $0.hasPrefix("validation") }
        let trainRows = try task.prepare(train)
        let validationRows = try validation.map { try task.prepare(try dataset.split($0)) }

        // Before the model is made: a fresh head is drawn from this seed, as in the Python scripts.
        manualSeed(args.seed)
        let network = try task.model(model, for: train, logger: logger)
        let active = ActiveRows()
        active.rows = validationRows
        let computes = validationRows?.computeMetrics != nil
        let reporters = isMainProcess ? [ProgressCallback(showsBar: !args.disableTqdm)] : []
        let trainer = try Trainer(
            model: network, args: args, trainDataset: trainRows.dataset, evalDataset: validationRows?.dataset,
            dataCollator: try task.collator(args), tokenizer: tokenizer,
            computeMetrics: computes ? { try active.computeMetrics($0) } : nil, metrics: try task.metrics(network),
            callbacks: callbacks + reporters, logger: logger)
        try trainer.checkOutputDirectory()
        let signals = InterruptSignals(trainer.stop)
        defer { signals.cancel() }

        let result = try trainer.train(resumeFrom: resumeFrom)
        try trainer.saveModel()
        try trainer.saveState()
        try trainer.saveMetrics("train", result.metrics)
        if isMainProcess { printMetrics("train metrics", result.metrics) }
        if validationRows != nil {
            let metrics = task.completed(try trainer.evaluate())
            try trainer.saveMetrics("eval", metrics)
            try trainer.saveState()
            if isMainProcess { printMetrics("eval metrics", metrics) }
        }
        try trainer.saveReports(baseModel: modelName ?? model, datasets: options.cardDatasets)
        if predictsTest {
            let rows = try task.prepare(try dataset.split("test"))
            active.rows = rows
            let metrics = task.completed(try trainer.predict(rows.dataset, metricKeyPrefix: "predict").metrics)
            try trainer.saveMetrics("predict", metrics)
            if isMainProcess { printMetrics("predict metrics", metrics) }
        }
        logger.info("saved to \(args.outputDir)")
    }
}
