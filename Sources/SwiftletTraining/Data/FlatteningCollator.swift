public import SwiftletModels
import SwiftletTensor
public import SwiftletTokenizers

/// Lays the rows of a batch one after another, without padding: named after `transformers.DataCollatorWithFlattening`.
/// Each row stays a sequence of its own, which attends to itself alone and begins at position 0, so the results are those
/// of padded rows.
///
/// Rows that bring padding, or nothing at all, are padded as always. For labels of whole rows, and for multiple choice.
public struct DataCollatorWithFlattening: DataCollator {
    private let padding: DataCollatorWithPadding
    private let choices: DataCollatorForMultipleChoice

    /// - Throws: `TrainingError` if the tokenizer has no padding token.
    public init(tokenizer: Tokenizer) throws {
        padding = try DataCollatorWithPadding(tokenizer: tokenizer)
        choices = try DataCollatorForMultipleChoice(tokenizer: tokenizer)
    }

    /// Checks the rows as the collator of their kind does: one sequence each, or several choices.
    ///
    /// - Throws: `TrainingError` that names the row.
    public func check(_ examples: [TokenizedExample]) throws {
        if examples.first?.choices.isEmpty == false { try choices.check(examples) } else { try padding.check(examples) }
    }

    /// Puts the rows one after the other, without padding.
    ///
    /// - Returns: packed `[tokens]` ids with `cumulativeLengths`; padded ones if the rows have labels that need it.
    /// - Throws: `TrainingError` for rows whose columns or labels don't fit each other.
    public func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
        guard let first = examples.first, !first.choices.isEmpty else {
            guard var inputs = packed(examples) else { return try padding(examples) }
            try DataCollatorWithPadding.setLabels(&inputs, examples)
            return inputs
        }
        let count = try DataCollatorForMultipleChoice.choiceCount(examples)
        guard var inputs = packed(examples.flatMap(\.choices)) else { return try choices(examples) }
        inputs.choiceCount = count
        inputs.labels = try DataCollatorForMultipleChoice.labels(examples, count: count)
        return inputs
    }

    /// - Returns: `nil` for rows that can't be packed to the same result: padding of their own counts for positions, and
    ///   on the left it shifts them; a row of several choices is no sequence.
    private func packed(_ rows: [TokenizedExample]) -> ModelInputs? {
        guard !rows.isEmpty else { return nil }
        let count = rows.reduce(0) { $0 + $1.inputIDs.count }
        var (ids, types, cumulativeLengths) = ([Int64](), [Int64](), [0])
        ids.reserveCapacity(count)
        types.reserveCapacity(count)
        // As in padded batches, segments count where all rows have them.
        let hasTypes = rows.allSatisfy { $0.tokenTypeIDs != nil }
        for row in rows {
            let length = row.inputIDs.count
            guard length > 0, row.choices.isEmpty, !row.inputIDs.contains(padding.padTokenID),
                row.attentionMask.map({ $0.count == length && !$0.contains(0) }) ?? true,
                row.tokenTypeIDs.map({ $0.count == length }) ?? true
            else { return nil }
            ids += row.inputIDs.lazy.map(Int64.init)
            if hasTypes, let rowTypes = row.tokenTypeIDs { types += rowTypes.lazy.map(Int64.init) }
            cumulativeLengths.append(ids.count)
        }
        return ModelInputs(
            packedIDs: Tensor(ids, shape: [count]), cumulativeLengths: cumulativeLengths,
            tokenTypeIDs: hasTypes ? Tensor(types, shape: [count]) : nil)
    }
}

extension ModelInputs {
    /// Positions of the batch, padding included, which a packed one would have if it were padded: what Python counts as
    /// tokens seen.
    var positionCount: Int {
        guard let cumulativeLengths = cumulativeLengths else { return inputIDs.count }
        let lengths = zip(cumulativeLengths, cumulativeLengths.dropFirst()).map { $1 - $0 }
        return (lengths.max() ?? 0) * lengths.count
    }
}
