public import SwiftletMetrics
import SwiftletTraining

/// Scores of predicted answers: SQuAD's, or SQuAD 2's where questions may have no answer.
///
/// - Returns: `exact_match` and `f1`, in percent; for SQuAD 2 `exact` and `f1` over all questions, and the same over
///   those with and without an answer, under the names that `evaluate` gives them.
/// - Throws: `TrainingError` if the true answers are not known, else `MetricError`.
public func answerScores(
    _ predictions: [PredictedAnswer], _ rows: QuestionRows, allowsNoAnswer: Bool = false
) throws -> MetricValues {
    guard let answers = rows.answers, predictions.count == rows.count else {
        throw TrainingError(
            "there are \(predictions.count) predicted answers for \(rows.answers?.count ?? 0) true ones",
            remedy: "Give one for each question, and rows whose answers are known.", kind: .metrics)
    }
    func squad(_ questions: [Int]) throws -> (exact: Double, f1: Double)? {
        guard !questions.isEmpty else { return nil }
        let metric = try Evaluate.load("squad")
        try metric.addBatch(
            predictions: questions.map { MetricRecord(id: String($0), predictionText: predictions[$0].text) },
            references: questions.map { question in
                let texts = answers[question].map(\.text)
                return MetricRecord(id: String(question), answers: texts.isEmpty ? [""] : texts)
            })
        let values = try metric.compute()
        return (values["exact_match"] ?? 0, values["f1"] ?? 0)
    }
    let all = Array(answers.indices)
    guard allowsNoAnswer else {
        guard let scores = try squad(all) else {
            throw TrainingError("there are no questions to score", remedy: "Give rows with questions.", kind: .metrics)
        }
        return ["exact_match": scores.exact, "f1": scores.f1]
    }
    let answerable = try squad(all.filter { !answers[$0].isEmpty })
    let unanswerableExact = try squad(all.filter { answers[$0].isEmpty })?.exact
    // Without words in either text there is nothing to overlap; SQuAD 2 counts that as full agreement.
    let unanswerable = unanswerableExact.map { (exact: $0, f1: $0) }
    let groups = [
        ("HasAns", answerable, all.count { !answers[$0].isEmpty }),
        ("NoAns", unanswerable, all.count { answers[$0].isEmpty }),
    ]
    var values = MetricValues()
    values["exact"] = 0
    values["f1"] = 0
    values.set("total", .integer(all.count))
    for (name, scores, count) in groups {
        guard let scores else { continue }
        values["exact"] = (values["exact"] ?? 0) + scores.exact * Double(count) / Double(all.count)
        values["f1"] = (values["f1"] ?? 0) + scores.f1 * Double(count) / Double(all.count)
        values["\(name)_exact"] = scores.exact
        values["\(name)_f1"] = scores.f1
        values.set("\(name)_total", .integer(count))
    }
    return values
}
