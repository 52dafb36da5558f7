internal import Logging
internal import SwiftletIO

/// The files that a dataset in the Hub's layout is made of: chosen from the names alone, so that only these have to be
/// there when they are read.
package struct DatasetFiles: Sendable {
    /// Paths within the folder, by split.
    package let splits: [(split: String, files: [String])]
    private let features: Features?
    private let options: FileOptions
    private let choice: SplitChoice
    /// What a cache calls the dataset.
    private let name: String

    /// All files, by their paths within the folder.
    package var names: [String] { splits.flatMap(\.files) }

    /// - Parameters:
    ///   - folder: where the README.md is, if there is one.
    ///   - names: paths of all files of the dataset, also of those that are not in the folder; `nil` for what is there.
    ///   - title: what messages call the dataset.
    ///   - options: how the files are read; what is given here goes before what the card says.
    /// - Throws: `DatasetError` that says which configs or splits there are.
    package init(
        _ folder: String, names: [String]? = nil, title: String, config: String?, split: String?,
        options: FileOptions = FileOptions()
    ) throws {
        let readme = FileSystem.join(folder, "README.md")
        let card = FileSystem.exists(readme) ? try DatasetCard(readme) : nil
        let files = try names.map { DataFiles(title, names: $0) } ?? DataFiles(folder)
        let chosen = try Self.choose(config, card, title)
        features =
            (card?.features.first { $0.config.isSame(as: chosen?.name ?? config ?? "") }
            ?? card?.features.first { $0.config == "default" || $0.config.isEmpty }
            ?? (card?.features.count == 1 && config == nil ? card?.features.first : nil))?.features
        var options = options
        options.delimiter = options.delimiter ?? chosen?.separator
        self.options = options
        choice = try SplitChoice(split)
        name = "\(FileSystem.name(of: title))/\(chosen?.name ?? config ?? "default")"
        var splits: [(split: String, files: [String])]
        if let chosen, !chosen.files.isEmpty {
            splits = try choice.needed(of: chosen.files.map { (split: $0.split, files: $0.patterns) }).map {
                split, patterns in
                var found = OrderedKeys()
                for pattern in patterns {
                    for file in try files.matching(pattern) where found.position(of: file) == nil { found.append(file) }
                }
                return (split, found.names)
            }
        } else {
            splits = try files.bySplitNames()
            guard !splits.isEmpty else {
                throw DatasetError(
                    "there are no data files in '\(title)'",
                    remedy: "Put files ending in \(FileName.known) there.",
                    kind: .noFile, at: ErrorLocation(path: title))
            }
        }
        self.splits = try choice.needed(of: Self.ofOneFormat(splits, files, title))
    }

    /// Reads them from a folder that has them.
    package func load(from folder: String) throws -> DatasetDict {
        try choice.apply(
            to: loadSplits(
                splits.map { ($0.split, $0.files.map { FileSystem.join(folder, $0) }) }, features, options,
                only: choice,
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
                commandLine: "Choose one of \(DatasetError.listed(names)): --config \(names[0]).", kind: .noConfig,
                at: ErrorLocation(option: "name"))
        }
        if let chosen = configs.first(where: { $0.name.isSame(as: config) }) { return chosen }
        if configs.isEmpty, config == "default" || names.contains(text: config) { return nil }
        throw DatasetError(
            "the dataset '\(title)' has no config '\(config)'",
            remedy: names.isEmpty
                ? "It has only one: leave the config out." : "Choose one of \(DatasetError.listed(names)).",
            kind: .noConfig, at: ErrorLocation(option: "name"))
    }

    /// Where formats are mixed within a split, the most common one is the data, and the rest is named in a warning; of
    /// two as common as each other, the one that comes first in the list of formats.
    ///
    /// - Throws: `DatasetError` where one split is in another format than the rest: dropping it would go unseen.
    private static func ofOneFormat(
        _ splits: [(split: String, files: [String])], _ files: DataFiles, _ title: String
    ) throws -> [(split: String, files: [String])] {
        var chosen: [(split: String, format: FileFormat, files: [String])] = []
        for (split, names) in splits {
            var byFormat: [FileFormat: [String]] = [:]
            for name in names {
                if let format = try files.format(of: name) { byFormat[format, default: []].append(name) }
            }
            let most = byFormat.values.map(\.count).max() ?? 0
            guard let format = FileFormat.allCases.first(where: { byFormat[$0]?.count == most }) else { continue }
            let rest = try names.filter { try files.format(of: $0) != format }
            if !rest.isEmpty {
                Datasets.logger.warning(
                    "'\(title)': split '\(split)' is read from its \(format.title) files; left out: \(DatasetError.listed(rest))"
                )
            }
            chosen.append((split, format, byFormat[format] ?? []))
        }
        func isAlike(_ one: FileFormat, _ other: FileFormat) -> Bool {
            one == other || one.isDelimited && other.isDelimited
        }
        if let first = chosen.first, let other = chosen.first(where: { !isAlike($0.format, first.format) }) {
            throw DatasetError(
                "the splits of '\(title)' are in different formats: '\(first.split)' is \(first.format.title) (\(first.files[0])), '\(other.split)' is \(other.format.title) (\(other.files[0]))",
                remedy: "Bring them into one format, or load the files by their names: loadDataset(files:).",
                commandLine: "Bring them into one format, or name the files.", kind: .unsupported,
                at: ErrorLocation(path: title))
        }
        return chosen.map { ($0.split, $0.files) }
    }
}
