import SwiftletDatasets
public import SwiftletIO
import SwiftletMetrics
import SwiftletRunLog
import SwiftletTraining

/// A row that a model gets wrong.
public struct Mistake: Sendable, Equatable {
    /// The row's number, from 0.
    public var row: Int
    /// How wrong the answer is: its probability, or for numbers how far it is off. The largest comes first in a listing.
    public var weight: Double
    /// The right answer, the model's, and whatever else there is to say, by the names of columns.
    public var details: JSONObject

    /// A row that a task of your own counts as wrong.
    ///
    /// - Parameters:
    ///   - row: its number in the split, from 0.
    ///   - weight: how wrong the answer is; the largest comes first in a listing.
    ///   - details: the right answer, the model's, and whatever else a reader needs, by the names of columns.
    public init(row: Int, weight: Double, details: JSONObject) {
        self.row = row
        self.weight = weight
        self.details = details
    }
}

extension Mistake {
    /// Of rows with one class each, whose labels a test split may keep secret as -1.
    static func ofClasses(_ output: PredictionOutput, name: (Int) -> JSONValue) -> [Mistake]? {
        let predictions = output.predictions
        guard predictions.shape.count == 2, predictions.shape[1] > 1, let ids = output.labelIDs,
            ids.count == predictions.shape[0]
        else { return nil }
        let best = predictions.argmax()
        return ids.indices.filter { ids[$0] != best[$0] && ids[$0] >= 0 }.map { row in
            let scores = softmax(Array(predictions[row: row]))
            var details: JSONObject = [
                "true_label": name(ids[row]), "prediction": name(best[row]), "score": .number(scores[best[row]]),
            ]
            if scores.indices.contains(ids[row]) { details["true_label_score"] = .number(scores[ids[row]]) }
            return Mistake(row: row, weight: Double(scores[best[row]]), details: details)
        }
    }

    /// Of rows with several labels each: those with a label missed or wrongly given, by the surest wrong decision.
    static func ofSeveralLabels(_ output: PredictionOutput, _ flags: [[Bool]], names: [String]) -> [Mistake]? {
        let predictions = output.predictions
        guard predictions.shape == [flags.count, names.count] else { return nil }
        func listed(_ ids: [Int]) -> JSONValue { .array(ids.map { .string(names[$0]) }) }
        return flags.indices.compactMap { row in
            let given = predictions[row: row].map { $0 > 0 }
            let wrong = names.indices.filter { given[$0] != flags[row][$0] }
            guard !wrong.isEmpty else { return nil }
            let scores = predictions[row: row].map(sigmoid)
            let worst = wrong.map { given[$0] ? scores[$0] : 1 - scores[$0] }.max() ?? 0
            return Mistake(
                row: row, weight: Double(worst),
                details: [
                    "true_label": listed(names.indices.filter { flags[row][$0] }),
                    "prediction": listed(names.indices.filter { given[$0] }),
                    "missed": listed(wrong.filter { !given[$0] }), "wrongly_given": listed(wrong.filter { given[$0] }),
                    "score": .number(worst),
                ])
        }
    }

    /// Of rows with numbers to predict: all that are off, by how far.
    static func ofNumbers(_ output: PredictionOutput, _ truths: [[Double]]) -> [Mistake]? {
        let predictions = output.predictions
        guard predictions.shape.first == truths.count else { return nil }
        return truths.indices.compactMap { row in
            let values = Array(predictions[row: row])
            guard values.count == truths[row].count else { return nil }
            let errors = zip(values, truths[row]).map { Double($0) - $1 }
            let distance = errors.map { abs($0) }.max() ?? 0
            guard distance > 0 else { return nil }
            func shown(_ numbers: [JSONValue]) -> JSONValue { numbers.count == 1 ? numbers[0] : .array(numbers) }
            return Mistake(
                row: row, weight: distance,
                details: [
                    "true_label": shown(truths[row].map { .double($0) }),
                    "prediction": shown(values.map { .number($0) }),
                    "error": shown(errors.map { .number(Float($0)) }),
                ])
        }
    }
}

extension Evaluation {
    /// The rows that the model gets wrong, the surest mistakes first: the row's number, its own columns, the right answer,
    /// the model's, and scores. A column with the name of one of these gets `input_` before its name.
    ///
    /// - Returns: `nil` for tasks whose rows have no right answer of their own.
    /// - Throws: what reading the rows throws.
    public func mistakes() throws -> [JSONObject]? {
        guard let found = try task.mistakes(output, prepared, model) else { return nil }
        let parts = found.reduce(into: Set<TextKey>(["row"])) { names, mistake in
            for (name, _) in mistake.details { names.insert(TextKey(name)) }
        }
        let names = Predictions.names(of: rows.columnNames, besides: parts)
        return try found.filter { rows.numRows > $0.row }.sorted { $0.weight > $1.weight }.map { mistake in
            var object: JSONObject = ["row": .int(mistake.row)]
            for (name, value) in try JSONValue(parsing: rows.jsonLine(mistake.row)).object ?? [:] {
                object[names[TextKey(name)] ?? name] = value
            }
            for (name, value) in mistake.details { object[name] = value }
            return object
        }
    }
}

extension FineTuning {
    /// The labels of the trained model for its card, with how often they come in the training split.
    static func cardLabels(_ rows: PreparedRows?, _ names: [String]) -> [ModelCard.Label] {
        guard let dataset = rows?.dataset, let column = ["label", "labels"].first(where: dataset.columnNames.contains),
            let values = try? dataset.column(column).values()
        else { return names.map { ModelCard.Label($0) } }
        var counts = [Int](repeating: 0, count: names.count)
        for value in values {
            if let list = value.list {
                let isFlags = list.count == names.count && list.allSatisfy { $0.int == nil }
                for (position, element) in list.enumerated() {
                    if isFlags {
                        if (element.double ?? 0) > 0.5 { counts[position] += 1 }
                    } else if let id = element.int, counts.indices.contains(id) {
                        counts[id] += 1
                    }
                }
            } else if let id = value.int, counts.indices.contains(id) {
                counts[id] += 1
            }
        }
        return zip(names, counts).map { ModelCard.Label($0, count: $1) }
    }
}
