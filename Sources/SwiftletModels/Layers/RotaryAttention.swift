public import SwiftletNN
public import SwiftletTensor

/// Attention of each token to those of its sequence, or to its neighbours, with rotations for positions.
public struct RotaryAttention {
    /// How queries, keys and values come from states.
    public enum Projections {
        /// One projection to all three, one after the other, each head by head.
        case joint(Linear)
        /// A projection each; keys and values may have fewer heads than queries.
        case separate(query: Linear, key: Linear, value: Linear)
    }

    /// How queries, keys and values come from states.
    public let projections: Projections
    /// From `[..., heads · head width]` back to states.
    public let output: Linear
    /// On attention weights.
    public let dropout: Dropout
    /// Heads of queries.
    public let headCount: Int
    /// Heads of keys and values; as many queries' heads share one as there are more of them.
    public let keyHeadCount: Int
    /// What tokens attend to, and how positions turn queries and keys.
    public let scope: AttentionScope
    private let state: ModelState

    /// - Parameters:
    ///   - attention: what tokens attend to; the width of its rotations is a head's
    ///   - keyHeadCount: a divisor of `headCount`; `nil` is as many
    public init(
        _ projections: Projections, output: Linear, dropout: Dropout, headCount: Int, keyHeadCount: Int? = nil,
        attention: AttentionScope, state: ModelState
    ) {
        self.projections = projections
        self.output = output
        self.dropout = dropout
        self.headCount = headCount
        self.keyHeadCount = keyHeadCount ?? headCount
        scope = attention
        self.state = state
    }

    private var headWidth: Int { scope.rotary.width }

    /// `[batch, sequence, hidden]` or, packed, `[tokens, hidden]`, to the same.
    ///
    /// - Parameters:
    ///   - firsts: if given, only these tokens of a packed batch are queries, the first of each sequence:
    ///     `[sequences, hidden]`
    ///   - stream: the dropout of a pass with the fused kernels; `nil` for libtorch's operations
    public func callAsFunction(
        _ x: Tensor, layout: RotaryLayout, firsts: Tensor?, dropout stream: inout DropoutStream?
    ) -> Tensor {
        let rotation = layout.rotation(scope)
        guard let cumulativeLengths = layout.cumulativeLengths else {
            let (q, k, v) = projected(x)
            func heads(_ t: Tensor) -> Tensor { t.transpose(1, 2) }
            func rotated(_ t: Tensor) -> Tensor { rotation?(heads(t)) ?? heads(t) }
            let context = state.attention(
                rotated(q), shared(rotated(k), 1), shared(heads(v), 1), mask: layout.mask(scope), dropout: dropout)
            return output(context.transpose(1, 2).reshape(Array(x.shape.dropLast()) + [-1]))
        }
        var (q, k, v) = projected(x)
        (q, k) = (rotation?(q) ?? q, rotation?(k) ?? k)
        (k, v) = (shared(k, 1), shared(v, 1))
        // The kernel counts positions from query to key.
        guard stream != nil, scope.window == nil || layout.isContiguous else {
            return output(packed(q, k, v, cumulativeLengths: cumulativeLengths, layout: layout, isShort: firsts != nil))
        }
        func rows(_ t: Tensor) -> Tensor { t.reshape([t.shape[0], headCount * headWidth]).contiguous() }
        return output(
            FusedF.attention(
                rows(firsts.map { q.indexSelect(0, $0) } ?? q), rows(k), rows(v),
                cumulativeLengths: cumulativeLengths, headCount: headCount, window: scope.window,
                firstOnly: firsts != nil,
                dropout: stream?.next(probability: dropout.activeProbability) ?? .none))
    }

    /// Queries, keys and values, `[..., heads, width]` each.
    private func projected(_ x: Tensor) -> (Tensor, Tensor, Tensor) {
        let outer = Array(x.shape.dropLast())
        switch projections {
        case .joint(let linear):
            let all = linear(x).view(outer + [3, headCount, headWidth])
            return (all.select(outer.count, 0), all.select(outer.count, 1), all.select(outer.count, 2))
        case .separate(let query, let key, let value):
            return (
                query(x).view(outer + [headCount, headWidth]), key(x).view(outer + [keyHeadCount, headWidth]),
                value(x).view(outer + [keyHeadCount, headWidth])
            )
        }
    }

    /// Each head of keys or values once for every query's head that reads it.
    private func shared(_ x: Tensor, _ axis: Int) -> Tensor {
        let times = headCount / keyHeadCount
        guard times > 1 else { return x }
        var shape = x.shape
        shape.insert(times, at: axis + 1)
        let repeated = x.unsqueeze(axis + 1).expand(shape)
        shape.remove(at: axis + 1)
        shape[axis] *= times
        return repeated.reshape(shape)
    }

    /// - Parameters:
    ///   - q: `[tokens, heads, width]`, as are `k` and `v`
    ///   - isShort: only first tokens are queries
    /// - Returns: `[queries, heads · width]`
    private func packed(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, cumulativeLengths: [Int], layout: RotaryLayout, isShort: Bool
    ) -> Tensor {
        if let deviceLengths = layout.deviceLengths, scope.window == nil, !isShort, !state.execution.isAttentionEager,
            let context = F.packedAttention(
                q, k, v, cumulativeLengths: deviceLengths, longest: longest(cumulativeLengths),
                dropout: dropout.activeProbability)
        {
            return context.reshape([q.shape[0], -1])
        }
        let contexts = zip(cumulativeLengths, cumulativeLengths.dropFirst()).enumerated().map { index, range in
            let (start, count) = (range.0, range.1 - range.0)
            let queryCount = isShort ? 1 : count
            // [1, heads, sequence, width]
            func heads(_ t: Tensor, _ count: Int) -> Tensor { t.narrow(0, start, count).unsqueeze(0).transpose(1, 2) }
            return state.attention(
                heads(q, queryCount), heads(k, count), heads(v, count),
                mask: layout.mask(scope, sequence: index)?.narrow(0, 0, queryCount), dropout: dropout
            ).transpose(1, 2).reshape([queryCount, headCount * headWidth])
        }
        return Tensor.cat(contexts, 0)
    }
}
