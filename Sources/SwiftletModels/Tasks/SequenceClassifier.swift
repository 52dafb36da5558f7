import SwiftletIO
public import SwiftletNN
import SwiftletTensor

/// An encoder with its family's head for whole sequences.
public final class SequenceClassifier: PretrainedModel {
    public let state: ModelState
    /// The configuration, written back by `savePretrained`.
    public var config: ModelConfig
    public let encoder: any Encoder
    /// `sequenceClassification`: classes, labels or numbers of a text.
    public let task: ModelTask = .sequenceClassification
    let head: any SequenceHead
    private var loss: ClassificationLoss

    /// A model with no values yet: `state.initializeMissing()` draws them.
    public init(_ config: ModelConfig, state: ModelState) throws {
        let root = try Families.root(config, state)
        self.config = config
        self.state = state
        encoder = try Families.encoder(config, for: .sequenceClassification, in: root)
        head = try encoder.sequenceHead(config, in: root)
        loss = ClassificationLoss(
            problemType: try config.problemType, labelCount: try config.labelCount,
            rule: Swift.type(of: encoder).lossRule)
        try Families.finish(config, state)
    }

    /// Runs the model on a batch.
    ///
    /// - Parameters:
    ///   - inputs: padded `[batch, sequence]` or packed `[tokens]`; with `labels` the output has a loss.
    ///   - outputHiddenStates: keep the embeddings and each layer's output.
    /// - Returns: logits `[batch, labels]`.
    /// - Throws: `ModelError` for inputs or labels that the model can't take.
    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool
    ) throws -> SequenceClassifierOutput {
        let states = try encoder(inputs, outputHiddenStates: outputHiddenStates, needs: head.needs)
        let logits = head(states, inputs)
        var output = SequenceClassifierOutput(
            logits: logits, hiddenStates: states.hiddenStates, attentions: states.attentions)
        if let labels = inputs.labels {
            output.optionalLoss = try loss(logits, labels, state)
            if let type = loss.problemType { config.json["problem_type"] = .string(type.rawValue) }
        }
        return output
    }
}
