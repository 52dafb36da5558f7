import SwiftletTensor

/// A padded batch without its padding, and the way back.
struct PackedBatch {
    let inputs: ModelInputs
    /// Where each position of `[batch, sequence]` lies among the tokens; the number of tokens for padding.
    private let positions: [Int]
    private let shape: [Int]
    /// Whether a row has tokens after padding: then a token's position is not its number among the row's tokens.
    let hasGaps: Bool

    /// - Parameter padded: with `positionIDs`, if the model's are others than 0, 1, 2, ...
    /// - Returns: `nil` where the first position of a row is padding: models pool that position's state, which only
    ///   padded execution has.
    init?(_ padded: ModelInputs) {
        shape = padded.inputIDs.shape
        let length = shape[1]
        let mask = padded.attentionMask?.bools() ?? [Bool](repeating: true, count: shape[0] * length)
        guard mask.count == shape[0] * length, stride(from: 0, to: mask.count, by: length).allSatisfy({ mask[$0] })
        else { return nil }
        var (kept, cumulativeLengths, positions) = ([Int](), [Int](), [Int]())
        kept.reserveCapacity(mask.count)
        for (position, isToken) in mask.enumerated() {
            if position % length == 0 { cumulativeLengths.append(kept.count) }
            positions.append(isToken ? kept.count : -1)
            if isToken { kept.append(position) }
        }
        cumulativeLengths.append(kept.count)
        hasGaps = zip(positions, positions.dropFirst()).enumerated().contains {
            $0.offset % length != length - 1 && $0.element.0 < 0 && $0.element.1 >= 0
        }
        self.positions = positions.map { $0 < 0 ? kept.count : $0 }
        func packed(_ tensor: Tensor) -> Tensor {
            let values = tensor.ints()
            return Tensor(kept.map { values[$0] }, shape: [kept.count])
        }
        inputs = ModelInputs(
            packedIDs: packed(padded.inputIDs), cumulativeLengths: cumulativeLengths,
            tokenTypeIDs: padded.tokenTypeIDs.map(packed),
            positionIDs: padded.positionIDs.map(packed) ?? Tensor(kept.map { $0 % length }, shape: [kept.count]))
    }

    /// `[tokens, width]` to `[batch, sequence, width]`, with zeros for padding.
    func padded(_ x: Tensor) -> Tensor {
        let width = x.shape[1]
        let rows = Tensor.cat([x, Tensor.zeros([1, width], dtype: x.dtype)], 0)
        return rows.indexSelect(0, Tensor(positions, shape: [positions.count])).reshape(shape + [width])
    }
}
