public import SwiftletHub
public import SwiftletModels
import SwiftletTokenizers

/// A kind of pipeline, by the name that it has on the Hub. A package may add kinds: a `Pipeline` of its own, and a constant
/// with the function that makes it.
public struct PipelineKind<Made: Pipeline>: Sendable {
    /// Such as `text-classification`.
    public let name: String
    /// Makes the pipeline of a model's folder.
    public let make: @Sendable (_ folder: String, _ options: InferenceOptions) async throws -> Made

    public init(
        _ name: String, make: @escaping @Sendable (_ folder: String, _ options: InferenceOptions) async throws -> Made
    ) {
        self.name = name
        self.make = make
    }
}

/// Loads a fine-tuned model and makes the pipeline of a task for it, as `transformers.pipeline` does. Tokenizer and weights
/// are read off the caller's executor.
///
///     let classify = try await pipeline(.textClassification, model: "out/mrpc")
///
/// - Parameters:
///   - kind: the task.
///   - model: a folder, or the name of a model on the Hub.
///   - revision: for a name on the Hub, a branch, a tag or a commit.
///   - options: where and how the model runs.
///   - hub: by default what the environment says (`HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE` and so on).
///   - progress: told how far a download is.
/// - Throws: `InferenceError` for a model of another task; `HubError`, or what reading the files throws.
public func pipeline<Made: Pipeline>(
    _ kind: PipelineKind<Made>, model: String, revision: String = "main", options: InferenceOptions = InferenceOptions(),
    hub: HubClient? = nil, progress: HubProgressHandler? = nil
) async throws -> Made {
    let client = try hub ?? HubClient(settings: HubSettings())
    let folder = try await client.modelFolder(model, revision: revision, progress: progress)
    return try await kind.make(folder, options)
}

extension InferenceEngine {
    /// Loads the tokenizer and the model of a folder.
    ///
    /// - Parameter load: makes the model, on the engine's own thread.
    /// - Throws: what reading the files throws, naming file and key.
    public convenience init(
        folder: String, options: InferenceOptions = InferenceOptions(),
        load: @escaping @Sendable (_ folder: String) throws -> any PretrainedModel
    ) async throws {
        // A task of its own: reading a large vocabulary must not hold up the caller's executor.
        let tokenizer = try await Task.detached { try AutoTokenizer.fromPretrained(folder: folder) }.value
        try await self.init(tokenizer: tokenizer, options: options) { try load(folder) }
    }
}
