internal import SwiftletIO

/// Datasets by split, in order.
public struct DatasetDict: Sendable {
    private var keys = OrderedKeys()
    public private(set) var datasets: [Dataset] = []

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

    public var splits: [String] { keys.names }
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
            try $0.map(batched: batched, batchSize: batchSize, removeColumns: removeColumns, cacheKey: cacheKey, transform)
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

    @_disfavoredOverload
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [], cacheKey: CacheKey? = nil,
        _ transform: (Batch) throws -> [String: ColumnData]
    ) throws -> DatasetDict {
        try mapDatasets {
            try $0.map(batched: batched, batchSize: batchSize, removeColumns: removeColumns, cacheKey: cacheKey, transform)
        }
    }

    public func map(
        removeColumns: [String] = [], cacheKey: CacheKey? = nil, _ transform: (Row) throws -> Row
    ) throws -> DatasetDict {
        try mapDatasets { try $0.map(removeColumns: removeColumns, cacheKey: cacheKey, transform) }
    }

    public func filter(cacheKey: CacheKey? = nil, _ isIncluded: (Row) throws -> Bool) throws -> DatasetDict {
        try mapDatasets { try $0.filter(cacheKey: cacheKey, isIncluded) }
    }

    public func sort(by column: String, descending: Bool = false) throws -> DatasetDict {
        try mapDatasets { try $0.sort(by: column, descending: descending) }
    }

    public func flatten() throws -> DatasetDict { try mapDatasets { try $0.flatten() } }

    public func cast(_ features: Features) throws -> DatasetDict { try mapDatasets { try $0.cast(features) } }

    public func withFormat(
        _ type: String? = nil, columns: [String]? = nil, outputAllColumns: Bool = false
    ) throws -> DatasetDict {
        try mapDatasets { try $0.withFormat(type, columns: columns, outputAllColumns: outputAllColumns) }
    }

    public func shuffle(seed: UInt64? = nil) throws -> DatasetDict { try mapDatasets { try $0.shuffle(seed: seed) } }

    public func removeColumns(_ names: [String]) throws -> DatasetDict {
        try mapDatasets { try $0.removeColumns(names) }
    }

    public func selectColumns(_ names: [String]) throws -> DatasetDict {
        try mapDatasets { try $0.selectColumns(names) }
    }

    public func renameColumn(_ name: String, to newName: String) throws -> DatasetDict {
        try mapDatasets { try $0.renameColumn(name, to: newName) }
    }

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
