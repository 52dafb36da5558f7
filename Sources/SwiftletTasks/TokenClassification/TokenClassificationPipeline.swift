public import SwiftletIO
import SwiftletModels
import SwiftletTokenizers
import SwiftletTraining

/// A text, or the words of one.
public enum TokenClassificationInput: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
    /// A text.
    case text(String)
    /// Words that are tokenized one by one. Offsets are in the words joined with the option `delimiter`.
    case words([String])

    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }
    /// Words that are tokenized one by one.
    public init(arrayLiteral elements: String...) { self = .words(elements) }
}

/// How a token classification pipeline answers. The defaults are those of `transformers`' pipeline.
public struct TokenClassificationOptions: Sendable {
    /// How tokens become entities.
    public var aggregationStrategy: AggregationStrategy
    /// Labels that are left out, as they are in the answer: with aggregation, without `B-` and `I-`.
    public var ignoreLabels: [String]
    /// Texts with more tokens than the model takes are worked on in parts that share this many tokens. Needs
    /// aggregation. `nil` treats such texts as `longInputs` says.
    public var stride: Int?
    /// Between words that were given apart.
    public var delimiter: String
    /// What becomes of texts with more tokens than the model takes.
    public var longInputs: LongInputs

    /// The defaults are those of `transformers`' pipeline; each property tells what it means.
    public init(
        aggregationStrategy: AggregationStrategy = .none, ignoreLabels: [String] = ["O"], stride: Int? = nil,
        delimiter: String = " ", longInputs: LongInputs = .truncated
    ) {
        self.aggregationStrategy = aggregationStrategy
        self.ignoreLabels = ignoreLabels
        self.stride = stride
        self.delimiter = delimiter
        self.longInputs = longInputs
    }
}

/// Finds names and other entities in texts.
///
///     var find = try await pipeline(.tokenClassification, model: "out/entities")
///     find.options.aggregationStrategy = .simple
///     let text = "Greta Novak left Orchard Bank."
///     for entity in try await find(text) { print(entity.label, text[entity.range], entity.score) }
public struct TokenClassificationPipeline: DynamicPipeline {
    /// Owns the model; pipelines may share it.
    public let engine: InferenceEngine
    /// How calls answer that bring no options of their own.
    public var options: TokenClassificationOptions
    /// Label names by id.
    public let labelNames: [String]

    /// - Throws: `ModelError` for a configuration whose labels can't be read.
    public init(engine: InferenceEngine, options: TokenClassificationOptions = TokenClassificationOptions()) throws {
        self.engine = engine
        self.options = options
        labelNames = try engine.config.labelNames
    }

    /// Finds the entities of one text.
    ///
    /// - Throws: `InferenceError` for an input that can't be worked on, `CancellationError`.
    public func callAsFunction(_ text: String, options: TokenClassificationOptions? = nil) async throws -> [Entity] {
        try await self(.text(text), options: options)
    }

    /// Finds the entities of several texts, in their order.
    ///
    /// - Throws: `InferenceError` for an input that can't be worked on, `CancellationError`.
    public func callAsFunction(
        _ texts: [String], options: TokenClassificationOptions? = nil
    ) async throws -> [[Entity]] {
        try await answer(texts.map { .text($0) }, options: options ?? self.options)
    }

    public func answer(
        _ inputs: [TokenClassificationInput], options: TokenClassificationOptions
    ) async throws -> [[Entity]] {
        try check(options)
        let parts = try parts(inputs, options)
        let outputs = try await engine.outputs(
            for: parts.flatMap { $0.map { EncodedSequence($0, keys: engine.tokenizer.modelInputNames) } })
        var next = 0
        return zip(inputs, parts).map { input, rows in
            let own = outputs[next..<next + rows.count]
            next += rows.count
            return entities(input, rows, Array(own), options)
        }
    }

    private func check(_ options: TokenClassificationOptions) throws {
        guard let stride = options.stride else { return }
        guard options.aggregationStrategy != .none else {
            throw InferenceError(
                .badOption, "a stride is given, and tokens that two parts share can't be told apart",
                remedy: "Set aggregationStrategy, such as to .simple.")
        }
        let room = engine.maxLength - engine.tokenizer.specialTokenCount(isPair: false)
        guard stride >= 0, stride < room else {
            throw InferenceError(
                .badOption, "stride is \(stride); a part has \(max(room, 0)) tokens besides special ones",
                remedy: "Give a stride of at least 0 and below that.")
        }
    }

