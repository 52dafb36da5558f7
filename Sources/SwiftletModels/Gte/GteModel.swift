public import SwiftletNN
public import SwiftletTensor

/// Zhang et al., "mGTE: Generalized Long-Context Text Representation and Reranking Models for Multilingual Text Retrieval",
/// 2024: BERT with rotations for positions and a gated feed-forward half.
public final class GteModel: RotaryEncoder {
    public static let classNames = ["gte": "Gte"]
    public static let baseModelPrefix = "gte"
    /// The authors' own files.
    public static let otherPrefixes = ["new"]

    /// What the configuration says, with the family's defaults.
    public let settings: RotaryBertConfig
    public let state: ModelState
    /// Embeddings, layers and the norm at the end, if there is one.
    public let stack: RotaryStack
    private let pooler: Pooler?

    public init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        settings = try RotaryBertConfig(
            config, defaults: .init(vocabularySize: 250_048, leastTypes: 0, rotaryBase: 160_000))
        state = scope.state
        let settings = settings
        (stack, pooler) = settings.stack(
            .init(
                joint: "attention.qkv_proj", output: "attention.o_proj", attentionNorm: "attn_ln", outputNorm: "mlp_ln"),
            norm: "embeddings.LayerNorm", layers: "encoder.layer", hasPooler: task == .sequenceClassification, in: scope
        ) { layer in
            let (width, inner) = (settings.hiddenSize, settings.intermediateSize)
            let both = Linear(width, inner * 2, hasBias: false, in: layer / "mlp.up_gate_proj")
            let down = Linear(inner, width, in: layer / "mlp.down_proj")
            return GatedFeedForward(
                .upThenGate(both), settings.activation, dropout: Dropout(settings.hiddenDropout, in: layer),
                output: down)
        }
    }

    public func pooled(_ output: EncoderOutput) -> Tensor? { pooler?(output.firstTokens) }

    public func sequenceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        PooledHead(self, outputs: try config.labelCount, dropout: settings.classifierDropout, in: scope)
    }

    public func spanHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        throw config.lacksHead("question answering")
    }

    public func maskedHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        let scope = scope / "lm_head"
        let head = MaskedHead(
            .init(dense: "dense", norm: "norm", decoder: "decoder"), embeddings: tokenEmbeddings.weight,
            hiddenSize: hiddenSize, activation: .gelu, epsilon: settings.layerNormEpsilon,
            isTied: try config.tiesEmbeddings, in: scope)
        // So Python names it where the head was made for an encoder without one.
        scope.tie("layer_norm.weight", to: head.norm.weight)
        if let bias = head.norm.bias { scope.tie("layer_norm.bias", to: bias) }
        return head
    }
}
