public import SwiftletDatasets
import SwiftletIO
public import SwiftletTokenizers
import SwiftletTraining

extension Tokenizer {
    /// Encodes rows of which each has a beginning and several endings, as pairs: the columns of a dataset for multiple
    /// choice, in which each row has a list for each choice.
    ///
    /// - Throws: `TrainingError` for rows with different numbers of choices, else as when encoding.
    public func encodeChoices(
        _ beginnings: [String], _ choices: [[String]], truncation: Truncation = true, maxLength: Int? = nil
    ) throws -> Columns {
        guard choices.count == beginnings.count else {
            throw TrainingError(
                "there are choices for \(choices.count) rows and beginnings for \(beginnings.count)",
                remedy: "Give as many of both.", kind: .invalidArgument)
        }
        let count = choices.first?.count ?? 0
        if let row = choices.firstIndex(where: { $0.count != count || count == 0 }) {
            throw TrainingError(
                "row \(row) has \(choices[row].count) choices and row 0 has \(count)",
                remedy: "Give all rows the same number of choices, at least one.",
                kind: .invalidData, at: ErrorLocation(row: row))
        }
        let encoding = try self(
            beginnings.flatMap { [String](repeating: $0, count: count) }, choices.flatMap(\.self),
            truncation: truncation, maxLength: maxLength)
        return Columns(
            Columns(encoding).map { name, data in
                guard case .intLists(let lists) = data else { return (name, data) }
                let rows = stride(from: 0, to: lists.count, by: max(count, 1)).map { start in
                    Value.list(lists[start..<start + count].map { .list($0.map { .int(Int($0)) }) })
                }
                return (name, .values(rows))
            })
    }

    /// Tokenizes a dataset's choices, in columns as SWAG has them: the first sentence, the beginning of the second, and
    /// its endings.
    ///
    /// - Throws: `DatasetError` for columns of another type, else `TrainingError` or `TokenizerError`.
    public func encodeChoices(
        _ batch: Batch, context: String = "sent1", beginning: String? = "sent2", endings: [String],
        maxLength: Int? = nil
    ) throws -> Columns {
        let heads = try beginning.map { try batch.strings($0) }
        let columns = try endings.map { try batch.strings($0) }
        let choices = (0..<batch.count).map { row in
            columns.map { column in (heads.map { "\($0[row]) " } ?? "") + column[row] }
        }
        return try encodeChoices(try batch.strings(context), choices, maxLength: maxLength)
    }
}
