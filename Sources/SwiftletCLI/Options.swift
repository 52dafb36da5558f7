public import ArgumentParser
public import Swiftlet
import SwiftletIO

/// Which rows a command works on.
struct DatasetOptions: ParsableArguments {
    @Option(help: "A folder in the Hub's layout, or with train, validation and test files.")
    var dataset: String?
    @Option(help: "Configuration of the dataset, such as mrpc.")
    var config: String?
    @Option(help: "File of the train split (Parquet, Arrow, CSV, TSV, JSON, JSONL).")
    var trainFile: String?
    @Option(help: "File of the validation split.")
    var validationFile: String?
    @Option(help: "File of the test split.")
    var testFile: String?
    @Option(help: "Column with the text; found by its usual names if left out.")
    var textColumn: String?
    @Option(help: "Column with the second text of a pair.")
    var textPairColumn: String?
    @Option(help: "Column with the label.")
    var labelColumn = "label"
    @Option(help: "Longest sequence in tokens; by default the model's limit.")
    var maxLength: Int?

    func validate() throws {
        let files = [trainFile, validationFile, testFile].compactMap(\.self)
        guard dataset != nil || !files.isEmpty else {
            throw ValidationError("Give --dataset, or files with --train-file, --validation-file, --test-file.")
        }
        guard dataset == nil || files.isEmpty else {
            throw ValidationError("Give either --dataset or files, not both.")
        }
        if let maxLength, maxLength < 4 { throw ValidationError("--max-length is \(maxLength); it must be at least 4.") }
    }

    func load() throws -> DatasetDict {
        if let dataset { return try loadDataset(FileSystem.expandingTilde(dataset), config) }
        let files = [("train", trainFile), ("validation", validationFile), ("test", testFile)]
        return try loadDataset(files: files.compactMap { split, path in path.map { (split: split, path: $0) } })
    }
}

/// The options that `TrainingArguments` has, under their own names.
struct TrainingOptions: ParsableArguments {
    @Option(help: "Folder for the model, the results and the trainer's state.") var outputDir: String
    @Option(help: "Examples a step.") var perDeviceTrainBatchSize = 8
    @Option(help: "Examples a step of evaluation.") var perDeviceEvalBatchSize = 8
    @Option(help: "Passes over the data; may be a fraction.") var numTrainEpochs = 3.0
    @Option(help: "Number of updates; overrides the epochs.") var maxSteps = -1
    @Option var learningRate = 5e-5
    @Option(help: "\(SchedulerType.allCases.map(\.rawValue).joined(separator: ", ")).")
    var lrSchedulerType = SchedulerType.linear
    @Option(help: "Steps, or a share of all steps if below 1.") var warmupSteps = 0.0
    @Option var weightDecay = 0.0
    @Option(name: .customLong("adam-beta1")) var adamBeta1 = 0.9
    @Option(name: .customLong("adam-beta2")) var adamBeta2 = 0.999
    @Option var adamEpsilon = 1e-8
    @Option(help: "Gradients are scaled down to this norm; 0 switches it off.") var maxGradNorm = 1.0
    @Option(help: "Batches an update.") var gradientAccumulationSteps = 1
    @Option(help: "no, steps or epoch.") var loggingStrategy = IntervalStrategy.steps
    @Option(help: "Steps, or a share of all steps if below 1.") var loggingSteps = 500.0
    @Flag var loggingFirstStep = false
    @Option(help: "no, steps or epoch.") var evalStrategy = IntervalStrategy.no
    @Option(help: "By default as logging-steps.") var evalSteps: Double?
    @Option var seed: UInt64 = 42
    @Option(help: "Seed of the order of the rows; by default --seed.") var dataSeed: UInt64?
    @Flag var dataloaderDropLast = false
    @Flag(help: "No progress bar.") var disableTqdm = false

    var arguments: TrainingArguments {
        var args = TrainingArguments(outputDir)
        args.perDeviceTrainBatchSize = perDeviceTrainBatchSize
        args.perDeviceEvalBatchSize = perDeviceEvalBatchSize
        args.numTrainEpochs = numTrainEpochs
        args.maxSteps = maxSteps
        args.learningRate = learningRate
        args.lrSchedulerType = lrSchedulerType
        args.warmupSteps = warmupSteps
        args.weightDecay = weightDecay
        args.adamBeta1 = adamBeta1
        args.adamBeta2 = adamBeta2
        args.adamEpsilon = adamEpsilon
        args.maxGradNorm = maxGradNorm
        args.gradientAccumulationSteps = gradientAccumulationSteps
        args.loggingStrategy = loggingStrategy
        args.loggingSteps = loggingSteps
        args.loggingFirstStep = loggingFirstStep
        args.evalStrategy = evalStrategy
        args.evalSteps = evalSteps
        args.seed = seed
        args.dataSeed = dataSeed
        args.dataloaderDropLast = dataloaderDropLast
        args.disableTqdm = disableTqdm
        return args
    }
}

extension SchedulerType: ExpressibleByArgument {}
extension IntervalStrategy: ExpressibleByArgument {}
