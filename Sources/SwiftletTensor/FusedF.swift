import CTorchInterface

/// Functions with fused CPU kernels, forward and backward, for contiguous float32. Under `autocast` to bfloat16 the
/// operands of products are rounded to it; results and gradients stay float32, and copies of weights are kept until
/// they change.
///
/// Tokens of all sequences lie one after the other, `[tokens, width]`. The backward pass of each may run once.
public enum FusedF {
    /// A projection's parameters: `[outputs, inputs]` and `[outputs]`.
    public typealias Projection = (weight: Tensor, bias: Tensor)

    /// What ends both halves of a layer: the layer norm of `dropout(x · weightᵀ + bias) + residual`.
    public struct ResidualNorm {
        let projection: Projection
        let norm: (weight: Tensor, bias: Tensor)
        let eps: Double
        let dropout: DropoutDraw

        /// - Parameters:
        ///   - projection: `[width, inputs]` and `[width]`
        ///   - norm: weight and bias of the layer norm, `[width]` each
        public init(
            _ projection: Projection, norm: (weight: Tensor, bias: Tensor), eps: Double, dropout: DropoutDraw = .none
        ) {
            self.projection = projection
            self.norm = norm
            self.eps = eps
            self.dropout = dropout
        }

        var tensors: [Tensor] { [projection.weight, projection.bias, norm.weight, norm.bias] }

        /// Valid as long as the tensors are.
        var code: ct_residual_norm {
            ct_residual_norm(
                weight: projection.weight.handle, bias: projection.bias.handle, norm_weight: norm.weight.handle,
                norm_bias: norm.bias.handle, epsilon: eps, dropout: dropout.code)
        }
    }

    /// The first half of a layer: projects to queries, keys and values, attends within each sequence, with weights scaled by
    /// 1/√(head width), and ends with `output`, for which x is the residual.
    ///
    /// - Parameters:
    ///   - x: `[tokens, width]`
    ///   - cumulativeLengths: cumulative sequence lengths, `[sequences + 1]`: 0, then each sequence's end
    ///   - distanceBias: added to the scores by how far a key lies from its query, `[heads, 2 longest - 1]` for the
    ///     longest sequence, the farthest before the query first
    ///   - firstOnly: only the first token of each sequence is a query
    ///   - dropout: of attention weights
    /// - Returns: `[tokens, width]`, with `firstOnly` `[sequences, width]`.
    public static func selfAttention(
        _ x: Tensor, query: Projection, key: Projection, value: Projection, output: ResidualNorm,
        cumulativeLengths: [Int], headCount: Int, distanceBias: Tensor? = nil, firstOnly: Bool = false,
        dropout: DropoutDraw = .none
    ) -> Tensor {
        let parameters = [query.weight, query.bias, key.weight, key.bias, value.weight, value.bias]
        let rows = cumulativeLengths.map(Int64.init)
        return result("fused selfAttention", [x] + parameters + output.tensors + F.list(distanceBias)) { out in
            withHandles(parameters) {
                ct_fused_self_attention(
                    x.handle, $0, distanceBias?.handle, rows, Int64(rows.count - 1), Int64(headCount), firstOnly,
                    dropout.code, output.code, out)
            }
        }
    }

    /// Attention within each sequence, with weights scaled by 1/√(head width), of queries, keys and values that were made
    /// elsewhere.
    ///
    /// - Parameters:
    ///   - q: `[tokens, width]`, head by head; with `firstOnly` `[sequences, width]`
    ///   - k: `[tokens, width]`
    ///   - v: `[tokens, width]`
    ///   - cumulativeLengths: cumulative sequence lengths, `[sequences + 1]`: 0, then each sequence's end
    ///   - window: how many positions away a key may lie from its query; `nil` for any
    ///   - firstOnly: only the first token of each sequence is a query
    ///   - dropout: of attention weights
    /// - Returns: the shape of `q`, float32
    public static func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, cumulativeLengths: [Int], headCount: Int, window: Int? = nil,
        firstOnly: Bool = false, dropout: DropoutDraw = .none
    ) -> Tensor {
        let rows = cumulativeLengths.map(Int64.init)
        return result("fused attention", [q, k, v]) {
            ct_fused_packed_attention(
                q.handle, k.handle, v.handle, rows, Int64(rows.count - 1), Int64(headCount), Int64(window ?? -1),
                firstOnly, dropout.code, $0)
        }
    }

    /// The mean cross-entropy of `logits` `[rows, classes]` with `targets`, int64 `[rows]`; rows whose target is
    /// `ignoreIndex` count for nothing. `[]`, float32.
    public static func crossEntropy(_ logits: Tensor, _ targets: Tensor, ignoreIndex: Int = -100) -> Tensor {
        result("fused crossEntropy", [logits, targets]) {
            ct_fused_cross_entropy(logits.handle, targets.handle, Int64(ignoreIndex), $0)
        }
    }

    /// `dropout(layerNorm(words + types + positions))` of looked-up rows, `[tokens, width]`.
    ///
    /// - Parameters:
    ///   - tables: of words, types and positions, `[rows, width]` each
    ///   - ids: int64 `[tokens]` into each table
    ///   - paddingIndex: a word whose gradient is zero; -1 for none
    ///   - rows: the word table's gradient memory
    public static func embeddings(
        tables: (words: Tensor, types: Tensor, positions: Tensor),
        ids: (words: Tensor, types: Tensor, positions: Tensor), normWeight: Tensor, normBias: Tensor, eps: Double,
        paddingIndex: Int = -1, rows: RowGradient? = nil, dropout: DropoutDraw = .none
    ) -> Tensor {
        let (tables, ids) = ([tables.words, tables.types, tables.positions], [ids.words, ids.types, ids.positions])
        defer { withExtendedLifetime(rows) {} }
        return result("fused embeddings", tables + ids + [normWeight, normBias]) { out in
            withHandles(tables) { tables in
                withHandles(ids) { ids in
                    ct_fused_embeddings(
                        tables, ids, normWeight.handle, normBias.handle, eps, Int64(paddingIndex), rows?.handle,
                        dropout.code, out)
                }
            }
        }
    }

    /// The second half of a layer: `output` of GELU (exact) of `x · weightᵀ + bias`, with x as the residual;
    /// `[rows, width]` to the same.
    public static func feedForward(_ x: Tensor, _ intermediate: Projection, output: ResidualNorm) -> Tensor {
        result("fused feedForward", [x, intermediate.weight, intermediate.bias] + output.tensors) {
            ct_fused_feed_forward(x.handle, intermediate.weight.handle, intermediate.bias.handle, output.code, $0)
        }
    }

    /// `output` of x by itself: `[rows, inputs]` and a residual `[rows, width]` to `[rows, width]`.
    public static func linearNorm(_ x: Tensor, residual: Tensor, output: ResidualNorm) -> Tensor {
        result("fused linearNorm", [x, residual] + output.tensors) {
            ct_fused_linear_norm(x.handle, residual.handle, output.code, $0)
        }
    }
}

/// The gradient of one embedding table, of which few rows have one in a step: its memory is used again, and rows that
/// have never had a gradient are known to the optimizer. Belongs to one table.
public final class RowGradient {
    package let handle: OpaquePointer?

    /// No rows yet.
    public init() { handle = ct_row_gradient_new() }

    deinit { ct_row_gradient_free(handle) }
}

/// Whether dense tensors of one dtype follow one another in one piece of memory.
public func areJoined(_ tensors: [Tensor]) -> Bool {
    withHandles(tensors) { ct_are_joined($0, Int32(tensors.count)) }
}
