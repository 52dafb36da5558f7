import SwiftletIO
public import SwiftletNN

/// The fields of a ModernBERT configuration that change numbers. Defaults are those of
/// `transformers.ModernBertConfig`.
public struct ModernBertConfig: Sendable {
    /// What the tokens of a layer attend to.
    public enum AttentionType: String, Sendable, CaseIterable {
        /// To all.
        case full = "full_attention"
        /// To those within `window` positions.
        case sliding = "sliding_attention"
    }

    /// What a classifier reads.
    public enum Pooling: String, Sendable, CaseIterable {
        /// The first token's state.
        case firstToken = "cls"
        /// The mean of the tokens' states, without padding.
        case mean
    }

    /// Rows of the table of token embeddings: `vocab_size`.
    public var vocabularySize: Int
    /// Width of a token's state: `hidden_size`.
    public var hiddenSize: Int
    /// Width between the two projections of a layer's feed-forward half: `intermediate_size`.
    public var intermediateSize: Int
    /// Layers of the encoder: `num_hidden_layers`.
    public var layerCount: Int
    /// Attention heads of each layer: `num_attention_heads`.
    public var headCount: Int
    /// The function of the feed-forward half: `hidden_activation`.
    public var activation: Activation
    /// Tokens that a sequence may have: `max_position_embeddings`.
    public var maximumPositions: Int
    /// Standard deviation of weights that no file has: `initializer_range`.
    public var initializerRange: Double
    /// Fresh weights lie within this many standard deviations.
    public var initializerCutoff: Double
    /// Added to the variance in norms: `norm_eps`.
    public var normEpsilon: Double
    /// Whether norms have biases: `norm_bias`.
    public var normHasBias: Bool
    /// The token whose embedding gets no gradient: `pad_token_id`; `nil` for none.
    public var padTokenID: Int?
    /// Whether the projections of attention have biases: `attention_bias`.
    public var attentionHasBias: Bool
    /// Share of attention weights that becomes zero in training: `attention_dropout`.
    public var attentionDropout: Double
    /// Share of embeddings that becomes zero in training: `embedding_dropout`.
    public var embeddingDropout: Double
    /// Whether the feed-forward half has biases: `mlp_bias`.
    public var mlpHasBias: Bool
    /// Share of the feed-forward half's values that becomes zero in training: `mlp_dropout`.
    public var mlpDropout: Double
    /// By layer.
    public var attentionTypes: [AttentionType]
    /// Positions on each side that a token of a sliding layer attends to.
    public var window: Int
    /// Base of the rotations' wavelengths.
    public var rotaryBase: [AttentionType: Double]

    /// Whether the masked language head's last projection has a bias: `decoder_bias`.
    public var decoderHasBias: Bool
    /// What the classification head reads of the tokens' states: `classifier_pooling`.
    public var classifierPooling: Pooling
    /// Share of what the head reads that becomes zero in training: `classifier_dropout`.
    public var classifierDropout: Double
    /// Whether the head's dense layer has a bias: `classifier_bias`.
    public var classifierHasBias: Bool
    /// The function of the head's dense layer: `classifier_activation`.
    public var classifierActivation: Activation

