import Logging
import Swiftlet
import SwiftletIO

/// The right one of several endings.
struct MultipleChoiceTask: CommandTask {
    let tokenizer: Tokenizer
    let data: DatasetOptions
    let metric: String?
    private let context: String
    private let beginning: String?
    private let endings: [String]

    init(tokenizer: Tokenizer, sample: Dataset, data: DatasetOptions, metric: String?) throws {
        self.tokenizer = tokenizer
        self.data = data
        self.metric = metric
        let names = sample.columnNames
        context = data.textColumn ?? "sent1"
        beginning = names.contains("sent2") ? "sent2" : nil
        endings = (0..<names.count).map { "ending\($0)" }.prefix { names.contains($0) }.map(\.self)
        for name in [context, "ending0", "ending1"] where !names.contains(name) {
            throw DatasetColumnError(column: name, columns: names)
        }
    }

    func model(_ path: String, for rows: Dataset, logger: Logger) throws -> any PretrainedModel {
        try AutoModelForMultipleChoice.fromPretrained(folder: path, options: LoadOptions(logger: logger))
    }

    func prepare(_ rows: Dataset) throws -> PreparedRows {
        var rows = rows
        if data.labelColumn != "label" { rows = try rows.renameColumn(data.labelColumn, to: "label") }
        return PreparedRows(
            dataset: try rows.map(batched: true) { batch -> Columns in
                try tokenizer.encodeChoices(
                    batch, context: context, beginning: beginning, endings: endings, maxLength: data.maxLength)
            })
    }

    func metrics(_ model: any PretrainedModel) throws -> [Metric] { [try SwiftletCLI.metric(named: metric ?? "accuracy")] }

    func lines(_ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel) throws -> [JSONObject] {
        output.predictions.argmax().enumerated().map { index, best in
            var line: JSONObject = [
                "index": .int(index), "logits": shortNumbers(output.predictions[row: index]), "prediction": .int(best),
            ]
            if let labels = output.labelIDs, index < labels.count { line["label"] = .int(labels[index]) }
            return line
        }
    }
}
