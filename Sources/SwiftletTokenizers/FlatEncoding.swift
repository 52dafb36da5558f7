/// Ids of several sequences in one list.
public struct FlatEncoding: Sendable {
    /// The ids of all sequences, one after the other.
    public internal(set) var ids: [Int32] = []
    /// The segments of all tokens, in the order of `ids`.
    public internal(set) var typeIDs: [Int32] = []
    /// Where each sequence begins in `ids`, and at last where the last one ends.
    public internal(set) var rowOffsets: [Int] = [0]
    /// The number of each row's text, where overflowing parts are rows; empty if each text is one row.
    var samples: [Int] = []

    /// The number of sequences.
    public var count: Int { rowOffsets.count - 1 }

    /// The ids of one sequence.
    public subscript(row: Int) -> ArraySlice<Int32> { ids[rowOffsets[row]..<rowOffsets[row + 1]] }

    func length(_ row: Int) -> Int { rowOffsets[row + 1] - rowOffsets[row] }

    /// The text of a row, and the number of the row among those of the text.
    func sample(_ row: Int) -> (index: Int, part: Int) {
        guard !samples.isEmpty else { return (row, 0) }
        var first = row
        while first > 0, samples[first - 1] == samples[row] { first -= 1 }
        return (samples[row], row - first)
    }

    /// The length of the longest first row of a text. Overflowing parts don't count, as in the Rust library.
    var longestMainRow: Int {
        (0..<count).reduce(0) { longest, row in
            let isMain = samples.isEmpty || row == 0 || samples[row - 1] != samples[row]
            return isMain ? max(longest, length(row)) : longest
        }
    }

    mutating func append(_ other: FlatEncoding) {
        let start = ids.count
        ids += other.ids
        typeIDs += other.typeIDs
        rowOffsets += other.rowOffsets.dropFirst().map { $0 + start }
        samples += other.samples
    }
}
