public import SwiftletNN
import SwiftletTensor

/// Warner et al., "Smarter, Better, Faster, Longer: A Modern Bidirectional Encoder", 2024.
///
/// No fused kernel fits its layers, whose norms come first and whose positions are rotations. In their place it runs
/// libtorch's operations on packed tokens: nothing is computed for padding.
public final class ModernBertModel: Encoder {
    public static let classNames = ["modernbert": "ModernBert"]
    public static let baseModelPrefix = "model"

    public let settings: ModernBertConfig
    public let state: ModelState
    let words: Embedding
    let norm: LayerNorm
    let dropout: Dropout
    let layers: [ModernBertLayer]
    let finalNorm: LayerNorm

    public init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws {
        settings = try ModernBertConfig(config)
        state = scope.state
        let settings = settings
        words = Embedding(
            settings.vocabularySize, settings.hiddenSize, paddingIndex: settings.padTokenID,
            initializer: settings.initializer(settings.initializerRange), in: scope / "embeddings" / "tok_embeddings")
        norm = settings.norm(in: scope / "embeddings" / "norm")
        dropout = Dropout(settings.embeddingDropout, in: scope)
        layers = (0..<settings.layerCount).map { ModernBertLayer(settings, index: $0, in: scope / "layers" / $0) }
        finalNorm = settings.norm(in: scope / "final_norm")
    }

    public var hiddenSize: Int { settings.hiddenSize }

    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds
    ) throws -> EncoderOutput {
        // Rotations have no table that could end.
        try InputLimits(
            vocabularySize: settings.vocabularySize, typeVocabularySize: nil, maximumLength: .max, positionCount: .max
        ).check(inputs)
        return state.encode(
            inputs, outputHiddenStates: outputHiddenStates, needs: needs,
            fused: { states($0, all: outputHiddenStates, firsts: $1) },
            reference: { states($0, all: outputHiddenStates, firsts: nil) })
    }

    /// - Parameter firsts: if given, the last layer computes these tokens only.
    private func states(_ inputs: ModelInputs, all: Bool, firsts: Tensor?) -> [Tensor] {
        let layout = ModernBertLayout(inputs, config: settings, dtype: state.dtype)
        var states = [dropout(norm(state.withNoise(words(inputs.inputIDs))))]
        for (index, layer) in layers.enumerated() {
            let x = states[states.count - 1]
            let asking = index == layers.count - 1 ? firsts : nil
            let next =
                state.isTraining && state.recomputesActivations
                ? recomputed(x) { layer($0, layout: layout, firsts: asking) }
                : layer(x, layout: layout, firsts: asking)
            if all { states.append(next) } else { states = [next] }
        }
        // The last layer's output is never shown without the norm, as in Python.
        states.append(finalNorm(states.removeLast()))
        return states
    }

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
        ModernBertMaskedHead(settings, words: words.weight, isTied: try config.tiesEmbeddings, in: scope)
    }
}
