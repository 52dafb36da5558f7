public import SwiftletNN
import SwiftletTensor

/// Clark et al., "ELECTRA: Pre-training Text Encoders as Discriminators", 2020: BERT's layers, embeddings of a width of
/// their own, no pooler. The discriminator is what one fine-tunes; the generator is a masked language model.
public final class ElectraModel: Encoder {
    public static let classNames = ["electra": "Electra"]
    public static let baseModelPrefix = "electra"

    public let state: ModelState
    private let settings: BertConfig
    private let stack: PostNormStack

    public init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        let settings = try BertConfig(
            config, defaults: .init(hiddenSize: 256, headCount: 4, intermediateSize: 1024))
        let width = try config.width("embedding_size", default: 128)
        self.settings = settings
        state = scope.state
        var shape = settings.embeddings
        shape.width = width
        let embeddings = TokenEmbeddings(shape, in: scope / "embeddings")
        let projection =
            width == settings.hiddenSize ? nil : Linear(width, settings.hiddenSize, in: scope / "embeddings_project")
        let layers = (0..<settings.layerCount).map {
            PostNormLayer(settings.layer, in: scope / "encoder" / "layer" / $0)
        }
        stack = PostNormStack(embeddings, projection: projection, layers: layers, state: scope.state)
    }

    public var tokenEmbeddings: Embedding { stack.embeddings.words }
    public var hiddenSize: Int { settings.hiddenSize }
    public var attendsToPackedOnGPU: Bool { true }

    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds
    ) throws -> EncoderOutput {
        try stack(inputs, outputHiddenStates: outputHiddenStates, needs: needs)
    }

    public func sequenceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        DenseHead(
            hiddenSize, outputs: try config.labelCount, dropout: try config.classifierDropout, activation: .gelu,
            in: scope / "classifier")
    }

    public func choiceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        try ElectraSummaryHead(config, width: hiddenSize, in: scope)
    }

    public func maskedHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        MaskedHead(
            .init(
                dense: "generator_predictions.dense", norm: "generator_predictions.LayerNorm",
                decoder: "generator_lm_head"),
            embeddings: stack.embeddings.words.weight, hiddenSize: hiddenSize, activation: .gelu,
            epsilon: settings.layerNormEpsilon, isTied: try config.tiesEmbeddings, normFirst: true, in: scope)
    }
}
