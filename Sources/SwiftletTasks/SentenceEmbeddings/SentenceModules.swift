public import SwiftletIO
public import SwiftletModels
public import SwiftletNN

/// How a folder of `sentence_transformers` makes a sentence's vector: what `modules.json` and the files that it names
/// say. Kept as it was read, so that saving writes back what was loaded.
public struct SentenceModules: Sendable {
    /// What is done with the vector after pooling.
    public enum Step: Sendable {
        /// It is divided by its length.
        case normalize
        /// A linear layer with an activation.
        case dense(DenseModule)
    }

    /// A linear layer with an activation.
    public struct DenseModule: Sendable {
        /// Width of what goes in.
        public let inputs: Int
        /// Width of what comes out.
        public let outputs: Int
        /// Whether the layer has a bias.
        public let hasBias: Bool
        /// `nil` for none.
        public let activation: Activation?
        /// Whether the input is added to the output, through a second linear layer where their sizes differ.
        public let isResidual: Bool
        /// The folder of its weights, relative to the model's.
        public let path: String
    }

    /// How the states of tokens become one vector; several are put one after another.
    public let poolingModes: [PoolingMode]
    /// Whether a prompt's tokens count in pooling.
    public let includesPrompt: Bool
    /// What is done with the vector after pooling, in this order.
    public let steps: [Step]
    /// Longest sequence, in tokens, special ones included; `nil` leaves it to the tokenizer.
    public let maxSequenceLength: Int?
    /// Whether texts are made lower case before all else.
    public let lowercases: Bool
    /// Texts to put before sentences, by name, such as `query`.
    public let prompts: [TextKey: String]
    /// The prompt of calls that name none.
    public let defaultPromptName: String?
    /// How vectors are compared.
    public let similarity: SimilarityFunction
    /// How many components of a vector are kept; `nil` for all.
    public let truncatedDimension: Int?
    /// Where the encoder lies, relative to the folder; mostly the folder itself.
    let encoderPath: String
    /// The files to write back, by path.
    private let files: [(path: String, text: String)]

    /// What Python makes of a folder without `modules.json`: the mean of the tokens' states.
    init(hiddenSize: Int) {
        self.init(
            poolingModes: [.mean], includesPrompt: true, steps: [], maxSequenceLength: nil, lowercases: false,
            prompts: [:], defaultPromptName: nil, similarity: .cosine, truncatedDimension: nil, encoderPath: "",
            files: [
                (
                    "modules.json",
                    Self.text([Self.entry(0, "", "Transformer"), Self.entry(1, "1_Pooling", "Pooling")])
                ),
                (
                    "1_Pooling/config.json",
                    Self.text([
                        "word_embedding_dimension": .int(hiddenSize), "pooling_mode_cls_token": false,
                        "pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": false,
                        "pooling_mode_mean_sqrt_len_tokens": false,
                    ])
                ),
            ])
    }

    private init(
        poolingModes: [PoolingMode], includesPrompt: Bool, steps: [Step], maxSequenceLength: Int?, lowercases: Bool,
        prompts: [TextKey: String], defaultPromptName: String?, similarity: SimilarityFunction,
        truncatedDimension: Int?,
        encoderPath: String, files: [(path: String, text: String)]
    ) {
        self.poolingModes = poolingModes
        self.includesPrompt = includesPrompt
        self.steps = steps
        self.maxSequenceLength = maxSequenceLength
        self.lowercases = lowercases
        self.prompts = prompts
        self.defaultPromptName = defaultPromptName
        self.similarity = similarity
        self.truncatedDimension = truncatedDimension
        self.encoderPath = encoderPath
        self.files = files
    }

    private static func text(_ json: JSONValue) -> String { json.text(.config) + "\n" }

    private static func entry(_ index: Int, _ path: String, _ type: String) -> JSONValue {
        [
            "idx": .int(index), "name": .string(String(index)), "path": .string(path),
            "type": .string("sentence_transformers.models.\(type)"),
        ]
    }

    /// Writes the files that the modules were read from, without weights.
    func save(_ folder: String) throws {
        for (path, text) in files {
            let path = FileSystem.join(folder, path)
            try FileSystem.createDirectory(FileSystem.parent(of: path))
            try AtomicFile.write(text, to: path)
        }
    }

    /// Reads the modules of a folder; `nil` where it has no `modules.json`.
    ///
    /// - Throws: `ModelError` that names the file and the module, key or value that is not understood.
    public init?(folder: String) throws {
        let path = FileSystem.join(folder, "modules.json")
        guard FileSystem.exists(path) else { return nil }
        var reader = ModuleReader(folder: folder)
        let entries = try reader.entries(path)
        guard let first = entries.first, first.type == "Transformer", entries.count > 1, entries[1].type == "Pooling"
        else {
            throw ModelError(
                "'\(path)' lists the modules \(entries.map(\.type).joined(separator: ", "))",
                remedy: "A Transformer and a Pooling must be the first two.", kind: .configuration,
                at: ErrorLocation(path: path))
        }
        let transformer = try reader.transformer(first.path)
        let pooling = try reader.pooling(entries[1].path)
        let steps = try entries.dropFirst(2).map { entry -> Step in
            switch entry.type {
            case "Normalize":
                try reader.normalize(entry.path)
                return .normalize
            case "Dense": return .dense(try reader.dense(entry.path))
            default:
                throw ModelError(
                    "'\(path)' has a module '\(entry.type)' in place \(entry.index), which is not implemented",
                    remedy: "After the Transformer and the Pooling, Dense and Normalize are.", kind: .unsupported,
                    at: ErrorLocation(path: path))
            }
        }
        let settings = try reader.settings()
        self.init(
            poolingModes: pooling.modes, includesPrompt: pooling.includesPrompt, steps: Array(steps),
            maxSequenceLength: transformer.maxLength, lowercases: transformer.lowercases, prompts: settings.prompts,
            defaultPromptName: settings.defaultName, similarity: settings.similarity,
            truncatedDimension: settings.dimension, encoderPath: first.path, files: reader.files)
    }
}

/// How vectors are compared; more is nearer.
public enum SimilarityFunction: String, Sendable, CaseIterable {
    /// The cosine of the angle between both.
    case cosine
    /// The dot product.
    case dot
    /// The distance, with a minus.
    case euclidean
    /// The sum of the components' distances, with a minus.
    case manhattan
}
