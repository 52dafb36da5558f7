public import SwiftletNN
import SwiftletTensor

/// Sanh et al., "DistilBERT, a distilled version of BERT", 2019: BERT's layers under other names, without segments and
/// pooler.
public final class DistilBertModel: Encoder {
    public static let classNames = ["distilbert": "DistilBert"]
    public static let baseModelPrefix = "distilbert"

    public let state: ModelState
    private let settings: DistilBertConfig
    private let stack: PostNormStack

    public init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        let settings = try DistilBertConfig(config)
        self.settings = settings
        state = scope.state
        let embeddings = TokenEmbeddings(settings.embeddings, in: scope / "embeddings")
        let layers = (0..<settings.layerCount).map {
            PostNormLayer(settings.layer, names: DistilBertConfig.names, in: scope / "transformer" / "layer" / $0)
        }
        stack = PostNormStack(embeddings, layers: layers, state: scope.state)
    }

    public var tokenEmbeddings: Embedding { stack.embeddings.words }
    public var hiddenSize: Int { settings.width }
    public var attendsToPackedOnGPU: Bool { true }

    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds
    ) throws -> EncoderOutput {
        try stack(inputs, outputHiddenStates: outputHiddenStates, needs: needs)
    }

    public func sequenceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        DistilBertHead(hiddenSize, outputs: try config.labelCount, dropout: settings.sequenceDropout, in: scope)
    }

    public func choiceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        DistilBertHead(hiddenSize, outputs: 1, dropout: settings.sequenceDropout, in: scope)
    }

    public func tokenHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        LinearTokenHead(
            hiddenSize, try config.labelCount, dropout: settings.dropout, in: scope, name: "classifier")
    }

    public func spanHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        try config.requireTwoLabels()
        return LinearTokenHead(hiddenSize, 2, dropout: settings.questionDropout, in: scope, name: "qa_outputs")
    }

    public func maskedHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        MaskedHead(
            .init(dense: "vocab_transform", norm: "vocab_layer_norm", decoder: "vocab_projector"),
            embeddings: stack.embeddings.words.weight, hiddenSize: hiddenSize, activation: settings.activation,
            epsilon: settings.epsilon, isTied: try config.tiesEmbeddings, in: scope)
    }
}

/// A linear layer, ReLU, dropout and a linear layer on the first token.
private struct DistilBertHead: SequenceHead {
    let dense: Linear
    let dropout: Dropout
    let classifier: Linear

    init(_ width: Int, outputs: Int, dropout probability: Double, in scope: Scope) {
        dense = Linear(width, width, in: scope / "pre_classifier")
        dropout = Dropout(probability, in: scope)
        classifier = Linear(width, outputs, in: scope / "classifier")
    }

    func callAsFunction(_ output: EncoderOutput, _ inputs: ModelInputs) -> Tensor {
        classifier(dropout(dense(output.firstTokens).relu()))
    }
}
