import SwiftletIO
public import SwiftletNN
import SwiftletTensor

/// An encoder with its family's head for whole sequences.
public final class SequenceClassifier: PretrainedModel {
    public let state: ModelState
    public var config: ModelConfig
    public let encoder: any Encoder
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
    }

    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool
    ) throws -> SequenceClassifierOutput {
        let states = try encoder(inputs, outputHiddenStates: outputHiddenStates, needs: head.needs)
        let logits = head(states, inputs)
        var output = SequenceClassifierOutput(logits: logits, hiddenStates: states.hiddenStates)
        if let labels = inputs.labels {
            output.loss = try loss(logits, labels, state)
            if let type = loss.problemType { config.json["problem_type"] = .string(type.rawValue) }
        }
        return output
    }
}
