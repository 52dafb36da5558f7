/// `indic_glue` for sentences in two languages: how often a sentence's translation is among the ten whose vectors are
/// nearest, by the cosine of vectors less their mean.
struct SentenceRetrievalState: MetricState {
    let options: Set<String> = []
    private var sentences: [[Double]] = []
    private var translations: [[Double]] = []

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("indic_glue")
        let predictions = try batch.predictions.doubleRows("predictions")
        let references = try batch.references.doubleRows("references")
        let width = (sentences.first ?? predictions.first)?.count
        for (name, rows) in [("predictions", predictions), ("references", references)] {
            for (row, vector) in rows.enumerated() {
                try RegressionState.checkFinite(vector, name, row: sentences.count + row)
                guard vector.count == width else {
                    throw .input(
                        name, "A vector has \(vector.count) numbers, the first one has \(width ?? 0)",
                        row: sentences.count + row, remedy: "Give vectors of the same length.",
                        commandLine: "Give another --metric: this one compares vectors of sentences.",
                        kind: .countMismatch)
                }
            }
        }
        sentences += predictions
        translations += references
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        if sentences.isEmpty { throw MetricError.empty }
        let (left, right) = (Self.directions(sentences), Self.directions(translations))
        var hits = 0
        for (row, vector) in left.enumerated() {
            let cosines = right.map { other in zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 } }
            let own = cosines[row]
            if own.isNaN { continue }
            let nearer = cosines.indices.count { cosines[$0] > own || (cosines[$0] == own && $0 < row) }
            if nearer < 10 { hits += 1 }
        }
        return ["precision@10": Double(hits) / Double(sentences.count)]
    }

    /// The vectors from their mean, with the length 1.
    private static func directions(_ rows: [[Double]]) -> [[Double]] {
        guard let width = rows.first?.count else { return [] }
        var mean = [Double](repeating: 0, count: width)
        for row in rows { for column in 0..<width { mean[column] += row[column] / Double(rows.count) } }
        return rows.map { row in
            let offsets = zip(row, mean).map { $0 - $1 }
            let length = offsets.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return offsets.map { $0 / length }
        }
    }

    var groups: [Int]? { [Int](repeating: 1, count: sentences.count) }

    func taking(_ counts: [Int]) -> SentenceRetrievalState {
        var state = self
        state.sentences = sentences.repeated(counts)
        state.translations = translations.repeated(counts)
        return state
    }
}
