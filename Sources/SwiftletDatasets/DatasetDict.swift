internal import SwiftletIO

/// Datasets by split, in order.
public struct DatasetDict: Sendable {
    private var keys = OrderedKeys()
    /// The splits' datasets, in the order of `splits`.
    public private(set) var datasets: [Dataset] = []

    /// Datasets by split, in this order. Of two with one name, the later one counts.
    public init(_ pairs: some Sequence<(String, Dataset)>) {
        for (split, dataset) in pairs {
            if let position = keys.position(of: split) {
                datasets[position] = dataset
            } else {
                keys.append(split)
                datasets.append(dataset)
            }
        }
    }

    /// The splits' names, in order.
    public var splits: [String] { keys.names }
    /// The number of splits.
    public var count: Int { keys.count }
    /// Each split with its dataset, for loops.
    public var pairs: [(split: String, dataset: Dataset)] { zip(splits, datasets).map { ($0, $1) } }

    /// The dataset of a split.
    ///
    ///     let train = try raw["train"]
    ///
    /// - Throws: `DatasetError` that lists the splits if there is no such one.
    public subscript(split: String) -> Dataset {
        get throws { try self.split(split) }
    }

    /// A split by its name, or parts and sums of splits in Python's writing: `train[:10%]`, `train[100:-50]`,
    /// `train+test`, and `all` for the rows of all splits.
    ///
    /// - Throws: `DatasetError` that lists the splits if there is no such one.
    public func split(_ name: String) throws -> Dataset {
        if let position = keys.position(of: name) { return datasets[position] }
        guard let expression = try? SplitExpression(name) else { throw DatasetError.noSplit(name, in: splits) }
        return try expression.dataset(of: self)
    }

    /// A split by its name alone.
    func named(_ name: String) throws -> Dataset {
        guard let position = keys.position(of: name) else { throw DatasetError.noSplit(name, in: splits) }
        return datasets[position]
    }

    /// A split, or parts and sums of splits in Python's writing: `train[:10%]`, `train[100:-50]`, `train+test`.
    ///
    /// - Throws: `DatasetError` for a text that is no such expression, and where a split is not there.
    public func rows(_ expression: String) throws -> Dataset { try SplitExpression(expression).dataset(of: self) }

    /// The dataset of each split replaced by another.
    public func mapDatasets(_ transform: (Dataset) throws -> Dataset) throws -> DatasetDict {
        DatasetDict(zip(splits, try datasets.map(transform)))
    }

    /// As `Dataset.map`, on every split.
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [], cacheKey: CacheKey? = nil,
        _ transform: (Batch) throws -> Columns
    ) throws -> DatasetDict {
        try mapDatasets {
            try $0.map(
                batched: batched, batchSize: batchSize, removeColumns: removeColumns, cacheKey: cacheKey, transform)
        }
    }

    /// As `Dataset.map` on several threads, on every split.
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [], cacheKey: CacheKey? = nil, numProc: Int,
        _ transform: @Sendable (Batch) throws -> Columns
    ) throws -> DatasetDict {
        try mapDatasets {
            try $0.map(
                batched: batched, batchSize: batchSize, removeColumns: removeColumns, cacheKey: cacheKey,
                numProc: numProc, transform)
        }
    }

    /// Maps every split in batches with a closure that returns a dictionary; its columns come in the order of their
    /// names.
    ///
    /// - Throws: `DatasetError` for columns that don't fit the rows; what the closure throws.
    @_disfavoredOverload
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [], cacheKey: CacheKey? = nil,
        _ transform: (Batch) throws -> [String: ColumnData]
    ) throws -> DatasetDict {
        try mapDatasets {
            try $0.map(
                batched: batched, batchSize: batchSize, removeColumns: removeColumns, cacheKey: cacheKey, transform)
        }
    }

    /// Maps every split row by row; see `Dataset.map`.
    ///
    /// - Throws: `DatasetError` for rows of different columns; what the closure throws.
    public func map(
        removeColumns: [String] = [], cacheKey: CacheKey? = nil, _ transform: (Row) throws -> Row
    ) throws -> DatasetDict {
        try mapDatasets { try $0.map(removeColumns: removeColumns, cacheKey: cacheKey, transform) }
    }

    /// Every split with only the rows that the closure answers true for.
    ///
    /// - Throws: what the closure throws.
    public func filter(cacheKey: CacheKey? = nil, _ isIncluded: (Row) throws -> Bool) throws -> DatasetDict {
        try mapDatasets { try $0.filter(cacheKey: cacheKey, isIncluded) }
    }

    /// Every split with its rows in the order of a column's values; rows without a value come last.
    ///
    /// - Throws: `DatasetError` for a column that is not there or has no order.
    public func sort(by column: String, descending: Bool = false) throws -> DatasetDict {
        try mapDatasets { try $0.sort(by: column, descending: descending) }
    }

    /// Every split with the fields of structures as columns of their own, named `column.field`.
    ///
    /// - Throws: `DatasetError` where two columns would get one name.
    public func flatten() throws -> DatasetDict { try mapDatasets { try $0.flatten() } }

    /// Every split with its columns converted to other types.
    ///
    /// - Throws: `DatasetError` for other names than the columns', or values that don't fit.
    public func cast(_ features: Features) throws -> DatasetDict { try mapDatasets { try $0.cast(features) } }

    /// Every split with another choice of what rows and batches show; see `DatasetFormat`.
    ///
    /// - Throws: `DatasetError` for a column that is not there.
    public func withFormat(
        _ type: String? = nil, columns: [String]? = nil, outputAllColumns: Bool = false
    ) throws -> DatasetDict {
        try mapDatasets { try $0.withFormat(type, columns: columns, outputAllColumns: outputAllColumns) }
    }

    /// Every split in a random order. Without a seed it is another one each time.
    ///
    /// - Throws: `DatasetError` if the order can't be stored.
    public func shuffle(seed: UInt64? = nil) throws -> DatasetDict { try mapDatasets { try $0.shuffle(seed: seed) } }

    /// Every split without some columns.
    ///
    /// - Throws: `DatasetError` for a column that is not there.
    public func removeColumns(_ names: [String]) throws -> DatasetDict {
        try mapDatasets { try $0.removeColumns(names) }
    }

    /// Every split with only these columns, in this order.
    ///
    /// - Throws: `DatasetError` for a column that is not there, or one that is named twice.
    public func selectColumns(_ names: [String]) throws -> DatasetDict {
        try mapDatasets { try $0.selectColumns(names) }
    }

    /// Every split with another name for a column.
    ///
    /// - Throws: `DatasetError` for a column that is not there, or a new name that is empty or taken.
    public func renameColumn(_ name: String, to newName: String) throws -> DatasetDict {
        try mapDatasets { try $0.renameColumn(name, to: newName) }
    }

    /// Every split with a column converted to another type.
    ///
    /// - Throws: `DatasetError` for a column that is not there, or values that don't fit.
    public func castColumn(_ name: String, to feature: Feature) throws -> DatasetDict {
        try mapDatasets { try $0.castColumn(name, to: feature) }
    }
}

/// As Python prints it.
extension DatasetDict: CustomStringConvertible {
    public var description: String {
        var output = "DatasetDict({\n"
        for (split, dataset) in pairs {
            let text = "\(split): \(dataset)"
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) { output += "    \(line)\n" }
        }
        return splits.isEmpty ? "DatasetDict({\n    \n})" : output + "})"
    }
}
