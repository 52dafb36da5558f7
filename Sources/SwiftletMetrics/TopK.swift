internal import SwiftletIO

/// `top_k_accuracy`: how often the true class is among the `k` of the highest scores,
/// `sklearn.metrics.top_k_accuracy_score`. Keeps the rows, since `k` may come with `compute`.
struct TopKState: MetricState {
    let options: Set<String> = ["k", "normalize", "labels"]
    private var scores: [[Double]] = []
    private var labels: [Int] = []
    private var weights: [Double] = []
    private var hasWeights = false

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        let scores = try RegressionState.rows(batch.predictions, "predictions")
        let labels = try batch.references.ints("references")
        for (row, values) in scores.enumerated() {
            try RegressionState.checkFinite(values, "predictions", row: self.scores.count + row)
        }
        let width = (self.scores.first ?? scores.first)?.count
        if let row = scores.firstIndex(where: { $0.count != width || $0.isEmpty }) {
            throw MetricError(
                "Row \(self.scores.count + row) has \(scores[row].count) scores, the first row has \(width ?? 0)",
                remedy: "Give a score for each class in every row.", kind: .format,
                at: ErrorLocation(column: "predictions", row: self.scores.count + row))
        }
        if batch.weights != nil { hasWeights = true }
        weights += batch.weights ?? [Double](repeating: 1, count: scores.count)
        self.scores += scores
        self.labels += labels
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        guard let width = scores.first?.count else { throw MetricError.empty }
        let k = options.value { if case .k(let value) = $0 { value } else { nil } } ?? 2
        guard k > 0 else { throw .invalid("k", "1 or more", "\(k)") }
        let present = Set(labels).sorted()
        let isBinary = present.count <= 2 && (options.labels?.count ?? 0) <= 2
        let classes = try classes(options, present, columns: width == 1 ? 2 : width, isBinary, width)
        var values = MetricValues()
        if k >= classes.count {
            values.warnings.append(
                "'k' (\(k)) greater than or equal to 'n_classes' (\(classes.count)) will result in a perfect score and is "
                    + "therefore meaningless.")
        }
        let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
        let areProbabilities = scores.allSatisfy { $0.allSatisfy { $0 >= 0 && $0 <= 1 } }
        var (hits, total) = (0.0, 0.0)
        for (row, label) in labels.enumerated() {
            let place = places[label] ?? 0
            let isHit: Bool
            if isBinary {
                isHit = k > 1 || (scores[row][0] > (areProbabilities ? 0.5 : 0)) == (place == 1)
            } else {
                // Of equal scores the class with the higher number comes first.
                let score = scores[row][place]
                let above = scores[row].indices.count {
                    scores[row][$0] > score || (scores[row][$0] == score && $0 > place)
                }
                isHit = above < k
            }
            total += weights[row]
            if isHit { hits += weights[row] }
        }
        if options.normalize, total == 0 { throw MetricError.zeroWeights }
        values["top_k_accuracy"] = options.normalize ? hits / total : hits
        return values
    }

    private func classes(
        _ options: MetricOptions, _ present: [Int], columns: Int, _ isBinary: Bool, _ width: Int
    ) throws(MetricError) -> [Int] {
        func error(_ message: String, _ remedy: String, option: String? = nil) -> MetricError {
            MetricError(
                message, remedy: remedy, commandLine: "Give another --metric, such as accuracy.", kind: .format,
                at: ErrorLocation(column: option == nil ? "predictions" : nil, option: option))
        }
        if isBinary, width != 1 {
            throw error(
                "`y_true` is binary while y_score is 2d with \(width) classes. If `y_true` does not contain all the "
                    + "labels, `labels` must be provided.", "Name the classes of all columns with .labels.")
        }
        if !isBinary, width == 1 {
            throw error(
                "`y_score` needs to be of shape `(n_samples, n_classes)`, since `y_true` contains multiple classes. Got "
                    + "`y_score.shape=(\(scores.count),)`.", "Give a score for each class.")
        }
        guard let labels = options.labels else {
            if present.count == columns { return present }
            throw error(
                "Number of classes in 'y_true' (\(present.count)) not equal to the number of classes in 'y_score' "
                    + "(\(columns)).You can provide a list of all known classes by assigning it to the `labels` parameter.",
                "Name the classes of all columns with .labels.")
        }
        try options.checkLabels(present)
        guard labels.count == columns else {
            throw error(
                "Number of given labels (\(labels.count)) not equal to the number of classes in 'y_score' (\(columns)).",
                "Name the classes of all columns with .labels.", option: "labels")
        }
        return labels
    }

    var groups: [Int]? { hasWeights ? nil : [Int](repeating: 1, count: scores.count) }

    func taking(_ counts: [Int]) -> TopKState {
        var state = TopKState()
        state.scores = scores.repeated(counts)
        state.labels = labels.repeated(counts)
        state.weights = weights.repeated(counts)
        return state
    }
}

extension MetricOptions {
    /// Whether `labels` names the classes of columns: each once, in order, none missing.
    func checkLabels(_ present: [Int]) throws(MetricError) {
        guard let labels else { return }
        let location = ErrorLocation(option: "labels")
        guard Set(labels).count == labels.count else {
            throw MetricError(
                "Parameter 'labels' must be unique.", remedy: "Name each class once.", at: location)
        }
        guard labels == labels.sorted() else {
            throw MetricError(
                "Parameter 'labels' must be ordered.", remedy: "Name the classes in the order of their columns.",
                at: location)
        }
        guard Set(present).isSubset(of: labels) else {
            throw MetricError(
                "'y_true' contains labels not in parameter 'labels'.",
                remedy: "Name the classes of all columns; the references have \(present).", at: location)
        }
    }
}
