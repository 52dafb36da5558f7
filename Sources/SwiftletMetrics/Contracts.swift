internal import SwiftletIO

/// `cuad`: answers in contracts, of which there may be several or none (Hendrycks et al. 2021). Keeps what each question
/// adds, and what waits for its prediction.
struct ContractState: MetricState {
    private struct Question: Sendable {
        var precision = Double.nan
        var recall = Double.nan
        var isExact = false
        var isAnswered = true
    }

    let options: Set<String> = []
    private var predictions: [TextKey: [String]] = [:]
    private var references: [MetricRecord] = []
    private var drawn: [Question]?

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("cuad")
        let (predictions, references) = try batch.records(expected: "records with an id and texts")
        for (row, record) in references.enumerated() where record.texts.contains(where: \.unicodeScalars.isEmpty) {
            throw MetricError(
                "Question '\(record.id)' has an empty text as an answer",
                remedy: "Give no texts for a question without an answer.", kind: .format,
                at: ErrorLocation(column: "references", row: row))
        }
        for record in predictions { self.predictions[TextKey(record.id)] = record.texts }
        self.references += references
    }

    private var questions: [Question] {
        drawn
            ?? references.map { record in
                guard let texts = predictions[TextKey(record.id)] else { return Question(isAnswered: false) }
                return Self.question(texts, record.texts, isParty: record.id.utf8.contains(text: "Parties"))
            }
    }

    private static func question(_ predictions: [String], _ truths: [String], isParty: Bool) -> Question {
        func isMatch(_ prediction: String, _ truth: String) -> Bool {
            overlap(prediction, truth) >= 0.5 || (isParty && prediction.utf8.contains(text: truth))
        }
        let hits = truths.count { truth in predictions.contains { isMatch($0, truth) } }
        let misses = predictions.count { prediction in !truths.contains { isMatch(prediction, $0) } }
        var question = Question()
        if hits + misses > 0 { question.precision = Double(hits) / Double(hits + misses) }
        if !truths.isEmpty { question.recall = Double(hits) / Double(truths.count) }
        question.isExact = predictions.contains { prediction in
            let words = PythonText.answerWords(prediction)
            return truths.contains { PythonText.answerWords($0).areSame(as: words) }
        }
        return question
    }

    /// Words that both have, in proportion to those that either has.
    private static func overlap(_ prediction: String, _ truth: String) -> Double {
        func words(_ text: String) -> Set<TextKey> {
            let kept = PythonText.removing(text) { [".", ",", ";", ":"].contains($0) }
            let parts = PythonText.lower(kept).unicodeScalars.split(omittingEmptySubsequences: false) {
                $0 == " " || $0 == "/"
            }
            return Set(parts.map { TextKey(String($0)) })
        }
        let (left, right) = (words(prediction), words(truth))
        return Double(left.intersection(right).count) / Double(left.union(right).count)
    }

    /// Questions without a true answer have no recall, and make the area 0 and F1 undefined, as in Python.
    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        let questions = questions
        if questions.isEmpty { throw MetricError.empty }
        let total = Double(questions.count)
        var f1 = 0.0
        for question in questions where question.isAnswered && !(question.precision == 0 && question.recall == 0) {
            f1 += 2 * (question.precision * question.recall) / (question.precision + question.recall)
        }
        let curve = questions.filter(\.isAnswered).sorted { left, right in
            left.recall != right.recall
                ? Self.precedes(left.recall, right.recall) : Self.precedes(left.precision, right.precision)
        }
        // The precision at a recall is the best one at this recall or a higher one.
        var precisions = curve.map(\.precision)
        for index in precisions.indices.dropLast().reversed() where !(precisions[index] > precisions[index + 1]) {
            precisions[index] = precisions[index + 1]
        }
        let recalls = curve.map(\.recall)
        var area = 0.0
        for index in recalls.indices.dropFirst() {
            area += (recalls[index] - recalls[index - 1]) * (precisions[index] + precisions[index - 1]) / 2
        }
        func precision(at recall: Double) -> Double { zip(recalls, precisions).first { $0.0 >= recall }?.1 ?? 0 }
        var values: MetricValues = [
            "exact_match": 100 * Double(questions.count(where: \.isExact)) / total, "f1": 100 * f1 / total,
            "aupr": area.isNaN ? 0 : area, "prec_at_80_recall": precision(at: 0.8),
            "prec_at_90_recall": precision(at: 0.9),
        ]
        values.warnings =
            drawn != nil
            ? []
            : references.filter { predictions[TextKey($0.id)] == nil }.map {
                "Unanswered question \($0.id) will receive score 0."
            }
        return values
    }

    /// What isn't a number comes last.
    private static func precedes(_ left: Double, _ right: Double) -> Bool {
        left < right || (!left.isNaN && right.isNaN)
    }

    var groups: [Int]? { [Int](repeating: 1, count: questions.count) }

    func taking(_ counts: [Int]) -> ContractState {
        var state = self
        state.drawn = questions.repeated(counts)
        return state
    }
}

extension String.UTF8View {
    /// Whether another text's code points come in these, one after the other.
    fileprivate func contains(text: String) -> Bool {
        let (bytes, part) = (Array(self), Array(text.utf8))
        if part.isEmpty { return true }
        guard bytes.count >= part.count else { return false }
        return (0...(bytes.count - part.count)).contains { bytes[$0...].starts(with: part) }
    }
}

/// `fever`: labels of claims, and the evidence for them (Thorne et al. 2018). Keeps counts, and those of each row.
struct FeverState: MetricState {
    private struct Row: Sendable {
        var label = 0
        var claim = 0
        var shared = 0
        var predicted = 0
        var actual = 0
    }

    let options: Set<String> = []
    private var rows: [Row] = []

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("fever")
        let (predictions, references) = try batch.records(expected: "records with a label and evidence")
        func keys(_ texts: [String]) -> Set<TextKey> { texts.map { PythonText.lower(PythonText.strip($0)) }.textKeys }
        for (prediction, reference) in zip(predictions, references) {
            let evidence = keys(prediction.texts)
            let sets = reference.evidenceSets.map(keys)
            let all = sets.reduce(Set<TextKey>()) { $0.union($1) }
            let isLabel = prediction.id.isSame(as: reference.id)
            rows.append(
                Row(
                    label: isLabel ? 1 : 0, claim: isLabel && sets.contains { $0.isSubset(of: evidence) } ? 1 : 0,
                    shared: all.intersection(evidence).count, predicted: evidence.count, actual: all.count))
        }
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        if rows.isEmpty { throw MetricError.empty }
        func sum(_ value: (Row) -> Int) -> Double { Double(rows.reduce(0) { $0 + value($1) }) }
        func share(_ part: Double, _ whole: Double) -> Double { whole > 0 ? part / whole : 0 }
        let precision = share(sum(\.shared), sum(\.predicted))
        let recall = share(sum(\.shared), sum(\.actual))
        return [
            "label_accuracy": sum(\.label) / Double(rows.count), "fever_score": sum(\.claim) / Double(rows.count),
            "evidence_precision": precision, "evidence_recall": recall,
            "evidence_f1": share(2 * precision * recall, precision + recall),
        ]
    }

    var groups: [Int]? { [Int](repeating: 1, count: rows.count) }

    func taking(_ counts: [Int]) -> FeverState {
        var state = self
        state.rows = rows.repeated(counts)
        return state
    }
}
