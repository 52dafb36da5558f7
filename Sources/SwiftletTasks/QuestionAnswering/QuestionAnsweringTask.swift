public import SwiftletDatasets
public import SwiftletIO
import SwiftletMetrics
public import SwiftletModels
import SwiftletTokenizers
public import SwiftletTraining

/// Answers that stand in a text.
public struct QuestionAnsweringTask: FineTuningTask {
    private let context: TaskContext
    private let question: String
    private let text: String
    private let maxLength: Int

    /// - Throws: `TaskError` for rows without questions or contexts.
    public init(_ context: TaskContext) throws {
        var context = context
        let columns = try context.columns(naming: ["textColumn", "textPairColumn"])
        // A model that learned to say that there is no answer goes on doing so.
        if context.isFineTuned, context.config.savedFlag(Self.noAnswerKey) == true {
            context.options.mayHaveNoAnswer = true
        }
        self.context = context
        let options = context.options
        // A text and its second one are what a person who asks a single question gives.
        question = options.textColumn ?? columns.column(["question", "text"]) ?? "question"
        text = options.textPairColumn ?? columns.column(["context", "text_pair"]) ?? "context"
        let names = try context.sample.columnNames
        if !columns.has(question), names.contains("paragraphs") || names.contains("data") {
            throw TaskError(
                .column,
                "the rows are whole articles, as SQuAD's own files have them; the columns are \(names.joined(separator: ", "))",
                remedy: "Give a row for each question, with the columns id, question, context and answers: "
                    + #"{"text": [...], "answer_start": [...]}."#)
        }
        if context.use == .prediction, columns.has(question), !columns.has(text), options.textPairColumn == nil {
            throw TaskError(
                .column,
                "the answer is looked for in a context, and the rows have none; the columns are \(names.joined(separator: ", "))",
                remedy: "Give {a column 'context'|a column 'context', or --text-pair beside --text}, or name it with "
                    + "\(optionName("textPairColumn")).")
        }
        try columns.require(question)
        try columns.require(text)
        maxLength = try context.maxLength(default: 384)
    }

    public var maxTokens: Int? { maxLength }
    public var textColumns: [String]? { [question, text] }
    private static let noAnswerKey = "version_2_with_negative"

    public var savedOptions: JSONObject {
        var saved = context.options.saved(text: context.options.textColumn, pair: context.options.textPairColumn)
        if context.options.mayHaveNoAnswer { saved[Self.noAnswerKey] = true }
        return saved
    }

    /// The usual one, but where rows are padded to `maxLength`.
    public func collator() throws -> (any DataCollator)? {
        try context.paddingCollator(maxLength) {
            try DataCollatorWithPadding(tokenizer: context.tokenizer, padding: .maxLength, maxLength: $0)
        }
    }

    public func loadModel(_ folder: String, options: LoadOptions) throws -> any PretrainedModel {
        var options = options
        // An answer's begin and end.
        options.numLabels = 2
        return try AutoModelForQuestionAnswering.fromPretrained(folder: folder, options: options)
    }

    public func prepare(_ rows: Dataset, split: String, for use: RowUse) throws -> PreparedRows {
        let questions = try QuestionRows(rows, question: question, context: text)
        if use != .prediction, questions.answers == nil {
            throw TaskError(
                .column,
                "split '\(split)' has no column 'answers'; its columns are \(rows.columnNames.joined(separator: ", "))",
                remedy: #"Give each row {"text": [...], "answer_start": [...]}."#)
        }
        if questions.hasUnanswerable, !context.options.mayHaveNoAnswer, use != .prediction {
            throw TaskError(
                .labels, "some questions of split '\(split)' have no answer",
                remedy: "Set {mayHaveNoAnswer|--version-2-with-negative}, or leave them out.")
        }
        let stride = context.options.docStride ?? min(128, maxLength / 3)
        guard stride >= 0, stride < maxLength else {
            throw TaskError(
                .option, "\(argumentName("docStride")) is \(stride), and parts have \(maxLength) tokens",
                remedy: "Give less than a part has.")
        }
        let features = try context.tokenizer.questionFeatures(questions, maxLength: maxLength, stride: stride)
        let search = search
        return PreparedRows(
            try features.dataset,
            computeMetrics: questions.answers == nil
                ? nil
                : { prediction in
                    guard prediction.outputs.count == 2 else { return [:] }
                    let found = try search(
                        questions, features, starts: prediction.outputs[0], ends: prediction.outputs[1])
                    return try answerScores(found, questions, allowsNoAnswer: search.allowsNoAnswer)
                }, details: Questions(rows: questions, features: features))
    }

    private struct Questions: Sendable {
        let rows: QuestionRows
        let features: QuestionFeatures
    }

    /// The rows of a split that was prepared here, and what the model answers to each.
    package func found(
        _ output: PredictionOutput, _ rows: PreparedRows
    ) throws -> (questions: QuestionRows, answers: [PredictedAnswer])? {
        guard let questions = rows.details as? Questions, output.outputs.count == 2 else { return nil }
        return (
            questions.rows,
            try search(questions.rows, questions.features, starts: output.outputs[0], ends: output.outputs[1])
        )
    }

    private var search: AnswerSearch {
        let options = context.options
        return AnswerSearch(
            nBest: options.nBestSize, maxAnswerLength: options.maxAnswerLength, allowsNoAnswer: options.mayHaveNoAnswer,
            nullScoreThreshold: Float(options.nullScoreDiffThreshold))
    }

    /// The questions without an exactly right answer.
    public func mistakes(
        _ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel
    ) throws -> [Mistake]? {
        guard let questions = rows.details as? Questions, output.outputs.count == 2, let truths = questions.rows.answers
        else { return nil }
        let found = try search(questions.rows, questions.features, starts: output.outputs[0], ends: output.outputs[1])
        return try found.enumerated().compactMap { row, answer in
            let alone = try QuestionRows(
                questions: [questions.rows.questions[row]], contexts: [questions.rows.contexts[row]],
                answers: [truths[row]])
            let scores = try answerScores([answer], alone)
            guard scores["exact_match"] != 100 else { return nil }
            let score = answer.candidates.first { $0.text == answer.text }?.probability ?? 0
            return Mistake(
                row: row, weight: Double(score),
                details: [
                    "true_answers": .array(truths[row].map { .string($0.text) }), "prediction": .string(answer.text),
                    "score": .number(score), "f1": .double(scores["f1"] ?? 0),
                ])
        }
    }

    public func answers(
        _ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel
    ) throws -> [JSONObject] {
        guard let (questions, found) = try found(output, rows) else { return [] }
        return found.enumerated().map { index, answer in
            var line: JSONObject = ["id": .string(answer.id), "prediction": .string(answer.text)]
            if let score = answer.candidates.first(where: { $0.text == answer.text })?.probability {
                line["score"] = .number(score)
            }
            if let truths = questions.answers { line["answers"] = .array(truths[index].map { .string($0.text) }) }
            return line
        }
    }
}
