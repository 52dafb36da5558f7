import SwiftletNN
import SwiftletTensor

// Layer names and the order of operations, dropout draws included, are those of `transformers.models.deberta` and
// `deberta_v2`.

/// Token embeddings, with those of positions and segments where the model has them, normalized.
struct DebertaEmbeddings {
    let words: Embedding
    let positions: Embedding?
    let types: Embedding?
    let projection: Linear?
    let norm: DebertaNorm
    let dropout: Dropout
    private let state: ModelState

    init(_ config: DebertaConfig, in scope: Scope) {
        state = scope.state
        let width = config.embeddingSize
        words = Embedding(config.vocabularySize, width, paddingIndex: config.padTokenID, in: scope / "word_embeddings")
        positions =
            config.addsPositions ? Embedding(config.maximumPositions, width, in: scope / "position_embeddings") : nil
        types =
            config.typeVocabularySize > 0
            ? Embedding(config.typeVocabularySize, width, in: scope / "token_type_embeddings") : nil
        projection =
            width == config.hiddenSize
            ? nil : Linear(width, config.hiddenSize, hasBias: false, in: scope / "embed_proj")
        norm = DebertaNorm(config, in: scope / "LayerNorm")
        dropout = Dropout(config.hiddenDropout, in: scope)
    }

    /// `[batch, sequence]` to `[batch, sequence, hidden]`, zero for padding; packed `[tokens]` to `[tokens, hidden]`
    func callAsFunction(_ inputs: ModelInputs, layout: DebertaLayout) -> Tensor {
        var sum = state.withNoise(inputs.inputsEmbeds ?? words(inputs.inputIDs))
        if let positions { sum = sum + positions(inputs.positions) }
        if let types { sum = sum + types(inputs.tokenTypeIDs ?? .zerosLike(inputs.inputIDs)) }
        if let projection { sum = projection(sum) }
        let normalized = norm(sum)
        return dropout(layout.mask.map { normalized * $0 } ?? normalized)
    }
}

/// A layer norm. Version 1 has its own, which counts in float32 whatever the precision of the rest.
struct DebertaNorm {
    let layerNorm: LayerNorm
    let version: DebertaConfig.Version

    init(_ config: DebertaConfig, in scope: Scope) {
        layerNorm = LayerNorm(config.hiddenSize, epsilon: config.layerNormEpsilon, in: scope)
        version = config.version
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        if version == .two { return layerNorm(x) }
        let precise = x.dtype == .float64 ? x : x.to(.float32)
        let centered = precise - precise.mean(-1, keepDim: true)
        let variance = centered.pow(2).mean(-1, keepDim: true)
        let normalized = centered / (variance + layerNorm.epsilon).sqrt()
        let scaled = layerNorm.weight.tensor * normalized.to(x.dtype)
        return layerNorm.bias.map { scaled + $0.tensor } ?? scaled
    }
}

/// A projection, dropout, and the normalized sum with what came in.
struct DebertaOutput {
    let dense: Linear
    let norm: DebertaNorm
    let dropout: Dropout

    init(_ config: DebertaConfig, inputs: Int, in scope: Scope) {
        dense = Linear(inputs, config.hiddenSize, in: scope / "dense")
        norm = DebertaNorm(config, in: scope / "LayerNorm")
        dropout = Dropout(config.hiddenDropout, in: scope)
    }

    func callAsFunction(_ x: Tensor, residual: Tensor) -> Tensor { norm(dropout(dense(x)) + residual) }

    /// As the fused functions take it.
    func fused(_ stream: inout DropoutStream) -> FusedF.ResidualNorm {
        dense.residual(norm.layerNorm, dropout: dropout.draw(from: &stream))
    }
}

struct DebertaLayer {
    let attention: DebertaSelfAttention
    let attentionOutput: DebertaOutput
    let intermediate: Linear
    let activation: Activation
    let output: DebertaOutput

    init(_ config: DebertaConfig, in scope: Scope) {
        attention = DebertaSelfAttention(config, in: scope / "attention" / "self")
        attentionOutput = DebertaOutput(config, inputs: config.hiddenSize, in: scope / "attention" / "output")
        intermediate = Linear(config.hiddenSize, config.intermediateSize, in: scope / "intermediate" / "dense")
        activation = config.activation
        output = DebertaOutput(config, inputs: config.intermediateSize, in: scope / "output")
    }

    func callAsFunction(_ x: Tensor, layout: DebertaLayout, relative: Tensor?) -> Tensor {
        let attended = attentionOutput(attention(x, layout: layout, relative: relative), residual: x)
        return output(activation(intermediate(attended)), residual: attended)
    }

    /// On packed tokens: attention with libtorch's operations, the rest with the fused kernels.
    ///
    /// - Parameter firsts: if given, only these tokens, the first of each sequence, are computed.
    func fused(
        _ x: Tensor, layout: DebertaLayout, relative: Tensor?, firsts: Tensor?, dropout stream: inout DropoutStream
    ) -> Tensor {
        let context = attention(x, layout: layout, relative: relative, firsts: firsts)
        let attended = FusedF.linearNorm(
            context, residual: firsts.map { x.indexSelect(0, $0) } ?? x, output: attentionOutput.fused(&stream))
        return fusedFeedForward(attended, intermediate, activation, output: output.fused(&stream))
    }
}
