import Logging
import Swiftlet
import SwiftletIO

/// Classes of texts and pairs, or a number for each.
struct TextClassificationTask: CommandTask {
    let tokenizer: Tokenizer
    let columns: TextColumns
    let options: DatasetOptions
    let metric: String?

    init(tokenizer: Tokenizer, sample: Dataset, options: DatasetOptions, metric: String? = nil) throws {
        self.tokenizer = tokenizer
        columns = try TextColumns(sample, options: options)
        self.options = options
        self.metric = metric
    }

    func model(_ path: String, for rows: Dataset, logger: Logger) throws -> any PretrainedModel {
        let names = try labelNames(rows)
        return try AutoModelForSequenceClassification.fromPretrained(
            folder: path, numLabels: names?.count ?? 1, labelNames: names ?? ["LABEL_0"],
            options: LoadOptions(logger: logger))
    }

    func prepare(_ rows: Dataset) throws -> PreparedRows { PreparedRows(dataset: try tokenize(rows)) }

    /// Adds `input_ids`, `attention_mask` and the like, padding left to the collator.
    func tokenize(_ dataset: Dataset) throws -> Dataset {
        var dataset = dataset
        if options.labelColumn != "label", dataset.columnNames.contains(options.labelColumn) {
            dataset = try dataset.renameColumn(options.labelColumn, to: "label")
        }
        return try dataset.map(batched: true) { batch -> BatchEncoding in
            try tokenizer(
                try batch.strings(columns.text), try columns.pair.map { try batch.strings($0) }, truncation: true,
                maxLength: options.maxLength)
        }
    }

    /// Label names where the labels are classes; `nil` for a number to predict.
    private func labelNames(_ dataset: Dataset) throws -> [String]? {
        let labelColumn = options.labelColumn
        guard dataset.columnNames.contains(labelColumn) else {
            throw DatasetColumnError(column: labelColumn, columns: dataset.columnNames)
        }
        switch dataset.features[labelColumn] {
        case .classLabel(let names): return names
        case .value(let type) where type.hasPrefix("float"): return nil
        default:
            let count = (try dataset.ints(labelColumn).max() ?? 1) + 1
            return (0..<max(count, 2)).map { "LABEL_\($0)" }
        }
    }

    /// `glue/<config>` for GLUE, mean squared error for a number, else accuracy, with F1 where there are two classes.
    func metrics(_ model: any PretrainedModel) throws -> [Metric] {
        let labelCount = try model.config.labelCount
        let isGLUE = options.dataset.map { FileSystem.name(of: $0) == "glue" } ?? false
        let usual = isGLUE
            ? ["glue/\(options.config ?? "")"] : labelCount == 1 ? ["mse"] : labelCount == 2 ? ["accuracy", "f1"] : ["accuracy"]
        return try (metric.map { [$0] } ?? usual).map { try SwiftletCLI.metric(named: $0) }
    }

    func lines(_ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel) throws -> [JSONObject] {
        let isClass = try model.config.labelCount > 1
        return output.predictions.argmax().enumerated().map { index, best in
            let logits = output.predictions[row: index]
            var line: JSONObject = [
                "index": .int(index), "logits": shortNumbers(logits),
                "prediction": isClass ? .int(best) : .double(Double(logits.first ?? 0)),
            ]
            if let labels = output.labelIDs, index < labels.count { line["label"] = .int(labels[index]) }
            return line
        }
    }
}

/// Prints metrics as the course does, one a line.
func printMetrics(_ title: String, _ metrics: [(name: String, value: Double)]) {
    print("***** \(title) *****")
    let width = metrics.map(\.name.count).max() ?? 0
    for (name, value) in metrics {
        print("  \(name)\(String(repeating: " ", count: width - name.count)) = \(shortText(value))")
    }
}

/// Four decimals, as in the course; whole numbers without.
func shortText(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return String(Int(value)) }
    let scaled = (value * 10_000).rounded() / 10_000
    return String(scaled)
}
