internal import SwiftletIO

/// In which order the names of labels come that are found in the data.
public enum LabelOrder: Sendable {
    /// By the code points of their text, as Python's `class_encode_column` does, also for numbers: 1, 10, 2.
    case text
    /// Numbers by their value: 1, 2, 10. `False` comes before `True`, and text by its code points.
    case value
}

extension Dataset {
    /// The names of the classes that a column of labels holds, over several datasets, such as the splits of one.
    ///
    /// A label is text, a boolean or a number; its name is what Python's `str` makes of it: `spam`, `True`, `3`, `0.5`.
    /// In a column of lists, for several labels a row, the elements are the labels. Missing values are no labels, and
    /// neither is -1 among integers. A column of class labels has the names that are declared for it.
    ///
    /// - Parameters:
    ///   - limit: the number of classes from which on a column is taken for something else, such as ids. Counting
    ///     stops there.
    /// - Throws: `DatasetError` where there are more, where a dataset has no such column, or where it holds no labels.
    public static func labelNames(
        of column: String, in datasets: [Dataset], order: LabelOrder = .value, atMost limit: Int = 1000
    ) throws -> [String] {
        var declared = OrderedKeys()
        var found = FoundLabels(column: column, limit: limit)
        for dataset in datasets {
            let column = try dataset.column(column)
            if let names = column.feature.labelNames {
                for name in names where declared.position(of: name) == nil { declared.append(name) }
            } else {
                try found.add(column)
            }
        }
        let others = found.names(order).filter { declared.position(of: $0) == nil }
        guard declared.count + others.count <= max(limit, declared.count) else { throw found.tooMany(others) }
        return declared.names + others
    }

    /// The column as class labels with these names, each label by its name: what is called the same gets the same number,
    /// whatever its number was before.
    ///
    /// Numbers are found as `3` and as `3.0`. Where no name is itself a number, they are the labels themselves, from 0
    /// to the number of names less 1. Missing values stay missing, and -1 stays -1, for no label. Lists become lists of
    /// class labels.
    ///
    /// - Throws: `DatasetError` that names the row and the names for a label that is none of them.
    public func encodeLabels(_ name: String, names: [String]) throws -> Dataset {
        try encodeLabels(name, names: names, missing: nil)
    }

    /// - Parameter missing: the name of the class of missing values.
    private func encodeLabels(_ name: String, names: [String], missing: String?) throws -> Dataset {
        let index = try index(of: name)
        let column = try column(name)
        if column.feature.labelNames?.areSame(as: names) ?? false { return self }
        var encoder = LabelEncoder(column, names, missing)
        let (values, isList) = try encoder.values()
        let label = Feature.classLabel(names: names)
        let encoded = try ArrowBuilding.array(.values(values), named: name, as: isList ? .list(label) : label)
        var features = features
        features[name] = encoded.feature
        return Dataset(
            unchecked: try table().replacing(index, with: [(name, encoded.array)]), features,
            provenance.adding("encode_labels") { [name, missing ?? ""] + names }
        ).formatted(as: self)
    }

    /// A column of text, booleans or numbers turned into a class label whose names are the distinct values. Missing
    /// values stay missing.
    ///
    /// - Parameters:
    ///   - order: of the names. Python's `class_encode_column` sorts numbers as text too.
    ///   - includeNulls: whether missing values become the class `None`.
    /// - Throws: `DatasetError` for a column of anything else.
    public func classEncodeColumn(
        _ name: String, order: LabelOrder = .text, includeNulls: Bool = false
    ) throws -> Dataset {
        let column = try column(name)
        if case .classLabel = column.feature { return self }
        guard !column.holdsLists else {
            throw DatasetError.wrongType(name, column.feature, wanted: "text, booleans or numbers")
        }
        var found = FoundLabels(column: name, limit: .max, keepsMinusOne: true)
        if includeNulls { found.missing = "None" }
        try found.add(column)
        return try encodeLabels(name, names: found.names(order), missing: found.missing)
    }

    /// The number of places of labels that are given as lists of 0 and 1 (or of booleans), one place a class; `nil` where
    /// a column holds something else, or lists of different lengths.
    public func multiHotWidth(of name: String) throws -> Int? {
        let column = try column(name)
        guard column.holdsLists else { return nil }
        var width: Int?
        var isHot = true
        struct Done: Error {}
        do {
            try column.eachLabel { labels, _ in
                guard let labels else { return }
                isHot = labels.count == width ?? labels.count && labels.allSatisfy { $0.isZeroOrOne }
                width = labels.count
                if !isHot { throw Done() }
            }
        } catch is Done { return nil }
        return width.flatMap { $0 > 0 ? $0 : nil }
    }
}

