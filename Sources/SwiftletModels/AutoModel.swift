public import Logging
public import SwiftletIO
public import SwiftletNN
public import SwiftletTensor

/// How a checkpoint is loaded; the same for every task.
public struct LoadOptions {
    /// Outputs of the head; by default what the configuration says, else 2.
    public var numLabels: Int?
    /// Names by id, saved as `id2label`. Without `numLabels`, their number is that of the outputs.
    public var labelNames: [String]?
    /// What the labels of whole sequences are; by default what the configuration says, else what the first batch shows.
    public var problemType: ProblemType?
    /// Whether parameters whose shape in the file differs are drawn anew. Otherwise they are an error.
    public var ignoreMismatchedSizes: Bool
    /// Fields of `config.json` to replace, such as `hidden_dropout_prob`.
    public var overrides: JSONObject
    /// Where the parameters are.
    public var device: Device
    /// How attention is computed, Python's `attn_implementation`: `nil` is what the configuration says, else the fastest
    /// that the model has. `AttentionImplementation(parsing:)` reads a name.
    public var attentionImplementation: AttentionImplementation?
    /// What linear layers multiply in; `nil` is what the configuration says, else float32. See `Quantization`.
    public var quantization: Quantization?
    /// Gets the load report at level `notice` where something is new or unused.
    public var logger: Logger?

    /// Options with what differs from the defaults; each parameter sets the property of its name.
    public init(
        numLabels: Int? = nil, labelNames: [String]? = nil, problemType: ProblemType? = nil,
        ignoreMismatchedSizes: Bool = false, overrides: JSONObject = [:], device: Device = .cpu, logger: Logger? = nil
    ) {
        self.numLabels = numLabels
        self.labelNames = labelNames
        self.problemType = problemType
        self.ignoreMismatchedSizes = ignoreMismatchedSizes
        self.overrides = overrides
        self.device = device
        self.logger = logger
    }

    /// The options with labels that are given beside them.
    package func with(numLabels: Int?, labelNames: [String]?) -> LoadOptions {
        var options = self
        options.numLabels = numLabels ?? options.numLabels
        options.labelNames = labelNames ?? options.labelNames
        return options
    }
}

/// Reads the configuration of a model folder.
public enum AutoConfig {
    /// Reads `config.json` and applies the options that change it: labels, problem type and overrides.
    ///
    /// - Throws: `ModelError` or `FileError`, naming file and key.
    public static func fromPretrained(folder path: String, options: LoadOptions = LoadOptions()) throws -> ModelConfig {
        guard FileSystem.isDirectory(path) else {
            throw ModelError(
                "there is no model folder '\(path)'",
                remedy: "Give a folder with config.json and model.safetensors. For a name on the Hub, write "
                    + "'try await ....fromPretrained(\"\(path)\")' with 'import Swiftlet', without the label 'folder'.",
                commandLine: "Give a folder with config.json and model.safetensors, or a name on the Hub.",
                kind: .noFolder, at: ErrorLocation(path: path))
        }
        var config = try ModelConfig(contentsOf: FileSystem.join(path, "config.json"))
        for (key, value) in options.overrides { config.json[key] = value }
        if let count = options.numLabels ?? options.labelNames?.count,
            try count != config.labelCount || options.labelNames != nil
        {
            try config.setLabels(count: count, names: options.labelNames)
        }
        if let type = options.problemType { config.json["problem_type"] = .string(type.rawValue) }
        return config
    }
}

/// What makes a model of one kind from a checkpoint: `AutoModel` and its relatives.
public protocol AutoModelLoading {
    /// The kind of model that is made.
    associatedtype Model: PretrainedModel

    /// A model with no values yet, whose parameters are in `state`.
    static func make(_ config: ModelConfig, state: ModelState) throws -> Model
}

