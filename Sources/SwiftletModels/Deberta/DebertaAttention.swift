import SwiftletNN
import SwiftletTensor

// He et al., "DeBERTa: Decoding-enhanced BERT with Disentangled Attention", 2021: the score of two tokens is the sum of
// how well their contents fit, and how well the content of each fits the distance to the other.

/// What attention multiplies: rows of heads, `[batch, sequence, heads, width]` or, packed, `[tokens, heads, width]`.
/// Queries of contents and of positions are divided by the scale already.
struct DisentangledStates {
    var queries: Tensor
    var keys: Tensor
    var values: Tensor
    /// Of the relative positions in use, `[rows, heads, width]`, where the model has such scores.
    var positionKeys: Tensor?
    var positionQueries: Tensor?
}

/// Makes queries, keys and values: versions 1 and 2 differ in their projections.
protocol DisentangledProjections {
    /// - Parameters:
    ///   - x: `[batch, sequence, hidden]` or, packed, `[tokens, hidden]`
    ///   - querying: the states that queries are made of: `x`, or its first tokens
    ///   - relative: the relative positions in use, `[rows, hidden]`
    func states(_ x: Tensor, querying: Tensor, relative: Tensor?) -> DisentangledStates
}

/// Mixes the heads of attention scores `[batch, heads, queries, keys]` before and after the softmax.
struct TalkingHeads {
    let scores: Linear
    let weights: Linear

    init(_ config: DebertaConfig, in scope: Scope) {
        scores = Linear(config.headCount, config.headCount, hasBias: false, in: scope / "head_logits_proj")
        weights = Linear(config.headCount, config.headCount, hasBias: false, in: scope / "head_weights_proj")
    }

    static func mix(_ x: Tensor, with layer: Linear?) -> Tensor {
        layer.map { $0(x.permute([0, 2, 3, 1])).permute([0, 3, 1, 2]) } ?? x
    }
}

struct DebertaSelfAttention {
    let projections: any DisentangledProjections
    let talkingHeads: TalkingHeads?
    let positionDropout: Dropout
    let dropout: Dropout
    private let state: ModelState

    init(_ config: DebertaConfig, in scope: Scope) {
        state = scope.state
        switch config.version {
        case .one: projections = DebertaProjections(config, in: scope)
        case .two: projections = DebertaV2Projections(config, in: scope)
        }
        talkingHeads = config.hasTalkingHeads ? TalkingHeads(config, in: scope) : nil
        positionDropout = Dropout(config.hiddenDropout, in: scope)
        dropout = Dropout(config.attentionDropout, in: scope)
    }

    /// - Parameters:
    ///   - x: `[batch, sequence, hidden]` or, packed, `[tokens, hidden]`
    ///   - relative: the table of relative positions, `[rows, hidden]`
    ///   - firsts: if given, only these tokens of a packed batch are queries, the first of each sequence
    func callAsFunction(_ x: Tensor, layout: DebertaLayout, relative: Tensor?, firsts: Tensor? = nil) -> Tensor {
        // The whole table is dropped from, as in the original; few of its rows are projected.
        let inUse = relative.map {
            positionDropout($0).narrow(0, layout.relativeRows.lowerBound, layout.relativeRows.count)
        }
        let states = projections.states(
            x, querying: firsts.map { x.indexSelect(0, $0) } ?? x, relative: layout.relativeRows.isEmpty ? nil : inUse)
        guard layout.isPacked else {
            return context(states, layout.blocks[0].pairs, forbidden: layout.forbidden)
        }
        let contexts = layout.blocks.enumerated().map { index, block in
            var part = states
            part.queries =
                firsts == nil
                ? states.queries.narrow(0, block.start, block.length) : states.queries.narrow(0, index, 1)
            part.queries = part.queries.unsqueeze(0)
            part.keys = states.keys.narrow(0, block.start, block.length).unsqueeze(0)
            part.values = states.values.narrow(0, block.start, block.length).unsqueeze(0)
            return context(part, block.pairs, forbidden: nil).squeeze(0)
        }
        return Tensor.cat(contexts, 0)
    }

