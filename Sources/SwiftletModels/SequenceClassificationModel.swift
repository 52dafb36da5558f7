import SwiftletIO
public import SwiftletNN
import SwiftletTensor

/// A pretrained encoder with a classification head.
public protocol SequenceClassificationModel: AnyObject {
    var state: ModelState { get }
    /// The configuration, `problem_type` included once it is known.
    var config: ModelConfig { get set }
    /// What the backbone's names begin with in a checkpoint that has a head, such as `bert`.
    static var baseModelPrefix: String { get }
    /// The class's name in the Python library, written to `architectures`.
    static var architecture: String { get }

    init(_ config: ModelConfig, state: ModelState) throws

    /// - Throws: `ModelError` for inputs outside what the model takes.
    func callAsFunction(_ inputs: ModelInputs, outputHiddenStates: Bool) throws -> SequenceClassifierOutput
}

extension SequenceClassificationModel {
    public func callAsFunction(_ inputs: ModelInputs) throws -> SequenceClassifierOutput {
        try self(inputs, outputHiddenStates: false)
    }

    public func parameters() -> [Parameter] { state.parameters }
    /// Number of trainable values.
    public var parameterCount: Int { state.parameters.reduce(0) { $0 + $1.count } }
    public func train() { state.isTraining = true }
    public func eval() { state.isTraining = false }

    /// Writes `config.json` and `model.safetensors` as Python's `save_pretrained` does.
    public func savePretrained(_ folder: String) throws {
        var json = config.json
        json["architectures"] = [.string(Self.architecture)]
        json["dtype"] = .string(state.dtype.name)
        json["torch_dtype"] = nil
        json["_name_or_path"] = nil
        json["transformers_version"] = "5.23.0"
        try Safetensors.write(
            state.parameters.map { ($0.name, $0.tensor.detach()) }, metadata: ["format": "pt"],
            to: FileSystem.join(folder, "model.safetensors"))
        try AtomicFile.write(
            JSONValue.object(json).text(.config) + "\n", to: FileSystem.join(folder, "config.json"))
    }
}
