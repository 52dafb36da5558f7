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
        case firstToken = "cls"
        case mean
    }

    public var vocabularySize: Int
    public var hiddenSize: Int
    public var intermediateSize: Int
    public var layerCount: Int
    public var headCount: Int
    public var activation: Activation
    public var maximumPositions: Int
    public var initializerRange: Double
    /// Fresh weights lie within this many standard deviations.
    public var initializerCutoff: Double
    public var normEpsilon: Double
    public var normHasBias: Bool
    public var padTokenID: Int?
    public var attentionHasBias: Bool
    public var attentionDropout: Double
    public var embeddingDropout: Double
    public var mlpHasBias: Bool
    public var mlpDropout: Double
    /// By layer.
    public var attentionTypes: [AttentionType]
    /// Positions on each side that a token of a sliding layer attends to.
    public var window: Int
    /// Base of the rotations' wavelengths.
    public var rotaryBase: [AttentionType: Double]

    public var decoderHasBias: Bool
    public var classifierPooling: Pooling
    public var classifierDropout: Double
    public var classifierHasBias: Bool
    public var classifierActivation: Activation

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
