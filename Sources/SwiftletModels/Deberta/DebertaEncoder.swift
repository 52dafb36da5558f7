import SwiftletNN
import SwiftletTensor

/// What DeBERTa models of all versions compute.
struct DebertaEncoder {
    let config: DebertaConfig
    let embeddings: DebertaEmbeddings
    let layers: [DebertaLayer]
    let relativeEmbeddings: Embedding?
    let relativeNorm: LayerNorm?
    let convolution: DebertaV2Convolution?
    let state: ModelState

    init(_ config: DebertaConfig, in scope: Scope) {
        self.config = config
        state = scope.state
        embeddings = DebertaEmbeddings(config, in: scope / "embeddings")
        let scope = scope / "encoder"
        layers = (0..<config.layerCount).map { DebertaLayer(config, in: scope / "layer" / $0) }
        relativeEmbeddings =
            config.hasRelativePositions
            ? Embedding(
                (config.bucketCount ?? config.maximumDistance) * 2, config.hiddenSize, in: scope / "rel_embeddings")
            : nil
        relativeNorm =
            config.normalizesRelativePositions
            ? LayerNorm(config.hiddenSize, epsilon: config.layerNormEpsilon, in: scope / "LayerNorm") : nil
        convolution = config.convolution.map { DebertaV2Convolution(config, $0, in: scope / "conv") }
    }

    /// The table that all layers read.
    private var relativePositions: Tensor? {
        relativeEmbeddings.map { table in relativeNorm.map { $0(table.weight.tensor) } ?? table.weight.tensor }
    }

    /// With libtorch's operations, padded or packed.
    ///
    /// - Returns: the embeddings and each layer's output, or the last alone.
    func states(_ inputs: ModelInputs, all: Bool) -> [Tensor] {
        let layout = DebertaLayout(inputs, config: config, dtype: state.dtype)
        let start = embeddings(inputs, layout: layout)
        var states = [start]
        let relative = relativePositions
        for (index, layer) in layers.enumerated() {
            let x = states[states.count - 1]
            var next =
                state.execution.recomputesNow
                // A recomputed layer's backward pass ends at leaves, so the norm of the table belongs inside it.
                ? recomputed(x) { layer($0, layout: layout, relative: relativePositions) }
                : layer(x, layout: layout, relative: relative)
            if index == 0, let convolution { next = convolution(start, residual: next, layout: layout) }
            if all { states.append(next) } else { states = [next] }
        }
        return states
    }

    /// On packed inputs, with the fused kernels for everything but the attention, which has none for such scores.
    ///
    /// - Parameter firsts: if given, the last layer computes these tokens only.
    func fused(_ inputs: ModelInputs, all: Bool, firsts: Tensor?) -> [Tensor] {
        let layout = DebertaLayout(inputs, config: config, dtype: state.dtype)
        var dropout = DropoutStream()
        let start = embeddings(inputs, layout: layout)
        var states = [start]
        let relative = relativePositions
        for (index, layer) in layers.enumerated() {
            let x = states[states.count - 1]
            // The convolution adds all tokens' neighbours to the first layer.
            let hasConvolution = index == 0 && convolution != nil
            let isShort = index == layers.count - 1 && !hasConvolution
            var next = layer.fused(
                x, layout: layout, relative: relative, firsts: isShort ? firsts : nil, dropout: &dropout)
            if hasConvolution, let convolution {
                next = convolution(start, residual: next, layout: layout)
                if layers.count == 1, let firsts { next = next.indexSelect(0, firsts) }
            }
            if all { states.append(next) } else { states = [next] }
        }
        return states
    }
}
