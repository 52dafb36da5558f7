import Synchronization

/// What a list of texts became. Padding, if any, is part of the lists.
public struct BatchEncoding: Sendable {
    let call: Call
    let flat: FlatEncoding
    /// `nil` for no padding.
    let paddedLength: Int?
    private let known = KnownSample()

    init(_ call: Call, _ flat: FlatEncoding) {
        self.call = call
        self.flat = flat
        paddedLength = call.limits.paddedLength(longest: flat.longestMainRow)
    }

    private var tokenizer: Tokenizer { call.tokenizer }

    /// Number of sequences, overflowing parts included.
    public var count: Int { flat.count }
    /// The names of the lists that the model takes, in order.
    public var keys: [String] { tokenizer.modelInputNames }
    /// What was encoded, row by row.
    public var rows: [Encoding] { (0..<count).map { self[$0] } }

    /// The lists of ids; made on each access.
    public var inputIDs: [[Int32]] {
        let pad = Int32(tokenizer.padTokenID ?? 0)
        return lists(pad) { Array(flat.ids[$0]) }
    }

    /// Segments of each row, 0 and 1, padded as the ids are.
    public var tokenTypeIDs: [[Int32]] { lists(Int32(tokenizer.padTokenTypeID)) { Array(flat.typeIDs[$0]) } }

    /// 1 for tokens, 0 for padding.
    public var attentionMask: [[Int32]] { lists(0) { Array(repeating: 1, count: $0.count) } }

    /// 1 for special tokens and padding, 0 for tokens of the texts.
    public var specialTokensMask: [[Int32]] { rows.map(\.specialTokensMask) }

    /// Where tokens lie in their texts, in Unicode scalars; Python's `offset_mapping`.
    public var offsets: [[Range<Int>]] { rows.map(\.offsets) }

    /// The number of the text that each sequence is a part of.
    public var overflowToSampleMapping: [Int] { flat.samples.isEmpty ? Array(0..<count) : flat.samples }

    private func lists(_ pad: Int32, _ list: (Range<Int>) -> [Int32]) -> [[Int32]] {
        (0..<count).map { row in padded(list(flat.rowOffsets[row]..<flat.rowOffsets[row + 1]), pad) }
    }

    private func padded<Element>(_ list: [Element], _ pad: Element) -> [Element] {
        guard let paddedLength, paddedLength > list.count else { return list }
        let padding = Array(repeating: pad, count: paddedLength - list.count)
        return call.limits.paddingSide == .left ? padding + list : list + padding
    }

    /// The length of a sequence with its padding.
    func length(_ row: Int) -> Int { max(paddedLength ?? 0, flat.length(row)) }

    /// One sequence with all that is known about it.
    public subscript(row: Int) -> Encoding {
        let range = flat.rowOffsets[row]..<flat.rowOffsets[row + 1]
        let (call, known, flat, length) = (call, known, flat, length(row))
        return Encoding(
            inputIDs: padded(Array(flat.ids[range]), Int32(tokenizer.padTokenID ?? 0)),
            tokenTypeIDs: padded(Array(flat.typeIDs[range]), Int32(tokenizer.padTokenTypeID)),
            attentionMask: padded(Array(repeating: 1, count: range.count), 0)
        ) {
            let (sample, part) = flat.sample(row)
            let rows = known.rows(sample, call)
            var result = rows.indices.contains(part) ? rows[part] : Encoding.Row()
            let missing = max(0, length - result.details.count)
            guard missing > 0 else { return result }
            let padding = Array(repeating: Encoding.Detail(token: call.tokenizer.padToken ?? ""), count: missing)
            if call.limits.paddingSide == .left {
                result.details = padding + result.details
                result.sequences = result.sequences.map { range in
                    range.map { $0.lowerBound + missing..<$0.upperBound + missing }
                }
            } else {
                result.details += padding
            }
            return result
        }
    }

    /// Remembers the text that was looked at last, whose parts are asked for one after another.
    private final class KnownSample: Sendable {
        private let last = Mutex<(sample: Int, rows: [Encoding.Row])?>(nil)

        func rows(_ sample: Int, _ call: Call) -> [Encoding.Row] {
            guard call.limits.returnsOverflow else { return call.rows(sample) }
            return last.withLock { last in
                if let last, last.sample == sample { return last.rows }
                let rows = call.rows(sample)
                last = (sample, rows)
                return rows
            }
        }
    }
}
