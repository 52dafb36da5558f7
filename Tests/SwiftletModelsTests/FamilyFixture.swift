import SwiftletCheckpoints
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

/// One tiny checkpoint of a family, with what Python computes with it. `Tools/reference/families.py` makes them and says
/// what is in one.
struct FamilyFixture {
    /// The five heads under the fixtures' names for them.
    static let tasks: [(name: String, task: ModelTask)] = [
        ("sequence", .sequenceClassification), ("token", .tokenClassification), ("question", .questionAnswering),
        ("choice", .multipleChoice), ("masked", .maskedLM),
    ]

    /// The heads that Python has for the family.
    var heads: [String] { Self.tasks.map(\.name).filter { tasks[$0] != nil } }

    let folder: String
    let tensors: SafetensorsFile
    let config: JSONObject
    let tasks: JSONValue
    /// For each row of the padded batch, how many of its places are tokens.
    let lengths: [Int]
    /// Checkpoints as Python would have saved them, one folder for each task and one for the encoder.
    private let checkpoints: TemporaryDirectory

    init(_ name: String) throws {
        folder = Locations.fixture("families/\(name)")
        tensors = try SafetensorsFile("\(folder)/fixture.safetensors")
        config = try #require(try JSONValue(contentsOf: "\(folder)/config.json").object)
        tasks = try JSONValue(contentsOf: "\(folder)/tasks.json")
        let mask = try tensors.tensor("inputs/attention_mask")
        lengths = mask.sum(1).ints()
        checkpoints = try TemporaryDirectory()
        for task in ["encoder"] + heads {
            try FileSystem.createDirectory(checkpoints.file(task))
            try AtomicFile.write(JSONValue.object(config).text(.config), to: checkpoints.file("\(task)/config.json"))
            let weights = try names(task).map { ($0.name, try tensors.tensor($0.stored)) }
            try Safetensors.write(weights, to: checkpoints.file("\(task)/model.safetensors"))
        }
    }

    /// A checkpoint without a head.
    var folderOfEncoder: String { checkpoints.file("encoder") }

    /// What Python answers to calls that the battery does not make; `Tools/reference/model_calls.py` says what is in it.
    func calls() throws -> SafetensorsFile { try SafetensorsFile("\(folder)/calls.safetensors") }

    func has(_ name: String) -> Bool { tensors.names.contains(name) }
    func floats(_ name: String) throws -> [Float] { try tensors.tensor(name).floats() }

    /// The names in Python's file for a task, and where the fixture keeps the tensor.
    func names(_ task: String) throws -> [(name: String, stored: String)] {
        func list(_ task: String, _ key: String) throws -> [String] {
            try #require(tasks[task]?[key]?.array).compactMap(\.string)
        }
        let encoder = try list("encoder", "names")
        if task == "encoder" { return encoder.map { ($0, "encoder/\($0)") } }
        let missing = Set(try list(task, "without"))
        let prefix = try baseModelPrefix()
        return try encoder.filter { !missing.contains($0) }.map { ("\(prefix).\($0)", "encoder/\($0)") }
            + list(task, "head").map { ($0, "\(task)/\($0)") }
    }

    /// Where the fixture keeps what belongs to a parameter of a task's model.
    func stored(_ name: String, _ task: String) throws -> String {
        // A part of the encoder that the encoder alone does not have belongs to the head.
        if tasks[task]?["head"]?.array?.contains(.string(name)) == true { return "\(task)/\(name)" }
        let prefix = "\(try baseModelPrefix())."
        return name.hasPrefix(prefix) ? "encoder/\(name.dropFirst(prefix.count))" : "\(task)/\(name)"
    }

    private func baseModelPrefix() throws -> String {
        try type(of: SequenceClassifier(ModelConfig(config), state: ModelState()).encoder).baseModelPrefix
    }

    /// A task's model, loaded; "encoder" has no head.
    func model(_ task: String, from path: String? = nil, overrides: JSONObject = [:]) throws -> any PretrainedModel {
        let path = path ?? checkpoints.file(task)
        var options = LoadOptions(overrides: overrides)
        switch task {
        case "sequence": return try AutoModelForSequenceClassification.fromPretrained(folder: path, options: options)
        case "token": return try AutoModelForTokenClassification.fromPretrained(folder: path, options: options)
        case "choice": return try AutoModelForMultipleChoice.fromPretrained(folder: path, options: options)
        case "masked": return try AutoModelForMaskedLM.fromPretrained(folder: path, options: options)
        case "question":
            options.numLabels = 2
            return try AutoModelForQuestionAnswering.fromPretrained(folder: path, options: options)
        default: return try AutoModel.fromPretrained(folder: path, options: options)
        }
    }

    /// The batch that Python had.
    func padded(_ task: String) throws -> ModelInputs {
        func tensor(_ name: String) throws -> Tensor? { has(name) ? try tensors.tensor(name).clone() : nil }
        var inputs = ModelInputs(
            inputIDs: try #require(try tensor("inputs/input_ids")), attentionMask: try tensor("inputs/attention_mask"),
            tokenTypeIDs: try tensor("inputs/token_type_ids"), labels: try tensor("inputs/\(task)/labels"))
        inputs.startPositions = try tensor("inputs/\(task)/start_positions")
        inputs.endPositions = try tensor("inputs/\(task)/end_positions")
        guard task == "choice" else { return inputs }
        func pairs(_ tensor: Tensor) -> Tensor { tensor.reshape([2, tensor.shape[0] / 2, tensor.shape[1]]) }
        inputs.inputIDs = pairs(inputs.inputIDs)
        inputs.attentionMask = inputs.attentionMask.map(pairs)
        inputs.tokenTypeIDs = inputs.tokenTypeIDs.map(pairs)
        return inputs
    }

    /// The same batch without padding.
    func packed(_ task: String) throws -> ModelInputs {
        let padded = try padded(task == "choice" ? "sequence" : task)
        let starts = lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        func kept(_ tensor: Tensor) -> Tensor {
            Tensor(tokens(tensor.ints(), width: 1), shape: [starts[lengths.count]])
        }
        var inputs = ModelInputs(
            packedIDs: kept(padded.inputIDs), cumulativeLengths: starts, tokenTypeIDs: padded.tokenTypeIDs.map(kept),
            labels: task == "token" || task == "masked" ? padded.labels.map(kept) : padded.labels)
        inputs.startPositions = padded.startPositions
        inputs.endPositions = padded.endPositions
        if task == "choice" {
            inputs.choiceCount = 2
            inputs.labels = try tensors.tensor("inputs/choice/labels").clone()
        }
        return inputs
    }

    /// Of values `[batch, sequence, width]`, those of tokens.
    func tokens<Value>(_ values: [Value], width: Int) -> [Value] {
        let length = values.count / (lengths.count * width)
        return lengths.enumerated().flatMap { row, count in
            values[row * length * width..<(row * length + count) * width]
        }
    }
}
