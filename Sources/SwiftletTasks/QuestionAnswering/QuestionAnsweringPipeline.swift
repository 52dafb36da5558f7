public import SwiftletIO
import SwiftletModels
import SwiftletTokenizers

/// A question, and the text that answers it.
public struct QuestionInput: Sendable, Hashable {
    /// What is asked.
    public var question: String
    /// The text that the answer is looked for in.
    public var context: String

    /// - Parameters:
    ///   - question: what is asked.
    ///   - context: the text that the answer is looked for in.
    public init(question: String, context: String) {
        self.question = question
        self.context = context
    }
}

/// A piece of a context that answers a question.
public struct ExtractedAnswer: Sendable, Equatable, JSONRepresentable {
    /// Empty for "no answer".
    public var answer: String
    /// The probability of its first token times that of its last, summed over all spans where the same answer was
    /// found.
    public var score: Float
    /// Where it begins and ends in the context, in Unicode scalars, as in Python.
    public var start: Int
    /// Where it ends in the context, in Unicode scalars: the index after its last one.
    public var end: Int
    /// The answer's range as indices of the context.
    public var range: Range<String.Index>

    /// `score`, `start`, `end` and `answer`.
    public var json: JSONValue {
        ["score": .number(score), "start": .int(start), "end": .int(end), "answer": .string(answer)]
    }
}

/// What a question answering pipeline answers for one question.
public struct QuestionAnswers: Sendable, Equatable, JSONRepresentable {
    /// The best answers, the best first; as many as `topK` says, or as there are.
    public var answers: [ExtractedAnswer]

    /// The best answer; empty where none was found.
    public var answer: String { answers.first?.answer ?? "" }
    /// The best answer's score; 0 where none was found.
    public var score: Float { answers.first?.score ?? 0 }
    /// Where the best answer lies in the context; `nil` where none was found, or "no answer" is the best.
    public var range: Range<String.Index>? { answers.first.flatMap { $0.answer.isEmpty ? nil : $0.range } }

    /// The answer; a list of them where there are several or none.
    public var json: JSONValue { answers.count == 1 ? answers[0].json : .array(answers.map(\.json)) }
}

/// How a question answering pipeline answers. The defaults are those of the pipeline of `transformers` 4; version 5 has
/// none.
public struct QuestionAnsweringOptions: Sendable {
    /// How many answers are given, the best first.
    public var topK: Int
    /// How many tokens the parts of a long context share; by default 128, or half of a part if that is less.
    public var docStride: Int?
    /// The longest answer, in tokens.
    public var maxAnswerLength: Int
    /// The longest sequence of question and context, in tokens, special ones included; a longer context is worked on in
    /// parts. By default 384, or what the model takes if that is less.
    public var maxSequenceLength: Int?
    /// Whether "no answer" may be the answer, as in SQuAD 2.
    public var handleImpossibleAnswer: Bool
    /// Whether answers begin and end with whole words.
    public var alignToWords: Bool

    /// The defaults are those of `transformers`' pipeline; each property tells what it means.
    public init(
        topK: Int = 1, docStride: Int? = nil, maxAnswerLength: Int = 15, maxSequenceLength: Int? = nil,
        handleImpossibleAnswer: Bool = false, alignToWords: Bool = true
    ) {
        self.topK = topK
        self.docStride = docStride
        self.maxAnswerLength = maxAnswerLength
        self.maxSequenceLength = maxSequenceLength
        self.handleImpossibleAnswer = handleImpossibleAnswer
        self.alignToWords = alignToWords
    }
}

/// Answers questions with pieces of texts.
///
///     let answer = try await pipeline(.questionAnswering, model: "out/questions")
///     let found = try await answer(question: "Who keeps the bell?", context: "The Rowing Club keeps it.")
///     print(found.answer, found.score)
public struct QuestionAnsweringPipeline: DynamicPipeline {
    /// Owns the model; pipelines may share it.
    public let engine: InferenceEngine
    /// How calls answer that bring no options of their own.
    public var options: QuestionAnsweringOptions

    /// - Parameters:
    ///   - engine: owns a model for question answering.
    ///   - options: how calls answer that bring no options of their own.
    public init(engine: InferenceEngine, options: QuestionAnsweringOptions = QuestionAnsweringOptions()) {
        self.engine = engine
        self.options = options
    }

    /// Answers one question.
    ///
    /// - Throws: `InferenceError` for an input that can't be worked on, `CancellationError`.
    public func callAsFunction(
        question: String, context: String, options: QuestionAnsweringOptions? = nil
    ) async throws -> QuestionAnswers {
        try await self(QuestionInput(question: question, context: context), options: options)
    }

