import SwiftletIO

/// Labels against the names that are declared for them.
enum ClassLabels {
    static func unknown(_ value: Value, _ names: [String], _ column: String, _ row: Int) -> DatasetError {
        let range = names.isEmpty ? "it has no names" : "labels go from 0 to \(names.count - 1), and -1 for none"
        return DatasetError(
            "column '\(column)', row \(row): \(value) is no label of ClassLabel(names=\(PythonText.list(names.map(PythonText.of))))",
            remedy: "Correct the row or the declared names: \(range).",
            kind: .noLabel, at: ErrorLocation(column: column, row: row))
    }

    /// Checks that a column of integers stays in range.
    static func check(_ column: ArrowColumn, _ names: [String], _ name: String) throws {
        try withExtendedLifetime(column) {
            for (view, start) in zip(column.views, column.starts) {
                for index in 0..<view.count where !view.isNull(index) {
                    let label = view.int(index)
                    if label < -1 || label >= names.count { throw unknown(.int(label), names, name, start + index) }
                }
            }
        }
    }
}
