import Logging
import Swiftlet
import SwiftletIO

/// Answers that stand in a text.
struct QuestionAnsweringTask: CommandTask {
    let tokenizer: Tokenizer
    let data: DatasetOptions
    let options: TaskOptions

    init(tokenizer: Tokenizer, data: DatasetOptions, options: TaskOptions) throws {
        self.tokenizer = tokenizer
        self.data = data
        self.options = options
    }

    func model(_ path: String, for rows: Dataset, logger: Logger) throws -> any PretrainedModel {
        try AutoModelForQuestionAnswering.fromPretrained(
            folder: path, options: LoadOptions(numLabels: 2, logger: logger))
    }

    func prepare(_ rows: Dataset) throws -> PreparedRows {
        let columns = (data.textColumn ?? "question", data.textPairColumn ?? "context")
        for name in [columns.0, columns.1] where !rows.columnNames.contains(name) {
            throw DatasetColumnError(column: name, columns: rows.columnNames)
        }
        let questions = try QuestionRows(rows, question: columns.0, context: columns.1)
        if questions.hasUnanswerable, !options.mayHaveNoAnswer {
            throw TrainingError(
                "some questions have no answer", remedy: "Add --version-2-with-negative, or leave them out.")
        }
        let features = try tokenizer.questionFeatures(
            questions, maxLength: data.maxLength, stride: options.docStride ?? min(128, (data.maxLength ?? 384) / 3))
        let search = search
        return PreparedRows(
            dataset: try features.dataset,
            computeMetrics: questions.answers == nil
                ? nil
                : { prediction in
                    guard prediction.outputs.count == 2 else { return [:] }
                    let found = try search(
                        questions, features, starts: prediction.outputs[0], ends: prediction.outputs[1])
                    return try answerScores(found, questions, allowsNoAnswer: search.allowsNoAnswer)
                }, questions: (questions, features))
    }

    private var search: AnswerSearch {
        AnswerSearch(
            nBest: options.nBestSize ?? 20, maxAnswerLength: options.maxAnswerLength ?? 30,
            allowsNoAnswer: options.mayHaveNoAnswer, nullScoreThreshold: Float(options.nullScoreDiffThreshold ?? 0))
    }

    func lines(_ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel) throws -> [JSONObject] {
        guard let (questions, features) = rows.questions, output.outputs.count == 2 else { return [] }
        let found = try search(questions, features, starts: output.outputs[0], ends: output.outputs[1])
        return found.enumerated().map { index, answer in
            var line: JSONObject = [
                "index": .int(index), "id": .string(answer.id), "prediction": .string(answer.text),
            ]
            if let score = answer.candidates.first(where: { $0.text == answer.text })?.probability {
                line["score"] = .double(Double("\(score)") ?? Double(score))
            }
            if let truths = questions.answers { line["answers"] = .array(truths[index].map { .string($0.text) }) }
            return line
        }
    }
}
