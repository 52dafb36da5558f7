import SwiftletNN
import SwiftletTensor

/// Version 2 and 3: separate projections, which may serve the relative positions too.
struct DebertaV2Projections: DisentangledProjections {
    let query: Linear
    let key: Linear
    let value: Linear
    let positionKey: Linear?
    let positionQuery: Linear?
    let headCount: Int
    let scale: Double

    init(_ config: DebertaConfig, in scope: Scope) {
        let width = config.hiddenSize
        query = Linear(width, width, in: scope / "query_proj")
        key = Linear(width, width, in: scope / "key_proj")
        value = Linear(width, width, in: scope / "value_proj")
        let scores = config.hasRelativePositions ? config.positionScores : []
        let shares = config.sharesProjections
        positionKey =
            scores.contains(.contentToPosition) ? shares ? key : Linear(width, width, in: scope / "pos_key_proj") : nil
        positionQuery =
            scores.contains(.positionToContent)
            ? shares ? query : Linear(width, width, in: scope / "pos_query_proj") : nil
        headCount = config.headCount
        scale = config.scale
    }

    func states(_ x: Tensor, querying: Tensor, relative: Tensor?) -> DisentangledStates {
        func heads(_ t: Tensor) -> Tensor { t.reshape(Array(t.shape.dropLast()) + [headCount, -1]) }
        return DisentangledStates(
            queries: heads(query(querying)) / scale, keys: heads(key(x)), values: heads(value(x)),
            positionKeys: relative.flatMap { rows in positionKey.map { heads($0(rows)) } },
            positionQueries: relative.flatMap { rows in positionQuery.map { heads($0(rows)) / scale } })
    }
}
