internal import CArrowInterface
internal import SwiftletIO
internal import Synchronization

/// Runs a call of the bridge; its message becomes the error.
func arrow(_ action: String, _ status: Int32) throws {
    guard status == 0 else {
        let text = String(cString: carrow_message())
        guard var error = ReadingError.worded(text) else {
            throw DatasetError("can't \(action): \(text)", kind: .malformed)
        }
        error.message = "can't \(action): \(error.message)"
        error.kind = .unsupported
        throw error
    }
}

/// Hands an array of C strings to `body`.
func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) throws -> Result
) rethrows -> Result {
    var bytes: [CChar] = []
    var places: [Int] = []
    for string in strings {
        places.append(bytes.count)
        bytes.append(contentsOf: string.utf8.lazy.map { CChar(bitPattern: $0) })
        bytes.append(0)
    }
    bytes.append(0)
    return try bytes.withUnsafeBufferPointer { bytes in
        let pointers: [UnsafePointer<CChar>?] = places.map { bytes.baseAddress! + $0 } + [nil]
        return try pointers.withUnsafeBufferPointer { try body($0.baseAddress!) }
    }
}

/// An immutable table of the bridge.
// Sendable: the handle is never written after `init`, Arrow tables don't change, and the cache has a lock.
final class ArrowTable: @unchecked Sendable {
    let handle: OpaquePointer
    let names: [String]
    let rows: Int
    private let columns: Mutex<[ArrowColumn?]>

    /// Takes the handle over.
    init(taking handle: OpaquePointer) {
        self.handle = handle
        let count = carrow_table_columns(handle)
        names = (0..<count).map { String(cString: carrow_table_name(handle, $0)) }
        rows = Int(carrow_table_rows(handle))
        columns = Mutex(Array(repeating: nil, count: Int(count)))
    }

    deinit { carrow_table_release(handle) }

    /// Calls the bridge for a new table, with the owners of the handles it uses kept alive.
    private static func make(
        _ action: String, keeping owners: some Any, _ body: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
    ) throws -> ArrowTable {
        var handle: OpaquePointer?
        try withExtendedLifetime(owners) { try arrow(action, body(&handle)) }
        return ArrowTable(taking: handle!)
    }

    static func reading(_ body: (UnsafeMutablePointer<OpaquePointer?>) -> Int32) throws -> ArrowTable {
        var handle: OpaquePointer?
        guard body(&handle) == 0 else { throw ArrowMessage.latest }
        let table = ArrowTable(taking: handle!)
        try table.checkSizes()
        return table
    }

    /// - Throws: `ArrowMessage` where the file claims more rows than there can be.
    func checkSizes() throws {
        guard withExtendedLifetime(self, { carrow_table_check_sizes(handle) }) == 0 else {
            throw ArrowMessage.latest
        }
    }

    func metadata(_ key: String) -> String? {
        withExtendedLifetime(self) { carrow_table_metadata(handle, key).map { String(cString: $0) } }
    }

    func type(_ column: Int) throws -> ArrowType? {
        var schema = ArrowSchema()
        try withExtendedLifetime(self) {
            try arrow("read the type of column '\(names[column])'", carrow_table_type(handle, Int64(column), &schema))
        }
        defer { schema.release?(&schema) }
        return ArrowType(&schema)
    }

    func column(_ index: Int) throws -> ArrowColumn {
        if let column = columns.withLock({ $0[index] }) { return column }
        let column = try ArrowColumn(self, index)
        columns.withLock { $0[index] = column }
        return column
    }

    func slice(_ range: Range<Int>) throws -> ArrowTable {
        try Self.make("take rows", keeping: self) {
            carrow_table_slice(handle, Int64(range.lowerBound), Int64(range.count), $0)
        }
    }

    func take(_ rows: [Int]) throws -> ArrowTable {
        let rows = rows.map(Int64.init)
        return try Self.make("take rows", keeping: self) { carrow_table_take(handle, rows, Int64(rows.count), $0) }
    }

    func select(_ columns: [Int], as names: [String]) throws -> ArrowTable {
        let columns = columns.map(Int64.init)
        return try withCStrings(names) { names in
            try Self.make("choose columns", keeping: self) {
                carrow_table_select(handle, columns, names, Int64(columns.count), $0)
            }
        }
    }

    /// Columns by their names, which are those of distinct ones of this table.
    func choosing(_ names: [String]) throws -> ArrowTable {
        let places = Dictionary(
            self.names.enumerated().map { (TextKey($1), $0) }, uniquingKeysWith: { first, _ in first })
        return try select(
            try names.map { name in
                guard let place = places[TextKey(name)] else { throw DatasetError.noColumn(name, in: self.names) }
                return place
            }, as: names)
    }

