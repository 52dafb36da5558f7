public import SwiftletNN
public import SwiftletTensor

// Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", 2019. Layer names and the order of
// operations, dropout draws included, are those of `transformers.models.bert`.

/// Token, segment and position embeddings, summed and normalized.
struct BertEmbeddings {
    let words: Embedding
    let positions: Embedding
    let types: Embedding
    let norm: LayerNorm
    let dropout: Dropout
    private let state: ModelState

    init(_ config: BertConfig, in scope: Scope) {
        state = scope.state
        words = Embedding(
            config.vocabularySize, config.hiddenSize, paddingIndex: config.padTokenID, in: scope / "word_embeddings")
        positions = Embedding(config.maximumPositions, config.hiddenSize, in: scope / "position_embeddings")
        types = Embedding(config.typeVocabularySize, config.hiddenSize, in: scope / "token_type_embeddings")
        norm = LayerNorm(config.hiddenSize, epsilon: config.layerNormEpsilon, in: scope / "LayerNorm")
        dropout = Dropout(config.hiddenDropout, in: scope)
    }

    /// `[batch, sequence]` to `[batch, sequence, hidden]`; packed `[tokens]` to `[tokens, hidden]`
    func callAsFunction(_ inputs: ModelInputs) -> Tensor {
        // Segment 0 is added also when no segments are given.
        let segments = inputs.tokenTypeIDs ?? .zerosLike(inputs.inputIDs)
        var sum = state.withNoise(words(inputs.inputIDs)) + types(segments)
        sum = sum + positions(positionIDs(inputs))
        return dropout(norm(sum))
    }

    /// `[1, sequence]`, or packed `[tokens]`
    func positionIDs(_ inputs: ModelInputs) -> Tensor {
        guard let starts = inputs.sequenceStarts else {
            return Tensor.arange(inputs.inputIDs.shape[1]).to(inputs.inputIDs.device).unsqueeze(0)
        }
        if let positions = inputs.positionIDs { return positions }
        let positions = zip(starts, starts.dropFirst()).flatMap { Array(0..<($1 - $0)) }
        return Tensor(positions, shape: [positions.count]).to(inputs.inputIDs.device)
    }
}

struct BertSelfAttention {
    let query: Linear
    let key: Linear
    let value: Linear
    let dropout: Dropout
    let headCount: Int

    init(_ config: BertConfig, in scope: Scope) {
        query = Linear(config.hiddenSize, config.hiddenSize, in: scope / "query")
        key = Linear(config.hiddenSize, config.hiddenSize, in: scope / "key")
        value = Linear(config.hiddenSize, config.hiddenSize, in: scope / "value")
        dropout = Dropout(config.attentionDropout, in: scope)
        headCount = config.headCount
    }

    /// `[batch, sequence, hidden]` or, packed, `[tokens, hidden]`
    func callAsFunction(_ x: Tensor, layout: TokenLayout) -> Tensor {
        guard case .padded(let mask) = layout else { return packed(x, layout: layout) }
        let (batch, length, width) = (x.shape[0], x.shape[1], x.shape[2])
        // [batch, heads, sequence, width of a head]
        func heads(_ t: Tensor) -> Tensor {
            t.view([batch, length, headCount, width / headCount]).transpose(1, 2)
        }
        let context = F.scaledDotProductAttention(
            heads(query(x)), heads(key(x)), heads(value(x)), mask: mask, dropout: dropout.activeProbability, scale: nil)
        return context.transpose(1, 2).reshape([batch, length, width])
    }
}

/// A projection, dropout, and the normalized sum with what came in.
struct BertOutput {
    let dense: Linear
    let norm: LayerNorm
    let dropout: Dropout

    init(_ config: BertConfig, inputs: Int, in scope: Scope) {
        dense = Linear(inputs, config.hiddenSize, in: scope / "dense")
        norm = LayerNorm(config.hiddenSize, epsilon: config.layerNormEpsilon, in: scope / "LayerNorm")
        dropout = Dropout(config.hiddenDropout, in: scope)
    }

