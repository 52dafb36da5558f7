import SwiftletIO
public import SwiftletModels
public import SwiftletTokenizers

/// Pads rows and their token labels, as `transformers.DataCollatorForTokenClassification` does.
public struct DataCollatorForTokenClassification: DataCollator {
    private let padding: DataCollatorWithPadding
    /// The label of padding, which no loss counts.
    public let labelPadTokenID: Int

    /// - Parameters:
    ///   - padding: `.longest` (or `true`): to the longest row of each batch; `.maxLength`: to `maxLength`; `.none` (or
    ///     `false`): not at all, so that the rows of a batch must have one length.
    ///   - maxLength: in tokens, for `.maxLength`; where it is `nil`, the longest sequence that the model takes.
    ///   - padToMultipleOf: rounds the length up to a multiple of this.
    /// - Throws: `TrainingError` if the tokenizer has no padding token, and for lengths that make no sense.
    public init(
        tokenizer: Tokenizer, padding: Tokenizer.Padding = .longest, maxLength: Int? = nil, padToMultipleOf: Int? = nil,
        labelPadTokenID: Int = -100
    ) throws {
        self.padding = try DataCollatorWithPadding(
            tokenizer: tokenizer, padding: padding, maxLength: maxLength, padToMultipleOf: padToMultipleOf)
        self.labelPadTokenID = labelPadTokenID
    }

    /// Checks that each row is one sequence with as many labels as tokens.
    ///
    /// - Throws: `TrainingError` that names the row.
    public func check(_ examples: [TokenizedExample]) throws {
        try padding.check(examples)
        try checkRows(examples) { row throws(TrainingError) in _ = try Self.labels(row) }
    }

    /// - Returns: the batch, with labels int64 `[batch, sequence]` if the rows have some.
    public func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
        var (inputs, rows) = try padding.pad(examples)
        let labels = try examples.compactMap(Self.labels)
        if labels.count == examples.count { inputs.labels = rows.tensor(labels, filler: labelPadTokenID) }
        return inputs
    }

    /// - Returns: `nil` for a row without labels.
    private static func labels(_ example: TokenizedExample) throws(TrainingError) -> [Int]? {
        guard let label = example.label else { return nil }
        guard case .ids(let ids) = label, ids.count == example.inputIDs.count else {
            throw TrainingError(
                "a row of \(example.inputIDs.count) tokens has \(label.numbers.count) labels",
                remedy: "Give each token a label, -100 for those that don't count: tokenizer.alignLabels(...) does.",
                kind: .invalidData, at: ErrorLocation(column: "labels"))
        }
        return ids
    }
}
