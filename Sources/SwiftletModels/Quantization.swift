import SwiftletCheckpoints
import SwiftletIO
public import SwiftletNN
import SwiftletTensor

/// `quantization_config` of a `config.json`: the form of the compressed-tensors library that 8-bit weights have here.
///
/// A weight of a linear layer is int8 `[outputs, inputs]` in the file, beside `<name>_scale`, float32 `[outputs, 1]`; their
/// product is the weight. Activations are quantized when they are multiplied, each row by itself.
struct QuantizationConfig {
    static let key = "quantization_config"
    private static let remedy =
        "Here are read: compressed-tensors, format int-quantized, 8-bit integers with a scale a channel."

    /// - Returns: `nil` where the configuration has none.
    /// - Throws: `ModelError` for a form that isn't read here.
    init?(_ config: ModelConfig) throws {
        guard let given = config.json[Self.key], !given.isNull else { return nil }
        func refuse(_ what: String) -> ModelError {
            ModelError(
                "'\(Self.key)' in '\(config.path)' has \(what), which is not read here", remedy: Self.remedy,
                kind: .unsupported, at: ErrorLocation(path: config.path, key: Self.key))
        }
        func text(_ value: JSONValue?) -> String { value?.text(.line) ?? "nothing" }
        guard given["quant_method"]?.string == "compressed-tensors" else {
            throw refuse("the quant_method \(text(given["quant_method"]))")
        }
        guard given["format"]?.string == "int-quantized" else { throw refuse("the format \(text(given["format"]))") }
        guard let groups = given["config_groups"]?.object, !groups.isEmpty else { throw refuse("no config_groups") }
        for (name, group) in groups {
            let weights = group["weights"]
            let asked: [(String, JSONValue)] = [
                ("num_bits", .int(8)), ("type", "int"), ("symmetric", true), ("strategy", "channel"),
            ]
            for (key, value) in asked where weights?[key] != value {
                throw refuse("\(text(weights?[key])) as '\(key)' of the weights in '\(name)'")
            }
            guard let activations = group["input_activations"], !activations.isNull else { continue }
            for (key, value) in [("num_bits", .int(8)), ("strategy", "token"), ("dynamic", true)]
                as [(String, JSONValue)]
            where activations[key] != value {
                throw refuse("\(text(activations[key])) as '\(key)' of the activations in '\(name)'")
            }
        }
    }

    /// What `savePretrained(_:quantization:)` writes.
    ///
    /// - Parameters:
    ///   - ignored: modules whose weights stay float32
    ///   - embeddings: whether tables of embeddings are in 8 bits too
    static func json(ignored: [String], embeddings: Bool) -> JSONValue {
        func group(_ target: String, activations: JSONValue) -> JSONValue {
            [
                "targets": [.string(target)],
                "weights": [
                    "num_bits": 8, "type": "int", "symmetric": true, "strategy": "channel", "dynamic": false,
                    "group_size": .null,
                ],
                "input_activations": activations,
                "output_activations": .null,
            ]
        }
        var groups: JSONObject = [
            "group_0": group(
                "Linear",
                activations: [
                    "num_bits": 8, "type": "int", "symmetric": true, "strategy": "token", "dynamic": true,
                    "group_size": .null,
                ])
        ]
        if embeddings { groups["group_1"] = group("Embedding", activations: .null) }
        return [
            "quant_method": "compressed-tensors",
            "format": "int-quantized",
            "quantization_status": "compressed",
            "config_groups": .object(groups),
            "ignore": .array(ignored.map { .string($0) }),
        ]
    }
}

/// Weights of a folder, with those in 8 bits as float32.
struct CheckpointWeights {
    private let folder: WeightFolder
    private let isQuantized: Bool
    static let scaleSuffix = "_scale"

    init(_ folder: WeightFolder, isQuantized: Bool) {
        self.folder = folder
        self.isQuantized = isQuantized
        let all = Set(folder.names.map { TextKey($0) })
        names =
            isQuantized
            ? folder.names.filter { name in
                !(name.hasSuffix(Self.scaleSuffix)
                    && all.contains(TextKey(String(name.dropLast(Self.scaleSuffix.count)))))
            } : folder.names
        known = all
    }

    /// Those of the model, without those of scales.
    let names: [String]
    private let known: Set<TextKey>

    func shape(of name: String) throws -> [Int] { try folder.shape(of: name) }

