public import SwiftletModels
import SwiftletTensor
public import SwiftletTokenizers

/// Pads rows and, apart from them, their labels, which are lists of any length, as `transformers.DataCollatorForSeq2Seq`
/// does: for models that answer with a text.
public struct DataCollatorForSeq2Seq: DataCollator {
    private let padding: DataCollatorWithPadding
    private let maxLength: Int?
    /// The label of padding, which no loss counts.
    public let labelPadTokenID: Int

    /// - Parameters:
    ///   - padding: `.longest` (or `true`): rows to the longest row of each batch, labels to the longest labels;
    ///     `.maxLength`: both to `maxLength`; `.none` (or `false`): not at all, so that all must have one length.
    ///   - maxLength: in tokens, for `.maxLength`; where it is `nil`, the longest sequence that the model takes for rows,
    ///     and the longest labels of the batch for labels.
    ///   - padToMultipleOf: rounds both lengths up to a multiple of this.
    /// - Throws: `TrainingError` if the tokenizer has no padding token, and for lengths that make no sense.
    public init(
        tokenizer: Tokenizer, padding: Tokenizer.Padding = .longest, maxLength: Int? = nil, padToMultipleOf: Int? = nil,
        labelPadTokenID: Int = -100
    ) throws {
        self.padding = try DataCollatorWithPadding(
            tokenizer: tokenizer, padding: padding, maxLength: maxLength, padToMultipleOf: padToMultipleOf)
        self.maxLength = maxLength
        self.labelPadTokenID = labelPadTokenID
    }

    /// Checks that each row is one sequence, and that its label, if it has one, is a list of token ids.
    ///
    /// - Throws: `TrainingError` that names the row.
    public func check(_ examples: [TokenizedExample]) throws {
        try padding.check(examples)
        try checkRows(examples) { row throws(TrainingError) in _ = try Self.labels(row) }
    }

    /// - Returns: the batch, with labels int64 `[batch, labels]` if all rows have some.
    public func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
        var inputs = try padding.pad(examples).inputs
        let labels = try examples.compactMap(Self.labels)
        guard labels.count == examples.count else { return inputs }
        let length = try padding.plan.labelLength(of: labels.map(\.count), maxLength: maxLength)
        inputs.labels = RowPadding(length: length, padsLeft: padding.plan.padsLeft)
            .tensor(labels, filler: labelPadTokenID)
        return inputs
    }

    /// - Returns: `nil` for a row without labels.
    private static func labels(_ example: TokenizedExample) throws(TrainingError) -> [Int]? {
        guard let label = example.label else { return nil }
        guard case .ids(let ids) = label else {
            throw TrainingError(
                "the label of the row is no list of token ids",
                remedy: "Give the column 'labels' the input_ids of the texts to be written.", kind: .invalidData)
        }
        return ids
    }
}
