import SwiftletIO
public import SwiftletNN

/// The fields of a BERT configuration that change numbers, for BERT and the families that use its names. Defaults are
/// those of `transformers.BertConfig`.
public struct BertConfig: Sendable {
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
    /// Tokens that a sequence may have: `max_position_embeddings`.
    public var maximumPositions: Int
    /// Segments that the model tells apart: `type_vocab_size`.
    public var typeVocabularySize: Int
    /// Added to the variance in layer norms: `layer_norm_eps`.
    public var layerNormEpsilon: Double
    /// The token whose embedding gets no gradient: `pad_token_id`; `nil` for none.
    public var padTokenID: Int?

    /// A family's own defaults, where they are not BERT's.
    struct Defaults {
        var vocabularySize = 30522
        var hiddenSize = 768
        var headCount = 12
        var intermediateSize = 3072
        var padTokenID = 0
    }

    /// Reads the family's keys of a configuration; absent ones have the defaults of `transformers`.
    ///
    /// - Throws: `ModelError` that names the key with a value that makes no sense or is not implemented.
    public init(_ config: ModelConfig) throws { try self.init(config, defaults: Defaults()) }

    init(_ config: ModelConfig, defaults: Defaults) throws {
        vocabularySize = try config.int("vocab_size", default: defaults.vocabularySize, atLeast: 1)
        hiddenSize = try config.width("hidden_size", default: defaults.hiddenSize)
        layerCount = try config.layerCount("num_hidden_layers", default: 12)
        headCount = try config.width("num_attention_heads", default: defaults.headCount)
        intermediateSize = try config.width("intermediate_size", default: defaults.intermediateSize)
        activation = try config.activation("hidden_act", default: .gelu)
        hiddenDropout = try config.probability("hidden_dropout_prob", default: 0.1)
        attentionDropout = try config.probability("attention_probs_dropout_prob", default: 0.1)
        maximumPositions = try config.int("max_position_embeddings", default: 512, atLeast: 1)
        typeVocabularySize = try config.int("type_vocab_size", default: 2, atLeast: 1, atMost: ModelConfig.Limit.width)
        layerNormEpsilon = try config.epsilon("layer_norm_eps", default: 1e-12)
        padTokenID = try config.padTokenID(default: defaults.padTokenID, rows: vocabularySize)
        guard hiddenSize % headCount == 0 else {
            throw ModelError(
                "'hidden_size' (\(hiddenSize)) in '\(config.path)' is not a multiple of 'num_attention_heads' (\(headCount))",
                remedy: ModelError.correctConfiguration, kind: .configuration, at: config.location("hidden_size"))
        }
        try config.requireAbsolutePositions()
        try config.refuseDecoders()
    }

    /// Embeddings with positions 0, 1, 2, ...
    var embeddings: TokenEmbeddings.Shape {
        TokenEmbeddings.Shape(
            vocabularySize: vocabularySize, width: hiddenSize, typeCount: typeVocabularySize,
            positionCount: maximumPositions, epsilon: layerNormEpsilon, dropout: hiddenDropout, padTokenID: padTokenID)
    }

    var layer: LayerShape {
        LayerShape(
            width: hiddenSize, headCount: headCount, intermediateWidth: intermediateSize, activation: activation,
            epsilon: layerNormEpsilon, dropout: hiddenDropout, attentionDropout: attentionDropout)
    }
}