    public func answer(
        _ inputs: [QuestionInput], options: QuestionAnsweringOptions
    ) async throws -> [QuestionAnswers] {
        try check(options)
        var parts: [[Encoding]] = []
        var count = 0
        for (number, input) in inputs.enumerated() {
            parts.append(try rows(input, number: number, options, before: count))
            count += parts[number].count
        }
        let outputs = try await engine.outputs(
            for: parts.flatMap { $0.map { EncodedSequence($0, keys: engine.tokenizer.modelInputNames) } })
        var next = 0
        return zip(inputs, parts).map { input, rows in
            let own = Array(outputs[next..<next + rows.count])
            next += rows.count
            let spans = AnswerSpans(
                topK: options.topK, maxAnswerLength: options.maxAnswerLength,
                allowsNoAnswer: options.handleImpossibleAnswer, alignsToWords: options.alignToWords,
                clsTokenID: engine.tokenizer.clsTokenID, scalars: ScalarOffsets(input.context))
            return QuestionAnswers(answers: spans.answers(rows, own))
        }
    }

    private func check(_ options: QuestionAnsweringOptions) throws {
        try checkTopK(options.topK, all: "answers")
        guard options.maxAnswerLength > 0 else {
            throw InferenceError(
                .badOption, "maxAnswerLength is \(options.maxAnswerLength)", remedy: "Give at least 1 token.")
        }
        if let stride = options.docStride, stride < 0 {
            throw InferenceError(.badOption, "docStride is \(stride)", remedy: "Give 0 or more tokens.")
        }
        if let length = options.maxSequenceLength, !(1...engine.maxLength).contains(length) {
            throw InferenceError(
                .badOption, "maxSequenceLength is \(length); the model takes \(engine.maxLength) tokens",
                remedy: "Give at most that.")
        }
    }

    /// The question with each part of its context.
    ///
    /// - Parameter before: how many rows the inputs before have.
    private func rows(
        _ input: QuestionInput, number: Int, _ options: QuestionAnsweringOptions, before: Int
    ) throws -> [Encoding] {
        for (name, text) in [("question", input.question), ("context", input.context)] where text.isEmpty {
            throw InferenceError(.badInput, "the \(name) of input \(number) is empty", remedy: "Leave such inputs out.")
        }
        let tokenizer = engine.tokenizer
        let length = options.maxSequenceLength ?? min(384, engine.maxLength)
        let asked = try tokenizer(input.question, addSpecialTokens: false).count
        let room = length - tokenizer.specialTokenCount(isPair: true) - asked
        guard room > 0 else {
            throw InferenceError(
                .inputTooLong,
                "the question of input \(number) has \(asked) tokens, and leaves no room for the context in \(length)",
                remedy: "Shorten it" + (length < engine.maxLength ? ", or raise maxSequenceLength." : "."))
        }
        if let stride = options.docStride, stride >= room {
            throw InferenceError(
                .badOption, "docStride is \(stride), and a part of the context of input \(number) has \(room) tokens",
                remedy: "Give a smaller docStride"
                    + (length < engine.maxLength ? " or a larger maxSequenceLength." : "."))
        }
        let stride = options.docStride ?? min(length / 2, 128, room - 1)
        try engine.checkParts(
            of: [input.context], room: room, stride: stride, before: before, "a part of a long context")
        let encoding = try tokenizer(
            input.question, input.context, truncation: .onlySecond, maxLength: length, stride: stride,
            returnOverflowingTokens: true)
        return [encoding] + encoding.overflowing
    }

    public static func input(_ json: JSONValue) throws -> QuestionInput {
        let reader = try InputReader(
            json, "an object with question and context", keys: ["question", "context", "text", "text_pair"])
        guard json.object != nil else { throw reader.error("it is \(json.kind)") }
        let names = json["question"] == nil && json["text"] != nil ? ("text", "text_pair") : ("question", "context")
        return QuestionInput(question: try reader.text(names.0), context: try reader.text(names.1))
    }

    /// `top_k`, `doc_stride`, `max_answer_len`, `max_seq_len`, `handle_impossible_answer`, `align_to_words`.
    public static func change(
        _ options: inout QuestionAnsweringOptions, by parameters: inout PipelineParameters
    ) throws {
        if let topK = try parameters.int("top_k") { options.topK = topK }
        if let stride = try parameters.int("doc_stride") { options.docStride = stride }
        if let length = try parameters.int("max_answer_len") { options.maxAnswerLength = length }
        if let length = try parameters.int("max_seq_len") { options.maxSequenceLength = length }
        if let may = try parameters.bool("handle_impossible_answer") { options.handleImpossibleAnswer = may }
        if let aligns = try parameters.bool("align_to_words") { options.alignToWords = aligns }
    }

    public static func answer(_ output: QuestionAnswers) -> PipelineAnswer { .questionAnswering(output) }
}

extension PipelineKind where Made == QuestionAnsweringPipeline {
    /// Answers to questions: `QuestionAnsweringPipeline`.
    public static var questionAnswering: Self {
        Self("question-answering") { folder, options in
            QuestionAnsweringPipeline(
                engine: try await InferenceEngine(folder: folder, options: options) {
                    try AutoModelForQuestionAnswering.fromPretrained(folder: $0)
                })
        }
    }
}
