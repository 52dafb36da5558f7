public import SwiftletDatasets
public import SwiftletIO
import SwiftletTasks

/// What a model answered to each row of a split, with the row's own columns: the content of `predictions.parquet`.
///
/// Every table has `row`, the row's number in its split, from 0. What else there is depends on what was predicted:
///
/// - classes: `label`, `prediction`, `correct`, `score` (the prediction's probability), `loss`, `probability_<label>`
/// - several labels: `label` and `prediction` (lists of names), `correct`, `loss`, `probability_<label>`
/// - numbers: `label`, `prediction`, `loss` (the squared difference)
/// - tokens: `words`, `label`, `prediction` and `scores` (lists, a value a word), `correct`, `loss`
/// - answers: `question`, `context`, `label` (a list of true answers), `prediction`, `score`, `exact_match`, `f1`,
///   `correct`
/// - vectors: `label` where there is one, `prediction` (the cosine of a pair), `x` and `y` (where the first text lies in
///   the plane), `neighbors` (rows) and `neighbor_scores`
///
/// `token_count` is the row's length as the model takes it, and `is_cut` whether that is as long as can be. Columns of the
/// split come after them; one of a name that is taken, or begins with `probability_`, has `input_` before it.
public struct PredictionTable: Sendable {
    /// What was predicted.
    public enum Kind: String, Sendable, CaseIterable {
        /// In this order: one class for each row; any number of labels; a number; a label for each word; an answer
        /// found in a text; and vectors of texts.
        case classes, multipleLabels, numbers, tokens, answers, vectors
    }

    /// What was predicted, which decides the columns that there are.
    public let kind: Kind
    /// Label names by id; empty where there are none.
    public let labels: [String]
    /// The whole table, a row for each row of the split: `row` first, then the columns of the predictions, then the
    /// split's own.
    public let dataset: Dataset
    /// How many columns, the first ones, are not the split's own.
    let ownColumnCount: Int
    /// The columns with the texts that the model reads, by the split's names; `nil` where the task doesn't say.
    package var modelColumns: [String]?

    static let probabilityPrefix = "probability_"
    private static let lengths = ["token_count", "is_cut"]
    private static let inputPrefix = "input_"

    /// The columns after `row` of each kind, in order; those of probabilities and lengths come after them.
    private static let forms: [(kind: Kind, columns: [String])] = [
        (.tokens, ["words", "label", "prediction", "scores", "correct", "loss"]),
        (.answers, ["question", "context", "label", "prediction", "score", "exact_match", "f1", "correct"]),
        (.vectors, ["label", "prediction", "x", "y", "neighbors", "neighbor_scores"]),
        (.vectors, ["prediction", "x", "y", "neighbors", "neighbor_scores"]),
        (.classes, ["label", "prediction", "correct", "score", "loss"]),
        (.multipleLabels, ["label", "prediction", "correct", "loss"]), (.numbers, ["label", "prediction", "loss"]),
    ]

    init(kind: Kind, labels: [String], dataset: Dataset, ownColumnCount: Int, modelColumns: [String]? = nil) {
        self.kind = kind
        self.labels = labels
        self.dataset = dataset
        self.ownColumnCount = ownColumnCount
        self.modelColumns = modelColumns
    }

    /// Puts the columns of a split after those of the answers.
    package init(kind: Kind, labels: [String], columns: [(String, ColumnData)], given: Dataset) throws {
        var given = given
        let taken = Set((columns.map(\.0) + Self.lengths).map { TextKey($0) })
        // The longest first, so that no name is there already.
        for name in given.columnNames.sorted(by: { $0.utf8.count > $1.utf8.count }) {
            let plain = Self.withoutInput(name)
            if taken.contains(TextKey(plain)) || plain.hasPrefix(Self.probabilityPrefix) {
                given = try given.renameColumn(name, to: Self.inputPrefix + name)
            }
        }
        let own = try Dataset.fromColumns(columns)
        self.init(
            kind: kind, labels: labels, dataset: given.numColumns == 0 ? own : try .concatenateColumns([own, given]),
            ownColumnCount: columns.count)
    }

    /// Reads a `predictions.parquet`. Which of its columns the model reads, the `run.json` beside it says.
    ///
    /// - Throws: `ReportError` for a table of another form; `DatasetError` for a file that can't be read.
    public init(contentsOf path: String) throws {
        guard FileSystem.exists(path) else {
            throw ReportError(
                .missingFile, "there is no '\(path)'",
                remedy: "Evaluate the model with {evaluateWithReport|swiftlet evaluate}, which writes it.",
                at: ErrorLocation(path: path))
        }
        let rows = try loadDataset(files: [("rows", path)]).split("rows")
        let names = rows.columnNames.dropFirst()
        let form = rows.columnNames.first == "row" ? Self.forms.first { names.starts(with: $0.columns) } : nil
        guard let form else {
            throw ReportError(
                .table, "'\(path)' has not the columns of predictions, such as 'row' and 'prediction', in their order",
                remedy: "Is it the predictions.parquet of a run?", at: ErrorLocation(path: path, column: "prediction"))
        }
        let isOfLabels = form.kind == .classes || form.kind == .multipleLabels
        let labels = names.dropFirst(form.columns.count).prefix { isOfLabels && $0.hasPrefix(Self.probabilityPrefix) }
            .map { String($0.dropFirst(Self.probabilityPrefix.count)) }
        let lengths = names.dropFirst(form.columns.count + labels.count).prefix { Self.lengths.contains($0) }
        self.init(
            kind: form.kind, labels: labels, dataset: rows,
            ownColumnCount: 1 + form.columns.count + labels.count + lengths.count,
            modelColumns: (try? RunRecord(folder: FileSystem.parent(of: path)))?.textColumns)
    }