extension DatasetDict {
    /// The names of the classes that a column of labels holds in all splits together. See `Dataset.labelNames`.
    public func labelNames(of column: String, order: LabelOrder = .value, atMost limit: Int = 1000) throws -> [String] {
        try Dataset.labelNames(of: column, in: datasets, order: order, atMost: limit)
    }

    /// The column of each split as class labels with these names. See `Dataset.encodeLabels(_:names:)`.
    public func encodeLabels(_ name: String, names: [String]) throws -> DatasetDict {
        try mapDatasets { try $0.encodeLabels(name, names: names) }
    }

    /// The column of each split as a class label of the split's own values, as in Python. For the same names in all splits
    /// use `labelNames(of:)` and `encodeLabels(_:names:)`.
    public func classEncodeColumn(_ name: String, order: LabelOrder = .text) throws -> DatasetDict {
        try mapDatasets { try $0.classEncodeColumn(name, order: order) }
    }
}

extension Feature {
    /// The names of a class label, or of lists of them.
    fileprivate var labelNames: [String]? {
        switch self {
        case .classLabel(let names): names
        case .list(let element), .largeList(let element), .fixedList(let element, _): element.labelNames
        default: nil
        }
    }
}

/// A label as it stands in the data.
enum LabelValue: Hashable {
    case bool(Bool)
    case int(Int)
    /// Beyond `Int`.
    case unsigned(UInt64)
    case double(Double)
    case text(TextKey)

    /// As Python's `str`.
    var name: String {
        switch self {
        case .bool(let value): value ? "True" : "False"
        case .int(let value): String(value)
        case .unsigned(let value): String(value)
        case .double(let value): PythonText.of(value)
        case .text(let value): value.text
        }
    }

    /// The name, and others that the same label may go by.
    var names: [String] {
        switch self {
        case .int(let value): [name, PythonText.of(Double(value))]
        case .double(let value): Int(exactly: value).map { [name, String($0)] } ?? [name]
        case .bool(let value): [name, value ? "true" : "false"]
        default: [name]
        }
    }

