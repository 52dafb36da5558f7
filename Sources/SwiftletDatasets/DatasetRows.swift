internal import SwiftletIO

extension Dataset {
    /// From this many rows on, the order of a dataset from a file is kept in the cache, not in memory.
    private static let rowsInMemory = 1 << 17

    /// The rows at these positions, in this order; a row may come several times, a negative number counts from the end.
    ///
    /// Rows aren't copied: the dataset remembers their positions. `flattenIndices()` lays them out anew.
    public func select(_ rows: some Sequence<Int>) throws -> Dataset {
        let positions = try rows.map { row in
            let position = row < 0 ? row + count : row
            guard position >= 0, position < count else { throw DatasetError.noRow(row, of: count) }
            return position
        }
        return try choosing(positions, provenance.adding("select") { positions.map(String.init) })
    }

    /// Some rows, one after the other.
    public func select(_ rows: Range<Int>) throws -> Dataset {
        guard rows.lowerBound >= 0, rows.upperBound <= count else {
            throw DatasetError.noRow(rows.lowerBound < 0 ? rows.lowerBound : rows.upperBound - 1, of: count)
        }
        let provenance = provenance.adding("select") { ["\(rows)"] }
        if rows == 0..<count { return from(provenance) }
        let (stored, indices): (ArrowTable, RowIndices?) =
            if let indices { (self.stored, try indices.slice(rows)) } else { (try self.stored.slice(rows), nil) }
        return Dataset(unchecked: stored, features, indices: indices, provenance).formatted(as: self)
    }

    /// As Python's: the first rows, at most all.
    public func take(_ count: Int) throws -> Dataset { try select(0..<min(max(count, 0), self.count)) }

    /// As Python's: all but the first rows.
    public func skip(_ count: Int) throws -> Dataset { try select(min(max(count, 0), self.count)..<self.count) }

    /// The rows several times over.
    public func `repeat`(_ times: Int) throws -> Dataset {
        guard times > 0 else { return try select(0..<0) }
        return try Dataset.concatenate(Array(repeating: self, count: times))
    }

    /// Positions that are known to exist.
    func choosing(_ positions: [Int], _ provenance: Provenance) throws -> Dataset {
        if let first = positions.first, positions.indices.allSatisfy({ positions[$0] == first + $0 }) {
            return try select(first..<first + positions.count).from(provenance)
        }
        let indices = try self.indices.map { try $0.select(positions) } ?? RowIndices(positions)
        return Dataset(unchecked: stored, features, indices: indices, provenance).formatted(as: self)
    }

    /// The rows at positions that take a while to find. Many of them are kept in the cache where the dataset comes from
    /// a file, as by Python.
    func choosing(
        _ operation: String, _ provenance: Provenance, isKept: Bool? = nil, _ positions: () throws -> [Int]
    ) throws -> Dataset {
        guard isKept ?? (self.provenance.folder != nil && count >= Self.rowsInMemory) else {
            return try choosing(positions(), provenance)
        }
        let limit = stored.rows
        let chosen = try Dataset.cached(operation, provenance, isKept: true) { writer in
            var places = try positions()
            if let indices { places = places.map { indices[$0] } }
            for range in RowRanges(count: max(places.count, 1), step: 1 << 16) {
                try writer.append(
                    try RowIndices.piece(Array(places[range.clamped(to: 0..<places.count)])), RowIndices.features)
            }
        } result: { table, _, files in
            (try RowIndices(table, limit: limit), files)
        }
        guard let (indices, files) = chosen else { return try select(0..<0).from(provenance) }
        var provenance = provenance
        provenance.files += files
        return Dataset(unchecked: stored, features, indices: indices, provenance).formatted(as: self)
    }

    /// The rows laid out in their order, so that reading one after the other is reading a file from front to back.
    /// Datasets from files are written to the cache.
    public func flattenIndices() throws -> Dataset {
        guard indices != nil else { return self }
        let provenance = provenance.adding("flatten_indices")
        let result = try Dataset.cached("Flatten", provenance, isKept: self.provenance.folder != nil) { writer in
            for rows in RowRanges(count: count, step: 1 << 14) { try writer.append(try table(rows), features) }
        } result: { table, features, files in
            var provenance = provenance
            provenance.files = files
            return Dataset(unchecked: table, features, provenance)
        }
        let none = try ArrowTable.empty(features)
        return (result ?? Dataset(unchecked: none, features, provenance)).formatted(as: self)
    }

    /// The rows in an order that is the same as Python's for the same seed; a new order each time without one.
    public func shuffle(seed: UInt64? = nil) throws -> Dataset {
        let used = seed ?? .random(in: 0 ... .max)
        let provenance = provenance.adding("shuffle") { ["\(used)"] }
        return try choosing("Shuffle", provenance, isKept: seed == nil ? false : nil) {
            var generator = PCG64(seed: used)
            return generator.permutation(count)
        }
    }

    /// The rows in the order of a column, missing values last. Equal rows keep their order.
    public func sort(by column: String, descending: Bool = false) throws -> Dataset {
        try sort(by: [column], descending: [descending])
    }

    /// The rows in the order of the first column, equal ones in that of the second, and so on.
    ///
    /// - Parameter descending: for each column; empty for none.
    public func sort(by columns: [String], descending: [Bool] = []) throws -> Dataset {
        let places = try columns.map { try index(of: $0) }
        guard !columns.isEmpty, columns.textKeys.count == columns.count else {
            throw DatasetError(
                "there are no columns to sort by, or one comes twice", remedy: "Name each column once.",
                kind: .invalidArgument, at: ErrorLocation(option: "column_names"))
        }
        let directions = descending.isEmpty ? columns.map { _ in false } : descending
        guard directions.count == columns.count else {
            throw DatasetError(
                "there are \(descending.count) directions for \(columns.count) columns",
                remedy: "Give one for each column, or none.", kind: .invalidArgument,
                at: ErrorLocation(option: "reverse"))
        }
        for (name, place) in zip(columns, places) {
            switch try stored.column(place).type {
            case .list, .fixedList, .structure:
                throw DatasetError.wrongType(name, features.types[place], wanted: "values that have an order")
            default: break
            }
        }
        let provenance = provenance.adding("sort") { zip(columns, directions).map { "\($0) \($1)" } }
        return try choosing("Sort", provenance) {
            let keys = try selectColumns(columns).table()
            return try keys.sortedRows(by: Array(columns.indices), descending: directions)
        }
    }

    /// One of `count` parts of about the same size.
    ///
    /// - Parameter contiguous: rows one after the other; `false` takes every `count`th row.
    public func shard(_ count: Int, index: Int, contiguous: Bool = true) throws -> Dataset {
        guard count > 0, index >= 0, index < count else {
            throw DatasetError(
                "there is no shard \(index) of \(count)", remedy: "Shards go from 0 to the number of them less 1.",
                kind: .invalidArgument, at: ErrorLocation(option: "index"))
        }
        guard contiguous else { return try select(stride(from: index, to: self.count, by: count)) }
        let (size, more) = self.count.quotientAndRemainder(dividingBy: count)
        let start = size * index + min(index, more)
        return try select(start..<start + size + (index < more ? 1 : 0))
    }
}
