import ArgumentParser
import Logging
import Swiftlet
import SwiftletCommandLine
import SwiftletIO

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Evaluate.self)

    @Option(help: "Folder of a fine-tuned model, or its name on the Hub.", completion: .directory) var model: String
    @Option(help: "Split to evaluate, or an expression such as 'validation[:100]'.") var split: String?
    @Option(help: "Evaluate the first rows only.") var maxEvalSamples: Int?
    @Option(help: "Rows in a batch.") var perDeviceEvalBatchSize = 8
    @Option(
        help: "File for the rows that the model gets wrong, the worst first (.csv, .tsv, .jsonl, .json or .parquet).",
        completion: .file(extensions: Predictions.Format.allCases.map(\.rawValue)))
    var errors: String?
    @Option(
        help: "Folder for the report; by default evaluation/<split> in the model's folder, or here for one of the Hub.")
    var outputDir: String?
    @OptionGroup(title: "Report") var page: PageOptions
    @OptionGroup var data: DatasetOptions
    @OptionGroup(title: "Labels") var labels: LabelOptions
    @OptionGroup(title: "Metrics") var metrics: MetricOptions
    @OptionGroup(title: "Tasks") var taskOptions: TaskArguments
    @OptionGroup var speed: KernelOptions
    @OptionGroup var numbers: QuantizationOptions
    @OptionGroup(title: "Output") var output: MessageOptions

    func validate() throws {
        guard perDeviceEvalBatchSize > 0 else { throw ValidationError("--per-device-eval-batch-size is below 1.") }
        if let maxEvalSamples, maxEvalSamples < 1 { throw ValidationError("--max-eval-samples is below 1.") }
        if let errors { try checkingOptions { _ = try Predictions.Format(errors) } }
        if outputDir != nil, !page.report {
            throw ValidationError("--output-dir is for the report; leave out --no-report.")
        }
    }

    /// Where the report goes; `nil` for none.
    private func reportPath(_ folder: String, split: String) -> String? {
        guard page.report else { return nil }
        if let outputDir { return FileSystem.expandingTilde(outputDir) }
        // Expressions such as validation[:100] and part/validation make names of folders that nobody wants.
        let name = String(split.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" })
        let isLocal = FileSystem.isDirectory(FileSystem.expandingTilde(model))
        let base = isLocal ? folder : FileSystem.join("evaluation", FileSystem.name(of: model))
        return FileSystem.join(isLocal ? FileSystem.join(base, "evaluation") : base, name)
    }

    /// The folder for the report, made before the evaluation; `nil` where nobody named one and none can be written to.
    private func reportFolder(_ folder: String, split: String) throws -> String? {
        guard let path = reportPath(folder, split: split) else { return nil }
        do {
            try FileSystem.createDirectory(path)
            let probe = FileSystem.join(path, ".write-test")
            try AtomicFile.write("", to: probe)
            try FileSystem.remove(probe)
        } catch {
            if outputDir != nil { throw error }
            // A model that may only be read can be evaluated all the same.
            output.logger.warning("there is no report: \(error.message); name a folder with --output-dir")
            return nil
        }
        return path
    }

    func run() throws {
        let group = try ProcessGroup.shared()
        defer { group?.close() }
        do { try evaluate(isMainProcess: group?.rank ?? 0 == 0) } catch {
            group?.announceFailure("\(error)")
            throw error
        }
    }

    private func evaluate(isMainProcess: Bool) throws {
        if let errors, isMainProcess { try Predictions.check(errors) }
        let folder = try HubNames.model(model)
        let task = try ModelTask(ofModel: folder)
        try taskOptions.check(task, columns: data.columns, labels: labels, metrics: metrics)
        if errors != nil, task == .maskedLM || task == .sentenceEmbeddings {
            let reason =
                task == .maskedLM
                ? "its tokens are drawn anew each time" : "a pair is near or far only beside the others of its batch"
            throw UsageError(
                message: "error: option '--errors' makes no sense for \(task.rawValue): \(reason)",
                remedy: "Leave it out.")
        }
        let dataset = try data.load()
        // A single file is the split to evaluate, whatever it was given as.
        let name =
            split
            ?? (dataset.splits.contains("validation") || dataset.splits.count != 1 ? "validation" : dataset.splits[0])
        guard split != nil || dataset.splits.contains(name) else { throw noSplit(name, dataset.splits) }
        var rows = try dataset.rows(name)
        if let maxEvalSamples { rows = try rows.take(maxEvalSamples) }
        var options = TaskOptions()
        data.apply(to: &options)
        labels.apply(to: &options)
        try metrics.apply(to: &options)
        taskOptions.apply(to: &options)
        var args = TrainingArguments()
        args.perDeviceEvalBatchSize = perDeviceEvalBatchSize
        try speed.apply(to: &args)
        let saved = try FineTunedModel(
            folder: folder, splits: [(name, rows)], options: options, args: args,
            callbacks: isMainProcess && output.showsProgress
                ? [ProgressCallback(showsBar: true, printsLogs: false)] : [],
            logger: output.logger, quantization: try numbers.quantization(speed))
        let place = isMainProcess ? try reportFolder(folder, split: name) : reportPath(folder, split: name)
        // Results come before the report: they are not lost where that can't be written.
        guard let place else {
            try show(try saved.evaluate(rows, split: name))
            return
        }
        _ = try saved.evaluateWithReport(rows, split: name, modelFolder: folder, to: place, page.options(data)) {
            try show($0)
        }
    }

    private func show(_ evaluation: Evaluation) throws {
        guard evaluation.isMainProcess else { return }
        let results = evaluation.metrics.filter { $0.name != "epoch" }
        let report = evaluation.report
        if output.json {
            var object: JSONObject = ["metrics": metricsJSON(results)]
            if let report { object["report"] = report.json }
            if let confusion = report?.confusion {
                object["confusion_matrix"] = .array(confusion.map { .array($0.map { .int($0) }) })
            }
            print(JSONValue.object(object).text(.line))
        } else {
            printMetrics("eval metrics", results)
            if let report, report.labels.count <= 50 { report.printTable() }
        }
        // The report takes a while.
        flushStandardOutput()
        if let errors {
            let mistakes = try evaluation.mistakes() ?? []
            try Predictions.write(mistakes, to: errors, columns: ["row"])
            output.logger.notice("\(mistakes.count) of \(evaluation.rows.numRows) rows are in \(errors)")
        }
    }
}

