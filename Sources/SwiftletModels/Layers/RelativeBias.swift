import SwiftletNN
import SwiftletTensor

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A learned number for each distance between two positions and each head, shared by all layers. Near distances have
/// one each; far ones share, in steps that grow with the logarithm (Raffel et al., "T5", 2020).
struct RelativeBias {
    static let bucketCount = 32
    let table: Embedding

    /// - Parameter rows: of the table, at least `bucketCount`
    init(headCount: Int, rows: Int, in scope: Scope) {
        table = Embedding(rows, headCount, in: scope)
    }

    /// `[heads, length, length]`: rows are queries, columns are keys.
    func callAsFunction(_ length: Int) -> Tensor {
        let buckets = (0..<length).flatMap { row in (0..<length).map { Self.bucket($0 - row) } }
        let device = table.weight.tensor.device
        return table(Tensor(buckets, shape: [length, length]).to(device)).permute([2, 0, 1])
    }

    /// `[heads, 2 length - 1]`: by how far a key lies from its query, from the farthest before to the farthest
    /// after. What the fused kernel takes.
    func byDistance(_ length: Int) -> Tensor {
        let buckets = (1 - length..<length).map(Self.bucket)
        return table(Tensor(buckets, shape: [buckets.count])).transpose(0, 1).contiguous()
    }

    /// The table's row for a distance: the key lies so far after the query.
    static func bucket(_ distance: Int) -> Int {
        let farthest = 128.0
        let half = bucketCount / 2
        let (side, size) = (distance > 0 ? half : 0, abs(distance))
        let exact = half / 2
        if size < exact { return side + size }
        // In float32, as Python computes it: a border must fall on the same distance.
        let steps = logf(Float(size) / Float(exact)) / Float(log(farthest / Double(exact))) * Float(half - exact)
        return side + min(exact + Int(steps), half - 1)
    }
}
