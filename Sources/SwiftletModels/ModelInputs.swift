public import SwiftletTensor

/// What a model is called with: one batch, padded or packed.
///
/// Padded, every row has the length of the longest, and `sequenceStarts` is `nil`. Packed, the tokens of all sequences
/// lie one after the other in `[tokens]`, and `sequenceStarts` says where each begins; there is no mask.
public struct ModelInputs {
    /// Token ids `[batch, sequence]`, int64; packed `[tokens]`.
    public var inputIDs: Tensor
    /// 1 for tokens, 0 for padding, `[batch, sequence]`; `nil` means no padding.
    public var attentionMask: Tensor?
    /// Segment of each token, shaped as `inputIDs`; `nil` means 0 everywhere.
    public var tokenTypeIDs: Tensor?
    /// Position of each packed token in its sequence, `[tokens]`; `nil` means 0, 1, 2, ... in each.
    public var positionIDs: Tensor?
    /// What the head is trained on: `[batch]` int64 for classes, `[batch]` or `[batch, labels]` float32 otherwise.
    public var labels: Tensor?
    /// Packed: the index of each sequence's first token, and at the end the number of tokens.
    public var sequenceStarts: [Int]?

    public init(inputIDs: Tensor, attentionMask: Tensor? = nil, tokenTypeIDs: Tensor? = nil, labels: Tensor? = nil) {
        self.inputIDs = inputIDs
        self.attentionMask = attentionMask
        self.tokenTypeIDs = tokenTypeIDs
        self.labels = labels
    }

    /// Packed inputs.
    public init(
        packedIDs: Tensor, sequenceStarts: [Int], tokenTypeIDs: Tensor? = nil, positionIDs: Tensor? = nil,
        labels: Tensor? = nil
    ) {
        self.init(inputIDs: packedIDs, tokenTypeIDs: tokenTypeIDs, labels: labels)
        self.sequenceStarts = sequenceStarts
        self.positionIDs = positionIDs
    }

    public func to(_ device: Device) -> ModelInputs {
        var moved = self
        moved.inputIDs = inputIDs.to(device)
        moved.attentionMask = attentionMask?.to(device)
        moved.tokenTypeIDs = tokenTypeIDs?.to(device)
        moved.positionIDs = positionIDs?.to(device)
        moved.labels = labels?.to(device)
        return moved
    }
}

/// A padded batch without its padding, and the way back.
struct PackedBatch {
    let inputs: ModelInputs
    /// Where each place of `[batch, sequence]` lies among the tokens; the number of tokens for padding.
    private let places: [Int]
    private let shape: [Int]

    /// - Returns: `nil` where the first place of a row is padding: what models pool is that place's state, which only
    ///   padded execution has.
    init?(_ padded: ModelInputs) {
        shape = padded.inputIDs.shape
        let length = shape[1]
        let mask = padded.attentionMask?.bools() ?? [Bool](repeating: true, count: shape[0] * length)
        guard mask.count == shape[0] * length, stride(from: 0, to: mask.count, by: length).allSatisfy({ mask[$0] })
        else { return nil }
        var (kept, starts, places) = ([Int](), [Int](), [Int]())
        kept.reserveCapacity(mask.count)
        for (place, isToken) in mask.enumerated() {
            if place % length == 0 { starts.append(kept.count) }
            places.append(isToken ? kept.count : -1)
            if isToken { kept.append(place) }
        }
        starts.append(kept.count)
        self.places = places.map { $0 < 0 ? kept.count : $0 }
        func packed(_ tensor: Tensor) -> Tensor {
            let values = tensor.ints()
            return Tensor(kept.map { values[$0] }, shape: [kept.count])
        }
        inputs = ModelInputs(
            packedIDs: packed(padded.inputIDs), sequenceStarts: starts,
            tokenTypeIDs: padded.tokenTypeIDs.map(packed),
            positionIDs: Tensor(kept.map { $0 % length }, shape: [kept.count]), labels: padded.labels)
    }

    /// `[tokens, width]` to `[batch, sequence, width]`, with zeros for padding.
    func padded(_ x: Tensor) -> Tensor {
        let width = x.shape[1]
        let rows = Tensor.cat([x, Tensor.zeros([1, width], dtype: x.dtype)], 0)
        return rows.indexSelect(0, Tensor(places, shape: [places.count])).reshape(shape + [width])
    }
}

/// What a classification model answers.
public struct SequenceClassifierOutput {
    /// Scalar; `nil` where the inputs had no labels.
    public var loss: Tensor?
    /// `[batch, labels]`
    public var logits: Tensor
    /// The embeddings and the output of every layer, each `[batch, sequence, hidden]` or, packed, `[tokens, hidden]`,
    /// if they were asked for.
    public var hiddenStates: [Tensor]?
}
