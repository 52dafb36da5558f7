import SwiftletNN
import SwiftletTensor

// The layer of Vaswani et al., "Attention Is All You Need", 2017, as BERT and most encoders after it have it: the norm
// comes after the sum with what went in. The order of operations, dropout draws included, is the Python library's.

/// The sizes and rates of a layer.
struct LayerShape {
    var width: Int
    var headCount: Int
    var intermediateWidth: Int
    var activation: Activation
    var epsilon: Double
    /// On the output of the two halves.
    var dropout: Double
    /// On attention weights.
    var attentionDropout: Double
    /// DistilBERT drops nothing between attention and norm.
    var attentionOutputDropout: Double?
}

/// The names of a layer's parameters in one family's checkpoints.
struct LayerNames {
    var query, key, value, attentionOutput, attentionNorm, intermediate, output, outputNorm: String

    /// Also those of RoBERTa and ELECTRA.
    static let bert = LayerNames(
        query: "attention.self.query", key: "attention.self.key", value: "attention.self.value",
        attentionOutput: "attention.output.dense", attentionNorm: "attention.output.LayerNorm",
        intermediate: "intermediate.dense", output: "output.dense", outputNorm: "output.LayerNorm")
}

/// Attention of each token to those of its sequence.
struct SelfAttention {
    let query: Linear
    let key: Linear
    let value: Linear
    let dropout: Dropout
    let headCount: Int
    private let state: ModelState

    init(_ shape: LayerShape, _ names: LayerNames, in scope: Scope) {
        state = scope.state
        query = Linear(shape.width, shape.width, in: scope / names.query)
        key = Linear(shape.width, shape.width, in: scope / names.key)
        value = Linear(shape.width, shape.width, in: scope / names.value)
        dropout = Dropout(shape.attentionDropout, in: scope)
        headCount = shape.headCount
    }

    /// - Parameters:
    ///   - x: `[batch, sequence, width]` or, packed, `[tokens, width]`
    ///   - bias: added to the scores, `[heads, sequence, sequence]` for the longest sequence
    func callAsFunction(_ x: Tensor, layout: TokenLayout, bias: Tensor? = nil) -> Tensor {
        let (q, k, v) = (query(x), key(x), value(x))
        switch layout {
        case .padded(let mask):
            let (batch, length) = (x.shape[0], x.shape[1])
            return context(q, k, v, [batch, length], mask: mask, bias: bias?.unsqueeze(0)).reshape(x.shape)
        case .packed(let cumulativeLengths, let deviceLengths):
            if bias == nil, let deviceLengths, !state.execution.isAttentionEager {
                func heads(_ t: Tensor) -> Tensor { t.view([t.shape[0], headCount, t.shape[1] / headCount]) }
                let context = F.packedAttention(
                    heads(q), heads(k), heads(v), cumulativeLengths: deviceLengths, longest: longest(cumulativeLengths),
                    dropout: dropout.activeProbability)
                if let context { return context.reshape(x.shape) }
            }
            return Tensor.cat(
                zip(cumulativeLengths, cumulativeLengths.dropFirst()).map { start, end in
                    let length = end - start
                    func rows(_ t: Tensor) -> Tensor { t.narrow(0, start, length) }
                    let bias = bias?.narrow(1, 0, length).narrow(2, 0, length).unsqueeze(0)
                    return context(rows(q), rows(k), rows(v), [1, length], mask: nil, bias: bias)
                        .reshape([length, x.shape[1]])
                }, 0)
        }
    }

    /// `[batch, sequence, heads, width of a head]`
    private func context(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, _ rows: [Int], mask: Tensor?, bias: Tensor?
    ) -> Tensor {
        let headWidth = (q.shape.last ?? 0) / headCount
        // [batch, heads, sequence, width of a head]
        func heads(_ t: Tensor) -> Tensor { t.reshape(rows + [headCount, headWidth]).transpose(1, 2) }
        return state.attention(heads(q), heads(k), heads(v), mask: mask, bias: bias, dropout: dropout).transpose(1, 2)
    }

    /// On packed tokens with the fused kernels, up to the norm of the sum with x.
    func fused(
        _ x: Tensor, output: ResidualOutput, cumulativeLengths: [Int], distanceBias: Tensor?, firstOnly: Bool,
        dropout stream: inout DropoutStream
    ) -> Tensor {
        joinInMemory([query, key, value])
        let dropout = dropout.draw(from: &stream)
        return FusedF.selfAttention(
            x, query: query.projection, key: key.projection, value: value.projection, output: output.fused(&stream),
            cumulativeLengths: cumulativeLengths, headCount: headCount, distanceBias: distanceBias,
            firstOnly: firstOnly,
            dropout: dropout)
    }
}

/// A projection, dropout, and the normalized sum with what came in.
struct ResidualOutput {
    let dense: Linear
    let norm: LayerNorm
    let dropout: Dropout

    init(
        _ inputs: Int, _ shape: LayerShape, _ names: (dense: String, norm: String), dropout rate: Double,
        in scope: Scope
    ) {
        dense = Linear(inputs, shape.width, in: scope / names.dense)
        norm = LayerNorm(shape.width, epsilon: shape.epsilon, in: scope / names.norm)
        dropout = Dropout(rate, in: scope)
    }

    func callAsFunction(_ x: Tensor, residual: Tensor) -> Tensor {
        norm(dropout(dense(x)) + residual)
    }

    /// As the fused functions take it.
    func fused(_ stream: inout DropoutStream) -> FusedF.ResidualNorm {
        dense.residual(norm, dropout: dropout.draw(from: &stream))
    }
}

struct PostNormLayer {
    let attention: SelfAttention
    let attentionOutput: ResidualOutput
    let intermediate: Linear
    let activation: Activation
    let output: ResidualOutput

    init(_ shape: LayerShape, names: LayerNames = .bert, in scope: Scope) {
        attention = SelfAttention(shape, names, in: scope)
        attentionOutput = ResidualOutput(
            shape.width, shape, (names.attentionOutput, names.attentionNorm),
            dropout: shape.attentionOutputDropout ?? shape.dropout, in: scope)
        intermediate = Linear(shape.width, shape.intermediateWidth, in: scope / names.intermediate)
        activation = shape.activation
        output = ResidualOutput(
            shape.intermediateWidth, shape, (names.output, names.outputNorm), dropout: shape.dropout, in: scope)
    }

    func callAsFunction(_ x: Tensor, layout: TokenLayout, bias: Tensor? = nil) -> Tensor {
        let attended = attentionOutput(attention(x, layout: layout, bias: bias), residual: x)
        return output(activation(intermediate(attended)), residual: attended)
    }

    /// - Parameters:
    ///   - x: `[tokens, width]`
    ///   - firstOnly: only the first token of each sequence is computed
    ///   - distanceBias: added to the scores, as `RelativeBias.byDistance` gives it
    func fused(
        _ x: Tensor, cumulativeLengths: [Int], firstOnly: Bool, distanceBias: Tensor?,
        dropout stream: inout DropoutStream
    ) -> Tensor {
        let attended = attention.fused(
            x, output: attentionOutput, cumulativeLengths: cumulativeLengths, distanceBias: distanceBias,
            firstOnly: firstOnly,
            dropout: &stream)
        return fusedFeedForward(attended, intermediate, activation, output: output.fused(&stream))
    }
}
