internal import SwiftletIO

/// The MultiRC task of SuperGLUE: predictions are `MetricRecord`s, references labels. Keeps counts for each question,
/// which a score is made of.
struct MultiRCState: MetricState {
    let options: Set<String> = []
    private var index: [TextKey: Int] = [:]
    private var questions: [LabelCounts] = []

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("super_glue")
        guard case .records(let predictions) = batch.predictions else {
            throw .format("predictions", expected: "records of a question and a label", got: batch.predictions.kind)
        }
        for (prediction, label) in zip(predictions, try batch.references.ints("references")) {
            let question = index[TextKey(prediction.id)] ?? questions.count
            if question == questions.count {
                index[TextKey(prediction.id)] = question
                questions.append(LabelCounts())
            }
            questions[question].add([prediction.label], [label], nil)
        }
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        if questions.isEmpty { throw MetricError.empty }
        var values = MetricValues()
        var all = LabelCounts()
        var (exact, f1s) = (0.0, 0.0)
        for question in questions {
            all.add(question)
            if question.accuracy() == 1 { exact += 1 }
            let f1 = try LabelState.value(of: .f1, .macro, question, options, &values.warnings)
            if case .number(let f1) = f1 { f1s += f1 }
        }
        values["exact_match"] = exact / Double(questions.count)
        values["f1_m"] = f1s / Double(questions.count)
        values.set("f1_a", try LabelState.value(of: .f1, .binary, all, options, &values.warnings))
        return values
    }

    /// Questions are drawn, with all their answers.
    var groups: [Int]? { [Int](repeating: 1, count: questions.count) }

    func taking(_ counts: [Int]) -> MultiRCState {
        var state = MultiRCState()
        state.questions = questions.repeated(counts)
        return state
    }
}
