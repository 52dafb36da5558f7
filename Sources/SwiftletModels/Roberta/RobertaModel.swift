public import SwiftletNN
public import SwiftletTensor

/// Liu et al., "RoBERTa: A Robustly Optimized BERT Pretraining Approach", 2019; XLM-RoBERTa and CamemBERT are the same
/// network. BERT's layers, with positions that begin after the padding id.
public final class RobertaModel: Encoder {
    public static let classNames = ["roberta": "Roberta", "xlm-roberta": "XLMRoberta", "camembert": "Camembert"]
    public static let baseModelPrefix = "roberta"

    public let state: ModelState
    private let settings: BertConfig
    private let stack: PostNormStack
    private let pooler: Pooler?

    public init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        let vocabularySize = try config.modelType == "roberta" ? 50265 : 30522
        let settings = try BertConfig(config, defaults: .init(vocabularySize: vocabularySize, padTokenID: 1))
        guard let padding = settings.padTokenID else {
            throw ModelError(
                "'pad_token_id' in '\(config.path)' is null; this family counts positions from it",
                remedy: "Give the tokenizer's padding id; the published models have 1.", kind: .configuration,
                at: config.location("pad_token_id"))
        }
        guard padding + 1 < settings.maximumPositions else {
            throw ModelError(
                "'max_position_embeddings' in '\(config.path)' is \(settings.maximumPositions); positions begin at \(padding + 1), after 'pad_token_id'",
                remedy: ModelError.correctConfiguration, kind: .configuration,
                at: config.location("max_position_embeddings"))
        }
        var shape = settings.embeddings
        shape.positionsAfterPadding = padding
        shape.positionsLast = true
        self.settings = settings
        state = scope.state
        let embeddings = TokenEmbeddings(shape, in: scope / "embeddings")
        let layers = (0..<settings.layerCount).map {
            PostNormLayer(settings.layer, in: scope / "encoder" / "layer" / $0)
        }
        stack = PostNormStack(embeddings, layers: layers, state: scope.state)
        pooler = [nil, .multipleChoice].contains(task) ? Pooler(settings.hiddenSize, in: scope / "pooler") : nil
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
            hiddenSize, outputs: try config.labelCount, dropout: try config.classifierDropout, activation: .tanh,
            in: scope / "classifier")
    }

    public func choiceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        PooledHead(self, outputs: 1, dropout: settings.hiddenDropout, in: scope)
    }

    public func maskedHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        MaskedHead(
            .init(dense: "dense", norm: "layer_norm", decoder: "decoder", bias: "bias"),
            embeddings: stack.embeddings.words.weight, hiddenSize: hiddenSize, activation: .gelu,
            epsilon: settings.layerNormEpsilon, isTied: try config.tiesEmbeddings, in: scope / "lm_head")
    }
}
