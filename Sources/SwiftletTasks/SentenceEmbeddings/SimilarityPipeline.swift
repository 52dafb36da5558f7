public import SwiftletIO
import SwiftletModels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A text, and others that are compared with it.
public struct SimilarityInput: Sendable, Hashable {
    /// The text that the others are compared with.
    public var query: String
    /// The texts to rank.
    public var texts: [String]

    /// - Parameters:
    ///   - query: the text that the others are compared with.
    ///   - texts: the texts to rank.
    public init(query: String, texts: [String]) {
        self.query = query
        self.texts = texts
    }
}

/// A text with its likeness to a query.
public struct RankedText: Sendable, Equatable, Codable, JSONRepresentable {
    /// Its number among the texts, from 0.
    public var index: Int
    /// The text itself.
    public var text: String
    /// By the model's own way to compare: mostly the cosine.
    public var score: Float

    private enum CodingKeys: String, CodingKey {
        case index = "corpus_id"
        case text, score
    }

    /// `corpus_id` and `score`, as `sentence_transformers.util.semantic_search` has them, and `text`.
    public var json: JSONValue { ["corpus_id": .int(index), "score": .number(score), "text": .string(text)] }
}

/// How texts are ranked.
public struct SimilarityOptions: Sendable {
    /// How many texts are answered, the nearest first; `nil` is all.
    public var topK: Int?
    /// How the query's vector is made; by default with the model's prompt `query`, if it has one.
    public var query: SentenceEmbeddingsOptions
    /// How the texts' vectors are made; by default with the model's prompt `document`, if it has one.
    public var texts: SentenceEmbeddingsOptions
    /// How vectors are compared; by default as the model's files say, else by the cosine.
    public var function: SimilarityFunction?

    /// - Parameters:
    ///   - topK: how many texts are answered; `nil` is all.
    ///   - query: how the query's vector is made.
    ///   - texts: how the texts' vectors are made.
    ///   - function: how vectors are compared; by default as the model's files say.
    public init(
        topK: Int? = nil, query: SentenceEmbeddingsOptions = SentenceEmbeddingsOptions(),
        texts: SentenceEmbeddingsOptions = SentenceEmbeddingsOptions(), function: SimilarityFunction? = nil
    ) {
        self.topK = topK
        self.query = query
        self.texts = texts
        self.function = function
    }
}

/// Ranks texts by how near their meaning is to a query's.
///
///     let rank = try await pipeline(.similarity, model: "sentence-transformers/all-MiniLM-L6-v2")
///     for text in try await rank(query: "Where is the key?", texts: notes) { print(text.score, text.text) }
public struct SimilarityPipeline: DynamicPipeline {
    /// Makes the vectors.
    public let embed: SentenceEmbeddingsPipeline
    /// How calls answer that bring no options of their own.
    public var options: SimilarityOptions
    /// Owns the model; pipelines may share it.
    public var engine: InferenceEngine { embed.engine }

    /// - Parameters:
    ///   - embed: makes the vectors.
    ///   - options: how calls answer that bring no options of their own.
    public init(_ embed: SentenceEmbeddingsPipeline, options: SimilarityOptions = SimilarityOptions()) {
        self.embed = embed
        self.options = options
    }

    /// Ranks texts.
    ///
    /// - Throws: `InferenceError` for an input that can't be worked on, `CancellationError`.
    public func callAsFunction(
        query: String, texts: [String], options: SimilarityOptions? = nil
    ) async throws -> [RankedText] {
        try await self(SimilarityInput(query: query, texts: texts), options: options)
    }

    /// How near each text of `first` is to each of `second`, with the prompts of the options' `texts` on both sides,
    /// and else the model's default.
    ///
    /// - Returns: a row for each text of `first`.
    public func similarities(_ first: [String], _ second: [String]) async throws -> [[Float]] {
        let vectors = try await embed.answer(first + second, options: options.texts)
        let others = vectors.dropFirst(first.count)
        return vectors.prefix(first.count).map { vector in others.map { similarity(vector, $0, options) } }
    }

