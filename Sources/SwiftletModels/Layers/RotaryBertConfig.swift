import SwiftletIO
public import SwiftletNN

/// The fields that encoders with BERT's layers and rotations for positions share: NomicBERT, GTE and Jina embeddings v3.
/// They differ in defaults.
public struct RotaryBertConfig: Sendable {
    /// Rows of the table of token embeddings: `vocab_size`.
    public var vocabularySize: Int
    /// Width of a token's state: `hidden_size`.
    public var hiddenSize: Int
    /// Layers of the encoder: `num_hidden_layers`.
    public var layerCount: Int
    /// Attention heads of each layer: `num_attention_heads`.
    public var headCount: Int
    /// Width between the two projections of a layer's feed-forward half: `intermediate_size`.
    public var intermediateSize: Int
    /// The function of the feed-forward half: `hidden_act`.
    public var activation: Activation
    /// Share of states that becomes zero in training: `hidden_dropout_prob`.
    public var hiddenDropout: Double
    /// Share of attention weights that becomes zero in training: `attention_probs_dropout_prob`.
    public var attentionDropout: Double
    /// Share of what the head reads that becomes zero in training: `classifier_dropout`.
    public var classifierDropout: Double
    /// 0 for a model without segments.
    public var typeVocabularySize: Int
    /// What the model was trained for; rotations have no table that could end.
    public var maximumPositions: Int
    /// Added to the variance in layer norms: `layer_norm_eps`.
    public var layerNormEpsilon: Double
    /// The token whose embedding gets no gradient: `pad_token_id`; `nil` for none.
    public var padTokenID: Int?
    /// How positions turn queries and keys.
    public var rotary: RotaryEmbedding

    /// A family's defaults, those of its class in `transformers`.
    struct Defaults {
        var vocabularySize: Int
        var hiddenSize = 768
        var layerCount = 12
        var headCount = 12
        var intermediateSize = 3072
        var activation = Activation.gelu
        var hiddenDropout = 0.1
        var attentionDropout = 0.0
        var maximumPositions = 8192
        var typeVocabularySize = 1
        var leastTypes = 1
        var layerNormEpsilon = 1e-12
        var padTokenID = 1
        var rotaryBase: Double
    }

    init(_ config: ModelConfig, defaults: Defaults) throws {
        vocabularySize = try config.int("vocab_size", default: defaults.vocabularySize, atLeast: 1)
        hiddenSize = try config.width("hidden_size", default: defaults.hiddenSize)
        layerCount = try config.layerCount("num_hidden_layers", default: defaults.layerCount)
        headCount = try config.width("num_attention_heads", default: defaults.headCount)
        intermediateSize = try config.width("intermediate_size", default: defaults.intermediateSize)
        activation = try config.activation("hidden_act", default: defaults.activation)
        hiddenDropout = try config.probability("hidden_dropout_prob", default: defaults.hiddenDropout)
        attentionDropout = try config.probability("attention_probs_dropout_prob", default: defaults.attentionDropout)
        classifierDropout = try config.probability("classifier_dropout", default: hiddenDropout)
        maximumPositions = try config.int(
            "max_position_embeddings", default: defaults.maximumPositions, atLeast: 1)
        typeVocabularySize = try config.int(
            "type_vocab_size", default: defaults.typeVocabularySize, atLeast: defaults.leastTypes,
            atMost: ModelConfig.Limit.width)
        layerNormEpsilon = try config.epsilon("layer_norm_eps", default: defaults.layerNormEpsilon)
        padTokenID = try config.padTokenID(default: defaults.padTokenID, rows: vocabularySize)
        let width = try config.headWidth(hiddenSize: hiddenSize, headCount: headCount)
        rotary = try RotaryEmbedding(config, width: width, defaultBase: defaults.rotaryBase)
        try config.refuseDecoders()
    }

    /// Width of all heads together.
    var innerWidth: Int { headCount * rotary.width }

