public import SwiftletNN
public import SwiftletTensor

extension ModelInputs {
    /// The position of each token: those given, or 0, 1, 2, ... in each sequence. `[batch, sequence]` or `[1, sequence]`,
    /// packed `[tokens]`.
    public var positions: Tensor {
        if let positionIDs { return positionIDs }
        guard let cumulativeLengths else {
            return Tensor.arange(inputIDs.shape[1]).to(inputIDs.device).unsqueeze(0)
        }
        let positions = zip(cumulativeLengths, cumulativeLengths.dropFirst()).flatMap { Array(0..<($1 - $0)) }
        return Tensor(positions, shape: [positions.count]).to(inputIDs.device)
    }
}

extension ModelState {
    /// Runs an encoder's layers: packed with fused kernels where that gives what is asked for, else with libtorch's operations.
    ///
    /// - Parameters:
    ///   - packsPositions: whether positions given with padded inputs go along with the tokens. Else such inputs stay
    ///     padded: they would lose their positions
    ///   - canFuse: whether the kernels are right for these packed inputs; gaps are positions of padding between tokens
    ///   - fused: on packed inputs whose positions are those in a padded row; with first tokens, `[batch]`, only
    ///     these in the last layer
    ///   - reference: on the inputs as they are
    /// - Returns: of both, the embeddings and each layer's output where `outputHiddenStates`, else the last alone.
    public func encode(
        _ inputs: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds, packsPositions: Bool = false,
        canFuse: (ModelInputs, _ hasGaps: Bool) -> Bool = { _, _ in true },
        fused: (ModelInputs, _ firsts: Tensor?) -> [Tensor], reference: (ModelInputs) -> [Tensor]
    ) -> EncoderOutput {
        let record = execution.outputsAttentions ? AttentionRecord() : nil
        attentionRecord = record
        defer { attentionRecord = nil }
        func output(_ states: [Tensor], cumulativeLengths: [Int]?) -> EncoderOutput {
            EncoderOutput(
                lastHiddenState: states[states.count - 1], hiddenStates: outputHiddenStates ? states : nil,
                attentions: record?.weights, cumulativeLengths: cumulativeLengths)
        }
        guard runsFused, inputs.inputsEmbeds == nil, !(needs == .allPositions && inputs.hasPadding) else {
            return output(reference(inputs), cumulativeLengths: inputs.cumulativeLengths)
        }
        let canPack = inputs.cumulativeLengths == nil && (packsPositions || inputs.positionIDs == nil)
        let batch = canPack ? PackedBatch(inputs) : nil
        let packed = batch?.inputs ?? inputs
        guard let cumulativeLengths = packed.cumulativeLengths, canFuse(packed, batch?.hasGaps == true) else {
            return output(reference(inputs), cumulativeLengths: inputs.cumulativeLengths)
        }
        let isShort = needs == .firstTokens && !outputHiddenStates
        func run(_ part: ModelInputs) -> [Tensor] {
            fused(part, isShort ? firstTokens(part.cumulativeLengths ?? cumulativeLengths, .cpu) : nil)
        }
        let states = outputHiddenStates ? run(packed) : [inParts(packed) { run($0)[0] }]
        if isShort { return output(states, cumulativeLengths: nil) }
        return batch.map { output(states.map($0.padded), cumulativeLengths: nil) }
            ?? output(states, cumulativeLengths: cumulativeLengths)
    }
}
