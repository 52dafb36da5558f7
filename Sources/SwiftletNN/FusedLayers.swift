public import SwiftletTensor

extension Linear {
    /// The parameters as the fused functions take them: without a bias, zeros.
    public var projection: FusedF.Projection { (weight.tensor, bias?.tensor ?? Tensor.zeros([weight.shape[0]])) }

    /// `norm(dropout(self(x)) + residual)` as the fused functions take it.
    public func residual(_ norm: LayerNorm, dropout: DropoutDraw) -> FusedF.ResidualNorm {
        FusedF.ResidualNorm(
            projection, norm: (norm.weight.tensor, norm.biasOrZeros), eps: norm.epsilon, dropout: dropout)
    }
}

/// The second half of a layer, `output` of `activation(intermediate(x))` with x as the residual, on packed tokens; in one
/// fused function where the activation has a kernel.
public func fusedFeedForward(
    _ x: Tensor, _ intermediate: Linear, _ activation: Activation, output: FusedF.ResidualNorm
) -> Tensor {
    activation == .gelu
        ? FusedF.feedForward(x, intermediate.projection, output: output)
        : FusedF.linearNorm(activation(intermediate(x)), residual: x, output: output)
}

extension LayerNorm {
    var biasOrZeros: Tensor { bias?.tensor ?? Tensor.zeros(weight.shape) }
}

/// The sum of looked-up embeddings, normalized and dropped from, in one fused function.
///
/// - Parameters:
///   - types: of segments; `nil` adds none
///   - ids: int64 `[tokens]` for each table; no types mean 0 everywhere
/// - Returns: `[tokens, width]`
public func fusedEmbeddings(
    words: Embedding, types: Embedding?, positions: Embedding, ids: (words: Tensor, types: Tensor?, positions: Tensor),
    norm: LayerNorm, dropout: DropoutDraw
) -> Tensor {
    let table = words.weight
    // A tied table's gradient has rows of its own from its other use, which the memory of rows doesn't know.
    let rows = table.isTied ? nil : table.rowGradient ?? RowGradient()
    table.rowGradient = rows
    let typeTable = types?.weight.tensor ?? Tensor.zeros([1, table.shape[1]])
    return FusedF.embeddings(
        tables: (table.tensor, typeTable, positions.weight.tensor),
        ids: (ids.words, types.flatMap { _ in ids.types } ?? .zerosLike(ids.words), ids.positions),
        normWeight: norm.weight.tensor, normBias: norm.biasOrZeros, eps: norm.epsilon,
        paddingIndex: words.paddingIndex ?? -1, rows: rows, dropout: dropout)
}

extension Dropout {
    /// The next dropout layer's draw of a fused pass; none in evaluation.
    public func draw(from stream: inout DropoutStream) -> DropoutDraw {
        stream.next(probability: activeProbability)
    }
}

/// Lays the weights of several projections of one input one after the other in memory, where they multiply as one
/// matrix. They stay parameters of their own. Does nothing where they lie so, or hold gradients.
public func joinInMemory(_ layers: [Linear]) {
    let parameters = layers.map(\.weight)
    guard let first = parameters.first, parameters.allSatisfy({ $0.gradient == nil && $0.shape == first.shape }),
        !areJoined(parameters.map(\.tensor))
    else { return }
    let rows = first.shape[0]
    let all = noGrad { Tensor.cat(parameters.map(\.tensor), 0) }
    for (index, parameter) in parameters.enumerated() {
        let isTrainable = parameter.isTrainable
        parameter.tensor = all.narrow(0, index * rows, rows).detach()
        parameter.isTrainable = isTrainable
    }
}