    /// The rows of each input: one, or with a stride as many as it takes.
    private func parts(
        _ inputs: [TokenClassificationInput], _ options: TokenClassificationOptions
    ) throws -> [[Encoding]] {
        let inParts = options.stride != nil
        let cuts = (inParts || options.longInputs.cuts) && engine.maxLength < .max
        let truncation: Tokenizer.Truncation = cuts ? .longestFirst : .none
        var parts: [[Encoding]] = []
        var count = 0
        for input in inputs {
            if inParts, cuts {
                let texts =
                    switch input {
                    case .text(let text): [text]
                    case .words(let words): words
                    }
                try engine.checkParts(
                    of: texts, room: engine.maxLength - engine.tokenizer.specialTokenCount(isPair: false),
                    stride: options.stride ?? 0, before: count, "a part of a long text")
            }
            let encoding =
                switch input {
                case .text(let text):
                    try engine.tokenizer(
                        text, truncation: truncation, maxLength: cuts ? engine.maxLength : nil,
                        stride: options.stride ?? 0, truncationSide: options.longInputs.side,
                        returnOverflowingTokens: inParts)
                case .words(let words):
                    try engine.tokenizer(
                        words: words, truncation: truncation, maxLength: cuts ? engine.maxLength : nil,
                        stride: options.stride ?? 0, truncationSide: options.longInputs.side,
                        returnOverflowingTokens: inParts)
                }
            parts.append([encoding] + encoding.overflowing)
            count += 1 + encoding.overflowing.count
        }
        if !cuts { try engine.refuse(parts.compactMap(\.first), longerThan: engine.maxLength) }
        return parts
    }

    private func entities(
        _ input: TokenClassificationInput, _ rows: [Encoding], _ outputs: [SequenceOutput],
        _ options: TokenClassificationOptions
    ) -> [Entity] {
        let sentence: String
        var wordStarts: [Int]?
        switch input {
        case .text(let text): sentence = text
        case .words(let words):
            sentence = words.joined(separator: options.delimiter)
            var start = 0
            wordStarts = words.map { word in
                defer { start += word.unicodeScalars.count + options.delimiter.unicodeScalars.count }
                return start
            }
        }
        let grouping = EntityGrouping(
            strategy: options.aggregationStrategy, labelNames: labelNames, tokenizer: engine.tokenizer,
            scalars: ScalarOffsets(sentence))
        let found = zip(rows, outputs).flatMap { row, output in
            grouping.entities(
                grouping.pieces(row, scores: output.rows.map { softmax($0) }, wordStarts: wordStarts))
        }.filter { !options.ignoreLabels.contains($0.label) }
        return rows.count > 1 ? EntityGrouping.withoutOverlaps(found) : found
    }

    public static func input(_ json: JSONValue) throws -> TokenClassificationInput {
        let reader = try InputReader(
            json, "a text, or an object with text, or with a list of words", keys: ["text", "words"])
        if let words = try reader.optionalTexts("words") { return .words(words) }
        return .text(try reader.text("text"))
    }

    /// `aggregation_strategy`, `ignore_labels`, `stride`, `delimiter`; `truncation`, false to refuse long texts.
    public static func change(
        _ options: inout TokenClassificationOptions, by parameters: inout PipelineParameters
    ) throws {
        if let strategy = try parameters.choice("aggregation_strategy", AggregationStrategy.self) {
            options.aggregationStrategy = strategy
        }
        if let labels = try parameters.strings("ignore_labels") { options.ignoreLabels = labels }
        if let stride = try parameters.optionalInt("stride") { options.stride = stride }
        if let delimiter = try parameters.string("delimiter") { options.delimiter = delimiter }
        try parameters.longInputs(&options.longInputs)
    }

    public static func answer(_ output: [Entity]) -> PipelineAnswer { .tokenClassification(output) }
}

extension PipelineKind where Made == TokenClassificationPipeline {
    /// Entities of texts: `TokenClassificationPipeline`.
    public static var tokenClassification: Self {
        Self("token-classification") { folder, options in
            try TokenClassificationPipeline(
                engine: try await InferenceEngine(folder: folder, options: options) {
                    try AutoModelForTokenClassification.fromPretrained(folder: $0)
                })
        }
    }
}
