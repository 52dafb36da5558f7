public import Logging
public import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
public import SwiftletModels
public import SwiftletRunLog
import SwiftletTensor
import SwiftletTokenizers
public import SwiftletTraining

/// A training from a checkpoint and a dataset to a saved model with its results: what `swiftlet train` does.
///
///     var tuning = FineTuning(
///         model: "all-MiniLM-L6-v2", dataset: try loadDataset(folder: "messages"), args: TrainingArguments("out"))
///     tuning.splits.validationSize = 0.1
///     let result = try tuning.run()
public struct FineTuning {
    /// Names and values, in order.
    public typealias Metrics = [(name: String, value: Double)]

    /// The parts of a run.
    public struct Stages: OptionSet, Sendable {
        /// The bits of the stages.
        public let rawValue: Int
        /// - Parameter rawValue: bits of the stages below.
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// Trains, and saves the model in the output folder.
        public static let train = Stages(rawValue: 1)
        /// Evaluates on the validation split.
        public static let evaluate = Stages(rawValue: 2)
        /// The test split; the answers are written to `predictions.jsonl` in the output folder.
        public static let predict = Stages(rawValue: 4)
    }

    /// Folder of the pretrained model.
    public var model: String
    /// How the model was asked for, for the model card; by default its folder.
    public var modelName: String?
    /// The rows, by split.
    public var dataset: DatasetDict
    /// Epochs, learning rate, output folder and all else about the training.
    public var args: TrainingArguments
    /// Columns, labels, lengths and metrics.
    public var options = TaskOptions()
    /// Which rows are trained on, evaluated and predicted.
    public var splits = SplitSelection()
    /// The parts of the run; without `.predict` the test split is left alone.
    public var stages: Stages = [.train, .evaluate]
    /// The checkpoint to go on from; `nil` begins anew.
    public var resumeFrom: ResumePoint?
    /// What is called at the events of the training, after the Trainer's own callbacks.
    public var callbacks: [any TrainerCallback] = []
    /// What is told how the run goes.
    public var logger = Logger(label: "swiftlet")
    /// How the model card names the data.
    public var cardDatasets: [ModelCard.Dataset] = []
    /// Called before the first step, for example to let a signal stop the run.
    public var willTrain: (Trainer) -> Void = { _ in }
    /// Called after the last step, before the evaluation that follows.
    public var didTrain: (Trainer) -> Void = { _ in }
    /// Called with the results of each stage, `train`, `eval` and `predict`, as soon as they are there.
    public var onResults: (_ stage: String, Metrics) -> Void = { _, _ in }
    /// Called with the rows for evaluations, `nil` where there are none, before the first step.
    package var willBegin: (Trainer, Split?) throws -> Void = { _, _ in }
    /// What evaluations have to give, such as `f1` or `eval_f1`, where a rehearsal, `estimate()` or `check()`, is to look.
    package var expectedMetric: String?
    /// Called in every process after training and evaluation, before the model card is written.
    package var willWriteCard: (Result) throws -> Void = { _ in }
    /// Adds to the model card what the run itself does not know.
    package var completeCard: (inout ModelCard) throws -> Void = { _ in }
    private let makeTask: (TaskContext) throws -> any FineTuningTask
    private let modelTask: ModelTask?

    /// - Parameter task: what to train for.
    public init(
        model: String, dataset: DatasetDict, task: ModelTask = .sequenceClassification, args: TrainingArguments
    ) {
        self.model = model
        self.dataset = dataset
        self.args = args
        modelTask = task
        makeTask = task.make
    }

    /// A training for a task of one's own.
    ///
    /// - Parameter makeTask: makes the task for the rows of the run.
    public init(
        model: String, dataset: DatasetDict, args: TrainingArguments,
        makeTask: @escaping (TaskContext) throws -> any FineTuningTask
    ) {
        self.model = model
        self.dataset = dataset
        self.args = args
        self.makeTask = makeTask
        modelTask = nil
    }

    /// A split of a run: its rows as they were given, and as the model takes them.
    public struct Split {
        /// Such as `train` or `validation`.
        public let name: String
        /// The rows with their columns as they were read, before anything was tokenized.
        public let given: Dataset
        /// The same rows as token ids and labels. For some tasks a row gives several of these, or several give one.
        public let prepared: PreparedRows
    }

    /// What a run leaves besides its files.
    public struct Result {
        /// The Trainer of the run, with its log in `state`.
        public let trainer: Trainer
        /// What was trained for, with the columns and labels that were found.
        public let task: any FineTuningTask
        /// The rows that were trained on; `nil` where training was left out.
        public let trainRows: Split?
        /// The rows for evaluations; `nil` where these were left out.
        public let evaluationRows: Split?
        /// `nil` for stages that were left out.
        public var train: Metrics?
        /// Of the validation split; `nil` if it was left out.
        public var evaluation: Metrics?
        /// Of the test split; `nil` if it was left out or has no labels.
        public var prediction: Metrics?
    }

