import SwiftletIO

/// Which files of a repository are wanted.
package struct HubSelection: Sendable {
    /// Chooses from the names of all files; throws if what is needed is not among them.
    package var choose: @Sendable ([String]) throws -> [String]
    /// Whether a chosen file may be absent from a cache that is used without the Hub. Python's cache has only what its
    /// own loading asked for.
    package var mayLack: @Sendable (String) -> Bool

    package init(
        mayLack: @escaping @Sendable (String) -> Bool = { _ in false },
        choose: @escaping @Sendable ([String]) throws -> [String]
    ) {
        self.choose = choose
        self.mayLack = mayLack
    }
}

/// What is read of a pretrained model.
public struct HubModelParts: OptionSet, Sendable {
    /// The bits of the parts.
    public var rawValue: Int
    /// - Parameter rawValue: bits of the parts below.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// `config.json` and the weights.
    public static let model = HubModelParts(rawValue: 1)
    /// The tokenizer's files.
    public static let tokenizer = HubModelParts(rawValue: 2)
    /// What `modules.json` names: how vectors of sentences are made, with the weights of layers behind the encoder. Of a
    /// model without that file it is nothing.
    public static let sentenceModules = HubModelParts(rawValue: 4)
}

extension HubClient {
    /// The folder of a pretrained model: a folder of that name if there is one, else the model of that name on the Hub,
    /// of which the files that Swiftlet reads are downloaded into the cache.
    ///
    /// - Parameters:
    ///   - name: a path, or a name such as `bert-base-uncased`.
    ///   - revision: for a name on the Hub, a branch, a tag or a commit.
    /// - Throws: `HubError` that names what was asked for; `CancellationError`.
    public func modelFolder(
        _ name: String, parts: HubModelParts = [.model, .tokenizer, .sentenceModules], revision: String = "main",
        progress: HubProgressHandler? = nil
    ) async throws -> String {
        let path = FileSystem.expandingTilde(name)
        if FileSystem.isDirectory(path) { return path }
        return try await fromHub(name, kind: .model) { repo in
            let selection = HubSelection(mayLack: Self.isOptional) { try Self.modelFiles($0, parts, repo) }
            return try await snapshot(of: repo, revision: revision, selection, progress: progress).folder
        }
    }

    /// Runs a step with the repository that a name stands for where no file has that name, and makes its error speak
    /// of both.
    package func fromHub<Result: Sendable>(
        _ name: String, kind: HubRepo.Kind, _ step: @Sendable (HubRepo) async throws -> Result
    ) async throws -> Result {
        let what = kind == .model ? "folder" : "file or folder"
        // What is in the cache already was asked for by that name before.
        let isPath = Self.isPathLike(name)
        if isPath, let repo = try? HubRepo(name, kind: kind), !FileSystem.isDirectory(cache.repoFolder(repo)) {
            // Asking the Hub would take its time, and end in an answer about another thing.
            throw HubError(
                .badArgument, "there is no \(what) '\(name)'",
                remedy: "Check the path. If \(repo) on the Hub is meant, download it: swiftlet hub download \(name).",
                at: ErrorLocation(path: name))
        }
        let repo: HubRepo
        do { repo = try HubRepo(name, kind: kind) } catch {
            guard !isPath else {
                throw HubError(
                    .badArgument, "there is no \(what) '\(name)'",
                    remedy: "Check the path, or give the name of a \(kind.rawValue) on the Hub.",
                    at: ErrorLocation(path: name))
            }
            throw HubError(
                .badArgument, "there is no \(what) '\(name)', and \(error.message)", remedy: error.remedy,
                at: ErrorLocation(path: name))
        }
        do {
            return try await step(repo)
        } catch var error as HubError where Self.isAboutTheName(error.kind) {
            error.message = "there is no \(what) '\(name)' here, and \(error.message)"
            throw error
        }
    }

