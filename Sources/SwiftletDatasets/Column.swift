import SwiftletIO

/// A column of a dataset. Values are read when asked for, whole or by row.
public struct Column: Sendable {
    /// The column's name.
    public let name: String
    /// The type of its values.
    public let feature: Feature
    let storage: ArrowColumn
    /// The places of the rows in `storage`; `nil` for all of them in order.
    let indices: RowIndices?

    /// Rows of the column.
    public var count: Int { indices?.count ?? storage.count }

    /// Calls `body` with where each row is: a chunk and a place in it.
    func each(_ body: (_ chunk: Int, _ place: Int, _ row: Int) throws -> Void) rethrows {
        try withExtendedLifetime(storage) {
            guard let indices else {
                for (chunk, view) in storage.views.enumerated() {
                    for place in 0..<view.count { try body(chunk, place, storage.starts[chunk] + place) }
                }
                return
            }
            for (row, place) in indices.rows.enumerated() {
                let chunk = storage.chunk(of: place)
                try body(chunk, place - storage.starts[chunk], row)
            }
        }
    }

    /// The value of one row; a negative number counts from the end.
    ///
    /// - Throws: `DatasetError` if there is no such row.
    public subscript(row: Int) -> Value {
        get throws {
            let position = row < 0 ? row + count : row
            guard position >= 0, position < count else { throw DatasetError.noRow(row, of: count) }
            let value = storage.value(indices?[position] ?? position)
            return feature.isEncoded ? feature.decoded(value) : value
        }
    }

    /// All values, nulls included.
    public func values() -> [Value] {
        var result: [Value] = []
        result.reserveCapacity(count)
        each { chunk, place, _ in result.append(storage.views[chunk].value(place)) }
        return feature.isEncoded ? result.map { feature.decoded($0) } : result
    }

    private func read<Element>(
        _ wanted: String, _ fits: Bool, _ element: (ArrowView, Int) -> Element
    ) throws -> [Element] {
        guard fits || count == 0 else { throw DatasetError.wrongType(name, feature, wanted: wanted) }
        var result: [Element] = []
        result.reserveCapacity(count)
        let mayMiss = storage.views.contains(where: \.hasNulls)
        try each { chunk, place, row in
            let view = storage.views[chunk]
            if mayMiss, view.isNull(place) { throw DatasetError.null(row, in: name) }
            result.append(element(view, place))
        }
        return result
    }

    private func readOptional<Element>(
        _ wanted: String, _ fits: Bool, _ element: (ArrowView, Int) -> Element
    ) throws -> [Element?] {
        guard fits || isNullType || count == 0 else { throw DatasetError.wrongType(name, feature, wanted: wanted) }
        var result: [Element?] = []
        result.reserveCapacity(count)
        each { chunk, place, _ in
            let view = storage.views[chunk]
            result.append(view.isNull(place) ? nil : element(view, place))
        }
        return result
    }

    private var isNullType: Bool { if case .null = storage.type { true } else { false } }
    private var isString: Bool { if case .string = storage.type { true } else { false } }
    private var isInt: Bool { if case .int = storage.type { true } else { false } }
    private var isBool: Bool { if case .bool = storage.type { true } else { false } }
    private var isNumber: Bool { if case .float = storage.type { true } else { isInt } }

    /// - Throws: `DatasetError` if the column holds something else, or no value in a row, which it names.
    public func strings() throws -> [String] { try read("text", isString) { $0.string($1) } }
    /// Integers, class labels included. Throws as `strings()`.
    public func ints() throws -> [Int] { try read("integers", isInt) { $0.int($1) } }
    /// Any numbers. Throws as `strings()`.
    public func doubles() throws -> [Double] { try read("numbers", isNumber) { $0.double($1) } }
    /// All values as booleans.
    ///
    /// - Throws: `DatasetError` for a column of another type, or a row without a value.
    public func bools() throws -> [Bool] { try read("booleans", isBool) { $0.bool($1) } }

