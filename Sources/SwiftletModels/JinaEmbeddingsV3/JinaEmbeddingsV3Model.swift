public import SwiftletNN
public import SwiftletTensor

/// Sturua et al., "jina-embeddings-v3: Multilingual Embeddings With Task LoRA", 2024: XLM-RoBERTa with rotations for
/// positions. The adapters for single tasks are not part of the model in `transformers`, nor here.
public final class JinaEmbeddingsV3Model: Encoder {
    public static let classNames = ["jina_embeddings_v3": "JinaEmbeddingsV3"]
    public static let baseModelPrefix = "roberta"

    public let settings: RotaryBertConfig
    public let state: ModelState
    private let stack: RotaryStack
    private let pooler: Pooler?

    public init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        settings = try RotaryBertConfig(
            config,
            defaults: .init(
                vocabularySize: 250_002, hiddenSize: 1024, layerCount: 24, headCount: 16, intermediateSize: 4096,
                attentionDropout: 0.1, maximumPositions: 8194, layerNormEpsilon: 1e-5, rotaryBase: 20_000))
        state = scope.state
        let settings = settings
        let embeddings = settings.embeddings(in: scope / "embeddings", norm: scope / "emb_ln")
        pooler = task == nil ? Pooler(settings.hiddenSize, in: scope / "pooler") : nil
        let names = RotaryBertConfig.LayerNames(
            joint: "mixer.Wqkv", output: "mixer.out_proj", attentionNorm: "norm1", outputNorm: "norm2")
        let layers = (0..<settings.layerCount).map { index in
            let layer = scope / "encoder" / "layers" / index
            return settings.layer(names, hasBias: true, in: layer) {
                let first = Linear(settings.hiddenSize, settings.intermediateSize, in: layer / "mlp.fc1")
                let second = Linear(settings.intermediateSize, settings.hiddenSize, in: layer / "mlp.fc2")
                return PlainFeedForward(first, settings.activation, output: second)
            }
        }
        stack = RotaryStack(embeddings, layers: layers, state: scope.state)
    }

    public var tokenEmbeddings: Embedding { stack.embeddings.words }
    public var hiddenSize: Int { settings.hiddenSize }
    public var attendsToPackedOnGPU: Bool { true }

    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds
    ) throws -> EncoderOutput {
        try stack(inputs, outputHiddenStates: outputHiddenStates, needs: needs)
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
