public import SwiftletNN
import SwiftletTensor

/// Warner et al., "Smarter, Better, Faster, Longer: A Modern Bidirectional Encoder", 2024: norms before the halves of a
/// layer, rotations for positions, and most layers with a window of attention.
public final class ModernBertModel: RotaryEncoder {
    public static let classNames = ["modernbert": "ModernBert"]
    public static let baseModelPrefix = "model"

    /// What the configuration says, with the family's defaults.
    public let settings: ModernBertConfig
    public let state: ModelState
    /// Embeddings, layers and the norm at the end, if there is one.
    public let stack: RotaryStack

    public init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        settings = try ModernBertConfig(config)
        state = scope.state
        let settings = settings
        let words = Embedding(
            settings.vocabularySize, settings.hiddenSize, paddingIndex: settings.padTokenID,
            initializer: settings.initializer(settings.initializerRange), in: scope / "embeddings" / "tok_embeddings")
        let embeddings = RotaryStackEmbeddings(
            words: words, norm: settings.norm(in: scope / "embeddings" / "norm"),
            dropout: Dropout(settings.embeddingDropout, in: scope), state: scope.state)
        let layers = (0..<settings.layerCount).map { settings.layer($0, in: scope / "layers" / $0) }
        stack = RotaryStack(
            embeddings, layers: layers, finalNorm: settings.norm(in: scope / "final_norm"), state: scope.state)
    }

    /// False: most layers have a window, which `F.packedAttention` does not take.
    public var attendsToPackedOnGPU: Bool { false }

    public func sequenceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        ModernBertSequenceHead(settings, outputs: try config.labelCount, in: scope)
    }

    public func choiceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        ModernBertSequenceHead(settings, outputs: 1, skipsPadding: true, in: scope)
    }

    public func tokenHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        ModernBertTokenHead(settings, outputs: try config.labelCount, in: scope)
    }

    public func spanHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        try config.requireTwoLabels()
        return ModernBertTokenHead(settings, outputs: 2, in: scope)
    }

    public func maskedHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        ModernBertMaskedHead(settings, words: tokenEmbeddings.weight, isTied: try config.tiesEmbeddings, in: scope)
    }
}
