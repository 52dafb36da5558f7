internal import CArrowInterface
internal import SwiftletIO

/// Which rows of a table make up a dataset, in which order: a column of positions, in memory or in a file of the cache,
/// as Python keeps them.
struct RowIndices: Sendable {
    static let columnName = "indices"
    let table: ArrowTable
    private let column: ArrowColumn

    /// - Parameter limit: the number of rows there are to choose from.
    init(_ table: ArrowTable, limit: Int) throws {
        guard table.names.areSame(as: [Self.columnName]), let type = try table.type(0),
            case .int(bytes: 8, signed: false) = type
        else {
            throw DatasetError("the file holds no row indices", remedy: "Delete it.", kind: .malformed)
        }
        self.table = table
        column = try table.column(0)
        for view in column.views {
            guard !view.hasNulls, view.numbers(as: UInt64.self).allSatisfy({ $0 < UInt64(limit) }) else {
                throw DatasetError("the file has row indices outside the data", remedy: "Delete it.", kind: .malformed)
            }
        }
    }

    /// Positions that are known to exist.
    init(_ rows: [Int]) throws {
        table = try Self.piece(rows)
        column = try table.column(0)
    }

    private init(checked table: ArrowTable) throws {
        self.table = table
        column = try table.column(0)
    }

    static func piece(_ rows: [Int]) throws -> ArrowTable {
        // The bits of a position are the same with and without a sign.
        try ArrowTable.make([(columnName, try ArrowBuilding.numbers(rows, "uint64", nil))], rows: rows.count)
    }

    static var features: Features { [columnName: .value("uint64")] }

    var count: Int { column.count }

    subscript(position: Int) -> Int { column.int(position) }

    func slice(_ range: Range<Int>) throws -> RowIndices { try RowIndices(checked: try table.slice(range)) }

    var rows: [Int] { rows(0..<count) }

    func rows(_ range: Range<Int>) -> [Int] {
        var rows: [Int] = []
        rows.reserveCapacity(range.count)
        withExtendedLifetime(column) {
            var chunk = range.isEmpty ? 0 : column.chunk(of: range.lowerBound)
            while rows.count < range.count {
                let view = column.views[chunk]
                let from = range.lowerBound + rows.count - column.starts[chunk]
                let numbers = view.numbers(as: UInt64.self)[
                    from..<min(view.count, range.upperBound - column.starts[chunk])]
                rows.append(contentsOf: numbers.lazy.map { Int($0) })
                chunk += 1
            }
        }
        return rows
    }

    func select(_ positions: [Int]) throws -> RowIndices { try RowIndices(checked: try table.take(positions)) }
}
