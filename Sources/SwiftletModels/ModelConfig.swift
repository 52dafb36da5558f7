public import SwiftletIO

/// How the loss of a classification head is computed.
public enum ProblemType: String, Sendable {
    /// The squared difference of numbers; what a model with one label has by default.
    case regression
    /// The cross-entropy of one class a row.
    case singleLabelClassification = "single_label_classification"
    /// The binary cross-entropy of each label by itself.
    case multiLabelClassification = "multi_label_classification"
}

/// A `config.json`, read key by key with errors that name file and key, and written back with everything it had.
public struct ModelConfig: Sendable {
    /// The keys as in the file. Kept whole, so that saving loses nothing.
    public var json: JSONObject
    /// Where it came from, for messages: the file and, of an object within it, the key of that object.
    public let path: String
    /// The file, and the key of the object within it, if it is not the whole.
    private let source: (file: String, key: String?)

    /// Reads a `config.json`.
    ///
    /// - Throws: `FileError` if it can't be read, `JSONError` or `ModelError` if it holds no object.
    public init(contentsOf path: String) throws {
        let json = try JSONValue(contentsOf: path)
        guard let object = json.object else {
            throw ModelError(
                "'\(path)' holds \(json.kind), not a model's configuration", remedy: ModelError.correctConfiguration,
                kind: .configuration, at: ErrorLocation(path: path))
        }
        self.init(object, path: path)
    }

    /// - Parameters:
    ///   - json: the keys of a `config.json`.
    ///   - path: the file that errors name.
    public init(_ json: JSONObject, path: String = "config.json") {
        self.json = json
        self.path = path
        source = (path, nil)
    }

    /// An object within a configuration, such as `rope_parameters`, with errors that name both.
    init(_ json: JSONObject, at key: String, of outer: ModelConfig) {
        self.json = json
        path = "\(outer.path)' at '\(key)"
        source = (outer.source.file, outer.source.key.map { "\($0).\(key)" } ?? key)
    }

    /// Where a key stands, for errors.
    func location(_ key: String) -> ErrorLocation {
        ErrorLocation(path: source.file, key: source.key.map { "\($0).\(key)" } ?? key)
    }

    /// The family, such as `bert`: the key `model_type`.
    ///
    /// - Throws: `ModelError` without it.
    public var modelType: String {
        get throws { try string("model_type", default: nil) }
    }

    /// The largest sizes that are read, far above those of any model. Products of several stay far below 2^63, so
    /// nothing that is computed with them overflows; what does not fit into memory is refused before it is allocated.
    public enum Limit {
        /// Rows of a table, positions, and numbers that are no size: 2^31 - 1.
        public static let rows = Int(Int32.max)
        /// Of states, layers in between, and kernels.
        public static let width = 1 << 20
        /// Layers of a model.
        public static let layers = 4096
        /// Labels of a head.
        public static let labels = 1 << 20
    }

    /// An integer.
    ///
    /// - Parameters:
    ///   - key: of the field
    ///   - fallback: where the field is missing or null; with `nil` it must be there
    ///   - least: the least value that is allowed
    ///   - most: the largest value that is allowed
    /// - Throws: `ModelError` naming file, key and range.
    public func int(
        _ key: String, default fallback: Int?, atLeast least: Int = 0, atMost most: Int = Limit.rows
    ) throws -> Int {
        let value = try read(key, default: fallback, "an integer") { $0.int }
        guard value >= least else {
            throw ModelError(
                "'\(key)' in '\(path)' is \(value); it must be at least \(least)",
                remedy: ModelError.correctConfiguration, kind: .configuration, at: ErrorLocation(path: path, key: key))
        }
        guard value <= most else {
            throw ModelError(
                "'\(key)' in '\(path)' is \(value); it must be at most \(most)",
                remedy: ModelError.correctConfiguration, kind: .configuration, at: location(key))
        }
        return value
    }

    /// The width of states or of what lies between two layers, from 1.
    public func width(_ key: String, default fallback: Int?) throws -> Int {
        try int(key, default: fallback, atLeast: 1, atMost: Limit.width)
    }

    /// How many layers, or groups of layers, there are.
    public func layerCount(_ key: String, default fallback: Int?, atLeast least: Int = 0) throws -> Int {
        try int(key, default: fallback, atLeast: least, atMost: Limit.layers)
    }

    /// A finite number.
    ///
    /// - Parameter range: of the values that are allowed
    /// - Throws: `ModelError` naming file, key and range.
    public func double(
        _ key: String, default fallback: Double?,
        in range: ClosedRange<Double> = -.greatestFiniteMagnitude ... .greatestFiniteMagnitude
    ) throws -> Double {
        let value = try read(key, default: fallback, "a number") { $0.double }
        guard value.isFinite else {
            throw ModelError(
                "'\(key)' in '\(path)' is \(value), not a finite number", remedy: ModelError.correctConfiguration,
                kind: .configuration, at: location(key))
        }
        guard range.contains(value) else {
            let isBelow = value < range.lowerBound
            throw ModelError(
                "'\(key)' in '\(path)' is \(value); it must be at \(isBelow ? "least \(range.lowerBound)" : "most \(range.upperBound)")",
                remedy: ModelError.correctConfiguration, kind: .configuration, at: location(key))
        }
        return value
    }

