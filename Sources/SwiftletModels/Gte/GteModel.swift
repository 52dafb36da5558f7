public import SwiftletNN
public import SwiftletTensor

/// Zhang et al., "mGTE: Generalized Long-Context Text Representation and Reranking Models for Multilingual Text Retrieval",
/// 2024: BERT with rotations for positions and a gated feed-forward half.
public final class GteModel: Encoder {
    public static let classNames = ["gte": "Gte"]
    public static let baseModelPrefix = "gte"
    /// The authors' own files.
    public static let otherPrefixes = ["new"]

    public let settings: RotaryBertConfig
    public let state: ModelState
    private let stack: RotaryStack
    private let pooler: Pooler?

    public init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        settings = try RotaryBertConfig(
            config, defaults: .init(vocabularySize: 250_048, leastTypes: 0, rotaryBase: 160_000))
        state = scope.state
        let settings = settings
        let embeddings = settings.embeddings(in: scope / "embeddings", norm: scope / "embeddings" / "LayerNorm")
        pooler = task == .sequenceClassification ? Pooler(settings.hiddenSize, in: scope / "pooler") : nil
        let names = RotaryBertConfig.LayerNames(
            joint: "attention.qkv_proj", output: "attention.o_proj", attentionNorm: "attn_ln", outputNorm: "mlp_ln")
        let layers = (0..<settings.layerCount).map { index in
            let layer = scope / "encoder" / "layer" / index
            return settings.layer(names, hasBias: true, in: layer) {
                let (width, inner) = (settings.hiddenSize, settings.intermediateSize)
                let both = Linear(width, inner * 2, hasBias: false, in: layer / "mlp.up_gate_proj")
                let down = Linear(inner, width, in: layer / "mlp.down_proj")
                return GatedFeedForward(
                    .upThenGate(both), settings.activation, dropout: Dropout(settings.hiddenDropout, in: layer),
                    output: down)
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
