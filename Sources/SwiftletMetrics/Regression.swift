/// Mean squared and mean absolute error, `sklearn.metrics.mean_squared_error` and `mean_absolute_error`, and the errors in
/// proportion to the values, `mean_absolute_percentage_error` and `smape`: sums for each output, and rows only where
/// resampling was announced.
struct RegressionState: MetricState {
    enum Kind: String, Sendable {
        case mse, mae, mape, smape

        /// The error of a prediction. Values that are 0 are taken for the smallest step above 1, as in Python.
        func error(_ prediction: Double, _ reference: Double) -> Double {
            let difference = abs(reference - prediction)
            return switch self {
            case .mse: (reference - prediction) * (reference - prediction)
            case .mae: difference
            case .mape: difference / max(abs(reference), Double.ulpOfOne)
            case .smape: 2 * difference / max(abs(reference) + abs(prediction), Double.ulpOfOne)
            }
        }
    }

    let kind: Kind
    private var sums: [Double] = []
    private var weight = 0.0
    private var rows = 0
    private var hasWeights = false
    /// The errors of each row, if they are kept.
    private var kept: [[Double]]? = []

    init(_ kind: Kind) { self.kind = kind }

    var options: Set<String> { kind == .mse ? ["multioutput", "squared"] : ["multioutput"] }

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        let predictions = try Self.rows(batch.predictions, "predictions")
        let references = try Self.rows(batch.references, "references")
        let outputs = rows == 0 ? references.first?.count ?? 0 : sums.count
        for row in predictions.indices {
            guard predictions[row].count == outputs, references[row].count == outputs else {
                throw .input(
                    "predictions",
                    "y_true and y_pred have different number of output (\(references[row].count)!="
                        + "\(predictions[row].count))", row: rows + row,
                    remedy: "Every row needs \(outputs) numbers: row \(row) of the batch hasn't.",
                    commandLine: "Every row needs \(outputs) numbers.", kind: .countMismatch)
            }
            try Self.checkFinite(predictions[row], "predictions", row: rows + row)
            try Self.checkFinite(references[row], "references", row: rows + row)
        }
        if sums.isEmpty { sums = [Double](repeating: 0, count: outputs) }
        if batch.options.bootstrap == nil, !predictions.isEmpty { kept = nil }
        if batch.weights != nil { hasWeights = true }
        for row in predictions.indices {
            let errors = zip(predictions[row], references[row]).map { kind.error($0, $1) }
            add(errors, batch.weights?[row] ?? 1)
            kept?.append(errors)
        }
    }

    private mutating func add(_ errors: [Double], _ weight: Double) {
        for output in errors.indices { sums[output] += errors[output] * weight }
        self.weight += weight
        rows += 1
    }

    static func rows(_ column: MetricColumn, _ name: String) throws(MetricError) -> [[Double]] {
        if case .lists = column { return try column.doubleRows(name) }
        return try column.doubles(name).map { [$0] }
    }

    static func checkFinite(_ values: [Double], _ column: String, row: Int) throws(MetricError) {
        if values.allSatisfy(\.isFinite) { return }
        throw .input(
            column,
            values.contains(where: \.isNaN)
                ? "Input contains NaN." : "Input contains infinity or a value too large for dtype('float64').",
            row: row,
            remedy:
                "Look for a \(column == "references" ? "label" : "loss or a prediction") that isn't a number: row \(row) of "
                + "the \(column).")
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        if rows == 0 { throw MetricError.empty }
        if weight == 0 { throw MetricError.zeroWeights }
        var means = sums.map { $0 / weight }
        if !options.squared { means = means.map { $0.squareRoot() } }
        var values = MetricValues()
        switch options.multiOutput {
        case .rawValues: values.set(kind.rawValue, .list(means))
        case .uniformAverage: values[kind.rawValue] = means.reduce(0, +) / Double(means.count)
        case .weights(let weights):
            guard weights.count == means.count else {
                throw .option(
                    "multioutput",
                    "There must be equally many custom weights (\(weights.count)) as outputs (\(means.count)).",
                    remedy: "Give a weight for each output.")
            }
            values[kind.rawValue] = zip(means, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
        }
        return values
    }

    var groups: [Int]? { hasWeights ? nil : kept.map { [Int](repeating: 1, count: $0.count) } }

    var groupsError: MetricError { hasWeights ? .weightedIntervals : .late("A bootstrap", option: "strategy") }

    func taking(_ counts: [Int]) -> RegressionState {
        var state = RegressionState(kind)
        state.kept = nil
        state.sums = [Double](repeating: 0, count: sums.count)
        for (errors, count) in zip(kept ?? [], counts) {
            for _ in 0..<count { state.add(errors, 1) }
        }
        return state
    }
}
