public import SwiftletDatasets
import SwiftletIO
public import SwiftletTensor

/// A training row whose label is more or less probably wrong.
public struct LabelSuspect: Sendable {
    /// The row's number in the training split, from 0.
    public let row: Int
    /// The class index that the training split gives the row.
    public let label: Int
    /// The class that it rather belongs to.
    public let suggestion: Int
    /// How well the label fits, as a logarithm of probabilities: the smaller, the more suspect.
    public let score: Double

    package init(row: Int, label: Int, suggestion: Int, score: Double) {
        (self.row, self.label, self.suggestion, self.score) = (row, label, suggestion, score)
    }
}

/// What a model says of each training row whenever the row comes up, before it learns from it. Rows whose labels it goes on
/// finding improbable have labels that the others speak against.
///
/// A row is judged by the mean, over its visits, of the logarithm of its label's probability (after Pleiss et al.,
/// "Identifying Mislabeled Data using the Area Under the Margin Ranking"). In the first epoch the model has not seen the row
/// yet, so nothing but the training itself has to be computed. A second opinion may be added.
public final class TrainingDynamics {
    private var sums: [Int: (logarithms: [Double], visits: Int)] = [:]
    private var pending: [(rows: [Int], logarithms: Tensor)] = []

    /// Nothing is recorded yet.
    public init() {}

    /// Takes the answers to a batch; those of tasks without a class a row are passed over.
    ///
    /// - Parameters:
    ///   - rows: numbers of training rows.
    ///   - logits: `[rows, labels]`.
    public func observe(rows: [Int], logits: Tensor) {
        guard logits.shape.count == 2, logits.shape[0] == rows.count, logits.shape[1] > 1 else { return }
        pending.append((rows, logits.to(.float64).logSoftmax(1)))
        // Reading waits for a GPU: not at every step.
        if pending.count >= 64 { read() }
    }

    private func read() {
        for (rows, logarithms) in pending {
            let (values, width) = (logarithms.doubles(), logarithms.shape[1])
            for (place, row) in rows.enumerated() {
                let own = values[place * width..<(place + 1) * width]
                guard own.allSatisfy(\.isFinite) else { continue }
                if sums[row] == nil {
                    sums[row] = (Array(own), 1)
                } else if let sum = sums[row], sum.logarithms.count == width {
                    sums[row] = (zip(sum.logarithms, own).map(+), sum.visits + 1)
                }
            }
        }
        pending = []
    }

    /// The mean logarithms of the classes' probabilities for each row that came up.
    public var means: [(row: Int, logarithms: [Double], visits: Int)] {
        read()
        return sums.sorted { $0.key < $1.key }.map { row, sum in
            (row, sum.logarithms.map { $0 / Double(sum.visits) }, sum.visits)
        }
    }

    /// Rows in the order of suspicion; those that never came up are left out.
    ///
    /// - Parameter opinion: logarithms of the classes' probabilities for each row by something that was not trained on the
    ///   row; they count twice.
    public func suspects(labels: [Int], opinion: [[Double]]? = nil) -> [LabelSuspect] {
        means.compactMap { row, logarithms, _ -> LabelSuspect? in
            guard labels.indices.contains(row), logarithms.indices.contains(labels[row]) else { return nil }
            var scores = logarithms
            if let other = opinion.flatMap({ $0.indices.contains(row) ? $0[row] : nil }), other.count == scores.count {
                scores = zip(scores, other).map { $0 + 2 * $1 }
            }
            let label = labels[row]
            guard let best = scores.indices.filter({ $0 != label }).max(by: { scores[$0] < scores[$1] }) else {
                return nil
            }
            return LabelSuspect(row: row, label: label, suggestion: best, score: scores[label])
        }.sorted { $0.score == $1.score ? $0.row < $1.row : $0.score < $1.score }
    }

    /// The most suspect training rows as a table: `rank`, `row`, `label`, `suggestion`, `score`, and the split's own
    /// columns.
    ///
    /// - Parameters:
    ///   - names: of the labels.
    ///   - opinion: as in `suspects`.
    ///   - limit: rows to keep; by default a tenth, at least 1000 and at most 20,000.
    /// - Returns: `nil` where nothing was recorded.
    public func table(
        labels: [Int], names: [String], given: Dataset, opinion: [[Double]]? = nil, limit: Int? = nil
    ) throws -> Dataset? {
        try Self.table(of: suspects(labels: labels, opinion: opinion), names: names, given: given, limit: limit)
    }

    /// How many rows the table has by default, at least and at most; else it is a tenth of those that were judged.
    static let (leastKept, mostKept) = (1000, 20_000)
    /// Its first columns, which are not the split's own.
    static let columnCount = 5

    /// The first of the suspects as a table, as above.
    package static func table(
        of suspects: [LabelSuspect], names: [String], given: Dataset, limit: Int? = nil
    ) throws -> Dataset? {
        let suspects = suspects.filter { $0.row < given.numRows }
        guard !suspects.isEmpty else { return nil }
        let count = limit ?? min(max(suspects.count / 10, leastKept), mostKept)
        let kept = Array(suspects.prefix(count))
        func name(_ id: Int) -> String { names.indices.contains(id) ? names[id] : String(id) }
        return try PredictionTable(
            kind: .classes, labels: [],
            columns: [
                ("rank", .ints(Array(1...kept.count))), ("row", .ints(kept.map(\.row))),
                ("label", .strings(kept.map { name($0.label) })),
                ("suggestion", .strings(kept.map { name($0.suggestion) })), ("score", .doubles(kept.map(\.score))),
            ], given: try given.select(kept.map(\.row))
        ).dataset
    }
}
