import SwiftletIO
import SwiftletModels
import SwiftletNN

/// Reads the files of a `sentence_transformers` folder, and keeps what is to be written back.
struct ModuleReader {
    let folder: String
    private(set) var files: [(path: String, text: String)] = []

    init(folder: String) { self.folder = folder }

    struct Entry {
        let index: Int
        let path: String
        /// The class's name.
        let type: String
    }

    private func file(_ path: String) -> String { FileSystem.join(folder, path) }

    private static let correct = "Correct the file, or get the model's files again."

    /// An object of a file; `nil` where there is no such file.
    ///
    /// - Parameter target: where it is written back.
    private mutating func object(_ path: String, savedAs target: String? = nil) throws -> JSONObject? {
        guard FileSystem.exists(file(path)) else { return nil }
        let json = try JSONValue(contentsOf: file(path))
        guard let object = json.object else {
            throw ModelError(
                "'\(file(path))' holds \(json.kind), not an object", remedy: Self.correct, kind: .configuration,
                at: ErrorLocation(path: file(path)))
        }
        files.append((target ?? path, json.text(JSONStyle(indent: 2)) + "\n"))
        return object
    }

    private func wrong(_ path: String, _ key: String, _ value: JSONValue, _ wanted: String) -> ModelError {
        ModelError(
            "'\(key)' in '\(file(path))' is \(value.text()), not \(wanted)", remedy: Self.correct, kind: .configuration,
            at: ErrorLocation(path: file(path), key: key))
    }

    private func bool(_ object: JSONObject, _ key: String, _ path: String) throws -> Bool? {
        guard let value = object[key], !value.isNull else { return nil }
        guard let bool = value.bool else { throw wrong(path, key, value, "true or false") }
        return bool
    }

    private func int(_ object: JSONObject, _ key: String, _ path: String) throws -> Int? {
        guard let value = object[key], !value.isNull else { return nil }
        guard let int = value.int, int > 0 else { throw wrong(path, key, value, "a whole number above 0") }
        return int
    }

    mutating func entries(_ path: String) throws -> [Entry] {
        let json = try JSONValue(contentsOf: path)
        guard let list = json.array else {
            throw ModelError(
                "'\(path)' holds \(json.kind), not a list of modules", remedy: Self.correct, kind: .configuration,
                at: ErrorLocation(path: path))
        }
        let entries = try list.enumerated().map { index, entry in
            guard let type = entry["type"]?.string, let folder = entry["path"]?.string else {
                throw ModelError(
                    "module \(index) in '\(path)' has no 'type' or no 'path'", remedy: Self.correct,
                    kind: .configuration, at: ErrorLocation(path: path))
            }
            guard !folder.hasPrefix("/"), !folder.split(separator: "/").contains("..") else {
                throw ModelError(
                    "module \(index) in '\(path)' lies outside the model's folder, in '\(folder)'",
                    remedy: "Don't trust this model, or correct the file.", kind: .configuration,
                    at: ErrorLocation(path: path))
            }
            let name = type.split(separator: ".").last.map(String.init) ?? type
            // Classes that a repository brings itself may have a known name and do something else.
            return Entry(index: index, path: folder, type: type.hasPrefix("sentence_transformers.") ? name : type)
        }
        // The encoder is saved in the folder itself, whatever it was loaded from.
        let saved = list.enumerated().map { index, entry -> JSONValue in
            guard index == 0, var object = entry.object else { return entry }
            object["path"] = ""
            return .object(object)
        }
        files.append(("modules.json", JSONValue.array(saved).text(JSONStyle(indent: 2)) + "\n"))
        return entries
    }

    /// Names of the file since the first version of the library, in the order in which it looks for them.
    private static let transformerFiles = [
        "bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet",
    ].map { "sentence_\($0)_config.json" }

    mutating func transformer(_ place: String) throws -> (maxLength: Int?, lowercases: Bool) {
        for name in Self.transformerFiles {
            let path = FileSystem.join(place, name)
            guard let object = try object(path, savedAs: name), !object.isEmpty else { continue }
            if let task = object["transformer_task"], task != "feature-extraction" {
                throw wrong(path, "transformer_task", task, "\"feature-extraction\", which alone is implemented")
            }
            if let output = object["module_output_name"], output != "token_embeddings" {
                throw wrong(path, "module_output_name", output, "\"token_embeddings\", which alone is implemented")
            }
            return (try int(object, "max_seq_length", path), try bool(object, "do_lower_case", path) ?? false)
        }
        return (nil, false)
    }

    /// The older keys, each for one way of pooling, in the order in which vectors are put one after another.
    private static let poolingKeys: [(key: String, mode: PoolingMode)] = [
        ("pooling_mode_cls_token", .cls), ("pooling_mode_max_tokens", .max), ("pooling_mode_mean_tokens", .mean),
        ("pooling_mode_mean_sqrt_len_tokens", .meanSqrtLength), ("pooling_mode_weightedmean_tokens", .weightedMean),
        ("pooling_mode_lasttoken", .lastToken),
    ]