    /// Runs the stages. Everything that can be known to fail is checked before the first step.
    ///
    /// - Throws: `TaskError` for rows that don't make the task; what training throws.
    @discardableResult
    public func run() throws -> Result {
        let ready = try prepared(args)
        let (task, trainer) = (ready.task, ready.trainer)
        try willBegin(trainer, ready.evaluationSplit)
        try trainer.checkOutputDirectory()
        willTrain(trainer)

        var result = Result(
            trainer: trainer, task: task, trainRows: ready.train, evaluationRows: ready.evaluationSplit)
        let trains = stages.contains(.train)
        if trains {
            let metrics = try trainer.train(resumeFrom: resumeFrom).metrics
            try trainer.saveModel()
            try trainer.saveState()
            try finish("train", metrics, trainer)
            result.train = metrics
            didTrain(trainer)
        }
        if ready.evaluation != nil, stages.contains(.evaluate) {
            var metrics = task.completed(try trainer.latestEvaluation ?? trainer.evaluate())
            // Without a training there are no epochs.
            if !trains { metrics.removeAll { $0.name == "epoch" } }
            if trains { try trainer.saveState() }
            try finish("eval", metrics, trainer)
            result.evaluation = metrics
        }
        try willWriteCard(result)
        if trains {
            try trainer.saveReports(
                baseModel: modelName ?? model, datasets: cardDatasets,
                labels: try Self.cardLabels(trainer, ready.train), completing: completeCard)
        }
        if let rows = ready.test {
            ready.active.rows = rows.prepared
            defer { ready.active.rows = ready.evaluation }
            let output = try trainer.predict(rows.prepared.dataset, metricKeyPrefix: "predict")
            let metrics = task.completed(output.metrics)
            try finish("predict", metrics, trainer)
            if trainer.accelerator.isMainProcess {
                let answers = Predictions.join(try task.answers(output, rows.prepared, trainer.model), rows.given)
                if !answers.isEmpty {
                    try Predictions.write(answers, to: FileSystem.join(args.outputDir, "predictions.jsonl"))
                }
            }
            result.prediction = metrics
        }
        if trains { logger.info("saved to \(args.outputDir)") }
        return result
    }

    /// What there is before the first step.
    struct Prepared {
        let task: any FineTuningTask
        let trainer: Trainer
        /// The rows whose metrics the Trainer computes.
        let active: ActiveRows
        let train: Split?
        let evaluationSplit: Split?
        var evaluation: PreparedRows? { evaluationSplit?.prepared }
        let test: (given: Dataset, prepared: PreparedRows)?
    }

    /// Reads, checks and tokenizes the rows, and loads the model.
    func prepared(_ args: TrainingArguments) throws -> Prepared {
        try args.validate()
        let (trains, predicts) = (stages.contains(.train), stages.contains(.predict))
        let found = try splits.rows(of: dataset, needsTrain: trains, needsTest: predicts)
        if args.evalStrategy != .no || !trains, found.validation == nil, splits.validationSize == nil,
            stages.contains(.evaluate)
        {
            throw TaskError(
                .split, "there is no validation split to evaluate",
                remedy: "Give {the dataset one|--validation-file}, or set training rows aside with "
                    + "{validationSize|--validation-split 0.1}.")
        }
        let tokenizer =
            modelTask == .sentenceEmbeddings
            ? try SentenceEmbeddingModel.tokenizer(model) : try AutoTokenizer.fromPretrained(folder: model)
        let config = try AutoConfig.fromPretrained(folder: model)
        try Self.check(tokenizer, config, model)
        let (task, headNote) = try makeTask(found, tokenizer, config)
        var splitNotes: [String] = []
        let rows = try splits.finish(found, task, notes: &splitNotes)
        let limitNote = options.maxLength == nil ? Self.limitNote(tokenizer, config) : nil
        for note in task.notes + splitNotes + [headNote, limitNote].compactMap(\.self) { logger.notice("\(note)") }

        let trainRows = try rows.train.map { try task.prepare($0, split: "train", for: .training) }
        let evalRows = try rows.validation.map { try task.prepare($0.rows, split: $0.name, for: .evaluation) }
        var testRows: (given: Dataset, prepared: PreparedRows)?
        if predicts, let test = rows.test {
            testRows = (test.rows, try task.prepare(test.rows, split: test.name, for: .prediction))
        }

        // Before the model is made: a fresh head is drawn from this seed, as in the Python scripts.
        manualSeed(args.seed)
        var loading = LoadOptions(logger: logger)
        loading.ignoreMismatchedSizes = options.ignoreMismatchedSizes
        let network: any PretrainedModel
        do { network = try task.loadModel(model, options: loading) } catch let error as ModelError
            where error.kind == .weights && headNote != nil && !options.ignoreMismatchedSizes
        {
            throw TaskError(
                .unknownLabels,
                "the head of '\(model)' was trained for \(try config.labelCount) other labels: \(error.message)",
                remedy:
                    "Draw a new head with {options.ignoreMismatchedSizes|--ignore-mismatched-sizes}, or begin with the "
                    + "pretrained model that it was made from.")
        }
        network.config.save(taskOptions: task.savedOptions)
        let active = ActiveRows(evalRows)
        var args = args
        if !trains { (args.evalStrategy, args.evalOnStart) = (.no, false) }
        let computes = (evalRows ?? testRows?.prepared)?.computeMetrics != nil
        guard !computes || !args.batchEvalMetrics else {
            throw TrainingError(
                "batch_eval_metrics is for a computeMetrics of one's own; the metrics of this task need all rows at once",
                remedy: "Leave batchEvalMetrics off.", kind: .invalidArgument,
                at: ErrorLocation(option: "batch_eval_metrics"))
        }
        // A Trainer has one function for all the rows that it evaluates.
        let trainer = try Trainer(
            model: network, args: args, trainDataset: trainRows?.dataset, evalDataset: evalRows?.dataset,
            dataCollator: try task.collator(), tokenizer: tokenizer,
            computeMetrics: computes ? { try active.computeMetrics($0) } : nil, metrics: try task.metrics(network),
            callbacks: callbacks, logger: logger)
        if let evalRows, stages.contains(.evaluate) { try trainer.checkEvaluation(of: evalRows.dataset) }
        if evalRows == nil, trains, stages.contains(.evaluate) {
            logger.notice(
                "there is no validation split, so nothing is evaluated; splits.validationSize (--validation-split 0.1) sets training rows aside"
            )
        }
        let train = zip(rows.train, trainRows).map { Split(name: "train", given: $0, prepared: $1) }
        let evaluation = zip(rows.validation, evalRows).map { Split(name: $0.name, given: $0.rows, prepared: $1) }
        return Prepared(
            task: task, trainer: trainer, active: active, train: train, evaluationSplit: evaluation, test: testRows)
    }

