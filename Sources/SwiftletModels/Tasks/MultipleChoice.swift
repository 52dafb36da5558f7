public import SwiftletNN
import SwiftletTensor

/// An encoder that scores the choices of a question, each a sequence of its own.
public final class MultipleChoice: PretrainedModel {
    public let state: ModelState
    public var config: ModelConfig
    public let encoder: any Encoder
    public let task: ModelTask = .multipleChoice
    let head: any SequenceHead

    /// A model with no values yet: `state.initializeMissing()` draws them.
    public init(_ config: ModelConfig, state: ModelState) throws {
        let root = try Families.root(config, state)
        self.config = config
        self.state = state
        encoder = try Families.encoder(config, for: .multipleChoice, in: root)
        head = try encoder.choiceHead(config, in: root)
    }

    /// Ids, mask and segments are `[batch, choices, sequence]`; packed `[tokens]`, with `choiceCount`. Labels are int64
    /// `[batch]`, the right choice of each question.
    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool
    ) throws -> MultipleChoiceOutput {
        let (flat, choices) = try Self.flattened(inputs)
        let states = try encoder(flat, outputHiddenStates: outputHiddenStates, needs: head.needs)
        let logits = head(states, flat).reshape([-1, choices])
        return MultipleChoiceOutput(
            loss: try inputs.labels.map { try classLoss(logits, $0, of: choices, "choices", state) },
            logits: logits, hiddenStates: states.hiddenStates)
    }

    private static func flattened(_ inputs: ModelInputs) throws -> (ModelInputs, choices: Int) {
        if let starts = inputs.sequenceStarts {
            guard let choices = inputs.choiceCount, choices > 0, (starts.count - 1) % choices == 0 else {
                throw ModelError(
                    "\(starts.count - 1) packed sequences and \(inputs.choiceCount.map(String.init) ?? "no number of") choices",
                    remedy: "Set choiceCount to the number of sequences that belong to one question.")
            }
            return (inputs, choices)
        }
        let shape = inputs.inputIDs.shape
        guard shape.count == 3, shape.allSatisfy({ $0 > 0 }) else {
            throw ModelError("input ids of shape \(shape); the model takes [batch, choices, sequence], none of them 0")
        }
        var flat = inputs
        func rows(_ tensor: Tensor?) throws -> Tensor? {
            guard let tensor else { return nil }
            guard tensor.shape == shape else {
                throw ModelError("a tensor of shape \(tensor.shape) beside input ids of shape \(shape)")
            }
            return tensor.reshape([shape[0] * shape[1], shape[2]])
        }
        flat.inputIDs = inputs.inputIDs.reshape([shape[0] * shape[1], shape[2]])
        flat.attentionMask = try rows(inputs.attentionMask)
        flat.tokenTypeIDs = try rows(inputs.tokenTypeIDs)
        flat.positionIDs = try rows(inputs.positionIDs)
        return (flat, shape[1])
    }
}
