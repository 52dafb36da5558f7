import SwiftletCheckpoints
import SwiftletDatasets
import SwiftletIO
import SwiftletModels
import SwiftletTensor
import SwiftletTraining
import TinyTraining

extension FuzzTarget {
    static let models: [FuzzTarget] = [safetensors, pickle, config, checkpoint]

    /// What loading does with every tensor of a file of weights.
    private static func use(
        _ names: [String], shape: (String) throws -> [Int], tensor: (String) throws -> Tensor
    ) throws {
        for name in names.prefix(50) {
            _ = try? shape(name)
            guard let values = try? tensor(name), values.count < 1 << 16 else { continue }
            _ = try? withTensorErrors { values.to(.float32).sum().doubles() }
        }
    }

    private static let safetensors = FuzzTarget(
        "safetensors", .safetensors, seeds: ["pickles/tensors.safetensors", "pickles/views.safetensors"],
        texts: [
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"BOOL","shape":[2,2],"data_offsets":[4,8]}}"#,
            #"{"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}}"#,
        ]
    ) { folder in
        let path = FileSystem.join(folder, "model.safetensors")
        return { input in
            // A header without its length is easier to read and to change; it gets one, and values.
            var file = input
            if input.first == UInt8(ascii: "{") {
                file = (0..<8).map { UInt8(truncatingIfNeeded: input.count >> ($0 * 8)) }
                file += input
                file += [UInt8](0..<64)
            }
            try put(file, path)
            let read = try SafetensorsFile(path)
            try use(read.names, shape: read.shape, tensor: read.tensor)
        }
    }

    private static let pickle = FuzzTarget(
        "pickle", .zip,
        seeds: [
            "tensors", "views", "legacy", "legacy-views", "legacy-python2", "import-class", "import-eval",
            "import-system", "import-torch",
        ].map { "pickles/\($0).bin" }
    ) { folder in
        let path = FileSystem.join(folder, "pytorch_model.bin")
        return { input in
            try put(input, path)
            let read = try TorchFile(path)
            try use(read.names, shape: read.shape, tensor: read.tensor)
        }
    }

    private static let families = [
        "albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "eurobert", "gte",
        "jina_embeddings_v3", "modernbert", "mpnet", "nomic_bert", "roberta", "xlm-roberta",
    ]

    /// `config.json` beside the weights of the family that it names.
    private static let config = FuzzTarget(
        "config", .json, seeds: families.map { "families/\($0)-a/config.json" }
    ) { folder in
        var kinds: [String] = []
        for family in families {
            let source = FileSystem.join(fixtures, "families/\(family)-a")
            let target = FileSystem.join(folder, family)
            try FileSystem.createDirectory(target)
            kinds.append(try JSONValue(contentsOf: "\(source)/config.json")["model_type"]?.string ?? family)
            let names = try JSONValue(contentsOf: "\(source)/tasks.json")["encoder"]?["names"]?.array ?? []
            let tensors = try SafetensorsFile("\(source)/fixture.safetensors")
            try Safetensors.write(
                try names.compactMap(\.string).map { ($0, try tensors.tensor("encoder/\($0)")) },
                to: FileSystem.join(target, "model.safetensors"))
        }
        return { input in
            let json = try input.withUnsafeBytes { try JSONValue(parsing: $0) }
            let kind = kinds.firstIndex(of: json["model_type"]?.string ?? "") ?? 1
            let model = FileSystem.join(folder, families[kind])
            try put(input, FileSystem.join(model, "config.json"))
            let ids = Tensor([2, 5, 6, 3, 2, 7, 3, 1] as [Int64], shape: [2, 4])
            let mask = Tensor([1, 1, 1, 1, 1, 1, 1, 0] as [Int64], shape: [2, 4])
            let encoder = try AutoModel.fromPretrained(folder: model)
            _ = try noGrad {
                try encoder(ModelInputs(inputIDs: ids, attentionMask: mask)).predictions.map { $0.doubles() }
            }
            let classifier = try AutoModelForSequenceClassification.fromPretrained(folder: model)
            let labels = Tensor([0, 1] as [Int64], shape: [2])
            _ = try noGrad {
                try classifier(ModelInputs(inputIDs: ids, attentionMask: mask, labels: labels)).predictions.map {
                    $0.doubles()
                }
            }
        }
    }

    /// The files of a checkpoint that a run goes on from, each of which the first byte of an input can choose.
    private static let checkpointFiles = [
        "progress.json", "scheduler.json", "trainer_state.json", "training_args.json", "rng_state.safetensors",
        "optimizer.safetensors", "config.json", "checkpoint.json",
    ]

    /// One file of a checkpoint: its number as a digit, and what is in it. Its checksums are right all the same.
    private static let checkpoint = FuzzTarget(
        "checkpoint", .prefixedJSON,
        texts: (0..<8).map { "\($0){}" } + [
            #"1{"base_lrs": [5e-05], "last_epoch": 1, "_last_lr": [2.5e-05]}"#,
            #"7{"format": 1, "saved_at": 1.0, "run_id": "a", "launches": [], "files": {}}"#,
        ]
    ) { folder in
        let model = FileSystem.join(fixtures, "tiny-bert")
        func trainer(_ output: String, _ changes: (inout TrainingArguments) -> Void = { _ in }) throws -> Trainer {
            var args = TrainingArguments(output)
            args.perDeviceTrainBatchSize = 2
            args.maxSteps = 2
            args.loggingSteps = 1
            args.saveStrategy = .no
            args.disableTqdm = true
            changes(&args)
            return try Trainer(
                model: try AutoModelForSequenceClassification.fromPretrained(folder: model), args: args,
                trainDataset: try tinyDataset(rows: 4), dataCollator: TinyCollator())
        }
        let first = FileSystem.join(folder, "first")
        let writer = try trainer(first) { args in
            args.saveStrategy = .steps
            args.saveSteps = 1
        }
        try writer.train()
        let source = FileSystem.join(first, "checkpoint-1")
        var files: [(name: String, content: [UInt8])] = []
        for name in try FileSystem.names(in: source) {
            files.append((name, try bytes(of: FileSystem.join(source, name))))
        }
        guard files.contains(where: { $0.name == checkpointFiles[4] }) else {
            throw FileError(path: source, message: "'\(source)' has no \(checkpointFiles[4])")
        }
        let second = FileSystem.join(folder, "second")
        return { input in
            let number = Int(input.first ?? 0) & 7
            let chosen = checkpointFiles[number]
            let content = Array(input.dropFirst())
            try FileSystem.remove(second)
            let path = FileSystem.join(second, "checkpoint-1")
            if chosen == "checkpoint.json" {
                try FileSystem.createDirectory(path)
                for (name, bytes) in files { try put(name == chosen ? content : bytes, FileSystem.join(path, name)) }
            } else {
                _ = try Checkpoint.write(step: 1, in: second) { folder in
                    for (name, bytes) in files where name != "checkpoint.json" {
                        try put(name == chosen ? content : bytes, FileSystem.join(folder, name))
                    }
                }
            }
            _ = try Checkpoint.all(in: second)
            try trainer(second).train(resumeFrom: .path(path))
        }
    }
}
