/// One cell of a dataset.
///
/// Whole columns are read faster as `[String]`, `[Int]` and so on; see `Column`.
public indirect enum Value: Sendable, Equatable {
    case null
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case binary([UInt8])
    /// Microseconds since 1970-01-01, without a time zone.
    case timestamp(microseconds: Int)
    /// Days since 1970-01-01.
    case date(days: Int)
    case list([Value])
    case structure(Row)

    public var isNull: Bool { if case .null = self { true } else { false } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var int: Int? { if case .int(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var list: [Value]? { if case .list(let value) = self { value } else { nil } }
    public var structure: Row? { if case .structure(let value) = self { value } else { nil } }

    /// Any number.
    public var double: Double? {
        switch self {
        case .double(let value): value
        case .int(let value): Double(value)
        default: nil
        }
    }

    /// What kind of value this is, in words, for messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .int: "an integer"
        case .double: "a number"
        case .string: "a string"
        case .binary: "bytes"
        case .timestamp: "a timestamp"
        case .date: "a date"
        case .list: "a list"
        case .structure: "a structure"
        }
    }
}

/// As Python prints it.
extension Value: CustomStringConvertible {
    public var description: String {
        switch self {
        case .null: "None"
        case .bool(let value): value ? "True" : "False"
        case .int(let value): String(value)
        case .double(let value): PythonText.of(value)
        case .string(let value): PythonText.of(value)
        case .binary(let value): PythonText.of(value)
        case .timestamp(let microseconds): PythonText.timestamp(microseconds: microseconds)
        case .date(let days): PythonText.date(days: days)
        case .list(let values): PythonText.list(values.map(\.description))
        case .structure(let row): row.description
        }
    }
}

extension Value: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: Value...) { self = .list(elements) }
}

/// One row: names and values in the order of the columns.
public struct Row: Sendable, Equatable {
    public private(set) var names: [String] = []
    public private(set) var values: [Value] = []

    public init() {}

    public init(_ pairs: some Sequence<(String, Value)>) {
        for (name, value) in pairs { self[name] = value }
    }

    /// Both of the same length, the names distinct.
    init(names: [String], values: [Value]) {
        self.names = names
        self.values = values
    }

    public var count: Int { names.count }

    /// The value of a column; `nil` where there is no such column. A missing value is `.null`.
    public subscript(name: String) -> Value? {
        get { names.firstIndex(of: name).map { values[$0] } }
        set {
            if let position = names.firstIndex(of: name) {
                if let newValue {
                    values[position] = newValue
                } else {
                    names.remove(at: position)
                    values.remove(at: position)
                }
            } else if let newValue {
                names.append(name)
                values.append(newValue)
            }
        }
    }

    /// The value of a column.
    ///
    /// - Throws: `DatasetError` that lists the columns if there is no such one.
    public func value(_ name: String) throws -> Value {
        guard let value = self[name] else { throw DatasetError.noColumn(name, in: names) }
        return value
    }
}

extension Row: Sequence {
    public func makeIterator() -> Zip2Sequence<[String], [Value]>.Iterator { zip(names, values).makeIterator() }
}

extension Row: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, Value)...) { self.init(elements) }
}

extension Row: CustomStringConvertible {
    public var description: String { PythonText.dictionary(map { ($0.0, $0.1.description) }) }
}
