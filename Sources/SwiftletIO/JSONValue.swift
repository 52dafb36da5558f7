/// A JSON document, with the order of keys and the difference between `1` and `1.0` kept.
///
/// Foundation's reader loses both, and refuses the `NaN` and `Infinity` that Python's writer puts into its files.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    public var isNull: Bool { if case .null = self { true } else { false } }
    /// The value, or nothing where it is `null`. In `flatMap { $0.isNull ? nil : $0 }` that `nil` would be `.null` itself.
    public var nonNull: JSONValue? { isNull ? Optional.none : self }

    /// An integer, also one written as `5.0`.
    public var int: Int? {
        switch self {
        case .int(let value): value
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }

    /// Any number.
    public var double: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// The value under a key of an object; `nil` where there is none or this is no object.
    public subscript(key: String) -> JSONValue? { object?[key] }

    /// What kind of value this is, in words, for messages.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .int: "an integer"
        case .double: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }

    /// Texts are compared by their code points; an integer and a number with a point are two values.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.double(let left), .double(let right)): left == right
        case (.string(let left), .string(let right)): left.isSame(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

/// The keys and values of a JSON object in the order of the file. A key that comes twice has its last value, as in
/// Python. Keys are told apart by their code points; see `TextKey`.
public struct JSONObject: Sendable, Equatable {
    private var order = OrderedKeys()
    public private(set) var values: [JSONValue] = []

    public init() {}

    public init(_ pairs: some Sequence<(String, JSONValue)>) {
        for (key, value) in pairs { self[key] = value }
    }

    public var keys: [String] { order.names }
    public var count: Int { order.count }
    public var isEmpty: Bool { values.isEmpty }

    public subscript(key: String) -> JSONValue? {
        get { order.position(of: key).map { values[$0] } }
        set {
            if let position = order.position(of: key) {
                if let newValue {
                    values[position] = newValue
                } else {
                    order.remove(at: position)
                    values.remove(at: position)
                }
            } else if let newValue {
                order.append(key)
                values.append(newValue)
            }
        }
    }

    /// Objects are equal when they hold the same values under the same keys, in any order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && zip(left.keys, left.values).allSatisfy { right[$0] == $1 }
    }
}

extension JSONObject: Sequence {
    public func makeIterator() -> Zip2Sequence<[String], [JSONValue]>.Iterator {
        zip(keys, values).makeIterator()
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}