    /// Of models that tell classes apart.
    private static func cardLabels(_ trainer: Trainer, _ rows: Split?) throws -> [ModelCard.Label] {
        let config = trainer.model.config
        guard [.sequenceClassification, .tokenClassification].contains(trainer.model.task),
            try config.problemType != .regression, try config.labelCount > 1
        else { return [] }
        return cardLabels(rows?.prepared, try config.labelNames)
    }

    /// Tokenizers without a limit of their own, or with one beyond the model's, leave it to the model to cut texts.
    private static func limitNote(_ tokenizer: Tokenizer, _ config: ModelConfig) -> String? {
        guard let positions = config.positionLimit, tokenizer.modelMaxLength > positions else { return nil }
        return "the tokenizer has no limit below the model's \(positions) positions; longer texts are cut there"
    }

    private func finish(_ stage: String, _ metrics: Metrics, _ trainer: Trainer) throws {
        try trainer.saveMetrics(stage, metrics)
        if trainer.accelerator.isMainProcess { onResults(stage, metrics) }
    }

    /// The task, and what becomes of a head that was trained for other labels.
    private func makeTask(
        _ rows: SplitSelection.Rows, _ tokenizer: Tokenizer, _ config: ModelConfig
    ) throws -> (any FineTuningTask, note: String?) {
        let hasHead = modelTask.map { $0 == ModelTask.ofHead(config) } ?? !stages.contains(.train)
        var context = TaskContext(
            tokenizer: tokenizer, splits: rows.all, options: options, config: config, isFineTuned: hasHead)
        guard hasHead, stages.contains(.train) else { return (try makeTask(context), nil) }
        do {
            return (try makeTask(context), nil)
        } catch let error as TaskError where error.kind == .unknownLabels {
            context.isFineTuned = false
            let names = (try? config.labelNames) ?? []
            return (
                try makeTask(context),
                "the model's head was trained for other labels, \(listed(names)). For as many labels the training goes on from "
                    + "its weights; for fewer or more, ignore_mismatched_sizes draws a new head"
            )
        }
    }

    static func check(_ tokenizer: Tokenizer, _ config: ModelConfig, _ folder: String) throws {
        // One below 1 is no vocabulary; what checks the configuration says so.
        guard let size = config.json["vocab_size"]?.int, size > 0, tokenizer.count > size else { return }
        throw TaskError(
            .model,
            "the tokenizer of '\(folder)' has \(tokenizer.count) tokens, and vocab_size in its config.json is \(size)",
            remedy: "Is this tokenizer the model's own?")
    }
}

/// Both values, where both are there.
private func zip<First, Second>(_ first: First?, _ second: Second?) -> (First, Second)? {
    guard let first, let second else { return nil }
    return (first, second)
}

/// The metrics of the rows under evaluation.
final class ActiveRows {
    var rows: PreparedRows?

    init(_ rows: PreparedRows?) { self.rows = rows }

    func computeMetrics(_ prediction: EvalPrediction) throws -> MetricValues {
        try rows?.computeMetrics?(prediction) ?? [:]
    }
}
