import SwiftletModels
import SwiftletTraining

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A label with the score that a model gives it.
public struct LabelScore: Sendable, Equatable {
    /// From the model's `id2label`.
    public var label: String
    /// A probability; with `.none`, and for regression, the model's own number.
    public var score: Float

    public init(label: String, score: Float) {
        self.label = label
        self.score = score
    }
}

/// What a text classification pipeline answers for one text or pair.
public struct TextClassification: Sendable, Equatable {
    /// The best labels, the best first; as many as `topK` says.
    public var scores: [LabelScore]
    /// The model's outputs before any function, `[labels]`, in the order of the labels' ids.
    public var logits: [Float]

    /// The best label.
    public var label: String { scores.first?.label ?? "" }
    /// The best label's score. For regression it is the number that the model predicts.
    public var score: Float { scores.first?.score ?? .nan }
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
    /// By default what the model's problem type asks for: none for regression, the sigmoid for several labels at once or a
    /// single output, else the softmax.
    public var function: Function?
    public var longInputs: LongInputs

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
public struct TextClassificationPipeline: Pipeline {
    public let engine: InferenceEngine
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
            case .singleLabelClassification: .softmax
            case nil: labelNames.count > 1 ? .softmax : .sigmoid
            }
    }

    public func answer(
        _ inputs: [TextInput], options: TextClassificationOptions
    ) async throws -> [TextClassification] {
        if let topK = options.topK, topK < 1 {
            throw InferenceError(.badOption, "topK is \(topK)", remedy: "Give at least 1, or nil for all labels.")
        }
        let outputs = try await engine.outputs(for: try engine.encode(inputs, longInputs: options.longInputs))
        return outputs.map { output in
            let scores = scores(output.values, options.function ?? defaultFunction)
            let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(options.topK ?? scores.count)
            return TextClassification(
                scores: best.map { id in
                    LabelScore(label: labelNames.indices.contains(id) ? labelNames[id] : "LABEL_\(id)", score: scores[id])
                }, logits: output.values)
        }
    }

    private func scores(_ logits: [Float], _ function: TextClassificationOptions.Function) -> [Float] {
        switch function {
        case .softmax: softmax(logits)
        case .sigmoid: logits.map { 1 / (1 + exp(-$0)) }
        case .none: logits
        }
    }
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

/// Numbers above 0 that sum to 1, in float32 as libtorch computes them.
func softmax(_ logits: [Float]) -> [Float] {
    let top = logits.max() ?? 0
    let weights = logits.map { exp($0 - top) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
}
