internal import SwiftletIO

/// A table with typed columns, as Python's `datasets.Dataset`.
///
/// It never changes: every operation gives a new one that shares the columns it keeps.
public struct Dataset: Sendable {
    /// The columns and their types, in order.
    public let features: Features
    /// The rows as they are stored; `indices` says which of them there are.
    let stored: ArrowTable
    /// The positions of the rows in `stored`; `nil` for all of them in order.
    let indices: RowIndices?
    let provenance: Provenance
    /// What rows and batches show.
    public internal(set) var format = DatasetFormat()

    /// Class labels are known to be in range and types to agree.
    init(
        unchecked stored: ArrowTable, _ features: Features, indices: RowIndices? = nil, _ provenance: Provenance? = nil
    ) {
        self.stored = stored
        self.features = features
        self.indices = indices
        self.provenance = provenance ?? Provenance(fingerprint: .content(stored, features))
    }

    /// The dataset with other words for where it is from.
    func from(_ provenance: Provenance) -> Dataset {
        var result = Dataset(unchecked: stored, features, indices: indices, provenance)
        result.format = format
        return result
    }

    /// The rows in order, copied where indices choose them.
    func table() throws -> ArrowTable {
        guard let indices else { return stored }
        return try stored.take(indices.rows)
    }

    /// Some rows in order.
    func table(_ rows: Range<Int>) throws -> ArrowTable {
        guard let indices else { return try stored.slice(rows) }
        return try stored.take(indices.rows(rows))
    }

    /// A table whose columns get the declared features, converted where they differ.
    ///
    /// - Parameter fillsMissing: whether declared columns that are not there are made, without values.
    init(_ table: ArrowTable, declared: Features?, fillsMissing: Bool = false) throws {
        guard let declared else {
            try self.init(table)
            return
        }
        let there = table.names.textKeys
        let missing = fillsMissing ? [] : declared.names.filter { !there.contains(TextKey($0)) }
        let extra = table.names.filter { declared[$0] == nil }
        guard missing.isEmpty, extra.isEmpty else {
            let problem =
                missing.isEmpty
                ? "has the columns \(DatasetError.listed(extra)), which are not declared"
                : "has no column \(DatasetError.listed(missing)), which is declared"
            throw DatasetError(
                "the data \(problem)",
                remedy:
                    "The data's columns are \(DatasetError.listed(table.names)); the declared ones \(DatasetError.listed(declared.names)). Make them agree.",
                kind: .columnMismatch)
        }
        self = try Dataset(table).converted(to: declared)
    }

    /// A table with its own types.
    init(_ table: ArrowTable) throws {
        var features = Features()
        for (index, name) in table.names.enumerated() {
            guard features[name] == nil else {
                throw DatasetError(
                    "there are two columns named '\(name)'", remedy: "Give each column a name of its own.",
                    kind: .columnMismatch, at: ErrorLocation(column: name))
            }
            features[name] = try table.column(index).type.feature
        }
        self.init(unchecked: table, features)
    }

    /// The columns' names, in order.
    public var columnNames: [String] { features.names }
    /// The number of columns.
    public var numColumns: Int { features.count }
    /// The number of rows, as `count`.
    public var numRows: Int { count }
    /// The number of rows.
    public var count: Int { indices?.count ?? stored.rows }

    func index(of column: String) throws -> Int {
        guard let index = features.keys.position(of: column) else {
            throw DatasetError.noColumn(column, in: columnNames)
        }
        return index
    }

    /// One row; a negative number counts from the end.
    ///
    ///     let first = try dataset[0]
    ///
    /// - Throws: `DatasetError` if there is no such row.
    public subscript(row: Int) -> Row {
        get throws { try self.row(row) }
    }

    /// One row; a negative number counts from the end.
    ///
    /// - Throws: `DatasetError` if there is no such row.
    public func row(_ row: Int) throws -> Row {
        let position = try position(row)
        let place = indices?[position] ?? position
        guard let shown = format.shown(columnNames) else {
            return Row(keys: features.keys, values: try features.types.indices.map { try value($0, place) })
        }
        return Row(
            names: shown.map { columnNames[$0] }, values: try shown.map { try value($0, place) })
    }

    /// The value of a column in a stored row.
    private func value(_ column: Int, _ place: Int) throws -> Value {
        let (value, feature) = (try stored.column(column).value(place), features.types[column])
        return feature.isEncoded ? feature.decoded(value) : value
    }

    /// The place of a row, counted from the end where the number is negative.
    func position(_ row: Int) throws -> Int {
        let position = row < 0 ? row + count : row
        guard position >= 0, position < count else { throw DatasetError.noRow(row, of: count) }
        return position
    }

    /// Some rows as columns.
    ///
    ///     let rows = try dataset[0..<8]
    ///
    /// - Throws: `DatasetError` if one of the rows does not exist.
    public subscript(rows: Range<Int>) -> Batch {
        get throws { try batch(rows) }
    }

    /// Some rows as columns.
    ///
    /// - Throws: `DatasetError` if one of the rows does not exist.
    public func batch(_ rows: Range<Int>) throws -> Batch {
        guard rows.lowerBound >= 0, rows.upperBound <= count else {
            throw DatasetError.noRow(rows.lowerBound < 0 ? rows.lowerBound : rows.upperBound - 1, of: count)
        }
        let all = Dataset(unchecked: try table(rows), features)
        guard let shown = format.shown(columnNames) else { return Batch(dataset: all) }
        return Batch(dataset: try all.selectColumns(shown.map { columnNames[$0] }))
    }