    public func answer(_ inputs: [SimilarityInput], options: SimilarityOptions) async throws -> [[RankedText]] {
        if let topK = options.topK { try checkTopK(topK, all: "texts") }
        let queryOptions = withPrompt(options.query, ["query"])
        // As in sentence_transformers 6.2, where every model has a prompt `document`, empty unless its files give one, which
        // goes before `passage` and `corpus`.
        let textOptions = withPrompt(options.texts, ["document"])
        // Both at once, so that they are joined into batches.
        async let queryVectors = embed.answer(inputs.map(\.query), options: queryOptions)
        async let textVectors = embed.answer(inputs.flatMap(\.texts), options: textOptions)
        let (queries, texts) = try await (queryVectors, textVectors)
        var next = 0
        return zip(inputs, queries).map { input, query in
            let own = texts[next..<next + input.texts.count]
            next += input.texts.count
            let ranked = zip(input.texts, own).enumerated().map { index, pair in
                RankedText(index: index, text: pair.0, score: similarity(query, pair.1, options))
            }
            return Array(ranked.sorted { $0.score > $1.score }.prefix(options.topK ?? ranked.count))
        }
    }

    private func withPrompt(_ options: SentenceEmbeddingsOptions, _ names: [String]) -> SentenceEmbeddingsOptions {
        guard options.prompt == nil, options.promptName == nil else { return options }
        var options = options
        options.promptName = names.first { embed.modules?.prompts[TextKey($0)] != nil }
        return options
    }

    private func similarity(_ a: [Float], _ b: [Float], _ options: SimilarityOptions) -> Float {
        func dot(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        return switch options.function ?? embed.modules?.similarity ?? .cosine {
        case .cosine: dot(normalized(a), normalized(b))
        case .dot: dot(a, b)
        case .euclidean: -sqrt(zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) })
        case .manhattan: -zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) }
        }
    }

    public static func input(_ json: JSONValue) throws -> SimilarityInput {
        let reader = try InputReader(
            json, "an object with source_sentence and a list of sentences",
            keys: ["source_sentence", "sentences", "text", "text_pair"])
        guard json.object != nil else { throw reader.error("it is \(json.kind)") }
        // A pair of texts, as a command line has it.
        if json["source_sentence"] == nil, json["text"] != nil {
            guard let other = try reader.optionalText("text_pair") else { throw reader.error("'text_pair' is missing") }
            return SimilarityInput(query: try reader.text("text"), texts: [other])
        }
        return SimilarityInput(query: try reader.text("source_sentence"), texts: try reader.texts("sentences"))
    }

    /// `top_k`, null for all texts; `similarity_fn_name`; `normalize_embeddings`, `truncate_dim`; `truncation`, false
    /// to refuse long texts.
    public static func change(_ options: inout SimilarityOptions, by parameters: inout PipelineParameters) throws {
        if let topK = try parameters.optionalInt("top_k") { options.topK = topK }
        if let function = try parameters.choice("similarity_fn_name", SimilarityFunction.self) {
            options.function = function
        }
        let normalizes = try parameters.bool("normalize_embeddings")
        let dimension = try parameters.int("truncate_dim")
        var longInputs = options.texts.longInputs
        try parameters.longInputs(&longInputs)
        for side in [\SimilarityOptions.query, \SimilarityOptions.texts] {
            if let normalizes { options[keyPath: side].normalizes = normalizes }
            if let dimension { options[keyPath: side].truncatedDimension = dimension }
            options[keyPath: side].longInputs = longInputs
        }
    }

    public static func answer(_ output: [RankedText]) -> PipelineAnswer { .similarity(output) }
}

extension PipelineKind where Made == SimilarityPipeline {
    /// Texts ranked against a query: `SimilarityPipeline`.
    public static var similarity: Self {
        Self("sentence-similarity") { SimilarityPipeline(try await .load($0, $1)) }
    }
}
