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
        return try dataset.map(batched: true) { batch in
            let encoded = try tokenizer(
                try batch.strings(columns.text), try columns.pair.map { try batch.strings($0) }, truncation: true,
                maxLength: maxLength)
            return encoded.columns
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
    static func metric(named name: String?, options: DatasetOptions, labelCount: Int) throws -> Trainer.ComputeMetrics {
        let isGLUE = options.dataset.map { FileSystem.name(of: $0) == "glue" } ?? false
        if labelCount == 1, name == nil, !(isGLUE && options.config == "stsb") {
            let metric = try Evaluate.load("mse")
            return { try metric.compute(predictions: $0.predictions.values.map(Double.init), references: $0.labelValues) }
        }
        let names = name.map { [$0] } ?? (isGLUE ? ["glue/\(options.config ?? "")"] : labelCount == 2 ? ["accuracy", "f1"] : ["accuracy"])
        let metrics = try names.map { name in
            let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
            return try Evaluate.load(parts.first ?? name, parts.count > 1 ? parts[1] : nil)
        }
        return { prediction in
            var values = MetricValues()
            for metric in metrics {
                if labelCount == 1 {
                    values.merge(try metric.compute(
                        predictions: prediction.predictions.values.map(Double.init), references: prediction.labelValues))
                } else {
                    values.merge(try metric.compute(
                        predictions: prediction.predictions.argmax(), references: prediction.labelIDs))
                }
            }
            return values
        }
    }
}

extension BatchEncoding {
    /// As columns for `Dataset.map`, in the order of the tokenizer's model inputs.
    var columns: Columns {
        Columns(keys.compactMap { key in
            switch key {
            case "input_ids": (key, .intLists(inputIDs))
            case "token_type_ids": (key, .intLists(tokenTypeIDs))
            case "attention_mask": (key, .intLists(attentionMask))
            default: nil
            }
        })
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
