import SwiftletDatasets
public import SwiftletIO
import SwiftletTraining

/// Precision, recall and F1 of each class, and which classes are taken for which.
public struct ClassificationReport: Sendable {
    /// The scores of one class.
    public struct Row: Sendable {
        /// The class's name.
        public let label: String
        /// Share of the rows predicted to be of the class that are.
        public let precision: Double
        /// Share of the rows of the class that are predicted to be.
        public let recall: Double
        /// The harmonic mean of precision and recall.
        public let f1: Double
        /// Rows that are of the class.
        public let support: Int
    }

    /// The scores of each class, in the order of `labels`.
    public let rows: [Row]
    /// The most classes that there is a matrix for: its size is their square.
    public static let largestConfusion = 1000

    /// `[true class][predicted class]`, numbers of rows; `nil` where a row may have several classes, and for more than
    /// `largestConfusion` classes.
    public let confusion: [[Int]]?
    /// The classes' names, by id.
    public let labels: [String]

    /// - Parameters:
    ///   - predictions: class of each row, as the model says.
    ///   - references: class of each row; rows with a class outside the labels are left out.
    init(predictions: [Int], references: [Int], labels: [String]) {
        let side = labels.count <= Self.largestConfusion ? labels.count : 0
        var confusion = [[Int]](repeating: [Int](repeating: 0, count: side), count: side)
        var (hits, predicted, support) = (
            [Int](repeating: 0, count: labels.count), [Int](repeating: 0, count: labels.count),
            [Int](repeating: 0, count: labels.count)
        )
        for (prediction, reference) in zip(predictions, references)
        where labels.indices.contains(prediction) && labels.indices.contains(reference) {
            if side > 0 { confusion[reference][prediction] += 1 }
            predicted[prediction] += 1
            support[reference] += 1
            if prediction == reference { hits[reference] += 1 }
        }
        self.labels = labels
        self.confusion = labels.isEmpty || side > 0 ? confusion : nil
        rows = labels.indices.map { id in
            Row(label: labels[id], hits: hits[id], predicted: predicted[id], support: support[id])
        }
    }

    /// - Parameter flags: for each row and label, whether the model gives the label and whether the row has it.
    init(flags: [[(predicted: Bool, actual: Bool)]], labels: [String]) {
        self.labels = labels
        confusion = nil
        rows = labels.indices.map { id in
            let cells = flags.map { $0[id] }
            return Row(
                label: labels[id], hits: cells.count { $0.predicted && $0.actual },
                predicted: cells.count(where: \.predicted),
                support: cells.count(where: \.actual))
        }
    }

    /// For each class its name with `precision`, `recall`, `f1-score` and `support`, as scikit-learn has them.
    public var json: JSONValue {
        var object = JSONObject()
        for row in rows {
            object[row.label] = [
                "precision": .double(row.precision), "recall": .double(row.recall), "f1-score": .double(row.f1),
                "support": .int(row.support),
            ]
        }
        return .object(object)
    }
}

extension ClassificationReport.Row {
    fileprivate init(label: String, hits: Int, predicted: Int, support: Int) {
        self.label = label
        self.support = support
        precision = predicted == 0 ? 0 : Double(hits) / Double(predicted)
        recall = support == 0 ? 0 : Double(hits) / Double(support)
        f1 = predicted + support == 0 ? 0 : 2 * Double(hits) / Double(predicted + support)
    }
}

extension Evaluation {
    /// The scores of each class; `nil` for tasks without classes. For tokens they are those of tags, token by token.
    public var report: ClassificationReport? {
        let predictions = output.predictions
        if predictions.shape.count == 3, let ids = output.labelIDs, predictions.shape[2] == labels.count {
            let counted = zip(predictions.argmax(), ids).filter { $0.1 != -100 }
            return ClassificationReport(predictions: counted.map(\.0), references: counted.map(\.1), labels: labels)
        }
        guard predictions.shape.count == 2, predictions.shape[1] == labels.count, labels.count > 1 else { return nil }
        if let flags {
            return ClassificationReport(
                flags: flags.enumerated().map { row, actual in
                    zip(predictions[row: row], actual).map { (predicted: $0 > 0, actual: $1) }
                }, labels: labels)
        }
        guard let ids = output.labelIDs, ids.count == predictions.shape[0] else { return nil }
        return ClassificationReport(predictions: predictions.argmax(), references: ids, labels: labels)
    }

    /// Which labels each row has, where it may have several.
    private var flags: [[Bool]]? {
        guard case .list(_)? = prepared.dataset.features["label"],
            let values = try? prepared.dataset.column("label").values()
        else { return nil }
        let flags = values.map { $0.list?.map { ($0.double ?? 0) > 0.5 } ?? [] }
        return flags.allSatisfy { $0.count == labels.count } ? flags : nil
    }
}
