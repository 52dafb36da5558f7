public import SwiftletIO
import SwiftletModels
import SwiftletTokenizers

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// How vectors of sentences are made. The defaults are those of `SentenceTransformer.encode`.
public struct SentenceEmbeddingsOptions: Sendable {
    /// A text to put before each sentence. Goes before `promptName`.
    public var prompt: String?
    /// The name of a prompt in the model's own files, such as `query`; `nil` for its default prompt, if it has one.
    public var promptName: String?
    /// Whether vectors get the length 1, also where the model's own files don't say so.
    public var normalizes: Bool
    /// How many components are kept; `nil` leaves it to the model's files.
    public var truncatedDimension: Int?
    /// What becomes of sentences longer than the model's files allow.
    public var longInputs: LongInputs

    /// - Parameters:
    ///   - prompt: a text before each sentence.
    ///   - promptName: the name of a prompt in the model's own files.
    ///   - normalizes: whether vectors get the length 1.
    ///   - truncatedDimension: how many components are kept.
    ///   - longInputs: what becomes of sentences longer than the model's files allow.
    public init(
        prompt: String? = nil, promptName: String? = nil, normalizes: Bool = false, truncatedDimension: Int? = nil,
        longInputs: LongInputs = .truncated
    ) {
        self.prompt = prompt
        self.promptName = promptName
        self.normalizes = normalizes
        self.truncatedDimension = truncatedDimension
        self.longInputs = longInputs
    }
}

/// Makes a vector of each sentence, in the way that the model's own files say: pooling, normalization, further layers,
/// length, prompts. Of a folder without `modules.json`, the mean of the tokens' states.
///
///     let embed = try await pipeline(.sentenceEmbeddings, model: "sentence-transformers/all-MiniLM-L6-v2")
///     let vectors = try await embed(["A man is eating.", "Somebody has a meal."])
public struct SentenceEmbeddingsPipeline: DynamicPipeline {
    /// Owns the model; pipelines may share it.
    public let engine: InferenceEngine
    /// How calls answer that bring no options of their own.
    public var options: SentenceEmbeddingsOptions
    /// What the folder's files say; `nil` where there are none.
    public let modules: SentenceModules?

    /// - Parameter engine: of a `SentenceEmbeddingModel` with the tokenizer that `SentenceEmbeddingModel.tokenizer`
    ///   makes.
    public init(
        engine: InferenceEngine, modules: SentenceModules?,
        options: SentenceEmbeddingsOptions = SentenceEmbeddingsOptions()
    ) {
        self.engine = engine
        self.modules = modules
        self.options = options
    }

    /// The vector of one sentence.
    ///
    /// - Throws: `InferenceError` for an input that can't be worked on, `CancellationError`.
    public func callAsFunction(_ text: String, options: SentenceEmbeddingsOptions? = nil) async throws -> [Float] {
        try await answer([text], options: options ?? self.options)[0]
    }

    /// - Returns: `[dimension]` for each sentence.
    public func answer(_ inputs: [String], options: SentenceEmbeddingsOptions) async throws -> [[Float]] {
        try await vectors(of: try encode(inputs, options: options), options: options)
    }

    /// The tokens of sentences, special ones and those of the prompt included.
    ///
    /// - Throws: `InferenceError` for a sentence that is too long, where such are refused, and for a prompt that the
    ///   model doesn't have.
    public func encode(_ inputs: [String], options: SentenceEmbeddingsOptions? = nil) throws -> [EncodedSequence] {
        let options = options ?? self.options
        let prompt = try prompt(options)
        return try engine.encode(inputs.map { TextInput(prompt + $0) }, longInputs: options.longInputs)
    }

