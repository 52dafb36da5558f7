import SwiftletIO
import SwiftletModels
import SwiftletTasks
import SwiftletTensor
import SwiftletTokenizers
import SwiftletTraining
import Synchronization

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Texts are tokenized by the tasks of requests, which run on as many threads.
private let processorCount = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

/// Off, until it is turned on for good.
private final class Switch: Sendable {
    private let state = Atomic(false)

    var isOn: Bool { state.load(ordering: .acquiring) }

    func turnOn() { state.store(true, ordering: .releasing) }
}

/// A loaded model with the pipelines that it can answer with.
struct ServedModel: Sendable {
    /// What text-embeddings-inference tells three kinds of models apart by, and the others.
    enum Kind: Sendable {
        /// Vectors of sentences, and what is made of these.
        case embedding(SentenceEmbeddingsPipeline)
        /// Labels of texts and pairs.
        case classifier(TextClassificationPipeline)
        /// The same with one label, as rerankers have it.
        case reranker(TextClassificationPipeline)
        case other
    }

    let source: ModelSource
    /// The task of requests that name none.
    let task: String
    let kind: Kind
    let engine: InferenceEngine
    /// By the names that they have on the Hub.
    let pipelines: [String: AnyPipeline]

    var name: String { source.name }
    /// The prompts of the model's own files, by name.
    var prompts: [TextKey: String] {
        if case .embedding(let embed) = kind { embed.modules?.prompts ?? [:] } else { [:] }
    }

    /// Other names of tasks, by those that pipelines have here.
    static let aliases = [
        "feature-extraction": "sentence-embeddings", "sentiment-analysis": "text-classification",
        "ner": "token-classification",
    ]

    /// Downloads the model if it is on the Hub, and loads it.
    ///
    /// - Parameter onBatch: told of each batch that the model has run.
    /// - Throws: what `pipeline(...)` throws.
    static func load(
        _ source: ModelSource, onBatch: @escaping @Sendable (BatchFigures) -> Void
    ) async throws -> ServedModel {
        var options = source.options
        let told = options.onBatch
        let isWarm = Switch()
        options.onBatch = { figures in
            guard isWarm.isOn else { return }
            told?(figures)
            onBatch(figures)
        }
        let named = source.task.map { aliases[$0] ?? $0 }
        // Which task it is decides how the model is loaded; the typed pipelines below share the model.
        let first: AnyPipeline =
            if let named {
                try await SwiftletTasks.pipeline(
                    named, model: source.model, revision: source.revision, options: options)
            } else {
                try await SwiftletTasks.pipeline(model: source.model, revision: source.revision, options: options)
            }
        // The first batch of all takes longer than the others; no request is to wait for that.
        let ids = try first.engine.tokenizer("a").inputIDs
        if !ids.isEmpty { _ = try await first.engine.outputs(for: [EncodedSequence(TokenizedExample(inputIDs: ids))]) }
        isWarm.turnOn()
        switch first.name {
        case "sentence-embeddings", "sentence-similarity":
            guard let embed = (first.base as? SentenceEmbeddingsPipeline) ?? (first.base as? SimilarityPipeline)?.embed
            else { break }
            return ServedModel(
                source: source, task: first.name, kind: .embedding(embed), engine: embed.engine,
                pipelines: [
                    "sentence-embeddings": AnyPipeline("sentence-embeddings", embed),
                    "sentence-similarity": AnyPipeline("sentence-similarity", SimilarityPipeline(embed)),
                ])
        case "text-classification", "zero-shot-classification":
            let classify = try TextClassificationPipeline(engine: first.engine)
            var pipelines = ["text-classification": AnyPipeline("text-classification", classify)]
            if classify.labelNames.count > 1 {
                pipelines["zero-shot-classification"] = AnyPipeline(
                    "zero-shot-classification", try ZeroShotClassificationPipeline(engine: first.engine))
            }
            return ServedModel(
                source: source, task: first.name,
                kind: classify.labelNames.count == 1 ? .reranker(classify) : .classifier(classify),
                engine: first.engine, pipelines: pipelines)
        default: break
        }
        return ServedModel(
            source: source, task: first.name, kind: .other, engine: first.engine, pipelines: [first.name: first])
    }

    /// - Throws: `RequestError` for a task that the model wasn't trained for.
    func pipeline(_ task: String) throws -> AnyPipeline {
        guard let pipeline = pipelines[Self.aliases[task] ?? task] else {
            throw RequestError.wrongModel(
                "model '\(name)' is not for \(task); it answers \(pipelines.keys.sorted().joined(separator: ", "))")
        }
        return pipeline
    }

    func embed() throws -> SentenceEmbeddingsPipeline {
        guard case .embedding(let embed) = kind else {
            throw RequestError.wrongModel("model is not an embedding model: '\(name)' is for \(task)")
        }
        return embed
    }

    /// As text-embeddings-inference answers `/info`. Of models that it doesn't serve, `model_type` has the task.
    func info(_ options: ServerOptions) -> JSONValue {
        func labels(_ names: [String]) -> JSONValue {
            [
                "id2label": .object(JSONObject(names.enumerated().map { (String($0), .string($1)) })),
                "label2id": .object(JSONObject(names.enumerated().map { ($1, .int($0)) })),
            ]
        }
        let type: JSONValue =
            switch kind {
            case .embedding(let embed):
                [
                    "embedding": [
                        "pooling": .string(
                            (embed.modules?.poolingModes ?? [.mean]).map(\.rawValue).joined(separator: "+"))
                    ]
                ]
            case .classifier(let classify): ["classifier": labels(classify.labelNames)]
            case .reranker(let classify): ["reranker": labels(classify.labelNames)]
            case .other:
                .object(
                    JSONObject([
                        (task.replacing("-", with: "_"), (try? engine.config.labelNames).map(labels) ?? .object([:]))
                    ]))
            }
        return [
            "model_id": .string(source.model), "model_sha": nil,
            "model_dtype": .string(engine.precision.name),
            "served_model_name": .string(name), "model_type": type, "task": .string(task),
            "max_concurrent_requests": .int(options.maxConcurrentRequests), "max_input_length": .int(engine.maxLength),
            "max_batch_tokens": .int(source.options.tokenBudget), "max_batch_requests": nil,
            "max_client_batch_size": .int(options.maxClientBatchSize), "auto_truncate": .bool(options.autoTruncate),
            "tokenization_workers": .int(processorCount), "version": .string(swiftletVersion), "sha": nil,
            "docker_label": nil,
        ]
    }
}
