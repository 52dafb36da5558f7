public import SwiftletNN
public import SwiftletTensor

/// Song et al., "MPNet: Masked and Permuted Pre-training for Language Understanding", 2020: BERT's layers, no segments,
/// and a learned bias of attention for each distance.
public final class MPNetModel: Encoder {
    public static let classNames = ["mpnet": "MPNet"]
    public static let baseModelPrefix = "mpnet"
    public static let attentionImplementations = [AttentionImplementation.eager]

    /// Whatever the configuration says, as in Python.
    private static let padding = 1

    public let state: ModelState
    private let settings: BertConfig
    private let stack: PostNormStack
    private let pooler: Pooler?

    public init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        let settings = try BertConfig(config, defaults: .init(vocabularySize: 30527, padTokenID: Self.padding))
        let bucketCount = try config.int("relative_attention_num_buckets", default: 32)
        guard bucketCount >= RelativeBias.bucketCount else {
            throw ModelError(
                "'relative_attention_num_buckets' in '\(config.path)' is \(bucketCount); the model uses \(RelativeBias.bucketCount) and needs as many at least",
                remedy: ModelError.correctConfiguration, kind: .configuration,
                at: config.location("relative_attention_num_buckets"))
        }
        guard settings.vocabularySize > Self.padding, settings.maximumPositions > Self.padding + 1 else {
            throw ModelError(
                "'vocab_size' and 'max_position_embeddings' in '\(config.path)' are \(settings.vocabularySize) and \(settings.maximumPositions); row \(Self.padding) of both is padding's, and tokens need others",
                remedy: ModelError.correctConfiguration, kind: .configuration, at: config.location("vocab_size"))
        }
        var shape = settings.embeddings
        shape.typeCount = nil
        shape.padTokenID = Self.padding
        shape.positionsAfterPadding = Self.padding
        self.settings = settings
        state = scope.state
        let embeddings = TokenEmbeddings(shape, in: scope / "embeddings")
        let encoder = scope / "encoder"
        let layers = (0..<settings.layerCount).map {
            PostNormLayer(settings.layer, names: Self.names, in: encoder / "layer" / $0)
        }
        let bias = RelativeBias(
            headCount: settings.headCount, rows: bucketCount, in: encoder / "relative_attention_bias")
        stack = PostNormStack(embeddings, layers: layers, bias: bias, state: scope.state)
        pooler = [nil, .multipleChoice].contains(task) ? Pooler(settings.hiddenSize, in: scope / "pooler") : nil
    }

    private static let names = LayerNames(
        query: "attention.attn.q", key: "attention.attn.k", value: "attention.attn.v",
        attentionOutput: "attention.attn.o", attentionNorm: "attention.LayerNorm", intermediate: "intermediate.dense",
        output: "output.dense", outputNorm: "output.LayerNorm")

    /// The row of the table of biases for a distance: the key lies so far after the query.
    public static func distanceBucket(_ distance: Int) -> Int { RelativeBias.bucket(distance) }

    public var tokenEmbeddings: Embedding { stack.embeddings.words }
    public var hiddenSize: Int { settings.hiddenSize }

    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds
    ) throws -> EncoderOutput {
        try stack(inputs, outputHiddenStates: outputHiddenStates, needs: needs)
    }

    public func pooled(_ output: EncoderOutput) -> Tensor? { pooler?(output.firstTokens) }

    // The family's heads know no classifier_dropout.

    public func sequenceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        DenseHead(
            hiddenSize, outputs: try config.labelCount, dropout: settings.hiddenDropout, activation: .tanh,
            in: scope / "classifier")
    }

    public func choiceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        PooledHead(self, outputs: 1, dropout: settings.hiddenDropout, in: scope)
    }

    public func tokenHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        LinearTokenHead(
            hiddenSize, try config.labelCount, dropout: settings.hiddenDropout, in: scope, name: "classifier")
    }

    public func maskedHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        MaskedHead(
            .init(dense: "dense", norm: "layer_norm", decoder: "decoder", bias: "bias"),
            embeddings: stack.embeddings.words.weight, hiddenSize: hiddenSize, activation: .gelu,
            epsilon: settings.layerNormEpsilon, isTied: try config.tiesEmbeddings, in: scope / "lm_head")
    }
}
