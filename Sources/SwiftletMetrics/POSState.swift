internal import SwiftletIO

/// `poseval`: scikit-learn's report of tags one by one, as for parts of speech. Keeps counts.
struct POSState: MetricState {
    let options: Set<String> = ["zero_division"]
    private var numbers: [TextKey: Int] = [:]
    private var counts = LabelCounts()

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("poseval")
        let predictions = try batch.predictions.stringRows("predictions")
        let references = try batch.references.stringRows("references")
        for (row, (prediction, reference)) in zip(predictions, references).enumerated()
        where prediction.count != reference.count {
            throw MetricError(
                "Row \(row) has \(prediction.count) predicted tags and \(reference.count) true ones",
                remedy: "Give as many predicted tags as true ones for each sentence.", kind: .countMismatch,
                at: ErrorLocation(column: "predictions", row: row))
        }
        func number(_ tag: String) -> Int {
            let key = TextKey(tag)
            if let number = numbers[key] { return number }
            numbers[key] = numbers.count
            return numbers.count - 1
        }
        counts.add(predictions.joined().map(number), references.joined().map(number), nil)
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        if counts.rows == 0 { throw MetricError.empty }
        var values = MetricValues()
        let present = Set(counts.labels)
        let tags = numbers.keys.sorted().filter { numbers[$0].map(present.contains) ?? false }
        let sets = counts.sets(tags.compactMap { numbers[$0] })
        var warnings: [String] = []
        func scores(_ average: Average) -> [[Double]] {
            [SetScore.precision, .recall, .f1].map { score in
                switch score.value(sets, average: average, zeroDivision: options.zeroDivision, &warnings) {
                case .list(let list): list
                case .number(let number): [number]
                default: []
                }
            }
        }
        func set(_ name: String, _ scores: [[Double]], _ index: Int, _ support: Double) {
            values.set(
                name,
                .group([
                    "precision": scores[0][index], "recall": scores[1][index], "f1-score": scores[2][index],
                    "support": support,
                ]))
        }
        let each = scores(.perLabel)
        for (index, tag) in tags.enumerated() { set(tag.text, each, index, sets[index].actual) }
        values["accuracy"] = counts.accuracy()
        set("macro avg", scores(.macro), 0, Double(counts.rows))
        set("weighted avg", scores(.weighted), 0, Double(counts.rows))
        for warning in warnings where !values.warnings.contains(warning) { values.warnings.append(warning) }
        return values
    }

    var groups: [Int]? { counts.sortedPairs.map { counts.cells[$0]?.rows ?? 0 } }

    func taking(_ counts: [Int]) -> POSState {
        var state = self
        state.counts = self.counts.taking(counts)
        return state
    }
}
