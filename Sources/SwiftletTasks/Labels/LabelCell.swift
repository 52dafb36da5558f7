import SwiftletDatasets
import SwiftletIO

/// One label as it stands in a cell.
enum LabelCell {
    case text(String)
    case bool(Bool)
    case int(Int)
    /// An integer beyond `Int.max`.
    case unsigned(UInt64)
    case number(Double)

    init?(_ value: Value) {
        switch value {
        case .string(let text): self = .text(text)
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .unsigned(let number): self = Int(exactly: number).map(LabelCell.int) ?? .unsigned(number)
        // Minus zero is zero, and no class of its own.
        case .double(let number): self = .number(number == 0 ? 0 : number)
        default: return nil
        }
    }

    /// The name that Python's `str` has for it.
    var name: String {
        switch self {
        case .text(let text): text
        case .bool(let flag): flag ? "True" : "False"
        case .int(let number): String(number)
        case .unsigned(let number): String(number)
        case .number(let number): Value.double(number).description
        }
    }

    /// The integer that it is, whatever type it was written in.
    var int: Int? {
        switch self {
        case .text(let text): Int(text)
        case .bool(let flag): flag ? 1 : 0
        case .int(let number): number
        case .unsigned: nil
        case .number(let number): Int(exactly: number)
        }
    }

    var double: Double? {
        switch self {
        case .text(let text): Double(text)
        case .bool(let flag): flag ? 1 : 0
        case .int(let number): Double(number)
        case .unsigned(let number): Double(number)
        case .number(let number): number
        }
    }
}

extension [String] {
    /// Ids by name, the first of names that come twice.
    var idsByName: [TextKey: Int] {
        var ids: [TextKey: Int] = [:]
        for (id, name) in enumerated() where ids[TextKey(name)] == nil { ids[TextKey(name)] = id }
        return ids
    }
}

/// The type of a label column.
enum LabelColumnType: Equatable {
    /// Integers that stand for names.
    case named([String])
    case text
    case bool
    case integers
    case numbers

    init?(_ feature: Feature) {
        switch feature {
        case .classLabel(let names): self = .named(names)
        case .value(let type) where type.contains("string"): self = .text
        case .value("bool"): self = .bool
        case .value(let type) where type.contains("int"): self = .integers
        case .value(let type) where type.contains("float") || type.contains("double"): self = .numbers
        default: return nil
        }
    }

    /// The type of a column's cells, and whether each cell is a list of them.
    static func of(_ rows: Dataset, _ column: String) throws -> (type: LabelColumnType, isList: Bool) {
        let feature = rows.features[column]
        let element: Feature? =
            switch feature {
            case .list(let element), .largeList(let element), .fixedList(let element, _): element
            default: nil
            }
        guard (element ?? feature) != .json else {
            throw TaskError(
                .labels, "column '\(column)' holds values of several kinds, such as texts and numbers",
                remedy: "Write all of its labels in one form, such as \"1\" for 1.")
        }
        guard let type = (element ?? feature).flatMap({ LabelColumnType($0) }) else {
            throw TaskError(
                .labels,
                "column '\(column)' holds \(feature.map { String(describing: $0) } ?? "nothing"), which is no label",
                remedy:
                    "Labels are texts, booleans, numbers, or lists of them. Name the column with \(optionName("labelColumn"))."
            )
        }
        return (type, element != nil)
    }
}
