import SwiftletNN

// What ModernBERT's layers are made of. Names are those of `transformers.models.modernbert`.

extension ModernBertConfig {
    func norm(in scope: Scope) -> LayerNorm {
        LayerNorm(hiddenSize, epsilon: normEpsilon, hasBias: normHasBias, in: scope)
    }

    /// Fresh weights follow the model's own rule.
    func initializer(_ deviation: Double) -> Initializer {
        .truncatedNormal(standardDeviation: deviation, cutoff: initializerCutoff, after: initializerRange)
    }

    /// Deviation of projections that add to what came in.
    var outputDeviation: Double { initializerRange / (2 * Double(max(layerCount, 1))).squareRoot() }

    func attentionScope(_ type: AttentionType) -> AttentionScope {
        AttentionScope(
            rotary: RotaryEmbedding(width: hiddenSize / headCount, base: rotaryBase[type] ?? 1),
            window: type == .sliding ? window : nil)
    }

    func layer(_ index: Int, in scope: Scope) -> RotaryLayer {
        func linear(_ inputs: Int, _ outputs: Int, _ hasBias: Bool, _ deviation: Double, in scope: Scope) -> Linear {
            Linear(inputs, outputs, hasBias: hasBias, initializer: initializer(deviation), in: scope)
        }
        let (width, inner, attention, mlp) = (hiddenSize, intermediateSize, scope / "attn", scope / "mlp")
        // The first layer has none: the embeddings are normalized.
        let attentionNorm = index == 0 ? nil : norm(in: scope / "attn_norm")
        let joint = linear(width, width * 3, attentionHasBias, initializerRange, in: attention / "Wqkv")
        let output = linear(width, width, attentionHasBias, outputDeviation, in: attention / "Wo")
        let feedForwardNorm = norm(in: scope / "mlp_norm")
        let both = linear(width, inner * 2, mlpHasBias, initializerRange, in: mlp / "Wi")
        let down = linear(inner, width, mlpHasBias, outputDeviation, in: mlp / "Wo")
        return RotaryLayer(
            .before, attentionNorm: attentionNorm,
            attention: RotaryAttention(
                .joint(joint), output: output, dropout: Dropout(attentionDropout, in: attention), headCount: headCount,
                attention: attentionScope(attentionTypes[index]), state: scope.state),
            attentionDropout: Dropout(attentionDropout, in: attention), feedForwardNorm: feedForwardNorm,
            feedForward: GatedFeedForward(
                .gateThenUp(both), activation, dropout: Dropout(mlpDropout, in: mlp), output: down))
    }
}
