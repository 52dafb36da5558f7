import CTorchInterface

/// What becomes of the losses of the single elements.
public enum Reduction: Sendable {
    /// A loss for each row.
    case none
    /// The mean of all rows.
    case mean
    /// The sum of all rows.
    case sum

    var code: ct_loss_reduction {
        switch self {
        case .none: CT_REDUCE_NONE
        case .mean: CT_REDUCE_MEAN
        case .sum: CT_REDUCE_SUM
        }
    }
}

/// Functions of neural networks, after `torch.nn.functional`.
public enum F {
    /// `x` `[..., inputs]` · `weight`ᵀ `[outputs, inputs]` + `bias` `[outputs]`, giving `[..., outputs]`.
    public static func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
        result("linear", [x, weight] + list(bias)) { ct_linear(x.handle, weight.handle, bias?.handle, $0) }
    }

    /// Rows of `weight` `[rows, width]` for `ids` (int64 or int32, `[...]`), giving `[..., width]`.
    ///
    /// - Parameter paddingIndex: a row whose gradient stays zero; -1 for none.
    public static func embedding(_ weight: Tensor, _ ids: Tensor, paddingIndex: Int = -1) -> Tensor {
        result("embedding", [weight, ids]) { ct_embedding(weight.handle, ids.handle, Int64(paddingIndex), $0) }
    }

    /// Over the last dimension: mean 0, variance 1, then `weight` `[width]` and `bias` `[width]`.
    public static func layerNorm(_ x: Tensor, weight: Tensor?, bias: Tensor?, eps: Double = 1e-5) -> Tensor {
        result("layerNorm", [x] + list(weight) + list(bias)) {
            ct_layer_norm(x.handle, weight?.handle, bias?.handle, eps, $0)
        }
    }

    /// Elements set to zero with probability `p` and the others scaled by 1 / (1 - p). Draws from the default
    /// generator of the tensor's device, as Python does.
    public static func dropout(_ x: Tensor, p: Double, training: Bool) -> Tensor {
        result("dropout", [x]) { ct_dropout(x.handle, p, training, $0) }
    }

    /// Attention of `q` `[..., queries, width]` to `k` and `v` `[..., keys, width]`, giving `q`'s shape.
    ///
    /// - Parameters:
    ///   - mask: broadcast to `[..., queries, keys]`: bool, true where attention is allowed, or float, added
    ///   - dropout: on the attention weights; give 0 outside training
    ///   - scale: of the products; 1/√width if `nil`
    public static func scaledDotProductAttention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor? = nil, dropout: Double = 0, scale: Double? = nil
    ) -> Tensor {
        result("scaledDotProductAttention", [q, k, v] + list(mask)) { out in
            withUnsafePointer(to: scale ?? 0) { factor in
                ct_attention(
                    q.handle, k.handle, v.handle, mask?.handle, dropout, scale == nil ? nil : factor, out)
            }
        }
    }

    /// Attention within sequences that lie one after the other, in one kernel for a GPU.
    ///
    /// - Parameters:
    ///   - q: `[tokens, heads, width]`, as are `k` and `v`
    ///   - cumulativeLengths: int32 `[sequences + 1]` on the same device: 0, then each sequence's end
    ///   - longest: tokens of the longest sequence
    ///   - dropout: on the attention weights; give 0 outside training
    /// - Returns: `q`'s shape; `nil` where libtorch has no such kernel: on other devices, and for some widths of heads.
    public static func packedAttention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, cumulativeLengths: Tensor, longest: Int, dropout: Double = 0
    ) -> Tensor? {
        var handle: OpaquePointer?
        perform("packedAttention", [q, k, v, cumulativeLengths]) {
            ct_packed_attention(
                q.handle, k.handle, v.handle, cumulativeLengths.handle, Int64(longest), dropout, &handle)
        }
        return handle.map { Tensor(owning: $0) }
    }

    // MARK: Losses

    /// Of `logits` `[rows, classes]` and `targets`: int64 `[rows]`, or probabilities `[rows, classes]`.
    ///
    /// - Parameters:
    ///   - ignoreIndex: a target that counts for nothing
    ///   - weight: `[classes]`
    public static func crossEntropy(
        _ logits: Tensor, _ targets: Tensor, ignoreIndex: Int = -100, labelSmoothing: Double = 0,
        weight: Tensor? = nil, reduction: Reduction = .mean
    ) -> Tensor {
        result("crossEntropy", [logits, targets] + list(weight)) {
            ct_cross_entropy(
                logits.handle, targets.handle, weight?.handle, reduction.code, Int64(ignoreIndex), labelSmoothing, $0)
        }
    }

    /// Of log probabilities `[rows, classes]` and int64 `[rows]`.
    public static func nllLoss(
        _ logProbabilities: Tensor, _ targets: Tensor, ignoreIndex: Int = -100, weight: Tensor? = nil,
        reduction: Reduction = .mean
    ) -> Tensor {
        result("nllLoss", [logProbabilities, targets] + list(weight)) {
            ct_nll_loss(
                logProbabilities.handle, targets.handle, weight?.handle, reduction.code, Int64(ignoreIndex), $0)
        }
    }

    /// Squared differences.
    public static func mse(_ x: Tensor, _ target: Tensor, reduction: Reduction = .mean) -> Tensor {
        result("mse", [x, target]) { ct_mse_loss(x.handle, target.handle, reduction.code, $0) }
    }

    /// Binary cross-entropy of logits and targets between 0 and 1, float, of the same shape.
    public static func bceWithLogits(
        _ logits: Tensor, _ targets: Tensor, weight: Tensor? = nil, positiveWeight: Tensor? = nil,
        reduction: Reduction = .mean
    ) -> Tensor {
        result("bceWithLogits", [logits, targets] + list(weight) + list(positiveWeight)) {
            ct_bce_with_logits(
                logits.handle, targets.handle, weight?.handle, positiveWeight?.handle, reduction.code, $0)
        }
    }

    static func list(_ tensor: Tensor?) -> [Tensor] { tensor.map { [$0] } ?? [] }
}
