internal import SwiftletIO

/// Features as Python stores them in the metadata of Parquet and Arrow files.
extension Features {
    /// The features in a file's `huggingface` metadata; `nil` where there are none, or some of a kind that is not known
    /// here.
    init?(metadata: String) {
        guard let object = Self.object(in: metadata) else { return nil }
        self.init(known: metadata)
        if count < object.count { return nil }
    }

    /// Those features in a file's `huggingface` metadata that are of a kind that is known here: no images, no audio, ...
    init(known metadata: String) {
        self.init()
        for (name, value) in Self.object(in: metadata) ?? [:] {
            if let feature = Feature(json: value) { self[name] = feature }
        }
    }

    private static func object(in metadata: String) -> JSONObject? {
        (try? JSONValue(parsing: metadata))?["info"]?["features"]?.object
    }

    /// Those of the columns that were chosen, where some were.
    func chosen(_ columns: [String]?, of names: [String]) -> Features {
        let names = names.textKeys
        return columns == nil ? self : Features(filter { names.contains(TextKey($0.0)) })
    }

    /// The text for a file's `huggingface` metadata.
    var metadata: String { JSONValue.object(["info": .object(["features": json])]).text() }

    /// The features as in `dataset_info.json`.
    var json: JSONValue { .object(JSONObject(map { ($0.0, $0.1.json) })) }
}

extension Feature {
    init?(json: JSONValue) {
        if let list = json.array {
            guard list.count == 1, let element = Feature(json: list[0]) else { return nil }
            self = .list(element)
            return
        }
        guard let object = json.object else { return nil }
        switch object["_type"]?.string {
        case "Value":
            guard let name = object["dtype"]?.string else { return nil }
            self = .value(Feature.canonical(name))
        case "ClassLabel":
            guard let names = object["names"]?.array?.compactMap(\.string) else { return nil }
            self = .classLabel(names: names)
        case "List", "Sequence":
            let length = object["length"]?.int ?? -1
            guard length <= Feature.longestFixedList else { return nil }
            guard let inner = object["feature"] else { return nil }
            // An old Sequence of a structure is stored as a structure of lists.
            if object["_type"]?.string == "Sequence", inner.object?["_type"] == nil, let fields = inner.object {
                var features = Features()
                for (name, value) in fields {
                    guard let element = Feature(json: value) else { return nil }
                    features[name] = length < 0 ? .list(element) : .fixedList(element, length: length)
                }
                self = .structure(features)
                return
            }
            guard let element = Feature(json: inner) else { return nil }
            self = length < 0 ? .list(element) : .fixedList(element, length: length)
        case "Json": self = object["decode"]?.bool == false ? .value(Self.undecodedJSON) : .json
        case "LargeList":
            guard let inner = object["feature"], let element = Feature(json: inner) else { return nil }
            self = .largeList(element)
        case nil:
            var features = Features()
            for (name, value) in object {
                guard let feature = Feature(json: value) else { return nil }
                features[name] = feature
            }
            self = .structure(features)
        default: return nil
        }
    }

    /// What JSON that is shown as its texts is called until it is known to be in a file.
    static let undecodedJSON: DTypeName = "json"

    /// The feature of rows that are read: JSON that is shown as its texts is a string.
    var settled: Feature {
        switch self {
        case .value(Self.undecodedJSON): .value("string")
        case .list(let element): .list(element.settled)
        case .largeList(let element): .largeList(element.settled)
        case .fixedList(let element, let length): .fixedList(element.settled, length: length)
        case .structure(let features): .structure(Features(features.map { ($0.0, $0.1.settled) }))
        default: self
        }
    }

    fileprivate var json: JSONValue {
        switch self {
        case .value(let name): ["dtype": .string(name), "_type": "Value"]
        case .classLabel(let names): ["names": .array(names.map { .string($0) }), "_type": "ClassLabel"]
        case .list(let element): ["feature": element.json, "_type": "List"]
        case .largeList(let element): ["feature": element.json, "_type": "LargeList"]
        case .fixedList(let element, let length):
            ["feature": element.json, "length": .int(length), "_type": "List"]
        case .structure(let features): .object(JSONObject(features.map { ($0.0, $0.1.json) }))
        case .json: ["_type": "Json"]
        }
    }

    /// `float` and `double` are other names of `float32` and `float64`.
    static func canonical(_ name: DTypeName) -> DTypeName {
        switch name {
        case "float": "float32"
        case "double": "float64"
        case "boolean": "bool"
        case "utf8": "string"
        // Views are read as plain columns.
        case "string_view": "large_string"
        case "binary_view": "large_binary"
        default: name
        }
    }
}
