public import SwiftletIO
import SwiftletModels
import SwiftletTraining

/// A text, and others of which one is to be chosen.
public struct ChoiceInput: Sendable, Hashable {
    /// The beginning that the choices go on from.
    public var prompt: String
    /// Each is read together with the prompt, as its second text.
    public var choices: [String]

    /// - Parameters:
    ///   - prompt: the beginning that the choices go on from.
    ///   - choices: the continuations to choose from.
    public init(prompt: String, choices: [String]) {
        self.prompt = prompt
        self.choices = choices
    }
}

/// What a multiple choice pipeline answers for one prompt.
public struct ChosenText: Sendable, Equatable, JSONRepresentable {
    /// The best choice's number, from 0.
    public var index: Int
    /// The best choice.
    public var text: String
    /// The probabilities of all choices, in their order.
    public var scores: [Float]
    /// The model's scores of all choices, in their order.
    public var logits: [Float]

    /// The probability of the best choice.
    public var score: Float { scores.indices.contains(index) ? scores[index] : .nan }

    /// `index`, `choice`, `score`, and `scores` of all choices. Python has no pipeline for this task.
    public var json: JSONValue {
        [
            "index": .int(index), "choice": .string(text), "score": .number(score),
            "scores": .array(scores.map { .number($0) }),
        ]
    }
}

/// How a multiple choice pipeline answers.
public struct MultipleChoiceOptions: Sendable {
    /// What becomes of choices with more tokens than the model takes.
    public var longInputs: LongInputs

    /// - Parameter longInputs: what becomes of choices with more tokens than the model takes.
    public init(longInputs: LongInputs = .truncated) { self.longInputs = longInputs }
}

/// Chooses the text that goes best with another one. `transformers` has no such pipeline; the numbers are those of
/// its model, and their softmax.
///
///     let choose = try await pipeline(.multipleChoice, model: "out/endings")
///     let answer = try await choose(prompt: "He opened the door.", choices: ["He went in.", "It rained upwards."])
///     print(answer.text, answer.score)
public struct MultipleChoicePipeline: DynamicPipeline {
    /// Owns the model; pipelines may share it.
    public let engine: InferenceEngine
    /// How calls answer that bring no options of their own.
    public var options: MultipleChoiceOptions

    /// - Parameters:
    ///   - engine: owns a model for multiple choice.
    ///   - options: how calls answer that bring no options of their own.
    public init(engine: InferenceEngine, options: MultipleChoiceOptions = MultipleChoiceOptions()) {
        self.engine = engine
        self.options = options
    }

    /// Chooses for one prompt.
    ///
    /// - Throws: `InferenceError` for an input without choices, `CancellationError`.
    public func callAsFunction(
        prompt: String, choices: [String], options: MultipleChoiceOptions? = nil
    ) async throws -> ChosenText {
        try await self(ChoiceInput(prompt: prompt, choices: choices), options: options)
    }

    public func answer(_ inputs: [ChoiceInput], options: MultipleChoiceOptions) async throws -> [ChosenText] {
        if let number = inputs.firstIndex(where: { $0.choices.isEmpty }) {
            throw InferenceError(.badInput, "input \(number) has no choices", remedy: "Give at least one.")
        }
        try InferenceLimit.check(inputs.reduce(0) { $0 + $1.choices.count }, "a choice")
        let pairs = inputs.flatMap { input in input.choices.map { TextInput(input.prompt, $0) } }
        let outputs = try await engine.outputs(for: try engine.encode(pairs, longInputs: options.longInputs))
        var next = 0
        return inputs.map { input in
            let logits = outputs[next..<next + input.choices.count].map { $0.values.first ?? .nan }
            next += input.choices.count
            let scores = softmax(logits)
            let best = scores.indices.max { scores[$0] < scores[$1] || (scores[$0] == scores[$1] && $0 > $1) } ?? 0
            return ChosenText(index: best, text: input.choices[best], scores: scores, logits: logits)
        }
    }

    public static func input(_ json: JSONValue) throws -> ChoiceInput {
        let reader = try InputReader(json, "an object with prompt and a list of choices", keys: ["prompt", "choices"])
        guard json.object != nil else { throw reader.error("it is \(json.kind)") }
        return ChoiceInput(prompt: try reader.text("prompt"), choices: try reader.texts("choices"))
    }

    /// `truncation`, false to refuse long texts.
    public static func change(_ options: inout MultipleChoiceOptions, by parameters: inout PipelineParameters) throws {
        try parameters.longInputs(&options.longInputs)
    }

    public static func answer(_ output: ChosenText) -> PipelineAnswer { .multipleChoice(output) }
}

extension PipelineKind where Made == MultipleChoicePipeline {
    /// The best of several texts: `MultipleChoicePipeline`.
    public static var multipleChoice: Self {
        Self("multiple-choice") { folder, options in
            MultipleChoicePipeline(
                engine: try await InferenceEngine(folder: folder, options: options) {
                    try AutoModelForMultipleChoice.fromPretrained(folder: $0)
                })
        }
    }
}
