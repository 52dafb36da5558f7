public import Logging
public import SwiftletIO
import SwiftletNN
public import SwiftletTensor

/// Makes the model that a folder's `config.json` names, with its weights.
public enum AutoModelForSequenceClassification {
    /// Model classes by `model_type`.
    private static var families: [String: any SequenceClassificationModel.Type] {
        ["bert": BertForSequenceClassification.self]
    }

    /// Loads a checkpoint; a head that it does not have is drawn from libtorch's default generator, so
    /// `manualSeed(42)` before gives the head that Python draws.
    ///
    /// - Parameters:
    ///   - path: a folder with `config.json` and `model.safetensors` (or its index).
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
    ) throws -> any SequenceClassificationModel {
        guard FileSystem.isDirectory(path) else {
            throw ModelError(
                "there is no model folder '\(path)'",
                remedy: "Give a folder with config.json and model.safetensors; for a name on the Hub, import Swiftlet and write 'try await'.")
        }
        var config = try ModelConfig(contentsOf: FileSystem.join(path, "config.json"))
        for (key, value) in overrides { config.json[key] = value }
        if let count = numLabels ?? labelNames?.count, try count != config.labelCount || labelNames != nil {
            try config.setLabels(count: count, names: labelNames)
        }
        if let problemType { config.json["problem_type"] = .string(problemType.rawValue) }
        let type = try config.modelType
        guard let family = families[type] else {
            throw ModelError(
                "'model_type' in '\(config.path)' is '\(type)', which is not implemented",
                remedy: "Known are \(families.keys.sorted().joined(separator: ", ")).")
        }
        let state = ModelState(device: device)
        let model = try family.init(config, state: state)
        let report = try CheckpointLoader(baseModelPrefix: family.baseModelPrefix, architecture: family.architecture)
            .load(path, into: state, ignoreMismatchedSizes: ignoreMismatchedSizes)
        state.initializeMissing()
        if !report.isComplete { logger?.notice("\(report)") }
        return model
    }
}
