import SwiftletTensor
import SwiftletTraining

/// Where vectors lie: their projection to the plane in which they vary most (the first two principal components), and
/// which of them are nearest to each other.
struct VectorMap {
    /// Of each row's first vector.
    let points: [(x: Double, y: Double)]
    /// The rows whose first vectors are nearest to a row's, by the cosine, the nearest first.
    let neighbors: [[(row: Int, cosine: Double)]]
    /// Of each row's two vectors; `nil` for rows of one.
    let cosines: [Double?]

    private static let neighborCount = 5
    /// Similarities that are computed at once.
    private static let block = 512

    /// - Parameter vectors: `[rows, width]`, or `[rows, 2, width]` for pairs.
    init(_ vectors: NumberArray) {
        let rows = vectors.shape.first ?? 0
        guard rows > 0, let width = vectors.shape.last, width > 0 else {
            (points, neighbors, cosines) = ([], [], [])
            return
        }
        let all = Tensor(vectors.values, shape: vectors.shape).to(.float64)
        let first = vectors.shape.count == 3 ? all.select(1, 0) : all
        let unit = Self.normalized(first)
        cosines =
            vectors.shape.count == 3 && vectors.shape[1] == 2
            ? (unit * Self.normalized(all.select(1, 1))).sum(1).doubles().map { $0 }
            : [Double?](repeating: nil, count: rows)
        points = Self.projected(first, rows: rows, width: width)
        neighbors = Self.nearest(unit, rows: rows)
    }

    private static func normalized(_ vectors: Tensor) -> Tensor {
        vectors / (vectors * vectors).sum(1, keepDim: true).sqrt().clamp(min: 1e-12)
    }

    /// By repeated multiplication with the covariance, the second component kept apart from the first.
    private static func projected(_ vectors: Tensor, rows: Int, width: Int) -> [(x: Double, y: Double)] {
        let centered = vectors - vectors.mean(0, keepDim: true)
        let covariance = centered.transpose(0, 1).matmul(centered)
        var draws = RandomDraws(seed: 1)
        var found: [Tensor] = []
        for _ in 0..<min(2, width) {
            var axis = Tensor((0..<width).map { _ in Float(draws.unit() - 0.5) }, shape: [width, 1]).to(.float64)
            for _ in 0..<200 {
                axis = covariance.matmul(axis)
                for other in found { axis = axis - other * (other * axis).sum() }
                let length = axis.norm()
                guard length.item() > 0 else { break }
                axis = axis / length
            }
            // Of two opposite directions that of the larger sum, so that the picture is the same everywhere.
            if axis.sum().item() < 0 { axis = -axis }
            found.append(axis)
        }
        let coordinates = found.map { centered.matmul($0).reshape([rows]).doubles() }
        return (0..<rows).map { (coordinates[0][$0], coordinates.count > 1 ? coordinates[1][$0] : 0) }
    }

    private static func nearest(_ unit: Tensor, rows: Int) -> [[(row: Int, cosine: Double)]] {
        let others = unit.transpose(0, 1)
        let count = min(neighborCount, rows - 1)
        var nearest: [[(row: Int, cosine: Double)]] = []
        for start in stride(from: 0, to: rows, by: block) {
            let size = min(block, rows - start)
            var similarities = unit.narrow(0, start, size).matmul(others)
            let columns = Tensor.arange(rows).reshape([1, rows])
            // A row is no neighbour of its own.
            similarities = similarities.maskedFill(
                columns.eq(Tensor.arange(size).reshape([size, 1]) + start), -2)
            var found = [[(row: Int, cosine: Double)]](repeating: [], count: size)
            for _ in 0..<count {
                let best = similarities.argmax(1, keepDim: true)
                let cosines = similarities.gather(1, best).reshape([size]).doubles()
                for (row, other) in best.reshape([size]).ints().enumerated() {
                    found[row].append((other, cosines[row]))
                }
                similarities = similarities.maskedFill(columns.eq(best), -2)
            }
            nearest += found
        }
        return nearest
    }
}
