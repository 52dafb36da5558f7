import SwiftletIO
public import SwiftletNN

/// The fields of a DeBERTa configuration, of any version, that change numbers. Defaults are those of
/// `transformers.DebertaConfig` and `DebertaV2Config`.
public struct DebertaConfig: Sendable {
    /// Which of the two families of Python a configuration belongs to. Version 3 is version 2's code.
    public enum Version: Sendable {
        case one
        case two
    }

    /// Scores that a pair of tokens gets for how far apart they are.
    public struct PositionScores: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// What a token looks for, and where.
        public static let contentToPosition = PositionScores(rawValue: 1)
        /// Where something is looked for, and what is there.
        public static let positionToContent = PositionScores(rawValue: 2)
    }

    /// A convolution over neighbouring tokens beside the first layer.
    public struct Convolution: Sendable {
        public var kernelSize: Int
        public var groupCount: Int
        public var activation: Activation
    }

    public var version: Version
    public var vocabularySize: Int
    public var embeddingSize: Int
    public var hiddenSize: Int
    public var layerCount: Int
    public var headCount: Int
    public var intermediateSize: Int
    public var activation: Activation
    public var hiddenDropout: Double
    public var attentionDropout: Double
    public var maximumPositions: Int
    /// 0 for a model without segments.
    public var typeVocabularySize: Int
    public var layerNormEpsilon: Double
    public var padTokenID: Int?
    /// Whether embeddings of absolute positions are added to those of the tokens.
    public var addsPositions: Bool

    /// Whether the model has embeddings of relative positions.
    public var hasRelativePositions: Bool
    public var positionScores: PositionScores
    /// Distances beyond this count as this.
    public var maximumDistance: Int
    /// If not `nil`, distances beyond half of this share embeddings, the more the further.
    public var bucketCount: Int?
    /// Whether the projections of the tokens project the relative positions too.
    public var sharesProjections: Bool
    public var normalizesRelativePositions: Bool
    public var convolution: Convolution?
    /// Whether heads are mixed before and after the softmax.
    public var hasTalkingHeads: Bool

    public var poolerDropout: Double
    public var poolerActivation: Activation
    public var classifierDropout: Double
    /// Whether the masked-language head is the one that repeats BERT's, not DeBERTa's own.
    public var hasLegacyHead: Bool

    public init(_ config: ModelConfig, version: Version) throws {
        self.version = version
        let isOne = version == .one
        vocabularySize = try config.int("vocab_size", default: isOne ? 50265 : 128100, atLeast: 1)
        hiddenSize = try config.width("hidden_size", default: isOne ? 768 : 1536)
        embeddingSize = try config.width("embedding_size", default: hiddenSize)
        layerCount = try config.layerCount("num_hidden_layers", default: isOne ? 12 : 24, atLeast: 1)
        headCount = try config.width("num_attention_heads", default: isOne ? 12 : 24)
        intermediateSize = try config.width("intermediate_size", default: isOne ? 3072 : 6144)
        activation = try config.activation("hidden_act", default: .gelu)
        hiddenDropout = try config.probability("hidden_dropout_prob", default: 0.1)
        attentionDropout = try config.probability("attention_probs_dropout_prob", default: 0.1)
        maximumPositions = try config.int("max_position_embeddings", default: 512, atLeast: 1)
        typeVocabularySize = try config.int("type_vocab_size", default: 0, atMost: ModelConfig.Limit.width)
        layerNormEpsilon = try config.epsilon("layer_norm_eps", default: 1e-7)
        padTokenID = try config.padTokenID(default: 0, rows: vocabularySize)
        addsPositions = try config.bool("position_biased_input", default: true)

        hasRelativePositions = try config.bool("relative_attention", default: false)
        positionScores = try Self.positionScores(config)
        let distance = try config.int("max_relative_positions", default: -1, atLeast: .min)
        maximumDistance = distance < 1 ? maximumPositions : distance
        bucketCount = try isOne ? nil : Self.bucketCount(config, maximumDistance: maximumDistance)
        sharesProjections = try !isOne && config.bool("share_att_key", default: false)
        let norms = try isOne ? "none" : config.string("norm_rel_ebd", default: "none")
        normalizesRelativePositions = Self.parts(norms).contains("layer_norm")
        convolution = try isOne ? nil : Self.convolution(config, hiddenSize: hiddenSize)
        hasTalkingHeads = try isOne && config.bool("talking_head", default: false)

        poolerDropout = try config.probability("pooler_dropout", default: 0)
        poolerActivation = try config.activation("pooler_hidden_act", default: .gelu)
        classifierDropout = try config.probability("cls_dropout", default: hiddenDropout)
        hasLegacyHead = try config.bool("legacy", default: true)

        try config.requireHeads(hiddenSize: hiddenSize, headCount: headCount)
        try config.refuseDecoders()
        let headSize = hiddenSize / headCount
        for (key, size) in [("pooler_hidden_size", hiddenSize)] + (isOne ? [] : [("attention_head_size", headSize)])
        where try config.int(key, default: size) != size {
            throw ModelError(
                "'\(key)' in '\(config.path)' is not \(size), which is the only size that fits the model",
                remedy: ModelError.correctConfiguration, kind: .configuration, at: config.location(key))
        }
    }

    /// The parts of `c2p|p2c`.
    private static func parts(_ text: String) -> [String] {
        text.lowercased().split(separator: "|").map { part in
            part.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
    }

    private static func positionScores(_ config: ModelConfig) throws -> PositionScores {
        guard let value = config.json["pos_att_type"], !value.isNull else { return [] }
        let names = value.string.map(parts) ?? value.array?.compactMap(\.string)
        let known: [String: PositionScores] = ["c2p": .contentToPosition, "p2c": .positionToContent]
        var scores: PositionScores = []
        for name in names ?? [value.text()] {
            // A repeated name counts twice for the scale of version 1; no model is known to do it.
            guard let score = known[name], !scores.contains(score) else {
                throw ModelError(
                    "'pos_att_type' in '\(config.path)' is \(value.text())",
                    remedy: "Known are \"c2p\", \"p2c\" and both.", kind: .configuration,
                    at: config.location("pos_att_type"))
            }
            scores.insert(score)
        }
        return scores
    }

    private static func bucketCount(_ config: ModelConfig, maximumDistance: Int) throws -> Int? {
        let count = try config.int("position_buckets", default: -1, atLeast: .min)
        if count < 1 { return nil }
        // The logarithm's base would be 1 or less, and the buckets undefined.
        guard count > 1, maximumDistance - 1 > count / 2 else {
            throw ModelError(
                "'position_buckets' in '\(config.path)' is \(count) for distances up to \(maximumDistance)",
                remedy: "It must be at least 2, and half of it below 'max_relative_positions' - 1.",
                kind: .configuration, at: config.location("position_buckets"))
        }
        return count
    }

    private static func convolution(_ config: ModelConfig, hiddenSize: Int) throws -> Convolution? {
        let size = try config.int("conv_kernel_size", default: 0, atMost: 1023)
        if size == 0 { return nil }
        let groups = try config.width("conv_groups", default: 1)
        guard size % 2 == 1, hiddenSize % groups == 0 else {
            throw ModelError(
                "'conv_kernel_size' \(size) with 'conv_groups' \(groups) in '\(config.path)' makes no convolution",
                remedy: "The size must be odd, and 'hidden_size' (\(hiddenSize)) a multiple of the groups.",
                kind: .configuration, at: config.location("conv_kernel_size"))
        }
        return Convolution(
            kernelSize: size, groupCount: groups, activation: try config.activation("conv_act", default: .tanh))
    }
}
