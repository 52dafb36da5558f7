import ArgumentParser
import Swiftlet
import SwiftletIO

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Predict what a model was trained for, on a split, one text or pair, or JSON lines on standard input.",
        discussion: """
            Each result is a JSON object a line: index, prediction, and with classes logits, and the label if there is \
            one. Standard input takes rows with the keys text and, for pairs, text_pair. To a model for question \
            answering, the text is the question and the second one the context.
            """)

    @Option(help: "Folder of a fine-tuned model, or its name on the Hub.") var model: String
    @Option(help: "A folder with train, validation and test files or in the Hub's layout, or a name on the Hub.")
    var dataset: String?
    @Option(help: "Configuration of the dataset, such as mrpc.") var config: String?
    @Option(help: "Split to predict.") var split = "test"
    @Option(help: "Column with the text.") var textColumn: String?
    @Option(help: "Column with the second text of a pair.") var textPairColumn: String?
    @Option(help: "One text to classify.") var text: String?
    @Option(help: "The second text of a pair.") var textPair: String?
    @Option(help: "File for the results; by default standard output.") var output: String?
    @Option var perDeviceEvalBatchSize = 8
    @OptionGroup(title: "Tasks") var taskOptions: TaskOptions
    @OptionGroup var speed: KernelOptions

    func validate() throws {
        guard dataset == nil || text == nil else { throw ValidationError("Give either --dataset or --text, not both.") }
        guard textPair == nil || text != nil else { throw ValidationError("--text-pair needs --text.") }
        guard perDeviceEvalBatchSize > 0 else { throw ValidationError("--per-device-eval-batch-size is below 1.") }
    }

    func run() throws {
        let saved = try SavedModel(model, speed: speed)
        let (dataset, options) = try rows()
        try taskOptions.check(saved.task, data: options)
        let task = try saved.task.make(saved.tokenizer, sample: dataset, data: options, options: taskOptions, metric: nil)
        if let task = task as? FillMaskTask {
            guard self.dataset == nil else {
                throw UsageError(
                    message: "error: option '--dataset' makes no sense here: a model for fill-mask predicts what a text "
                        + "leaves open. Give --text, or rows on standard input; 'evaluate' measures it on a split")
            }
            saved.model.to(speed.device)
            try write(try task.fill(try dataset.strings("text"), with: saved.model))
            return
        }
        let rows = try task.prepareToPredict(dataset)
        let result = try saved.trainer(batchSize: perDeviceEvalBatchSize, task, rows: rows).predict(rows.dataset)
        try write(try task.lines(result, rows, saved.model))
        if self.dataset != nil {
            func text(_ shape: [Int]) -> String { "(\(shape.map(String.init).joined(separator: ", ")))" }
            print("predictions \(text(result.predictions.shape))", result.labelIDs.map { "labels \(text([$0.count]))" } ?? "")
            if result.metrics.contains(where: { $0.name == "test_loss" }) {
                printMetrics("predict metrics", task.completed(result.metrics))
            }
        }
    }

    private func write(_ rows: [JSONObject]) throws {
        let lines = rows.map { JSONValue.object($0).text(.line) }
        if let output {
            try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: output)
        } else if dataset == nil {
            lines.forEach { print($0) }
        }
    }

    private func rows() throws -> (Dataset, DatasetOptions) {
        var options = try DatasetOptions.standard(dataset: dataset ?? "rows given by hand")
        if dataset != nil {
            options.config = config
            options.textColumn = textColumn
            options.textPairColumn = textPairColumn
            return (try options.load().split(split), options)
        }
        options.textColumn = "text"
        if let text {
            options.textPairColumn = textPair == nil ? nil : "text_pair"
            return (try Self.dataset([text], textPair.map { [$0] }), options)
        }
        let (texts, pairs) = try Self.readStandardInput()
        options.textPairColumn = pairs == nil ? nil : "text_pair"
        return (try Self.dataset(texts, pairs), options)
    }

    private static func dataset(_ texts: [String], _ pairs: [String]?) throws -> Dataset {
        try .fromColumns([("text", .strings(texts))] + (pairs.map { [("text_pair", .strings($0))] } ?? []))
    }

    private static func readStandardInput() throws -> (texts: [String], pairs: [String]?) {
        var (texts, pairs) = ([String](), [String]())
        var number = 0
        while let line = readLine() {
            number += 1
            if line.isEmpty { continue }
            do {
                let row = try JSONValue(parsing: line)
                guard let text = row["text"]?.string else { throw TrainingError("there is no 'text'") }
                texts.append(text)
                if let pair = row["text_pair"]?.string { pairs.append(pair) }
            } catch {
                throw TrainingError(
                    "line \(number) of standard input: \((error as? any SwiftletError)?.message ?? "\(error)")",
                    remedy: #"Each line is an object such as {"text": "...", "text_pair": "..."}."#)
            }
        }
        guard !texts.isEmpty else { throw TrainingError("standard input has no rows") }
        guard pairs.isEmpty || pairs.count == texts.count else {
            throw TrainingError("\(texts.count - pairs.count) rows of standard input have no 'text_pair', the others have")
        }
        return (texts, pairs.isEmpty ? nil : pairs)
    }
}

extension DatasetOptions {
    /// The defaults, for a dataset that a command names itself.
    static func standard(dataset: String) throws -> DatasetOptions {
        try parse(["--dataset", dataset])
    }
}
