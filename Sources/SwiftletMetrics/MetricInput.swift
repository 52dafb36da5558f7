internal import SwiftletIO

/// What a list of predictions or references may be made of: integers, numbers, strings, lists of them, and the records
/// of question answering.
public protocol MetricElement {
    /// Makes one column of values, one for each row, in their order. Predictions, references and sources that are given
    /// to a metric pass through here.
    static func column(_ values: [Self]) -> MetricColumn
}

/// A list of predictions or references.
public enum MetricColumn: Sendable {
    /// Whole numbers, one a row: class indices, or `false` and `true` as 0 and 1.
    case ints([Int])
    /// Numbers in double precision, one a row: predicted values or scores. `Float` is widened.
    case doubles([Double])
    /// Texts, one a row, which are compared by their code points.
    case strings([String])
    /// One column for each row, such as the scores of all classes, the tags of a sentence, or several reference texts.
    /// Rows may differ in length where the metric allows it.
    case lists([MetricColumn])
    /// Answers to questions or labels with evidence, one a row, for metrics such as `squad` and `fever`.
    case records([MetricRecord])

    var count: Int {
        switch self {
        case .ints(let values): values.count
        case .doubles(let values): values.count
        case .strings(let values): values.count
        case .lists(let values): values.count
        case .records(let values): values.count
        }
    }

    var kind: String {
        switch self {
        case .ints: "integers"
        case .doubles: "floating-point numbers"
        case .strings: "strings"
        case .lists(let lists): lists.first.map { "lists of \($0.kind)" } ?? "lists"
        case .records: "records"
        }
    }

    func ints(_ name: String) throws(MetricError) -> [Int] {
        switch self {
        case .ints(let values): return values
        case .doubles(let values):
            var ints: [Int] = []
            ints.reserveCapacity(values.count)
            for value in values {
                guard let int = Int(exactly: value) else {
                    throw .format(
                        name, expected: "class indices", got: "\(value)",
                        remedy: "Take the argmax of logits or probabilities, or round, before calling the metric.")
                }
                ints.append(int)
            }
            return ints
        case .lists:
            throw .format(
                name, expected: "class indices", got: kind,
                remedy: "Take the argmax of logits; for several labels a row, load the metric's \"multilabel\" "
                    + "configuration, where it has one.")
        default: throw .format(name, expected: "class indices", got: kind)
        }
    }

    func doubles(_ name: String) throws(MetricError) -> [Double] {
        switch self {
        case .ints(let values): return values.map(Double.init)
        case .doubles(let values): return values
        // One column of logits, as a regression head returns it.
        case .lists(let lists) where lists.allSatisfy({ $0.count == 1 }):
            var values: [Double] = []
            for list in lists { values += try list.doubles(name) }
            return values
        default: throw .format(name, expected: "numbers", got: kind)
        }
    }

    func strings(_ name: String) throws(MetricError) -> [String] {
        guard case .strings(let values) = self else { throw .format(name, expected: "strings", got: kind) }
        return values
    }

    /// Texts of each row: a list of them, or one.
    func texts(_ name: String) throws(MetricError) -> [[String]] {
        if case .strings(let values) = self { return values.map { [$0] } }
        if case .lists = self { return try stringRows(name) }
        throw .format(name, expected: "strings or lists of strings", got: kind)
    }

    func rows<T>(
        _ name: String, _ expected: String, _ convert: (MetricColumn) throws(MetricError) -> [T]
    ) throws(MetricError) -> [[T]] {
        guard case .lists(let lists) = self else {
            throw .format(name, expected: "lists of \(expected)", got: kind)
        }
        var rows: [[T]] = []
        rows.reserveCapacity(lists.count)
        for list in lists { rows.append(list.count == 0 ? [] : try convert(list)) }
        return rows
    }

    func intRows(_ name: String) throws(MetricError) -> [[Int]] {
        try rows(name, "class indices") { column throws(MetricError) in try column.ints(name) }
    }

    func doubleRows(_ name: String) throws(MetricError) -> [[Double]] {
        try rows(name, "numbers") { column throws(MetricError) in try column.doubles(name) }
    }

    func stringRows(_ name: String) throws(MetricError) -> [[String]] {
        try rows(name, "strings") { column throws(MetricError) in try column.strings(name) }
    }
}

extension Int: MetricElement {
    public static func column(_ values: [Int]) -> MetricColumn { .ints(values) }
}

extension Int32: MetricElement {
    public static func column(_ values: [Int32]) -> MetricColumn { .ints(values.map(Int.init)) }
}

