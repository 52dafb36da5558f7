public import SwiftletTensor

/// How the states of a sequence's tokens become one vector. The names are those of `sentence_transformers`.
public enum PoolingMode: String, Sendable, CaseIterable {
    /// The state of the first token.
    case cls
    /// The largest value of each component.
    case max
    /// The mean of each component.
    case mean
    /// The sum divided by the root of the number of tokens.
    case meanSqrtLength = "mean_sqrt_len_tokens"
    /// The mean with weights 1, 2, 3, ...
    case weightedMean = "weightedmean"
    /// The state of the last token.
    case lastToken = "lasttoken"
}

extension EncoderOutput {
    /// The states of each sequence's tokens as one vector, padding left out. Not after `.firstTokens`, but for `.cls`.
    ///
    /// - Parameters:
    ///   - modes: several are put one after another, in this order.
    ///   - inputs: what the encoder was called with.
    /// - Returns: `[batch, hidden * modes]`
    public func pooled(_ modes: [PoolingMode], _ inputs: ModelInputs) -> Tensor {
        let vectors = modes.map { mode in
            if let sequences = packedSequences { return Self.pooled(sequences, mode) ?? firstTokens }
            return padded(mode, inputs)
        }
        return vectors.count == 1 ? vectors[0] : Tensor.cat(vectors, -1)
    }

    /// - Parameter sequences: `[tokens, hidden]` each.
    /// - Returns: `nil` for the first token's state.
    private static func pooled(_ sequences: [Tensor], _ mode: PoolingMode) -> Tensor? {
        if mode == .cls { return nil }
        return Tensor.stack(
            sequences.map { states in
                let count = states.shape[0]
                switch mode {
                case .cls, .lastToken: return states.select(0, count - 1)
                case .max: return states.amax(0)
                case .mean: return states.mean(0)
                case .meanSqrtLength: return states.sum(0) / Double(count).squareRoot()
                case .weightedMean:
                    let weights = Tensor.arange(1, count + 1).to(states.device).to(states.dtype).unsqueeze(1)
                    return (states * weights).sum(0) / (Double(count) * Double(count + 1) / 2)
                }
            })
    }

    private func padded(_ mode: PoolingMode, _ inputs: ModelInputs) -> Tensor {
        // Only the first tokens are there.
        guard lastHiddenState.rank == 3 else { return lastHiddenState }
        let states = lastHiddenState
        let mask =
            inputs.attentionMask.map { $0.ne(0).to(.int64) }
            ?? Tensor.ones([states.shape[0], states.shape[1]], dtype: .int64, device: states.device)
        switch mode {
        case .cls: return rows(states, mask.argmax(1))
        // The last token's position has the largest number of those that count.
        case .lastToken: return rows(states, (mask * numbers(states)).argmax(1))
        case .max: return states.maskedFill(mask.eq(0).unsqueeze(2), -Double.infinity).amax(1)
        case .mean: return Self.mean(states, mask)
        case .meanSqrtLength:
            let weights = mask.to(states.dtype)
            return (states * weights.unsqueeze(2)).sum(1) / weights.sum(1, keepDim: true).clamp(min: 1e-9).sqrt()
        // A row that begins with padding counts from its first token.
        case .weightedMean: return Self.mean(states, mask * mask.cumsum(1))
        }
    }

    /// 1, 2, 3, ... for the positions of a row, `[1, sequence]`.
    private func numbers(_ states: Tensor) -> Tensor {
        Tensor.arange(1, states.shape[1] + 1).to(states.device).unsqueeze(0)
    }

    /// One place of each row.
    private func rows(_ states: Tensor, _ positions: Tensor) -> Tensor {
        let (count, length) = (states.shape[0], states.shape[1])
        let starts = Tensor.arange(0, count * length, step: length).to(states.device)
        return states.reshape([count * length, -1]).indexSelect(0, starts + positions)
    }

    /// The mean of each row's states by weight, `[batch, hidden]`; zeros for a row without weight.
    ///
    /// - Parameters:
    ///   - states: `[batch, sequence, hidden]`
    ///   - weights: `[batch, sequence]`
    static func mean(_ states: Tensor, _ weights: Tensor) -> Tensor {
        let weights = weights.to(states.dtype)
        return (states * weights.unsqueeze(2)).sum(1) / weights.sum(1, keepDim: true).clamp(min: 1e-9)
    }
}
