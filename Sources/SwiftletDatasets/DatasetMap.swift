extension Dataset {
    /// Applies `transform` to batches of rows and puts the columns it returns beside those there are; a column that
    /// exists is replaced. The result has the rows in order.
    ///
    ///     try dataset.map(batched: true) { batch in
    ///         ["length": .ints(try batch.strings("sentence1").map(\.utf8.count))]
    ///     }
    ///
    /// - Parameters:
    ///   - batched: `false` calls with one row at a time.
    ///   - batchSize: rows a call; `nil` takes all at once.
    ///   - removeColumns: columns of the input that are left out. A batch may come back with another number of rows
    ///     only if no column of the input is kept.
    /// - Throws: `DatasetError` for columns of different lengths or types that change, and what `transform` throws.
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [],
        _ transform: (Batch) throws -> Columns
    ) throws -> Dataset {
        for name in removeColumns { _ = try index(of: name) }
        var step = batched ? batchSize ?? count : 1
        if step <= 0 { step = count }
        // Small results are gathered, so that a row at a time does not make a chunk of each.
        var gathered = MapOutput(input: self, removed: removeColumns)
        var row = 0
        while row < count {
            let rows = row..<min(count, row + step)
            row = rows.upperBound
            try gathered.append(try transform(try batch(rows)), rows: rows)
        }
        return try gathered.finish()
    }

    /// As above, for a dictionary, which has no order: what tokenizers return comes in their order, the rest by name.
    @_disfavoredOverload
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [],
        _ transform: (Batch) throws -> [String: ColumnData]
    ) throws -> Dataset {
        try map(batched: batched, batchSize: batchSize, removeColumns: removeColumns) { batch -> Columns in
            Columns(try transform(batch))
        }
    }

    /// Applies `transform` to every row and puts the values it returns beside those there are.
    ///
    ///     try dataset.map { row in ["length": .int(row["sentence1"]?.string?.count ?? 0)] }
    public func map(removeColumns: [String] = [], _ transform: (Row) throws -> Row) throws -> Dataset {
        try map(batched: true, removeColumns: removeColumns) { batch -> Columns in
            var names: [String] = []
            var columns: [[Value]] = []
            for index in 0..<batch.count {
                let row = try transform(batch[index])
                if index == 0 {
                    names = row.names
                    columns = Array(repeating: [], count: names.count)
                }
                guard row.count == names.count else {
                    throw DatasetError(
                        "map returned the columns \(DatasetError.listed(row.names)) after \(DatasetError.listed(names))",
                        remedy: "Return the same columns for every row.")
                }
                for (position, name) in names.enumerated() { columns[position].append(try row.value(name)) }
            }
            return Columns(zip(names, columns.map { ColumnData.values($0) }))
        }
    }
}

/// What a `map` has made so far.
private struct MapOutput {
    let input: Dataset
    let removed: [String]
    private var names: [String]?
    private var types: [Feature] = []
    private var tables: [ArrowTable] = []
    private var pending: [(Columns, rows: Range<Int>)] = []
    private var pendingRows = 0

    init(input: Dataset, removed: [String]) {
        self.input = input
        self.removed = removed
    }

    private var kept: [String] {
        input.columnNames.filter { !removed.contains($0) && !(names ?? []).contains($0) }
    }

    mutating func append(_ columns: Columns, rows: Range<Int>) throws {
        if names == nil { names = columns.names }
        guard Set(columns.names) == Set(names!) else {
            throw DatasetError(
                "map returned the columns \(DatasetError.listed(columns.names)) for rows \(rows.lowerBound) to \(rows.upperBound - 1), before that \(DatasetError.listed(names!))",
                remedy: "Return the same columns for every batch.")
        }
        let length = columns.data.first?.count ?? 0
        for (name, data) in columns where data.count != length {
            throw DatasetError(
                "map returned \(data.count) rows in column '\(name)' and \(length) in '\(columns.names[0])'",
                remedy: "Return columns of one length.")
        }
        if let first = kept.first, !columns.names.isEmpty, length != rows.count {
            throw DatasetError(
                "map returned \(length) rows in column '\(columns.names[0])' for \(rows.count) rows of '\(first)'",
                remedy: "Return one value for every row, or remove all columns of the input with removeColumns.")
        }
        guard !columns.names.isEmpty else { return }
        if rows.count == 1, length <= 1 {
            pending.append((columns, rows))
            if pending.count >= 1000 { try flush() }
        } else {
            try flush()
            try build(columns, rows)
        }
    }

