// Names on the Hub where the modules take folders. The modules that read files know nothing of a network: this file
// is the one place where both meet. Each function is the `async` twin of one that takes a folder, and Swift chooses
// between them by the place of the call: with `await` a name may be on the Hub, without it is a folder.
public import Logging
public import SwiftletDatasets
public import SwiftletHub
public import SwiftletIO
public import SwiftletModels
public import SwiftletTasks
public import SwiftletTensor
public import SwiftletTokenizers

extension AutoTokenizer {
    /// Makes the tokenizer of a model: of a local folder of that name if there is one, else of the Hub's model.
    ///
    /// - Parameters:
    ///   - name: a path, or a name such as `bert-base-uncased`.
    ///   - revision: a branch, a tag or a commit on the Hub.
    ///   - hub: by default what the environment says (`HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE` and so on).
    ///   - progress: told how far the download is.
    ///   - onWarning: told once when a sequence is longer than the model takes and truncation is off.
    /// - Throws: `HubError`, or what reading the files throws.
    public static func fromPretrained(
        _ name: String, revision: String = "main", hub: HubClient? = nil, progress: HubProgressHandler? = nil,
        onWarning: (@Sendable (String) -> Void)? = nil
    ) async throws -> Tokenizer {
        let folder = try await client(hub).modelFolder(name, parts: .tokenizer, revision: revision, progress: progress)
        return try read(folder, onWarning)
    }

    // In a function without `async` the name means the one that reads a folder.
    private static func read(_ folder: String, _ onWarning: (@Sendable (String) -> Void)?) throws -> Tokenizer {
        try fromPretrained(folder, onWarning: onWarning)
    }
}

