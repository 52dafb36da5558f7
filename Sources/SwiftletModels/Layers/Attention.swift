public import SwiftletNN
public import SwiftletTensor

extension ModelState {
    /// Attention of queries to keys, in the way that the model's policy names: one operation of libtorch, or eagerly, with
    /// the weights left in `attentionRecord` where there is one.
    ///
    /// - Parameters:
    ///   - q: `[batch, heads, queries, width]`
    ///   - k: `[batch, heads, keys, width]`
    ///   - v: `[batch, heads, keys, width]`
    ///   - mask: bool, true where attention is allowed, that can be broadcast to `[batch, heads, queries, keys]`
    ///   - bias: added to the scores, likewise; such attention is always eager
    ///   - dropout: on the weights
    /// - Returns: `[batch, heads, queries, width]`
    public func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor?, bias: Tensor? = nil, dropout: Dropout
    ) -> Tensor {
        guard bias != nil || execution.isAttentionEager else {
            return F.scaledDotProductAttention(q, k, v, mask: mask, dropout: dropout.activeProbability)
        }
        let root = Double(q.shape.last ?? 1).squareRoot()
        let products = q.matmul(k.transpose(2, 3))
        var scores = bias.map { products / root + $0 } ?? products * (1 / root)
        if let mask { scores = scores.maskedFill(mask.logicalNot(), scores.dtype.lowest) }
        let weights = dropout(scores.softmax(-1))
        attentionRecord?.append(weights)
        return weights.matmul(v)
    }
}

extension DType {
    /// The least finite value: a score that the softmax makes 0, also where a row has nothing else.
    var lowest: Double {
        switch self {
        case .float64: -Double.greatestFiniteMagnitude
        case .float16: -65504
        case .bfloat16: -3.3895313892515355e38
        default: -Double(Float.greatestFiniteMagnitude)
        }
    }
}
