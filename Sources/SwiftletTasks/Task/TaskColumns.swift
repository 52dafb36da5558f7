import SwiftletDatasets

/// The columns of rows that a task reads: found by what was asked for, by usual names, or by what is left.
struct TaskColumns {
    private let rows: Dataset
    private let options: TaskOptions

    static let labelNames = ["label", "labels", "label_ids", "category", "class", "target", "sentiment", "intent", "score"]
    /// Usual names, the pairs of GLUE's tasks first.
    private static let pairs = [
        ("sentence1", "sentence2"), ("premise", "hypothesis"), ("question1", "question2"), ("question", "sentence"),
        ("text", "text_pair"), ("text1", "text2"), ("sentence_A", "sentence_B"),
    ]
    private static let singles = ["sentence", "text", "sentence1", "content", "message", "review", "title", "body"]

    init(_ rows: Dataset, _ options: TaskOptions) {
        self.rows = rows
        self.options = options
    }

    func has(_ column: String) -> Bool { rows.columnNames.contains(column) }

    func isText(_ column: String) -> Bool {
        if case .value(let type)? = rows.features[column] { return type.contains("string") }
        return false
    }

    /// The text and, where rows are pairs, the second text.
    func texts() throws -> (text: String, pair: String?) {
        if let text = options.textColumn {
            try requireText(text)
            if let pair = options.textPairColumn { try requireText(pair) }
            return (text, options.textPairColumn)
        }
        if let pair = options.textPairColumn {
            try requireText(pair)
            let text = Self.singles.first { $0 != pair && isText($0) }
            guard let text else { throw missing(nil) }
            return (text, pair)
        }
        if let (text, pair) = Self.pairs.first(where: { has($0.0) && has($0.1) }) {
            try requireText(text)
            try requireText(pair)
            return (text, pair)
        }
        if let text = Self.singles.first(where: has) {
            try requireText(text)
            return (text, nil)
        }
        let label = label()
        let candidates = rows.columnNames.filter { isText($0) && $0 != label }
        guard candidates.count == 1 else { throw missing(nil) }
        return (candidates[0], nil)
    }

    /// One column of texts, with these usual names.
    func text(_ usual: [String]) throws -> String {
        guard let found = options.textColumn ?? usual.first(where: has) else { throw missing(nil) }
        try requireText(found)
        return found
    }

    /// The column with labels, with further usual names of the task; `nil` where there is none.
    func label(_ usual: [String] = []) -> String? {
        options.labelColumn ?? (usual + Self.labelNames).first { has($0) && $0 != options.textColumn }
    }

    /// - Throws: `TaskError` if a column that was named is not there.
    func requireLabel(_ usual: [String] = []) throws -> String {
        guard let label = label(usual) else {
            throw TaskError(
                .column, "the dataset has no column with one of the usual names of labels; its columns are \(listed)",
                remedy: "Name the column with \(optionName("labelColumn")).")
        }
        guard has(label) else { throw missing(label, "labelColumn") }
        return label
    }

    func require(_ column: String) throws {
        guard has(column) else { throw missing(column) }
    }

    private func requireText(_ column: String) throws {
        try require(column)
        guard isText(column) else {
            throw TaskError(
                .column, "column '\(column)' holds no texts but \(rows.features[column].map { "\($0)" } ?? "nothing")",
                remedy: "Name a column of texts with \(optionName("textColumn")) and \(optionName("textPairColumn")).")
        }
    }

    private func missing(_ column: String?, _ option: String = "textColumn") -> TaskError {
        let what = column.map { "no column '\($0)'" } ?? "no column with one of the usual names of text"
        return TaskError(
            .column, "the dataset has \(what); its columns are \(listed)",
            remedy: "Name the columns with \(optionName("textColumn")), \(optionName("textPairColumn")) and \(optionName("labelColumn")).")
    }

    private var listed: String { rows.columnNames.joined(separator: ", ") }
}
