public import SwiftletDatasets
import SwiftletIO
public import SwiftletTensor

/// What a model says of each training row whenever the row comes up, before it learns from it. Rows that it goes on
/// getting "wrong" have a label that the others speak against.
///
/// A row is judged by the mean, over its visits, of the probability of its label less the largest of the others (the area
/// under the margin; Pleiss et al., "Identifying Mislabeled Data using the Area Under the Margin Ranking"). In the first
/// epoch the model has not seen the row yet, so nothing but the training itself has to be computed.
public final class TrainingDynamics {
    private var sums: [Int: (probabilities: [Double], visits: Int)] = [:]
    private var pending: [(rows: [Int], probabilities: Tensor)] = []

    /// Nothing is recorded yet.
    public init() {}

    /// Takes the answers to a batch; those of tasks without a class a row are passed over.
    ///
    /// - Parameters:
    ///   - rows: numbers of training rows.
    ///   - logits: `[rows, labels]`.
    public func observe(rows: [Int], logits: Tensor) {
        guard logits.shape.count == 2, logits.shape[0] == rows.count, logits.shape[1] > 1 else { return }
        pending.append((rows, logits.to(.float64).softmax(1)))
        // Reading waits for a GPU: not at every step.
        if pending.count >= 64 { read() }
    }

    private func read() {
        for (rows, probabilities) in pending {
            let (values, width) = (probabilities.doubles(), probabilities.shape[1])
            for (place, row) in rows.enumerated() {
                let own = values[place * width..<(place + 1) * width]
                guard own.allSatisfy(\.isFinite) else { continue }
                if sums[row] == nil {
                    sums[row] = (Array(own), 1)
                } else if let sum = sums[row], sum.probabilities.count == width {
                    sums[row] = (zip(sum.probabilities, own).map(+), sum.visits + 1)
                }
            }
        }
        pending = []
    }

    /// Mean probabilities of the classes for each row that came up.
    public var means: [(row: Int, probabilities: [Double], visits: Int)] {
        read()
        return sums.sorted { $0.key < $1.key }.map { row, sum in
            (row, sum.probabilities.map { $0 / Double(sum.visits) }, sum.visits)
        }
    }

    /// Rows in the order of suspicion; those that never came up are left out.
    public func suspects(labels: [Int]) -> [LabelIssues.Issue] {
        means.compactMap { row, scores, _ -> LabelIssues.Issue? in
            guard labels.indices.contains(row), scores.indices.contains(labels[row]) else { return nil }
            let label = labels[row]
            let others = scores.indices.filter { $0 != label }
            guard let best = others.max(by: { scores[$0] < scores[$1] }) else { return nil }
            return LabelIssues.Issue(row: row, label: label, suggestion: best, margin: margin(of: label, scores))
        }.sorted { $0.margin == $1.margin ? $0.row < $1.row : $0.margin < $1.margin }
    }

    /// The most suspect training rows as a table: `rank`, `row`, `label`, `suggestion`, `margin`, and the split's own
    /// columns.
    ///
    /// - Parameters:
    ///   - names: of the labels.
    ///   - limit: rows to keep; by default a tenth, at least 1000 and at most 20,000.
    /// - Returns: `nil` where nothing was recorded.
    public func table(labels: [Int], names: [String], given: Dataset, limit: Int? = nil) throws -> Dataset? {
        let suspects = suspects(labels: labels).filter { $0.row < given.numRows }
        guard !suspects.isEmpty else { return nil }
        let count = limit ?? min(max(suspects.count / 10, 1000), 20_000)
        let kept = Array(suspects.prefix(count))
        func name(_ id: Int) -> String { names.indices.contains(id) ? names[id] : String(id) }
        return try PredictionTable(
            kind: .classes, labels: [],
            columns: [
                ("rank", .ints(Array(1...kept.count))), ("row", .ints(kept.map(\.row))),
                ("label", .strings(kept.map { name($0.label) })),
                ("suggestion", .strings(kept.map { name($0.suggestion) })), ("margin", .doubles(kept.map(\.margin))),
            ], given: try given.select(kept.map(\.row))
        ).dataset
    }
}
