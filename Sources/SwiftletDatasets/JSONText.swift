internal import SwiftletIO

/// Values of the feature `json`, which are stored as texts.
enum JSONText {
    /// The text of a value; one that is JSON already stays as it is. `nil` for bytes and times, which JSON can't hold.
    static func encoded(_ value: Value) -> String? {
        if case .string(let text) = value, (try? JSONValue(parsing: text)) != nil { return text }
        return json(value)?.text(JSONStyle())
    }

    /// Whether a column of texts holds JSON already, by its first rows, as Python decides it.
    static func looksEncoded(_ column: ArrowColumn) -> Bool {
        guard case .string = column.type else { return false }
        return (0..<min(5, column.count)).allSatisfy { row in
            column.value(row).string.map { (try? JSONValue(parsing: $0)) != nil } ?? true
        }
    }

    /// The value of a text; the text itself where it is no JSON.
    static func decoded(_ text: String) -> Value {
        guard let json = try? JSONValue(parsing: text) else { return .string(text) }
        return value(json)
    }

    private static func json(_ value: Value) -> JSONValue? {
        switch value {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .double(let value): return .double(value)
        case .string(let value): return .string(value)
        case .list(let values):
            var items: [JSONValue] = []
            for value in values {
                guard let item = json(value) else { return nil }
                items.append(item)
            }
            return .array(items)
        case .structure(let row):
            var object = JSONObject()
            for (name, value) in row {
                guard let item = json(value) else { return nil }
                object[name] = item
            }
            return .object(object)
        default: return nil
        }
    }

    private static func value(_ json: JSONValue) -> Value {
        switch json {
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .double(let value): .double(value)
        case .string(let value): .string(value)
        case .array(let items): .list(items.map { value($0) })
        case .object(let object): .structure(Row(object.map { ($0.0, value($0.1)) }))
        }
    }
}

extension Feature {
    /// Whether values are stored in another form than they are read in.
    var isEncoded: Bool {
        switch self {
        case .json: true
        case .list(let element), .largeList(let element), .fixedList(let element, _): element.isEncoded
        case .structure(let fields): fields.types.contains { $0.isEncoded }
        case .value, .classLabel: false
        }
    }

    /// A mark for this type and each one in it, `j` for JSON, in the order in which the bridge to Arrow reads them.
    fileprivate var jsonMarks: String {
        switch self {
        case .json: "j"
        case .value, .classLabel: "."
        case .list(let element), .largeList(let element), .fixedList(let element, _): "." + element.jsonMarks
        case .structure(let fields): "." + fields.types.map(\.jsonMarks).joined()
        }
    }

    /// The type with `json` at the end of a path of keys, and of numbers for the elements of lists.
    func withJSON(at path: ArraySlice<JSONValue>) -> Feature {
        guard let step = path.first else { return .json }
        switch (self, step) {
        case (.list(let element), .int): return .list(element.withJSON(at: path.dropFirst()))
        case (.structure(var fields), .string(let key)):
            fields[key] = fields[key]?.withJSON(at: path.dropFirst())
            return .structure(fields)
        default: return self
        }
    }

    /// The type of both where `json` takes the place of what it meets; `nil` where they differ in other ways.
    func joinedByJSON(_ other: Feature) -> Feature? {
        switch (self, other) {
        case (.json, _), (_, .json): return .json
        case (.list(let left), .list(let right)): return left.joinedByJSON(right).map { .list($0) }
        case (.structure(var left), .structure(let right)):
            for (name, feature) in right {
                guard let joined = left[name].map({ $0.joinedByJSON(feature) }) ?? feature else { return nil }
                left[name] = joined
            }
            return .structure(left)
        default: return ArrowBuilding.join(self, other)
        }
    }

    /// A stored value as it is read.
    func decoded(_ value: Value) -> Value {
        switch (self, value) {
        case (.json, .string(let text)): JSONText.decoded(text)
        case (.list(let element), .list(let values)), (.largeList(let element), .list(let values)),
            (.fixedList(let element, _), .list(let values)):
            element.isEncoded ? .list(values.map { element.decoded($0) }) : value
        case (.structure(let fields), .structure(let row)):
            .structure(Row(row.map { ($0.0, fields[$0.0]?.decoded($0.1) ?? $0.1) }))
        default: value
        }
    }
}

extension Features {
    /// Which of the stored texts files mark as JSON; `nil` where none are.
    var jsonMarks: String? {
        types.contains(where: \.isEncoded) ? types.map(\.jsonMarks).joined() : nil
    }
}
