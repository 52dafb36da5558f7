internal import SwiftletIO

/// Loads a dataset from a folder in the Hub's layout: a README.md whose YAML names configs, splits and features, or
/// files called `train*`, `validation*`, `test*`. A single file is loaded as the split `train`.
///
/// - Parameters:
///   - config: which of the card's configs; may be left out where there is one, or one is the default.
///   - split: only this split.
/// - Throws: `DatasetError` that says which configs or splits there are, or which file, row and column is wrong.
public func loadDataset(_ path: String, _ config: String? = nil, split: String? = nil) throws -> DatasetDict {
    let path = FileSystem.expandingTilde(path)
    guard FileSystem.exists(path) else {
        throw DatasetError("there is no dataset at '\(path)'", remedy: "Give a folder in the Hub's layout, or files.")
    }
    guard FileSystem.isDirectory(path) else {
        guard config == nil || config == "default" else {
            throw DatasetError("'\(path)' is a file and has no config '\(config!)'", remedy: "Leave the config out.")
        }
        return try load([("train", [path])], nil, nil, only: split)
    }
    guard !FileSystem.exists(FileSystem.join(path, "dataset_dict.json")) else {
        throw DatasetError(
            "'\(path)' was written by save_to_disk, not for loading as a dataset",
            remedy: "Load its .arrow files one by one.")
    }
    let readme = FileSystem.join(path, "README.md")
    let card = FileSystem.exists(readme) ? try DatasetCard(readme) : nil
    let files = try DataFiles(path)
    let chosen = try choose(config, card, path)
    let features = card?.features.first { $0.config == (chosen?.name ?? config ?? "") }
        ?? card?.features.first { $0.config == "default" || $0.config.isEmpty }
        ?? (card?.features.count == 1 && config == nil ? card?.features.first : nil)
    var splits: [(split: String, files: [String])]
    if let chosen, !chosen.files.isEmpty {
        let wanted = chosen.files.filter { split == nil || $0.split == split }
        if let split, wanted.isEmpty { throw noSplit(split, chosen.files.map(\.split)) }
        splits = try wanted.map { item in
            var found: [String] = []
            for pattern in item.patterns {
                for file in try files.matching(pattern) where !found.contains(file) { found.append(file) }
            }
            return (item.split, found)
        }
    } else {
        splits = files.bySplitNames()
        guard !splits.isEmpty else {
            throw DatasetError(
                "there are no data files in '\(path)'",
                remedy: "Put files ending in .parquet, .arrow, .csv, .tsv, .json or .jsonl there.")
        }
    }
    splits = ofOneFormat(splits)
    return try load(
        splits.map { ($0.split, $0.files.map { FileSystem.join(path, $0) }) }, features?.features, chosen?.separator,
        only: split)
}

/// Loads files, each as a split or a part of one: Parquet, Arrow, CSV, TSV, JSON, JSON Lines.
public func loadDataset(files: [(split: String, path: String)]) throws -> DatasetDict {
    guard !files.isEmpty else { throw DatasetError("there are no files to load", remedy: "Name at least one.") }
    var splits: [(split: String, files: [String])] = []
    for (split, path) in files {
        if let position = splits.firstIndex(where: { $0.split == split }) {
            splits[position].files.append(path)
        } else {
            splits.append((split, [path]))
        }
    }
    return try load(splits, nil, nil, only: nil)
}

private func noSplit(_ name: String, _ splits: [String]) -> DatasetError {
    DatasetError("there is no split '\(name)'", remedy: "The splits are: \(DatasetError.listed(splits)).")
}

private func choose(_ config: String?, _ card: DatasetCard?, _ path: String) throws -> DatasetCard.Config? {
    let configs = card?.configs ?? []
    let names = configs.isEmpty ? (card?.features.map(\.config).filter { !$0.isEmpty } ?? []) : configs.map(\.name)
    guard let config else {
        if configs.count <= 1 { return configs.first }
        if let chosen = configs.first(where: { $0.isDefault }) ?? configs.first(where: { $0.name == "default" }) {
            return chosen
        }
        throw DatasetError(
            "the dataset '\(path)' has several configs and none is named",
            remedy: "Choose one of \(DatasetError.listed(names)), such as loadDataset(\"\(path)\", \"\(names[0])\").")
    }
    if let chosen = configs.first(where: { $0.name == config }) { return chosen }
    if configs.isEmpty, config == "default" || names.contains(config) { return nil }
    throw DatasetError(
        "the dataset '\(path)' has no config '\(config)'",
        remedy: names.isEmpty ? "It has only one: leave the config out." : "Choose one of \(DatasetError.listed(names)).")
}

/// Where formats are mixed, the most common one is the data.
private func ofOneFormat(_ splits: [(split: String, files: [String])]) -> [(split: String, files: [String])] {
    var counts: [(format: FileFormat, count: Int)] = []
    for file in splits.flatMap(\.files) {
        guard let format = FileFormat.of(file) else { continue }
        if let position = counts.firstIndex(where: { $0.format == format }) {
            counts[position].count += 1
        } else {
            counts.append((format, 1))
        }
    }
    guard counts.count > 1 else { return splits }
    let most = counts.map(\.count).max() ?? 0
    let winners = counts.filter { $0.count == most }.map(\.format)
    let format = winners.contains(.parquet) ? .parquet : winners[0]
    return splits.map { ($0.split, $0.files.filter { FileFormat.of($0) == format }) }.filter { !$0.1.isEmpty }
}

private func load(
    _ splits: [(split: String, files: [String])], _ features: Features?, _ separator: Character?, only wanted: String?
) throws -> DatasetDict {
    if let wanted, !splits.contains(where: { $0.split == wanted }) { throw noSplit(wanted, splits.map(\.split)) }
    return DatasetDict(
        try splits.filter { wanted == nil || $0.split == wanted }.map { split, files in
            let parts = try files.map { try Dataset.read($0, declared: features, separator: separator) }
            do {
                return (split, parts.count == 1 ? parts[0] : try Dataset.concatenate(Dataset.widened(parts)))
            } catch let error as DatasetError {
                throw DatasetError(
                    "the files of split '\(split)' don't go together (\(files.joined(separator: ", "))): \(error.message)",
                    remedy: error.remedy)
            }
        })
}
