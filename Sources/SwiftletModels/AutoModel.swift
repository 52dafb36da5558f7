public import Logging
public import SwiftletIO
import SwiftletNN
public import SwiftletTensor

/// How a checkpoint is loaded; the same for every task.
public struct LoadOptions {
    /// Outputs of the head; by default what the configuration says, else 2.
    public var numLabels: Int?
    /// Names by id, saved as `id2label`.
    public var labelNames: [String]?
    public var problemType: ProblemType?
    /// Draw parameters anew whose shape in the file differs.
    public var ignoreMismatchedSizes = false
    /// Fields of the configuration to replace, such as `hidden_dropout_prob`.
    public var overrides: JSONObject = [:]
    public var device: Device = .cpu
    /// Gets the load report at level `notice` where something is new or unused.
    public var logger: Logger?

    public init() {}

    public init(numLabels: Int? = nil, labelNames: [String]? = nil, overrides: JSONObject = [:], logger: Logger? = nil) {
        self.numLabels = numLabels
        self.labelNames = labelNames
        self.overrides = overrides
        self.logger = logger
    }
}

/// Reads the configuration of a model folder.
public enum AutoConfig {
    /// - Throws: `ModelError` or `FileError`, naming file and key.
    public static func fromPretrained(_ path: String, options: LoadOptions = LoadOptions()) throws -> ModelConfig {
        guard FileSystem.isDirectory(path) else {
            throw ModelError(
                "there is no model folder '\(path)'",
                remedy: "Give a folder with config.json and model.safetensors; for a name on the Hub, import Swiftlet and write 'try await'.")
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

/// Makes the encoder that a folder's `config.json` names, with its weights and no head.
public enum AutoModel {
    /// - Returns: the model in evaluation mode, as in Python.
    /// - Throws: `ModelError`, `FileError`, or an error of the weight file, each naming file and key.
    public static func fromPretrained(_ path: String, options: LoadOptions = LoadOptions()) throws -> Backbone {
        try load(path, options, Backbone.init)
    }

    /// The one way from a folder to a model.
    static func load<Model: PretrainedModel>(
        _ path: String, _ options: LoadOptions, _ make: (ModelConfig, ModelState) throws -> Model
    ) throws -> Model {
        let config = try AutoConfig.fromPretrained(path, options: options)
        let family = try Families.family(config)
        // On the CPU first: a head that is drawn anew has Python's numbers there only.
        let state = ModelState()
        let model = try make(config, state)
        let loader = CheckpointLoader(
            baseModelPrefix: family.baseModelPrefix, architecture: model.architecture, isBackbone: !model.task.hasHead)
        let report = try loader.load(path, into: state, ignoreMismatchedSizes: options.ignoreMismatchedSizes)
        state.initializeMissing()
        model.to(options.device)
        if !report.isComplete { options.logger?.notice("\(report)") }
        return model
    }
}

/// Makes the model for whole sequences that a folder's `config.json` names, with its weights.
public enum AutoModelForSequenceClassification {
    /// Loads a checkpoint; a head that it does not have is drawn from libtorch's default generator, so
    /// `manualSeed(42)` before gives the head that Python draws.
    ///
    /// - Parameters:
    ///   - path: a folder with `config.json` and weights: `model.safetensors` or `pytorch_model.bin`, in one file or shards.
    ///   - numLabels: outputs of the head; by default what the configuration says, else 2.
    ///   - labelNames: names by id, saved as `id2label`.
    ///   - ignoreMismatchedSizes: draw parameters anew whose shape in the file differs.
    ///   - overrides: fields of the configuration to replace, such as `hidden_dropout_prob`.
    ///   - logger: gets the load report at level `notice` where something is new or unused.
    /// - Returns: the model in evaluation mode, as in Python.
    /// - Throws: `ModelError`, `FileError`, or an error of the weight file, each naming file and key.
    public static func fromPretrained(
        _ path: String, numLabels: Int? = nil, labelNames: [String]? = nil, problemType: ProblemType? = nil,
        ignoreMismatchedSizes: Bool = false, overrides: JSONObject = [:], device: Device = .cpu,
        logger: Logger? = nil
    ) throws -> SequenceClassifier {
        var options = LoadOptions(
            numLabels: numLabels, labelNames: labelNames, overrides: overrides, logger: logger)
        options.problemType = problemType
        options.ignoreMismatchedSizes = ignoreMismatchedSizes
        options.device = device
        return try fromPretrained(path, options: options)
    }

    /// As above, with the options in one value.
    public static func fromPretrained(_ path: String, options: LoadOptions) throws -> SequenceClassifier {
        try AutoModel.load(path, options, SequenceClassifier.init)
    }
}

/// Makes the token classification model that a folder's `config.json` names, with its weights.
public enum AutoModelForTokenClassification {
    /// As for `AutoModelForSequenceClassification`.
    public static func fromPretrained(_ path: String, options: LoadOptions = LoadOptions()) throws -> TokenClassifier {
        try AutoModel.load(path, options, TokenClassifier.init)
    }
}

/// Makes the question answering model that a folder's `config.json` names, with its weights.
public enum AutoModelForQuestionAnswering {
    /// As for `AutoModelForSequenceClassification`.
    public static func fromPretrained(_ path: String, options: LoadOptions = LoadOptions()) throws -> QuestionAnswerer {
        try AutoModel.load(path, options, QuestionAnswerer.init)
    }
}

/// Makes the multiple choice model that a folder's `config.json` names, with its weights.
public enum AutoModelForMultipleChoice {
    /// As for `AutoModelForSequenceClassification`.
    public static func fromPretrained(_ path: String, options: LoadOptions = LoadOptions()) throws -> MultipleChoice {
        try AutoModel.load(path, options, MultipleChoice.init)
    }
}

/// Makes the masked language model that a folder's `config.json` names, with its weights.
public enum AutoModelForMaskedLM {
    /// As for `AutoModelForSequenceClassification`.
    public static func fromPretrained(_ path: String, options: LoadOptions = LoadOptions()) throws -> MaskedLM {
        try AutoModel.load(path, options, MaskedLM.init)
    }
}
