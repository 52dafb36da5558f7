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

    /// Fused kernels leave the states of padding zero, except with `.allPositions`.
    ///
    /// - Throws: `ModelError` for inputs outside what the model takes.
    func callAsFunction(
        _ given: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds
    ) throws -> EncoderOutput {
        let inputs = try embeddings.limits.check(given, for: state)
        return state.encode(
            embeddings.completed(inputs), outputHiddenStates: outputHiddenStates, needs: needs, packsPositions: true,
            // A bias by distance counts positions, not tokens.
            canFuse: { packed, hasGaps in embeddings.canFuse(packed) && (bias == nil || !hasGaps) },
            fused: { fused($0, all: outputHiddenStates, firsts: $1) },
            reference: { reference($0, all: outputHiddenStates) })
    }

    /// The embeddings and each layer's output, or the last alone.
    private func reference(_ inputs: ModelInputs, all: Bool) -> [Tensor] {
        let layout = TokenLayout(inputs)
        var states = [embedded(embeddings(inputs))]
        let bias = bias?(longest(inputs))
        for layer in layers {
            let x = states[states.count - 1]
            let next =
                state.execution.recomputesNow
                ? recomputed(x) { layer($0, layout: layout, bias: bias) } : layer(x, layout: layout, bias: bias)
            if all { states.append(next) } else { states = [next] }
        }
        return states
    }

    /// Runs the layers on packed inputs with the fused kernels. With first tokens, the last layer computes no others.
    private func fused(_ inputs: ModelInputs, all: Bool, firsts: Tensor?) -> [Tensor] {
        let cumulativeLengths = inputs.cumulativeLengths ?? [0, inputs.inputIDs.count]
        var dropout = DropoutStream()
        var states = [embedded(embeddings.fused(inputs, dropout: &dropout))]
        let bias = bias?.byDistance(longest(inputs))
        for (index, layer) in layers.enumerated() {
            let next = layer.fused(
                states[states.count - 1], cumulativeLengths: cumulativeLengths,
                firstOnly: index == layers.count - 1 && firsts != nil,
                distanceBias: bias, dropout: &dropout)
            if all { states.append(next) } else { states = [next] }
        }
        if layers.isEmpty, let firsts { return [states[0].indexSelect(0, firsts)] }
        return states
    }

    private func embedded(_ x: Tensor) -> Tensor { projection?(x) ?? x }

    private func longest(_ inputs: ModelInputs) -> Int {
        inputs.cumulativeLengths.map(SwiftletModels.longest) ?? inputs.inputIDs.shape[1]
    }
}
