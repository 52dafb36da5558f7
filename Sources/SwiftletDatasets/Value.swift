internal import SwiftletIO

/// One cell of a dataset.
///
/// Whole columns are read faster as `[String]`, `[Int]` and so on; see `Column`.
public indirect enum Value: Sendable, Equatable {
    /// No value.
    case null
    /// True or false.
    case bool(Bool)
    /// An integer.
    case int(Int)
    /// An integer of a `uint64` column that is above `Int.max`.
    case unsigned(UInt64)
    /// A floating-point number.
    case double(Double)
    /// A text.
    case string(String)
    /// Bytes.
    case binary([UInt8])
    /// Microseconds since 1970-01-01, without a time zone.
    case timestamp(microseconds: Int)
    /// Microseconds since 1970-01-01 in UTC, and the zone whose clock shows them, such as `UTC`, `+05:30` or
    /// `Europe/Paris`.
    case zonedTimestamp(microseconds: Int, zone: String)
    /// Days since 1970-01-01.
    case date(days: Int)
    /// Microseconds since midnight.
    case time(microseconds: Int)
    /// A length of time in microseconds.
    case duration(microseconds: Int)
    /// A decimal number, as Python's `str` writes it: `1.50`, `0E-10`.
    case decimal(String)
    /// A list; its elements may be of any kind.
    case list([Value])
    /// Named fields.
    case structure(Row)

    /// Whether this is `.null`.
    public var isNull: Bool { if case .null = self { true } else { false } }
    /// The boolean; `nil` for any other kind of value.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The integer; `nil` for any other kind of value.
    public var int: Int? { if case .int(let value) = self { value } else { nil } }
    /// The text; `nil` for any other kind of value.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The list; `nil` for any other kind of value.
    public var list: [Value]? { if case .list(let value) = self { value } else { nil } }
    /// The named fields; `nil` for any other kind of value.
    public var structure: Row? { if case .structure(let value) = self { value } else { nil } }

    /// Any number.
    public var double: Double? {
        switch self {
        case .double(let value): value
        case .int(let value): Double(value)
        case .unsigned(let value): Double(value)
        default: nil
        }
    }

    /// Texts are compared by their code points.
    public static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.double(let left), .double(let right)): left == right
        case (.string(let left), .string(let right)): left.isSame(as: right)
        case (.binary(let left), .binary(let right)): left == right
        case (.timestamp(let left), .timestamp(let right)): left == right
        case (.date(let left), .date(let right)): left == right
        case (.unsigned(let left), .unsigned(let right)): left == right
        case (.zonedTimestamp(let left, let zone), .zonedTimestamp(let right, let other)):
            left == right && zone.isSame(as: other)
        case (.time(let left), .time(let right)), (.duration(let left), .duration(let right)): left == right
        case (.decimal(let left), .decimal(let right)): left.isSame(as: right)
        case (.list(let left), .list(let right)): left == right
        case (.structure(let left), .structure(let right)): left == right
        default: false
        }
    }

    /// What kind of value this is, in words, for messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .int, .unsigned: "an integer"
        case .double: "a number"
        case .string: "a string"
        case .binary: "bytes"
        case .timestamp: "a timestamp"
        case .zonedTimestamp: "a timestamp with a zone"
        case .date: "a date"
        case .time: "a time"
        case .duration: "a duration"
        case .decimal: "a decimal number"
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
        case .unsigned(let value): String(value)
        case .double(let value): PythonText.of(value)
        case .string(let value): PythonText.of(value)
        case .binary(let value): PythonText.of(value)
        case .timestamp(let microseconds): PythonText.timestamp(microseconds: microseconds)
        case .zonedTimestamp(let microseconds, let zone):
            PythonText.timestamp(microseconds: microseconds, zone: zone)
        case .date(let days): PythonText.date(days: days)
        case .time(let microseconds): PythonText.time(microseconds: microseconds)
        case .duration(let microseconds): PythonText.duration(microseconds: microseconds)
        case .decimal(let text): "Decimal('\(text)')"
        case .list(let values): PythonText.list(values.map(\.description))
        case .structure(let row): row.description
        }
    }
}

extension Value: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral
{
    /// `.null`.
    public init(nilLiteral: ()) { self = .null }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An integer.
    public init(integerLiteral value: Int) { self = .int(value) }
    /// A floating-point number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A list.
    public init(arrayLiteral elements: Value...) { self = .list(elements) }
}

/// One row: names and values in the order of the columns.
public struct Row: Sendable, Equatable {
    private var keys: OrderedKeys
    /// The values, in the order of `names`.
    public private(set) var values: [Value] = []

    /// A row without columns.
    public init() { keys = OrderedKeys() }

    /// Values by column, in this order. Of two with one name, the later one counts.
    public init(_ pairs: some Sequence<(String, Value)>) {
        self.init()
        for (name, value) in pairs { self[name] = value }
    }

    /// Both of the same length, the names distinct.
    init(names: [String], values: [Value]) { self.init(keys: OrderedKeys(distinct: names), values: values) }

    /// Both of the same length.
    init(keys: OrderedKeys, values: [Value]) {
        self.keys = keys
        self.values = values
    }

    /// The columns' names, in order.
    public var names: [String] { keys.names }
    /// The number of columns.
    public var count: Int { keys.count }

    /// The value of a column; `nil` where there is no such column. A missing value is `.null`.
    public subscript(name: String) -> Value? {
        get { keys.position(of: name).map { values[$0] } }
        set {
            if let position = keys.position(of: name) {
                if let newValue {
                    values[position] = newValue
                } else {
                    keys.remove(at: position)
                    values.remove(at: position)
                }
            } else if let newValue {
                keys.append(name)
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
    /// Values by column, as in `["text": "a", "label": 1]`.
    public init(dictionaryLiteral elements: (String, Value)...) { self.init(elements) }
}

extension Row: CustomStringConvertible {
    public var description: String { PythonText.dictionary(map { ($0.0, $0.1.description) }) }
}
