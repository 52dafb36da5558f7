internal import SwiftletIO

extension Dataset {
    /// Applies `transform` to batches of rows and puts the columns it returns beside those there are; a column that
    /// exists is replaced. The result has the rows in order.
    ///
    ///     try dataset.map(batched: true, cacheKey: "lengths-v1") { batch in
    ///         ["length": .ints(try batch.strings("sentence1").map(\.utf8.count))]
    ///     }
    ///
    /// With a `cacheKey` the result is written to a file as it is made, mapped into memory, and found there by the
    /// next program that does the same: the same data, the same arguments, the same key. Without one it is never
    /// reused, because nobody can tell what the closure did: it goes to memory, or, from `Datasets.memoryLimit` on, to
    /// a file that is gone with the dataset. So a result of other code than that at hand can only come from a key
    /// that was left as it was when the code changed.
    ///
    /// - Parameters:
    ///   - batched: `false` calls with one row at a time.
    ///   - batchSize: rows a call; `nil` takes all at once.
    ///   - removeColumns: columns of the input that are left out. A batch may come back with another number of rows
    ///     only if no column of the input is kept.
    ///   - cacheKey: name and version of `transform`; see `CacheKey`.
    /// - Throws: `DatasetError` for columns of different lengths or types that change, and what `transform` throws.
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [], cacheKey: CacheKey? = nil,
        _ transform: (Batch) throws -> Columns
    ) throws -> Dataset {
        try map(batched: batched, batchSize: batchSize, removeColumns: removeColumns, cacheKey: cacheKey) { batch, _ in
            try transform(batch)
        }
    }

    /// Applies `transform` to batches of rows and their positions, and puts the columns it returns beside those there
    /// are.
    ///
    /// - Parameters:
    ///   - batched: `false` calls with one row at a time.
    ///   - batchSize: rows a call; `nil` takes all at once.
    ///   - removeColumns: columns of the input that are left out. A batch may come back with another number of rows
    ///     only if no column of the input is kept.
    ///   - cacheKey: name and version of `transform`; see `CacheKey`.
    /// - Throws: `DatasetError` for columns of different lengths or types that change, and what `transform` throws.
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [], cacheKey: CacheKey? = nil,
        _ transform: (Batch, Range<Int>) throws -> Columns
    ) throws -> Dataset {
        let run = try MapRun(self, "Map", batched, batchSize, removeColumns, cacheKey)
        return try run.dataset { ranges, use in
            for rows in ranges { try use(rows, try run.piece(rows, transform)) }
        }
    }

    /// Applies `transform` to batches of rows and their positions on several threads, and puts the columns it returns
    /// beside those there are.
    ///
    /// - Parameters:
    ///   - batched: `false` calls with one row at a time.
    ///   - batchSize: rows a call; `nil` takes all at once.
    ///   - removeColumns: columns of the input that are left out. A batch may come back with another number of rows
    ///     only if no column of the input is kept.
    ///   - cacheKey: name and version of `transform`; see `CacheKey`.
    ///   - numProc: how many threads call `transform`. The result is the same for any number.
    /// - Throws: `DatasetError` for columns of different lengths or types that change, and what `transform` throws.
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [], cacheKey: CacheKey? = nil, numProc: Int,
        _ transform: @Sendable (Batch, Range<Int>) throws -> Columns
    ) throws -> Dataset {
        let run = try MapRun(self, "Map", batched, batchSize, removeColumns, cacheKey)
        return try run.dataset { ranges, use in
            try Workers(numProc).map(ranges, { try run.piece($0, transform) }, use)
        }
    }

    /// Applies `transform` to batches of rows on several threads, and puts the columns it returns beside those there
    /// are.
    ///
    /// - Parameters:
    ///   - batched: `false` calls with one row at a time.
    ///   - batchSize: rows a call; `nil` takes all at once.
    ///   - removeColumns: columns of the input that are left out. A batch may come back with another number of rows
    ///     only if no column of the input is kept.
    ///   - cacheKey: name and version of `transform`; see `CacheKey`.
    ///   - numProc: how many threads call `transform`. The result is the same for any number.
    /// - Throws: `DatasetError` for columns of different lengths or types that change, and what `transform` throws.
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [], cacheKey: CacheKey? = nil, numProc: Int,
        _ transform: @Sendable (Batch) throws -> Columns
    ) throws -> Dataset {
        try map(
            batched: batched, batchSize: batchSize, removeColumns: removeColumns, cacheKey: cacheKey, numProc: numProc
        ) { batch, _ in try transform(batch) }
    }

    /// Applies `transform` to batches of rows and puts the columns it returns beside those there are. A dictionary has
    /// no order: columns with a tokenizer's names come in the tokenizer's order, the rest by name.
    ///
    /// - Parameters:
    ///   - batched: `false` calls with one row at a time.
    ///   - batchSize: rows a call; `nil` takes all at once.
    ///   - removeColumns: columns of the input that are left out. A batch may come back with another number of rows
    ///     only if no column of the input is kept.
    ///   - cacheKey: name and version of `transform`; see `CacheKey`.
    /// - Throws: `DatasetError` for columns of different lengths or types that change, and what `transform` throws.
    @_disfavoredOverload
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [], cacheKey: CacheKey? = nil,
        _ transform: (Batch) throws -> [String: ColumnData]
    ) throws -> Dataset {
        try map(batched: batched, batchSize: batchSize, removeColumns: removeColumns, cacheKey: cacheKey) {
            batch, _ -> Columns in Columns(try transform(batch))
        }
    }

    /// Applies `transform` to every row and puts the values it returns beside those there are.
    ///
    ///     try dataset.map { row in ["length": .int(row["sentence1"]?.string?.count ?? 0)] }
    public func map(
        removeColumns: [String] = [], cacheKey: CacheKey? = nil, _ transform: (Row) throws -> Row
    ) throws -> Dataset {
        try map(removeColumns: removeColumns, cacheKey: cacheKey) { row, _ in try transform(row) }
    }

    /// Applies `transform` to every row and its position, and puts the values it returns beside those there are.
    ///
    /// - Parameters:
    ///   - removeColumns: columns of the input that are left out.
    ///   - cacheKey: name and version of `transform`; see `CacheKey`.
    /// - Throws: `DatasetError` for rows with different columns, and what `transform` throws.
    public func map(
        removeColumns: [String] = [], cacheKey: CacheKey? = nil, _ transform: (Row, Int) throws -> Row
    ) throws -> Dataset {
        try map(batched: true, removeColumns: removeColumns, cacheKey: cacheKey) { batch, rows -> Columns in
            try Self.columns(batch, rows, transform)
        }
    }

    /// Applies `transform` to every row and its position on several threads, and puts the values it returns beside
    /// those there are.
    ///
    /// - Parameters:
    ///   - removeColumns: columns of the input that are left out.
    ///   - cacheKey: name and version of `transform`; see `CacheKey`.
    ///   - numProc: how many threads call `transform`. The result is the same for any number.
    /// - Throws: `DatasetError` for rows with different columns, and what `transform` throws.
    public func map(
        removeColumns: [String] = [], cacheKey: CacheKey? = nil, numProc: Int,
        _ transform: @Sendable (Row, Int) throws -> Row
    ) throws -> Dataset {
        try map(batched: true, removeColumns: removeColumns, cacheKey: cacheKey, numProc: numProc) {
            batch, rows -> Columns in try Self.columns(batch, rows, transform)
        }
    }

    private static func columns(
        _ batch: Batch, _ rows: Range<Int>, _ transform: (Row, Int) throws -> Row
    ) throws -> Columns {
        var names: [String] = []
        var columns: [[Value]] = []
        for index in 0..<batch.count {
            let row = try transform(batch[index], rows.lowerBound + index)
            if index == 0 {
                names = row.names
                columns = Array(repeating: [], count: names.count)
            }
            guard row.count == names.count else {
                throw DatasetError(
                    "map returned the columns \(DatasetError.listed(row.names)) after \(DatasetError.listed(names))",
                    remedy: "Return the same columns for every row.", kind: .columnMismatch,
                    at: ErrorLocation(option: "function"))
            }
            if row.names.areSame(as: names) {
                for (position, value) in row.values.enumerated() { columns[position].append(value) }
                continue
            }
            for (position, name) in names.enumerated() { columns[position].append(try row.value(name)) }
        }
        return Columns(zip(names, columns.map { ColumnData.values($0) }))
    }
}
