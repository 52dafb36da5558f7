/// A JSON document, with the order of keys and the difference between `1` and `1.0` kept.
///
/// Foundation's reader loses both, and refuses the `NaN` and `Infinity` that Python's writer puts into its files.
public enum JSONValue: Sendable, Equatable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number without fraction and exponent, within 64 bits.
    case int(Int)
    /// Any other number; `NaN`, `Infinity` and `-Infinity` are read and written as Python does.
    case double(Double)
    /// A text.
    case string(String)
    /// A list.
    case array([JSONValue])
    /// Keys and values, in the order of the file.
    case object(JSONObject)

    /// The boolean; `nil` for any other kind of value.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The text; `nil` for any other kind of value.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The list; `nil` for any other kind of value.
    public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    /// The keys and values; `nil` for any other kind of value.
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    /// Whether this is `null`.
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
    /// The values, in the order of `keys`.
    public private(set) var values: [JSONValue] = []

    /// An object without keys.
    public init() {}

    /// Values by key, in this order. Of two with one key, the later one counts.
    public init(_ pairs: some Sequence<(String, JSONValue)>) {
        for (key, value) in pairs { self[key] = value }
    }

    /// The keys, in order.
    public var keys: [String] { order.names }
    /// The number of keys.
    public var count: Int { order.count }
    /// Whether there is no key.
    public var isEmpty: Bool { values.isEmpty }

    /// The value of a key; `nil` if there is none. Setting a new key adds it at the end, setting `nil` removes one.
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
    /// Values by key, as in `["epoch": 1, "loss": 0.5]`.
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .int(value) }
    /// A floating-point number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A list.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object, its keys in this order.
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}

extension JSONValue {
    /// A truth value in one of the ways that Python's argument parser takes.
    package init?(truth text: String) {
        switch text.lowercased() {
        case "true", "t", "yes", "y", "1": self = true
        case "false", "f", "no", "n", "0": self = false
        default: return nil
        }
    }
}

extension JSONValue {
    /// A number as JSON has it: `null` for one that is not finite, which JSON itself can't write.
    package static func finite(_ value: Double?) -> JSONValue {
        guard let value, value.isFinite else { return .null }
        return .double(value)
    }

    /// The value itself, but `null` for a number that is not finite.
    package var orNullIfNotFinite: JSONValue {
        if case .double(let number) = self { return .finite(number) }
        return self
    }
}