    /// The label as a number, where it can be one.
    var number: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .int(let value): value
        case .unsigned: nil
        case .double(let value): Int(exactly: value)
        case .text(let value): Int(value.text)
        }
    }

    var isZeroOrOne: Bool {
        switch self {
        case .bool: true
        case .int(let value): value == 0 || value == 1
        case .double(let value): value == 0 || value == 1
        default: false
        }
    }

    /// By value: booleans, numbers, those that are none, text.
    static func precedes(_ left: LabelValue, _ right: LabelValue) -> Bool {
        switch (left, right) {
        case (.bool(let left), .bool(let right)): !left && right
        case (.int(let left), .int(let right)): left < right
        case (.unsigned(let left), .unsigned(let right)): left < right
        case (.text(let left), .text(let right)): left < right
        case (.double(let left), .double(let right)) where left.isNaN || right.isNaN: !left.isNaN
        default:
            if let left = left.double, let right = right.double { left < right } else { left.rank < right.rank }
        }
    }

    private var double: Double? {
        switch self {
        case .int(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    private var rank: Int {
        switch self {
        case .bool: 0
        case .text: 2
        default: 1
        }
    }
}

/// The distinct labels of some columns.
private struct FoundLabels {
    let column: String
    let limit: Int
    var keepsMinusOne = false
    /// The name of missing values.
    var missing: String?
    private var labels: Set<LabelValue> = []

    init(column: String, limit: Int, keepsMinusOne: Bool = false) {
        self.column = column
        self.limit = limit
        self.keepsMinusOne = keepsMinusOne
    }

    mutating func add(_ column: Column) throws {
        try column.eachLabel { labels, _ in
            for label in labels ?? missing.map({ [.text(TextKey($0))] }) ?? [] where keepsMinusOne || label != .int(-1)
            {
                // Python counts every NaN of its own, and writes them all "nan".
                if case .double(let value) = label, value.isNaN {
                    self.labels.insert(.text("nan"))
                    continue
                }
                if self.labels.insert(label).inserted, self.labels.count > limit { throw tooMany(names(.value)) }
            }
        }
    }

    func tooMany(_ names: [String]) -> DatasetError {
        DatasetError(
            "column '\(column)' has more than \(limit) different labels, such as \(DatasetError.listed(Array(names.prefix(3))))",
            remedy:
                "It may hold ids, free text or numbers to be predicted: choose another column, or allow more classes.",
            kind: .noLabel, at: ErrorLocation(column: column))
    }

    /// Whole floating-point numbers beside integers are those integers.
    func names(_ order: LabelOrder) -> [String] {
        let hasIntegers = labels.contains { if case .int = $0 { true } else { false } }
        let labels = labels.map { label -> LabelValue in
            guard hasIntegers, case .double(let value) = label, let whole = Int(exactly: value) else { return label }
            return .int(whole)
        }
        switch order {
        case .text: return labels.map(\.name).textKeys.sorted().map(\.text)
        case .value:
            var names = OrderedKeys()
            for label in labels.sorted(by: LabelValue.precedes) where names.position(of: label.name) == nil {
                names.append(label.name)
            }
            return names.names
        }
    }
}

/// From labels to their places among names.
private struct LabelEncoder {
    private let column: Column
    private let names: [String]
    private let positions: [TextKey: Int]
    /// Whether numbers are the places themselves.
    private let takesNumbers: Bool
    private let missing: LabelValue?
    private var known: [LabelValue: Int] = [:]

    init(_ column: Column, _ names: [String], _ missing: String?) {
        self.missing = missing.map { .text(TextKey($0)) }
        self.column = column
        self.names = names
        positions = ClassLabels.positions(names)
        takesNumbers = !names.contains { Double($0) != nil }
    }

    mutating func values() throws -> (values: [Value], isList: Bool) {
        var values: [Value] = []
        values.reserveCapacity(column.count)
        let isList = column.holdsLists
        try column.eachLabel { labels, row in
            guard let labels = labels ?? missing.map({ [$0] }) else {
                values.append(.null)
                return
            }
            let places = try labels.map { try place($0, row) }
            values.append(isList ? .list(places.map { .int($0) }) : places.first.map { .int($0) } ?? .null)
        }
        return (values, isList)
    }

    private mutating func place(_ label: LabelValue, _ row: Int) throws -> Int {
        if let place = known[label] { return place }
        guard let place = find(label) else {
            throw DatasetError(
                "column '\(column.name)', row \(row): \(label.name) is none of the \(names.count) labels",
                remedy:
                    "The labels are \(DatasetError.listed(Array(names.prefix(20))))\(names.count > 20 ? ", ..." : "").",
                kind: .noLabel, at: ErrorLocation(column: column.name, row: row))
        }
        known[label] = place
        return place
    }

    private func find(_ label: LabelValue) -> Int? {
        for name in label.names {
            if let place = positions[TextKey(name)] { return place }
        }
        if case .text(let text) = label,
            let place = ClassLabels.label(text.text, in: 0, by: { positions[TextKey($0)] })
        {
            return place
        }
        guard let number = label.number else { return nil }
        if number == -1 { return -1 }
        return takesNumbers && names.indices.contains(number) ? number : nil
    }
}

extension Column {
    /// Whether the rows are lists.
    var holdsLists: Bool {
        switch storage.type {
        case .list, .fixedList: true
        default: false
        }
    }

    /// Calls `body` with the labels of each row: one, those of a list, or `nil` for a missing value.
    func eachLabel(_ body: (_ labels: [LabelValue]?, _ row: Int) throws -> Void) throws {
        func labels(_ type: ArrowType) throws -> (ArrowView, Int) -> LabelValue {
            switch type {
            case .bool: return { .bool($0.bool($1)) }
            case .string: return { .text(TextKey($0.string($1))) }
            case .float: return { .double($0.double($1)) }
            case .int(bytes: 8, signed: false):
                return { view, place in
                    let value = view.unsigned(place)
                    return Int(exactly: value).map { .int($0) } ?? .unsigned(value)
                }
            case .int:
                guard let names = feature.labelNames else { return { .int($0.int($1)) } }
                return { view, place in
                    let label = view.int(place)
                    return names.indices.contains(label) ? .text(TextKey(names[label])) : .int(label)
                }
            // A column without any value, and the elements of lists that are all empty.
            case .null: return { _, _ in .int(-1) }
            default: throw DatasetError.wrongType(name, feature, wanted: "text, booleans or numbers")
            }
        }
        switch storage.type {
        case .list(let element, _), .fixedList(let element, _):
            let read = try labels(element)
            let children = storage.views.map { $0.child(0, element) }
            try each { chunk, place, row in
                let (view, child) = (storage.views[chunk], children[chunk])
                guard !view.isNull(place) else { return try body(nil, row) }
                try body(view.range(place).filter { !child.isNull($0) }.map { read(child, $0) }, row)
            }
        default:
            let read = try labels(storage.type)
            try each { chunk, place, row in
                let view = storage.views[chunk]
                try body(view.isNull(place) ? nil : [read(view, place)], row)
            }
        }
    }
}