    /// What a norm adds to a variance, 0 or more.
    public func epsilon(_ key: String, default fallback: Double?) throws -> Double {
        try double(key, default: fallback, in: 0 ... .greatestFiniteMagnitude)
    }

    /// A text.
    ///
    /// - Parameters:
    ///   - key: its name in the file.
    ///   - fallback: what an absent key means; with `nil` the key must be there.
    /// - Throws: `ModelError` for an absent key, or a value of another kind.
    public func string(_ key: String, default fallback: String?) throws -> String {
        try read(key, default: fallback, "a string") { $0.string }
    }

    /// True or false.
    ///
    /// - Parameters:
    ///   - key: its name in the file.
    ///   - fallback: what an absent key means; with `nil` the key must be there.
    /// - Throws: `ModelError` for an absent key, or a value of another kind.
    public func bool(_ key: String, default fallback: Bool?) throws -> Bool {
        try read(key, default: fallback, "true or false") { $0.bool }
    }

    /// A probability, at least 0 and below 1.
    public func probability(_ key: String, default fallback: Double?) throws -> Double {
        let value = try double(key, default: fallback)
        guard value >= 0, value < 1 else {
            throw ModelError(
                "'\(key)' in '\(path)' is \(value); a dropout probability is at least 0 and below 1",
                remedy: ModelError.correctConfiguration, kind: .configuration, at: ErrorLocation(path: path, key: key))
        }
        return value
    }

    private func read<Value>(
        _ key: String, default fallback: Value?, _ kind: String, _ convert: (JSONValue) -> Value?
    ) throws -> Value {
        guard let value = json[key], !value.isNull else {
            if let fallback { return fallback }
            throw ModelError(
                "'\(path)' has no '\(key)'", remedy: "Is this the config.json of a model?",
                kind: .configuration, at: ErrorLocation(path: path, key: key))
        }
        guard let converted = convert(value) else {
            throw ModelError(
                "'\(key)' in '\(path)' is \(value.kind), not \(kind)", remedy: ModelError.correctConfiguration,
                kind: .configuration, at: ErrorLocation(path: path, key: key))
        }
        return converted
    }

    // MARK: Labels

    /// Number of the head's outputs: `id2label`'s size, else `num_labels`, else 2.
    public var labelCount: Int {
        get throws {
            guard let labels = json["id2label"]?.object else {
                return try int("num_labels", default: 2, atLeast: 1, atMost: Limit.labels)
            }
            guard (1...Limit.labels).contains(labels.count) else {
                throw ModelError(
                    "'id2label' in '\(path)' has \(labels.count) labels; there are 1 to \(Limit.labels)",
                    remedy: ModelError.correctConfiguration, kind: .configuration, at: location("id2label"))
            }
            return labels.count
        }
    }

    /// Label names by id, `LABEL_<id>` where the configuration gives none.
    public var labelNames: [String] {
        get throws {
            let count = try labelCount
            let given = json["id2label"]?.object
            return (0..<count).map { given?[String($0)]?.string ?? "LABEL_\($0)" }
        }
    }

    /// Sets the number of labels and, if given, their names.
    public mutating func setLabels(count: Int, names: [String]? = nil) throws {
        guard (1...Limit.labels).contains(count) else {
            throw ModelError(
                "a model of \(count) labels", remedy: "Give from 1 to \(Limit.labels).", kind: .configuration,
                at: ErrorLocation(option: "num_labels"))
        }
        if let names, names.count != count {
            throw ModelError(
                "\(names.count) label names for \(count) labels", remedy: "Give one name for each label.",
                kind: .configuration, at: ErrorLocation(option: "id2label"))
        }
        let names = names ?? (0..<count).map { "LABEL_\($0)" }
        json["num_labels"] = nil
        json["id2label"] = .object(JSONObject(names.enumerated().map { (String($0), .string($1)) }))
        json["label2id"] = .object(JSONObject(names.enumerated().map { ($1, .int($0)) }))
    }

    /// How the loss of a classification head is computed: the key `problem_type`; `nil` where the labels of a batch
    /// decide.
    public var problemType: ProblemType? {
        get throws {
            guard let value = json["problem_type"], !value.isNull else { return nil }
            guard let type = value.string.flatMap(ProblemType.init) else {
                throw ModelError(
                    "'problem_type' in '\(path)' is \(value.text())",
                    remedy: "Known are regression, single_label_classification and multi_label_classification.",
                    kind: .configuration, at: location("problem_type"))
            }
            return type
        }
    }
}
