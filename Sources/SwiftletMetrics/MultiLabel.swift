internal import SwiftletIO

/// Metrics of rows with several labels, each 0 or 1: what scikit-learn calls a multilabel indicator. Keeps how often
/// each pair of predicted and true rows came, so that memory grows with distinct pairs only.
struct MultiLabelState: MetricState {
    struct Pair: Hashable {
        var reference: [Int]
        var prediction: [Int]
    }

    let score: LabelScore
    let options: Set<String>
    private var index: [Pair: Int] = [:]
    private var pairs: [Pair] = []
    private var cells: [LabelCounts.Cell] = []
    private var hasWeights = false

    init(_ score: LabelScore, options: Set<String>) {
        self.score = score
        self.options = options
    }

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        let predictions = try batch.predictions.intRows("predictions")
        let references = try batch.references.intRows("references")
        let width = pairs.first?.reference.count ?? references.first?.count
        for row in predictions + references {
            guard row.count == width, row.allSatisfy({ $0 == 0 || $0 == 1 }) else {
                throw .input(
                    "predictions", "multiclass-multioutput is not supported",
                    remedy: "Give as many 0 and 1 for each row as there are labels.",
                    commandLine: "Give another --metric: this one is for rows with several labels.")
            }
        }
        if batch.weights != nil { hasWeights = true }
        for row in predictions.indices {
            let pair = Pair(reference: references[row], prediction: predictions[row])
            add(pair, 1, batch.weights?[row] ?? 1)
        }
    }

    private mutating func add(_ pair: Pair, _ rows: Int, _ weight: Double) {
        if let cell = index[pair] {
            cells[cell].rows += rows
            cells[cell].weight += weight
        } else {
            index[pair] = pairs.count
            pairs.append(pair)
            cells.append(LabelCounts.Cell(rows: rows, weight: weight))
        }
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        guard let width = pairs.first?.reference.count else { throw MetricError.empty }
        var values = MetricValues()
        switch score {
        case .set(let score, let average):
            values.set(
                score.rawValue, try value(of: score, options.average ?? average, width, options, &values.warnings))
        case .matthews:
            let each = (0..<width).map { label in
                var counts = LabelCounts()
                for (pair, cell) in zip(pairs, cells) {
                    counts.add([pair.prediction[label]], [pair.reference[label]], [cell.weight])
                }
                return counts.matthews()
            }
            switch options.average {
            case nil, .perLabel: values.set(score.key, .list(each))
            case .macro: values[score.key] = each.reduce(0, +) / Double(width)
            default:
                throw .option(
                    "average", "Invalid `average`: expected `macro`, or None ",
                    remedy: "Give .average(.macro), or none.")
            }
        case .confusionMatrix:
            throw .input(
                "predictions", "multilabel-indicator is not supported", remedy: "Give one class for each row.",
                commandLine: "Give another --metric, one for several labels a row.")
        case .accuracy, .glueAccuracy:
            let total = cells.reduce(0) { $0 + $1.weight }
            let hits = zip(pairs, cells).reduce(0) { $0 + ($1.0.reference == $1.0.prediction ? $1.1.weight : 0) }
            values[score.key] = options.normalize ? hits / total : hits
        }
        return values
    }

    private func value(
        of score: SetScore, _ average: Average, _ width: Int, _ options: MetricOptions, _ warnings: inout [String]
    ) throws(MetricError) -> MetricValue {
        if average == .binary {
            throw MetricError(
                "Target is multilabel-indicator but average='binary'. Please choose another average setting, one of "
                    + "[None, 'micro', 'macro', 'weighted', 'samples'].",
                remedy: "Give compute .average(.micro), .average(.macro), .average(.weighted) or .average(.samples).",
                commandLine: "Give another average, such as --metric \(score.rawValue)/micro.", kind: .format,
                at: ErrorLocation(option: "average"))
        }
        let labels = options.labels ?? Array(0..<width)
        for label in labels where !(0..<width).contains(label) {
            throw .option(
                "labels", "All labels must be in [0, n labels) for multilabel targets. Got \(label) of \(width)",
                remedy: "Name labels from 0 to \(width - 1).")
        }
        func count(_ pair: Pair, _ label: Int, _ weight: Double) -> SetCounts {
            let (predicted, actual) = (Double(pair.prediction[label]), Double(pair.reference[label]))
            return SetCounts(both: predicted * actual * weight, predicted: predicted * weight, actual: actual * weight)
        }
        if average == .samples {
            var sets: [SetCounts] = []
            var weights: [Double] = []
            for (pair, cell) in zip(pairs, cells) {
                sets.append(labels.reduce(SetCounts()) { $0 + count(pair, $1, 1) })
                weights.append(cell.weight)
            }
            return score.value(
                sets, average: .samples, weights: weights, zeroDivision: options.zeroDivision, &warnings)
        }
        let sets = labels.map { label in
            zip(pairs, cells).reduce(SetCounts()) { $0 + count($1.0, label, $1.1.weight) }
        }
        return score.value(sets, average: average, zeroDivision: options.zeroDivision, &warnings)
    }

    var groups: [Int]? { hasWeights ? nil : cells.map(\.rows) }

    func taking(_ counts: [Int]) -> MultiLabelState {
        var state = MultiLabelState(score, options: options)
        for (pair, count) in zip(pairs, counts) where count > 0 { state.add(pair, count, Double(count)) }
        return state
    }
}
