public import SwiftletIO
import SwiftletModels
import SwiftletTokenizers
import SwiftletTraining

/// What a zero-shot classification pipeline answers for one text.
public struct ZeroShotClassification: Sendable, Equatable, JSONRepresentable {
    /// The text.
    public var sequence: String
    /// All candidate labels, the likeliest first. They sum to 1 unless several may be true.
    public var scores: [LabelScore]

    /// The likeliest label.
    public var label: String { scores.first?.label ?? "" }
    /// Its score.
    public var score: Float { scores.first?.score ?? .nan }

    /// `sequence`, `labels` and `scores`.
    public var json: JSONValue {
        [
            "sequence": .string(sequence), "labels": .array(scores.map { .string($0.label) }),
            "scores": .array(scores.map { .number($0.score) }),
        ]
    }
}

/// How a zero-shot classification pipeline answers. The defaults are those of `transformers`' pipeline.
public struct ZeroShotClassificationOptions: Sendable {
    /// The labels to choose from; at least one.
    public var candidateLabels: [String]
    /// A sentence with `{}` where the label stands.
    public var hypothesisTemplate: String
    /// Whether several labels may be true: each then has a probability of its own.
    public var multiLabel: Bool
    /// The model's label for "it follows"; by default the one whose name begins with `entail`, in any case.
    public var entailmentLabel: String?
    /// What becomes of a long text. The sentence with the label is never cut.
    public var longInputs: LongInputs

    /// The defaults are those of `transformers`' pipeline; each property tells what it means.
    public init(
        candidateLabels: [String] = [], hypothesisTemplate: String = "This example is {}.", multiLabel: Bool = false,
        entailmentLabel: String? = nil, longInputs: LongInputs = .truncated
    ) {
        self.candidateLabels = candidateLabels
        self.hypothesisTemplate = hypothesisTemplate
        self.multiLabel = multiLabel
        self.entailmentLabel = entailmentLabel
        self.longInputs = longInputs
    }
}

/// Classifies texts by labels that are named when it is called. The model is one that was trained to tell whether a
/// sentence follows from another, as on MNLI.
///
///     let classify = try await pipeline(.zeroShotClassification, model: "out/mnli")
///     let answer = try await classify("The match ended in a draw.", candidateLabels: ["sports", "weather"])
///     print(answer.label, answer.score)
public struct ZeroShotClassificationPipeline: DynamicPipeline {
    /// Owns the model; pipelines may share it.
    public let engine: InferenceEngine
    /// How calls answer that bring no options of their own.
    public var options: ZeroShotClassificationOptions
    private let labelNames: [String]

    /// - Throws: `ModelError` for a configuration whose labels can't be read.
    public init(
        engine: InferenceEngine, options: ZeroShotClassificationOptions = ZeroShotClassificationOptions()
    ) throws {
        self.engine = engine
        self.options = options
        labelNames = try engine.config.labelNames
    }

    /// Classifies one text.
    ///
    /// - Parameter candidateLabels: by default those of the options.
    /// - Throws: `InferenceError` for an input that can't be worked on, `CancellationError`.
    public func callAsFunction(
        _ text: String, candidateLabels: [String]? = nil, options: ZeroShotClassificationOptions? = nil
    ) async throws -> ZeroShotClassification {
        var options = options ?? self.options
        if let candidateLabels { options.candidateLabels = candidateLabels }
        return try await answer([text], options: options)[0]
    }

