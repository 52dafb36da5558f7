import SwiftletDatasets
import SwiftletIO

/// The columns of rows that a task reads: found by what was asked for, by usual names, by what is left, or by what they
/// hold.
struct TaskColumns {
    private let rows: Dataset
    private let options: TaskOptions
    /// Whether columns of other names may be taken for labels.
    private let guesses: Bool
    /// The options of the task that name columns.
    private let naming: [String]

    static let labelNames = [
        "label", "labels", "label_ids", "category", "class", "target", "sentiment", "intent", "score",
    ]
    /// Usual names, the pairs of GLUE's tasks first.
    private static let pairs = [
        ("sentence1", "sentence2"), ("premise", "hypothesis"), ("question1", "question2"), ("question", "sentence"),
        ("text", "text_pair"), ("text1", "text2"), ("sentence_A", "sentence_B"),
    ]
    private static let singles = ["sentence", "text", "sentence1", "content", "message", "review", "title", "body"]
    private static let neverLabels = ["id", "idx", "index", "row", "date", "time", "timestamp", "", "unnamed: 0"]

    init(
        _ rows: Dataset, _ options: TaskOptions, guesses: Bool = false,
        naming: [String] = ["textColumn", "textPairColumn", "labelColumn"]
    ) {
        self.rows = rows
        self.options = options
        self.guesses = guesses
        self.naming = naming
    }

    func has(_ column: String) -> Bool { rows.columnNames.contains(column) }

    /// The column with the first of these usual names that there is. Where none is written so, capital letters don't
    /// count: spreadsheets have `Text` and `LABEL`.
    func column(_ usual: [String]) -> String? {
        if let exact = usual.first(where: has) { return exact }
        for name in usual {
            let key = TextKey(name.lowercased())
            if let found = rows.columnNames.first(where: { TextKey($0.lowercased()) == key }) { return found }
        }
        return nil
    }

    func isText(_ column: String) -> Bool {
        if case .value(let type)? = rows.features[column] { return type.contains("string") }
        return false
    }

    // MARK: Texts

    /// The text and, where rows are pairs, the second text.
    func texts() throws -> (text: String, pair: String?) {
        // A column that the user named for the labels is no text, whatever its name.
        func free(_ usual: [String]) -> String? {
            column(usual.filter { name in column([name]).map { $0 != options.labelColumn } ?? false })
        }
        if let text = options.textColumn {
            try requireText(text)
            if let pair = options.textPairColumn { try requireText(pair) }
            return (text, options.textPairColumn)
        }
        if let pair = options.textPairColumn {
            try requireText(pair)
            let text = column(Self.singles.filter { name in free([name]).map { $0 != pair && isText($0) } ?? false })
            guard let text else { throw missing(nil) }
            return (text, pair)
        }
        for names in Self.pairs {
            guard let text = free([names.0]), let pair = free([names.1]) else { continue }
            try requireText(text)
            try requireText(pair)
            return (text, pair)
        }
        if let text = free(Self.singles) {
            try requireText(text)
            return (text, nil)
        }
        let label = namedLabel([])
        let candidates = rows.columnNames.filter { isText($0) && $0 != label }
        if candidates.count == 1 { return (candidates[0], nil) }
        // Of a column of texts and one of a few words that come again and again, the first is the text.
        let long = label == nil ? candidates.filter { !repeats($0) } : []
        guard long.count == 1 else {
            // A name that was mistyped is what is wrong then; rows to predict need no labels.
            if guesses, let label = options.labelColumn, !has(label) { throw missing(label) }
            throw missing(nil)
        }
        return (long[0], nil)
    }

    /// One column of texts: with these usual names, with another usual one, or the only one.
    func text(_ usual: [String]) throws -> String {
        let texts = rows.columnNames.filter(isText)
        let found = options.textColumn ?? column(usual) ?? column(Self.singles) ?? (texts.count == 1 ? texts[0] : nil)
        guard let found else { throw missing(nil) }
        try requireText(found)
        return found
    }

    /// Whether a text column was named by the user, or has no name that it would be found by.
    func isUnusual(text: String, pair: String?) -> Bool {
        if options.textColumn != nil || options.textPairColumn != nil { return true }
        return pair == nil && !Self.singles.contains(text)
    }

    // MARK: Labels

    /// The column with labels, with further usual names of the task; `nil` where there is none.
    func label(_ usual: [String] = []) -> String? {
        namedLabel(usual) ?? (guesses && usual.isEmpty ? guessedLabel : nil)
    }

