import ArgumentParser
import Swiftlet

/// What Python's scripts do with a dataset before they use it, under the names of `run_classification.py`.
struct ScriptDataOptions: ParsableArguments {
    @Option(help: "Split to train on, such as train or train[:90%].") var trainSplitName: String?
    @Option(help: "Split to evaluate on.") var validationSplitName: String?
    @Option(help: "Split to predict.") var testSplitName: String?
    @Option(help: "Splits to leave out, with commas between.") var removeSplits: String?
    @Option(help: "Columns to leave out, with commas between.") var removeColumns: String?
    @Flag(help: "Shuffle the train split before rows of it are taken.") var shuffleTrainDataset = false
    @Option(help: "Seed of that. (default: 42)") var shuffleSeed: UInt64?

    func validate() throws {
        if shuffleSeed != nil, !shuffleTrainDataset {
            throw ValidationError("--shuffle-seed needs --shuffle-train-dataset.")
        }
    }

    /// In the scripts' order: splits leave, are renamed, columns leave, rows are shuffled.
    func applied(to dataset: DatasetDict) throws -> DatasetDict {
        var pairs = dataset.pairs
        for name in Self.names(removeSplits) {
            _ = try dataset.split(name)
            pairs.removeAll { $0.split == name }
        }
        let left = DatasetDict(pairs.map { ($0.split, $0.dataset) })
        let chosen = [("train", trainSplitName), ("validation", validationSplitName), ("test", testSplitName)]
        for (name, expression) in chosen {
            guard let expression, expression != name else { continue }
            let rows = try left.rows(expression)
            pairs.removeAll { $0.split == expression || $0.split == name }
            pairs.append((name, rows))
        }
        if shuffleTrainDataset, let place = pairs.firstIndex(where: { $0.split == "train" }) {
            pairs[place].dataset = try pairs[place].dataset.shuffle(seed: shuffleSeed ?? 42)
        }
        let result = DatasetDict(pairs.map { ($0.split, $0.dataset) })
        let columns = Self.names(removeColumns)
        return columns.isEmpty ? result : try result.removeColumns(columns)
    }

    private static func names(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map { $0.split(separator: " ").joined(separator: " ") }
    }
}
