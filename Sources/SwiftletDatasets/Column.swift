/// A column of a dataset. Values are read when asked for, whole or by row.
public struct Column: Sendable {
    public let name: String
    public let feature: Feature
    let storage: ArrowColumn

    public var count: Int { storage.count }

    /// - Precondition: `row` is within the column; a negative one counts from the end.
    public subscript(row: Int) -> Value {
        let position = row < 0 ? row + count : row
        precondition(position >= 0 && position < count, DatasetError.noRow(row, of: count).message)
        return storage.value(position)
    }

    /// All values, nulls included.
    public func values() -> [Value] {
        withExtendedLifetime(storage) {
            storage.views.flatMap { view in (0..<view.count).map { view.value($0) } }
        }
    }

    private func read<Element>(
        _ wanted: String, _ fits: Bool, _ element: (ArrowView, Int) -> Element
    ) throws -> [Element] {
        guard fits || count == 0 else { throw DatasetError.wrongType(name, feature, wanted: wanted) }
        if let row = storage.firstNull { throw DatasetError.null(row, in: name) }
        var result: [Element] = []
        result.reserveCapacity(count)
        withExtendedLifetime(storage) {
            for view in storage.views {
                for index in 0..<view.count { result.append(element(view, index)) }
            }
        }
        return result
    }

    private func readOptional<Element>(
        _ wanted: String, _ fits: Bool, _ element: (ArrowView, Int) -> Element
    ) throws -> [Element?] {
        guard fits || isNullType || count == 0 else { throw DatasetError.wrongType(name, feature, wanted: wanted) }
        return withExtendedLifetime(storage) {
            storage.views.flatMap { view in
                (0..<view.count).map { view.isNull($0) ? nil : element(view, $0) }
            }
        }
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
    public func bools() throws -> [Bool] { try read("booleans", isBool) { $0.bool($1) } }

    public func optionalStrings() throws -> [String?] { try readOptional("text", isString) { $0.string($1) } }
    public func optionalInts() throws -> [Int?] { try readOptional("integers", isInt) { $0.int($1) } }
    public func optionalDoubles() throws -> [Double?] { try readOptional("numbers", isNumber) { $0.double($1) } }
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
                let chunk = storage.chunk(of: row)
                let view = storage.views[chunk]
                let index = row - storage.starts[chunk]
                if view.isNull(index) { throw DatasetError.null(row, in: name) }
                result.append(try Self.ints(children[chunk], view.range(index), row, name))
            }
        }
        return result
    }

    public func intLists() throws -> [[Int32]] { try intLists(rows: 0..<count) }

    private static func ints(_ view: ArrowView, _ range: Range<Int>, _ row: Int, _ name: String) throws -> [Int32] {
        if view.hasNulls, let hole = range.first(where: { view.isNull($0) }) {
            throw DatasetError(
                "column '\(name)' has no value at place \(hole - range.lowerBound) of row \(row)",
                remedy: "Fill or filter out the missing values.")
        }
        switch view.type {
        case .int(bytes: 4, signed: true): return Array(view.numbers(as: Int32.self)[range])
        case .int(bytes: 1, signed: true): return view.numbers(as: Int8.self)[range].map(Int32.init)
        default:
            return try range.map { place in
                guard let value = Int32(exactly: view.int(place)) else {
                    throw DatasetError(
                        "column '\(name)' has the value \(view.int(place)) in row \(row), beyond 32 bits",
                        remedy: "Read it with `values()`.")
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
        return withExtendedLifetime(storage) {
            storage.views.flatMap { view in
                (0..<view.count).map { view.isNull($0) ? 0 : view.range($0).count }
            }
        }
    }
}

/// As Python prints it: the first five values.
extension Column: CustomStringConvertible {
    public var description: String {
        let first = (0..<min(5, count)).map { self[$0].description }.joined(separator: ", ")
        return "Column([\(first)\(count > 5 ? ", ..." : "")])"
    }
}
