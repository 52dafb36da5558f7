import SwiftletDatasets
import SwiftletIO

/// Finds the names of labels in the rows of several splits.
struct LabelNames {
    /// The names, sorted: numbers by value, `False` before `True`, texts by their code points.
    private(set) var names: [String] = []
    /// Names that splits other than the first have alone, with the split.
    private(set) var strangers: [(name: String, split: String)] = []

    /// - Parameters:
    ///   - splits: the first is the one that decides; in Python's scripts, too, labels that only other splits have are
    ///     added.
    ///   - flattens: the cells are lists of labels.
    ///   - isOfTokens: -100, which no loss counts, stands where a word has no label.
    ///   - limit: the most names.
    /// - Throws: `TaskError` of kind `labels` for missing labels, cells of another kind, or too many names.
    init(
        _ splits: [(name: String, rows: Dataset)], column: String, flattens: Bool, isOfTokens: Bool = false, limit: Int?
    ) throws {
        var found: [TextKey: LabelCell] = [:]
        var declared: [String] = []
        for (position, (split, rows)) in splits.enumerated() where rows.columnNames.contains(column) {
            let (type, _) = try LabelColumnType.of(rows, column)
            if case .named(let names) = type {
                var known = declared.idsByName
                for name in names where known[TextKey(name)] == nil {
                    if position > 0, !declared.isEmpty || !found.isEmpty { strangers.append((name, split)) }
                    known[TextKey(name)] = declared.count
                    declared.append(name)
                }
                continue
            }
            let cells = try Self.cells(rows, column, split: split, flattens: flattens)
            // Test splits of benchmarks have -1 for labels that are kept secret.
            if position > 0, cells.allSatisfy({ $0.cell?.int == -1 || $0.cell == nil }) { continue }
            for (row, cell) in cells {
                guard let cell else {
                    if position > 0 { continue }
                    throw TaskError(
                        .labels, "row \(row) of split '\(split)' has no label in column '\(column)'",
                        remedy: "Give it one, or leave the row out.")
                }
                if isOfTokens, case .int(-100) = cell { continue }
                let key = TextKey(cell.name)
                guard found[key] == nil else { continue }
                if position > 0 { strangers.append((cell.name, split)) }
                found[key] = cell
                try Self.check(found.count, of: rows.numRows, column, limit)
            }
        }
        let known = declared.idsByName
        let others = found.filter { known[$0.key] == nil }
        names = declared + Self.sorted(others)
    }

    private static func check(_ count: Int, of rows: Int, _ column: String, _ limit: Int?) throws {
        let isOver = limit.map { count > $0 } ?? (count > 1000 || count > 100 && count > rows / 2)
        guard isOver else { return }
        throw TaskError(
            .labels,
            "column '\(column)' has more than \(count - 1) different labels in \(rows) rows, which looks like numbers of rows "
                + "or free text, not like classes",
            remedy: "Name the label column with \(optionName("labelColumn")), predict numbers with {problemType "
                + ".regression|--do-regression}, or allow as many with \(optionName("maxClasses")).")
    }

    /// One cell for each label with the number of its row, `nil` for missing ones.
    private static func cells(
        _ rows: Dataset, _ column: String, split: String, flattens: Bool
    ) throws -> [(row: Int, cell: LabelCell?)] {
        try rows.column(column).values().enumerated().flatMap { row, value -> [(row: Int, cell: LabelCell?)] in
            let values = flattens ? value.list ?? [] : [value]
            return try values.map { value in
                if value.isNull { return (row, nil) }
                guard let cell = LabelCell(value) else {
                    throw TaskError(
                        .labels, "row \(row) of split '\(split)' has \(value) in column '\(column)', which is no label")
                }
                return (row, cell)
            }
        }
    }

    private static func sorted(_ found: [TextKey: LabelCell]) -> [String] {
        let isNumeric = found.values.allSatisfy {
            switch $0 {
            case .int, .unsigned, .number: true
            case .text, .bool: false
            }
        }
        func value(_ cell: LabelCell) -> Double { cell.double ?? 0 }
        return found.sorted { a, b in
            if case .int(let left) = a.value, case .int(let right) = b.value { return left < right }
            if case .unsigned(let left) = a.value, case .unsigned(let right) = b.value { return left < right }
            return isNumeric ? value(a.value) < value(b.value) : a.key < b.key
        }.map(\.value.name)
    }
}
