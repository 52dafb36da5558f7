public import SwiftletDatasets
import SwiftletIO
public import SwiftletTokenizers

// Columns whose rows are lists of lists: the choices of multiple choice, and the places of tokens in their texts.

extension TokenizedExamples {
    /// Rows of which each has several sequences.
    static func choices(_ dataset: Dataset) throws -> [TokenizedExample] {
        func lists(_ column: String) throws -> [[[Int32]]]? {
            guard dataset.columnNames.contains(column) else { return nil }
            return try nestedInts(dataset, column)
        }
        guard let ids = try lists("input_ids") else { return [] }
        let (masks, types) = (try lists("attention_mask"), try lists("token_type_ids"))
        return try ids.indices.map { row in
            for (name, other) in [("attention_mask", masks), ("token_type_ids", types)] {
                guard let other, other[row].count != ids[row].count else { continue }
                throw TrainingError(
                    "row \(row) has \(ids[row].count) choices in 'input_ids' and \(other[row].count) in '\(name)'",
                    remedy: "Encode all columns of a row together: tokenizer.encodeChoices(...) does.",
                    kind: .invalidData, at: ErrorLocation(column: name, row: row))
            }
            var example = TokenizedExample(inputIDs: ids[row].max { $0.count < $1.count } ?? [])
            example.choices = ids[row].indices.map { choice in
                TokenizedExample(
                    inputIDs: ids[row][choice], attentionMask: masks?[row][choice], tokenTypeIDs: types?[row][choice])
            }
            return example
        }
    }

    static func offsets(_ dataset: Dataset) throws -> [[Range<Int>]] {
        try nestedInts(dataset, "offset_mapping").enumerated().map { row, pairs in
            try pairs.map { pair in
                guard pair.count == 2, pair[0] >= 0, pair[0] <= pair[1] else {
                    throw TrainingError(
                        "row \(row) of column 'offset_mapping' holds \(pair), which is no place in a text",
                        remedy: "Keep the column as the tokenizer gives it.", kind: .invalidData,
                        at: ErrorLocation(column: "offset_mapping", row: row))
                }
                return Int(pair[0])..<Int(pair[1])
            }
        }
    }

    private static func nestedInts(_ dataset: Dataset, _ column: String) throws -> [[[Int32]]] {
        try dataset.column(column).values().enumerated().map { row, value in
            guard
                let lists = value.list?.map({ list in list.list?.compactMap { $0.int.flatMap(Int32.init(exactly:)) } }),
                zip(lists, value.list ?? []).allSatisfy({ $0?.count == $1.list?.count })
            else {
                throw TrainingError(
                    "row \(row) of column '\(column)' holds something else than lists of numbers",
                    remedy: "Keep the column as the tokenizer gives it.", kind: .invalidData,
                    at: ErrorLocation(column: column, row: row))
            }
            return lists.map { $0 ?? [] }
        }
    }
}

extension BatchEncoding {
    /// `offset_mapping` as a column of a dataset: a start and an end for each token.
    public var offsetValues: [Value] {
        offsets.map { row in .list(row.map { [.int($0.lowerBound), .int($0.upperBound)] }) }
    }
}
