import SwiftletDatasets

/// Which rows of a dataset are trained on, evaluated and predicted.
public struct SplitSelection: Sendable {
    /// Splits by name, or by an expression such as `train[:90%]`.
    public var train = "train"
    /// By default the first whose name begins with `validation`.
    public var validation: String?
    /// The split to predict, by name or expression.
    public var test = "test"
    /// The share (below 1) or number of training rows that are set aside for validation, drawn with `seed`, each class with
    /// its share. Only for datasets without a validation split.
    public var validationSize: Double?
    /// Training rows to set aside for testing: a share below 1, or a number of rows.
    public var testSize: Double?
    /// Of the random numbers that rows are set aside with.
    public var seed: UInt64 = 42
    /// The training rows are put in another order before anything else, with this seed.
    public var shuffleTrainSeed: UInt64?
    /// At most as many rows are used, the first ones.
    public var maxTrainSamples: Int?
    /// At most as many rows are evaluated, the first ones.
    public var maxEvalSamples: Int?
    /// At most as many rows are predicted, the first ones.
    public var maxPredictSamples: Int?

    /// The splits `train` and `test`, the first one named like `validation`, and all of their rows.
    public init() {}

    /// Splits that are there, without what will be set aside from the training split.
    struct Rows {
        var train: Dataset?
        var validation: (name: String, rows: Dataset)?
        var test: (name: String, rows: Dataset)?

        /// The splits with their names, the training split first.
        var all: [(name: String, rows: Dataset)] {
            (train.map { [("train", $0)] } ?? []) + [validation, test].compactMap(\.self)
        }
    }

    /// - Parameters:
    ///   - needsTrain: whether a missing training split is an error.
    ///   - needsTest: the same for the test split.
    /// - Throws: `TaskError` of kind `split` or `option`, `DatasetError` for an expression that makes no sense.
    func rows(of dataset: DatasetDict, needsTrain: Bool, needsTest: Bool) throws -> Rows {
        for (name, count) in [
            ("maxTrainSamples", maxTrainSamples), ("maxEvalSamples", maxEvalSamples),
            ("maxPredictSamples", maxPredictSamples),
        ] {
            if let count, count < 1 {
                throw TaskError(.option, "\(argumentName(name)) is \(count)", remedy: "Give at least 1.")
            }
        }
        for (name, option, size) in [
            ("validationSize", "--validation-split", validationSize), ("testSize", "--test-split", testSize),
        ] {
            guard let size, !(size > 0 && size.isFinite && (size < 1 || size == size.rounded())) else { continue }
            throw TaskError(
                .option, "\(argumentName(name)) is \(size)",
                remedy: "Give {\(name)|\(option)} a share between 0 and 1, or a number of rows.")
        }
        var rows = Rows()
        if needsTrain {
            rows.train = try split(train, of: dataset)
            if let shuffleTrainSeed { rows.train = try rows.train?.shuffle(seed: shuffleTrainSeed) }
        }
        let found = validation ?? dataset.splits.first { $0.hasPrefix("validation") }
        if let found {
            guard validationSize == nil || !needsTrain else {
                throw TaskError(
                    .option, "the dataset has a validation split, '\(found)'",
                    remedy: "Leave out {validationSize|--validation-split}, which sets training rows aside.")
            }
            rows.validation = (found, try split(found, of: dataset))
        }
        if testSize == nil, needsTest || dataset.splits.contains(test) {
            rows.test = (test, try split(test, of: dataset))
        } else if testSize != nil, dataset.splits.contains(test) {
            throw TaskError(
                .option, "the dataset has a test split, '\(test)'",
                remedy: "Leave out {testSize|--test-split}, which sets training rows aside.")
        }
        return rows
    }

    private func split(_ expression: String, of dataset: DatasetDict) throws -> Dataset {
        let rows = try dataset.rows(expression)
        guard rows.numRows > 0 else {
            throw TaskError(.split, "split '\(expression)' has no rows", remedy: "Name another one, or give it rows.")
        }
        return rows
    }

    /// Sets rows of the training split aside where that was asked for, then limits the numbers of rows.
    ///
    /// - Parameter notes: gets what the user should know about how that was done.
    func finish(_ rows: Rows, _ task: any FineTuningTask, notes: inout [String]) throws -> Rows {
        var rows = rows
        func setAside(_ size: Double, _ name: String, _ option: String) throws -> (name: String, rows: Dataset)? {
            guard let train = rows.train else { return nil }
            let count = Double(train.numRows)
            guard size < 1 ? (size * count).rounded(.up) < count : size < count else {
                throw TaskError(
                    .option,
                    "\(option) is \(Int(exactly: size).map(String.init) ?? "\(size)"), and of "
                        + "\(train.numRows) rows none would be left for training",
                    remedy: "Set fewer rows aside, or give more.")
            }
            let column = "class of the row"
            var parts: DatasetDict?
            // A class of one row, or more classes than rows to set aside, can't have its share.
            if let classes = try? task.classes(of: train, split: "train"), !train.columnNames.contains(column),
                let stratified = try? train.addColumn(
                    column, .ints(classes.ids), feature: .classLabel(names: classes.names))
            {
                parts = try? stratified.trainTestSplit(testSize: size, seed: seed, stratifyBy: column)
                    .removeColumns([column])
            }
            if parts == nil, let classes = try? task.classes(of: train, split: "train") {
                let counts = classes.ids.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
                let rare = classes.names.indices.filter { counts[$0] == 1 }.map { classes.names[$0] }
                notes.append(
                    "the rows set aside as split '\(name)' are drawn without regard to classes, because "
                        + (rare.isEmpty
                            ? "there are too few for all classes" : "these have one row only: \(listed(rare))"))
            }
            let split = try parts ?? train.trainTestSplit(testSize: size, seed: seed)
            rows.train = try split.split("train")
            let test = try split.split("test")
            if size == 1 { notes.append("one of \(train.numRows) training rows is set aside as split '\(name)'") }
            return (name, test)
        }
        if let testSize { rows.test = try setAside(testSize, "test", argumentName("testSize")) }
        if let validationSize, rows.validation == nil {
            rows.validation = try setAside(validationSize, "validation", argumentName("validationSize"))
        }
        if let count = maxTrainSamples { rows.train = try rows.train?.take(count) }
        if let count = maxEvalSamples {
            rows.validation = try rows.validation.map { ($0.name, try $0.rows.take(count)) }
        }
        if let count = maxPredictSamples { rows.test = try rows.test.map { ($0.name, try $0.rows.take(count)) } }
        return rows
    }
}
