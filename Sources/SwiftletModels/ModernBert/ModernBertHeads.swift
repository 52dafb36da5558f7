import SwiftletNN
import SwiftletTensor

/// What all heads begin with: a linear layer, an activation and a norm.
struct ModernBertPredictionHead {
    let dense: Linear
    let activation: Activation
    let norm: LayerNorm

    init(_ config: ModernBertConfig, in scope: Scope) {
        dense = Linear(
            config.hiddenSize, config.hiddenSize, hasBias: config.classifierHasBias,
            initializer: config.initializer(config.outputDeviation), in: scope / "dense")
        activation = config.classifierActivation
        norm = config.norm(in: scope / "norm")
    }

    func callAsFunction(_ x: Tensor) -> Tensor { norm(activation(dense(x))) }
}

/// The shared part, dropout and a linear layer `classifier`, on each token.
struct ModernBertTokenHead: TokenHead {
    let head: ModernBertPredictionHead
    let dropout: Dropout
    let classifier: Linear

    init(_ config: ModernBertConfig, outputs: Int, in scope: Scope) {
        head = ModernBertPredictionHead(config, in: scope / "head")
        dropout = Dropout(config.classifierDropout, in: scope)
        classifier = Linear(
            config.hiddenSize, outputs, initializer: config.initializer(1 / Double(config.hiddenSize).squareRoot()),
            in: scope / "classifier")
    }

    func callAsFunction(_ states: Tensor) -> Tensor { classifier(dropout(head(states))) }
}

/// A dense layer, a norm and a linear layer on each sequence's first token or on the mean of its tokens.
struct ModernBertSequenceHead: SequenceHead {
    let tokenHead: ModernBertTokenHead
    let pooling: ModernBertConfig.Pooling
    /// Whether a row that begins with padding is read at its first token, as Python's multiple choice does.
    let skipsPadding: Bool

    init(_ config: ModernBertConfig, outputs: Int, skipsPadding: Bool = false, in scope: Scope) {
        tokenHead = ModernBertTokenHead(config, outputs: outputs, in: scope)
        pooling = config.classifierPooling
        self.skipsPadding = skipsPadding
    }

    var needs: EncoderNeeds { pooling == .firstToken ? .firstTokens : .allTokens }

    func callAsFunction(_ output: EncoderOutput, _ inputs: ModelInputs) -> Tensor {
        switch pooling {
        case .mean: tokenHead(output.meanOfTokens(inputs))
        case .firstToken: tokenHead(skipsPadding ? firstTokens(output, inputs) : output.firstTokens)
        }
    }

    private func firstTokens(_ output: EncoderOutput, _ inputs: ModelInputs) -> Tensor {
        let states = output.lastHiddenState
        guard states.rank == 3, let mask = inputs.attentionMask?.bools() else { return output.firstTokens }
        let length = states.shape[1]
        let positions = stride(from: 0, to: mask.count, by: length).map { row in
            mask[row..<row + length].firstIndex(of: true) ?? row
        }
        return states.reshape([-1, states.shape[2]])
            .indexSelect(0, Tensor(positions, shape: [positions.count]).to(states.device))
    }
}

/// The shared part and the projection to the vocabulary.
struct ModernBertMaskedHead: TokenHead {
    let head: ModernBertPredictionHead
    let decoder: ProjectionHead

    init(_ config: ModernBertConfig, words: Parameter, isTied: Bool, in scope: Scope) {
        head = ModernBertPredictionHead(config, in: scope / "head")
        decoder = ProjectionHead(
            words, isTied: isTied, hasBias: config.decoderHasBias,
            initializer: config.initializer(config.outputDeviation), in: scope / "decoder")
    }

    var vocabulary: VocabularyOutput? { decoder.vocabulary }

    func callAsFunction(_ states: Tensor) -> Tensor { decoder(head(states)) }
}
