import Swiftlet
import SwiftletIO

/// The columns of a dataset that hold the text, the second text of a pair, and the label.
struct TextColumns {
    let text: String
    let pair: String?

    /// Usual names, the pairs of GLUE's tasks first.
    private static let pairs = [
        ("sentence1", "sentence2"), ("premise", "hypothesis"), ("question1", "question2"), ("question", "sentence"),
        ("text", "text_pair"),
    ]
    private static let singles = ["sentence", "text", "sentence1"]

    init(_ dataset: Dataset, options: DatasetOptions) throws {
        let names = dataset.columnNames
        func check(_ column: String) throws {
            guard names.contains(column) else {
                throw DatasetColumnError(column: column, columns: names)
            }
        }
        if let text = options.textColumn {
            try check(text)
            if let pair = options.textPairColumn { try check(pair) }
            self.text = text
            pair = options.textPairColumn
        } else if let found = Self.pairs.first(where: { names.contains($0.0) && names.contains($0.1) }) {
            text = found.0
            pair = found.1
        } else if let found = Self.singles.first(where: names.contains) {
            text = found
            pair = nil
        } else {
            throw DatasetColumnError(column: nil, columns: names)
        }
    }
}

struct DatasetColumnError: SwiftletError {
    let column: String?
    let columns: [String]
    var message: String {
        let what = column.map { "no column '\($0)'" } ?? "no column with one of the usual names of text"
        return "the dataset has \(what); its columns are \(columns.joined(separator: ", "))"
    }
    var remedy: String? { "Name the columns with --text-column, --text-pair-column and --label-column." }
}
