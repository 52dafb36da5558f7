/// How often each class was predicted for each true class: all that the metrics of classification need.
struct LabelCounts: Sendable {
    struct Pair: Hashable, Comparable {
        var reference: Int
        var prediction: Int

        static func < (left: Pair, right: Pair) -> Bool {
            (left.reference, left.prediction) < (right.reference, right.prediction)
        }
    }

    struct Cell {
        var rows = 0
        var weight = 0.0
    }

    private(set) var cells: [Pair: Cell] = [:]
    private(set) var rows = 0
    private(set) var isWeighted = false

    mutating func add(_ predictions: [Int], _ references: [Int], _ weights: [Double]?) {
        rows += predictions.count
        if weights == nil, predictions.count < 64 {
            for (prediction, reference) in zip(predictions, references) {
                add(1, 1, Pair(reference: reference, prediction: prediction))
            }
            return
        }
        guard let weights else {
            // Small classes go through a table, which is much faster than the dictionary.
            let side = 32
            var table = [Int](repeating: 0, count: side * side)
            for (prediction, reference) in zip(predictions, references) {
                if UInt(bitPattern: prediction) < side, UInt(bitPattern: reference) < side {
                    table[reference * side + prediction] += 1
                } else {
                    add(1, 1, Pair(reference: reference, prediction: prediction))
                }
            }
            for (index, count) in table.enumerated() where count > 0 {
                add(count, Double(count), Pair(reference: index / side, prediction: index % side))
            }
            return
        }
        isWeighted = true
        for (index, weight) in weights.enumerated() {
            add(1, weight, Pair(reference: references[index], prediction: predictions[index]))
        }
    }

    private mutating func add(_ rows: Int, _ weight: Double, _ pair: Pair) {
        cells[pair, default: Cell()].rows += rows
        cells[pair, default: Cell()].weight += weight
    }

    mutating func add(_ other: LabelCounts) {
        for (pair, cell) in other.cells { add(cell.rows, cell.weight, pair) }
        rows += other.rows
    }

    /// In a fixed order, so that sums don't depend on hashing.
    var sortedPairs: [Pair] { cells.keys.sorted() }

    func taking(_ counts: [Int]) -> LabelCounts {
        var taken = LabelCounts()
        for (pair, count) in zip(sortedPairs, counts) where count > 0 {
            taken.add(count, Double(count), pair)
            taken.rows += count
        }
        return taken
    }

    /// Every label in either input, ascending.
    var labels: [Int] {
        var labels: Set<Int> = []
        for pair in cells.keys {
            labels.insert(pair.reference)
            labels.insert(pair.prediction)
        }
        return labels.sorted()
    }

    /// For each of `labels`, the weight of rows that have it in both inputs, in predictions, and in references.
    func sets(_ labels: [Int]) -> [SetCounts] {
        var index: [Int: Int] = [:]
        for (position, label) in labels.enumerated() where index[label] == nil { index[label] = position }
        var sets = [SetCounts](repeating: SetCounts(), count: labels.count)
        for pair in sortedPairs {
            let weight = cells[pair]?.weight ?? 0
            if let predicted = index[pair.prediction] { sets[predicted].predicted += weight }
            if let actual = index[pair.reference] {
                sets[actual].actual += weight
                if pair.prediction == pair.reference { sets[actual].both += weight }
            }
        }
        return sets
    }

    /// `sklearn.metrics.accuracy_score`.
    func accuracy(normalize: Bool = true) -> Double {
        var correct = 0.0
        var total = 0.0
        for pair in sortedPairs {
            let weight = cells[pair]?.weight ?? 0
            total += weight
            if pair.prediction == pair.reference { correct += weight }
        }
        return normalize ? correct / total : correct
    }

    /// `sklearn.metrics.matthews_corrcoef`: the correlation of the two partitions into classes, after Gorodkin (2004);
    /// 0 where one of them is a single class.
    func matthews() -> Double {
        let sets = sets(labels)
        let total = sets.reduce(0) { $0 + $1.predicted }
        let correct = sets.reduce(0) { $0 + $1.both }
        let covariance = correct * total - sets.reduce(0) { $0 + $1.actual * $1.predicted }
        let predicted = total * total - sets.reduce(0) { $0 + $1.predicted * $1.predicted }
        let actual = total * total - sets.reduce(0) { $0 + $1.actual * $1.actual }
        return predicted * actual == 0 ? 0 : covariance / (predicted * actual).squareRoot()
    }

    /// `sklearn.metrics.confusion_matrix`.
    func confusionMatrix(_ options: MetricOptions, _ warnings: inout [String]) throws(MetricError) -> MetricValue {
        let labels = options.labels ?? self.labels
        if labels.isEmpty {
            throw MetricError.option(
                "labels", "'labels' should contain at least one label.", remedy: "Name one or more.")
        }
        var index: [Int: Int] = [:]
        // As in the dictionary that scikit-learn builds, the last of equal labels counts.
        for (position, label) in labels.enumerated() { index[label] = position }
        if !cells.keys.contains(where: { index[$0.reference] != nil }) {
            throw .option(
                "labels", "At least one label specified must be in y_true",
                remedy: "Name labels that the references have.")
        }
        var matrix = [[Double]](repeating: [Double](repeating: 0, count: labels.count), count: labels.count)
        for pair in sortedPairs {
            guard let row = index[pair.reference], let column = index[pair.prediction] else { continue }
            matrix[row][column] += cells[pair]?.weight ?? 0
        }
        if labels.count == 1 {
            warnings.append(
                "A single label was found in 'y_true' and 'y_pred'. For the confusion matrix to have the correct "
                    + "shape, use the 'labels' parameter to pass all known labels.")
        }
        guard let normalize = options.normalizeMatrix else {
            return isWeighted ? .matrix(matrix) : .counts(matrix.map { $0.map { Int($0) } })
        }
        let sums: [Double] =
            switch normalize {
            case .true: matrix.map { $0.reduce(0, +) }
            case .pred: labels.indices.map { column in matrix.reduce(0) { $0 + $1[column] } }
            case .all: [matrix.reduce(0) { $0 + $1.reduce(0, +) }]
            }
        for row in matrix.indices {
            for column in matrix.indices {
                let sum = sums[normalize == .true ? row : normalize == .pred ? column : 0]
                matrix[row][column] = sum == 0 ? 0 : matrix[row][column] / sum
            }
        }
        return .matrix(matrix)
    }
}