    func norm(in scope: Scope) -> LayerNorm { LayerNorm(hiddenSize, epsilon: layerNormEpsilon, in: scope) }

    /// Words, segments where there are any, and a norm.
    func embeddings(in scope: Scope, norm: Scope) -> RotaryStackEmbeddings {
        let words = Embedding(vocabularySize, hiddenSize, paddingIndex: padTokenID, in: scope / "word_embeddings")
        let types =
            typeVocabularySize > 0
            ? Embedding(typeVocabularySize, hiddenSize, in: scope / "token_type_embeddings") : nil
        return RotaryStackEmbeddings(
            words: words, types: types, norm: self.norm(in: norm), dropout: Dropout(hiddenDropout, in: scope),
            state: scope.state)
    }

    /// The whole encoder, and a pooler where the family has one for the task. Python makes the pooler between embeddings
    /// and layers, so it draws before them here too.
    ///
    /// - Parameters:
    ///   - norm: of the embeddings, in the scope of the model
    ///   - layers: the scope in which layers are numbered
    ///   - hasBias: of the projections of attention
    ///   - feedForward: makes the second half of a layer, in the layer's scope
    func stack(
        _ names: LayerNames, norm: String, layers: String, hasBias: Bool = true, hasPooler: Bool, in scope: Scope,
        feedForward: (Scope) -> any FeedForward
    ) -> (stack: RotaryStack, pooler: Pooler?) {
        let embeddings = embeddings(in: scope / "embeddings", norm: scope / norm)
        let pooler = hasPooler ? Pooler(hiddenSize, in: scope / "pooler") : nil
        let layers = (0..<layerCount).map { index in
            let layer = scope / layers / index
            return self.layer(names, hasBias: hasBias, in: layer) { feedForward(layer) }
        }
        return (RotaryStack(embeddings, layers: layers, state: scope.state), pooler)
    }

    /// The names of a layer's parameters in the family's checkpoints.
    struct LayerNames {
        var joint: String
        var output: String
        var attentionNorm: String
        var outputNorm: String
    }

    /// A layer whose norms come after the sums, and whose attention projects to queries, keys and values at once.
    func layer(
        _ names: LayerNames, hasBias: Bool, in scope: Scope, feedForward: () -> any FeedForward
    ) -> RotaryLayer {
        let attentionNorm = norm(in: scope / names.attentionNorm)
        let feedForward = feedForward()
        let joint = Linear(hiddenSize, innerWidth * 3, hasBias: hasBias, in: scope / names.joint)
        let output = Linear(innerWidth, hiddenSize, hasBias: hasBias, in: scope / names.output)
        return RotaryLayer(
            .after, attentionNorm: attentionNorm,
            attention: RotaryAttention(
                .joint(joint), output: output, dropout: Dropout(attentionDropout, in: scope), headCount: headCount,
                attention: AttentionScope(rotary: rotary), state: scope.state),
            attentionDropout: Dropout(hiddenDropout, in: scope), feedForwardNorm: norm(in: scope / names.outputNorm),
            feedForward: feedForward, feedForwardDropout: Dropout(hiddenDropout, in: scope))
    }
}

extension ModelConfig {
    /// Values of a head: `head_dim`, else the hidden size shared evenly.
    public func headWidth(hiddenSize: Int, headCount: Int) throws -> Int {
        if let value = json["head_dim"], !value.isNull {
            let width = try width("head_dim", default: nil)
            guard width * headCount <= Limit.width else {
                throw ModelError(
                    "'head_dim' (\(width)) times 'num_attention_heads' (\(headCount)) in '\(path)' is more than \(Limit.width)",
                    remedy: ModelError.correctConfiguration, kind: .configuration, at: location("head_dim"))
            }
            return width
        }
        try requireHeads(hiddenSize: hiddenSize, headCount: headCount)
        return hiddenSize / headCount
    }
}
