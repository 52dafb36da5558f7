public import SwiftletHub
import SwiftletIO
public import SwiftletModels
import SwiftletNN
public import SwiftletTokenizers

/// A kind of pipeline, by the name that it has on the Hub. A package may add kinds: a `Pipeline` of its own, and a
/// constant with the function that makes it.
public struct PipelineKind<Made: Pipeline>: Sendable {
    /// Such as `text-classification`.
    public let name: String
    /// Makes the pipeline of a model's folder.
    public let make: @Sendable (_ folder: String, _ options: InferenceOptions) async throws -> Made

    /// - Parameters:
    ///   - name: such as `text-classification`.
    ///   - make: makes the pipeline of a model's folder.
    public init(
        _ name: String, make: @escaping @Sendable (_ folder: String, _ options: InferenceOptions) async throws -> Made
    ) {
        self.name = name
        self.make = make
    }
}

/// Loads a fine-tuned model and makes the pipeline of a task for it, as `transformers.pipeline` does. Tokenizer and
/// weights are read off the caller's executor.
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
/// - Throws: `InferenceError` of kind `wrongTask` for a model that wasn't trained for the task; `HubError`, or what
///   reading the files throws.
public func pipeline<Made: Pipeline>(
    _ kind: PipelineKind<Made>, model: String, revision: String = "main",
    options: InferenceOptions = InferenceOptions(), hub: HubClient? = nil, progress: HubProgressHandler? = nil
) async throws -> Made {
    try await kind.make(try await folder(of: model, revision, hub, progress), options)
}

/// Loads a model and makes the pipeline of a task whose name is known at run time only.
///
///     let classify = try await pipeline("text-classification", model: "out/mrpc")
///     let answer = try await classify("He left.", "He went away.")
///     print(answer.label ?? "", answer.score ?? 0)
///
/// - Parameters:
///   - task: `text-classification`, `token-classification`, `question-answering`, `fill-mask`, `sentence-embeddings`,
///     `sentence-similarity`, `zero-shot-classification` or `multiple-choice`; `sentiment-analysis` and `ner` are the
///     first two.
///   - model: a folder, or the name of a model on the Hub.
///   - revision: for a name on the Hub, a branch, a tag or a commit.
///   - options: where and how the model runs.
///   - hub: by default what the environment says (`HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE` and so on).
///   - progress: told how far a download is.
/// - Throws: `InferenceError` of kind `badOption` for a name that no task has, of kind `wrongTask` for a model that
///   wasn't trained for the task; `HubError`, or what reading the files throws.
public func pipeline(
    _ task: String, model: String, revision: String = "main", options: InferenceOptions = InferenceOptions(),
    hub: HubClient? = nil, progress: HubProgressHandler? = nil
) async throws -> AnyPipeline {
    let kind = try DynamicKind(task)
    return try await kind.make(try await folder(of: model, revision, hub, progress), options)
}

/// Loads a model and makes the pipeline of the task that it was trained for, by its `config.json` and `modules.json`.
///
///     let answer = try await pipeline(model: "out/mrpc")("He left.", "He went away.")
///
/// - Parameters:
///   - model: a folder, or the name of a model on the Hub.
///   - revision: for a name on the Hub, a branch, a tag or a commit.
///   - options: where and how the model runs.
///   - hub: by default what the environment says (`HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE` and so on).
///   - progress: told how far a download is.
/// - Throws: `InferenceError` of kind `wrongTask` for a model of which its files don't say what it is for; `HubError`,
///   or what reading the files throws.
public func pipeline(
    model: String, revision: String = "main", options: InferenceOptions = InferenceOptions(), hub: HubClient? = nil,
    progress: HubProgressHandler? = nil
) async throws -> AnyPipeline {
    let folder = try await folder(of: model, revision, hub, progress)
    return try await DynamicKind(try ModelTask(ofModel: folder).rawValue).make(folder, options)
}

private func folder(
    of model: String, _ revision: String, _ hub: HubClient?, _ progress: HubProgressHandler?
) async throws -> String {
    try await (try hub ?? HubClient(settings: HubSettings())).modelFolder(model, revision: revision, progress: progress)
}

/// A kind of pipeline without its types.
private struct DynamicKind: Sendable {
    let name: String
    let make: @Sendable (_ folder: String, _ options: InferenceOptions) async throws -> AnyPipeline

    init<Made: DynamicPipeline>(_ kind: PipelineKind<Made>) {
        name = kind.name
        make = { AnyPipeline(kind.name, try await kind.make($0, $1)) }
    }

    private static let all: [DynamicKind] = [
        DynamicKind(.textClassification), DynamicKind(.tokenClassification), DynamicKind(.questionAnswering),
        DynamicKind(.fillMask), DynamicKind(.sentenceEmbeddings), DynamicKind(.similarity),
        DynamicKind(.zeroShotClassification), DynamicKind(.multipleChoice),
    ]
    /// Python's other names.
    private static let aliases = ["sentiment-analysis": "text-classification", "ner": "token-classification"]

    init(_ name: String) throws {
        guard let kind = Self.all.first(where: { $0.name == Self.aliases[name] ?? name }) else {
            throw InferenceError(
                .badOption, "there is no pipeline '\(name)'",
                remedy: "There are \(Self.all.map(\.name).joined(separator: ", ")).")
        }
        self = kind
    }
}

extension InferenceEngine {
    /// Loads the tokenizer and the model of a folder.
    ///
    /// - Parameters:
    ///   - tokenizer: makes the tokenizer, off the caller's executor; by default `AutoTokenizer` does.
    ///   - load: makes the model, on the engine's own thread.
    /// - Throws: what reading the files throws, naming file and key; `InferenceError` of kind `wrongTask` where the
    ///   folder lacks weights that the model needs, such as those of its head.
    public convenience init(
        folder: String, options: InferenceOptions = InferenceOptions(),
        tokenizer: (@Sendable (_ folder: String) throws -> Tokenizer)? = nil,
        load: @escaping @Sendable (_ folder: String) throws -> any PretrainedModel
    ) async throws {
        // A task of its own: reading a large vocabulary must not hold up the caller's executor.
        let tokenizer = try await Task.detached { try (tokenizer ?? readTokenizer)(folder) }.value
        try await self.init(tokenizer: tokenizer, options: options) {
            let model = try load(folder)
            // An encoder's pooler is not used.
            func isPooler(_ name: String) -> Bool { name.split(separator: ".").contains("pooler") }
            let fresh = model.state.freshlyInitialized
            // The head's own weights say more than the pooler's.
            let drawn = fresh.filter { !isPooler($0) } + (model.task.hasHead ? fresh.filter(isPooler) : [])
            guard drawn.isEmpty else {
                throw InferenceError(
                    .wrongTask,
                    "'\(folder)' has no weights for '\(drawn[0])': its model was not trained for \(model.task.rawValue)",
                    remedy: "Choose a model that was, or train this one first.")
            }
            return model
        }
    }
}

private func readTokenizer(_ folder: String) throws -> Tokenizer { try AutoTokenizer.fromPretrained(folder: folder) }
