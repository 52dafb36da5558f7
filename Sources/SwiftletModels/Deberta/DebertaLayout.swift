import SwiftletTensor

/// How the tokens of a batch are arranged for disentangled attention, and how far apart they are.
struct DebertaLayout {
    /// Sequences that attend to themselves: a whole padded batch, or one packed sequence.
    struct Block {
        /// Packed: the row of the first token.
        let start: Int
        /// Number of tokens of each sequence.
        let length: Int
        /// int64 `[queries, keys]`: which row of the relative positions in use counts for a pair of tokens.
        let pairs: Pairs?

        struct Pairs {
            let contentToPosition: Tensor
            /// By key and query.
            let positionToContent: Tensor
        }
    }

    let blocks: [Block]
    let isPacked: Bool
    /// Padded, with padding: bool `[batch, 1, sequence, sequence]`, true where a token may not attend.
    let forbidden: Tensor?
    /// Padded, with padding: 1 for tokens and 0 for padding, `[batch, sequence, 1]`.
    let mask: Tensor?
    /// The rows of the relative positions that any pair needs.
    let relativeRows: Range<Int>
    /// For each token and each position in the convolution's kernel the token there, `[positions, tokens]`; beyond
    /// the tokens, the row that stands for nothing.
    let neighbours: Tensor?

    /// - Parameter inputs: padded or packed, checked.
    init(_ inputs: ModelInputs, config: DebertaConfig, dtype: DType) {
        let shape = inputs.inputIDs.shape
        let device = inputs.inputIDs.device
        let sequences: [(start: Int, positions: [Int])]
        var mask: Tensor?
        if let cumulativeLengths = inputs.cumulativeLengths {
            isPacked = true
            let given = inputs.positionIDs?.ints()
            sequences = zip(cumulativeLengths, cumulativeLengths.dropFirst()).map { start, end in
                (start, given.map { Array($0[start..<end]) } ?? Array(0..<(end - start)))
            }
        } else {
            isPacked = false
            sequences = [(0, Array(0..<shape[1]))]
            mask = inputs.attentionMask.flatMap { $0.ne(0).all() ? nil : $0 }
        }
        forbidden = mask.map { mask in
            let isToken = mask.ne(0)
            return isToken.unsqueeze(1).unsqueeze(2).logicalAnd(isToken.unsqueeze(1).unsqueeze(-1)).logicalNot()
        }
        self.mask = mask.map { $0.ne(0).to(dtype).unsqueeze(2) }

        let distances = sequences.map { ($0.positions.max() ?? 0) - ($0.positions.min() ?? 0) }
        let table =
            config.hasRelativePositions && !config.positionScores.isEmpty
            ? RelativeRows(config, upTo: distances.max() ?? 0) : nil
        let rows = table?.inUse ?? 0..<0
        relativeRows = rows
        blocks = sequences.map { start, positions in
            Block(
                start: start, length: positions.count,
                pairs: table.map { $0.pairs(positions, from: rows.lowerBound, device: device) })
        }
        let all = isPacked ? sequences : (0..<shape[0]).map { ($0 * shape[1], Array(0..<shape[1])) }
        neighbours = config.convolution.map {
            Self.neighbours(all, kernelSize: $0.kernelSize, device: device)
        }
    }

    private static func neighbours(
        _ sequences: [(start: Int, positions: [Int])], kernelSize: Int, device: Device
    ) -> Tensor {
        let count = sequences.reduce(0) { $0 + $1.positions.count }
        var rows: [Int] = []
        rows.reserveCapacity(count * kernelSize)
        for position in 0..<kernelSize {
            let offset = position - (kernelSize - 1) / 2
            for (start, positions) in sequences {
                // Masked tokens inside a sequence are left out of packed tokens; the position tells.
                let row = Dictionary(zip(positions, start...), uniquingKeysWith: { first, _ in first })
                rows += positions.map { row[$0 + offset] ?? count }
            }
        }
        return Tensor(rows, shape: [kernelSize, count]).to(device)
    }
}

/// Which row of the relative positions' table stands for which distance.
struct RelativeRows {
    /// Rows on each side of the table's middle.
    private let span: Int
    /// By distance, from minus the largest.
    private let buckets: [Int]
    private let largest: Int

    /// - Parameter largest: distance between two tokens.
    init(_ config: DebertaConfig, upTo largest: Int) {
        self.largest = largest
        span = config.bucketCount ?? config.maximumDistance
        let far = (0...largest).map { $0 }
        let positive = config.bucketCount.map { Self.buckets(far, count: $0, maximum: config.maximumDistance) } ?? far
        buckets = positive.dropFirst().reversed().map { -$0 } + positive
    }

    /// Distances up to half of `count` have a bucket of their own; beyond, buckets widen with the logarithm.
    private static func buckets(_ distances: [Int], count: Int, maximum: Int) -> [Int] {
        let middle = count / 2
        // libtorch's own float32 logarithm: where a bucket ends hangs on its rounding.
        let ratio = Tensor([Float(Double(maximum - 1) / Double(middle))], shape: [1]).log()
        let absolute = distances.map { Float(max($0, middle)) }
        let logarithms =
            ((Tensor(absolute, shape: [absolute.count]) / Double(middle)).log() / ratio * Double(middle - 1))
            .floats()
        return zip(distances, logarithms).map { distance, logarithm in
            distance <= middle ? distance : Int(logarithm.rounded(.up)) + middle
        }
    }

    private func row(_ distance: Int) -> Int { min(max(distance + span, 0), span * 2 - 1) }

    /// The rows that distances up to the largest need.
    var inUse: Range<Int> { row(-(buckets.last ?? 0))..<row(buckets.last ?? 0) + 1 }

    /// - Parameter first: the first row in use.
    func pairs(_ positions: [Int], from first: Int, device: Device) -> DebertaLayout.Block.Pairs {
        let count = positions.count
        var (content, position) = ([Int](), [Int]())
        content.reserveCapacity(count * count)
        position.reserveCapacity(count * count)
        for from in positions {
            for to in positions {
                let bucket = buckets[from - to + largest]
                content.append(row(bucket) - first)
                position.append(row(-bucket) - first)
            }
        }
        return .init(
            contentToPosition: Tensor(content, shape: [count, count]).to(device),
            positionToContent: Tensor(position, shape: [count, count]).to(device))
    }
}
