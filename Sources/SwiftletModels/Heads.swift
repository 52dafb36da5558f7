public import SwiftletNN
public import SwiftletTensor

/// One vector for each sequence.
public protocol SequenceHead {
    /// What it reads of the encoder.
    var needs: EncoderNeeds { get }
    /// `[batch, outputs]`
    func callAsFunction(_ output: EncoderOutput, _ inputs: ModelInputs) -> Tensor
}

extension SequenceHead {
    public var needs: EncoderNeeds { .firstTokens }
}

/// One vector for each token.
public protocol TokenHead {
    /// Of a masked language model, the parameters with a row for each entry of the vocabulary, which
    /// `resizeTokenEmbeddings` resizes; `nil` for others.
    var vocabulary: VocabularyOutput? { get }
    /// `[..., hidden]` to `[..., outputs]`
    func callAsFunction(_ states: Tensor) -> Tensor
}

extension TokenHead {
    /// None.
    public var vocabulary: VocabularyOutput? { nil }
}

/// Dropout and a linear layer on each token.
public struct LinearTokenHead: TokenHead {
    let dropout: Dropout
    let linear: Linear

    /// - Parameters:
    ///   - width: of a token's state.
    ///   - outputs: numbers for each token.
    ///   - probability: share of the state that becomes zero in training.
    ///   - name: of the linear layer, within the scope.
    public init(_ width: Int, _ outputs: Int, dropout probability: Double, in scope: Scope, name: String) {
        dropout = Dropout(probability, in: scope)
        linear = Linear(width, outputs, in: scope / name)
    }

    public func callAsFunction(_ states: Tensor) -> Tensor { linear(dropout(states)) }
}

/// An encoder's pooled first token, dropout, and a linear layer `classifier`: BERT's head.
public struct PooledHead: SequenceHead {
    let encoder: any Encoder
    let dropout: Dropout
    let classifier: Linear

    /// - Parameter encoder: one that has a pooler for this task.
    public init(_ encoder: any Encoder, outputs: Int, dropout probability: Double, in scope: Scope) {
        self.encoder = encoder
        dropout = Dropout(probability, in: scope)
        classifier = Linear(encoder.hiddenSize, outputs, in: scope / "classifier")
    }

    public func callAsFunction(_ output: EncoderOutput, _ inputs: ModelInputs) -> Tensor {
        classifier(dropout(encoder.pooled(output) ?? output.firstTokens))
    }
}

/// Dropout, a linear layer, an activation, dropout and a linear layer on the first token: RoBERTa's head.
public struct DenseHead: SequenceHead {
    let dropout: Dropout
    let dense: Linear
    let activation: Activation
    let output: Linear

    /// Registers `dense` `[width, width]` and `out_proj` `[outputs, width]`.
    ///
    /// - Parameters:
    ///   - width: of a token's state.
    ///   - outputs: numbers for each sequence.
    ///   - probability: share that becomes zero in training, before both layers.
    ///   - activation: between them.
    public init(
        _ width: Int, outputs: Int, dropout probability: Double, activation: Activation, in scope: Scope
    ) {
        dense = Linear(width, width, in: scope / "dense")
        dropout = Dropout(probability, in: scope)
        self.activation = activation
        output = Linear(width, outputs, in: scope / "out_proj")
    }

    public func callAsFunction(_ output: EncoderOutput, _ inputs: ModelInputs) -> Tensor {
        self.output(dropout(activation(dense(dropout(output.firstTokens)))))
    }
}

/// A linear layer, an activation, a layer norm, and the projection to the vocabulary: the head of masked language
/// models. The projection's weight is the embedding table where the configuration ties them.
public struct MaskedHead: TokenHead {
    let dense: Linear
    let activation: Activation
    let norm: LayerNorm
    let weight: Parameter
    let bias: Parameter
    private let unusedBias: Parameter?

    public var vocabulary: VocabularyOutput? { VocabularyOutput(weight: weight, bias: bias, unusedBias: unusedBias) }

    /// The names of one family, from the model's root.
    public struct Names: Sendable {
        var dense: String
        var norm: String
        /// Holds `weight` and `bias`.
        var decoder: String
        /// A bias that Python ties to the decoder's, if it has two.
        var bias: String?

        /// - Parameters:
        ///   - dense: the first linear layer.
        ///   - norm: the layer norm after it.
        ///   - decoder: the layer to the vocabulary.
        ///   - bias: the name of the decoder's bias beside it; `nil` where the decoder holds its own.
        public init(dense: String, norm: String, decoder: String, bias: String? = nil) {
            self.dense = dense
            self.norm = norm
            self.decoder = decoder
            self.bias = bias
        }
    }

    /// - Parameters:
    ///   - embeddings: the table of word embeddings, `[vocabulary, width]`
    ///   - hiddenSize: width of the states that come in
    ///   - isTied: `tie_word_embeddings`
    ///   - normFirst: the norm comes before the linear layer in Python's list of parameters
    public init(
        _ names: Names, embeddings: Parameter, hiddenSize: Int, activation: Activation, epsilon: Double, isTied: Bool,
        normFirst: Bool = false, in scope: Scope
    ) {
        let (rows, width) = (embeddings.shape[0], embeddings.shape[1])
        self.activation = activation
        let early = normFirst ? LayerNorm(width, epsilon: epsilon, in: scope / names.norm) : nil
        dense = Linear(hiddenSize, width, in: scope / names.dense)
        norm = early ?? LayerNorm(width, epsilon: epsilon, in: scope / names.norm)
        let decoder = scope / names.decoder
        if isTied {
            weight = embeddings
            decoder.tie("weight", to: embeddings)
        } else {
            weight = decoder.parameter(
                "weight", [rows, width], .normal(standardDeviation: scope.initializerRange))
        }
        guard let name = names.bias else {
            bias = decoder.parameter("bias", [rows], .zeros)
            unusedBias = nil
            return
        }
        // Python makes both and, untied, uses the decoder's only.
        let outer = scope.parameter(name, [rows], .zeros)
        if isTied {
            bias = outer
            unusedBias = nil
            decoder.tie("bias", to: outer)
        } else {
            bias = decoder.parameter("bias", [rows], .zeros)
            unusedBias = outer
        }
    }

    public func callAsFunction(_ states: Tensor) -> Tensor {
        F.linear(norm(activation(dense(states))), weight.tensor, bias.tensor)
    }
}

/// A projection to the vocabulary and nothing before it; the embedding table where the configuration ties them.
public struct ProjectionHead: TokenHead {
    let weight: Parameter
    let bias: Parameter?

    public var vocabulary: VocabularyOutput? { VocabularyOutput(weight: weight, bias: bias) }

    /// - Parameters:
    ///   - embeddings: the table of word embeddings, `[vocabulary, width]`
    ///   - isTied: `tie_word_embeddings`
    ///   - initializer: of the weight, where it is not the table; by default normal with the scope's deviation
    public init(
        _ embeddings: Parameter, isTied: Bool, hasBias: Bool, initializer: Initializer? = nil, in scope: Scope
    ) {
        if isTied {
            weight = embeddings
            scope.tie("weight", to: embeddings)
        } else {
            weight = scope.parameter(
                "weight", embeddings.shape, initializer ?? .normal(standardDeviation: scope.initializerRange))
        }
        bias = hasBias ? scope.parameter("bias", [embeddings.shape[0]], .zeros) : nil
    }

    public func callAsFunction(_ states: Tensor) -> Tensor { F.linear(states, weight.tensor, bias?.tensor) }
}