    private static func withoutInput(_ name: String) -> String {
        var plain = Substring(name)
        while plain.hasPrefix(inputPrefix) { plain = plain.dropFirst(inputPrefix.count) }
        return String(plain)
    }

    /// What the split calls a column of its own.
    func nameInSplit(_ column: String) -> String {
        let plain = Self.withoutInput(column)
        let isTaken =
            dataset.columnNames.prefix(ownColumnCount).contains(text: plain) || Self.lengths.contains(plain)
            || plain.hasPrefix(Self.probabilityPrefix)
        return isTaken && column.hasPrefix(Self.inputPrefix) ? String(column.dropFirst(Self.inputPrefix.count)) : column
    }

    /// Writes the table as a Parquet file.
    public func write(to path: String) throws { try dataset.toParquet(path) }

    /// Rows in the table.
    public var count: Int { dataset.numRows }

    // MARK: Columns

    /// Whether the predictions have a column; those of the split don't count.
    func has(_ column: String) -> Bool { dataset.columnNames.prefix(ownColumnCount).contains(text: column) }

    func values(_ column: String) throws -> [Value] {
        guard dataset.columnNames.contains(text: column) else {
            throw ReportError(.table, "the predictions have no column '\(column)'", at: ErrorLocation(column: column))
        }
        return try dataset.column(column).values()
    }

    /// Numbers, NaN for missing ones.
    package func numbers(_ column: String) throws -> [Double] { try values(column).map { $0.double ?? .nan } }

    /// The id of each row's label, `nil` where it is not known, and of its prediction.
    func classIDs() throws -> (labels: [Int?], predictions: [Int]) {
        let ids = Dictionary(zip(labels.map { TextKey($0) }, labels.indices), uniquingKeysWith: { first, _ in first })
        let given = has("label") ? try values("label") : []
        let predictions = try values("prediction").map { $0.string.flatMap { ids[TextKey($0)] } ?? -1 }
        let found = given.map { $0.string.flatMap { ids[TextKey($0)] } }
        return (found.isEmpty ? predictions.map { _ in nil } : found, predictions)
    }

    /// `[rows][labels]`
    func probabilities() throws -> [[Double]] {
        let columns = try labels.map { try numbers(Self.probabilityPrefix + $0) }
        return (0..<count).map { row in columns.map { $0[row] } }
    }

    /// For each row, which labels a list of names has.
    func flags(_ column: String) throws -> [[Bool]?] {
        let ids = Dictionary(zip(labels.map { TextKey($0) }, labels.indices), uniquingKeysWith: { first, _ in first })
        return try values(column).map { value in
            guard let list = value.list else { return nil }
            var flags = [Bool](repeating: false, count: labels.count)
            for name in list.compactMap(\.string) { if let id = ids[TextKey(name)] { flags[id] = true } }
            return flags
        }
    }

    /// The columns of this table with the texts that the model reads; where that is not known, all columns of texts.
    package var textColumns: [String] {
        let own = dataset.columnNames.dropFirst(ownColumnCount)
        let found = modelColumns?.map { name in own.first { nameInSplit($0).isSame(as: name) } } ?? []
        return found.isEmpty || found.contains { $0 == nil } ? allTextColumns : found.compactMap(\.self)
    }

    /// The split's own columns that hold texts, without one that says what `label` says.
    var allTextColumns: [String] {
        let texts = dataset.columnNames.dropFirst(ownColumnCount).filter { name in
            if case .value(let type)? = dataset.features[name] { return type.contains("string") }
            return false
        }
        guard kind == .classes, has("label"), let labels = try? values("label"), labels.contains(where: { !$0.isNull })
        else { return texts }
        return texts.filter { name in
            guard let own = try? values(name) else { return true }
            return zip(labels, own).contains { label, own in !label.isNull && label != own }
        }
    }

    /// The texts of each row, as one.
    func texts() throws -> [String] {
        let names = kind == .answers ? ["question", "context"] : textColumns
        if kind == .tokens {
            return try values("words").map { ($0.list ?? []).compactMap(\.string).joined(separator: " ") }
        }
        let columns = try names.map { try values($0) }
        return (0..<count).map { row in columns.map { $0[row].string ?? "" }.joined(separator: "\n") }
    }
}

/// A report, a comparison or a sweep that can't be made.
public struct ReportError: SwiftletError, Equatable {
    /// What went wrong, to switch over.
    public enum Kind: String, Sendable {
        /// A file of a run that is not there.
        case missingFile
        /// A file of a run that holds something else.
        case table
        /// Runs that can't be compared with each other.
        case differentRows
        /// An option that makes no sense.
        case option
        /// A run that can't be made again.
        case replay
        /// A search for settings that can't go on.
        case sweep
        /// A report that can't be made or written. Where a training came before, its model is saved.
        case unwritten
    }

    /// What went wrong, to switch over.
    public var kind: Kind
    public var message: String
    public var remedy: String?
    public var commandLineRemedy: String?
    public var location: ErrorLocation

    /// - Parameters:
    ///   - message: one sentence that names the culprit.
    ///   - remedy: what to do. What is called differently in Swift and on the command line stands in braces, as in
    ///     `Give {sliceColumns|--slice-column}`; each reader sees the own half.
    public init(
        _ kind: Kind, _ message: String, remedy: String? = nil, at location: ErrorLocation = ErrorLocation()
    ) {
        self.kind = kind
        self.message = message
        // The two halves are told apart in one place.
        let halves = TaskError(.option, "", remedy: remedy)
        self.remedy = halves.remedy
        self.commandLineRemedy = halves.commandLineRemedy
        self.location = location
    }
}
