import SwiftletIO
public import SwiftletModels
import SwiftletTensor
public import SwiftletTokenizers

/// Pads all choices of all rows to one length, as `transformers.DataCollatorForMultipleChoice` does.
public struct DataCollatorForMultipleChoice: DataCollator {
    private let padding: DataCollatorWithPadding

    /// - Parameters:
    ///   - padding: `.longest` (or `true`): to the longest choice of each batch; `.maxLength`: to `maxLength`; `.none` (or
    ///     `false`): not at all, so that the choices of a batch must have one length.
    ///   - maxLength: in tokens, for `.maxLength`; where it is `nil`, the longest sequence that the model takes.
    ///   - padToMultipleOf: rounds the length up to a multiple of this.
    /// - Throws: `TrainingError` if the tokenizer has no padding token, and for lengths that make no sense.
    public init(
        tokenizer: Tokenizer, padding: Tokenizer.Padding = .longest, maxLength: Int? = nil, padToMultipleOf: Int? = nil
    ) throws {
        self.padding = try DataCollatorWithPadding(
            tokenizer: tokenizer, padding: padding, maxLength: maxLength, padToMultipleOf: padToMultipleOf)
    }

    /// Checks that each row has choices, and a label among them if it has one.
    ///
    /// - Throws: `TrainingError` that names the row.
    public func check(_ examples: [TokenizedExample]) throws {
        try checkRows(examples) { row throws(TrainingError) in
            let count = try Self.choiceCount([row])
            for choice in row.choices { try padding.checkLength(choice) }
            _ = try Self.label(row, count: count)
        }
    }

    /// - Returns: tensors of shape `[batch, choices, sequence]`, and the right choice of each row, int64 `[batch]`, if
    ///   the rows have labels.
    public func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
        let count = try Self.choiceCount(examples)
        var inputs = try padding.pad(examples.flatMap(\.choices)).inputs
        func nested(_ tensor: Tensor) -> Tensor { tensor.view([examples.count, count, -1]) }
        inputs.inputIDs = nested(inputs.inputIDs)
        inputs.attentionMask = inputs.attentionMask.map(nested)
        inputs.tokenTypeIDs = inputs.tokenTypeIDs.map(nested)
        inputs.labels = try Self.labels(examples, count: count)
        return inputs
    }

    static func choiceCount(_ examples: [TokenizedExample]) throws(TrainingError) -> Int {
        let count = examples.first?.choices.count ?? 0
        guard count > 0, examples.allSatisfy({ $0.choices.count == count }) else {
            throw TrainingError(
                "the rows of one batch have \(examples.map(\.choices.count)) choices; all must have as many, and some",
                remedy: "Give each row a list of lists in 'input_ids': tokenizer.encodeChoices(...) does.",
                kind: .invalidData, at: ErrorLocation(column: "input_ids"))
        }
        return count
    }

    /// int64 `[batch]`; `nil` unless all rows have a label.
    static func labels(_ examples: [TokenizedExample], count: Int) throws -> Tensor? {
        let labels = try examples.compactMap { try label($0, count: count) }
        return labels.count == examples.count ? Tensor(labels, shape: [labels.count]) : nil
    }

    private static func label(_ example: TokenizedExample, count: Int) throws(TrainingError) -> Int? {
        guard let label = example.label else { return nil }
        guard case .id(let id) = label, (0..<count).contains(id) else {
            throw TrainingError(
                "a row of \(count) choices has the label \(label); it must be the number of one",
                remedy: "Count choices from 0.", kind: .invalidData, at: ErrorLocation(column: "label"))
        }
        return id
    }
}
