import ArgumentParser
import Logging
import Swiftlet
import SwiftletIO

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Fine-tune a model on a dataset and save it.")

    @Option(help: "Folder of a pretrained model, or its name on the Hub, such as bert-base-uncased.") var model: String
    @Option(help: "Branch, tag or commit of a model on the Hub.") var modelRevision = "main"
    @Option(help: "What to train for: \(TaskName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var task = TaskName.textClassification
    @Option(help: "Metric to evaluate with, such as accuracy or glue/mrpc; by default what fits the dataset.")
    var metric: String?
    @Option(help: "Go on from a checkpoint: a folder, or 'last' for the newest of --output-dir.")
    var resumeFromCheckpoint: String?
    @OptionGroup var stages: StageOptions
    @OptionGroup var data: DatasetOptions
    @OptionGroup(title: "Rows and columns, as Python's scripts have them") var scriptData: ScriptDataOptions
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
            model: try HubNames.model(model, revision: modelRevision), dataset: try scriptData.applied(to: data.load()),
            options: data, metric: metric, args: args)
        run.modelName = model
        run.task = task
        run.taskOptions = taskOptions
        run.resumeFrom = resumeFromCheckpoint.map(ResumePoint.init)
        if let group {
            run.isMainProcess = group.rank == 0
            // A launcher that starts all again means: from where they were.
            if group.environment.restartCount > 0 {
                let hasCheckpoint = try group.rank == 0 && !Checkpoint.all(in: args.outputDir).isEmpty
                if try group.allGather(text: "\(hasCheckpoint)")[0] == "true" { run.resumeFrom = .last }
            }
        }
        // All must stop at the same step; the rest only writes.
        run.callbacks = try training.callbacks(args).filter { run.isMainProcess || $0 is EarlyStoppingCallback }
        run.stages = stages
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
    var stages = StageOptions.standard
    /// Only one of several processes shows and writes anything.
    var isMainProcess = true

    func run() throws {
        var logger = Logger(label: "swiftlet")
        if !isMainProcess { logger.logLevel = .error }
        try args.validate()
        // What the columns and labels are, where nothing is trained: of the split that is used.
        let train = try dataset.split(stages.trains ? "train" : stages.evaluates ? "validation" : "test")
        let tokenizer = try AutoTokenizer.fromPretrained(model)
        let task = try task.make(tokenizer, sample: train, data: options, options: taskOptions, metric: metric)
        let validation = dataset.splits.first { $0.hasPrefix("validation") }
        let trainRows = stages.trains ? try task.prepare(train) : nil
        let validationRows = try (stages.evaluates ? validation : nil).map { try task.prepare(try dataset.split($0)) }

        // Before the model is made: a fresh head is drawn from this seed, as in the Python scripts.
        manualSeed(args.seed)
        let network = try task.model(model, for: train, logger: logger)
        let active = ActiveRows()
        active.rows = validationRows
        let computes = validationRows?.computeMetrics != nil
        let reporters = isMainProcess ? [ProgressCallback(showsBar: !args.disableTqdm)] : []
        var args = args
        if validationRows == nil, !stages.trains { args.evalStrategy = .no }
        let trainer = try Trainer(
            model: network, args: args, trainDataset: trainRows?.dataset, evalDataset: validationRows?.dataset,
            dataCollator: try task.collator(args), tokenizer: tokenizer,
            computeMetrics: computes ? { try active.computeMetrics($0) } : nil, metrics: try task.metrics(network),
            callbacks: callbacks + reporters, logger: logger)
        try trainer.checkOutputDirectory()
        let signals = InterruptSignals(trainer.stop)
        defer { signals.cancel() }

        if stages.trains {
            let result = try trainer.train(resumeFrom: resumeFrom)
            try trainer.saveModel()
            try trainer.saveState()
            try trainer.saveMetrics("train", result.metrics)
            if isMainProcess { printMetrics("train metrics", result.metrics) }
        }
        // What follows is printed as a table, not as a log too.
        reporters.forEach { $0.printsLogs = false }
        if validationRows != nil {
            let metrics = task.completed(try trainer.latestEvaluation ?? trainer.evaluate())
            try trainer.saveMetrics("eval", metrics)
            if isMainProcess { printMetrics("eval metrics", metrics) }
        }
        if stages.trains {
            try trainer.saveState()
            try trainer.saveReports(baseModel: modelName ?? model, datasets: options.cardDatasets)
        }
        if stages.doPredict {
            let rows = try task.prepare(try dataset.split("test"))
            active.rows = rows
            let metrics = task.completed(try trainer.predict(rows.dataset, metricKeyPrefix: "predict").metrics)
            try trainer.saveMetrics("predict", metrics)
            if isMainProcess { printMetrics("predict metrics", metrics) }
        }
        if stages.trains { logger.info("saved to \(args.outputDir)") }
    }
}
