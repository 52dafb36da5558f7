public import SwiftletNN
public import SwiftletTensor

/// Nussbaum et al., "Nomic Embed: Training a Reproducible Long Context Text Embedder", 2024: BERT with rotations for
/// positions and a gated feed-forward half, without biases in its layers.
public final class NomicBertModel: RotaryEncoder {
    public static let classNames = ["nomic_bert": "NomicBert"]
    public static let baseModelPrefix = "nomic_bert"

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
                vocabularySize: 30528, activation: .silu, hiddenDropout: 0, maximumPositions: 2048,
                typeVocabularySize: 2, padTokenID: 0, rotaryBase: 1000))
        state = scope.state
        let settings = settings
        (stack, pooler) = settings.stack(
            .init(joint: "attn.Wqkv", output: "attn.out_proj", attentionNorm: "norm1", outputNorm: "norm2"),
            norm: "emb_ln", layers: "encoder.layers", hasBias: false, hasPooler: task == .sequenceClassification,
            in: scope
        ) { layer in
            let (width, inner) = (settings.hiddenSize, settings.intermediateSize)
            let gate = Linear(width, inner, hasBias: false, in: layer / "mlp.fc12")
            let up = Linear(width, inner, hasBias: false, in: layer / "mlp.fc11")
            let down = Linear(inner, width, hasBias: false, in: layer / "mlp.fc2")
            return GatedFeedForward(.separate(gate: gate, up: up), settings.activation, output: down)
        }
    }

    public func pooled(_ output: EncoderOutput) -> Tensor? { pooler?(output.firstTokens) }

    public func sequenceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        PooledHead(self, outputs: try config.labelCount, dropout: settings.classifierDropout, in: scope)
    }

    public func tokenHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        LinearTokenHead(
            hiddenSize, try config.labelCount, dropout: settings.classifierDropout, in: scope, name: "classifier")
    }

    public func spanHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        throw config.lacksHead("question answering")
    }

    public func maskedHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        MaskedHead(
            .init(dense: "transform.dense", norm: "transform.layer_norm", decoder: "decoder", bias: "bias"),
            embeddings: tokenEmbeddings.weight, hiddenSize: hiddenSize, activation: settings.activation,
            epsilon: settings.layerNormEpsilon, isTied: try config.tiesEmbeddings, in: scope / "cls.predictions")
    }
}
