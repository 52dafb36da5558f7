public import SwiftletIO
import SwiftletModels
import SwiftletTraining

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A label with the score that a model gives it.
public struct LabelScore: Sendable, Equatable, Codable {
    /// From the model's `id2label`.
    public var label: String
    /// A probability; with `.none`, and for regression, the model's own number.
    public var score: Float

    /// - Parameters:
    ///   - label: from the model's `id2label`.
    ///   - score: a probability, or the model's own number.
    public init(label: String, score: Float) {
        self.label = label
        self.score = score
    }

    /// `{"label": ..., "score": ...}`
    var json: JSONValue { ["label": .string(label), "score": .number(score)] }
}

/// What a text classification pipeline answers for one text or pair.
public struct TextClassification: Sendable, Equatable, JSONRepresentable {
    /// The best labels, the best first; as many as `topK` says.
    public var scores: [LabelScore]
    /// The model's outputs before any function, `[labels]`, in the order of the labels' ids.
    public var logits: [Float]

    /// The best label.
    public var label: String { scores.first?.label ?? "" }
    /// The best label's score. For regression it is the number that the model predicts.
    public var score: Float { scores.first?.score ?? .nan }

    /// The label and its score; a list of them where more than one was asked for.
    public var json: JSONValue { scores.count == 1 ? scores[0].json : .array(scores.map(\.json)) }
}

/// How a text classification pipeline answers. The defaults are those of `transformers`' pipeline.
public struct TextClassificationOptions: Sendable {
    /// What makes scores of logits.
    public enum Function: String, Sendable, CaseIterable {
        /// Scores that sum to 1.
        case softmax
        /// A score between 0 and 1 for each label by itself.
        case sigmoid
        /// The logits themselves.
        case none
    }

    /// How many labels are answered, the best first; `nil` is all.
    public var topK: Int?
    /// By default what the model's problem type asks for: none for regression, the sigmoid for several labels at once
    /// or a single output, else the softmax.
    public var function: Function?
    /// What becomes of texts with more tokens than the model takes.
    public var longInputs: LongInputs

    /// - Parameters:
    ///   - topK: how many labels are answered; `nil` is all.
    ///   - function: how scores become probabilities; by default what the model's problem type asks for.
    ///   - longInputs: what becomes of texts with more tokens than the model takes.
    public init(topK: Int? = 1, function: Function? = nil, longInputs: LongInputs = .truncated) {
        self.topK = topK
        self.function = function
        self.longInputs = longInputs
    }
}

/// Classifies texts and pairs of texts.
///
///     let classify = try await pipeline(.textClassification, model: "out/mrpc")
///     let answer = try await classify("He left.", "He went away.")
///     print(answer.label, answer.score)
public struct TextClassificationPipeline: DynamicPipeline {
    /// Owns the model; pipelines may share it.
    public let engine: InferenceEngine
    /// How calls answer that bring no options of their own.
    public var options: TextClassificationOptions
    /// Label names by id.
    public let labelNames: [String]
    private let defaultFunction: TextClassificationOptions.Function

    /// - Throws: `ModelError` for a configuration whose labels can't be read.
    public init(engine: InferenceEngine, options: TextClassificationOptions = TextClassificationOptions()) throws {
        self.engine = engine
        self.options = options
        labelNames = try engine.config.labelNames
        defaultFunction =
            switch try engine.config.problemType {
            case .regression: .none
            case .multiLabelClassification: .sigmoid
            // A single output can't be a class among others.
            case .singleLabelClassification, nil: labelNames.count > 1 ? .softmax : .sigmoid
            }
    }

    public func answer(
        _ inputs: [TextInput], options: TextClassificationOptions
    ) async throws -> [TextClassification] {
        if let topK = options.topK { try checkTopK(topK, all: "labels") }
        let outputs = try await engine.outputs(for: try engine.encode(inputs, longInputs: options.longInputs))
        return outputs.map { output in
            let scores = scores(output.values, options.function ?? defaultFunction)
            let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(options.topK ?? scores.count)
            return TextClassification(
                scores: best.map { id in
                    LabelScore(
                        label: labelNames.indices.contains(id) ? labelNames[id] : "LABEL_\(id)", score: scores[id])
                }, logits: output.values)
        }
    }

    private func scores(_ logits: [Float], _ function: TextClassificationOptions.Function) -> [Float] {
        switch function {
        case .softmax: softmax(logits)
        case .sigmoid: logits.map(sigmoid)
        case .none: logits
        }
    }

    public static func input(_ json: JSONValue) throws -> TextInput {
        let reader = try InputReader(json, "a text, or an object with text and text_pair", keys: ["text", "text_pair"])
        return TextInput(try reader.text("text"), try reader.optionalText("text_pair"))
    }

    /// `top_k`, null for all labels; `function_to_apply`; `truncation`, false to refuse long texts.
    public static func change(
        _ options: inout TextClassificationOptions, by parameters: inout PipelineParameters
    ) throws {
        if let topK = try parameters.optionalInt("top_k") { options.topK = topK }
        if let function = try parameters.choice("function_to_apply", TextClassificationOptions.Function.self) {
            options.function = function
        }
        try parameters.longInputs(&options.longInputs)
    }

    public static func answer(_ output: TextClassification) -> PipelineAnswer { .textClassification(output) }
}

/// - Throws: `InferenceError` of kind `badOption` below 1.
func checkTopK(_ topK: Int, all: String) throws {
    guard topK < 1 else { return }
    throw InferenceError(.badOption, "topK is \(topK)", remedy: "Give at least 1, or nil for all \(all).")
}

extension PipelineKind where Made == TextClassificationPipeline {
    /// Labels of texts and pairs: `TextClassificationPipeline`.
    public static var textClassification: Self {
        Self("text-classification") { folder, options in
            try TextClassificationPipeline(
                engine: try await InferenceEngine(folder: folder, options: options) {
                    try AutoModelForSequenceClassification.fromPretrained(folder: $0)
                })
        }
    }
}
