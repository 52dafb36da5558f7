import ArgumentParser
import Swiftlet
import SwiftletIO

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Predict labels for a split, for one text or pair, or for JSON lines on standard input.",
        discussion: """
            Each result is a JSON object a line: index, logits, prediction, and the label if there is one. \
            Standard input takes rows with the keys text and, for pairs, text_pair.
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
    @OptionGroup var speed: KernelOptions

    func validate() throws {
        guard dataset == nil || text == nil else { throw ValidationError("Give either --dataset or --text, not both.") }
        guard textPair == nil || text != nil else { throw ValidationError("--text-pair needs --text.") }
        guard perDeviceEvalBatchSize > 0 else { throw ValidationError("--per-device-eval-batch-size is below 1.") }
    }

    func run() throws {
        let saved = try SavedModel(model, kernels: speed.kernels)
        let trainer = try saved.trainer(batchSize: perDeviceEvalBatchSize)
        let (rows, options) = try rows()
        let task = try FineTuning(tokenizer: saved.tokenizer, sample: rows, options: options)
        let result = try trainer.predict(try task.tokenize(rows))
        let lines = try lines(result, names: saved.model.config.labelNames)
        if let output {
            try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: output)
        } else if dataset == nil {
            lines.forEach { print($0) }
        }
        if dataset != nil {
            func text(_ shape: [Int]) -> String { "(\(shape.map(String.init).joined(separator: ", ")))" }
            print("predictions \(text(result.predictions.shape))", result.labelIDs.map { "labels \(text([$0.count]))" } ?? "")
            if result.metrics.contains(where: { $0.name == "test_loss" }) { printMetrics("predict metrics", result.metrics) }
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
                    "line \(number) of standard input: \(error)",
                    remedy: #"Each line is an object such as {"text": "...", "text_pair": "..."}."#)
            }
        }
        guard !texts.isEmpty else { throw TrainingError("standard input has no rows") }
        guard pairs.isEmpty || pairs.count == texts.count else {
            throw TrainingError("\(texts.count - pairs.count) rows of standard input have no 'text_pair', the others have")
        }
        return (texts, pairs.isEmpty ? nil : pairs)
    }

    private func lines(_ result: PredictionOutput, names: [String]) throws -> [String] {
        result.predictions.argmax().enumerated().map { index, best in
            let logits = result.predictions[row: index]
            var line: JSONObject = [
                "index": .int(index), "logits": .array(logits.map { .double(Double("\($0)") ?? Double($0)) }),
                "prediction": names.count > 1 ? .int(best) : .double(Double(logits.first ?? 0)),
            ]
            if let labels = result.labelIDs, index < labels.count { line["label"] = .int(labels[index]) }
            return JSONValue.object(line).text(.line)
        }
    }
}

extension DatasetOptions {
    /// The defaults, for a dataset that a command names itself.
    static func standard(dataset: String) throws -> DatasetOptions {
        try parse(["--dataset", dataset])
    }
}