    mutating func pooling(_ place: String) throws -> (modes: [PoolingMode], includesPrompt: Bool) {
        let path = FileSystem.join(place, "config.json")
        guard let object = try object(path) else {
            throw ModelError(
                "'\(file(path))' is missing", remedy: "It says how tokens' states are pooled.", kind: .configuration,
                at: ErrorLocation(path: file(path)))
        }
        let includesPrompt = try bool(object, "include_prompt", path) ?? true
        if let value = object["pooling_mode"], !value.isNull {
            let names = value.string.map { [$0] } ?? value.array?.map { $0.string ?? $0.text() } ?? [value.text()]
            let modes = try names.map { name in
                guard let mode = PoolingMode(rawValue: name) else {
                    throw ModelError(
                        "'pooling_mode' in '\(file(path))' names '\(name)', which is not implemented",
                        remedy: "Known are \(PoolingMode.allCases.map(\.rawValue).joined(separator: ", ")).",
                        kind: .unsupported, at: ErrorLocation(path: file(path), key: "pooling_mode"))
                }
                return mode
            }
            guard !modes.isEmpty else { throw wrong(path, "pooling_mode", value, "a way to pool") }
            return (modes, includesPrompt)
        }
        if let key = object.keys.first(where: { key in
            key.hasPrefix("pooling_mode_") && !Self.poolingKeys.contains { $0.key == key }
        }) {
            throw ModelError(
                "'\(key)' in '\(file(path))' is a way to pool that is not implemented",
                remedy: "Take another model: this one can't be computed as it was trained.", kind: .unsupported,
                at: ErrorLocation(path: file(path), key: key))
        }
        let modes = try Self.poolingKeys.filter { try bool(object, $0.key, path) ?? false }.map(\.mode)
        return (modes.isEmpty ? [.mean] : modes, includesPrompt)
    }

    /// A step works on the sentence's vector; those that work on tokens are not implemented.
    private func checkNames(_ object: JSONObject, _ path: String) throws {
        for key in ["module_input_name", "module_output_name"] {
            if let value = object[key], !value.isNull, value != "sentence_embedding" {
                throw wrong(path, key, value, "\"sentence_embedding\", which alone is implemented")
            }
        }
    }

    mutating func normalize(_ place: String) throws {
        let path = FileSystem.join(place, "config.json")
        if let object = try object(path) { try checkNames(object, path) }
    }

    mutating func dense(_ place: String) throws -> SentenceModules.DenseModule {
        let path = FileSystem.join(place, "config.json")
        guard let object = try object(path), let inputs = try int(object, "in_features", path),
            let outputs = try int(object, "out_features", path)
        else {
            throw ModelError(
                "'\(file(path))' has no 'in_features' and 'out_features'", remedy: Self.correct, kind: .configuration,
                at: ErrorLocation(path: file(path), key: "in_features"))
        }
        try checkNames(object, path)
        return SentenceModules.DenseModule(
            inputs: inputs, outputs: outputs, hasBias: try bool(object, "bias", path) ?? true,
            activation: try activation(object, path), isResidual: try bool(object, "use_residual", path) ?? false,
            path: place)
    }

    private func activation(_ object: JSONObject, _ path: String) throws -> Activation? {
        guard let value = object["activation_function"], !value.isNull else { return .tanh }
        let known: [String: Activation?] = [
            "Tanh": .tanh, "Identity": Activation?.none, "ReLU": .relu, "GELU": .gelu, "SiLU": .silu,
            "Sigmoid": .sigmoid,
        ]
        let className = value.string ?? ""
        let name = className.split(separator: ".").last.map(String.init) ?? ""
        guard className.hasPrefix("torch."), let activation = known[name] else {
            throw ModelError(
                "'activation_function' in '\(file(path))' is \(value.text()), which is not implemented",
                remedy: "Known are \(known.keys.sorted().joined(separator: ", ")) of torch.nn.", kind: .unsupported,
                at: ErrorLocation(path: file(path), key: "activation_function"))
        }
        return activation
    }

    mutating func settings() throws -> (
        prompts: [TextKey: String], defaultName: String?, similarity: SimilarityFunction, dimension: Int?
    ) {
        let path = "config_sentence_transformers.json"
        guard let object = try object(path) else { return ([:], nil, .cosine, nil) }
        var prompts: [TextKey: String] = [:]
        for (name, value) in object["prompts"]?.object ?? [:] where !value.isNull {
            guard let text = value.string else { throw wrong(path, "prompts", value, "an object of texts") }
            prompts[TextKey(name)] = text
        }
        // Not a closure that gives nil, which would be the JSON value of that name.
        var name = object["default_prompt_name"]
        if name?.isNull == true { name = .none }
        if let name, name.string.flatMap({ prompts[TextKey($0)] }) == nil {
            throw wrong(path, "default_prompt_name", name, "one of 'prompts'")
        }
        var similarity = SimilarityFunction.cosine
        if let value = object["similarity_fn_name"], !value.isNull {
            guard let known = value.string.flatMap(SimilarityFunction.init) else {
                throw wrong(
                    path, "similarity_fn_name", value,
                    "one of \(SimilarityFunction.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            similarity = known
        }
        return (prompts, name?.string, similarity, try int(object, "truncate_dim", path))
    }
}
