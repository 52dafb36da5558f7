public import SwiftletDatasets
import SwiftletIO
import SwiftletTraining

/// Joins the tokens of all rows of a batch and cuts them into blocks of one length, for training on running text. What
/// is left at the end of a batch is dropped, as in Python's scripts.
///
///     let blocks = try tokenized.map(batched: true, removeColumns: tokenized.columnNames) {
///         try groupTexts($0, blockSize: 128)
///     }
///
/// - Returns: the columns of `batch` that are lists of integers, or of places in texts.
/// - Throws: `TrainingError` for a block size below 1, or a batch without such columns.
public func groupTexts(_ batch: Batch, blockSize: Int) throws -> Columns {
    guard blockSize > 0 else {
        throw TrainingError(
            "blockSize is \(blockSize); it must be at least 1", remedy: "Give the number of tokens of a block.",
            kind: .invalidArgument, at: ErrorLocation(option: "block_size"))
    }
    var blocks = Columns()
    for name in batch.columnNames {
        switch batch.features[name] {
        case .list(.value(let type)) where type.contains("int"):
            blocks[name] = .intLists(cut(try batch.intLists(name).flatMap(\.self), blockSize))
        case .list(.list):
            let joined = try batch.column(name).values().flatMap { $0.list ?? [] }
            blocks[name] = .values(cut(joined, blockSize).map { .list($0) })
        default: continue
        }
    }
    guard !blocks.names.isEmpty else {
        throw TrainingError(
            "there is nothing to group: the columns \(batch.columnNames.joined(separator: ", ")) hold no tokens",
            remedy: "Tokenize first.", kind: .invalidData, at: ErrorLocation(column: "input_ids"))
    }
    return blocks
}

private func cut<Element>(_ values: [Element], _ size: Int) -> [[Element]] {
    (0..<values.count / size).map { Array(values[$0 * size..<($0 + 1) * size]) }
}
