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

    init(_ config: BertConfig, in scope: Scope) {
        words = Embedding(
            config.vocabularySize, config.hiddenSize, paddingIndex: config.padTokenID, in: scope / "word_embeddings")
        positions = Embedding(config.maximumPositions, config.hiddenSize, in: scope / "position_embeddings")
        types = Embedding(config.typeVocabularySize, config.hiddenSize, in: scope / "token_type_embeddings")
        norm = LayerNorm(config.hiddenSize, epsilon: config.layerNormEpsilon, in: scope / "LayerNorm")
        dropout = Dropout(config.hiddenDropout, in: scope)
    }

    /// `[batch, sequence]` to `[batch, sequence, hidden]`
    func callAsFunction(_ inputs: ModelInputs) -> Tensor {
        let length = inputs.inputIDs.shape[1]
        // Segment 0 is added also when no segments are given.
        let segments = inputs.tokenTypeIDs ?? .zerosLike(inputs.inputIDs)
        var sum = words(inputs.inputIDs) + types(segments)
        sum = sum + positions(Tensor.arange(length).to(inputs.inputIDs.device).unsqueeze(0))
        return dropout(norm(sum))
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

    /// - Parameters:
    ///   - x: `[batch, sequence, hidden]`
    ///   - mask: bool `[batch, 1, sequence, sequence]`, true where attention is allowed; `nil` allows all
    func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
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

    func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
        let attended = attentionOutput(attention(x, mask: mask), residual: x)
        return output(activation(intermediate(attended)), residual: attended)
    }
}

/// The encoder without a head.
public final class BertModel {
    public let config: BertConfig
    let embeddings: BertEmbeddings
    let layers: [BertLayer]
    let pooler: Linear

    public init(_ config: BertConfig, in scope: Scope) {
        self.config = config
        embeddings = BertEmbeddings(config, in: scope / "embeddings")
        layers = (0..<config.layerCount).map { BertLayer(config, in: scope / "encoder" / "layer" / $0) }
        pooler = Linear(config.hiddenSize, config.hiddenSize, in: scope / "pooler" / "dense")
    }

    /// - Returns: the embeddings and each layer's output, `[batch, sequence, hidden]` each, the last one last; and the
    ///   pooled first token, `[batch, hidden]`.
    public func callAsFunction(_ inputs: ModelInputs) throws -> (hiddenStates: [Tensor], pooled: Tensor) {
        try check(inputs)
        let mask = attentionMask(inputs)
        var states = [embeddings(inputs)]
        for layer in layers { states.append(layer(states[states.count - 1], mask: mask)) }
        let first = states[states.count - 1].select(1, 0)
        return (states, pooler(first).tanh())
    }

    /// Which tokens may see which, or `nil` where nothing is padded: then libtorch skips masking, as in Python.
    private func attentionMask(_ inputs: ModelInputs) -> Tensor? {
        guard let mask = inputs.attentionMask else { return nil }
        let allowed = mask.ne(0)
        if allowed.all() { return nil }
        let (batch, length) = (mask.shape[0], mask.shape[1])
        return allowed.view([batch, 1, 1, length]).expand([batch, 1, length, length])
    }

    private func check(_ inputs: ModelInputs) throws {
        let shape = inputs.inputIDs.shape
        guard shape.count == 2, shape[0] > 0, shape[1] > 0 else {
            throw ModelError("input ids of shape \(shape); the model takes [batch, sequence], neither of them 0")
        }
        guard shape[1] <= config.maximumPositions else {
            throw ModelError(
                "a sequence of \(shape[1]) tokens is longer than the model's \(config.maximumPositions) positions",
                remedy: "Tokenize with truncation: true.")
        }
        for (name, tensor, limit) in [
            ("input id", inputs.inputIDs, config.vocabularySize),
            ("token type id", inputs.tokenTypeIDs, config.typeVocabularySize),
        ] {
            guard let tensor else { continue }
            let (least, most) = (Int((-((-tensor).max())).item()), Int(tensor.max().item()))
            guard least >= 0, most < limit else {
                throw ModelError(
                    "\(name) \(least < 0 ? least : most) is outside the model's 0 to \(limit - 1)",
                    remedy: "Is this tokenizer the model's own?")
            }
        }
    }
}
