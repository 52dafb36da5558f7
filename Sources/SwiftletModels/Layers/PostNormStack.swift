import SwiftletNN
import SwiftletTensor

/// Embeddings and post-norm layers: all of BERT but its pooler, and the same of the families that differ from it in
/// names and details only.
struct PostNormStack {
    let embeddings: TokenEmbeddings
    /// From the embeddings' width to the layers', where they differ.
    let projection: Linear?
    /// May hold one layer several times.
    let layers: [PostNormLayer]
    /// Added to the scores of attention.
    let bias: RelativeBias?
    let state: ModelState

    init(
        _ embeddings: TokenEmbeddings, projection: Linear? = nil, layers: [PostNormLayer], bias: RelativeBias? = nil,
        state: ModelState
    ) {
        self.embeddings = embeddings
        self.projection = projection
        self.layers = layers
        self.bias = bias
        self.state = state
    }

    /// Fused kernels leave the states of padding zero, except with `.allPlaces`.
    ///
    /// - Throws: `ModelError` for inputs outside what the model takes.
    func callAsFunction(
        _ given: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds
    ) throws -> EncoderOutput {
        try embeddings.shape.limits.check(given)
        let inputs = embeddings.completed(given)
        if state.runsFused, !(needs == .allPlaces && inputs.hasPadding) {
            if inputs.sequenceStarts != nil {
                if embeddings.canFuse(inputs) {
                    return fused(inputs, outputHiddenStates: outputHiddenStates, needs: needs)
                }
            } else if let packed = PackedBatch(inputs), embeddings.canFuse(packed.inputs),
                bias == nil || !packed.hasGaps
            {
                let output = fused(packed.inputs, outputHiddenStates: outputHiddenStates, needs: needs)
                return EncoderOutput(
                    lastHiddenState: needs == .firstTokens && !outputHiddenStates
                        ? output.lastHiddenState : packed.padded(output.lastHiddenState),
                    hiddenStates: output.hiddenStates?.map(packed.padded))
            }
        }
        return reference(inputs, outputHiddenStates: outputHiddenStates)
    }

    private func reference(_ inputs: ModelInputs, outputHiddenStates: Bool) -> EncoderOutput {
        let layout = TokenLayout(inputs)
        var states = [embedded(inputs)]
        let bias = bias?(longest(inputs))
        for layer in layers {
            let x = states[states.count - 1]
            let next =
                state.isTraining && state.recomputesActivations
                ? recomputed(x) { layer($0, layout: layout, bias: bias) } : layer(x, layout: layout, bias: bias)
            if outputHiddenStates { states.append(next) } else { states = [next] }
        }
        return EncoderOutput(
            lastHiddenState: states[states.count - 1], hiddenStates: outputHiddenStates ? states : nil,
            sequenceStarts: inputs.sequenceStarts)
    }

    private func embedded(_ inputs: ModelInputs) -> Tensor {
        let x = embeddings(inputs)
        return projection?(x) ?? x
    }

    /// The layers on packed inputs with the fused kernels.
    ///
    /// Where only first tokens are read, the last layer computes no others.
    private func fused(_ inputs: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds) -> EncoderOutput {
        guard !outputHiddenStates else {
            let states = fusedStates(inputs, all: true, firstsOnly: false)
            return EncoderOutput(
                lastHiddenState: states[states.count - 1], hiddenStates: states, sequenceStarts: inputs.sequenceStarts)
        }
        let isShort = needs == .firstTokens
        return EncoderOutput(
            lastHiddenState: state.inParts(inputs) { fusedStates($0, all: false, firstsOnly: isShort)[0] },
            sequenceStarts: isShort ? nil : inputs.sequenceStarts)
    }

    /// The embeddings and each layer's output, or the last alone.
    private func fusedStates(_ inputs: ModelInputs, all: Bool, firstsOnly: Bool) -> [Tensor] {
        let starts = inputs.sequenceStarts ?? [0, inputs.inputIDs.count]
        let firsts = firstTokens(starts, .cpu)
        var dropout = DropoutStream()
        let x = embeddings.fused(inputs, dropout: &dropout)
        var states = [projection?(x) ?? x]
        let bias = bias?.byDistance(longest(inputs))
        for (index, layer) in layers.enumerated() {
            let next = layer.fused(
                states[states.count - 1], starts: starts, firsts: firstsOnly && index == layers.count - 1 ? firsts : nil,
                distanceBias: bias, dropout: &dropout)
            if all { states.append(next) } else { states = [next] }
        }
        return firstsOnly && layers.isEmpty ? [states[0].indexSelect(0, firsts)] : states
    }

    private func longest(_ inputs: ModelInputs) -> Int {
        guard let starts = inputs.sequenceStarts else { return inputs.inputIDs.shape[1] }
        return zip(starts, starts.dropFirst()).map { $1 - $0 }.max() ?? 0
    }
}
