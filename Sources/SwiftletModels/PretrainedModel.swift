import SwiftletCheckpoints
import SwiftletIO
public import SwiftletNN
public import SwiftletTensor

/// A pretrained encoder, alone or with the head of a task.
public protocol PretrainedModel: AnyObject {
    /// What the model gives for a batch.
    associatedtype Output: ModelOutput

    /// Parameters, the mode of training or evaluation, the device, and how calls are carried out.
    var state: ModelState { get }
    /// The configuration, `problem_type` included once it is known.
    var config: ModelConfig { get set }
    /// The network without its head.
    var encoder: any Encoder { get }
    /// What the model is for.
    var task: ModelTask { get }

    /// - Throws: `ModelError` for inputs outside what the model takes.
    func callAsFunction(_ inputs: ModelInputs, outputHiddenStates: Bool) throws -> Output

    /// The files of weights that `savePretrained` writes and training goes on from. By default one with all parameters.
    var weightFiles: [WeightFile] { get }

    /// Writes what belongs to the model besides `config.json` and weights, such as how the vectors of sentences are made.
    /// `savePretrained` calls it. Models that need nothing more leave it out.
    func saveCompanionFiles(_ folder: String) throws
}

/// A file of weights in a model's folder.
public struct WeightFile {
    /// Relative to the folder, such as `model.safetensors`.
    public let path: String
    /// The file's parameters, with the names that they have there.
    public let parameters: [(name: String, parameter: Parameter)]

    /// - Parameters:
    ///   - path: relative to the model's folder.
    ///   - parameters: what the file holds, under the names that they have there.
    public init(_ path: String, _ parameters: [(name: String, parameter: Parameter)]) {
        self.path = path
        self.parameters = parameters
    }

    /// `model.safetensors`, with parameters under their own names.
    public init(_ parameters: [Parameter]) { self.init("model.safetensors", parameters.map { ($0.name, $0) }) }
}

extension PretrainedModel {
    public var weightFiles: [WeightFile] { [WeightFile(state.parameters)] }

    public func saveCompanionFiles(_ folder: String) throws {}

    /// Runs the model on a batch, without keeping hidden states.
    ///
    /// - Throws: `ModelError` for inputs or labels that the model can't take.
    public func callAsFunction(_ inputs: ModelInputs) throws -> Output {
        if state.quantization == .int8 { return try callInt8(inputs) }
        guard let dtype = state.autocastDType else {
            return try ownLinearLayers(state.execution.hasOwnLinearLayers) {
                try self(inputs, outputHiddenStates: false)
            }
        }
        // As accelerate wraps a model: what comes out is float32 again.
        var output = try autocast(dtype, on: state.device) { try self(inputs, outputHiddenStates: false) }
        output.convert { $0.to(.float32) }
        return output
    }

    /// The class's name in the Python library, written to `architectures`.
    public var architecture: String {
        let type = (try? config.modelType) ?? ""
        return (Swift.type(of: encoder).classNames[type] ?? type) + task.classSuffix
    }

    /// All parameters, those of the head included, in the order in which Python lists them.
    public func parameters() -> [Parameter] { state.parameters }
    /// Number of trainable values.
    public var parameterCount: Int { state.parameters.reduce(0) { $0 + $1.count } }
    /// Moves the parameters to a device, as `torch.nn.Module.to`. Inputs must be there too: `inputs.to(device)`.
    public func to(_ device: Device) { state.move(to: device) }
    /// Switches dropout on, as a training needs it.
    public func train() { state.isTraining = true }
    /// Switches dropout off, as predictions need it. Models are made in this mode.
    public func eval() { state.isTraining = false }

    /// Writes `config.json` and `model.safetensors` as Python's `save_pretrained` does.
    public func savePretrained(_ folder: String) throws {
        try saveFiles(folder) { name, parameter, _ in
            [(name, parameter.tensor.detach())]
        } completing: { json in
            json[QuantizationConfig.key] = nil
        }
    }

    /// - Parameters:
    ///   - tensors: what a file holds of a parameter, which has this name there, and whether it is the first file, the
    ///     encoder's.
    ///   - completing: the last word on `config.json`, once the weights are written.
    func saveFiles(
        _ folder: String, _ tensors: (_ name: String, Parameter, _ isFirst: Bool) throws -> [(String, Tensor)],
        completing: (inout JSONObject) -> Void
    ) throws {
        var json = config.json
        json["architectures"] = [.string(architecture)]
        json["dtype"] = .string(state.dtype.name)
        json["torch_dtype"] = nil
        json["_name_or_path"] = nil
        json["transformers_version"] = "5.23.0"
        for (index, file) in weightFiles.enumerated() {
            let path = FileSystem.join(folder, file.path)
            try FileSystem.createDirectory(FileSystem.parent(of: path))
            try Safetensors.write(
                try file.parameters.flatMap { try tensors($0.name, $0.parameter, index == 0) },
                metadata: ["format": "pt"], to: path)
        }
        completing(&json)
        try AtomicFile.write(
            JSONValue.object(json).text(.config) + "\n", to: FileSystem.join(folder, "config.json"))
        try saveCompanionFiles(folder)
    }
}