    /// Whether a name is more likely a path that is not there than a repository: it begins or ends like a path, has the
    /// ending of a file of data or of a model, or its first part is a folder here.
    static func isPathLike(_ name: String) -> Bool {
        if name.isEmpty || ["/", ".", "~"].contains(where: name.hasPrefix) || name.hasSuffix("/") { return true }
        let parts = name.split(separator: "/")
        if parts.count > 2 || name.contains("\\") { return true }
        let endings = [
            ".csv", ".tsv", ".json", ".jsonl", ".parquet", ".arrow", ".txt", ".gz", ".bz2", ".zip", ".zst", ".xz",
            ".safetensors", ".bin", ".pt",
        ]
        if endings.contains(where: name.lowercased().hasSuffix) { return true }
        return parts.count == 2 && FileSystem.isDirectory(String(parts[0]))
    }

    private static func isAboutTheName(_ kind: HubError.Kind) -> Bool {
        [.noRepository, .notCached, .unreachable, .notAllowed].contains(kind)
    }

    // MARK: Files of a model

    /// In the order of preference; `tokenizer.json` makes the others needless.
    private static let vocabularies = [
        "vocab.txt", "vocab.json", "merges.txt", "spiece.model", "spm.model", "sentencepiece.bpe.model",
        "tokenizer.model",
    ]
    private static let tokenizerSettings = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]

    static func isOptional(_ name: String) -> Bool { tokenizerSettings.contains(name) }

    static func modelFiles(_ names: [String], _ parts: HubModelParts, _ repo: HubRepo) throws(HubError) -> [String] {
        let present = Set(names)
        var chosen: [String] = present.contains("config.json") ? ["config.json"] : []
        if parts.contains(.model) {
            guard !chosen.isEmpty else {
                throw HubError(
                    .noFile, "\(repo) has no config.json", remedy: "Choose a repository with a transformers model.",
                    at: ErrorLocation(path: "config.json"))
            }
            let weights = weightFiles(names)
            guard !weights.isEmpty else {
                let others = names.filter {
                    [".h5", ".msgpack", ".pt", ".onnx"].contains(where: $0.hasSuffix) && !$0.contains("/")
                }
                throw HubError(
                    .noFile,
                    "\(repo) has neither model.safetensors nor pytorch_model.bin"
                        + (others.isEmpty ? "" : ", only \(listed(others))"),
                    remedy:
                        "Choose a revision or a copy of the model with safetensors, or convert it with Python's save_pretrained.",
                    at: ErrorLocation(path: "model.safetensors"))
            }
            chosen += weights
        }
        if parts.contains(.tokenizer) {
            let vocabulary =
                present.contains("tokenizer.json") ? ["tokenizer.json"] : vocabularies.filter(present.contains)
            // Whoever wants only the tokenizer can't go on without one.
            guard !vocabulary.isEmpty || parts.contains(.model) else {
                throw HubError(
                    .noFile, "\(repo) has no tokenizer file that is understood",
                    remedy: "A tokenizer needs tokenizer.json, or a vocabulary such as vocab.txt.",
                    at: ErrorLocation(path: "tokenizer.json"))
            }
            chosen += vocabulary + tokenizerSettings.filter(present.contains)
        }
        if parts.contains(.sentenceModules), present.contains("modules.json") {
            chosen += names.filter { isOfModules($0, present) && !chosen.contains($0) }
        }
        return chosen
    }

    /// Whether a file is one of those beside or behind `modules.json`. Modules lie in folders such as `1_Pooling`; their
    /// weights are safetensors where there are some.
    private static func isOfModules(_ name: String, _ present: Set<String>) -> Bool {
        if ["modules.json", "config_sentence_transformers.json"].contains(name) { return true }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 1 { return name.hasPrefix("sentence_") && name.hasSuffix("_config.json") }
        guard parts.count == 2, parts[0].first?.isNumber == true else { return false }
        switch parts[1] {
        case "config.json", "model.safetensors": return true
        case "pytorch_model.bin": return !present.contains("\(parts[0])/model.safetensors")
        default: return false
        }
    }

    /// The files with the weights: safetensors where there are some, as in Python, and whole files before parts.
    private static func weightFiles(_ names: [String]) -> [String] {
        for (whole, part, ending) in [
            ("model.safetensors", "model-", ".safetensors"), ("pytorch_model.bin", "pytorch_model-", ".bin"),
        ] {
            if names.contains(whole) { return [whole] }
            let index = "\(whole).index.json"
            if names.contains(index) {
                return [index] + names.filter { $0.hasPrefix(part) && $0.hasSuffix(ending) && !$0.contains("/") }
            }
        }
        return []
    }
}
