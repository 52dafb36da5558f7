import SwiftletNN
import SwiftletTensor

// BERT on packed tokens: with the fused kernels, and with libtorch's operations.

/// int64 `[batch]`: where each sequence's first token lies.
func firstTokens(_ starts: [Int], _ device: Device) -> Tensor {
    Tensor(Array(starts.dropLast()), shape: [starts.count - 1]).to(device)
}

extension BertModel {
    /// The whole encoder on packed inputs with the fused kernels.
    ///
    /// Where no states are asked for, the last layer works on first tokens only: the pooler reads no others.
    func fused(_ inputs: ModelInputs, outputHiddenStates: Bool) -> (hiddenStates: [Tensor]?, pooled: Tensor) {
        let starts = inputs.sequenceStarts ?? [0, inputs.inputIDs.count]
        let firsts = firstTokens(starts, .cpu)
        var dropout = DropoutStream()
        var states = [embeddings.fused(inputs, dropout: &dropout)]
        var isShort = false
        for (index, layer) in layers.enumerated() {
            isShort = index == layers.count - 1 && !outputHiddenStates
            let x = states[states.count - 1]
            let next = layer.fused(x, starts: starts, firsts: isShort ? firsts : nil, dropout: &dropout)
            if outputHiddenStates { states.append(next) } else { states = [next] }
        }
        let last = states[states.count - 1]
        return (outputHiddenStates ? states : nil, pool(isShort ? last : last.indexSelect(0, firsts)))
    }
}

extension BertEmbeddings {
    func fused(_ inputs: ModelInputs, dropout stream: inout DropoutStream) -> Tensor {
        let segments = inputs.tokenTypeIDs ?? .zerosLike(inputs.inputIDs)
        return fusedEmbeddings(
            words: words, types: types, positions: positions,
            ids: (inputs.inputIDs.to(.int64), segments.to(.int64), positionIDs(inputs).to(.int64)), norm: norm,
            dropout: dropout.draw(from: &stream))
    }
}

extension BertLayer {
    /// - Parameters:
    ///   - x: `[tokens, hidden]`
    ///   - firsts: if given, only these tokens, the first of each sequence, are computed
    func fused(_ x: Tensor, starts: [Int], firsts: Tensor?, dropout stream: inout DropoutStream) -> Tensor {
        joinInMemory([attention.query, attention.key, attention.value])
        let context = FusedF.attention(
            x, query: attention.query.projection, key: attention.key.projection, value: attention.value.projection,
            starts: starts, headCount: attention.headCount, firstOnly: firsts != nil,
            dropout: attention.dropout.draw(from: &stream))
        let attended = attentionOutput.fused(
            context, residual: firsts.map { x.indexSelect(0, $0) } ?? x, dropout: &stream)
        return output.fused(
            intermediate.fused(attended, activation: activation), residual: attended, dropout: &stream)
    }
}

extension BertOutput {
    func fused(_ x: Tensor, residual: Tensor, dropout stream: inout DropoutStream) -> Tensor {
        dense.fused(x, residual: residual, norm: norm, dropout: dropout.draw(from: &stream))
    }
}

extension BertSelfAttention {
    /// Attention with libtorch's operations, one sequence after the other.
    func packed(_ x: Tensor, layout: TokenLayout) -> Tensor {
        guard case .packed(let starts) = layout else { return x }
        let width = x.shape[1]
        let (q, k, v) = (query(x), key(x), value(x))
        let contexts = zip(starts, starts.dropFirst()).map { start, end in
            // [1, heads, sequence, width of a head]
            func heads(_ t: Tensor) -> Tensor {
                t.narrow(0, start, end - start).view([1, end - start, headCount, width / headCount]).transpose(1, 2)
            }
            return F.scaledDotProductAttention(
                heads(q), heads(k), heads(v), dropout: dropout.activeProbability, scale: nil
            ).transpose(1, 2).reshape([end - start, width])
        }
        return Tensor.cat(contexts, 0)
    }
}
