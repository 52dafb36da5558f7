public import SwiftletTensor

/// What a model is called with: one batch, padded or packed.
///
/// Padded, every row has the length of the longest, and `cumulativeLengths` is `nil`. Packed, the tokens of all
/// sequences lie one after the other in `[tokens]`, and `cumulativeLengths` says where each ends; there is no mask.
public struct ModelInputs {
    /// Token ids `[batch, sequence]`, int64 or int32; packed `[tokens]`. Not read where there are `inputsEmbeds`.
    public var inputIDs: Tensor
    /// Vectors in place of those of the ids, of the model's type: `[batch, sequence, width]`, packed `[tokens, width]`, with
    /// the width of the table of token embeddings. Positions, segments, norm and dropout come on top, as for ids. Runs on
    /// libtorch's operations.
    public var inputsEmbeds: Tensor?
    /// 1 for tokens, 0 for padding, `[batch, sequence]`; `nil` means no padding.
    public var attentionMask: Tensor?
    /// Segment of each token, shaped as `inputIDs`, or `[1, sequence]` for the same in all rows; `nil` means 0 everywhere.
    public var tokenTypeIDs: Tensor?
    /// Position of each token, int64 or int32, shaped as `inputIDs`, or `[1, sequence]` for the same in all rows; `nil`
    /// leaves them to the model: 0, 1, 2, ... in most families.
    public var positionIDs: Tensor?
    /// What the head is trained on: for whole sequences `[batch]` int64 for classes, `[batch]` or `[batch, labels]`
    /// float32 otherwise; for tokens int64 shaped as `inputIDs`.
    public var labels: Tensor?
    /// Question answering: the position of each answer's first token, int64 `[batch]`.
    public var startPositions: Tensor?
    /// Question answering: the position of each answer's last token, int64 `[batch]`.
    public var endPositions: Tensor?
    /// Multiple choice, packed: how many sequences one question has. Padded inputs are `[batch, choices, sequence]`.
    public var choiceCount: Int?
    /// Packed: cumulative sequence lengths, `[sequences + 1]`: 0, then each sequence's end; the last is the number of tokens.
    public var cumulativeLengths: [Int]?
    /// What went wrong in making the batch, where nothing could be thrown: in a `for` loop over a `DataLoader`. Every
    /// model that is called with it throws this error; its tensors are empty. `nil` for a batch that was made.
    public private(set) var failure: (any Error)?

    /// A padded batch.
    ///
    /// - Parameters:
    ///   - inputIDs: int64 `[batch, sequence]`.
    ///   - attentionMask: int64 of that shape, 1 for tokens and 0 for padding; `nil` for no padding.
    ///   - tokenTypeIDs: int64 of that shape; `nil` is segment 0 throughout.
    ///   - labels: what the head is trained on; see `labels`.
    public init(inputIDs: Tensor, attentionMask: Tensor? = nil, tokenTypeIDs: Tensor? = nil, labels: Tensor? = nil) {
        self.inputIDs = inputIDs
        self.attentionMask = attentionMask
        self.tokenTypeIDs = tokenTypeIDs
        self.labels = labels
    }

    /// Inputs of vectors in place of ids.
    ///
    /// - Parameter inputsEmbeds: `[batch, sequence, width]`, or `[batch, choices, sequence, width]` for multiple choice
    public init(
        inputsEmbeds: Tensor, attentionMask: Tensor? = nil, tokenTypeIDs: Tensor? = nil, positionIDs: Tensor? = nil,
        labels: Tensor? = nil
    ) {
        let shape = Array(inputsEmbeds.shape.dropLast())
        self.init(
            inputIDs: Tensor.zeros(shape, dtype: .int64).to(inputsEmbeds.device), attentionMask: attentionMask,
            tokenTypeIDs: tokenTypeIDs, labels: labels)
        self.inputsEmbeds = inputsEmbeds
        self.positionIDs = positionIDs
    }

    /// Packed inputs.
    public init(
        packedIDs: Tensor, cumulativeLengths: [Int], tokenTypeIDs: Tensor? = nil, positionIDs: Tensor? = nil,
        labels: Tensor? = nil
    ) {
        self.init(inputIDs: packedIDs, tokenTypeIDs: tokenTypeIDs, labels: labels)
        self.cumulativeLengths = cumulativeLengths
        self.positionIDs = positionIDs
    }

    /// A batch that could not be made. Every model that is called with it throws the error.
    public init(failure: any Error) {
        self.init(inputIDs: .zeros([0, 0], dtype: .int64))
        self.failure = failure
    }

    /// Throws what went wrong in making the batch, if something did. Models call it; so does a loop that reads batches
    /// without a model.
    public func check() throws {
        if let failure { throw failure }
    }

    /// The batch with all its tensors on a device.
    public func to(_ device: Device) -> ModelInputs {
        var moved = self
        moved.inputIDs = inputIDs.to(device)
        moved.inputsEmbeds = inputsEmbeds?.to(device)
        moved.attentionMask = attentionMask?.to(device)
        moved.tokenTypeIDs = tokenTypeIDs?.to(device)
        moved.positionIDs = positionIDs?.to(device)
        moved.labels = labels?.to(device)
        moved.startPositions = startPositions?.to(device)
        moved.endPositions = endPositions?.to(device)
        return moved
    }
}
