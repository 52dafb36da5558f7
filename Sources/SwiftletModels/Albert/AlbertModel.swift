public import SwiftletNN
public import SwiftletTensor

/// Lan et al., "ALBERT: A Lite BERT for Self-supervised Learning of Language Representations", 2020: embeddings narrower
/// than the layers, and layers that share their parameters.
///
/// Its layers are BERT's, and so are its kernels, padded and packed.
public final class AlbertModel: Encoder {
    public static let classNames = ["albert": "Albert"]
    public static let baseModelPrefix = "albert"

    /// What the configuration says, with the family's defaults.
    public let settings: AlbertConfig
    public let state: ModelState
    let stack: PostNormStack
    let pooler: Linear?

    public init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        settings = try AlbertConfig(config)
        state = scope.state
        let settings = settings
        let embeddings = TokenEmbeddings(settings.embeddings, in: scope / "embeddings")
        let encoder = scope / "encoder"
        let projection = Linear(
            settings.embeddingSize, settings.hiddenSize, in: encoder / "embedding_hidden_mapping_in")
        let groups = (0..<settings.groupCount).map { group in
            (0..<settings.innerLayerCount).map { layer in
                PostNormLayer(
                    settings.layer, names: .albert,
                    in: encoder / "albert_layer_groups" / group / "albert_layers" / layer)
            }
        }
        let layers = (0..<settings.layerCount).flatMap { groups[settings.group(ofLayer: $0)] }
        stack = PostNormStack(embeddings, projection: projection, layers: layers, state: scope.state)
        let hasPooler = [nil, .sequenceClassification, .multipleChoice].contains(task)
        pooler = hasPooler ? Linear(settings.hiddenSize, settings.hiddenSize, in: scope / "pooler") : nil
    }

    public var tokenEmbeddings: Embedding { stack.embeddings.words }
    public var hiddenSize: Int { settings.hiddenSize }
    public var attendsToPackedOnGPU: Bool { true }

    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds
    ) throws -> EncoderOutput {
        try stack(inputs, outputHiddenStates: outputHiddenStates, needs: needs)
    }

    public func pooled(_ output: EncoderOutput) -> Tensor? { pooler?(output.firstTokens).tanh() }

    public func sequenceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        PooledHead(self, outputs: try config.labelCount, dropout: settings.classifierDropout, in: scope)
    }

    public func choiceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        PooledHead(self, outputs: 1, dropout: settings.classifierDropout, in: scope)
    }

    public func tokenHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        LinearTokenHead(
            hiddenSize, try config.labelCount, dropout: settings.classifierDropout, in: scope, name: "classifier")
    }

    public func maskedHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        MaskedHead(
            .init(dense: "dense", norm: "LayerNorm", decoder: "decoder", bias: "bias"),
            embeddings: stack.embeddings.words.weight, hiddenSize: hiddenSize, activation: settings.activation,
            epsilon: settings.layerNormEpsilon, isTied: try config.tiesEmbeddings, normFirst: true,
            in: scope / "predictions")
    }
}

extension LayerNames {
    static let albert = LayerNames(
        query: "attention.query", key: "attention.key", value: "attention.value", attentionOutput: "attention.dense",
        attentionNorm: "attention.LayerNorm", intermediate: "ffn", output: "ffn_output",
        outputNorm: "full_layer_layer_norm")
}