extension AutoModelForSequenceClassification {
    /// Makes a model with its weights: of a local folder of that name if there is one, else of the Hub's model.
    ///
    /// - Parameters:
    ///   - name: a path, or a name such as `bert-base-uncased`.
    ///   - revision: a branch, a tag or a commit on the Hub.
    ///   - hub: by default what the environment says (`HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE` and so on).
    ///   - progress: told how far the download is.
    /// - Returns: the model in evaluation mode, as in Python. The other parameters are those for a folder.
    /// - Throws: `HubError`, or what reading the files throws.
    public static func fromPretrained(
        _ name: String, revision: String = "main", numLabels: Int? = nil, labelNames: [String]? = nil,
        problemType: ProblemType? = nil, ignoreMismatchedSizes: Bool = false, overrides: JSONObject = [:],
        device: Device = .cpu, logger: Logger? = nil, hub: HubClient? = nil, progress: HubProgressHandler? = nil,
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> SequenceClassifier {
        let folder = try await client(hub).modelFolder(name, parts: .model, revision: revision, progress: progress)
        func read() throws -> SequenceClassifier {
            try fromPretrained(
                folder, numLabels: numLabels, labelNames: labelNames, problemType: problemType,
                ignoreMismatchedSizes: ignoreMismatchedSizes, overrides: overrides, device: device, logger: logger)
        }
        return try read()
    }
}

// The other tasks' models, by a name on the Hub. Parameters and errors are those above; `options` has the rest.

extension AutoModel {
    public static func fromPretrained(
        _ name: String, revision: String = "main", options: LoadOptions = LoadOptions(), hub: HubClient? = nil,
        progress: HubProgressHandler? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws -> Backbone {
        let folder = try await client(hub).modelFolder(name, parts: .model, revision: revision, progress: progress)
        func read() throws -> Backbone { try fromPretrained(folder, options: options) }
        return try read()
    }
}

extension AutoModelForTokenClassification {
    public static func fromPretrained(
        _ name: String, revision: String = "main", options: LoadOptions = LoadOptions(), hub: HubClient? = nil,
        progress: HubProgressHandler? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws -> TokenClassifier {
        let folder = try await client(hub).modelFolder(name, parts: .model, revision: revision, progress: progress)
        func read() throws -> TokenClassifier { try fromPretrained(folder, options: options) }
        return try read()
    }
}

extension AutoModelForQuestionAnswering {
    public static func fromPretrained(
        _ name: String, revision: String = "main", options: LoadOptions = LoadOptions(), hub: HubClient? = nil,
        progress: HubProgressHandler? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws -> QuestionAnswerer {
        let folder = try await client(hub).modelFolder(name, parts: .model, revision: revision, progress: progress)
        func read() throws -> QuestionAnswerer { try fromPretrained(folder, options: options) }
        return try read()
    }
}

extension AutoModelForMultipleChoice {
    public static func fromPretrained(
        _ name: String, revision: String = "main", options: LoadOptions = LoadOptions(), hub: HubClient? = nil,
        progress: HubProgressHandler? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws -> MultipleChoice {
        let folder = try await client(hub).modelFolder(name, parts: .model, revision: revision, progress: progress)
        func read() throws -> MultipleChoice { try fromPretrained(folder, options: options) }
        return try read()
    }
}

extension AutoModelForMaskedLM {
    public static func fromPretrained(
        _ name: String, revision: String = "main", options: LoadOptions = LoadOptions(), hub: HubClient? = nil,
        progress: HubProgressHandler? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws -> MaskedLM {
        let folder = try await client(hub).modelFolder(name, parts: .model, revision: revision, progress: progress)
        func read() throws -> MaskedLM { try fromPretrained(folder, options: options) }
        return try read()
    }
}

extension SentenceEmbeddingModel {
    public static func fromPretrained(
        _ name: String, revision: String = "main", scale: Double = 20, options: LoadOptions = LoadOptions(),
        hub: HubClient? = nil, progress: HubProgressHandler? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws -> SentenceEmbeddingModel {
        let folder = try await client(hub).modelFolder(
            name, parts: [.model, .sentenceModules], revision: revision, progress: progress)
        func read() throws -> SentenceEmbeddingModel { try fromPretrained(folder, scale: scale, options: options) }
        return try read()
    }
}

/// Loads a dataset: a local file or folder of that name if there is one, else the Hub's dataset, of which only the
/// files of the config, and of the split if one is named, are downloaded.
///
/// - Parameters:
///   - name: a path, or a name such as `glue`, which is short for `nyu-mll/glue`.
///   - config: which of the card's configs; may be left out where there is one, or one is the default.
///   - split: only this split.
///   - revision: a branch, a tag or a commit on the Hub.
///   - hub: by default what the environment says (`HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE` and so on).
///   - progress: told how far the download is.
/// - Throws: `HubError`, or what reading the files throws.
public func loadDataset(
    _ name: String, _ config: String? = nil, split: String? = nil, revision: String = "main", hub: HubClient? = nil,
    progress: HubProgressHandler? = nil
) async throws -> DatasetDict {
    func read() throws -> DatasetDict { try loadDataset(name, config, split: split) }
    if FileSystem.exists(FileSystem.expandingTilde(name)) { return try read() }
    let hub = try client(hub)
    return try await hub.fromHub(shortNames[name] ?? name, kind: .dataset) { repo in
        // The card says which files make up a config.
        let card = try await hub.snapshot(
            of: repo, revision: revision, HubSelection(mayLack: { _ in true }) { names in names.filter { $0 == "README.md" } })
        let names = try hub.cachedNames(of: repo, commit: card.commit)
        let files = try DatasetFiles(card.folder, names: names, title: name, config: config, split: split)
        let wanted = Set(files.names)
        let snapshot = try await hub.snapshot(
            of: repo, revision: card.commit, HubSelection { $0.filter(wanted.contains) }, progress: progress)
        return try files.load(from: snapshot.folder)
    }
}

/// Names from before datasets had owners; the Hub would redirect them, but a cache would not.
private let shortNames = ["glue": "nyu-mll/glue"]

func client(_ hub: HubClient?) throws -> HubClient { try hub ?? HubClient(settings: HubSettings()) }
