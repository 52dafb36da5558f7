import SwiftletIO
public import SwiftletNN
import SwiftletTensor

/// An encoder that scores the choices of a question, each a sequence of its own.
public final class MultipleChoice: PretrainedModel {
    public let state: ModelState
    /// The configuration, written back by `savePretrained`.
    public var config: ModelConfig
    public let encoder: any Encoder
    /// `multipleChoice`: one of several texts.
    public let task: ModelTask = .multipleChoice
    let head: any SequenceHead

    /// A model with no values yet: `state.initializeMissing()` draws them.
    public init(_ config: ModelConfig, state: ModelState) throws {
        let root = try Families.root(config, state)
        self.config = config
        self.state = state
        encoder = try Families.encoder(config, for: .multipleChoice, in: root)
        head = try encoder.choiceHead(config, in: root)
        try Families.finish(config, state)
    }

    /// Ids, mask and segments are `[batch, choices, sequence]`; packed `[tokens]`, with `choiceCount`. Labels are int64
    /// `[batch]`, the right choice of each question.
    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool
    ) throws -> MultipleChoiceOutput {
        try inputs.check()
        try inputs.checkTensors(for: state)
        let (flat, choices) = try Self.flattened(inputs)
        let states = try encoder(flat, outputHiddenStates: outputHiddenStates, needs: head.needs)
        let logits = head(states, flat).reshape([-1, choices])
        return MultipleChoiceOutput(
            optionalLoss: try inputs.labels.map { try classLoss(logits, $0, "choices", state) },
            logits: logits, hiddenStates: states.hiddenStates, attentions: states.attentions)
    }

    private static func flattened(_ inputs: ModelInputs) throws -> (ModelInputs, choices: Int) {
        if let cumulativeLengths = inputs.cumulativeLengths {
            let rowCount = cumulativeLengths.count - 1
            guard let choices = inputs.choiceCount, choices > 0, rowCount > 0, rowCount % choices == 0 else {
                throw ModelError(
                    "\(rowCount) packed sequences and \(inputs.choiceCount.map(String.init) ?? "no number of") choices",
                    remedy: "Set choiceCount to the number of sequences that belong to one question.", kind: .inputs,
                    at: ErrorLocation(option: "choiceCount"))
            }
            return (inputs, choices)
        }
        let shape = inputs.inputIDs.shape
        guard shape.count == 3, shape.allSatisfy({ $0 > 0 }) else {
            throw ModelError(
                "input ids of shape \(shape); the model takes [batch, choices, sequence], none of them 0",
                remedy: "Give each question its choices, each of at least one token.", kind: .inputs,
                at: ErrorLocation(option: "input_ids"))
        }
        var flat = inputs
        func rows(_ tensor: Tensor?) throws -> Tensor? {
            guard let tensor else { return nil }
            guard tensor.shape == shape else {
                throw ModelError(
                    "a tensor of shape \(tensor.shape) beside input ids of shape \(shape)",
                    remedy: "Give mask and segments of the ids' shape.", kind: .inputs,
                    at: ErrorLocation(option: "attention_mask"))
            }
            return tensor.reshape([shape[0] * shape[1], shape[2]])
        }
        flat.inputIDs = inputs.inputIDs.reshape([shape[0] * shape[1], shape[2]])
        if let embeds = inputs.inputsEmbeds {
            guard embeds.rank == 4, Array(embeds.shape.dropLast()) == shape else {
                throw ModelError(
                    "input embeddings of shape \(embeds.shape); the model takes [batch, choices, sequence, width]",
                    remedy: "Give one vector for each token of each choice.", kind: .inputs,
                    at: ErrorLocation(option: "inputs_embeds"))
            }
            flat.inputsEmbeds = embeds.reshape([shape[0] * shape[1], shape[2], embeds.shape[3]])
        }
        flat.attentionMask = try rows(inputs.attentionMask)
        flat.tokenTypeIDs = try rows(inputs.tokenTypeIDs)
        flat.positionIDs = try rows(inputs.positionIDs)
        return (flat, shape[1])
    }
}
