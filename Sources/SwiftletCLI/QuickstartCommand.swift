import ArgumentParser
import Logging
import Swiftlet
import SwiftletCommandLine
import SwiftletIO

struct QuickstartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Quickstart.self)

    @Option(help: "Folder of another pretrained model, or its name on the Hub.") var model: String?
    @Option(help: "Folder for the model and the results.") var outputDir = "out/quickstart"
    @Option(help: "Of the random numbers.") var seed: UInt64 = 42
    @OptionGroup(title: "Report") var page: PageOptions
    @OptionGroup var speed: KernelOptions

    func run() throws {
        let model = try HubNames.model(self.model ?? Self.bundledModel())
        guard let data = ProgramFiles.resources("paraphrases") else {
            throw TrainingError(
                "the built-in paraphrases are missing beside '\(ProgramFiles.folder)'",
                remedy: "Build or install the program again.",
                kind: .invalidArgument)
        }
        let dataset = try loadDataset(folder: data)
        say("\(dataset)")

        var args = TrainingArguments(outputDir, evalStrategy: .epoch, numTrainEpochs: Self.epochs)
        args.learningRate = Self.learningRate
        args.perDeviceTrainBatchSize = Self.batchSize
        args.warmupSteps = Self.warmup
        args.loggingStrategy = .epoch
        args.saveStrategy = .no
        args.seed = seed
        try speed.apply(to: &args)
        var options = TaskOptions()
        options.metrics = ["glue/mrpc"]
        var tuning = FineTuning(model: model, dataset: dataset, args: args)
        tuning.options = options
        tuning.callbacks = [ProgressCallback(showsBar: true)]
        tuning.onResults = { printMetrics("\($0) metrics", $1) }
        var signals: InterruptSignals?
        tuning.willTrain = { signals = InterruptSignals($0.stop) }
        defer { signals?.cancel() }
        var report = page.options()
        report.inputs.dataset = "paraphrases"
        report.inputs.dataFiles = [data]
        try page.run(tuning, report)

        let test = try dataset.split("test")
        let saved = try FineTunedModel(
            folder: outputDir, splits: [("test", test)], options: options, args: args,
            callbacks: [ProgressCallback(showsBar: true, printsLogs: false)])
        let results = try saved.predict(test).output.metrics
        printMetrics("test metrics", results)
    }

    // The recipe of the data card.
    static let epochs = 3.0
    static let learningRate = 1e-4
    static let batchSize = 8
    static let warmup = 0.1

    /// The model that `scripts/bootstrap` fetched.
    static func bundledModel() throws -> String {
        guard let found = ProgramFiles.setUp("models/all-MiniLM-L6-v2") else {
            throw TrainingError(
                "all-MiniLM-L6-v2 is not here",
                remedy: "Run scripts/bootstrap in a clone of Swiftlet, or give --model: a folder, or "
                    + "sentence-transformers/all-MiniLM-L6-v2 to download it.",
                kind: .invalidArgument)
        }
        return found
    }
}
