public import SwiftletNN
public import SwiftletTensor

/// Token embeddings of models whose positions are rotations: those of words and, if there are any, of segments, with a
/// norm and dropout.
public struct RotaryStackEmbeddings {
    /// The table of tokens, `[vocabulary, hidden]`.
    public let words: Embedding
    /// The table of segments, `[types, hidden]`; `nil` for a model without.
    public let types: Embedding?
    /// The norm of the sum.
    public let norm: (any Normalization)?
    /// The dropout after it.
    public let dropout: Dropout?
    private let state: ModelState

    /// - Parameters:
    ///   - words: the table of tokens.
    ///   - types: the table of segments.
    ///   - norm: of the sum.
    ///   - dropout: after the norm.
    ///   - state: the model's.
    public init(
        words: Embedding, types: Embedding? = nil, norm: (any Normalization)? = nil, dropout: Dropout? = nil,
        state: ModelState
    ) {
        self.words = words
        self.types = types
        self.norm = norm
        self.dropout = dropout
        self.state = state
    }

    /// `[batch, sequence]` to `[batch, sequence, hidden]`; packed `[tokens]` to `[tokens, hidden]`
    public func callAsFunction(_ inputs: ModelInputs) -> Tensor {
        var x = state.withNoise(inputs.inputsEmbeds ?? words(inputs.inputIDs))
        // Segment 0 is added also when no segments are given.
        if let types { x = x + types(inputs.tokenTypeIDs ?? .zerosLike(inputs.inputIDs)) }
        if let norm { x = norm(x) }
        return dropout?(x) ?? x
    }
}

/// One layer: attention and a feed-forward half, each added to what goes in, with the norms before the halves or after
/// the sums.
public struct RotaryLayer {
    /// Where norms are.
    public enum NormPlacement: Sendable {
        /// Of what goes into each half.
        case before
        /// Of each sum.
        case after
    }

    let placement: NormPlacement
    let attentionNorm: (any Normalization)?
    let attention: RotaryAttention
    let attentionDropout: Dropout?
    let feedForwardNorm: any Normalization
    let feedForward: any FeedForward
    let feedForwardDropout: Dropout?

    /// - Parameters:
    ///   - attentionNorm: `nil` where there is none, as in a first layer after normalized embeddings
    ///   - attentionDropout: on what attention gives
    ///   - feedForwardDropout: on what the second half gives
    public init(
        _ placement: NormPlacement, attentionNorm: (any Normalization)?, attention: RotaryAttention,
        attentionDropout: Dropout? = nil, feedForwardNorm: any Normalization, feedForward: any FeedForward,
        feedForwardDropout: Dropout? = nil
    ) {
        self.placement = placement
        self.attentionNorm = attentionNorm
        self.attention = attention
        self.attentionDropout = attentionDropout
        self.feedForwardNorm = feedForwardNorm
        self.feedForward = feedForward
        self.feedForwardDropout = feedForwardDropout
    }

    /// - Parameters:
    ///   - firsts: if given, only these tokens of a packed batch are computed, the first of each sequence
    ///   - stream: the dropout of a pass with the fused kernels; `nil` for libtorch's operations
    func callAsFunction(
        _ x: Tensor, layout: RotaryLayout, firsts: Tensor?, dropout stream: inout DropoutStream?
    ) -> Tensor {
        func normalized(_ x: Tensor) -> Tensor { attentionNorm.map { $0(x) } ?? x }
        func dropped(_ x: Tensor, _ dropout: Dropout?) -> Tensor { dropout?(x) ?? x }
        let isBefore = placement == .before
        let attended = dropped(
            attention(isBefore ? normalized(x) : x, layout: layout, firsts: firsts, dropout: &stream), attentionDropout)
        let sum = (firsts.map { x.indexSelect(0, $0) } ?? x) + attended
        let middle = isBefore ? sum : normalized(sum)
        let answer = dropped(feedForward(isBefore ? feedForwardNorm(middle) : middle), feedForwardDropout)
        return isBefore ? middle + answer : feedForwardNorm(middle + answer)
    }
}

/// A whole encoder of this kind: embeddings, layers, and a norm at the end where norms come before the halves.
///
/// With the fused kernels switched on it runs on packed tokens, so that nothing is computed for padding: attention in a
/// kernel of its own, the rest with libtorch's operations.
public struct RotaryStack {
    /// What turns ids into the first states.
    public let embeddings: RotaryStackEmbeddings
    /// The layers, in the order in which they run.
    public let layers: [RotaryLayer]
    /// The norm of the last layer's states, where norms come before the halves.
    public let finalNorm: (any Normalization)?
    private let state: ModelState
    private let scopes: Set<AttentionScope>

    /// - Parameters:
    ///   - embeddings: what turns ids into the first states.
    ///   - layers: in the order in which they run.
    ///   - finalNorm: of the last layer's states.
    ///   - state: the model's.
    public init(
        _ embeddings: RotaryStackEmbeddings, layers: [RotaryLayer], finalNorm: (any Normalization)? = nil,
        state: ModelState
    ) {
        self.embeddings = embeddings
        self.layers = layers
        self.finalNorm = finalNorm
        self.state = state
        scopes = Set(layers.map(\.attention.scope))
    }

    /// Runs it, on padded batches or packed ones; what an `Encoder` does when it is called.
    ///
    /// - Throws: `ModelError` for inputs that the model can't take.
    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds
    ) throws -> EncoderOutput {
        let words = embeddings.words.weight.shape
        // Rotations have no table that could end.
        var inputs = try InputLimits(
            vocabularySize: words[0], embeddingWidth: words[1], typeVocabularySize: embeddings.types?.weight.shape[0]
        ).check(inputs, for: state)
        if embeddings.types == nil { inputs.tokenTypeIDs = nil }
        return state.encode(
            inputs, outputHiddenStates: outputHiddenStates, needs: needs,
            fused: { states($0, all: outputHiddenStates, firsts: $1, stream: DropoutStream()) },
            reference: { states($0, all: outputHiddenStates, firsts: nil, stream: nil) })
    }

    /// - Parameters:
    ///   - firsts: if given, the last layer computes these tokens only
    ///   - stream: the dropout of a pass with the fused kernels; `nil` for libtorch's operations
    private func states(_ inputs: ModelInputs, all: Bool, firsts: Tensor?, stream: DropoutStream?) -> [Tensor] {
        var stream = stream
        let layout = RotaryLayout(inputs, scopes: scopes, dtype: state.store.dtype, isFused: stream != nil)
        var states = [embeddings(inputs)]
        for (index, layer) in layers.enumerated() {
            let x = states[states.count - 1]
            let querying = index == layers.count - 1 ? firsts : nil
            let next =
                state.execution.recomputesNow
                ? recomputed(x) { x in
                    // Such passes run on libtorch's operations.
                    var none: DropoutStream?
                    return layer(x, layout: layout, firsts: querying, dropout: &none)
                }
                : layer(x, layout: layout, firsts: querying, dropout: &stream)
            if all { states.append(next) } else { states = [next] }
        }
        if layers.isEmpty, let firsts { states = [states[0].indexSelect(0, firsts)] }
        // The last layer's output is never shown without the norm, as in Python.
        if let finalNorm { states.append(finalNorm(states.removeLast())) }
        return states
    }
}
