import ArgumentParser
import Swiftlet
import SwiftletCommandLine
import SwiftletIO

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Predict.self,
        discussion: """
            Each row is answered with its own columns and 'prediction', and with classes the probability of each. Labels are \
            not needed. Standard input takes plain texts, a tab before the second text of a pair, or JSON objects with the \
            keys text and, for pairs, text_pair; a row is answered as soon as its batch is. To a model for question \
            answering, the text is the question and the second one the context.
            """)

    @Option(help: "Folder of a fine-tuned model, or its name on the Hub.", completion: .directory) var model: String
    @Option(
        help: "File to predict (CSV, TSV, JSON, JSONL, Parquet, Arrow, or .txt with a text a line).",
        completion: .file())
    var file: String?
    @Option(
        help: "A folder with train, validation and test files or in the Hub's layout, or a name on the Hub.",
        completion: .directory)
    var dataset: String?
    @Option(help: "Configuration of the dataset, such as mrpc.") var config: String?
    @Option(help: "Split to predict, or an expression such as 'test[:100]'.") var split: String?
    @OptionGroup var columns: ColumnOptions
    @OptionGroup(title: "Files") var reading: FileOptionGroup
    @Option(help: "One text to classify.") var text: String?
    @Option(help: "The second text of a pair.") var textPair: String?
    @Option(
        help: "File for the results: .jsonl, .json, .csv, .tsv or .parquet; by default lines on standard output.",
        completion: .file(extensions: Predictions.Format.allCases.map(\.rawValue)))
    var output: String?
    @Option(help: "Predict the first rows only.") var maxPredictSamples: Int?
    @Option(help: "Rows in a batch.") var perDeviceEvalBatchSize = 8
    @OptionGroup(title: "Tasks") var taskOptions: TaskArguments
    @OptionGroup var speed: KernelOptions
    @OptionGroup var numbers: QuantizationOptions
    @OptionGroup(title: "Output") var messages: MessageOptions

    func validate() throws {
        let sources = [("--dataset", dataset), ("--file", file), ("--text", text)].filter { $0.1 != nil }
        guard sources.count < 2 else {
            throw ValidationError(
                "Give one of --dataset, --file and --text, not \(sources.map(\.0).joined(separator: " and ")).")
        }
        guard textPair == nil || text != nil else { throw ValidationError("--text-pair needs --text.") }
        guard split == nil || dataset != nil else { throw ValidationError("--split needs --dataset.") }
        guard config == nil || dataset != nil else { throw ValidationError("--config needs --dataset.") }
        guard perDeviceEvalBatchSize > 0 else { throw ValidationError("--per-device-eval-batch-size is below 1.") }
        if let maxPredictSamples, maxPredictSamples < 1 { throw ValidationError("--max-predict-samples is below 1.") }
        if let output { try checkingOptions { _ = try Predictions.Format(output) } }
        if dataset == nil, file == nil, let option = reading.given {
            throw ValidationError(
                "\(option) needs --file or --dataset; standard input is UTF-8, a text or a JSON object a line.")
        }
    }

    func run() throws {
        if let output { try Predictions.check(output) }
        let folder = try HubNames.model(model)
        let task = try ModelTask(ofModel: folder)
        try taskOptions.check(task, columns: columns)
        var options = TaskOptions()
        columns.apply(to: &options)
        taskOptions.apply(to: &options)
        var args = TrainingArguments()
        args.perDeviceEvalBatchSize = perDeviceEvalBatchSize
        try speed.apply(to: &args)
        let predictor = Predictor(
            folder: folder, task: task, options: options, args: args, device: speed.device,
            quantization: try numbers.quantization(speed), logger: messages.logger,
            showsProgress: messages.showsProgress && (dataset ?? file) != nil)
        if let rows = try givenRows() {
            let name = split ?? "test"
            let (answers, metrics) = try predictor.predict(rows, split: name)
            try write(answers)
            if let metrics, dataset != nil || file != nil, !messages.quiet { show(metrics) }
        } else {
            try predictStandardInput(predictor)
        }
    }

    /// Results go to standard output, so what is said about them goes to the other one, unless they are in a file.
    private func show(_ metrics: [(name: String, value: Double)]) {
        if output != nil {
            messages.show("predict", metrics)
        } else {
            writeToStandardError(metrics.map { "\($0.name) = \(shortText($0.value))\n" }.joined())
        }
    }

    private func write(_ answers: [JSONObject]) throws {
        if let output {
            try Predictions.write(answers, to: output)
            messages.logger.notice("\(answers.count) answers are in \(output)")
        } else {
            for answer in answers { print(Predictions.line(answer)) }
            // What is said next goes to standard error, and must not come into the middle of a line.
            flushStandardOutput()
        }
    }

    /// - Returns: `nil` where rows come from standard input.
    private func givenRows() throws -> Dataset? {
        if let text {
            return try .fromColumns(
                [("text", .strings([text]))] + (textPair.map { [("text_pair", .strings([$0]))] } ?? []))
        }
        var rows: Dataset
        if let file {
            rows = try loadDataset(
                files: [(split: "test", path: FileSystem.expandingTilde(file))], options: try reading.options()
            ).split("test")
        } else if let dataset {
            let splits = try HubNames.dataset(dataset, config, try reading.options())
            let usual = splits.splits.count == 1 ? splits.splits[0] : "test"
            guard split != nil || splits.splits.contains(usual) else { throw noSplit(usual, splits.splits) }
            rows = try splits.rows(split ?? usual)
        } else {
            return nil
        }
        if let maxPredictSamples { rows = try rows.take(maxPredictSamples) }
        return rows
    }

    private func predictStandardInput(_ predictor: Predictor) throws {
        var lines = InputLines(batchSize: perDeviceEvalBatchSize)
        var all: [JSONObject] = []
        var count = 0
        while let rows = try lines.next(limit: maxPredictSamples.map { $0 - count }) {
            var (answers, _) = try predictor.predict(rows, split: "standard input")
            for index in answers.indices { answers[index]["index"] = .int(count + index) }
            count += answers.count
            if output != nil {
                all += answers
            } else {
                for answer in answers { print(Predictions.line(answer)) }
                flushStandardOutput()
            }
        }
        guard count > 0 else {
            throw TaskError(
                .split, "standard input has no rows",
                remedy: "Write a text a line, or give --text, --file or --dataset.")
        }
        if output != nil { try Predictions.write(all, to: output ?? "") }
    }
}

/// A command's usual split is not there, and none was named.
func noSplit(_ usual: String, _ names: [String]) -> TaskError {
    TaskError(
        .split, "the dataset has no split '\(usual)'; its splits are \(names.joined(separator: ", "))",
        remedy: "Name one with --split\(names.last.map { ", such as --split \($0)" } ?? "").")
}
