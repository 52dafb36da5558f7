import SwiftletIO
import SwiftletTensor
import SwiftletTokenizers

/// Fills the rows of a batch up to one length, on the tokenizer's side.
struct RowPadding {
    let length: Int
    private let padsLeft: Bool

    /// - Throws: `TrainingError` for a batch without tokens.
    init(lengths: [Int], multipleOf multiple: Int?, padsLeft: Bool) throws(TrainingError) {
        guard let longest = lengths.max(), longest > 0 else {
            throw TrainingError(
                "a batch without tokens can't be padded", remedy: "Leave rows without tokens out.", kind: .invalidData,
                at: ErrorLocation(column: "input_ids"))
        }
        let multiple = max(multiple ?? 1, 1)
        length = (longest + multiple - 1) / multiple * multiple
        self.padsLeft = padsLeft
    }

    /// int64 `[rows, length]`
    func tensor(_ rows: [[Int]], filler: Int) -> Tensor {
        Tensor(values(rows, filler: filler), shape: [rows.count, length])
    }

    /// int64 `[rows, length]`
    func tensor(_ rows: [[Int32]], filler: Int) -> Tensor { tensor(rows.map { $0.map(Int.init) }, filler: filler) }

    /// All rows with their filling, one after another.
    func values<Element>(_ rows: [[Element]], filler: Element) -> [Element] {
        var values = [Element](repeating: filler, count: rows.count * length)
        for (row, items) in rows.enumerated() {
            let start = row * length + (padsLeft ? length - items.count : 0)
            for (offset, item) in items.enumerated() { values[start + offset] = item }
        }
        return values
    }
}
