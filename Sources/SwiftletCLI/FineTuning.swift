import Logging
import Swiftlet
import SwiftletIO

/// Tokenizes splits, and makes the metric that fits a task: what `train`, `evaluate`, `predict` and `quickstart` share.
struct FineTuning {
    let tokenizer: Tokenizer
    let columns: TextColumns
    let labelColumn: String
    let maxLength: Int?

    init(tokenizer: Tokenizer, sample: Dataset, options: DatasetOptions) throws {
        self.tokenizer = tokenizer
        columns = try TextColumns(sample, options: options)
        labelColumn = options.labelColumn
        maxLength = options.maxLength
    }

    /// Adds `input_ids`, `attention_mask` and the like, padding left to the collator.
    func tokenize(_ dataset: Dataset) throws -> Dataset {
        var dataset = dataset
        if labelColumn != "label", dataset.columnNames.contains(labelColumn) {
            dataset = try dataset.renameColumn(labelColumn, to: "label")
        }
        return try dataset.map(batched: true) { batch -> BatchEncoding in
            try tokenizer(
                try batch.strings(columns.text), try columns.pair.map { try batch.strings($0) }, truncation: true,
                maxLength: maxLength)
        }
    }

    /// Label names where the labels are classes; `nil` for a number to predict.
    func labelNames(_ dataset: Dataset) throws -> [String]? {
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
    static func metrics(named name: String?, options: DatasetOptions, labelCount: Int) throws -> [Metric] {
        let isGLUE = options.dataset.map { FileSystem.name(of: $0) == "glue" } ?? false
        let usual = isGLUE
            ? ["glue/\(options.config ?? "")"] : labelCount == 1 ? ["mse"] : labelCount == 2 ? ["accuracy", "f1"] : ["accuracy"]
        return try (name.map { [$0] } ?? usual).map { name in
            let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
            return try Evaluate.load(parts.first ?? name, parts.count > 1 ? parts[1] : nil)
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