    /// All values as texts, `nil` where there is none.
    ///
    /// - Throws: `DatasetError` for a column of another type.
    public func optionalStrings() throws -> [String?] { try readOptional("text", isString) { $0.string($1) } }
    /// All values as integers, `nil` where there is none.
    ///
    /// - Throws: `DatasetError` for a column of another type.
    public func optionalInts() throws -> [Int?] { try readOptional("integers", isInt) { $0.int($1) } }
    /// All values as floating-point numbers, `nil` where there is none.
    ///
    /// - Throws: `DatasetError` for a column of another type.
    public func optionalDoubles() throws -> [Double?] { try readOptional("numbers", isNumber) { $0.double($1) } }
    /// All values as booleans, `nil` where there is none.
    ///
    /// - Throws: `DatasetError` for a column of another type.
    public func optionalBools() throws -> [Bool?] { try readOptional("booleans", isBool) { $0.bool($1) } }

    /// Lists of integers, such as `input_ids`, of the rows asked for.
    ///
    /// - Throws: `DatasetError` for another type, a row outside the column, or a value that is missing or beyond 32 bits.
    public func intLists(rows: some Collection<Int>) throws -> [[Int32]] {
        guard let element = listElement, case .int = element else {
            if count == 0, rows.isEmpty { return [] }
            throw DatasetError.wrongType(name, feature, wanted: "lists of integers")
        }
        let children = storage.views.map { $0.child(0, element) }
        var result: [[Int32]] = []
        result.reserveCapacity(rows.count)
        try withExtendedLifetime(storage) {
            for row in rows {
                guard row >= 0, row < count else { throw DatasetError.noRow(row, of: count) }
                let place = indices?[row] ?? row
                let chunk = storage.chunk(of: place)
                let view = storage.views[chunk]
                let index = place - storage.starts[chunk]
                if view.isNull(index) { throw DatasetError.null(row, in: name) }
                result.append(try Self.ints(children[chunk], view.range(index), row, name))
            }
        }
        return result
    }

    /// All values as lists of integers, such as token ids.
    ///
    /// - Throws: `DatasetError` for a column of another type, a row without a value, or a number beyond 32 bits.
    public func intLists() throws -> [[Int32]] { try intLists(rows: 0..<count) }

    private static func ints(_ view: ArrowView, _ range: Range<Int>, _ row: Int, _ name: String) throws -> [Int32] {
        if view.hasNulls, let hole = range.first(where: { view.isNull($0) }) {
            throw DatasetError(
                "column '\(name)' has no value at place \(hole - range.lowerBound) of row \(row)",
                remedy: "Fill or filter out the missing values.",
                kind: .missingValue, at: ErrorLocation(column: name, row: row))
        }
        switch view.type {
        case .int(bytes: 4, signed: true): return Array(view.numbers(as: Int32.self)[range])
        case .int(bytes: 1, signed: true): return view.numbers(as: Int8.self)[range].map(Int32.init)
        default:
            return try range.map { place in
                guard let value = Int32(exactly: view.int(place)) else {
                    throw DatasetError(
                        "column '\(name)' has the value \(view.int(place)) in row \(row), beyond 32 bits",
                        remedy: "Read it with `values()`.", commandLine: "Choose a column of smaller numbers.",
                        kind: .wrongType, at: ErrorLocation(column: name, row: row))
                }
                return value
            }
        }
    }

    private var listElement: ArrowType? {
        switch storage.type {
        case .list(let element, _), .fixedList(let element, _): element
        default: nil
        }
    }

    /// The length of each list. A missing list has length 0.
    public func listLengths() throws -> [Int] {
        guard listElement != nil || count == 0 else {
            throw DatasetError.wrongType(name, feature, wanted: "lists")
        }
        var result: [Int] = []
        result.reserveCapacity(count)
        each { chunk, place, _ in
            let view = storage.views[chunk]
            result.append(view.isNull(place) ? 0 : view.range(place).count)
        }
        return result
    }
}

/// As Python prints it: the first five values.
extension Column: CustomStringConvertible {
    public var description: String {
        let first = (0..<min(5, count)).map { storage.value(indices?[$0] ?? $0).description }.joined(separator: ", ")
        return "Column([\(first)\(count > 5 ? ", ..." : "")])"
    }
}
