internal import SwiftletIO

/// Loads a dataset from a folder in the Hub's layout: a README.md whose YAML names configs, splits and features, or
/// files called `train*`, `validation*`, `test*`. A single file is loaded as the split `train`.
///
/// Files of more than `Datasets.memoryLimit` bytes are not held in memory: they are written once to an Arrow file in
/// `Datasets.cacheFolder`, which is mapped, now and by the next program.
///
///     let raw = try loadDataset(folder: "data/glue", "mrpc")
///
/// For a name on the Hub, `import Swiftlet` and write `try await loadDataset("glue", "mrpc")`.
///
/// - Parameters:
///   - path: of the folder, or of the one file.
///   - config: which of the card's configs; may be left out where there is one, or one is the default.
///   - split: only this split; or, in Python's writing, parts and sums of splits, such as `train[:10%]` or
///     `train+test[100:]`, whose rows come under that name; `all` is the sum of all.
///   - options: how the files are read; a delimiter here goes before the card's.
/// - Throws: `DatasetError` that says which configs or splits there are, or which file, row and column is wrong.
public func loadDataset(
    folder path: String, _ config: String? = nil, split: String? = nil, options: FileOptions = FileOptions()
) throws -> DatasetDict {
    let path = FileSystem.expandingTilde(path)
    guard FileSystem.exists(path) else {
        throw DatasetError(
            "there is no dataset at '\(path)'",
            remedy: "Give a folder in the Hub's layout, or files. For a name on the Hub, write "
                + "'try await loadDataset(\"\(path)\")' with 'import Swiftlet', without the label 'folder'.",
            commandLine: "Give a folder in the Hub's layout, files, or a name on the Hub.",
            kind: .noFile, at: ErrorLocation(path: path))
    }
    guard FileSystem.isDirectory(path) else {
        guard config == nil || config == "default" else {
            throw DatasetError(
                "'\(path)' is a file and has no config '\(config ?? "")'", remedy: "Leave the config out.",
                kind: .noConfig, at: ErrorLocation(path: path))
        }
        let choice = try SplitChoice(split)
        return try choice.apply(to: loadSplits([("train", [path])], nil, options, only: choice, name: nil))
    }
    for (file, type) in [("dataset_dict.json", "DatasetDict"), ("state.json", "Dataset")]
    where FileSystem.exists(FileSystem.join(path, file)) {
        throw DatasetError(
            "'\(path)' was written by save_to_disk, not for loading as a dataset",
            remedy: "Load it with \(type).loadFromDisk(\"\(path)\").",
            commandLine: "Give a dataset's folder in the Hub's layout, or files.", kind: .unsupported,
            at: ErrorLocation(path: path))
    }
    return try DatasetFiles(path, title: path, config: config, split: split, options: options).load(from: path)
}

/// Loads files, each as a split or a part of one: Parquet, Arrow, CSV, TSV, JSON, JSON Lines, text; also packed ones.
///
/// The columns of all splits get the types that the training split has, or else the first one.
///
/// - Parameter options: how the files are read.
/// - Throws: `DatasetError` that names the file, and the line, row or column that is wrong.
public func loadDataset(
    files: [(split: String, path: String)], options: FileOptions = FileOptions()
) throws -> DatasetDict {
    guard !files.isEmpty else {
        throw DatasetError(
            "there are no files to load", remedy: "Name at least one.", kind: .invalidArgument,
            at: ErrorLocation(option: "data_files"))
    }
    var splits: [(split: String, files: [String])] = []
    for (split, path) in files {
        if let position = splits.firstIndex(where: { $0.split.isSame(as: split) }) {
            splits[position].files.append(path)
        } else {
            splits.append((split, [path]))
        }
    }
    return try loadSplits(splits, nil, options, only: SplitChoice(nil), name: nil)
}

/// What a caller asks for of a dataset's splits: all, one, or parts and sums of some.
struct SplitChoice: Sendable {
    private let expression: SplitExpression?

    /// - Throws: `DatasetError` where the text is no split.
    init(_ text: String?) throws { expression = try text.map { try SplitExpression($0) } }

    /// Those that are needed of the splits there are.
    /// - Throws: `DatasetError` where one that is asked for is not there.
    func needed<Item>(of splits: [(split: String, files: Item)]) throws -> [(split: String, files: Item)] {
        guard let expression else { return splits }
        let names = try expression.needed(of: splits.map(\.split))
        return splits.filter { names.contains(text: $0.split) }
    }

    /// The rows asked for, under the name they were asked for by.
    func apply(to loaded: DatasetDict) throws -> DatasetDict {
        guard let expression, !expression.isName(of: loaded.splits) else { return loaded }
        return DatasetDict([(expression.text, try expression.dataset(of: loaded))])
    }
}
