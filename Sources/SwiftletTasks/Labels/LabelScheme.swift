public import SwiftletDatasets
import SwiftletIO
public import SwiftletModels

/// What the labels of a task are, and how the cells of a label column become what a head is trained on.
public struct LabelScheme: Sendable {
    /// One class a row, any number of them, or a number.
    public let problemType: ProblemType
    /// Names by id; empty for numbers to predict.
    public let names: [String]
    /// Outputs of the head.
    public let outputCount: Int
    /// Something that the user should know about how the labels were read.
    public internal(set) var notes: [String] = []
    private let ids: [TextKey: Int]
    /// Integers are ids themselves where the model's names are not among the data.
    private let readsIDs: Bool

    init(
        _ problemType: ProblemType, names: [String], outputCount: Int? = nil, readsIDs: Bool = false,
        notes: [String] = []
    ) {
        self.problemType = problemType
        self.names = names
        self.outputCount = outputCount ?? names.count
        self.readsIDs = readsIDs
        self.notes = notes
        ids = names.idsByName
    }

    /// The id of a label.
    ///
    /// - Parameter declared: names that the column itself gives to integers.
    /// - Returns: `nil` for a label that there is no name for; -1 for the -1 of rows whose label is kept secret.
    func id(_ cell: LabelCell, declared: [String]?) -> Int? {
        if let declared, case .int(let number) = cell {
            if number == -1 { return -1 }
            guard declared.indices.contains(number) else { return nil }
            if let id = ids[TextKey(declared[number])] { return id }
            return readsIDs && number < outputCount ? number : nil
        }
        if let id = ids[TextKey(cell.name)] { return id }
        guard let number = cell.int else { return nil }
        // A type that another split or another file has: `1.0` for `1`.
        if let id = ids[TextKey(String(number))] { return id }
        if readsIDs, (0..<outputCount).contains(number) { return number }
        return number == -1 ? -1 : nil
    }

    /// Rows whose label column is `label`, in the form that a head takes: class labels, lists of 0 and 1, or numbers.
    ///
    /// - Parameter split: for messages.
    /// - Throws: `TaskError` that names the row: for a label without a name, a missing one, or one of another kind.
    public func encode(_ rows: Dataset, column: String, split: String = "train") throws -> Dataset {
        let (type, isList) = try LabelColumnType.of(rows, column)
        var declared: [String]?
        if case .named(let given) = type { declared = given }
        if problemType == .singleLabelClassification, !isList, declared == names, column == "label" { return rows }
        let values = try rows.column(column).values()
        let data: ColumnData
        var feature: Feature?
        switch problemType {
        case .singleLabelClassification:
            data = .ints(
                try values.enumerated().map { row, value in try self.class(value, declared, row, column, split) })
            feature = .classLabel(names: names)
        case .multiLabelClassification:
            data = .doubleLists(
                try values.enumerated().map { row, value in try several(value, type, row, column, split) })
        case .regression:
            if outputCount > 1 {
                data = .doubleLists(
                    try values.enumerated().map { row, value in try numbers(value, row, column, split) })
            } else {
                data = .doubles(
                    try values.enumerated().map { row, value in try number(value, row, column, split) })
            }
        }
        let others = try rows.removeColumns(
            [column] + (column != "label" && rows.columnNames.contains("label") ? ["label"] : []))
        return try others.addColumn("label", data, feature: feature)
    }

    private func cell(_ value: Value, _ row: Int, _ column: String, _ split: String) throws -> LabelCell {
        guard let cell = LabelCell(value) else {
            throw TaskError(
                .labels,
                "row \(row) of split '\(split)' has \(value.isNull ? "no label" : "\(value)") in column '\(column)'",
                remedy: "Give it a label, or leave the row out.")
        }
        return cell
    }

    private func `class`(
        _ value: Value, _ declared: [String]?, _ row: Int, _ column: String, _ split: String
    ) throws -> Int {
        let cell = try cell(value, row, column, split)
        guard let id = id(cell, declared: declared) else { throw unknown(cell, declared, row, column, split) }
        return id
    }

    /// A label for each word; -100, which no loss counts, stays.
    func classes(_ value: Value, _ declared: [String]?, _ row: Int, _ column: String, _ split: String) throws -> [Int] {
        guard let list = value.list else {
            throw TaskError(.labels, "row \(row) of split '\(split)' has no list of labels in column '\(column)'")
        }
        return try list.map { value in
            if case .int(-100) = value { return -100 }
            return try self.class(value, declared, row, column, split)
        }
    }

    private func several(
        _ value: Value, _ type: LabelColumnType, _ row: Int, _ column: String, _ split: String
    ) throws -> [Double] {
        // One text, too, is a list of one; a missing list is an empty one.
        let list = value.isNull ? [] : value.list ?? [value]
        if readsIDs, type == .integers || type == .numbers || type == .bool {
            guard list.count == outputCount else {
                throw TaskError(
                    .labels,
                    "row \(row) of split '\(split)' has \(list.count) values in column '\(column)' for \(outputCount) labels",
                    remedy: "Give 0 or 1 for each label, or the names of those that apply.")
            }
            return try list.map { value in
                guard let number = LabelCell(value)?.double, (0...1).contains(number) else {
                    throw TaskError(
                        .labels,
                        "row \(row) of split '\(split)' has \(value) in column '\(column)', which is not 0 or 1")
                }
                return number
            }
        }
        var declared: [String]?
        if case .named(let given) = type { declared = given }
        var flags = [Double](repeating: 0, count: outputCount)
        for value in list {
            let cell = try cell(value, row, column, split)
            guard let id = id(cell, declared: declared), flags.indices.contains(id) else {
                throw unknown(cell, declared, row, column, split)
            }
            flags[id] = 1
        }
        return flags
    }

    private func number(_ value: Value, _ row: Int, _ column: String, _ split: String) throws -> Double {
        let cell = try cell(value, row, column, split)
        guard let number = cell.double, number.isFinite else {
            throw TaskError(
                .labels,
                "row \(row) of split '\(split)' has '\(cell.name)' in column '\(column)', which is no number to predict",
                remedy: "Leave the row out, or predict classes with {problemType "
                    + ".singleLabelClassification|--problem-type single_label_classification}.")
        }
        return number
    }

    private func numbers(_ value: Value, _ row: Int, _ column: String, _ split: String) throws -> [Double] {
        guard let list = value.list, list.count == outputCount else {
            throw TaskError(
                .labels,
                "row \(row) of split '\(split)' has no \(outputCount) numbers in column '\(column)', as the first row has"
            )
        }
        return try list.map { try number($0, row, column, split) }
    }

    private func unknown(
        _ cell: LabelCell, _ declared: [String]?, _ row: Int, _ column: String, _ split: String
    ) -> TaskError {
        var name = cell.name
        if let declared, case .int(let id) = cell, declared.indices.contains(id) { name = declared[id] }
        return TaskError(
            .unknownLabels,
            "row \(row) of split '\(split)' has the label '\(name)' in column '\(column)'; the model's labels are "
                + listed(names),
            remedy: "Give rows with these labels, or a model that was trained on the others.")
    }
}

/// Names for a message: all, or the first with the number of the rest.
func listed(_ names: [String]) -> String {
    let shown = names.prefix(20).map { "'\($0.shown())'" }.joined(separator: ", ")
    return names.count > 20 ? "\(shown) and \(names.count - 20) more" : shown
}
