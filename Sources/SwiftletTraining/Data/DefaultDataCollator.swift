public import SwiftletModels
import SwiftletTensor

/// Stacks rows of one length, without a tokenizer, as `transformers.default_data_collator` does: for rows that were padded
/// when they were tokenized.
public struct DefaultDataCollator: DataCollator {
    /// A collator without settings: it adds no padding, so all rows of a batch must have one length.
    public init() {}

    /// Checks that each row is one sequence, with a mask and segments as long as its ids.
    ///
    /// - Throws: `TrainingError` that names the row.
    public func check(_ examples: [TokenizedExample]) throws {
        try checkRows(examples, DataCollatorWithPadding.checkRow)
    }

    /// - Returns: the batch. Labels that are lists of classes are int64 `[batch, labels]`, others as in
    ///   `DataCollatorWithPadding`. Mask and segments are there if all rows have them.
    /// - Throws: `TrainingError` for rows of several lengths.
    public func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
        for example in examples { try DataCollatorWithPadding.checkRow(example) }
        let rows = RowPadding(length: try PaddingPlan.none.length(of: examples.map(\.inputIDs.count)), padsLeft: false)
        func optional(_ lists: [[Int32]]) -> Tensor? {
            lists.count == examples.count ? rows.tensor(lists, filler: 0) : nil
        }
        var inputs = ModelInputs(
            inputIDs: rows.tensor(examples.map(\.inputIDs), filler: 0),
            attentionMask: optional(examples.compactMap(\.attentionMask)),
            tokenTypeIDs: optional(examples.compactMap(\.tokenTypeIDs)))
        let lists = examples.compactMap { if case .ids(let ids)? = $0.label { ids } else { nil } }
        guard !lists.isEmpty, lists.count == examples.count else {
            try DataCollatorWithPadding.setLabels(&inputs, examples)
            return inputs
        }
        let width = try PaddingPlan.none.length(of: lists.map(\.count), "labels")
        inputs.labels = Tensor(lists.flatMap(\.self), shape: [lists.count, width])
        return inputs
    }
}
