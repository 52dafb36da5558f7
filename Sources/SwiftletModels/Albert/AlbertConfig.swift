import SwiftletIO
public import SwiftletNN

/// The fields of an ALBERT configuration that change numbers. Defaults are those of `transformers.AlbertConfig`.
public struct AlbertConfig: Sendable {
    /// Rows of the table of token embeddings: `vocab_size`.
    public var vocabularySize: Int
    /// Width of the token embeddings: `embedding_size`. Where it is not the hidden size, a projection follows.
    public var embeddingSize: Int
    /// Width of a token's state: `hidden_size`.
    public var hiddenSize: Int
    /// Layers of the encoder: `num_hidden_layers`.
    public var layerCount: Int
    /// Sets of parameters; neighbouring layers share one.
    public var groupCount: Int
    /// Layers, each with parameters of its own, that run one after the other in place of one.
    public var innerLayerCount: Int
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
    /// Tokens that a sequence may have: `max_position_embeddings`.
    public var maximumPositions: Int
    /// Segments that the model tells apart: `type_vocab_size`.
    public var typeVocabularySize: Int
    /// Added to the variance in layer norms: `layer_norm_eps`.
    public var layerNormEpsilon: Double
    /// The token whose embedding gets no gradient: `pad_token_id`; `nil` for none.
    public var padTokenID: Int?

    /// Reads the family's keys of a configuration; absent ones have the defaults of `transformers`.
    ///
    /// - Throws: `ModelError` that names the key with a value that makes no sense or is not implemented.
    public init(_ config: ModelConfig) throws {
        vocabularySize = try config.int("vocab_size", default: 30000, atLeast: 1)
        embeddingSize = try config.width("embedding_size", default: 128)
        hiddenSize = try config.width("hidden_size", default: 4096)
        layerCount = try config.layerCount("num_hidden_layers", default: 12)
        groupCount = try config.layerCount("num_hidden_groups", default: 1, atLeast: 1)
        innerLayerCount = try config.layerCount("inner_group_num", default: 1, atLeast: 1)
        headCount = try config.width("num_attention_heads", default: 64)
        intermediateSize = try config.width("intermediate_size", default: 16384)
        activation = try config.activation("hidden_act", default: .geluNew)
        hiddenDropout = try config.probability("hidden_dropout_prob", default: 0)
        attentionDropout = try config.probability("attention_probs_dropout_prob", default: 0)
        classifierDropout =
            config.json["classifier_dropout_prob"]?.isNull == true
            ? hiddenDropout : try config.probability("classifier_dropout_prob", default: 0.1)
        maximumPositions = try config.int("max_position_embeddings", default: 512, atLeast: 1)
        typeVocabularySize = try config.int("type_vocab_size", default: 2, atLeast: 1, atMost: ModelConfig.Limit.width)
        layerNormEpsilon = try config.epsilon("layer_norm_eps", default: 1e-12)
        padTokenID = try config.padTokenID(default: 0, rows: vocabularySize)
        for (key, count) in [("num_hidden_groups", groupCount), ("num_hidden_layers", layerCount)]
        where count * innerLayerCount > ModelConfig.Limit.layers {
            throw ModelError(
                "'\(key)' (\(count)) times 'inner_group_num' (\(innerLayerCount)) in '\(config.path)' is more than \(ModelConfig.Limit.layers) layers",
                remedy: ModelError.correctConfiguration, kind: .configuration, at: config.location(key))
        }
        try config.requireHeads(hiddenSize: hiddenSize, headCount: headCount)
        try config.requireAbsolutePositions()
        try config.refuseDecoders()
    }

    /// Layers are dealt to the groups in order, as evenly as Python's float arithmetic does it.
    func group(ofLayer index: Int) -> Int { Int(Double(index) / (Double(layerCount) / Double(groupCount))) }

    var embeddings: TokenEmbeddings.Shape {
        TokenEmbeddings.Shape(
            vocabularySize: vocabularySize, width: embeddingSize, typeCount: typeVocabularySize,
            positionCount: maximumPositions, epsilon: layerNormEpsilon, dropout: hiddenDropout, padTokenID: padTokenID)
    }

    /// The feed-forward half drops nothing, as in the original.
    var layer: LayerShape {
        LayerShape(
            width: hiddenSize, headCount: headCount, intermediateWidth: intermediateSize, activation: activation,
            epsilon: layerNormEpsilon, dropout: 0, attentionDropout: attentionDropout,
            attentionOutputDropout: hiddenDropout)
    }
}