    /// A column.
    ///
    ///     let labels = try dataset["label"].ints()
    ///
    /// - Throws: `DatasetError` that lists the columns if there is no such one.
    public subscript(column: String) -> Column {
        get throws { try self.column(column) }
    }

    /// A column.
    ///
    /// - Throws: `DatasetError` that lists the columns if there is no such one.
    public func column(_ name: String) throws -> Column {
        let index = try index(of: name)
        return Column(name: name, feature: features.types[index], storage: try stored.column(index), indices: indices)
    }

    /// A column of text. Throws where the column is missing, of another type, or has a row without a value.
    public func strings(_ column: String) throws -> [String] { try self.column(column).strings() }
    /// A column of integers or class labels. Throws as `strings(_:)`.
    public func ints(_ column: String) throws -> [Int] { try self.column(column).ints() }
    /// A column of numbers. Throws as `strings(_:)`.
    public func doubles(_ column: String) throws -> [Double] { try self.column(column).doubles() }
    /// All values of a column as booleans.
    ///
    /// - Throws: `DatasetError` for a column that is not there or of another type, or a row without a value.
    public func bools(_ column: String) throws -> [Bool] { try self.column(column).bools() }
    /// Lists of integers of the rows asked for. Throws as `strings(_:)`, and for a row outside the dataset.
    public func intLists(_ column: String, rows: some Collection<Int>) throws -> [[Int32]] {
        try self.column(column).intLists(rows: rows)
    }
    /// The length of each list of a column.
    public func listLengths(_ column: String) throws -> [Int] { try self.column(column).listLengths() }

    /// A dataset of columns in memory, all of one length.
    public static func fromColumns(_ columns: [(String, ColumnData)], features: Features? = nil) throws -> Dataset {
        let rows = columns.first?.1.count ?? 0
        for (name, data) in columns where data.count != rows {
            throw DatasetError(
                "column '\(name)' has \(data.count) rows where '\(columns[0].0)' has \(rows)",
                remedy: "Give all columns the same number of rows.",
                kind: .columnMismatch, at: ErrorLocation(column: name))
        }
        if let features {
            let names = columns.map(\.0)
            let given = names.textKeys
            if let missing = features.names.first(where: { !given.contains(TextKey($0)) }) {
                throw DatasetError.noColumn(missing, in: names)
            }
            if let extra = names.first(where: { features[$0] == nil }) {
                throw DatasetError.noColumn(extra, in: features.names)
            }
        }
        var made: [(name: String, array: ArrowArrayHandle)] = []
        var types = Features()
        for (name, data) in columns {
            guard types[name] == nil else {
                throw DatasetError(
                    "there are two columns named '\(name)'", remedy: "Give each column a name of its own.",
                    kind: .columnMismatch, at: ErrorLocation(column: name))
            }
            let (array, feature) = try ArrowBuilding.array(data, named: name, as: features?[name])
            made.append((name, array))
            types[name] = feature
        }
        return Dataset(unchecked: try ArrowTable.make(made, rows: rows), types)
    }
}

/// As Python prints it: a dataset's names and size.
extension Dataset: CustomStringConvertible {
    public var description: String {
        let names = PythonText.list(columnNames.map(PythonText.of))
        return "Dataset({\n    features: \(names),\n    num_rows: \(numRows)\n})"
    }
}

/// Some rows of a dataset, by column.
public struct Batch: Sendable {
    let dataset: Dataset

    /// The columns' names and types.
    public var features: Features { dataset.features }
    /// The columns' names, in order.
    public var columnNames: [String] { dataset.columnNames }
    /// The number of rows.
    public var count: Int { dataset.count }

    /// A column.
    ///
    /// - Throws: `DatasetError` that lists the columns if there is no such one.
    public subscript(column: String) -> Column {
        get throws { try dataset.column(column) }
    }
    /// A column.
    ///
    /// - Throws: `DatasetError` that lists the columns if there is no such one.
    public func column(_ name: String) throws -> Column { try dataset.column(name) }
    /// One row; a negative number counts from the end.
    ///
    /// - Throws: `DatasetError` if there is no such row.
    public subscript(row: Int) -> Row {
        get throws { try dataset.row(row) }
    }

    /// All values of a column of the batch as texts.
    ///
    /// - Throws: `DatasetError` for a column that is not there or of another type, or a row without a value.
    public func strings(_ column: String) throws -> [String] { try dataset.strings(column) }
    /// All values of a column of the batch as integers.
    ///
    /// - Throws: `DatasetError` for a column that is not there or of another type, or a row without a value.
    public func ints(_ column: String) throws -> [Int] { try dataset.ints(column) }
    /// All values of a column of the batch as floating-point numbers.
    ///
    /// - Throws: `DatasetError` for a column that is not there or of another type, or a row without a value.
    public func doubles(_ column: String) throws -> [Double] { try dataset.doubles(column) }
    /// All values of a column of the batch as booleans.
    ///
    /// - Throws: `DatasetError` for a column that is not there or of another type, or a row without a value.
    public func bools(_ column: String) throws -> [Bool] { try dataset.bools(column) }
    /// All values of a column of the batch as lists of integers, such as token ids.
    ///
    /// - Throws: `DatasetError` for a column that is not there or of another type, or a row without a value.
    public func intLists(_ column: String) throws -> [[Int32]] { try dataset.column(column).intLists() }
}

/// As Python prints it: a dictionary of lists.
extension Batch: CustomStringConvertible {
    public var description: String {
        PythonText.dictionary(
            columnNames.compactMap { name in
                (try? dataset.column(name)).map { (name, PythonText.list($0.values().map(\.description))) }
            })
    }
}
