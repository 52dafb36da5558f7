public import SwiftletNN
import SwiftletTensor

/// Boizard et al., "EuroBERT: Scaling Multilingual Encoders for European Languages", 2025: Llama's layers without the
/// causal mask.
public final class EuroBertModel: RotaryEncoder {
    public static let classNames = ["eurobert": "EuroBert"]
    public static let baseModelPrefix = "model"

    /// What the configuration says, with the family's defaults.
    public let settings: EuroBertConfig
    public let state: ModelState
    /// Embeddings, layers and the norm at the end, if there is one.
    public let stack: RotaryStack

    public init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        settings = try EuroBertConfig(config)
        state = scope.state
        let settings = settings
        let words = Embedding(
            settings.vocabularySize, settings.hiddenSize, paddingIndex: settings.padTokenID, in: scope / "embed_tokens")
        let layers = (0..<settings.layerCount).map { settings.layer(in: scope / "layers" / $0) }
        stack = RotaryStack(
            RotaryStackEmbeddings(words: words, state: scope.state), layers: layers,
            finalNorm: settings.norm(in: scope / "norm"), state: scope.state)
    }

    public func sequenceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        EuroBertSequenceHead(settings, outputs: try config.labelCount, in: scope)
    }

    public func tokenHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        LinearTokenHead(hiddenSize, try config.labelCount, dropout: 0, in: scope, name: "classifier")
    }

    public func spanHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        throw config.lacksHead("question answering")
    }

    public func maskedHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        ProjectionHead(
            tokenEmbeddings.weight, isTied: settings.tiesEmbeddings, hasBias: settings.mlpHasBias, in: scope / "lm_head"
        )
    }
}

/// A linear layer, GELU and a linear layer `classifier`, on the first token, the mean of the tokens, or each of them.
struct EuroBertSequenceHead: SequenceHead {
    let pooling: EuroBertConfig.Pooling
    let dense: Linear
    let classifier: Linear

    init(_ config: EuroBertConfig, outputs: Int, in scope: Scope) {
        pooling = config.pooling
        dense = Linear(config.hiddenSize, config.hiddenSize, in: scope / "dense")
        classifier = Linear(config.hiddenSize, outputs, in: scope / "classifier")
    }

    var needs: EncoderNeeds { pooling == .firstToken ? .firstTokens : .allTokens }

    func callAsFunction(_ output: EncoderOutput, _ inputs: ModelInputs) -> Tensor {
        func scores(_ x: Tensor) -> Tensor { classifier(Activation.gelu(dense(x))) }
        return switch pooling {
        case .firstToken: scores(output.firstTokens)
        case .mean: scores(output.meanOfTokens(inputs))
        case .late: output.mean(of: scores(output.lastHiddenState), inputs)
        }
    }
}
