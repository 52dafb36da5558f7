public import SwiftletDatasets
import SwiftletIO
import SwiftletTraining

/// An answer as it stands in its context.
public struct Answer: Sendable, Equatable {
    /// The answer, word for word as in the context.
    public var text: String
    /// Where it begins, in Unicode scalars, as in Python.
    public var start: Int

    /// - Parameters:
    ///   - text: the answer, word for word as in the context.
    ///   - start: where it begins, in Unicode scalars.
    public init(text: String, start: Int) {
        self.text = text
        self.start = start
    }
}

/// Questions on texts, with the columns of SQuAD.
public struct QuestionRows: Sendable {
    /// What tells each question from others.
    public var ids: [String]
    /// What is asked, a text for each row.
    public var questions: [String]
    /// The text that the answer is looked for in, one for each row.
    public var contexts: [String]
    /// The true answers of each question, none where the context has none; `nil` if they are not known.
    public var answers: [[Answer]]?

    /// - Parameter ids: by default the numbers of the rows.
    public init(questions: [String], contexts: [String], answers: [[Answer]]? = nil, ids: [String]? = nil) throws {
        for (name, count) in [("contexts", contexts.count), ("answers", answers?.count), ("ids", ids?.count)] {
            guard let count, count != questions.count else { continue }
            throw TrainingError(
                "there are \(count) \(name) for \(questions.count) questions", remedy: "Give one for each question.",
                kind: .invalidArgument)
        }
        self.ids = ids ?? questions.indices.map(String.init)
        self.questions = questions
        self.contexts = contexts
        self.answers = answers
    }

    /// Reads the columns `question`, `context` and, if there are such, `id` and `answers`, a structure with the lists
    /// `text` and `answer_start`.
    ///
    /// - Throws: `TrainingError` for answers of another form, naming the row.
    public init(
        _ dataset: Dataset, question: String = "question", context: String = "context", answers: String = "answers"
    ) throws {
        let hasIDs = dataset.features["id"] == .value("string")
        try self.init(
            questions: try dataset.strings(question), contexts: try dataset.strings(context),
            answers: dataset.columnNames.contains(answers) ? try Self.answers(dataset, answers) : nil,
            ids: hasIDs ? try dataset.strings("id") : nil)
    }

    private static func answers(_ dataset: Dataset, _ column: String) throws -> [[Answer]] {
        try dataset.column(column).values().enumerated().map { row, value in
            guard let lists = value.structure, let texts = lists["text"]?.list,
                let starts = lists["answer_start"]?.list,
                texts.count == starts.count
            else {
                throw TrainingError(
                    "row \(row) of column '\(column)' holds no answers",
                    remedy: "It must be {\"text\": [...], \"answer_start\": [...]}, with lists of one length.",
                    kind: .invalidData, at: ErrorLocation(column: column, row: row))
            }
            return try zip(texts, starts).map { text, start in
                guard let text = text.string, let start = start.int, start >= 0 else {
                    throw TrainingError(
                        "row \(row) of column '\(column)' holds an answer that is no text with a place",
                        kind: .invalidData, at: ErrorLocation(column: column, row: row))
                }
                return Answer(text: text, start: start)
            }
        }
    }

    /// The number of questions.
    public var count: Int { questions.count }

    /// Whether some question has no answer in its context, as in SQuAD 2.
    public var hasUnanswerable: Bool { answers?.contains(where: \.isEmpty) ?? false }
}