    func beside(_ other: ArrowTable) throws -> ArrowTable {
        try Self.make("put columns side by side", keeping: (self, other)) {
            carrow_table_beside(handle, other.handle, $0)
        }
    }

    static func concatenate(_ tables: [ArrowTable]) throws -> ArrowTable {
        let handles: [OpaquePointer?] = tables.map(\.handle)
        return try make("put rows together", keeping: tables) {
            carrow_table_concatenate(handles, Int64(handles.count), $0)
        }
    }

    func cast(_ column: Int, to type: String) throws -> ArrowTable {
        func cast(_ table: ArrowTable) throws -> ArrowTable {
            try Self.make("convert column '\(names[column])' to \(type)", keeping: table) {
                carrow_table_cast(table.handle, Int64(column), type, $0)
            }
        }
        do { return try cast(self) } catch {
            // Which row it is, Arrow does not say.
            var rows = 0..<self.rows
            while rows.count > 1 {
                let middle = rows.lowerBound + rows.count / 2
                let isFirst = (try? cast(try slice(rows.lowerBound..<middle))) == nil
                rows = isFirst ? rows.lowerBound..<middle : middle..<rows.upperBound
            }
            guard let row = rows.first, (try? cast(try slice(rows))) == nil else { throw error }
            let value = try self.column(column).value(row)
            throw DatasetError(
                "column '\(names[column])', row \(RowOffset.first + row): \(value) can't be converted to \(type)",
                remedy: "Correct the value, or give the column another type.", kind: .wrongType,
                at: ErrorLocation(column: names[column], row: RowOffset.first + row))
        }
    }

    /// A column replaced by another.
    func replacing(_ column: Int, with made: [(name: String, array: ArrowArrayHandle)]) throws -> ArrowTable {
        var order = Array(names.indices)
        order[column] = names.count
        return try beside(try ArrowTable.make(made, rows: rows)).select(order, as: names)
    }

    /// The types of another table with as many columns, nested ones included.
    func cast(like other: ArrowTable) throws -> ArrowTable {
        try Self.make("convert columns", keeping: (self, other)) { carrow_table_cast_like(handle, other.handle, $0) }
    }

    /// Structures replaced by their fields, one level.
    func flattened() throws -> ArrowTable {
        try Self.make("flatten columns", keeping: self) { carrow_table_flatten(handle, $0) }
    }

    func sortedRows(by columns: [Int], descending: [Bool]) throws -> [Int] {
        var rows = [Int64](repeating: 0, count: self.rows)
        let places = columns.map(Int64.init)
        let names = columns.map { self.names[$0] }
        try withExtendedLifetime(self) {
            try arrow(
                "sort by \(DatasetError.listed(names))",
                carrow_table_sort(handle, places, descending, Int64(places.count), &rows))
        }
        return rows.map(Int.init)
    }

    /// The bytes that the rows take up.
    var bytes: Int { withExtendedLifetime(self) { Int(carrow_table_bytes(handle)) } }

    /// Gives the memory of pages that are mapped from a file back; they are read again when touched.
    func forget() { withExtendedLifetime(self) { carrow_table_forget(handle) } }

    /// A table without rows whose columns are stored as features are.
    static func empty(_ features: Features) throws -> ArrowTable {
        var columns: [(name: String, array: ArrowArrayHandle)] = []
        for (name, feature) in features {
            columns.append((name, try ArrowBuilding.array(.values([]), named: name, as: feature).array))
        }
        return try make(columns, rows: 0)
    }

    static func make(_ columns: [(name: String, array: ArrowArrayHandle)], rows: Int) throws -> ArrowTable {
        let arrays: [OpaquePointer?] = columns.map(\.array.handle)
        return try withCStrings(columns.map(\.name)) { names in
            try make("make a table", keeping: columns) {
                carrow_table_make(names, arrays, Int64(arrays.count), Int64(rows), $0)
            }
        }
    }
}

/// A message of the bridge, before the file is named.
struct ArrowMessage: Error {
    var text: String
    /// The system's number of the error; 0 where the fault is in the data.
    var number: Int32 = 0

    /// What this thread's last call of the bridge that failed has left.
    static var latest: ArrowMessage {
        ArrowMessage(text: String(cString: carrow_message()), number: carrow_error_number())
    }
}

/// An array of the bridge, on its way into a table.
final class ArrowArrayHandle {
    let handle: OpaquePointer

    init(_ action: String, _ body: (UnsafeMutablePointer<OpaquePointer?>) -> Int32) throws {
        var handle: OpaquePointer?
        try arrow(action, body(&handle))
        self.handle = handle!
    }

    deinit { carrow_array_release(handle) }
}