    func callAsFunction(_ x: Tensor, residual: Tensor) -> Tensor {
        norm(dropout(dense(x)) + residual)
    }
}

struct BertLayer {
    let attention: BertSelfAttention
    let attentionOutput: BertOutput
    let intermediate: Linear
    let activation: Activation
    let output: BertOutput

    init(_ config: BertConfig, in scope: Scope) {
        attention = BertSelfAttention(config, in: scope / "attention" / "self")
        attentionOutput = BertOutput(config, inputs: config.hiddenSize, in: scope / "attention" / "output")
        intermediate = Linear(config.hiddenSize, config.intermediateSize, in: scope / "intermediate" / "dense")
        activation = config.activation
        output = BertOutput(config, inputs: config.intermediateSize, in: scope / "output")
    }

    func callAsFunction(_ x: Tensor, layout: TokenLayout) -> Tensor {
        let attended = attentionOutput(attention(x, layout: layout), residual: x)
        return output(activation(intermediate(attended)), residual: attended)
    }
}

/// How the tokens of a batch are arranged. Only attention reads it.
enum TokenLayout {
    /// `[batch, sequence]`. The mask is bool `[batch, 1, sequence, sequence]`, true where attention is allowed; `nil`
    /// allows all.
    case padded(mask: Tensor?)
    /// `[tokens]`: the index of each sequence's first token, and at the end the number of tokens.
    case packed(starts: [Int])
}

/// The encoder without a head.
public final class BertModel {
    public let config: BertConfig
    let embeddings: BertEmbeddings
    let layers: [BertLayer]
    let pooler: Linear
    let state: ModelState

    public init(_ config: BertConfig, in scope: Scope) {
        self.config = config
        state = scope.state
        embeddings = BertEmbeddings(config, in: scope / "embeddings")
        layers = (0..<config.layerCount).map { BertLayer(config, in: scope / "encoder" / "layer" / $0) }
        pooler = Linear(config.hiddenSize, config.hiddenSize, in: scope / "pooler" / "dense")
    }

    /// - Returns: if asked for, the embeddings and each layer's output, `[batch, sequence, hidden]` each (packed
    ///   `[tokens, hidden]`), the last one last; and the pooled first token, `[batch, hidden]`. Fused kernels leave the
    ///   states of padding zero.
    /// - Throws: `ModelError` for inputs outside what the model takes.
    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool = false
    ) throws -> (hiddenStates: [Tensor]?, pooled: Tensor) {
        try check(inputs)
        if state.runsFused {
            if inputs.sequenceStarts != nil { return fused(inputs, outputHiddenStates: outputHiddenStates) }
            if let packed = PackedBatch(inputs) {
                let (states, pooled) = fused(packed.inputs, outputHiddenStates: outputHiddenStates)
                return (states?.map(packed.padded), pooled)
            }
        }
        let layout = layout(inputs)
        var states = [embeddings(inputs)]
        for layer in layers {
            let x = states[states.count - 1]
            let next =
                state.isTraining && state.recomputesActivations
                ? recomputed(x) { layer($0, layout: layout) } : layer(x, layout: layout)
            if outputHiddenStates { states.append(next) } else { states = [next] }
        }
        let last = states[states.count - 1]
        let first =
            if case .packed(let starts) = layout { last.indexSelect(0, firstTokens(starts, last.device)) } else { last.select(1, 0) }
        return (outputHiddenStates ? states : nil, pool(first))
    }

    /// The first token's state `[batch, hidden]` to what a head takes.
    func pool(_ first: Tensor) -> Tensor { pooler(first).tanh() }

    /// A padded batch without padding gets no mask: then libtorch skips masking, as in Python.
    private func layout(_ inputs: ModelInputs) -> TokenLayout {
        if let starts = inputs.sequenceStarts { return .packed(starts: starts) }
        guard let mask = inputs.attentionMask else { return .padded(mask: nil) }
        let allowed = mask.ne(0)
        if allowed.all() { return .padded(mask: nil) }
        let (batch, length) = (mask.shape[0], mask.shape[1])
        return .padded(mask: allowed.view([batch, 1, 1, length]).expand([batch, 1, length, length]))
    }
}
