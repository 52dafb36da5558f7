internal import SwiftletIO
internal import Yams

/// Features in the form of a dataset card:
///
///     - name: label
///       dtype:
///         class_label:
///           names:
///             '0': negative
enum CardFeatures {
    /// `nil` for features of kinds that are not known here, such as images; the data's own types are used then.
    static func features(_ node: Node) throws -> Features? {
        guard let list = node.sequence else {
            throw DatasetError(
                "'features' is not a list", remedy: "Write a list with a name and a dtype for each column.",
                kind: .malformed, at: ErrorLocation(key: "features"))
        }
        var features = Features()
        for item in list {
            guard let name = item["name"]?.scalar?.string else {
                throw DatasetError(
                    "an entry of 'features' has no 'name'",
                    remedy: "Write a list with a name and a dtype for each column.", kind: .malformed,
                    at: ErrorLocation(key: "features"))
            }
            guard let feature = try feature(item, name) else { return nil }
            features[name] = feature
        }
        return features
    }

    private static func feature(_ node: Node, _ name: String) throws -> Feature? {
        if let type = node.scalar?.string { return plain(type) }
        if node.sequence != nil { return try features(node).map { .structure($0) } }
        guard let mapping = node.mapping else { return nil }
        var length: Int?
        if let text = mapping["length"]?.scalar?.string {
            // -1 stands for lists of any length.
            guard let number = Int(text), (-1...Feature.longestFixedList).contains(number) else {
                throw DatasetError(
                    "the feature '\(name)' has the length \(text)",
                    remedy: "Give a number from 0 to \(Feature.longestFixedList), or no length.", kind: .malformed,
                    at: ErrorLocation(key: "features", column: name))
            }
            length = number < 0 ? nil : number
        }
        if let inner = mapping["class_label"] { return .classLabel(names: try names(inner["names"], name)) }
        if let inner = mapping["large_list"] { return try feature(inner, name).map { .largeList($0) } }
        if let inner = mapping["list"] ?? mapping["sequence"] {
            guard let element = try feature(inner, name) else { return nil }
            func list(_ element: Feature) -> Feature {
                length.map { .fixedList(element, length: $0) } ?? .list(element)
            }
            // A sequence of several features is a structure of lists.
            if mapping["list"] == nil, inner.sequence != nil, case .structure(let fields) = element {
                return .structure(Features(fields.map { ($0.0, list($0.1)) }))
            }
            return list(element)
        }
        if let inner = mapping["struct"] { return try feature(inner, name) }
        if let inner = mapping["dtype"] { return try feature(inner, name) }
        return nil
    }

    private static func plain(_ type: String) -> Feature? {
        let known = [
            "null", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16",
            "float32", "float64", "string", "large_string", "binary", "large_binary", "date32", "date64",
            "timestamp[s]", "timestamp[ms]", "timestamp[us]", "timestamp[ns]",
        ]
        let name = Feature.canonical(type)
        if name == "json" { return .json }
        return known.contains(name) ? .value(name) : nil
    }

    private static func names(_ node: Node?, _ feature: String) throws -> [String] {
        if let list = node?.sequence { return list.map { $0.scalar?.string ?? "" } }
        guard let mapping = node?.mapping else {
            throw DatasetError(
                "the class label '\(feature)' has no 'names'", remedy: "List the names of its classes under names.",
                kind: .malformed, at: ErrorLocation(key: "features", column: feature))
        }
        var names: [Int: String] = [:]
        for (key, value) in mapping {
            guard let label = key.scalar.flatMap({ Int($0.string) }) else {
                throw DatasetError(
                    "the class label '\(feature)' has a key that is no number",
                    remedy: "Write names as a list, or under the numbers from 0.", kind: .malformed,
                    at: ErrorLocation(key: "features", column: feature))
            }
            names[label] = value.scalar?.string ?? ""
        }
        return try (0..<names.count).map { label in
            guard let name = names[label] else {
                throw DatasetError(
                    "the class label '\(feature)' has no name for \(label)",
                    remedy: "Write a name for each number from 0.", kind: .malformed,
                    at: ErrorLocation(key: "features", column: feature))
            }
            return name
        }
    }
}
