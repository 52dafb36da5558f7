public import SwiftletNN
import SwiftletTensor

/// An encoder alone.
public final class Backbone: PretrainedModel {
    public let state: ModelState
    /// The configuration, written back by `savePretrained`.
    public var config: ModelConfig
    public let encoder: any Encoder
    /// `featureExtraction`: states, and no answer of a head.
    public let task: ModelTask = .featureExtraction

    /// A model with no values yet: `state.initializeMissing()` draws them.
    public init(_ config: ModelConfig, state: ModelState) throws {
        self.config = config
        self.state = state
        encoder = try Families.encoder(config, for: nil, in: try Families.root(config, state))
        try Families.finish(config, state)
    }

    public func callAsFunction(_ inputs: ModelInputs, outputHiddenStates: Bool) throws -> BackboneOutput {
        let states = try encoder(inputs, outputHiddenStates: outputHiddenStates, needs: .allTokens)
        return BackboneOutput(
            lastHiddenState: states.lastHiddenState, poolerOutput: encoder.pooled(states),
            hiddenStates: states.hiddenStates, attentions: states.attentions)
    }
}
