internal import SwiftletIO

extension Dataset {
    /// The rows for which `isIncluded` holds. They aren't copied: the dataset remembers their positions.
    ///
    /// - Parameter cacheKey: name and version of `isIncluded`, to keep the result for the next program; see `CacheKey`.
    public func filter(cacheKey: CacheKey? = nil, _ isIncluded: (Row) throws -> Bool) throws -> Dataset {
        try filter(cacheKey: cacheKey) { row, _ in try isIncluded(row) }
    }

    /// The rows for which `isIncluded` holds, by the row and its position. They aren't copied: the dataset remembers
    /// their positions.
    ///
    /// - Parameter cacheKey: name and version of `isIncluded`, to keep the result for the next program; see `CacheKey`.
    public func filter(cacheKey: CacheKey? = nil, _ isIncluded: (Row, Int) throws -> Bool) throws -> Dataset {
        try filter(batched: true, cacheKey: cacheKey) { batch, rows in
            try rows.map { try isIncluded(batch[$0 - rows.lowerBound], $0) }
        }
    }

    /// The rows for which a closure that answers for many rows a call says true. They aren't copied: the dataset
    /// remembers their positions.
    ///
    /// - Parameters:
    ///   - batched: `false` calls with one row at a time.
    ///   - batchSize: rows a call; `nil` takes all at once.
    ///   - cacheKey: name and version of the closure, to keep the result for the next program; see `CacheKey`.
    /// - Throws: `DatasetError` for another number of answers than rows, and what the closure throws.
    public func filter(
        batched: Bool, batchSize: Int? = 1000, cacheKey: CacheKey? = nil, _ areIncluded: (Batch) throws -> [Bool]
    ) throws -> Dataset {
        try filter(batched: batched, batchSize: batchSize, cacheKey: cacheKey) { batch, _ in try areIncluded(batch) }
    }

    /// The rows for which a closure that answers for many rows a call, and is given their positions, says true.
    ///
    /// - Parameters:
    ///   - batched: `false` calls with one row at a time.
    ///   - batchSize: rows a call; `nil` takes all at once.
    ///   - cacheKey: name and version of the closure, to keep the result for the next program; see `CacheKey`.
    /// - Throws: `DatasetError` for another number of answers than rows, and what the closure throws.
    public func filter(
        batched: Bool, batchSize: Int? = 1000, cacheKey: CacheKey? = nil,
        _ areIncluded: (Batch, Range<Int>) throws -> [Bool]
    ) throws -> Dataset {
        try filter(ranges(batched, batchSize), cacheKey) { ranges, use in
            for rows in ranges { try use(rows, try included(rows, areIncluded)) }
        }
    }

    /// The rows for which a closure says true that is called on several threads, with many rows and their positions.
    ///
    /// - Parameters:
    ///   - batched: `false` calls with one row at a time.
    ///   - batchSize: rows a call; `nil` takes all at once.
    ///   - cacheKey: name and version of the closure, to keep the result for the next program; see `CacheKey`.
    ///   - numProc: how many threads call the closure. The result is the same for any number.
    /// - Throws: `DatasetError` for another number of answers than rows, and what the closure throws.
    public func filter(
        batched: Bool, batchSize: Int? = 1000, cacheKey: CacheKey? = nil, numProc: Int,
        _ areIncluded: @Sendable (Batch, Range<Int>) throws -> [Bool]
    ) throws -> Dataset {
        try filter(ranges(batched, batchSize), cacheKey) { ranges, use in
            try Workers(numProc).map(ranges, { try included($0, areIncluded) }, use)
        }
    }

    private func ranges(_ batched: Bool, _ batchSize: Int?) -> RowRanges {
        let step = batched ? batchSize ?? count : 1
        return RowRanges(count: count, step: step > 0 ? step : count)
    }

    /// The positions, among the stored rows, of those that are included.
    private func included(_ rows: Range<Int>, _ areIncluded: (Batch, Range<Int>) throws -> [Bool]) throws -> [Int] {
        let batch = try batch(rows)
        let answers = try areIncluded(batch, rows)
        if indices == nil { batch.dataset.stored.forget() }
        guard answers.count == rows.count else {
            throw DatasetError(
                "filter returned \(answers.count) answers for \(rows.count) rows", remedy: "Return one for every row.",
                kind: .invalidArgument, at: ErrorLocation(option: "function"))
        }
        let places = indices?.rows(rows) ?? Array(rows)
        return zip(places, answers).lazy.filter(\.1).map(\.0)
    }

    private func filter(
        _ ranges: RowRanges, _ key: CacheKey?,
        _ each: (_ ranges: RowRanges, _ use: (Range<Int>, [Int]) throws -> Void) throws -> Void
    ) throws -> Dataset {
        var provenance = provenance
        if let key {
            let columns = format.columns
            provenance = provenance.adding("filter") { try key.parts() + ["\(ranges.step)", "\(columns ?? [])"] }
        } else {
            provenance.fingerprint = .unique()
        }
        let (limit, total, report) = (stored.rows, count, Datasets.onProgress)
        let chosen = try Dataset.cached("Filter", provenance, isKept: key != nil) { writer in
            var gathered: [Int] = []
            try each(ranges) { rows, places in
                gathered += places
                if gathered.count >= 1 << 16 || rows.upperBound == total {
                    try writer.append(try RowIndices.piece(gathered), RowIndices.features)
                    gathered.removeAll(keepingCapacity: true)
                }
                report?(DatasetProgress(operation: "Filter", done: rows.upperBound, total: total))
            }
        } result: { table, _, files in
            (try RowIndices(table, limit: limit), files)
        }
        guard let (indices, files) = chosen else { return from(provenance) }
        provenance.files += files
        return Dataset(unchecked: stored, features, indices: indices, provenance).formatted(as: self)
    }
}
