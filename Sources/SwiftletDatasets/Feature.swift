/// The name of a plain type, as in Python: `int32`, `float64`, `string`, `bool`, `timestamp[us]`.
public typealias DTypeName = String

/// The type of a column.
public indirect enum Feature: Sendable, Equatable {
    case value(DTypeName)
    /// Integers that stand for names; -1 stands for no label.
    case classLabel(names: [String])
    case list(Feature)
    /// Lists with 64-bit places.
    case largeList(Feature)
    /// Lists that all have the same length.
    case fixedList(Feature, length: Int)
    case structure(Features)

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
        if let label = names.firstIndex(of: name) { return label }
        let trimmed = name.drop { $0.isWhitespace }
        let text = String(String(trimmed.reversed().drop { $0.isWhitespace }).reversed())
        if let label = names.firstIndex(of: text) { return label }
        if let label = Int(text), label >= -1, label < names.count { return label }
        throw DatasetError(
            "'\(name)' is not the name of a label", remedy: "The names are: \(DatasetError.listed(names)).",
            kind: .noLabel)
    }

    public func int2str(_ labels: [Int]) throws -> [String] { try labels.map { try int2str($0) } }
    public func str2int(_ names: [String]) throws -> [Int] { try names.map { try str2int($0) } }

    private func classNames() throws -> [String] {
        guard let names else {
            throw DatasetError(
                "\(self) is no ClassLabel", remedy: "Only ClassLabel features translate between numbers and names.",
                kind: .wrongType)
        }
        return names
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
        }
    }
}

/// The columns of a dataset and their types, in order.
public struct Features: Sendable, Equatable {
    public private(set) var names: [String] = []
    public private(set) var types: [Feature] = []

    public init() {}

    public init(_ pairs: some Sequence<(String, Feature)>) {
        for (name, feature) in pairs { self[name] = feature }
    }

    public var count: Int { names.count }

    public subscript(name: String) -> Feature? {
        get { names.firstIndex(of: name).map { types[$0] } }
        set {
            if let position = names.firstIndex(of: name) {
                if let newValue {
                    types[position] = newValue
                } else {
                    names.remove(at: position)
                    types.remove(at: position)
                }
            } else if let newValue {
                names.append(name)
                types.append(newValue)
            }
        }
    }
}

extension Features: Sequence {
    public func makeIterator() -> Zip2Sequence<[String], [Feature]>.Iterator { zip(names, types).makeIterator() }
}

extension Features: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, Feature)...) { self.init(elements) }
}

extension Features: CustomStringConvertible {
    public var description: String { PythonText.dictionary(map { ($0.0, $0.1.description) }) }
}
