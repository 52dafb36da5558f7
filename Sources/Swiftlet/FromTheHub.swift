// Names on the Hub, beside the folders that the modules take. The modules that read files know nothing of a network:
// this file is the one place where both meet. What takes a folder alone has the label `folder`; what may ask the Hub
// has none, and is asynchronous.
public import SwiftletDatasets
public import SwiftletHub
internal import SwiftletIO
public import SwiftletModels
public import SwiftletTasks
public import SwiftletTokenizers

extension AutoTokenizer {
    /// Makes the tokenizer of a model: of a local folder of that name if there is one, else of the Hub's model.
    ///
    ///     let tokenizer = try await AutoTokenizer.fromPretrained("bert-base-uncased")
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
        return try fromPretrained(folder: folder, onWarning: onWarning)
    }
}

extension AutoModelLoading {
    /// Makes a model with its weights: of a local folder of that name if there is one, else of the Hub's model.
    ///
    ///     let model = try await AutoModelForSequenceClassification.fromPretrained("bert-base-uncased", numLabels: 2)
    ///
    /// A head that the checkpoint does not have is drawn from libtorch's default generator, so `manualSeed(42)` before
    /// gives the head that Python draws.
    ///
    /// - Parameters:
    ///   - name: a path, or a name such as `bert-base-uncased`.
    ///   - numLabels: outputs of the head; by default what the configuration says, else 2.
    ///   - labelNames: names by id, saved as `id2label`.
    ///   - revision: a branch, a tag or a commit on the Hub.
    ///   - options: everything else about the model; see `LoadOptions`. Labels given beside it come first.
    ///   - hub: by default what the environment says (`HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE` and so on).
    ///   - progress: told how far the download is.
    /// - Returns: the model in evaluation mode, as in Python.
    /// - Throws: `HubError`, or what reading the files throws.
    public static func fromPretrained(
        _ name: String, numLabels: Int? = nil, labelNames: [String]? = nil, revision: String = "main",
        options: LoadOptions = LoadOptions(), hub: HubClient? = nil, progress: HubProgressHandler? = nil,
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> Model {
        let folder = try await client(hub).modelFolder(name, parts: .model, revision: revision, progress: progress)
        return try fromPretrained(folder: folder, numLabels: numLabels, labelNames: labelNames, options: options)
    }
}

extension SentenceEmbeddingModel {
    /// Makes a model for sentence embeddings: of a local folder of that name if there is one, else of the Hub's model.
    ///
    ///     let model = try await SentenceEmbeddingModel.fromPretrained("sentence-transformers/all-MiniLM-L6-v2")
    ///
    /// - Parameters:
    ///   - name: a path, or a name on the Hub.
    ///   - scale: of the cosines in the loss.
    ///   - revision: a branch, a tag or a commit on the Hub.
    ///   - options: how the encoder is loaded; see `LoadOptions`.
    ///   - hub: by default what the environment says (`HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE` and so on).
    ///   - progress: told how far the download is.
    /// - Returns: the model in evaluation mode.
    /// - Throws: `HubError`, or what reading the files throws.
    public static func fromPretrained(
        _ name: String, scale: Double = 20, revision: String = "main", options: LoadOptions = LoadOptions(),
        hub: HubClient? = nil, progress: HubProgressHandler? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws -> SentenceEmbeddingModel {
        let folder = try await client(hub).modelFolder(
            name, parts: [.model, .sentenceModules], revision: revision, progress: progress)
        return try fromPretrained(folder: folder, scale: scale, options: options)
    }
}

/// Loads a dataset: a local file or folder of that name if there is one, else the Hub's dataset, of which only the
/// files of the config, and of the split if one is named, are downloaded.
///
///     let raw = try await loadDataset("glue", "mrpc")
///
/// - Parameters:
///   - name: a path, or a name such as `glue`, which is short for `nyu-mll/glue`.
///   - config: which of the card's configs; may be left out where there is one, or one is the default.
///   - split: only this split.
///   - options: how the files are read.
///   - revision: a branch, a tag or a commit on the Hub.
///   - hub: by default what the environment says (`HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE` and so on).
///   - progress: told how far the download is.
/// - Throws: `HubError`, or what reading the files throws.
public func loadDataset(
    _ name: String, _ config: String? = nil, split: String? = nil, options: FileOptions = FileOptions(),
    revision: String = "main", hub: HubClient? = nil, progress: HubProgressHandler? = nil
) async throws -> DatasetDict {
    if FileSystem.exists(FileSystem.expandingTilde(name)) {
        return try loadDataset(folder: name, config, split: split, options: options)
    }
    let hub = try client(hub)
    return try await hub.fromHub(shortNames[name] ?? name, kind: .dataset) { repo in
        // The card says which files make up a config.
        let card = try await hub.snapshot(
            of: repo, revision: revision,
            HubSelection(mayLack: { _ in true }) { names in names.filter { $0 == "README.md" } })
        let names = try hub.cachedNames(of: repo, commit: card.commit)
        let files = try DatasetFiles(
            card.folder, names: names, title: name, config: config, split: split, options: options)
        let wanted = Set(files.names)
        let snapshot = try await hub.snapshot(
            of: repo, revision: card.commit, HubSelection { $0.filter(wanted.contains) }, progress: progress)
        return try files.load(from: snapshot.folder)
    }
}

/// Names from before datasets had owners; the Hub would redirect them, but a cache would not.
private let shortNames = ["glue": "nyu-mll/glue"]

func client(_ hub: HubClient?) throws -> HubClient { try hub ?? HubClient(settings: HubSettings()) }
