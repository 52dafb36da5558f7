internal import SwiftletIO

/// The name of a plain type, as in Python: `int32`, `float64`, `string`, `bool`, `timestamp[us]`.
public typealias DTypeName = String

/// The type of a column.
public indirect enum Feature: Sendable, Equatable {
    /// A plain value, by the name of its type in Python: `string`, `int64`, `float32`, `bool`.
    case value(DTypeName)
    /// Integers that stand for names; -1 stands for no label.
    case classLabel(names: [String])
    /// Lists of any length.
    case list(Feature)
    /// Lists with 64-bit offsets.
    case largeList(Feature)
    /// Lists that all have the same length.
    case fixedList(Feature, length: Int)
    /// Named fields, each of its own type.
    case structure(Features)
    /// Values of any form, each with its own, stored as JSON texts. Python's `Json()`.
    case json

    /// The largest `length` of a fixed list, which is what Arrow keeps in 32 bits.
    static let longestFixedList = Int(Int32.max)

    /// The names of a class label, `nil` for any other feature.
    public var names: [String]? { if case .classLabel(let names) = self { names } else { nil } }

    /// The number of classes of a class label.
    public var numClasses: Int? { names?.count }

    /// The name of a label.
    ///
    /// - Throws: `DatasetError` if this is no class label or the number is outside its range.
    public func int2str(_ label: Int) throws -> String {
        let names = try classNames()
        guard names.indices.contains(label) else {
            throw DatasetError(
                "\(label) is no label of \(self)",
                remedy: "Labels go from 0 to \(names.count - 1)\(label == -1 ? "; -1 stands for no label" : "").",
                kind: .noLabel)
        }
        return names[label]
    }

    /// The label with a name; a text that is itself a number in range is taken as that label.
    ///
    /// - Throws: `DatasetError` that lists the names if it is none of them.
    public func str2int(_ name: String) throws -> Int {
        let names = try classNames()
        if let label = ClassLabels.label(name, in: names.count, by: { names.firstIndex(ofText: $0) }) { return label }
        throw DatasetError(
            "'\(name)' is not the name of a label", remedy: "The names are: \(DatasetError.listed(names)).",
            kind: .noLabel)
    }

    /// The names of labels.
    ///
    /// - Throws: `DatasetError` if this is no class label or a number is outside its range.
    public func int2str(_ labels: [Int]) throws -> [String] { try labels.map { try int2str($0) } }
    /// The numbers of labels.
    ///
    /// - Throws: `DatasetError` if this is no class label or a text is none of its names.
    public func str2int(_ texts: [String]) throws -> [Int] {
        let names = try classNames()
        let labels = ClassLabels.positions(names)
        return try texts.map { text in
            try ClassLabels.label(text, in: names.count, by: { labels[TextKey($0)] }) ?? str2int(text)
        }
    }

    private func classNames() throws -> [String] {
        guard let names else {
            throw DatasetError(
                "\(self) is no ClassLabel",
                remedy: "Cast the column to a class label first: castColumn(_:to: .classLabel(names:)).",
                commandLine: "Choose a column whose file says what its labels are called.", kind: .wrongType)
        }
        return names
    }
}

extension Feature {
    /// Names are compared by their code points.
    public static func == (left: Feature, right: Feature) -> Bool {
        switch (left, right) {
        case (.value(let left), .value(let right)): left.isSame(as: right)
        case (.classLabel(let left), .classLabel(let right)): left.areSame(as: right)
        case (.list(let left), .list(let right)), (.largeList(let left), .largeList(let right)): left == right
        case (.fixedList(let left, let length), .fixedList(let right, let other)): length == other && left == right
        case (.structure(let left), .structure(let right)): left == right
        case (.json, .json): true
        default: false
        }
    }
}

extension Feature {
    /// Whether no value of this type is anything but missing, at whatever depth.
    private var isNull: Bool {
        switch self {
        case .value(let type): type == "null"
        case .list(let element), .largeList(let element), .fixedList(let element, _): element.isNull
        default: false
        }
    }

    /// The type of a column whose rows come from two datasets, as Python aligns them: types agree, or one has no values;
    /// structures have the fields of both. `nil` where they don't go together.
    func aligned(with other: Feature) -> Feature? {
        if self == other || other.isNull { return self }
        if isNull { return other }
        guard case .structure(var fields) = self, case .structure(let more) = other else { return nil }
        for (name, feature) in more {
            guard let aligned = (fields[name] ?? feature).aligned(with: feature) else { return nil }
            fields[name] = aligned
        }
        return .structure(fields)
    }
}

/// As Python prints it.
extension Feature: CustomStringConvertible {
    public var description: String {
        switch self {
        case .value(let name): "Value(\(PythonText.of(name)))"
        case .classLabel(let names): "ClassLabel(names=\(PythonText.list(names.map(PythonText.of))))"
        case .list(let element): "List(\(element))"
        case .largeList(let element): "LargeList(\(element))"
        case .fixedList(let element, let length): "List(\(element), length=\(length))"
        case .structure(let features): features.description
        case .json: "Json(decode=True)"
        }
    }
}

/// The columns of a dataset and their types, in order.
public struct Features: Sendable, Equatable {
    private(set) var keys = OrderedKeys()
    /// The columns' types, in the order of `names`.
    public private(set) var types: [Feature] = []

    /// No columns.
    public init() {}

    /// Types by column, in this order. Of two with one name, the later one counts.
    public init(_ pairs: some Sequence<(String, Feature)>) {
        for (name, feature) in pairs { self[name] = feature }
    }

    /// The columns' names, in order.
    public var names: [String] { keys.names }
    /// The number of columns.
    public var count: Int { keys.count }

    /// The type of a column; `nil` if there is none of that name. Setting a new name adds a column at the end.
    public subscript(name: String) -> Feature? {
        get { keys.position(of: name).map { types[$0] } }
        set {
            if let position = keys.position(of: name) {
                if let newValue {
                    types[position] = newValue
                } else {
                    keys.remove(at: position)
                    types.remove(at: position)
                }
            } else if let newValue {
                keys.append(name)
                types.append(newValue)
            }
        }
    }
}

extension Features: Sequence {
    public func makeIterator() -> Zip2Sequence<[String], [Feature]>.Iterator { zip(names, types).makeIterator() }
}

extension Features: ExpressibleByDictionaryLiteral {
    /// Types by column, as in `["label": .classLabel(names: names)]`.
    public init(dictionaryLiteral elements: (String, Feature)...) { self.init(elements) }
}

extension Features: CustomStringConvertible {
    public var description: String { PythonText.dictionary(map { ($0.0, $0.1.description) }) }
}
