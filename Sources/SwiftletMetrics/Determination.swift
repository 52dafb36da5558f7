internal import SwiftletIO

/// `r_squared`: the share of the references' variance that the predictions explain, rounded to three places as Python's
/// script does. Keeps sums, and rows only where resampling was announced.
struct DeterminationState: MetricState {
    let options: Set<String> = []
    private var count = 0.0
    private var mean = 0.0
    /// Squared distances of the references from their mean, and from the predictions.
    private var total = 0.0
    private var residual = 0.0
    private var kept: [(prediction: Double, reference: Double)]? = []

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("r_squared")
        let predictions = try batch.predictions.doubles("predictions")
        let references = try batch.references.doubles("references")
        if batch.options.bootstrap == nil, !predictions.isEmpty { kept = nil }
        for (prediction, reference) in zip(predictions, references) {
            add(prediction, reference)
            kept?.append((prediction, reference))
        }
    }

    private mutating func add(_ prediction: Double, _ reference: Double) {
        // Welford's way of adding up squares loses no digits to a large mean.
        count += 1
        let distance = reference - mean
        mean += distance / count
        total += distance * (reference - mean)
        residual += (prediction - reference) * (prediction - reference)
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        if count == 0 { throw MetricError.empty }
        let share = 1 - residual / total
        var values: MetricValues = ["r_squared": (share * 1000).rounded(.toNearestOrEven) / 1000]
        if total == 0 { values.warnings.append("R^2 is not defined for references that are all the same.") }
        return values
    }

    var groups: [Int]? { kept.map { [Int](repeating: 1, count: $0.count) } }
    var groupsError: MetricError { .late("A bootstrap", option: "strategy") }

    func taking(_ counts: [Int]) -> DeterminationState {
        var state = DeterminationState()
        state.kept = nil
        for (row, count) in zip(kept ?? [], counts) {
            for _ in 0..<count { state.add(row.prediction, row.reference) }
        }
        return state
    }
}

/// `brier_score`: the mean squared distance of probabilities of the positive label from what happened,
/// `sklearn.metrics.brier_score_loss` for two classes. Keeps sums, and rows only where resampling was announced.
struct BrierState: MetricState {
    private enum Label: Hashable {
        case number(Int)
        case text(TextKey)

        var shown: String {
            switch self {
            case .number(let number): String(number)
            case .text(let key): "'\(key.text)'"
            }
        }
    }

    let options: Set<String> = ["pos_label", "pos_label_name"]
    private var rows: [(probability: Double, label: Label, weight: Double)] = []
    private var hasWeights = false

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        let probabilities = try batch.predictions.doubles("predictions")
        let labels: [Label] =
            if case .strings(let texts) = batch.references {
                texts.map { .text(TextKey($0)) }
            } else { try batch.references.ints("references").map { .number($0) } }
        guard probabilities.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
            throw .input(
                "predictions", "y_prob contains values outside of [0, 1]",
                row: probabilities.firstIndex { !($0 >= 0 && $0 <= 1) }.map { rows.count + $0 },
                remedy: "Give the probability of the positive label: the softmax or sigmoid of logits.",
                commandLine: "Give another --metric: this one is about probabilities.")
        }
        let all = Set(labels).union(rows.map { $0.label })
        guard all.count <= 2 else {
            throw .input(
                "references",
                "Only binary classification is supported. The references have the labels "
                    + all.map(\.shown).sorted().joined(separator: ", "),
                remedy: "Score one label against the others.", commandLine: "Give another --metric, such as accuracy.")
        }
        for index in labels.indices { rows.append((probabilities[index], labels[index], batch.weights?[index] ?? 1)) }
        if batch.weights != nil { hasWeights = true }
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        let weight = rows.reduce(0.0) { $0 + $1.weight }
        if rows.isEmpty { throw MetricError.empty }
        if weight == 0 { throw MetricError.zeroWeights }
        let name = options.value { if case .posLabelName(let name) = $0 { name } else { nil } }
        let positive = name.map { Label.text(TextKey($0)) } ?? .number(options.posLabel)
        if name == nil, let row = rows.firstIndex(where: { if case .text = $0.label { true } else { false } }) {
            throw .input(
                "references", "The references are texts, such as \(rows[row].label.shown)", row: row,
                remedy: "Say which of them is the positive one with .posLabelName.",
                commandLine: "Say which of them is the positive one: {\"pos_label\": \"...\"}.")
        }
        let sum = rows.reduce(0.0) { sum, row in
            let distance = row.probability - (row.label == positive ? 1 : 0)
            return sum + distance * distance * row.weight
        }
        return ["brier_score": sum / weight]
    }

    var groups: [Int]? { hasWeights ? nil : [Int](repeating: 1, count: rows.count) }

    func taking(_ counts: [Int]) -> BrierState {
        var state = BrierState()
        state.rows = rows.repeated(counts)
        return state
    }
}