    private mutating func flush() throws {
        guard let first = pending.first, let last = pending.last else { return }
        let columns = first.0.names.map { name in
            (name, pending.count == 1 ? first.0[name]! : ColumnData.joining(pending.map { $0.0[name]! }))
        }
        let rows = first.rows.lowerBound..<last.rows.upperBound
        pending.removeAll()
        try build(Columns(columns), rows)
    }

    private mutating func build(_ columns: Columns, _ rows: Range<Int>) throws {
        var made: [(name: String, array: ArrowArrayHandle)] = []
        for (position, name) in names!.enumerated() {
            let data = columns[name]!
            let before = tables.isEmpty ? input.features[name] : types[position]
            do {
                let (array, feature) = try make(data, name, before, isFirst: tables.isEmpty)
                made.append((name, array))
                if tables.isEmpty { types.append(feature) } else { types[position] = feature }
            } catch let error as DatasetError {
                throw DatasetError(
                    "map, rows \(rows.lowerBound) to \(rows.upperBound - 1): \(error.message)", remedy: error.remedy)
            }
        }
        tables.append(try ArrowTable.make(made, rows: columns.data[0].count))
    }

    /// A replaced column keeps its type where the new values fit; later batches keep that of the first.
    private func make(
        _ data: ColumnData, _ name: String, _ before: Feature?, isFirst: Bool
    ) throws -> (array: ArrowArrayHandle, feature: Feature) {
        guard let before, before != .value("null") else { return try ArrowBuilding.array(data, named: name) }
        if isFirst {
            if let made = try? ArrowBuilding.array(data, named: name, as: before) { return made }
            return try ArrowBuilding.array(data, named: name)
        }
        return try ArrowBuilding.array(data, named: name, as: before)
    }

    mutating func finish() throws -> Dataset {
        try flush()
        guard let names, !names.isEmpty, !tables.isEmpty else { return try input.removeColumns(removed) }
        let made = Dataset(unchecked: try ArrowTable.concatenate(tables), Features(zip(names, types)))
        // Columns that are replaced stay where they were, new ones come last.
        let order = input.columnNames.filter { !removed.contains($0) } + names.filter {
            input.features[$0] == nil || removed.contains($0)
        }
        if kept.isEmpty { return try made.selectColumns(order) }
        let left = try input.selectColumns(kept)
        let both = Dataset(
            unchecked: try left.table.beside(made.table), Features(Array(left.features) + Array(made.features)))
        return try both.selectColumns(order)
    }
}

extension ColumnData {
    /// Pieces of one kind as one; pieces of several kinds as values.
    fileprivate static func joining(_ pieces: [ColumnData]) -> ColumnData {
        func all<T>(_ body: (ColumnData) -> [T]?) -> [T]? {
            var result: [T] = []
            for piece in pieces {
                guard let part = body(piece) else { return nil }
                result += part
            }
            return result
        }
        if let joined = all({ if case .strings(let values) = $0 { values } else { nil } }) { return .strings(joined) }
        if let joined = all({ if case .ints(let values) = $0 { values } else { nil } }) { return .ints(joined) }
        if let joined = all({ if case .doubles(let values) = $0 { values } else { nil } }) { return .doubles(joined) }
        if let joined = all({ if case .bools(let values) = $0 { values } else { nil } }) { return .bools(joined) }
        if let joined = all({ if case .intLists(let values) = $0 { values } else { nil } }) { return .intLists(joined) }
        return .values(pieces.flatMap(\.values))
    }
}
