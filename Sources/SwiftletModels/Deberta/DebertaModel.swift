public import SwiftletNN
import SwiftletTensor

/// He et al., "DeBERTa: Decoding-enhanced BERT with Disentangled Attention", 2021, and its versions 2 and 3.
///
/// With fused kernels it runs on packed tokens: the outputs of attention and the feed-forward halves are fused, and
/// attention, whose scores depend on distances, is a composition of libtorch's operations.
public final class DebertaModel: Encoder {
    public static let classNames = ["deberta": "Deberta", "deberta-v2": "DebertaV2"]
    public static let baseModelPrefix = "deberta"
    public static let attentionImplementations = [AttentionImplementation.eager]
    public static let lossRule = ClassificationLossRule.deberta

    /// What the configuration says, with the family's defaults.
    public let settings: DebertaConfig
    public let state: ModelState
    let encoder: DebertaEncoder

    public init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        settings = try DebertaConfig(config, version: try config.modelType == "deberta" ? .one : .two)
        state = scope.state
        encoder = DebertaEncoder(settings, in: scope)
    }

    private var limits: InputLimits {
        // Relative positions alone end nowhere.
        let positions = settings.addsPositions ? settings.maximumPositions : .max
        return InputLimits(
            vocabularySize: tokenEmbeddings.weight.shape[0], embeddingWidth: settings.embeddingSize,
            typeVocabularySize: settings.typeVocabularySize > 0 ? settings.typeVocabularySize : nil,
            maximumLength: positions, positionCount: positions)
    }

    public var tokenEmbeddings: Embedding { encoder.embeddings.words }
    public var hiddenSize: Int { settings.hiddenSize }

    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds
    ) throws -> EncoderOutput {
        let inputs = try limits.check(inputs, for: state)
        return state.encode(
            inputs, outputHiddenStates: outputHiddenStates, needs: needs,
            fused: { encoder.fused($0, all: outputHiddenStates, firsts: $1) },
            reference: { encoder.states($0, all: outputHiddenStates) })
    }

    public func sequenceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        DebertaSequenceHead(settings, outputs: try config.labelCount, in: scope)
    }

    public func choiceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        guard settings.version == .two else {
            var error = config.lacksHead("multiple choice")
            error.remedy = "Take a model of version 2 or 3, whose type is deberta-v2."
            throw error
        }
        return DebertaSequenceHead(settings, outputs: 1, in: scope)
    }

    public func tokenHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        LinearTokenHead(
            hiddenSize, try config.labelCount, dropout: settings.hiddenDropout, in: scope, name: "classifier")
    }

    public func maskedHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        let words = encoder.embeddings.words.weight
        guard settings.hasLegacyHead else {
            guard settings.embeddingSize == hiddenSize else {
                throw ModelError(
                    "'embedding_size' (\(settings.embeddingSize)) in '\(config.path)' is not 'hidden_size' (\(hiddenSize)), as the masked language head needs it",
                    remedy: "Set 'legacy' to true, if the checkpoint has that head.", kind: .configuration,
                    at: config.location("embedding_size"))
            }
            return DebertaMaskedHead(settings, words: words, in: scope / "lm_predictions.lm_head")
        }
        return MaskedHead(
            .init(dense: "transform.dense", norm: "transform.LayerNorm", decoder: "decoder", bias: "bias"),
            embeddings: words, hiddenSize: hiddenSize, activation: settings.activation,
            epsilon: settings.layerNormEpsilon, isTied: try config.tiesEmbeddings, in: scope / "cls.predictions")
    }
}

/// Dropout, a linear layer and an activation on the first token, then dropout and a linear layer `classifier`.
struct DebertaSequenceHead: SequenceHead {
    let poolerDropout: Dropout
    let pooler: Linear
    let activation: Activation
    let dropout: Dropout
    let classifier: Linear

    init(_ config: DebertaConfig, outputs: Int, in scope: Scope) {
        poolerDropout = Dropout(config.poolerDropout, in: scope)
        pooler = Linear(config.hiddenSize, config.hiddenSize, in: scope / "pooler" / "dense")
        activation = config.poolerActivation
        dropout = Dropout(config.classifierDropout, in: scope)
        classifier = Linear(config.hiddenSize, outputs, in: scope / "classifier")
    }

    func callAsFunction(_ output: EncoderOutput, _ inputs: ModelInputs) -> Tensor {
        classifier(dropout(activation(pooler(poolerDropout(output.firstTokens)))))
    }
}

/// DeBERTa's own head of masked language modelling. It always ends in the embedding table.
struct DebertaMaskedHead: TokenHead {
    let dense: Linear
    let activation: Activation
    let norm: LayerNorm
    let words: Parameter
    let bias: Parameter

    var vocabulary: VocabularyOutput? { VocabularyOutput(weight: words, bias: bias) }

    init(_ config: DebertaConfig, words: Parameter, in scope: Scope) {
        self.words = words
        bias = scope.parameter("bias", [words.shape[0]], .zeros)
        dense = Linear(config.hiddenSize, config.hiddenSize, in: scope / "dense")
        activation = config.activation
        norm = LayerNorm(config.hiddenSize, epsilon: config.layerNormEpsilon, in: scope / "LayerNorm")
    }

    func callAsFunction(_ states: Tensor) -> Tensor {
        F.linear(norm(activation(dense(states))), words.tensor, bias.tensor)
    }
}
