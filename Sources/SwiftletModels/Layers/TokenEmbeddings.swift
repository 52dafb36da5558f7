import SwiftletNN
import SwiftletTensor

/// Token, segment and position embeddings, summed and normalized.
struct TokenEmbeddings {
    /// What a family's embeddings look like.
    struct Shape {
        var vocabularySize: Int
        var width: Int
        /// `nil`: no segments.
        var typeCount: Int?
        var positionCount: Int
        var epsilon: Double
        var dropout: Double
        /// A word whose vector gets no gradient.
        var padTokenID: Int?
        /// Positions count tokens that are not padding, and begin after this id, as RoBERTa's do.
        var positionsAfterPadding: Int?
        /// The position table comes last in Python's list of parameters.
        var positionsLast = false
        /// Fresh position embeddings are waves, not random.
        var hasSinusoidalPositions = false

    }

    var limits: InputLimits {
        InputLimits(
            vocabularySize: words.weight.shape[0], embeddingWidth: shape.width, typeVocabularySize: shape.typeCount,
            maximumLength: shape.positionCount - (shape.positionsAfterPadding.map { $0 + 1 } ?? 0),
            positionCount: shape.positionCount)
    }

    let shape: Shape
    let words: Embedding
    let positions: Embedding
    let types: Embedding?
    let norm: LayerNorm
    let dropout: Dropout
    private let state: ModelState

    init(_ shape: Shape, in scope: Scope) {
        self.shape = shape
        state = scope.state
        func positionTable() -> Embedding {
            Embedding(
                shape.positionCount, shape.width, paddingIndex: shape.positionsAfterPadding,
                isSinusoidal: shape.hasSinusoidalPositions, in: scope / "position_embeddings")
        }
        words = Embedding(
            shape.vocabularySize, shape.width, paddingIndex: shape.padTokenID, in: scope / "word_embeddings")
        let early = shape.positionsLast ? nil : positionTable()
        types = shape.typeCount.map { Embedding($0, shape.width, in: scope / "token_type_embeddings") }
        norm = LayerNorm(shape.width, epsilon: shape.epsilon, in: scope / "LayerNorm")
        positions = early ?? positionTable()
        dropout = Dropout(shape.dropout, in: scope)
    }

    /// `[batch, sequence]` to `[batch, sequence, width]`; packed `[tokens]` to `[tokens, width]`
    ///
    /// - Parameter inputs: after `completed`.
    func callAsFunction(_ inputs: ModelInputs) -> Tensor {
        var sum = state.withNoise(inputs.inputsEmbeds ?? words(inputs.inputIDs))
        // Segment 0 is added also when no segments are given.
        if let types { sum = sum + types(inputs.tokenTypeIDs ?? .zerosLike(inputs.inputIDs)) }
        return dropout(norm(sum + positions(inputs.positions)))
    }

    func fused(_ inputs: ModelInputs, dropout stream: inout DropoutStream) -> Tensor {
        fusedEmbeddings(
            words: words, types: types, positions: positions,
            ids: (
                inputs.inputIDs.to(.int64), inputs.tokenTypeIDs?.to(.int64),
                inputs.positions.to(.int64)
            ), norm: norm, dropout: dropout.draw(from: &stream))
    }

    /// Whether the fused kernels give the gradients of these inputs: they know no position without one.
    func canFuse(_ inputs: ModelInputs) -> Bool {
        guard let padding = shape.positionsAfterPadding, let positions = inputs.positionIDs else { return true }
        return !positions.eq(padding).any()
    }

    /// The inputs with the positions that depend on the ids.
    func completed(_ inputs: ModelInputs) -> ModelInputs {
        var inputs = inputs
        if types == nil { inputs.tokenTypeIDs = nil }
        guard let padding = shape.positionsAfterPadding, inputs.positionIDs == nil else { return inputs }
        // Vectors tell nothing of padding: as in Python, all of them count.
        let isToken =
            inputs.inputsEmbeds == nil ? inputs.inputIDs.ne(padding).to(.int64) : Tensor.zerosLike(inputs.inputIDs) + 1
        guard let cumulativeLengths = inputs.cumulativeLengths else {
            inputs.positionIDs = isToken.cumsum(1) * isToken + padding
            return inputs
        }
        var positions = isToken.ints()
        for (start, end) in zip(cumulativeLengths, cumulativeLengths.dropFirst()) {
            var count = 0
            for index in start..<end {
                count += positions[index]
                positions[index] = positions[index] * count + padding
            }
        }
        inputs.positionIDs = Tensor(positions, shape: [positions.count]).to(inputs.inputIDs.device)
        return inputs
    }
}
