public import SwiftletDatasets
import SwiftletIO

/// What one row is trained towards.
public enum Label: Sendable, Equatable {
    /// A class.
    case id(Int)
    /// A number to predict.
    case value(Double)
    /// 0 or 1 for each of several labels.
    case values([Double])
    /// A class for each token, -100 for those that don't count.
    case ids([Int])
    /// The first and the last token of an answer.
    case span(start: Int, end: Int)

    var numbers: [Double] {
        switch self {
        case .id(let id): [Double(id)]
        case .value(let value): [value]
        case .values(let values): values
        case .ids(let ids): ids.map(Double.init)
        case .span(let start, let end): [Double(start), Double(end)]
        }
    }
}

/// One tokenized row, not padded.
public struct TokenizedExample: Sendable {
    /// Ids of the row's tokens, special ones included.
    public var inputIDs: [Int32]
    /// 1 for tokens and 0 for padding; `nil` where the row has no padding.
    public var attentionMask: [Int32]?
    /// Segments of the tokens, 0 and 1; `nil` for a model without segments.
    public var tokenTypeIDs: [Int32]?
    /// What the row is trained on; `nil` without a label.
    public var label: Label?
    /// 1 for tokens that masking leaves alone.
    public var specialTokensMask: [Int32]?
    /// Where each token lies in its text; masking of whole words needs it.
    public var offsets: [Range<Int>]?
    /// The sequences to choose from, in a row of multiple choice; `inputIDs` is then that of the longest.
    public var choices: [TokenizedExample] = []

    /// A row without choices; columns that are left out are `nil`.
    public init(
        inputIDs: [Int32], attentionMask: [Int32]? = nil, tokenTypeIDs: [Int32]? = nil, label: Label? = nil
    ) {
        self.inputIDs = inputIDs
        self.attentionMask = attentionMask
        self.tokenTypeIDs = tokenTypeIDs
        self.label = label
    }
}

/// The columns of a dataset that a model takes, read once.
public struct TokenizedExamples: Sendable {
    /// The rows, in the dataset's order.
    public private(set) var rows: [TokenizedExample]
    /// Columns that were left aside because no model takes them.
    public let unusedColumns: [String]
    /// Whether the dataset has a column of labels.
    public let hasLabels: Bool

    static let labelColumns = ["labels", "label", "label_ids"]
    static let spanColumns = ["start_positions", "end_positions"]
    static let modelColumns = ["input_ids", "attention_mask", "token_type_ids"]
    static let maskingColumns = ["special_tokens_mask", "offset_mapping"]

    /// - Throws: `TrainingError` if there are no `input_ids`, `DatasetError` for columns of another type.
    public init(_ dataset: Dataset, name: String = "the dataset") throws {
        guard dataset.columnNames.contains("input_ids") else {
            throw TrainingError(
                "\(name) has no column 'input_ids'; its columns are \(dataset.columnNames.joined(separator: ", "))",
                remedy: "Tokenize it first: dataset.map(batched: true) { tokenizer($0...) }.",
                kind: .invalidData, at: ErrorLocation(column: "input_ids"))
        }
        let all = 0..<dataset.numRows
        func has(_ column: String) -> Bool { dataset.columnNames.contains(column) }
        let spans = Self.spanColumns.allSatisfy(has)
        let labelColumn = spans ? nil : Self.labelColumns.first(where: has)
        let labels = try spans ? Self.spans(dataset) : labelColumn.map { try Self.labels(dataset, $0) }
        if case .list(.list) = dataset.features["input_ids"] {
            rows = try Self.choices(dataset)
        } else {
            let ids = try dataset.intLists("input_ids", rows: all)
            func optional(_ column: String) throws -> [[Int32]]? {
                has(column) ? try dataset.intLists(column, rows: all) : nil
            }
            let (masks, types) = (try optional("attention_mask"), try optional("token_type_ids"))
            let special = try optional("special_tokens_mask")
            let offsets = has("offset_mapping") ? try Self.offsets(dataset) : nil
            rows = all.map { row in
                var example = TokenizedExample(
                    inputIDs: ids[row], attentionMask: masks?[row], tokenTypeIDs: types?[row])
                example.specialTokensMask = special?[row]
                example.offsets = offsets?[row]
                return example
            }
        }
        for row in all { rows[row].label = labels?[row] }
        hasLabels = labels != nil
        let used = Self.modelColumns + Self.maskingColumns + (spans ? Self.spanColumns : [])
        unusedColumns = dataset.columnNames.filter { !used.contains($0) && $0 != labelColumn }
    }

    /// Rows of the dataset.
    public var count: Int { rows.count }

    private static func labels(_ dataset: Dataset, _ column: String) throws -> [Label] {
        switch dataset.features[column] {
        case .value(let type) where type.hasPrefix("float"): try dataset.doubles(column).map(Label.value)
        case .list(.value(let type)) where type.contains("int"): try idLists(dataset, column)
        case .list(.classLabel): try idLists(dataset, column)
        case .list: try dataset.column(column).values().enumerated().map { try manyLabels($1, row: $0, column) }
        default: try dataset.ints(column).map(Label.id)
        }
    }

    private static func idLists(_ dataset: Dataset, _ column: String) throws -> [Label] {
        try dataset.intLists(column, rows: 0..<dataset.numRows).map { .ids($0.map(Int.init)) }
    }

    private static func spans(_ dataset: Dataset) throws -> [Label] {
        zip(try dataset.ints(spanColumns[0]), try dataset.ints(spanColumns[1])).map { .span(start: $0, end: $1) }
    }

    private static func manyLabels(_ value: Value, row: Int, _ column: String) throws -> Label {
        guard case .list(let items) = value else {
            throw TrainingError(
                "row \(row) of column '\(column)' holds no list of labels",
                remedy: "Give each row a list with a label for each token.", kind: .invalidData,
                at: ErrorLocation(column: column, row: row))
        }
        return .values(
            try items.map { item in
                guard let number = item.double ?? item.bool.map({ $0 ? 1 : 0 }) else {
                    throw TrainingError(
                        "row \(row) of column '\(column)' holds a label that is no number",
                        remedy: "Give labels as numbers; map names to them first, or use fineTune, which does.",
                        kind: .invalidData, at: ErrorLocation(column: column, row: row))
                }
                return number
            })
    }

    /// Checks class labels against the model before the first step, so that a wrong row is named.
    ///
    /// Rows without a known class, labelled -1 as in test splits, are fine where no loss is needed.
    func checkLabels(labelCount: Int, name: String) throws(TrainingError) {
        guard labelCount > 1 else { return }
        for (row, example) in rows.enumerated() {
            let labels =
                switch example.label {
                case .id(let label): [label]
                // With as many values as the model has labels, they may be 0 or 1 for each of them; that is in range too.
                case .ids(let labels): labels
                default: [Int]()
                }
            guard let wrong = labels.first(where: { $0 != -100 && !(0..<labelCount).contains($0) }) else { continue }
            throw TrainingError(
                "row \(row) of \(name) has label \(wrong); the model has \(labelCount) labels, 0 to \(labelCount - 1)",
                remedy: "Check the label column, or give the model more labels.",
                kind: .invalidData, at: ErrorLocation(row: row))
        }
    }
}
