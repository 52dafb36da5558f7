import SwiftletIO
public import SwiftletNN

/// The fields of a BERT configuration that change numbers. Defaults are those of `transformers.BertConfig`.
public struct BertConfig: Sendable {
    public var vocabularySize: Int
    public var hiddenSize: Int
    public var layerCount: Int
    public var headCount: Int
    public var intermediateSize: Int
    public var activation: Activation
    public var hiddenDropout: Double
    public var attentionDropout: Double
    public var maximumPositions: Int
    public var typeVocabularySize: Int
    public var initializerRange: Double
    public var layerNormEpsilon: Double
    public var padTokenID: Int?
    public var classifierDropout: Double
    public var labelCount: Int
    public var problemType: ProblemType?

    public init(_ config: ModelConfig) throws {
        vocabularySize = try config.int("vocab_size", default: 30522, atLeast: 1)
        hiddenSize = try config.int("hidden_size", default: 768, atLeast: 1)
        layerCount = try config.int("num_hidden_layers", default: 12)
        headCount = try config.int("num_attention_heads", default: 12, atLeast: 1)
        intermediateSize = try config.int("intermediate_size", default: 3072, atLeast: 1)
        hiddenDropout = try config.probability("hidden_dropout_prob", default: 0.1)
        attentionDropout = try config.probability("attention_probs_dropout_prob", default: 0.1)
        maximumPositions = try config.int("max_position_embeddings", default: 512, atLeast: 1)
        typeVocabularySize = try config.int("type_vocab_size", default: 2, atLeast: 1)
        initializerRange = try config.double("initializer_range", default: 0.02)
        layerNormEpsilon = try config.double("layer_norm_eps", default: 1e-12)
        let padding = try config.int("pad_token_id", default: 0)
        padTokenID = config.json["pad_token_id"]?.isNull == true ? nil : padding
        classifierDropout = try config.probability("classifier_dropout", default: hiddenDropout)
        labelCount = try config.labelCount
        problemType = try config.problemType

        let name = try config.string("hidden_act", default: "gelu")
        guard let activation = Activation(rawValue: name) else {
            throw ModelError(
                "'hidden_act' in '\(config.path)' is '\(name)', which is not implemented",
                remedy: "Known are \(Activation.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        self.activation = activation
        guard hiddenSize % headCount == 0 else {
            throw ModelError(
                "'hidden_size' (\(hiddenSize)) in '\(config.path)' is not a multiple of 'num_attention_heads' (\(headCount))")
        }
        let positions = try config.string("position_embedding_type", default: "absolute")
        guard positions == "absolute" else {
            throw ModelError("'position_embedding_type' '\(positions)' in '\(config.path)' is not implemented")
        }
        for key in ["is_decoder", "add_cross_attention"] where try config.bool(key, default: false) {
            throw ModelError("'\(key)' in '\(config.path)' makes this a decoder; only encoders are implemented")
        }
    }
}
