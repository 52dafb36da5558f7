public import SwiftletNN
public import SwiftletTensor

/// Sturua et al., "jina-embeddings-v3: Multilingual Embeddings With Task LoRA", 2024: XLM-RoBERTa with rotations for
/// positions. The adapters for single tasks are not part of the model in `transformers`, nor here.
public final class JinaEmbeddingsV3Model: RotaryEncoder {
    public static let classNames = ["jina_embeddings_v3": "JinaEmbeddingsV3"]
    public static let baseModelPrefix = "roberta"

    /// What the configuration says, with the family's defaults.
    public let settings: RotaryBertConfig
    public let state: ModelState
    /// Embeddings, layers and the norm at the end, if there is one.
    public let stack: RotaryStack
    private let pooler: Pooler?

    public init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        settings = try RotaryBertConfig(
            config,
            defaults: .init(
                vocabularySize: 250_002, hiddenSize: 1024, layerCount: 24, headCount: 16, intermediateSize: 4096,
                attentionDropout: 0.1, maximumPositions: 8194, layerNormEpsilon: 1e-5, rotaryBase: 20_000))
        state = scope.state
        let settings = settings
        (stack, pooler) = settings.stack(
            .init(joint: "mixer.Wqkv", output: "mixer.out_proj", attentionNorm: "norm1", outputNorm: "norm2"),
            norm: "emb_ln", layers: "encoder.layers", hasPooler: task == nil, in: scope
        ) { layer in
            let first = Linear(settings.hiddenSize, settings.intermediateSize, in: layer / "mlp.fc1")
            let second = Linear(settings.intermediateSize, settings.hiddenSize, in: layer / "mlp.fc2")
            return PlainFeedForward(first, settings.activation, output: second)
        }
    }

    public func pooled(_ output: EncoderOutput) -> Tensor? { pooler?(output.firstTokens) }

    public func sequenceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        DenseHead(
            hiddenSize, outputs: try config.labelCount, dropout: settings.classifierDropout, activation: .tanh,
            in: scope / "classifier")
    }

    public func maskedHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        MaskedHead(
            .init(dense: "dense", norm: "layer_norm", decoder: "decoder", bias: "bias"),
            embeddings: tokenEmbeddings.weight, hiddenSize: hiddenSize, activation: .gelu,
            epsilon: settings.layerNormEpsilon, isTied: try config.tiesEmbeddings, in: scope / "lm_head")
    }
}
