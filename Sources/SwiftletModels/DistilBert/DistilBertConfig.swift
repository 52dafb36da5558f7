import SwiftletIO
import SwiftletNN

/// The fields of a DistilBERT configuration that change numbers. Defaults are those of `transformers.DistilBertConfig`.
struct DistilBertConfig {
    var vocabularySize: Int
    var width: Int
    var layerCount: Int
    var headCount: Int
    var intermediateWidth: Int
    var activation: Activation
    var dropout: Double
    var attentionDropout: Double
    var maximumPositions: Int
    var padTokenID: Int?
    /// Fresh position embeddings are waves, not random.
    var hasSinusoidalPositions: Bool
    var sequenceDropout: Double
    var questionDropout: Double
    /// The family's configuration has no field for it.
    let epsilon = 1e-12

    init(_ config: ModelConfig) throws {
        // Both spellings: Python reads the second as the first.
        func size(
            _ key: String, or other: String, default fallback: Int, atLeast least: Int = 1,
            atMost most: Int = ModelConfig.Limit.width
        ) throws -> Int {
            try config.int(config.json[key] == nil ? other : key, default: fallback, atLeast: least, atMost: most)
        }
        vocabularySize = try config.int("vocab_size", default: 30522, atLeast: 1)
        width = try size("dim", or: "hidden_size", default: 768)
        layerCount = try size(
            "n_layers", or: "num_hidden_layers", default: 6, atLeast: 0, atMost: ModelConfig.Limit.layers)
        headCount = try size("n_heads", or: "num_attention_heads", default: 12)
        intermediateWidth = try config.width("hidden_dim", default: 3072)
        activation = try config.activation("activation", default: .gelu)
        dropout = try config.probability("dropout", default: 0.1)
        attentionDropout = try config.probability("attention_dropout", default: 0.1)
        maximumPositions = try config.int("max_position_embeddings", default: 512, atLeast: 1)
        padTokenID = try config.padTokenID(default: 0, rows: vocabularySize)
        hasSinusoidalPositions = try config.bool("sinusoidal_pos_embds", default: false)
        sequenceDropout = try config.probability("seq_classif_dropout", default: 0.2)
        questionDropout = try config.probability("qa_dropout", default: 0.1)
        guard width % headCount == 0 else {
            throw ModelError(
                "'dim' (\(width)) in '\(config.path)' is not a multiple of 'n_heads' (\(headCount))",
                remedy: ModelError.correctConfiguration, kind: .configuration, at: config.location("dim"))
        }
        try config.requireAbsolutePositions()
        try config.refuseDecoders()
    }

    var embeddings: TokenEmbeddings.Shape {
        var shape = TokenEmbeddings.Shape(
            vocabularySize: vocabularySize, width: width, typeCount: nil, positionCount: maximumPositions,
            epsilon: epsilon, dropout: dropout, padTokenID: padTokenID)
        shape.hasSinusoidalPositions = hasSinusoidalPositions
        return shape
    }

    var layer: LayerShape {
        LayerShape(
            width: width, headCount: headCount, intermediateWidth: intermediateWidth, activation: activation,
            epsilon: epsilon, dropout: dropout, attentionDropout: attentionDropout, attentionOutputDropout: 0)
    }

    static let names = LayerNames(
        query: "attention.q_lin", key: "attention.k_lin", value: "attention.v_lin",
        attentionOutput: "attention.out_lin", attentionNorm: "sa_layer_norm", intermediate: "ffn.lin1",
        output: "ffn.lin2", outputNorm: "output_layer_norm")
}
