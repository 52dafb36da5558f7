internal import SwiftletIO

/// Labels against the names that are declared for them.
enum ClassLabels {
    static func unknown(_ value: Value, _ names: [String], _ column: String, _ row: Int) -> DatasetError {
        let range = names.isEmpty ? "it has no names" : "labels go from 0 to \(names.count - 1), and -1 for none"
        return DatasetError(
            "column '\(column)', row \(row): \(value) is no label of ClassLabel(names=\(PythonText.list(names.map(PythonText.of))))",
            remedy: "Correct the row or the declared names: \(range).",
            kind: .noLabel, at: ErrorLocation(column: column, row: row))
    }

    /// Where each name is, the first one where a name comes twice.
    static func positions(_ names: [String]) -> [TextKey: Int] {
        Dictionary(names.enumerated().map { (TextKey($1), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The label of a text as Python finds it: the name itself, the name without space around it, or the label as a
    /// number.
    static func label(_ text: String, in count: Int, by position: (String) -> Int?) -> Int? {
        if let label = position(text) { return label }
        let scalars = text.unicodeScalars
        let start = scalars.drop { $0.properties.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.properties.isWhitespace }) else { return nil }
        let trimmed = String(Substring(start[...last]))
        if let label = position(trimmed) { return label }
        guard let label = Int(trimmed), label >= -1, label < count else { return nil }
        return label
    }

    /// Checks that a column of integers stays in range.
    static func check(_ column: ArrowColumn, _ names: [String], _ name: String) throws {
        try withExtendedLifetime(column) {
            for (view, start) in zip(column.views, column.starts) {
                for index in 0..<view.count where !view.isNull(index) {
                    let label = view.int(index)
                    if label < -1 || label >= names.count {
                        throw unknown(.int(label), names, name, RowOffset.first + start + index)
                    }
                }
            }
        }
    }
}
