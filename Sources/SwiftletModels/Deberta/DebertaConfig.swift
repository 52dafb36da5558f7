import SwiftletIO
public import SwiftletNN

/// The fields of a DeBERTa configuration, of any version, that change numbers. Defaults are those of
/// `transformers.DebertaConfig` and `DebertaV2Config`.
public struct DebertaConfig: Sendable {
    /// Which of the two families of Python a configuration belongs to. Version 3 is version 2's code.
    public enum Version: Sendable {
        /// `deberta`: one projection to queries, keys and values, byte-level BPE tokens.
        case one
        /// `deberta-v2`, which is DeBERTa v3's too: separate projections, SentencePiece tokens.
        case two
    }

    /// Scores that a pair of tokens gets for how far apart they are.
    public struct PositionScores: OptionSet, Sendable {
        /// The bits of the scores that are added.
        public let rawValue: Int
        /// - Parameter rawValue: bits of `contentToPosition` and `positionToContent`.
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// What a token looks for, and where.
        public static let contentToPosition = PositionScores(rawValue: 1)
        /// Where something is looked for, and what is there.
        public static let positionToContent = PositionScores(rawValue: 2)
    }

    /// A convolution over neighbouring tokens beside the first layer.
    public struct Convolution: Sendable {
        /// Positions that the convolution spans, an odd number: `conv_kernel_size`.
        public var kernelSize: Int
        /// Groups that the convolution's channels are split into: `conv_groups`.
        public var groupCount: Int
        /// The function after the convolution: `conv_act`.
        public var activation: Activation
    }

    /// The first version of DeBERTa, or the second and third, which share a class.
    public var version: Version
    /// Rows of the table of token embeddings: `vocab_size`.
    public var vocabularySize: Int
    /// Width of the token embeddings: `embedding_size`. Where it is not the hidden size, a projection follows.
    public var embeddingSize: Int
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
    /// 0 for a model without segments.
    public var typeVocabularySize: Int
    /// Added to the variance in layer norms: `layer_norm_eps`.
    public var layerNormEpsilon: Double
    /// The token whose embedding gets no gradient: `pad_token_id`; `nil` for none.
    public var padTokenID: Int?
    /// Whether embeddings of absolute positions are added to those of the tokens.
    public var addsPositions: Bool

    /// Whether the model has embeddings of relative positions.
    public var hasRelativePositions: Bool
    /// Which scores of contents with distances attention adds: `pos_att_type`.
    public var positionScores: PositionScores
    /// Distances beyond this count as this.
    public var maximumDistance: Int
    /// If not `nil`, distances beyond half of this share embeddings, the more the further.
    public var bucketCount: Int?
    /// Whether the projections of the tokens project the relative positions too.
    public var sharesProjections: Bool
    /// Whether the table of relative positions goes through a layer norm: `norm_rel_ebd`.
    public var normalizesRelativePositions: Bool
    /// The convolution beside the first layer; `nil` for models without one.
    public var convolution: Convolution?
    /// Whether heads are mixed before and after the softmax.
    public var hasTalkingHeads: Bool

    /// Share of the first token's state that becomes zero in training before the pooler: `pooler_dropout`.
    public var poolerDropout: Double
    /// The pooler's function: `pooler_hidden_act`.
    public var poolerActivation: Activation
    /// Share of what the head reads that becomes zero in training: `classifier_dropout`.
    public var classifierDropout: Double
    /// Whether the masked-language head is the one that repeats BERT's, not DeBERTa's own.
    public var hasLegacyHead: Bool

    /// Reads the family's keys of a configuration; absent ones have the defaults of `transformers`.
    ///
    /// - Throws: `ModelError` that names the key with a value that makes no sense or is not implemented.
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
