import SwiftletDatasets
import SwiftletIO
import SwiftletModels

extension ModelConfig {
    static let pairs = "pairs"
    static let choicesFromOne = "choices_from_one"

    /// Whether the training had pairs of texts; false too where it is not known.
    var wasTrainedOnPairs: Bool { json["task_specific_params"]?["swiftlet"]?[Self.pairs]?.bool ?? false }

    /// Whether the labels of the training counted the choices from 1; `nil` where it is not known.
    var countsChoicesFromOne: Bool? { json["task_specific_params"]?["swiftlet"]?[Self.choicesFromOne]?.bool }
}

/// Columns that a user named once, for the training: the model's folder keeps their names for evaluations and predictions.
extension TaskOptions {
    private static let (text, pair, label) = ("text_column", "text_pair_column", "label_column")

    /// These options, with the columns of the model's training where none are given and the rows have them.
    func filled(from config: ModelConfig, rows: Dataset?) -> TaskOptions {
        guard let rows else { return self }
        func saved(_ key: String) -> String? {
            config.savedColumn(key).flatMap { rows.columnNames.contains($0) ? $0 : nil }
        }
        var options = self
        if textColumn == nil, textPairColumn == nil, let text = saved(Self.text) {
            let pair = saved(Self.pair)
            if config.savedColumn(Self.pair) == nil || pair != nil {
                options.textColumn = text
                options.textPairColumn = pair
            }
        }
        options.labelColumn = labelColumn ?? saved(Self.label)
        return options
    }

    /// What is kept with a model of the options that hold for its use too: the longest sequence, and the columns that were
    /// read, where their names are not usual ones.
    func saved(text: String? = nil, pair: String? = nil, label: String? = nil) -> JSONObject {
        var saved: JSONObject = [:]
        saved["max_length"] = maxLength.map(JSONValue.int)
        saved[Self.text] = text.map(JSONValue.string)
        if text != nil { saved[Self.pair] = pair.map(JSONValue.string) }
        saved[Self.label] = label.map(JSONValue.string)
        return saved
    }
}
