import SwiftletIO
public import SwiftletTensor

/// What a model answers, whatever its task.
public protocol ModelOutput {
    /// The loss `[]`; `nil` where the inputs had no labels. A training step reads `loss`, which throws then.
    var optionalLoss: Tensor? { get }
    /// What Python's Trainer hands to metrics.
    var predictions: [Tensor] { get }
    /// The embeddings and the output of every layer, each `[batch, sequence, hidden]` or, packed, `[tokens, hidden]`,
    /// if they were asked for.
    var hiddenStates: [Tensor]? { get }
    /// The attention weights of every layer after softmax and dropout, `[batch, heads, queries, keys]` each, if they were
    /// asked for.
    var attentions: [Tensor]? { get }

    /// Replaces the loss and what the head gives.
    mutating func convert(_ change: (Tensor) -> Tensor)
}

extension ModelOutput {
    /// None.
    public var attentions: [Tensor]? { nil }

    /// The loss `[]`, which a training step can't do without.
    ///
    ///     let loss = try model(batch).loss
    ///
    /// - Throws: `ModelError` of kind `noLabels` if the inputs had no labels.
    public var loss: Tensor {
        get throws {
            guard let optionalLoss else {
                throw ModelError(
                    "the model gave no loss, because the batch has no labels",
                    remedy: "Keep the dataset's column 'label' or 'labels'; for question answering, 'start_positions' "
                        + "and 'end_positions'.",
                    kind: .noLabels, at: ErrorLocation(option: "labels"))
            }
            return optionalLoss
        }
    }
}

/// What a classification model answers.
public struct SequenceClassifierOutput: ModelOutput {
    /// The loss, `[]`; `nil` if the batch had no labels.
    public var optionalLoss: Tensor?
    /// `[batch, labels]`
    public var logits: Tensor
    /// The embeddings and each layer's output, `[batch, sequence, hidden]`, if they were asked for.
    public var hiddenStates: [Tensor]?
    /// The attention weights of every layer, `[batch, heads, queries, keys]` each, if they were asked for.
    public var attentions: [Tensor]?

    public var predictions: [Tensor] { [logits] }

    public mutating func convert(_ change: (Tensor) -> Tensor) {
        (optionalLoss, logits) = (optionalLoss.map(change), change(logits))
    }
}

/// What a token classification model answers.
public struct TokenClassifierOutput: ModelOutput {
    /// The loss, `[]`; `nil` if the batch had no labels.
    public var optionalLoss: Tensor?
    /// `[batch, sequence, labels]`; packed `[tokens, labels]`
    public var logits: Tensor
    /// The embeddings and each layer's output, `[batch, sequence, hidden]`, if they were asked for.
    public var hiddenStates: [Tensor]?
    /// The attention weights of every layer, `[batch, heads, queries, keys]` each, if they were asked for.
    public var attentions: [Tensor]?

    public var predictions: [Tensor] { [logits] }

    public mutating func convert(_ change: (Tensor) -> Tensor) {
        (optionalLoss, logits) = (optionalLoss.map(change), change(logits))
    }
}

/// What a masked language model answers.
public struct MaskedLMOutput: ModelOutput {
    /// The loss, `[]`; `nil` if the batch had no labels.
    public var optionalLoss: Tensor?
    /// `[batch, sequence, vocabulary]`; packed `[tokens, vocabulary]`
    public var logits: Tensor
    /// The embeddings and each layer's output, `[batch · choices, sequence, hidden]`, if they were asked for.
    public var hiddenStates: [Tensor]?
    /// The attention weights of every layer, `[batch, heads, queries, keys]` each, if they were asked for.
    public var attentions: [Tensor]?

    public var predictions: [Tensor] { [logits] }

    public mutating func convert(_ change: (Tensor) -> Tensor) {
        (optionalLoss, logits) = (optionalLoss.map(change), change(logits))
    }
}

/// What a question answering model answers.
public struct QuestionAnsweringOutput: ModelOutput {
    /// The loss, `[]`; `nil` if the batch had no positions of answers.
    public var optionalLoss: Tensor?
    /// Score of each position as the answer's first, `[batch, sequence]`. Of packed inputs too, with the lowest number
    /// after the end of shorter sequences.
    public var startLogits: Tensor
    /// Score of each position as the answer's last, shaped as `startLogits`.
    public var endLogits: Tensor
    /// The embeddings and each layer's output, `[batch, sequence, hidden]`, if they were asked for.
    public var hiddenStates: [Tensor]?
    /// The attention weights of every layer, `[batch, heads, queries, keys]` each, if they were asked for.
    public var attentions: [Tensor]?

    public var predictions: [Tensor] { [startLogits, endLogits] }

    public mutating func convert(_ change: (Tensor) -> Tensor) {
        (optionalLoss, startLogits, endLogits) = (optionalLoss.map(change), change(startLogits), change(endLogits))
    }
}

/// What a multiple choice model answers.
public struct MultipleChoiceOutput: ModelOutput {
    /// The loss, `[]`; `nil` if the batch had no labels.
    public var optionalLoss: Tensor?
    /// `[batch, choices]`
    public var logits: Tensor
    /// The embeddings and each layer's output, `[batch, sequence, hidden]`, if they were asked for.
    public var hiddenStates: [Tensor]?
    /// The attention weights of every layer, `[batch, heads, queries, keys]` each, if they were asked for.
    public var attentions: [Tensor]?

    public var predictions: [Tensor] { [logits] }

    public mutating func convert(_ change: (Tensor) -> Tensor) {
        (optionalLoss, logits) = (optionalLoss.map(change), change(logits))
    }
}

/// What an encoder without a head answers.
public struct BackboneOutput: ModelOutput {
    /// `[batch, sequence, hidden]`; packed `[tokens, hidden]`
    public var lastHiddenState: Tensor
    /// `[batch, hidden]`; `nil` where the family has no pooler.
    public var poolerOutput: Tensor?
    /// The embeddings and each layer's output, `[batch, sequence, hidden]`, if they were asked for.
    public var hiddenStates: [Tensor]?
    /// The attention weights of every layer, `[batch, heads, queries, keys]` each, if they were asked for.
    public var attentions: [Tensor]?

    /// An encoder by itself has no loss.
    public var optionalLoss: Tensor? { nil }
    public var predictions: [Tensor] { [lastHiddenState] }

    public mutating func convert(_ change: (Tensor) -> Tensor) {
        (lastHiddenState, poolerOutput) = (change(lastHiddenState), poolerOutput.map(change))
    }
}
