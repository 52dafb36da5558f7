package import ArgumentParser
import SwiftletDatasets
import SwiftletIO

/// `swiftlet dataset`.
package struct DatasetCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        CommandTitles.Dataset.self,
        subcommands: [Info.self, Head.self, Convert.self])

    package init() {}

    /// Which dataset, and which part of it.
    struct Source: ParsableArguments {
        @Argument(help: "A dataset folder in the Hub's layout, one written by save_to_disk, or a file.") var path:
            String
        @Option(help: "Configuration of the dataset, such as mrpc.") var config: String?
        @Option(help: "A split, or a part or sum of splits as in 'train[:10%]' or 'train+test'.") var split: String?
        @OptionGroup(title: "Reading files") var files: FileOptionGroup

        /// The split's name and rows; all splits where none is named.
        func load() throws -> DatasetDict {
            let path = FileSystem.expandingTilde(path)
            if FileSystem.exists(FileSystem.join(path, "state.json")) {
                return try chosen(DatasetDict([("train", try Dataset.loadFromDisk(path))]))
            }
            if FileSystem.exists(FileSystem.join(path, "dataset_dict.json")) {
                return try chosen(DatasetDict.loadFromDisk(path))
            }
            return try loadDataset(folder: path, config, split: split, options: files.options())
        }

        private func chosen(_ dict: DatasetDict) throws -> DatasetDict {
            guard let split else { return dict }
            return DatasetDict([(split, try dict.rows(split))])
        }

        /// The one split there is, or the one that is named.
        func one() throws -> Dataset {
            let dict = try load()
            guard dict.count == 1 else {
                throw ValidationError(
                    "There are several splits; choose one with --split: \(dict.splits.joined(separator: ", ")).")
            }
            return dict.datasets[0]
        }
    }

    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print splits, columns, types and sizes.")
        @OptionGroup var source: Source

        func run() throws {
            let dict = try source.load()
            // Names of splits, columns and labels come from files.
            print("\(dict)".shown(keepsLines: true))
            for (split, dataset) in dict.pairs {
                print("\n\(split.shown()): \(dataset.numRows) rows")
                let width = dataset.columnNames.map { $0.shown().count }.max() ?? 0
                for (name, feature) in dataset.features {
                    let shown = name.shown()
                    print("  \(shown)\(String(repeating: " ", count: width - shown.count))  \("\(feature)".shown())")
                }
            }
        }
    }

    struct Head: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the first rows.")
        @OptionGroup var source: Source
        @Option(name: [.customShort("n"), .long], help: "How many rows.") var rows = 5
        @Flag(help: "One JSON object a line, not the text that Python prints.") var json = false

        func validate() throws {
            if rows < 0 { throw ValidationError("--rows is \(rows); it can't be negative.") }
        }

        func run() throws {
            let dict = try source.load()
            for (split, dataset) in dict.pairs {
                if dict.count > 1, !json { print("\(split.shown()):") }
                for row in 0..<min(rows, dataset.numRows) {
                    print(json ? try dataset.jsonLine(row) : try dataset.row(row).description.shown(keepsLines: true))
                }
            }
        }
    }

    struct Convert: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a dataset in another format.",
            discussion: """
                The end of the output's name tells the format: .parquet, .arrow, .csv, .tsv, .json or .jsonl (one object a \
                line). A name without an ending makes a folder that Python's load_from_disk reads.
                """)
        @OptionGroup var source: Source
        @Argument(help: "The file or folder to write.") var output: String

        func run() throws {
            let output = FileSystem.expandingTilde(output)
            let name = FileSystem.name(of: output)
            let ending = name.contains(".") ? name.split(separator: ".").last.map { $0.lowercased() } ?? "" : ""
            switch ending {
            case "":
                let dict = try source.load()
                try dict.saveToDisk(output)
            case "parquet": try source.one().toParquet(output)
            case "arrow": try source.one().toArrow(output)
            case "csv": try source.one().toCSV(output)
            case "tsv": try source.one().toCSV(output, separator: "\t")
            case "json", "jsonl": try source.one().toJSON(output)
            default:
                throw ValidationError(
                    "'\(name)' has an ending that is not known; write .parquet, .arrow, .csv, .tsv, .json, .jsonl, or none for a folder."
                )
            }
        }
    }
}
