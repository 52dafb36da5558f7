public import ArgumentParser
public import Swiftlet
import SwiftletCommandLine
import SwiftletIO
import SwiftletRunLog

/// Which rows a command works on.
struct DatasetOptions: ParsableArguments {
    @Option(
        help: "A folder with train, validation and test files or in the Hub's layout, or a name on the Hub.",
        completion: .directory)
    var dataset: String?
    @Option(help: "Configuration of the dataset, such as mrpc.")
    var config: String?
    @Option(
        help: "File of the train split (Parquet, Arrow, CSV, TSV, JSON, JSONL, text; packed too).", completion: .file())
    var trainFile: String?
    @Option(help: "File of the validation split.", completion: .file())
    var validationFile: String?
    @Option(help: "File of the test split.", completion: .file())
    var testFile: String?
    @OptionGroup var columns: ColumnOptions
    @OptionGroup(title: "Files") var reading: FileOptionGroup

    func validate() throws {
        let files = [trainFile, validationFile, testFile].compactMap(\.self)
        guard dataset != nil || !files.isEmpty else {
            throw ValidationError("Give --dataset, or files with --train-file, --validation-file, --test-file.")
        }
        guard dataset == nil || files.isEmpty else {
            throw ValidationError("Give either --dataset or files, not both.")
        }
    }

    /// How the model card names the data.
    var cardDatasets: [ModelCard.Dataset] {
        guard let dataset else { return [] }
        let name = FileSystem.name(of: dataset)
        return [ModelCard.Dataset(name, config: config, split: "validation", args: config)]
    }

    func load() throws -> DatasetDict {
        if let dataset { return try HubNames.dataset(dataset, config, try reading.options()) }
        let files = [("train", trainFile), ("validation", validationFile), ("test", testFile)]
        return try loadDataset(
            files: files.compactMap { split, path in path.map { (split: split, path: FileSystem.expandingTilde($0)) } },
            options: try reading.options())
    }

    func apply(to options: inout TaskOptions) {
        columns.apply(to: &options)
        options.datasetName = dataset
        options.datasetConfig = config
    }
}

/// The columns that a task reads.
struct ColumnOptions: ParsableArguments {
    @Option(help: "Column with the text; found by its usual names if left out.")
    var textColumn: String?
    @Option(help: "Column with the second text of a pair.")
    var textPairColumn: String?
    @Option(help: "Column with the label; found by its usual names if left out.")
    var labelColumn: String?
    @Option(help: "Longest sequence in tokens; by default that of the training, else the model's limit.")
    var maxLength: Int?

    func apply(to options: inout TaskOptions) {
        options.textColumn = textColumn
        options.textPairColumn = textPairColumn
        options.labelColumn = labelColumn
        options.maxLength = maxLength
    }
}

/// Which of the rows are used for what.
struct SplitOptions: ParsableArguments {
    @Option(help: "Set training rows aside for validation: a share such as 0.1, or a number of rows.")
    var validationSplit: Double?
    @Option(help: "Set training rows aside for testing, likewise.") var testSplit: Double?
    @Option(help: "Train on the first rows only.") var maxTrainSamples: Int?
    @Option(help: "Evaluate the first rows only.") var maxEvalSamples: Int?
    @Option(help: "Predict the first rows only.") var maxPredictSamples: Int?

    /// - Parameter seed: of the run, with which rows are set aside.
    func selection(seed: UInt64) -> SplitSelection {
        var splits = SplitSelection()
        splits.validationSize = validationSplit
        splits.testSize = testSplit
        splits.seed = seed
        splits.maxTrainSamples = maxTrainSamples
        splits.maxEvalSamples = maxEvalSamples
        splits.maxPredictSamples = maxPredictSamples
        return splits
    }
}

/// What the labels are.
struct LabelOptions: ParsableArguments {
    @Option(
        help:
            "single_label_classification, multi_label_classification or regression; by default what the column looks like."
    )
    var problemType: ProblemType?
    @Flag(help: "Predict a number: --problem-type regression.") var doRegression = false
    @Option(
        parsing: .upToNextOption,
        help: "Names of the labels in the order of their ids; by default those that the rows have.")
    var labelNames: [String] = []
    @Option(help: "The most classes that the label column may have. (default: 1000)") var maxClasses: Int?
    @Flag(help: "Draw a head anew whose shape in the checkpoint differs.") var ignoreMismatchedSizes = false

    func validate() throws {
        if doRegression, let problemType, problemType != .regression {
            throw ValidationError("--do-regression and --problem-type \(problemType.rawValue) contradict each other.")
        }
        if let maxClasses, maxClasses < 1 {
            throw ValidationError("--max-classes is \(maxClasses); it must be at least 1.")
        }
    }

    func apply(to options: inout TaskOptions) {
        options.problemType = doRegression ? .regression : problemType
        options.labelNames = labelNames.isEmpty ? nil : labelNames
        options.maxClasses = maxClasses
        options.ignoreMismatchedSizes = ignoreMismatchedSizes
    }
}

extension ProblemType: ExpressibleByArgument {}

/// What an evaluation is measured with.
struct MetricOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: "Metrics, such as accuracy, glue/mrpc or f1/macro; by default what fits the dataset.")
    var metric: [String] = []
    @Option(help: #"Arguments of the metrics as JSON, such as {"average": "macro"}."#) var metricArgs: String?

    func apply(to options: inout TaskOptions) throws {
        options.metrics = metric
        guard let metricArgs else { return }
        let json: JSONValue
        do { json = try JSONValue(parsing: metricArgs) } catch {
            throw UsageError(message: "error: option '--metric-args' is no JSON: \(error)")
        }
        do { options.metricOptions = try MetricOption.options(json) } catch {
            throw UsageError(message: "error: option '--metric-args': \(error)")
        }
    }
}