extension ClassificationReport {
    /// The scores of each class as a table, and the confusion matrix where it fits on a screen.
    func printTable() {
        let width = max(rows.map { $0.label.shown().count }.max() ?? 0, 9)
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(width - text.count, 0)) + text
        }
        func score(_ value: Double) -> String { padded(String(format4(value)), 9) }
        let bold = TerminalStyle.standardOutput
        print("\n" + bold("\(padded("", width))  precision    recall        f1   support", .heading))
        for row in rows {
            print(
                "\(padded(row.label.shown(), width))  \(score(row.precision)) \(score(row.recall)) \(score(row.f1)) \(padded(String(row.support), 9))"
            )
        }
        guard let confusion, labels.count <= 12 else { return }
        print("\n" + bold("rows of each class (down) by what the model says (across)", .heading))
        let labels = labels.map { $0.shown() }
        let cell = max(labels.map(\.count).max() ?? 0, String(confusion.flatMap(\.self).max() ?? 0).count) + 1
        print(padded("", width) + labels.map { padded($0, cell) }.joined())
        for (label, counts) in zip(labels, confusion) {
            print(padded(label, width) + counts.map { padded(String($0), cell) }.joined())
        }
    }

    private func format4(_ value: Double) -> String {
        let scaled = Int((value * 10_000).rounded())
        let fraction = String(scaled % 10_000)
        return "\(scaled / 10_000).\(String(repeating: "0", count: 4 - fraction.count))\(fraction)"
    }
}
