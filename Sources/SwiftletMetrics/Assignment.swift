/// Rows and columns that are paired so that the sum of their scores is the largest.
enum Assignment {
    /// By shortest augmenting paths (Kuhn and Munkres, with potentials), in at most `rows² · columns` steps.
    ///
    /// - Parameter scores: `[rows, columns]`.
    /// - Returns: as many pairs as the shorter side has, in the order of the rows.
    static func best(_ scores: [[Double]]) -> [(row: Int, column: Int)] {
        guard let width = scores.first?.count, width > 0 else { return [] }
        if scores.count > width {
            let turned = (0..<width).map { column in scores.map { $0[column] } }
            return best(turned).map { (row: $0.column, column: $0.row) }.sorted { $0.row < $1.row }
        }
        let height = scores.count
        // Row and column 0 stand for nothing.
        var rowPotentials = [Double](repeating: 0, count: height + 1)
        var columnPotentials = [Double](repeating: 0, count: width + 1)
        var partners = [Int](repeating: 0, count: width + 1)
        for row in 1...height {
            partners[0] = row
            var column = 0
            var distances = [Double](repeating: .infinity, count: width + 1)
            var previous = [Int](repeating: 0, count: width + 1)
            var isDone = [Bool](repeating: false, count: width + 1)
            repeat {
                isDone[column] = true
                let current = partners[column]
                var (step, next) = (Double.infinity, 0)
                for other in 1...width where !isDone[other] {
                    let cost = -scores[current - 1][other - 1] - rowPotentials[current] - columnPotentials[other]
                    if cost < distances[other] { (distances[other], previous[other]) = (cost, column) }
                    if distances[other] < step { (step, next) = (distances[other], other) }
                }
                for other in 0...width {
                    if isDone[other] {
                        rowPotentials[partners[other]] += step
                        columnPotentials[other] -= step
                    } else {
                        distances[other] -= step
                    }
                }
                column = next
            } while partners[column] != 0
            while column != 0 {
                partners[column] = partners[previous[column]]
                column = previous[column]
            }
        }
        return (1...width).filter { partners[$0] != 0 }.map { (row: partners[$0] - 1, column: $0 - 1) }
            .sorted { $0.row < $1.row }
    }
}