    /// - Parameter states: of `[batch, sequence, heads, width]`
    /// - Returns: `[batch, queries, hidden]`
    private func context(_ states: DisentangledStates, _ pairs: DebertaLayout.Block.Pairs?, forbidden: Tensor?)
        -> Tensor
    {
        // [batch, heads, sequence, width]
        let (q, k, v) = (states.queries.transpose(1, 2), states.keys.transpose(1, 2), states.values.transpose(1, 2))
        let shape = q.shape
        let (batch, heads, queryCount, count) = (shape[0], shape[1], shape[2], k.shape[2])
        var scores = q.matmul(k.transpose(-1, -2))
        var positional: Tensor?
        if let pairs, let keys = states.positionKeys {
            // [heads, width, rows]
            let rows = pairs.contentToPosition.narrow(0, 0, queryCount).expand([batch, heads, queryCount, count])
            positional = q.matmul(keys.permute([1, 2, 0])).gather(-1, rows)
        }
        if let pairs, let queries = states.positionQueries {
            let rows = pairs.positionToContent.narrow(1, 0, queryCount).expand([batch, heads, count, queryCount])
            let score = k.matmul(queries.permute([1, 2, 0])).gather(-1, rows).transpose(-1, -2)
            positional = positional.map { $0 + score } ?? score
        }
        if let positional { scores = scores + positional }
        scores = TalkingHeads.mix(scores, with: talkingHeads?.scores)
        if let forbidden { scores = scores.maskedFill(forbidden, scores.dtype.lowest) }
        let weights = TalkingHeads.mix(dropout(scores.softmax(-1)), with: talkingHeads?.weights)
        state.attentionRecord?.append(weights)
        return weights.matmul(v).transpose(1, 2).reshape([batch, queryCount, heads * shape[3]])
    }
}

/// Version 1: one projection to queries, keys and values, head by head, and biases for queries and values.
struct DebertaProjections: DisentangledProjections {
    let joint: Linear
    let queryBias: Parameter
    let valueBias: Parameter
    let positionKey: Linear?
    let positionQuery: Linear?
    let headCount: Int
    let scale: Double

    init(_ config: DebertaConfig, in scope: Scope) {
        let width = config.hiddenSize
        queryBias = scope.parameter("q_bias", [width], .zeros)
        valueBias = scope.parameter("v_bias", [width], .zeros)
        joint = Linear(width, width * 3, hasBias: false, in: scope / "in_proj")
        let scores = config.hasRelativePositions ? config.positionScores : []
        positionKey =
            scores.contains(.contentToPosition) ? Linear(width, width, hasBias: false, in: scope / "pos_proj") : nil
        positionQuery = scores.contains(.positionToContent) ? Linear(width, width, in: scope / "pos_q_proj") : nil
        headCount = config.headCount
        scale = config.scale
    }

    func states(_ x: Tensor, querying: Tensor, relative: Tensor?) -> DisentangledStates {
        let width = x.shape[x.shape.count - 1] / headCount
        func heads(_ t: Tensor) -> Tensor { t.reshape(Array(t.shape.dropLast()) + [headCount, -1]) }
        // Per head: a query's values, a key's, a value's.
        let all = heads(joint(x))
        let queries = (querying === x ? all : heads(joint(querying))).narrow(-1, 0, width)
        return DisentangledStates(
            queries: (queries + queryBias.tensor.view([headCount, width])) / scale,
            keys: all.narrow(-1, width, width),
            values: all.narrow(-1, 2 * width, width) + valueBias.tensor.view([headCount, width]),
            positionKeys: relative.flatMap { rows in positionKey.map { heads($0(rows)) } },
            positionQueries: relative.flatMap { rows in positionQuery.map { heads($0(rows)) / scale } })
    }
}

extension DebertaConfig {
    /// What scores are divided by: they are sums of one to three products. Version 1 and 2 count by the configured
    /// scores, also where no relative positions are.
    var scale: Double {
        let terms = 1 + [.contentToPosition, .positionToContent].filter(positionScores.contains).count
        return Double((Float(hiddenSize / headCount) * Float(terms)).squareRoot())
    }
}
