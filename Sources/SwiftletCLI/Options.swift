import ArgumentParser
import Swiftlet
import SwiftletIO

/// Which rows a command works on.
struct DatasetOptions: ParsableArguments {
    @Option(help: "A folder with train, validation and test files or in the Hub's layout, or a name on the Hub.")
    var dataset: String?
    @Option(help: "Configuration of the dataset, such as mrpc.")
    var config: String?
    @Option(help: "File of the train split (Parquet, Arrow, CSV, TSV, JSON, JSONL).")
    var trainFile: String?
    @Option(help: "File of the validation split.")
    var validationFile: String?
    @Option(help: "File of the test split.")
    var testFile: String?
    @Option(help: "Column with the text; found by its usual names if left out.")
    var textColumn: String?
    @Option(help: "Column with the second text of a pair.")
    var textPairColumn: String?
    @Option(help: "Column with the label.")
    var labelColumn = "label"
    @Option(help: "Longest sequence in tokens; by default the model's limit.")
    var maxLength: Int?

    func validate() throws {
        let files = [trainFile, validationFile, testFile].compactMap(\.self)
        guard dataset != nil || !files.isEmpty else {
            throw ValidationError("Give --dataset, or files with --train-file, --validation-file, --test-file.")
        }
        guard dataset == nil || files.isEmpty else {
            throw ValidationError("Give either --dataset or files, not both.")
        }
        if let maxLength, maxLength < 4 { throw ValidationError("--max-length is \(maxLength); it must be at least 4.") }
    }

    /// How the model card names the data.
    var cardDatasets: [ModelCard.Dataset] {
        guard let dataset else { return [] }
        let name = FileSystem.name(of: dataset)
        return [ModelCard.Dataset(name, config: config, split: "validation", args: config)]
    }

    func load() throws -> DatasetDict {
        if let dataset { return try HubNames.dataset(dataset, config) }
        let files = [("train", trainFile), ("validation", validationFile), ("test", testFile)]
        return try loadDataset(files: files.compactMap { split, path in path.map { (split: split, path: $0) } })
    }
}
