// Models, tokenizers and datasets to the Hub: what they save in a folder goes there as one commit.
public import SwiftletDatasets
public import SwiftletHub
import SwiftletIO
public import SwiftletModels
import SwiftletReports
import SwiftletTasks
public import SwiftletTokenizers
public import SwiftletTraining

extension PretrainedModel {
    /// Saves the model and uploads it as one commit; the repository is made if it is not there. `push_to_hub` in Python.
    ///
    /// - Parameters:
    ///   - name: `user/name`, or `name` alone for the token's user.
    ///   - isPrivate: for a repository that is made now; `nil` for what the account says.
    ///   - hub: by default what the environment says; the token that may write is `HF_TOKEN`, or the one logged in with.
    /// - Throws: `HubError`, or what saving throws.
    @discardableResult
    public func pushToHub(
        _ name: String, commitMessage: String = "Upload model", isPrivate: Bool? = nil, hub: HubClient? = nil,
        progress: HubProgressHandler? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws -> HubCommit {
        let folder = try TemporaryFolder()
        try savePretrained(folder.path)
        return try await push(folder.path, name, commitMessage, isPrivate, hub, progress)
    }
}

extension Tokenizer {
    /// Saves the tokenizer and uploads its files as one commit. Parameters are those of a model's `pushToHub`.
    @discardableResult
    public func pushToHub(
        _ name: String, commitMessage: String = "Upload tokenizer", isPrivate: Bool? = nil, hub: HubClient? = nil,
        progress: HubProgressHandler? = nil
    ) async throws -> HubCommit {
        let folder = try TemporaryFolder()
        try save(to: folder.path)
        return try await push(folder.path, name, commitMessage, isPrivate, hub, progress)
    }
}

extension Trainer {
    /// Uploads what the training has saved in `outputDir` (model, tokenizer, reports, card), without its checkpoints, as
    /// one commit. Call it after `saveModel()`.
    ///
    /// - Parameter name: `user/name`, or `name` alone for the token's user; by default the name of `outputDir`, as in
    ///   Python. The other parameters are those of a model's `pushToHub`.
    @discardableResult
    public func pushToHub(
        _ name: String? = nil, commitMessage: String = "End of training", isPrivate: Bool? = nil, hub: HubClient? = nil,
        progress: HubProgressHandler? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws -> HubCommit {
        let hub = try client(hub)
        let repo = try await hub.ownRepo(name ?? FileSystem.name(of: args.outputDir))
        return try await hub.uploadTraining(
            args.outputDir, to: repo, commitMessage, isPrivate: isPrivate, progress: progress)
    }
}

extension HubClient {
    /// Uploads the folder of a finished training: everything but checkpoints and names that begin with `_`, which
    /// Python leaves out too, and but reports that show rows of the data and folders of this machine.
    public func uploadTraining(
        _ folder: String, to repo: HubRepo, _ commitMessage: String = "End of training", isPrivate: Bool? = nil,
        progress: HubProgressHandler? = nil
    ) async throws -> HubCommit {
        try await upload(
            folder: folder, to: repo, HubCommitOptions(message: commitMessage), isPrivate: isPrivate,
            ignore: ["_*", "checkpoint-*", "evaluation/*", OutputFolderLock.fileName] + RunFiles.privateFiles,
            progress: progress)
    }
}

extension DatasetDict {
    /// Uploads the splits as Parquet files and names them in the repository's card, so that `loadDataset(name)` here
    /// and `load_dataset(name)` in Python read them. What the card says besides, and other configs, stay.
    ///
    /// - Parameters:
    ///   - name: `user/name`, or `name` alone for the token's user.
    ///   - config: the config whose splits these are; its earlier files are replaced.
    ///   - maxShardSize: bytes a file, about.
    /// - Throws: `HubError`, `DatasetError`, or what writing the files throws.
    @discardableResult
    public func pushToHub(
        _ name: String, config: String = "default", commitMessage: String = "Upload dataset", isPrivate: Bool? = nil,
        maxShardSize: Int = 500_000_000, hub: HubClient? = nil, progress: HubProgressHandler? = nil
    ) async throws -> HubCommit {
        guard maxShardSize > 0 else {
            throw DatasetError(
                "files of \(maxShardSize) bytes hold no rows", remedy: "Give a maxShardSize above 0.",
                kind: .invalidArgument, at: ErrorLocation(option: "max_shard_size"))
        }
        let hub = try client(hub)
        let repo = try await hub.ownRepo(name, kind: .dataset)
        try await hub.createRepository(repo, isPrivate: isPrivate)
        let there = try await hub.files(of: repo, revision: "main").map(\.name)
        var card: String?
        if there.contains("README.md") {
            card = try MappedFile.text(try await hub.download("README.md", from: repo))
        }
        let folder = try TemporaryFolder()
        let place = config == "default" ? "data" : config
        var changes: [HubChange] = []
        var kept: Set<String> = []
        for split in splits {
            for (mark, rows) in try self.split(split).shards(ofAbout: maxShardSize) {
                let file = "\(place)/\(split)-\(mark).parquet"
                let path = FileSystem.join(folder.path, file)
                try rows.toParquet(path)
                changes.append(.addFile(path, as: file))
                kept.insert(file)
            }
        }
        for file in there where file.hasPrefix("\(place)/") && file.hasSuffix(".parquet") && !kept.contains(file) {
            changes.append(.deleteFile(file))
        }
        let text = try DatasetCardText.text(
            card, naming: splits.map { (split: $0, pattern: "\(place)/\($0)-*") }, as: config)
        changes.append(.addBytes(Array(text.utf8), as: "README.md"))
        return try await hub.commit(changes, to: repo, HubCommitOptions(message: commitMessage), progress: progress)
    }
}

extension Dataset {
    /// Uploads the rows as one split. See `DatasetDict.pushToHub`.
    @discardableResult
    public func pushToHub(
        _ name: String, config: String = "default", split: String = "train", commitMessage: String = "Upload dataset",
        isPrivate: Bool? = nil, maxShardSize: Int = 500_000_000, hub: HubClient? = nil,
        progress: HubProgressHandler? = nil
    ) async throws -> HubCommit {
        try await DatasetDict([(split, self)]).pushToHub(
            name, config: config, commitMessage: commitMessage, isPrivate: isPrivate, maxShardSize: maxShardSize,
            hub: hub,
            progress: progress)
    }
}

private func push(
    _ folder: String, _ name: String, _ message: String, _ isPrivate: Bool?, _ hub: HubClient?,
    _ progress: HubProgressHandler?
) async throws -> HubCommit {
    let hub = try client(hub)
    return try await hub.upload(
        folder: folder, to: try await hub.ownRepo(name), HubCommitOptions(message: message), isPrivate: isPrivate,
        progress: progress)
}
