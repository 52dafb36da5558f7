internal import SwiftletIO

/// The files that a dataset in the Hub's layout is made of: chosen from the names alone, so that only these have to be
/// there when they are read.
package struct DatasetFiles: Sendable {
    /// Paths within the folder, by split.
    package let splits: [(split: String, files: [String])]
    private let features: Features?
    private let separator: Character?
    private let choice: SplitChoice
    /// What a cache calls the dataset.
    private let name: String

    /// All files, by their paths within the folder.
    package var names: [String] { splits.flatMap(\.files) }

    /// - Parameters:
    ///   - folder: where the README.md is, if there is one.
    ///   - names: paths of all files of the dataset, also of those that are not in the folder; `nil` for what is there.
    ///   - title: what messages call the dataset.
    /// - Throws: `DatasetError` that says which configs or splits there are.
    package init(_ folder: String, names: [String]? = nil, title: String, config: String?, split: String?) throws {
        let readme = FileSystem.join(folder, "README.md")
        let card = FileSystem.exists(readme) ? try DatasetCard(readme) : nil
        let files = try names.map { DataFiles(title, names: $0) } ?? DataFiles(folder)
        let chosen = try Self.choose(config, card, title)
        features = (card?.features.first { $0.config.isSame(as: chosen?.name ?? config ?? "") }
            ?? card?.features.first { $0.config == "default" || $0.config.isEmpty }
            ?? (card?.features.count == 1 && config == nil ? card?.features.first : nil))?.features
        separator = chosen?.separator
        choice = try SplitChoice(split)
        name = "\(FileSystem.name(of: title))/\(chosen?.name ?? config ?? "default")"
        var splits: [(split: String, files: [String])]
        if let chosen, !chosen.files.isEmpty {
            splits = try choice.needed(of: chosen.files.map { (split: $0.split, files: $0.patterns) }).map { split, patterns in
                var found = OrderedKeys()
                for pattern in patterns {
                    for file in try files.matching(pattern) where found.position(of: file) == nil { found.append(file) }
                }
                return (split, found.names)
            }
        } else {
            splits = files.bySplitNames()
            guard !splits.isEmpty else {
                throw DatasetError(
                    "there are no data files in '\(title)'",
                    remedy: "Put files ending in .parquet, .arrow, .csv, .tsv, .json or .jsonl there.",
                    kind: .noFile, at: ErrorLocation(path: title))
            }
        }
        self.splits = try choice.needed(of: Self.ofOneFormat(splits))
    }

    /// Reads them from a folder that has them.
    package func load(from folder: String) throws -> DatasetDict {
        try choice.apply(
            to: loadSplits(
                splits.map { ($0.split, $0.files.map { FileSystem.join(folder, $0) }) }, features, separator, only: choice,
                name: name))
    }

    private static func choose(_ config: String?, _ card: DatasetCard?, _ title: String) throws -> DatasetCard.Config? {
        let configs = card?.configs ?? []
        let names = configs.isEmpty ? (card?.features.map(\.config).filter { !$0.isEmpty } ?? []) : configs.map(\.name)
        guard let config else {
            if configs.count <= 1 { return configs.first }
            if let chosen = configs.first(where: { $0.isDefault }) ?? configs.first(where: { $0.name == "default" }) {
                return chosen
            }
            throw DatasetError(
                "the dataset '\(title)' has several configs and none is named",
                remedy: "Name one of \(DatasetError.listed(names)) in loadDataset's second argument.",
                commandLine: "Choose one of \(DatasetError.listed(names)): --config \(names[0]).", kind: .noConfig)
        }
        if let chosen = configs.first(where: { $0.name.isSame(as: config) }) { return chosen }
        if configs.isEmpty, config == "default" || names.contains(text: config) { return nil }
        throw DatasetError(
            "the dataset '\(title)' has no config '\(config)'",
            remedy: names.isEmpty
                ? "It has only one: leave the config out." : "Choose one of \(DatasetError.listed(names)).",
            kind: .noConfig)
    }

    /// Where formats are mixed, the most common one is the data.
    private static func ofOneFormat(_ splits: [(split: String, files: [String])]) -> [(split: String, files: [String])] {
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
}