    /// Reads the family's keys of a configuration; absent ones have the defaults of `transformers`.
    ///
    /// - Throws: `ModelError` that names the key with a value that makes no sense or is not implemented.
    public init(_ config: ModelConfig) throws {
        vocabularySize = try config.int("vocab_size", default: 50368, atLeast: 1)
        hiddenSize = try config.width("hidden_size", default: 768)
        intermediateSize = try config.width("intermediate_size", default: 1152)
        layerCount = try config.layerCount("num_hidden_layers", default: 22, atLeast: 1)
        headCount = try config.width("num_attention_heads", default: 12)
        activation = try config.activation("hidden_activation", default: .gelu)
        maximumPositions = try config.int("max_position_embeddings", default: 8192, atLeast: 1)
        initializerRange = try config.initializerRange
        let cutoff = config.json["initializer_cutoff_factor"]
        initializerCutoff =
            cutoff?.isNull == true ? 3 : try config.double("initializer_cutoff_factor", default: 2)
        normEpsilon = try config.epsilon("norm_eps", default: 1e-5)
        normHasBias = try config.bool("norm_bias", default: false)
        padTokenID = try config.padTokenID(default: 50283, rows: vocabularySize)
        attentionHasBias = try config.bool("attention_bias", default: false)
        attentionDropout = try config.probability("attention_dropout", default: 0)
        embeddingDropout = try config.probability("embedding_dropout", default: 0)
        mlpHasBias = try config.bool("mlp_bias", default: false)
        mlpDropout = try config.probability("mlp_dropout", default: 0)
        attentionTypes = try Self.attentionTypes(config, layerCount: layerCount)
        window = try config.int("local_attention", default: 128) / 2
        rotaryBase = try Self.rotaryBases(config)
        decoderHasBias = try config.bool("decoder_bias", default: true)
        classifierPooling = try Self.pooling(config)
        classifierDropout = try config.probability("classifier_dropout", default: 0)
        classifierHasBias = try config.bool("classifier_bias", default: false)
        classifierActivation = try config.activation("classifier_activation", default: .gelu)

        try config.requireHeads(hiddenSize: hiddenSize, headCount: headCount)
        try config.refuseDecoders()
        guard hiddenSize / headCount % 2 == 0 else {
            throw ModelError(
                "heads of \(hiddenSize / headCount) values, as 'hidden_size' and 'num_attention_heads' in '\(config.path)' make them, can't be rotated",
                remedy: "The number must be even.", kind: .configuration, at: config.location("hidden_size"))
        }
        // The torch library samples otherwise below this, where a third or less of a normal distribution is kept.
        guard initializerCutoff >= 0.4 else {
            throw ModelError(
                "'initializer_cutoff_factor' in '\(config.path)' is \(initializerCutoff); below 0.4 it is not implemented",
                remedy: "Take another checkpoint: this one can't be computed as it was trained.", kind: .unsupported,
                at: config.location("initializer_cutoff_factor"))
        }
        if try config.bool("sparse_prediction", default: false) {
            throw ModelError(
                "'sparse_prediction' in '\(config.path)' is not implemented",
                remedy: "Set it to false: the loss is the same, and the logits are those of all tokens.",
                kind: .unsupported, at: config.location("sparse_prediction"))
        }
    }

    private static func pooling(_ config: ModelConfig) throws -> Pooling {
        let name = try config.string("classifier_pooling", default: Pooling.firstToken.rawValue)
        guard let pooling = Pooling(rawValue: name) else {
            throw ModelError(
                "'classifier_pooling' in '\(config.path)' is '\(name)'", remedy: "Known are cls and mean.",
                kind: .configuration, at: config.location("classifier_pooling"))
        }
        return pooling
    }

    private static func attentionTypes(_ config: ModelConfig, layerCount: Int) throws -> [AttentionType] {
        guard let types = config.json["layer_types"], !types.isNull else {
            let period = try config.int("global_attn_every_n_layers", default: 3, atLeast: 1)
            return (0..<layerCount).map { $0 % period == 0 ? .full : .sliding }
        }
        let attentionTypes = types.array?.map { $0.string.flatMap(AttentionType.init) } ?? []
        guard attentionTypes.count == layerCount, !attentionTypes.contains(nil) else {
            throw ModelError(
                "'layer_types' in '\(config.path)' does not say for each of \(layerCount) layers what it attends to",
                remedy: "Give a list of full_attention and sliding_attention.", kind: .configuration,
                at: config.location("layer_types"))
        }
        return attentionTypes.compactMap { $0 }
    }

    private static func rotaryBases(_ config: ModelConfig) throws -> [AttentionType: Double] {
        if config.json["rope_scaling"]?.isNull == false {
            throw ModelError(
                "'rope_scaling' in '\(config.path)' is not implemented", remedy: "Only plain rotations are.",
                kind: .unsupported, at: config.location("rope_scaling"))
        }
        var bases: [AttentionType: Double] = [:]
        let usualBases: [(AttentionType, String, Double)] = [
            (.full, "global_rope_theta", 160_000), (.sliding, "local_rope_theta", 10_000),
        ]
        for (type, oldKey, usual) in usualBases {
            let positive = Double.leastNormalMagnitude ... .greatestFiniteMagnitude
            let old = try config.double(oldKey, default: usual, in: positive)
            guard let given = config.json["rope_parameters"]?.object?[type.rawValue], let fields = given.object else {
                bases[type] = old
                continue
            }
            let parameters = ModelConfig(fields, at: "rope_parameters.\(type.rawValue)", of: config)
            let rotation = try parameters.string("rope_type", default: "default")
            guard rotation == "default" else {
                throw ModelError(
                    "'rope_type' '\(rotation)' in '\(parameters.path)' is not implemented", remedy: "Known is default.",
                    kind: .unsupported, at: parameters.location("rope_type"))
            }
            bases[type] = try parameters.double("rope_theta", default: old, in: positive)
        }
        return bases
    }
}