    /// The vectors of sequences that were tokenized before.
    ///
    /// - Returns: `[dimension]` for each sequence.
    /// - Throws: `InferenceError` for a sequence that can't be worked on, `ModelError` for ids that the model doesn't
    ///   have, `CancellationError`.
    public func vectors(
        of sequences: [EncodedSequence], options: SentenceEmbeddingsOptions? = nil
    ) async throws -> [[Float]] {
        let options = options ?? self.options
        let dimension = options.truncatedDimension ?? modules?.truncatedDimension
        if let dimension, dimension < 1 {
            throw InferenceError(.badOption, "truncatedDimension is \(dimension)", remedy: "Give at least 1.")
        }
        return try await engine.outputs(for: sequences).map { output in
            let vector = dimension.map { Array(output.values.prefix($0)) } ?? output.values
            return options.normalizes ? normalized(vector) : vector
        }
    }

    /// The last layer's state of each token, special ones included: what the vectors are pooled from.
    ///
    /// - Returns: `[tokens, hidden]` for each sequence.
    /// - Throws: `InferenceError` for a sequence that can't be worked on, `ModelError` for ids that the model doesn't
    ///   have, `CancellationError`.
    public func tokenStates(of sequences: [EncodedSequence]) async throws -> [[[Float]]] {
        let asked = sequences.map { sequence in
            var sequence = sequence
            sequence.wantsTokenStates = true
            return sequence
        }
        return try await engine.outputs(for: asked).map { $0.rows.map { Array($0) } }
    }

    /// What is put before each sentence; empty where nothing is.
    ///
    /// - Throws: `InferenceError` of kind `badOption` for a name that the model has no prompt for.
    public func prompt(_ options: SentenceEmbeddingsOptions) throws -> String {
        let prompts = modules?.prompts ?? [:]
        var prompt = options.prompt ?? ""
        if options.prompt == nil, let name = options.promptName ?? modules?.defaultPromptName {
            guard let known = prompts[TextKey(name)] else {
                throw InferenceError(
                    .badOption, "the model has no prompt '\(name)'",
                    remedy: prompts.isEmpty
                        ? "It has none." : "It has \(prompts.keys.sorted().map(\.text).joined(separator: ", ")).")
            }
            prompt = known
        }
        guard prompt.isEmpty || modules?.includesPrompt != false else {
            throw InferenceError(
                .badOption,
                "the model's vectors leave the prompt's tokens out ('include_prompt': false), which is not "
                    + "implemented", remedy: "Give the prompt \"\" to do without one.")
        }
        return prompt
    }

    public static func input(_ json: JSONValue) throws -> String {
        try InputReader(json, "a text, or an object with text", keys: ["text"]).text("text")
    }

    /// `prompt`, `prompt_name`, `normalize_embeddings`, `truncate_dim`; `truncation`, false to refuse long texts.
    public static func change(
        _ options: inout SentenceEmbeddingsOptions, by parameters: inout PipelineParameters
    ) throws {
        if let prompt = try parameters.string("prompt") { options.prompt = prompt }
        if let name = try parameters.string("prompt_name") { options.promptName = name }
        if let normalizes = try parameters.bool("normalize_embeddings") { options.normalizes = normalizes }
        if let dimension = try parameters.int("truncate_dim") { options.truncatedDimension = dimension }
        try parameters.longInputs(&options.longInputs)
    }

    public static func answer(_ output: [Float]) -> PipelineAnswer { .sentenceEmbeddings(output) }

    /// - Parameter folder: with or without `modules.json`.
    static func load(_ folder: String, _ options: InferenceOptions) async throws -> SentenceEmbeddingsPipeline {
        SentenceEmbeddingsPipeline(
            engine: try await InferenceEngine(
                folder: folder, options: options, tokenizer: { try SentenceEmbeddingModel.tokenizer($0) }
            ) { try SentenceEmbeddingModel.fromPretrained(folder: $0) },
            modules: try SentenceModules(folder: folder))
    }
}

extension PipelineKind where Made == SentenceEmbeddingsPipeline {
    /// Vectors of sentences: `SentenceEmbeddingsPipeline`.
    public static var sentenceEmbeddings: Self { Self("sentence-embeddings") { try await .load($0, $1) } }
}

/// A vector of length 1; zeros stay zeros.
func normalized(_ vector: [Float]) -> [Float] {
    let length = max(sqrt(vector.reduce(0) { $0 + $1 * $1 }), 1e-12)
    return vector.map { $0 / length }
}