    private func namedLabel(_ usual: [String]) -> String? {
        options.labelColumn
            ?? column(
                (usual + Self.labelNames).filter { name in column([name]).map { $0 != options.textColumn } ?? false })
    }

    /// The one column beside the texts that can hold labels: classes that come again and again, or numbers that are no
    /// numbers of rows.
    private var guessedLabel: String? {
        guard let (text, pair) = try? texts() else { return nil }
        let candidates = rows.columnNames.filter { name in
            guard name != text, name != pair, !Self.neverLabels.contains(name.lowercased()),
                let (type, isList) = try? LabelColumnType.of(rows, name)
            else { return false }
            switch type {
            case .bool, .named: return true
            case .numbers: return !isList
            case .text where isList: return true
            case .text, .integers: return !isList && repeats(name)
            }
        }
        return candidates.count == 1 ? candidates[0] : nil
    }

    /// What a user should know about columns that no name told.
    func notes(text: String, label: String?) -> [String] {
        guard let label, namedLabel([]) == nil else { return [] }
        return ["column '\(label)' is taken for the labels, and column '\(text)' for the text"]
    }

    /// Whether a label column was named by the user, or has no name that it would be found by.
    func isUnusual(label: String?) -> Bool {
        guard let label else { return false }
        return options.labelColumn != nil || !Self.labelNames.contains(label)
    }

    /// Whether the cells of a column come twice on average, and there are few different ones.
    private func repeats(_ column: String) -> Bool {
        guard let values = try? rows.column(column).values(), values.count >= 4 else { return false }
        var found: Set<TextKey> = []
        for value in values where !value.isNull {
            guard let cell = LabelCell(value) else { return false }
            found.insert(TextKey(cell.name))
            if found.count > min(values.count / 2, 100) { return false }
        }
        return !found.isEmpty
    }

    // MARK: Errors

    /// - Throws: `TaskError` if a column that was named is not there.
    func requireLabel(_ usual: [String] = []) throws -> String {
        guard let label = label(usual) else {
            throw TaskError(
                .column, "the dataset has no column with one of the usual names of labels; its columns are \(listed)",
                remedy: "Name the column with \(optionName("labelColumn")).")
        }
        guard has(label) else { throw missing(label) }
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
                remedy: otherTask
                    ?? "Name a column of texts with \(optionName("textColumn")) and \(optionName("textPairColumn")).")
        }
    }

    func missing(_ column: String?) -> TaskError {
        let what = column.map { "no column '\($0)'" } ?? "no column with one of the usual names of text"
        let names = naming.map(optionName)
        let options =
            names.count < 2
            ? names.joined() : names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
        return TaskError(
            .column, "the dataset has \(what); its columns are \(listed)",
            remedy: otherTask ?? "Name the column\(names.count > 1 ? "s" : "") with \(options)\(example).")
    }

    /// What the columns look like, where it is another task.
    private var otherTask: String? {
        guard options.textColumn == nil else { return nil }
        var hasWords = false
        for name in TokenClassificationTask.textColumns {
            if case .list(.value(let type))? = rows.features[name], type.contains("string") { hasWords = true }
        }
        let tags = TokenClassificationTask.labelColumns + ["labels"]
        if hasWords, tags.contains(where: has) {
            return "Lists of words with a tag each are {task: .tokenClassification|--task token-classification}."
        }
        if ["question", "context", "answers"].allSatisfy(has) {
            return "Questions on contexts are {task: .questionAnswering|--task question-answering}."
        }
        if has("ending0"), has("ending1") {
            return "Endings to choose from are {task: .multipleChoice|--task multiple-choice}."
        }
        return nil
    }

    /// The options as they may be meant: of two columns of texts, the one with fewer different ones is the label.
    private var example: String {
        let texts = rows.columnNames.filter(isText)
        guard naming.contains("labelColumn"), texts.count == 2, options.labelColumn.map(has) != true,
            (column(Self.labelNames) ?? options.textColumn) == options.textColumn
        else { return "" }
        func count(_ column: String) -> Int {
            let values = (try? rows.column(column).values()) ?? []
            return Set(values.map { TextKey($0.string ?? "") }).count
        }
        guard !texts.contains(where: { $0.contains { "{|}'".contains($0) } }) else { return "" }
        let (text, label) = count(texts[0]) < count(texts[1]) ? (texts[1], texts[0]) : (texts[0], texts[1])
        return ", such as {textColumn = \"\(text)\" and labelColumn = \"\(label)\"|"
            + "--text-column '\(text)' --label-column '\(label)'}"
    }

    private var listed: String { rows.columnNames.joined(separator: ", ") }
}
