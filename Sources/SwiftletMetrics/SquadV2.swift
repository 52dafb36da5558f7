internal import SwiftletIO

/// `squad_v2`: exact match and F1 where questions may have no answer, as SQuAD 2.0's script has them. Keeps the scores
/// of each question.
struct SquadV2State: MetricState {
    private struct Question: Sendable {
        /// When its prediction came.
        var place: Int
        var hasAnswer: Bool
        var isAnswered: Bool
        var probability: Double
        var exact: Double
        var f1: Double
    }

    let options: Set<String> = ["no_answer_threshold"]
    private var predictions: [TextKey: (text: String, probability: Double, place: Int)] = [:]
    private var references: [MetricRecord] = []
    private var drawn: [Question]?

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("squad_v2")
        let (predictions, references) = try batch.records(expected: "records with an id, a text and a probability")
        for (row, record) in predictions.enumerated() {
            guard record.texts.count == 1 else {
                throw MetricError(
                    "Question '\(record.id)' should have one predicted text, not \(record.texts.count)",
                    remedy: "Give an empty text where no answer is predicted.", kind: .format,
                    at: ErrorLocation(column: "predictions", row: row))
            }
            guard record.noAnswerProbability.isFinite else {
                throw MetricError(
                    "The probability of no answer to question '\(record.id)' is \(record.noAnswerProbability)",
                    remedy: "Give a number, such as the softmax of the score.", kind: .format,
                    at: ErrorLocation(column: "predictions", row: row))
            }
        }
        for record in predictions {
            let place = self.predictions[TextKey(record.id)]?.place ?? self.predictions.count
            self.predictions[TextKey(record.id)] = (record.texts[0], record.noAnswerProbability, place)
        }
        self.references += references
    }

    /// The questions in the order of the references; one that comes twice is scored as it came last.
    private func questions() throws(MetricError) -> [Question] {
        if let drawn { return drawn }
        var questions: [Question] = []
        var places: [TextKey: Int] = [:]
        for record in references {
            let id = TextKey(record.id)
            guard let prediction = predictions[id] else {
                throw MetricError(
                    "Missing prediction for question '\(record.id)'",
                    remedy: "Give a prediction for each question; an empty text where no answer is predicted.",
                    kind: .countMismatch, at: ErrorLocation(column: "predictions"))
            }
            let words = PythonText.answerWords(prediction.text)
            var truths = record.texts.map { PythonText.answerWords($0) }.filter { !$0.isEmpty }
            if truths.isEmpty { truths = [[]] }
            let question = Question(
                place: prediction.place, hasAnswer: !record.texts.isEmpty,
                isAnswered: !prediction.text.unicodeScalars.isEmpty,
                probability: prediction.probability, exact: truths.contains { words.areSame(as: $0) } ? 1 : 0,
                f1: truths.map { Self.f1(words, $0) }.max() ?? 0)
            if let place = places[id] {
                questions[place] = question
            } else {
                places[id] = questions.count
                questions.append(question)
            }
        }
        return questions
    }

    /// Two texts without a word agree.
    private static func f1(_ words: [String], _ truth: [String]) -> Double {
        if words.isEmpty || truth.isEmpty { return words.isEmpty && truth.isEmpty ? 1 : 0 }
        return PythonText.bagF1(words, truth)
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        let threshold = options.value { if case .noAnswerThreshold(let value) = $0 { value } else { nil } } ?? 1
        let questions = try questions()
        if questions.isEmpty { throw MetricError.empty }
        var values = MetricValues()
        func set(_ prefix: String, _ questions: [Question]) {
            func percent(_ score: (Question) -> Double) -> Double {
                let sum = questions.reduce(0.0) { sum, question in
                    sum + (question.probability > threshold ? (question.hasAnswer ? 0 : 1) : score(question))
                }
                return 100 * sum / Double(questions.count)
            }
            values["\(prefix)exact"] = percent(\.exact)
            values["\(prefix)f1"] = percent(\.f1)
            values.set("\(prefix)total", .integer(questions.count))
        }
        set("", questions)
        let groups = [("HasAns_", questions.filter(\.hasAnswer)), ("NoAns_", questions.filter { !$0.hasAnswer })]
        for (prefix, group) in groups where !group.isEmpty { set(prefix, group) }
        for name in ["exact", "f1"] {
            let best = Self.best(questions) { name == "f1" ? $0.f1 : $0.exact }
            values["best_\(name)"] = best.score
            values["best_\(name)_thresh"] = best.threshold
        }
        return values
    }

    /// The threshold with which the score is highest, and that score.
    private static func best(
        _ questions: [Question], _ score: (Question) -> Double
    ) -> (score: Double, threshold: Double) {
        var current = Double(questions.count { !$0.hasAnswer })
        var best = (score: current, threshold: 0.0)
        // Of equal probabilities the first that was predicted comes first.
        for question in questions.sorted(by: { ($0.probability, $0.place) < ($1.probability, $1.place) }) {
            current += question.hasAnswer ? score(question) : question.isAnswered ? -1 : 0
            if current > best.score { best = (current, question.probability) }
        }
        return (100 * best.score / Double(questions.count), best.threshold)
    }

    var groups: [Int]? { (try? questions()).map { [Int](repeating: 1, count: $0.count) } }
    var groupsError: MetricError {
        do { _ = try questions() } catch { return error }
        return MetricError.empty
    }

    func taking(_ counts: [Int]) -> SquadV2State {
        var state = self
        state.drawn = (try? questions())?.repeated(counts)
        return state
    }
}
