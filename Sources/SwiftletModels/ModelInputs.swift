public import SwiftletTensor

/// What a model is called with: one batch.
public struct ModelInputs {
    /// Token ids `[batch, sequence]`, int64.
    public var inputIDs: Tensor
    /// 1 for tokens, 0 for padding, `[batch, sequence]`; `nil` means no padding.
    public var attentionMask: Tensor?
    /// Segment of each token, `[batch, sequence]`; `nil` means 0 everywhere.
    public var tokenTypeIDs: Tensor?
    /// What the head is trained on: `[batch]` int64 for classes, `[batch]` or `[batch, labels]` float32 otherwise.
    public var labels: Tensor?

    public init(inputIDs: Tensor, attentionMask: Tensor? = nil, tokenTypeIDs: Tensor? = nil, labels: Tensor? = nil) {
        self.inputIDs = inputIDs
        self.attentionMask = attentionMask
        self.tokenTypeIDs = tokenTypeIDs
        self.labels = labels
    }

    public func to(_ device: Device) -> ModelInputs {
        ModelInputs(
            inputIDs: inputIDs.to(device), attentionMask: attentionMask?.to(device),
            tokenTypeIDs: tokenTypeIDs?.to(device), labels: labels?.to(device))
    }
}

/// What a classification model answers.
public struct SequenceClassifierOutput {
    /// Scalar; `nil` where the inputs had no labels.
    public var loss: Tensor?
    /// `[batch, labels]`
    public var logits: Tensor
    /// The embeddings and the output of every layer, each `[batch, sequence, hidden]`, if they were asked for.
    public var hiddenStates: [Tensor]?
}