extension AutoModelLoading {
    /// Makes the model that a folder's `config.json` names, with its weights.
    ///
    /// A head that the checkpoint does not have is drawn from libtorch's default generator, so `manualSeed(42)` before
    /// gives the head that Python draws.
    ///
    ///     let model = try AutoModelForSequenceClassification.fromPretrained(folder: "models/bert", numLabels: 2)
    ///
    /// - Parameters:
    ///   - folder: with `config.json` and weights: `model.safetensors` or `pytorch_model.bin`, in one file or shards.
    ///   - numLabels: outputs of the head; by default what the configuration says, else 2.
    ///   - labelNames: names by id, saved as `id2label`.
    ///   - options: everything else; see `LoadOptions`. Labels given beside it come first.
    /// - Returns: the model in evaluation mode, as in Python.
    /// - Throws: `ModelError`, `FileError`, or an error of the weight file, each naming file and key.
    public static func fromPretrained(
        folder: String, numLabels: Int? = nil, labelNames: [String]? = nil, options: LoadOptions = LoadOptions()
    ) throws -> Model {
        let options = options.with(numLabels: numLabels, labelNames: labelNames)
        let config = try AutoConfig.fromPretrained(folder: folder, options: options)
        let family = try Families.family(config)
        let isQuantized = try QuantizationConfig(config) != nil
        // On the CPU first: a head that is drawn anew has Python's numbers there only.
        let state = ModelState()
        state.awaitsCheckpoint = true
        defer { state.awaitsCheckpoint = false }
        let model = try make(config, state: state)
        try model.setAttentionImplementation(
            try options.attentionImplementation ?? config.attentionImplementation)
        let loader = CheckpointLoader(
            baseModelPrefix: family.baseModelPrefix, otherPrefixes: family.otherPrefixes,
            architecture: model.architecture, isBackbone: !model.task.hasHead,
            isQuantized: isQuantized)
        let report = try loader.load(folder, into: state, ignoreMismatchedSizes: options.ignoreMismatchedSizes)
        try state.requireMemory(for: config)
        state.initializeMissing()
        state.execution.quantization = options.quantization ?? (isQuantized ? .int8 : nil)
        model.to(options.device)
        if !report.isComplete { options.logger?.notice("\(report)") }
        return model
    }
}

/// Makes the encoder that a checkpoint's `config.json` names, with no head.
public enum AutoModel: AutoModelLoading {
    public static func make(
        _ config: ModelConfig, state: ModelState
    ) throws -> Backbone { try Backbone(config, state: state) }
}

/// Makes the model for whole sequences that a checkpoint's `config.json` names.
public enum AutoModelForSequenceClassification: AutoModelLoading {
    public static func make(_ config: ModelConfig, state: ModelState) throws -> SequenceClassifier {
        try SequenceClassifier(config, state: state)
    }
}

/// Makes the token classification model that a checkpoint's `config.json` names.
public enum AutoModelForTokenClassification: AutoModelLoading {
    public static func make(_ config: ModelConfig, state: ModelState) throws -> TokenClassifier {
        try TokenClassifier(config, state: state)
    }
}

/// Makes the question answering model that a checkpoint's `config.json` names.
public enum AutoModelForQuestionAnswering: AutoModelLoading {
    public static func make(_ config: ModelConfig, state: ModelState) throws -> QuestionAnswerer {
        try QuestionAnswerer(config, state: state)
    }
}

/// Makes the multiple choice model that a checkpoint's `config.json` names.
public enum AutoModelForMultipleChoice: AutoModelLoading {
    public static func make(_ config: ModelConfig, state: ModelState) throws -> MultipleChoice {
        try MultipleChoice(config, state: state)
    }
}

/// Makes the masked language model that a checkpoint's `config.json` names.
public enum AutoModelForMaskedLM: AutoModelLoading {
    public static func make(_ config: ModelConfig, state: ModelState) throws -> MaskedLM {
        try MaskedLM(config, state: state)
    }
}
