public import SwiftletNN
public import SwiftletTensor

/// Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", 2019.
public final class BertModel: Encoder {
    public static let classNames = ["bert": "Bert"]
    public static let baseModelPrefix = "bert"

    /// What the configuration says, with the family's defaults.
    public let settings: BertConfig
    public let state: ModelState
    let stack: PostNormStack
    let pooler: Pooler?

    public init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        settings = try BertConfig(config)
        state = scope.state
        let settings = settings
        let embeddings = TokenEmbeddings(settings.embeddings, in: scope / "embeddings")
        let layers = (0..<settings.layerCount).map {
            PostNormLayer(settings.layer, in: scope / "encoder" / "layer" / $0)
        }
        stack = PostNormStack(embeddings, layers: layers, state: scope.state)
        let hasPooler = [nil, .sequenceClassification, .multipleChoice].contains(task)
        pooler = hasPooler ? Pooler(settings.hiddenSize, in: scope / "pooler") : nil
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
        PooledHead(self, outputs: try config.labelCount, dropout: try config.classifierDropout, in: scope)
    }

    public func choiceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        PooledHead(self, outputs: 1, dropout: try config.classifierDropout, in: scope)
    }

    public func maskedHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        let head = scope / "cls.predictions"
        return MaskedHead(
            .init(dense: "transform.dense", norm: "transform.LayerNorm", decoder: "decoder", bias: "bias"),
            embeddings: stack.embeddings.words.weight, hiddenSize: hiddenSize, activation: settings.activation,
            epsilon: settings.layerNormEpsilon, isTied: try config.tiesEmbeddings, in: head)
    }
}