    func tensor(_ name: String) throws -> Tensor {
        let tensor = try folder.tensor(name)
        guard isQuantized, known.contains(TextKey(name + Self.scaleSuffix)) else { return tensor }
        let scale = try folder.tensor(name + Self.scaleSuffix)
        guard tensor.dtype == .int8, tensor.shape.count == 2, scale.dtype.isFloatingPoint,
            scale.shape == [tensor.shape[0], 1]
        else {
            throw ModelError(
                "'\(name)' in '\(folder.folder)' is \(tensor.dtype.name) \(tensor.shape) with a scale of \(scale.dtype.name) "
                    + "\(scale.shape)",
                remedy: "Weights in 8 bits are int8 [outputs, inputs], their scales [outputs, 1].", kind: .weights,
                at: ErrorLocation(path: folder.folder, tensor: name))
        }
        return noGrad { tensor.to(.float32) * scale.to(.float32) }
    }
}

extension PretrainedModel {
    /// The encoder's states, without the head, multiplied in what the model multiplies in.
    ///
    /// - Throws: `ModelError` for inputs that the model can't take.
    package func encoderOutput(_ inputs: ModelInputs) throws -> EncoderOutput {
        guard state.quantization == .int8 else { return try encoder(inputs) }
        return try inInt8 { try encoder(inputs) }
    }

    func callInt8(_ inputs: ModelInputs) throws -> Output {
        try inInt8 { try self(inputs, outputHiddenStates: false) }
    }

    private func inInt8<Result>(_ body: () throws -> Result) throws -> Result {
        guard !state.isTraining, state.device == .cpu, state.store.dtype == .float32, state.autocastDType == nil else {
            throw ModelError(
                "8-bit products are for evaluation in float32 on the CPU",
                remedy: "Call eval(), or set model.state.execution.quantization to nil.",
                commandLine:
                    "Leave out --int8, or give --use-cpu. A quantized model can't be trained: train the one that it "
                    + "was made from.",
                kind: .unsupported)
        }
        // Layers with too few outputs for 8 bits are multiplied as in float32, where a row depends on no other either.
        return try int8Products { try ownLinearLayers(state.execution.hasOwnLinearLayers, body) }
    }

    /// The parameters that 8 bits hold in a file: weights of linear layers with 16 outputs or more, and tables of embeddings.
    private func isQuantizable(_ parameter: Parameter) -> Bool {
        parameter.shape.count == 2 && parameter.shape[1] > 1 && parameter.shape[0] >= 16
            && (parameter.isEmbedding || parameter.name.hasSuffix("weight"))
    }

    /// Writes `config.json` and weights in 8 bits, a quarter of the size: int8 `[outputs, inputs]` with a float32 scale
    /// `[outputs, 1]` for each linear layer with 16 outputs or more and each table of embeddings, in the form of the
    /// compressed-tensors library. `fromPretrained` reads them as float32 and multiplies in 8 bits.
    ///
    /// - Parameters:
    ///   - folder: is made where it isn't there.
    ///   - quantization: what the weights are rounded to.
    ///   - embeddings: whether tables of embeddings are too. Without them the folder is larger, and Python's transformers
    ///     reads it where compressed-tensors is installed.
    /// - Throws: `FileError` where the files can't be written; `ModelError` for parameters that aren't float32 on the CPU.
    public func savePretrained(_ folder: String, quantization: Quantization, embeddings: Bool = true) throws {
        guard state.store.dtype == .float32, state.device == .cpu else {
            throw ModelError(
                "a model of \(state.store.dtype.name) on \(state.device) can't be saved in 8 bits",
                remedy: "Load it in float32 on the CPU.", kind: .unsupported)
        }
        var ignored: [String] = []
        try saveFiles(folder) { name, parameter, isFirst in
            let tensor = parameter.tensor.detach()
            guard isFirst, isQuantizable(parameter), embeddings || !parameter.isEmbedding else {
                if parameter.shape.count == 2, !parameter.isEmbedding, name.hasSuffix(".weight") {
                    ignored.append(String(name.dropLast(7)))
                }
                return [(name, tensor)]
            }
            let (values, scales) = tensor.contiguous().quantizedInt8()
            return [(name, values), (name + CheckpointWeights.scaleSuffix, scales)]
        } completing: { json in
            json[QuantizationConfig.key] = QuantizationConfig.json(ignored: ignored, embeddings: embeddings)
        }
    }
}