extension Bool: MetricElement {
    public static func column(_ values: [Bool]) -> MetricColumn { .ints(values.map { $0 ? 1 : 0 }) }
}

extension Double: MetricElement {
    public static func column(_ values: [Double]) -> MetricColumn { .doubles(values) }
}

extension Float: MetricElement {
    public static func column(_ values: [Float]) -> MetricColumn { .doubles(values.map(Double.init)) }
}

extension String: MetricElement {
    public static func column(_ values: [String]) -> MetricColumn { .strings(values) }
}

extension Array: MetricElement where Element: MetricElement {
    public static func column(_ values: [[Element]]) -> MetricColumn { .lists(values.map(Element.column)) }
}

/// A question's answer, predicted or true, for `squad`, `squad_v2`, `cuad`, and the `record` and `multirc`
/// configurations of `super_glue`; a claim's label for `fever`.
public struct MetricRecord: Sendable, Equatable, MetricElement {
    /// What joins a prediction with its reference: the question.
    public var id: String
    /// The predicted or true answers of a question, or the predicted evidence of a claim. Empty where there is none.
    public var texts: [String]
    /// The predicted class index of an answer, for `multirc`; 0 for all other metrics.
    public var label: Int
    /// How likely it is that the question has no answer, for `squad_v2`.
    public var noAnswerProbability = 0.0
    /// Lists of evidence each of which is enough, for `fever`.
    public var evidenceSets: [[String]] = []

    public static func column(_ values: [MetricRecord]) -> MetricColumn { .records(values) }

    /// Texts are compared by their code points.
    public static func == (left: MetricRecord, right: MetricRecord) -> Bool {
        left.id.isSame(as: right.id) && left.texts.areSame(as: right.texts) && left.label == right.label
            && left.noAnswerProbability == right.noAnswerProbability
            && left.evidenceSets.count == right.evidenceSets.count
            && zip(left.evidenceSets, right.evidenceSets).allSatisfy { $0.areSame(as: $1) }
    }

    /// A predicted answer of `squad` or `record`.
    public init(id: String, predictionText: String) {
        (self.id, texts, label) = (id, [predictionText], 0)
    }

    /// A predicted answer of `squad_v2`.
    ///
    /// - Parameters:
    ///   - predictionText: empty where no answer is predicted.
    ///   - noAnswerProbability: how likely it is that there is none.
    public init(id: String, predictionText: String, noAnswerProbability: Double) {
        (self.id, texts, label) = (id, [predictionText], 0)
        self.noAnswerProbability = noAnswerProbability
    }

    /// Predicted answers of `cuad`, which may be several or none.
    public init(id: String, predictionTexts: [String]) {
        (self.id, texts, label) = (id, predictionTexts, 0)
    }

    /// A predicted label of `fever` and the evidence for it.
    public init(label: String, evidence: [String]) {
        (id, texts, self.label) = (label, evidence, 0)
    }

    /// A true label of `fever`, and lists of evidence each of which is enough.
    public init(label: String, evidenceSets: [[String]]) {
        (id, texts, self.label) = (label, [], 0)
        self.evidenceSets = evidenceSets
    }

    /// The true answers of `squad` or `record`; of `squad_v2` and `cuad` also none.
    public init(id: String, answers: [String]) {
        (self.id, texts, label) = (id, answers, 0)
    }

    /// A predicted label of `multirc`; the questions of a paragraph are scored together.
    public init(paragraph: Int, question: Int, prediction: Int) {
        (id, texts, label) = ("\(paragraph)-\(question)", [], prediction)
    }
}

/// One call of `addBatch`.
struct MetricBatch {
    var predictions: MetricColumn
    var references: MetricColumn
    /// The texts that were rewritten, for metrics that look at them.
    var sources: MetricColumn?
    var weights: [Double]?
    var options: MetricOptions

    func rejectWeights(_ metric: String) throws(MetricError) {
        if weights != nil {
            throw MetricError(
                "\(metric) takes no sample weights", remedy: "Leave out sampleWeight.", commandLine: nil,
                at: ErrorLocation(option: "sample_weight"))
        }
    }

    /// Both columns as records.
    func records(expected: String) throws(MetricError) -> (predictions: [MetricRecord], references: [MetricRecord]) {
        guard case .records(let predictions) = predictions else {
            throw .format("predictions", expected: expected, got: predictions.kind, remedy: "Give MetricRecords.")
        }
        guard case .records(let references) = references else {
            throw .format("references", expected: expected, got: references.kind, remedy: "Give MetricRecords.")
        }
        return (predictions, references)
    }
}
