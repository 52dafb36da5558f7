import SwiftletNN
import SwiftletTensor

// Layer names and the order of
// operations, dropout draws included, are those of `transformers.models.modernbert`.

extension ModernBertConfig {
    func norm(in scope: Scope) -> LayerNorm {
        LayerNorm(hiddenSize, epsilon: normEpsilon, hasBias: normHasBias, in: scope)
    }

    /// A projection whose fresh weights follow the model's own rule.
    func linear(_ inputs: Int, _ outputs: Int, hasBias: Bool, deviation: Double, in scope: Scope) -> Linear {
        Linear(inputs, outputs, hasBias: hasBias, initializer: initializer(deviation), in: scope)
    }

    func initializer(_ deviation: Double) -> Initializer {
        .truncatedNormal(standardDeviation: deviation, cutoff: initializerCutoff, after: initializerRange)
    }

    /// Deviation of projections that add to what came in.
    var outputDeviation: Double { initializerRange / (2 * Double(max(layerCount, 1))).squareRoot() }
}

struct ModernBertAttention {
    let joint: Linear
    let output: Linear
    let dropout: Dropout
    let headCount: Int
    let reach: ModernBertConfig.Reach

    init(_ config: ModernBertConfig, reach: ModernBertConfig.Reach, in scope: Scope) {
        let width = config.hiddenSize
        joint = config.linear(
            width, width * 3, hasBias: config.attentionHasBias, deviation: config.initializerRange, in: scope / "Wqkv")
        output = config.linear(
            width, width, hasBias: config.attentionHasBias, deviation: config.outputDeviation, in: scope / "Wo")
        dropout = Dropout(config.attentionDropout, in: scope)
        headCount = config.headCount
        self.reach = reach
    }

    /// `[batch, sequence, hidden]` or, packed, `[tokens, hidden]`
    ///
    /// - Parameter firsts: if given, only these tokens of a packed batch ask, the first of each sequence.
    func callAsFunction(_ x: Tensor, layout: ModernBertLayout, firsts: Tensor? = nil) -> Tensor {
        let hidden = x.shape[x.shape.count - 1]
        let width = hidden / headCount
        // [..., 3, heads, width]
        let all = joint(x).view(Array(x.shape.dropLast()) + [3, headCount, width])
        let axis = x.shape.count - 1
        guard let starts = layout.starts, let rotation = layout.rotations[reach] else {
            func heads(_ index: Int) -> Tensor { all.select(axis, index).transpose(1, 2) }
            let mask = layout.masks[reach]?.first ?? nil
            let context = F.scaledDotProductAttention(
                rotated(heads(0), layout.rotations[reach]), rotated(heads(1), layout.rotations[reach]), heads(2),
                mask: mask, dropout: dropout.activeProbability)
            return dropout(output(context.transpose(1, 2).reshape(x.shape)))
        }
        let (q, k, v) = (rotated(all.select(axis, 0), rotation), rotated(all.select(axis, 1), rotation), all.select(axis, 2))
        let contexts = zip(starts, starts.dropFirst()).enumerated().map { index, range in
            let (start, count) = (range.0, range.1 - range.0)
            let asking = firsts == nil ? count : 1
            // [1, heads, sequence, width]
            func heads(_ t: Tensor, _ count: Int) -> Tensor { t.narrow(0, start, count).unsqueeze(0).transpose(1, 2) }
            return F.scaledDotProductAttention(
                heads(q, asking), heads(k, count), heads(v, count),
                mask: layout.masks[reach]?[index]?.narrow(0, 0, asking), dropout: dropout.activeProbability
            ).transpose(1, 2).reshape([asking, hidden])
        }
        return dropout(output(Tensor.cat(contexts, 0)))
    }

    /// Turns each pair of values, of which one lies in the first half of a head and one in the second.
    private func rotated(_ x: Tensor, _ rotation: (cosine: Tensor, sine: Tensor)?) -> Tensor {
        guard let rotation else { return x }
        let precise = x.dtype == .float64 ? x : x.to(.float32)
        let half = x.shape[x.shape.count - 1] / 2
        let turned = Tensor.cat([-precise.narrow(-1, half, half), precise.narrow(-1, 0, half)], -1)
        return (precise * rotation.cosine + turned * rotation.sine).to(x.dtype)
    }
}

/// A feed-forward layer whose activation is gated.
struct ModernBertFeedForward {
    let input: Linear
    let output: Linear
    let dropout: Dropout
    let activation: Activation

    init(_ config: ModernBertConfig, in scope: Scope) {
        input = config.linear(
            config.hiddenSize, config.intermediateSize * 2, hasBias: config.mlpHasBias,
            deviation: config.initializerRange, in: scope / "Wi")
        output = config.linear(
            config.intermediateSize, config.hiddenSize, hasBias: config.mlpHasBias, deviation: config.outputDeviation,
            in: scope / "Wo")
        dropout = Dropout(config.mlpDropout, in: scope)
        activation = config.activation
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let both = input(x)
        let width = both.shape[both.shape.count - 1] / 2
        return output(dropout(activation(both.narrow(-1, 0, width)) * both.narrow(-1, width, width)))
    }
}

struct ModernBertLayer {
    /// The first layer has none: the embeddings are normalized.
    let attentionNorm: LayerNorm?
    let attention: ModernBertAttention
    let feedForwardNorm: LayerNorm
    let feedForward: ModernBertFeedForward

    init(_ config: ModernBertConfig, index: Int, in scope: Scope) {
        attentionNorm = index == 0 ? nil : config.norm(in: scope / "attn_norm")
        attention = ModernBertAttention(config, reach: config.reaches[index], in: scope / "attn")
        feedForwardNorm = config.norm(in: scope / "mlp_norm")
        feedForward = ModernBertFeedForward(config, in: scope / "mlp")
    }

    /// - Parameter firsts: if given, only these tokens of a packed batch are computed, the first of each sequence.
    func callAsFunction(_ x: Tensor, layout: ModernBertLayout, firsts: Tensor? = nil) -> Tensor {
        let attended = attention(attentionNorm.map { $0(x) } ?? x, layout: layout, firsts: firsts)
        let sum = (firsts.map { x.indexSelect(0, $0) } ?? x) + attended
        return sum + feedForward(feedForwardNorm(sum))
    }
}
