public import SwiftletNN
import SwiftletTensor

/// An encoder with a classification head on each token.
public final class TokenClassifier: PretrainedModel {
    public let state: ModelState
    /// The configuration, written back by `savePretrained`.
    public var config: ModelConfig
    public let encoder: any Encoder
    /// `tokenClassification`: a class for each token.
    public let task: ModelTask = .tokenClassification
    let head: any TokenHead

    /// A model with no values yet: `state.initializeMissing()` draws them.
    public init(_ config: ModelConfig, state: ModelState) throws {
        let root = try Families.root(config, state)
        self.config = config
        self.state = state
        encoder = try Families.encoder(config, for: .tokenClassification, in: root)
        head = try encoder.tokenHead(config, in: root)
        try Families.finish(config, state)
    }

    /// Labels are int64, shaped as the ids; -100 where a token has none.
    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool
    ) throws -> TokenClassifierOutput {
        try inputs.checkTensors(for: state)
        let states = try encoder(inputs, outputHiddenStates: outputHiddenStates, needs: inputs.positionsWithLabels)
        let logits = head(states.lastHiddenState)
        return TokenClassifierOutput(
            optionalLoss: try inputs.labels.map { try classLoss(logits, $0, "labels", state) },
            logits: logits, hiddenStates: states.hiddenStates, attentions: states.attentions)
    }
}

/// An encoder that predicts the token at each position.
public final class MaskedLM: PretrainedModel {
    public let state: ModelState
    /// The configuration, written back by `savePretrained`.
    public var config: ModelConfig
    public let encoder: any Encoder
    /// `maskedLM`: the token at each position.
    public let task: ModelTask = .maskedLM
    let head: any TokenHead

    /// A model with no values yet: `state.initializeMissing()` draws them.
    public init(_ config: ModelConfig, state: ModelState) throws {
        let root = try Families.root(config, state)
        self.config = config
        self.state = state
        encoder = try Families.encoder(config, for: .maskedLM, in: root)
        head = try encoder.maskedHead(config, in: root)
        try Families.finish(config, state)
    }

    /// Labels are int64, shaped as the ids: the token that was there, or -100 where none is asked for.
    public func callAsFunction(_ inputs: ModelInputs, outputHiddenStates: Bool) throws -> MaskedLMOutput {
        try inputs.checkTensors(for: state)
        let states = try encoder(inputs, outputHiddenStates: outputHiddenStates, needs: inputs.positionsWithLabels)
        let logits = head(states.lastHiddenState)
        return MaskedLMOutput(
            optionalLoss: try inputs.labels.map { try classLoss(logits, $0, "vocabulary entries", state) },
            logits: logits, hiddenStates: states.hiddenStates, attentions: states.attentions)
    }
}

extension ModelInputs {
    /// A label on padding counts in Python, and is computed from the state that padding has there.
    var positionsWithLabels: EncoderNeeds {
        guard cumulativeLengths == nil, let labels, let attentionMask, labels.shape == attentionMask.shape else {
            return .allTokens
        }
        return labels.ne(-100).logicalAnd(attentionMask.eq(0)).any() ? .allPositions : .allTokens
    }
}
