import SwiftletTensor

/// Logistic regression with a quadratic penalty (`C = 1` of scikit-learn, the intercept left out of it), fitted by Newton's
/// method on features of mean 0 and deviation 1.
package struct LogisticRegression {
    private let weights: [Double]
    private let means: [Double]
    private let deviations: [Double]

    /// - Parameters:
    ///   - features: `[rows][features]`, finite.
    ///   - isPositive: whether each row is of the class.
    package init(features: [[Double]], isPositive: [Bool]) {
        let (count, width) = (features.count, features.first?.count ?? 0)
        let means = (0..<width).map { column in features.reduce(0) { $0 + $1[column] } / Double(max(count, 1)) }
        let deviations = (0..<width).map { column -> Double in
            let variance =
                features.reduce(0) { $0 + ($1[column] - means[column]) * ($1[column] - means[column]) }
                / Double(max(count, 1))
            return variance > 0 ? variance.squareRoot() : 1
        }
        (self.means, self.deviations) = (means, deviations)
        let size = width + 1
        var rows: [Double] = []
        for row in features {
            for column in 0..<width { rows.append((row[column] - means[column]) / deviations[column]) }
            rows.append(1)
        }
        let x = Tensor(rows, shape: [count, size])
        let y = Tensor(isPositive.map { $0 ? 1.0 : 0.0 }, shape: [count, 1])
        var weights = [Double](repeating: 0, count: size)
        for _ in 0..<25 where count > 0 {
            let chances = x.matmul(Tensor(weights, shape: [size, 1])).sigmoid()
            var gradient = x.transpose(0, 1).matmul(chances - y).reshape([size]).doubles()
            var curvature = x.transpose(0, 1).matmul(x * (chances * (1 - chances))).doubles()
            for index in 0..<width {
                gradient[index] += weights[index]
                curvature[index * size + index] += 1
            }
            // Where all rows are of one class the intercept would run away.
            curvature[size * size - 1] += 1e-6
            guard let step = Self.solved(curvature, gradient) else { break }
            for index in 0..<size { weights[index] -= step[index] }
            if step.allSatisfy({ abs($0) < 1e-9 }) { break }
        }
        self.weights = weights
    }

    /// The logit of a row.
    package func logit(_ features: [Double]) -> Double {
        features.indices.reduce(weights[features.count]) { sum, column in
            sum + weights[column] * (features[column] - means[column]) / deviations[column]
        }
    }

    /// The solution of a system of linear equations, by elimination; `nil` where there is none.
    private static func solved(_ matrix: [Double], _ right: [Double]) -> [Double]? {
        let size = right.count
        var (matrix, right) = (matrix, right)
        for column in 0..<size {
            guard
                let pivot = (column..<size).max(by: {
                    abs(matrix[$0 * size + column]) < abs(matrix[$1 * size + column])
                }),
                abs(matrix[pivot * size + column]) > 1e-12
            else { return nil }
            if pivot != column {
                for place in 0..<size { matrix.swapAt(column * size + place, pivot * size + place) }
                right.swapAt(column, pivot)
            }
            for row in (column + 1)..<max(size, column + 1) {
                let factor = matrix[row * size + column] / matrix[column * size + column]
                for place in column..<size { matrix[row * size + place] -= factor * matrix[column * size + place] }
                right[row] -= factor * right[column]
            }
        }
        for row in stride(from: size - 1, through: 0, by: -1) {
            for place in (row + 1)..<max(size, row + 1) { right[row] -= matrix[row * size + place] * right[place] }
            right[row] /= matrix[row * size + row]
        }
        return right.allSatisfy(\.isFinite) ? right : nil
    }
}
