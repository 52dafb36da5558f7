public import SwiftletIO

/// A pipeline that can be called without knowing its types: inputs, options and answers have a form in JSON.
public protocol DynamicPipeline: Pipeline {
    /// Reads an input: a string where a text is enough, or an object with the keys that the task has.
    ///
    /// - Throws: `InferenceError` of kind `badInput` that says what the task takes.
    static func input(_ json: JSONValue) throws -> Input

    /// Changes options by parameters with Python's names. What is not given stays as it is.
    ///
    /// - Throws: `InferenceError` of kind `badOption`.
    static func change(_ options: inout Options, by parameters: inout PipelineParameters) throws

    static func answer(_ output: Output) -> PipelineAnswer
}

/// A pipeline for a task that is known at run time only, as by a server or a command line. Made by `pipeline("...")`.
///
///     let answer = try await pipeline(model: "out/mrpc")("He left.", "He went away.")
///     print(answer.label ?? "", answer.score ?? 0, answer.json.text())
///
/// An input is JSON: a string, or an object. Its keys are `text` and `text_pair` for text classification; `text`, or
/// `words`, a list, for token classification; `question` and `context`; `text` for fill-mask, zero-shot classification
/// and sentence embeddings; `source_sentence` and `sentences` for similarity; `prompt` and `choices` for multiple
/// choice. Options are those of the task under their names in Python, such as `top_k` or `aggregation_strategy`.
public struct AnyPipeline: Pipeline {
    /// The task's name, such as `text-classification`.
    public let name: String
    public let engine: InferenceEngine
    /// The pipeline itself, for a caller that goes on with its types.
    public let base: any DynamicPipeline
    /// The options of calls that give none.
    public var options: JSONObject = [:]
    private let run: @Sendable ([JSONValue], JSONObject) async throws -> [PipelineAnswer]

    public init<Base: DynamicPipeline>(_ name: String, _ base: Base) {
        self.name = name
        engine = base.engine
        self.base = base
        run = { inputs, parameters in
            var options = base.options
            var reader = PipelineParameters(parameters)
            try Base.change(&options, by: &reader)
            try reader.finish()
            let read = try inputs.map { try Base.input($0) }
            return try await base.answer(read, options: options).map { Base.answer($0) }
        }
    }

    public func answer(_ inputs: [JSONValue], options: JSONObject) async throws -> [PipelineAnswer] {
        try await run(inputs, options)
    }

    /// Answers one text, or one pair: a question and its context, a text and the one that it is compared with.
    ///
    /// - Throws: `InferenceError` for an input that the task can't work on, `CancellationError`.
    public func callAsFunction(
        _ text: String, _ textPair: String? = nil, options: JSONObject? = nil
    ) async throws -> PipelineAnswer {
        var input: JSONObject = ["text": .string(text)]
        if let textPair { input["text_pair"] = .string(textPair) }
        return try await self(.object(input), options: options)
    }

    /// Answers several texts, in their order.
    ///
    /// - Throws: `InferenceError` for an input that the task can't work on, `CancellationError`.
    public func callAsFunction(_ texts: [String], options: JSONObject? = nil) async throws -> [PipelineAnswer] {
        try await answer(texts.map { .string($0) }, options: options ?? self.options)
    }
}

/// Reads an input's keys, with errors that say what the task takes.
struct InputReader {
    private let json: JSONValue
    private let expected: String

    /// - Parameters:
    ///   - expected: the form of an input, for messages.
    ///   - keys: all that an object may have.
    init(_ json: JSONValue, _ expected: String, keys: [String]) throws {
        (self.json, self.expected) = (json, expected)
        if let key = json.object?.keys.first(where: { !keys.contains($0) }) { throw error("it has the key '\(key)'") }
    }

    func error(_ what: String) -> InferenceError {
        InferenceError(.badInput, "an input can't be read: \(what)", remedy: "Give \(expected).")
    }

    /// The string itself, or what an object has under a key.
    func text(_ key: String) throws -> String {
        if let text = json.string { return text }
        guard let text = json[key]?.string else {
            throw error(json.object == nil ? "it is \(json.kind)" : "'\(key)' is \(json[key]?.kind ?? "missing")")
        }
        return text
    }

    func optionalText(_ key: String) throws -> String? {
        guard let value = json[key], !value.isNull else { return nil }
        guard let text = value.string else { throw error("'\(key)' is \(value.kind)") }
        return text
    }

    func texts(_ key: String) throws -> [String] {
        guard let texts = try optionalTexts(key) else { throw error("'\(key)' is missing") }
        return texts
    }

    func optionalTexts(_ key: String) throws -> [String]? {
        guard let value = json.array.map({ .array($0) }) ?? json[key], !value.isNull else { return nil }
        guard let list = value.array else { throw error("'\(key)' is \(value.kind)") }
        return try list.map { element in
            guard let text = element.string else { throw error("'\(key)' holds \(element.kind)") }
            return text
        }
    }
}