    public func answer(
        _ inputs: [String], options: ZeroShotClassificationOptions
    ) async throws -> [ZeroShotClassification] {
        if inputs.isEmpty { return [] }
        let labels = options.candidateLabels
        guard !labels.isEmpty else {
            throw InferenceError(.badOption, "there are no candidate labels", remedy: "Name the labels to choose from.")
        }
        let parts = options.hypothesisTemplate.split(separator: "{}", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw InferenceError(
                .badOption, "hypothesisTemplate is '\(options.hypothesisTemplate)'",
                remedy: "Put {} once, where the label is to stand, as in 'This example is {}.'")
        }
        let entailment = try entailmentID(options)
        let (count, isTooLarge) = inputs.count.multipliedReportingOverflow(by: labels.count)
        try InferenceLimit.check(isTooLarge ? .max : count, "a text with each label")
        let pairs = inputs.flatMap { text in labels.map { TextInput(text, parts[0] + $0 + parts[1]) } }
        let outputs = try await engine.outputs(
            for: try engine.encode(pairs, longInputs: options.longInputs, truncation: .onlyFirst))
        return inputs.enumerated().map { number, text in
            let logits = outputs[number * labels.count..<(number + 1) * labels.count].map(\.values)
            let scores = scores(logits, entailment, each: options.multiLabel || labels.count == 1)
            // Of equal scores the later label, as in Python.
            let best = scores.indices.sorted { scores[$0] == scores[$1] ? $0 > $1 : scores[$0] > scores[$1] }
            return ZeroShotClassification(
                sequence: text, scores: best.map { LabelScore(label: labels[$0], score: scores[$0]) })
        }
    }

    private func entailmentID(_ options: ZeroShotClassificationOptions) throws -> Int {
        guard labelNames.count > 1 else {
            throw InferenceError(
                .wrongTask, "the model has one output", remedy: "Choose a model that was trained on entailment.")
        }
        let found = labelNames.firstIndex { name in
            options.entailmentLabel.map { $0 == name } ?? name.lowercased().hasPrefix("entail")
        }
        if let found { return found }
        let labels = "the model's labels are \(labelNames.joined(separator: ", "))"
        guard let name = options.entailmentLabel else {
            throw InferenceError(
                .wrongTask, "\(labels), of which none begins with 'entail'",
                remedy: "Choose a model that was trained on entailment, or name its label with entailmentLabel.")
        }
        throw InferenceError(.badOption, "entailmentLabel is '\(name)'; \(labels)", remedy: "Name one of those.")
    }

    /// - Parameter each: each label against the opposite, which is the first of the model's labels, or the last.
    private func scores(_ logits: [[Float]], _ entailment: Int, each: Bool) -> [Float] {
        guard each else { return softmax(logits.map { $0[entailment] }) }
        return logits.map { row in softmax([row[entailment == 0 ? row.count - 1 : 0], row[entailment]])[1] }
    }

    public static func input(_ json: JSONValue) throws -> String {
        try InputReader(json, "a text, or an object with text", keys: ["text"]).text("text")
    }

    /// `candidate_labels`, `hypothesis_template`, `multi_label`, `entailment_label`; `truncation`, false to refuse long
    /// texts.
    public static func change(
        _ options: inout ZeroShotClassificationOptions, by parameters: inout PipelineParameters
    ) throws {
        if let labels = try parameters.strings("candidate_labels") {
            // Python reads one string as a list with commas.
            options.candidateLabels = labels.count == 1 ? Self.parts(labels[0]) : labels
        }
        if let template = try parameters.string("hypothesis_template") { options.hypothesisTemplate = template }
        if let several = try parameters.bool("multi_label") { options.multiLabel = several }
        if let label = try parameters.string("entailment_label") { options.entailmentLabel = label }
        try parameters.longInputs(&options.longInputs)
    }

    private static func parts(_ labels: String) -> [String] {
        labels.split(separator: ",").map { part in
            String(part.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }.filter { !$0.isEmpty }
    }

    public static func answer(_ output: ZeroShotClassification) -> PipelineAnswer { .zeroShotClassification(output) }
}

extension PipelineKind where Made == ZeroShotClassificationPipeline {
    /// Labels that are named when the pipeline is called: `ZeroShotClassificationPipeline`.
    public static var zeroShotClassification: Self {
        Self("zero-shot-classification") { folder, options in
            try ZeroShotClassificationPipeline(
                engine: try await InferenceEngine(folder: folder, options: options) {
                    try AutoModelForSequenceClassification.fromPretrained(folder: $0, options: LoadOptions())
                })
        }
    }
}
