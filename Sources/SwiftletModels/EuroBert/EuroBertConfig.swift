import SwiftletIO
public import SwiftletNN

/// The fields of a EuroBERT configuration that change numbers. Defaults are those of `transformers.EuroBertConfig`.
public struct EuroBertConfig: Sendable {
    /// What a classifier of sequences reads.
    public enum Pooling: String, Sendable, CaseIterable {
        /// The first token's state.
        case firstToken = "bos"
        /// The mean of the tokens' states.
        case mean
        /// All tokens: the mean of what it answers for each.
        case late
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
    /// Heads of keys and values.
    public var keyHeadCount: Int
    /// The function of the feed-forward half: `hidden_act`.
    public var activation: Activation
    /// What the model was trained for; rotations have no table that could end.
    public var maximumPositions: Int
    /// Added to the variance in norms: `rms_norm_eps`.
    public var normEpsilon: Double
    /// The token whose embedding gets no gradient: `pad_token_id`; `nil` for none.
    public var padTokenID: Int?
    /// Whether the projections of attention have biases: `attention_bias`.
    public var attentionHasBias: Bool
    /// Share of attention weights that becomes zero in training: `attention_dropout`.
    public var attentionDropout: Double
    /// Also of the projection to the vocabulary, as in Python.
    public var mlpHasBias: Bool
    /// What the classification head reads of the tokens' states: `classifier_pooling`.
    public var pooling: Pooling
    /// Whether the masked language head shares the table of token embeddings: `tie_word_embeddings`.
    public var tiesEmbeddings: Bool
    /// How positions turn queries and keys.
    public var rotary: RotaryEmbedding

    /// Reads the family's keys of a configuration; absent ones have the defaults of `transformers`.
    ///
    /// - Throws: `ModelError` that names the key with a value that makes no sense or is not implemented.
    public init(_ config: ModelConfig) throws {
        vocabularySize = try config.int("vocab_size", default: 128_256, atLeast: 1)
        hiddenSize = try config.width("hidden_size", default: 768)
        intermediateSize = try config.width("intermediate_size", default: 3072)
        layerCount = try config.layerCount("num_hidden_layers", default: 12)
        headCount = try config.width("num_attention_heads", default: 12)
        keyHeadCount = try config.width("num_key_value_heads", default: headCount)
        activation = try config.activation("hidden_act", default: .silu)
        maximumPositions = try config.int("max_position_embeddings", default: 8192, atLeast: 1)
        normEpsilon = try config.epsilon("rms_norm_eps", default: 1e-5)
        padTokenID = try config.padTokenID(default: 128_001, rows: vocabularySize)
        attentionHasBias = try config.bool("attention_bias", default: false)
        attentionDropout = try config.probability("attention_dropout", default: 0)
        mlpHasBias = try config.bool("mlp_bias", default: false)
        tiesEmbeddings = try config.bool("tie_word_embeddings", default: false)
        let name = try config.string("classifier_pooling", default: Pooling.late.rawValue)
        guard let pooling = Pooling(rawValue: name) else {
            throw ModelError(
                "'classifier_pooling' in '\(config.path)' is '\(name)'", remedy: "Known are bos, mean and late.",
                kind: .configuration, at: config.location("classifier_pooling"))
        }
        self.pooling = pooling
        // Python asks for this also where heads have a width of their own.
        try config.requireHeads(hiddenSize: hiddenSize, headCount: headCount)
        guard headCount % keyHeadCount == 0 else {
            throw ModelError(
                "'num_attention_heads' (\(headCount)) in '\(config.path)' is not a multiple of 'num_key_value_heads' (\(keyHeadCount))",
                remedy: ModelError.correctConfiguration, kind: .configuration,
                at: config.location("num_attention_heads"))
        }
        let width = try config.headWidth(hiddenSize: hiddenSize, headCount: headCount)
        rotary = try RotaryEmbedding(config, width: width, defaultBase: 10_000)
        try config.refuseDecoders()
    }

    func norm(in scope: Scope) -> RMSNorm { RMSNorm(hiddenSize, epsilon: normEpsilon, in: scope) }

    func layer(in scope: Scope) -> RotaryLayer {
        let (attention, mlp) = (scope / "self_attn", scope / "mlp")
        func projection(_ heads: Int, _ name: String) -> Linear {
            Linear(hiddenSize, heads * rotary.width, hasBias: attentionHasBias, in: attention / name)
        }
        let (q, k, v) = (
            projection(headCount, "q_proj"), projection(keyHeadCount, "k_proj"), projection(keyHeadCount, "v_proj")
        )
        let output = Linear(headCount * rotary.width, hiddenSize, hasBias: attentionHasBias, in: attention / "o_proj")
        let gate = Linear(hiddenSize, intermediateSize, hasBias: mlpHasBias, in: mlp / "gate_proj")
        let up = Linear(hiddenSize, intermediateSize, hasBias: mlpHasBias, in: mlp / "up_proj")
        let down = Linear(intermediateSize, hiddenSize, hasBias: mlpHasBias, in: mlp / "down_proj")
        return RotaryLayer(
            .before, attentionNorm: norm(in: scope / "input_layernorm"),
            attention: RotaryAttention(
                .separate(query: q, key: k, value: v), output: output,
                dropout: Dropout(attentionDropout, in: attention),
                headCount: headCount, keyHeadCount: keyHeadCount, attention: AttentionScope(rotary: rotary),
                state: scope.state),
            feedForwardNorm: norm(in: scope / "post_attention_layernorm"),
            feedForward: GatedFeedForward(.separate(gate: gate, up: up), activation, output: down))
    }
}
