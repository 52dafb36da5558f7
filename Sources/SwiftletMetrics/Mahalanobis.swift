internal import SwiftletIO

/// `mahalanobis`: how far points are from a distribution, in its spread: squared distances, from the mean over all
/// numbers of the distribution, as Python's script takes it.
struct MahalanobisState: MetricState {
    let options: Set<String> = ["reference_distribution"]
    private var points: [[Double]] = []

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("mahalanobis")
        let added = try batch.predictions.doubleRows("X")
        let width = (points.first ?? added.first)?.count
        for (row, point) in added.enumerated() {
            let location = ErrorLocation(column: "X", row: points.count + row)
            guard point.count == width, !point.isEmpty else {
                throw MetricError(
                    "Expected `X` to be a 2D vector: row \(points.count + row) has \(point.count) numbers, the first "
                        + "\(width ?? 0)", remedy: "Give as many numbers in each row.", kind: .format, at: location)
            }
            guard point.allSatisfy(\.isFinite) else {
                throw MetricError(
                    "Row \(points.count + row) of X has a number that isn't finite", remedy: "Leave the row out.",
                    kind: .format, at: location)
            }
        }
        points += added
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        guard let rows = options.value({ if case .referenceDistribution(let value) = $0 { value } else { nil } }) else {
            throw .missing("reference_distribution", "points of the distribution", metric: "mahalanobis")
        }
        guard let width = points.first?.count else { throw MetricError.empty }
        func error(_ message: String) -> MetricError {
            MetricError(
                message, remedy: "Give two points or more, each with \(width) finite numbers, as X has them.",
                at: ErrorLocation(option: "reference_distribution"))
        }
        guard rows.count >= 2 else {
            throw error(
                "Expected `reference_distribution` to be a 2D vector with more than one element in the first dimension")
        }
        guard width >= 2 else { throw error("mahalanobis needs points with 2 numbers or more") }
        guard rows.allSatisfy({ $0.count == width && $0.allSatisfy(\.isFinite) }) else {
            throw error("Expected `reference_distribution` to have \(width) finite numbers in each row")
        }
        var means = [Double](repeating: 0, count: width)
        for row in rows { for column in 0..<width { means[column] += row[column] / Double(rows.count) } }
        let mean = means.reduce(0, +) / Double(width)
        var covariance = [[Double]](repeating: [Double](repeating: 0, count: width), count: width)
        for row in rows {
            for i in 0..<width {
                for j in 0..<width {
                    covariance[i][j] += (row[i] - means[i]) * (row[j] - means[j]) / Double(rows.count - 1)
                }
            }
        }
        let inverse = SymmetricMatrix.inverse(covariance) ?? SymmetricMatrix.pseudoInverse(covariance)
        let distances = points.map { point in
            let offsets = point.map { $0 - mean }
            var distance = 0.0
            for i in 0..<width {
                for j in 0..<width { distance += offsets[i] * inverse[i][j] * offsets[j] }
            }
            return distance
        }
        var values = MetricValues()
        values.set("mahalanobis", .list(distances))
        return values
    }

    var groups: [Int]? { nil }
    var groupsError: MetricError {
        MetricError(
            "Confidence intervals are not available for distances of points", remedy: "Leave out .bootstrap.",
            at: ErrorLocation(option: "strategy"))
    }

    func taking(_ counts: [Int]) -> MahalanobisState { self }
}

/// What is needed of small symmetric matrices.
enum SymmetricMatrix {
    /// By Gauss and Jordan, with the largest pivots; `nil` for a matrix that has none.
    static func inverse(_ matrix: [[Double]]) -> [[Double]]? {
        let size = matrix.count
        var rows = matrix
        for row in 0..<size { rows[row] += (0..<size).map { $0 == row ? 1.0 : 0 } }
        for column in 0..<size {
            guard let pivot = (column..<size).max(by: { abs(rows[$0][column]) < abs(rows[$1][column]) }),
                rows[pivot][column] != 0
            else { return nil }
            rows.swapAt(column, pivot)
            let factor = rows[column][column]
            for index in rows[column].indices { rows[column][index] /= factor }
            for row in 0..<size where row != column {
                let factor = rows[row][column]
                if factor == 0 { continue }
                for index in rows[row].indices { rows[row][index] -= factor * rows[column][index] }
            }
        }
        return rows.map { Array($0[size...]) }
    }

    /// Moore and Penrose's inverse, by Jacobi's rotations; eigenvalues under 1e-15 of the largest count as 0, as in
    /// `numpy.linalg.pinv`.
    static func pseudoInverse(_ matrix: [[Double]]) -> [[Double]] {
        let size = matrix.count
        var a = matrix
        var vectors = [[Double]](repeating: [Double](repeating: 0, count: size), count: size)
        for row in 0..<size { vectors[row][row] = 1 }
        for _ in 0..<100 {
            var rest = 0.0
            for p in 0..<size {
                for q in (p + 1)..<max(size, p + 1) {
                    rest += a[p][q] * a[p][q]
                    if a[p][q] == 0 { continue }
                    let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
                    let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
                    let c = 1 / (t * t + 1).squareRoot()
                    let s = t * c
                    func turn(_ x: inout Double, _ y: inout Double) {
                        let old = x
                        x = c * old - s * y
                        y = s * old + c * y
                    }
                    for k in 0..<size {
                        var (x, y) = (a[k][p], a[k][q])
                        turn(&x, &y)
                        (a[k][p], a[k][q]) = (x, y)
                        (x, y) = (vectors[k][p], vectors[k][q])
                        turn(&x, &y)
                        (vectors[k][p], vectors[k][q]) = (x, y)
                    }
                    for k in 0..<size {
                        var (x, y) = (a[p][k], a[q][k])
                        turn(&x, &y)
                        (a[p][k], a[q][k]) = (x, y)
                    }
                }
            }
            if rest == 0 { break }
        }
        var limit = 0.0
        for k in 0..<size { limit = max(limit, abs(a[k][k]) * 1e-15) }
        return (0..<size).map { (i: Int) -> [Double] in
            (0..<size).map { (j: Int) -> Double in
                var sum = 0.0
                for k in 0..<size where abs(a[k][k]) > limit { sum += vectors[i][k] * vectors[j][k] / a[k][k] }
                return sum
            }
        }
    }
}
