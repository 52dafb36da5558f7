public import SwiftletDatasets

/// What one row is trained towards.
public enum Label: Sendable, Equatable {
    /// A class.
    case id(Int)
    /// A number to predict.
    case value(Double)
    /// 0 or 1 for each of several labels.
    case values([Double])

    var numbers: [Double] {
        switch self {
        case .id(let id): [Double(id)]
        case .value(let value): [value]
        case .values(let values): values
        }
    }
}

/// One tokenized row, not padded.
public struct TokenizedExample: Sendable {
    public var inputIDs: [Int32]
    public var attentionMask: [Int32]?
    public var tokenTypeIDs: [Int32]?
    public var label: Label?

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
    public private(set) var rows: [TokenizedExample]
    /// Columns that were left aside because no model takes them.
    public let unusedColumns: [String]
    public let hasLabels: Bool

    static let labelColumns = ["labels", "label", "label_ids"]
    static let modelColumns = ["input_ids", "attention_mask", "token_type_ids"]

    /// - Throws: `TrainingError` if there are no `input_ids`, `DatasetError` for columns of another type.
    public init(_ dataset: Dataset, name: String = "the dataset") throws {
        guard dataset.columnNames.contains("input_ids") else {
            throw TrainingError(
                "\(name) has no column 'input_ids'; its columns are \(dataset.columnNames.joined(separator: ", "))",
                remedy: "Tokenize it first: dataset.map(batched: true) { tokenizer($0...) }.")
        }
        let all = 0..<dataset.numRows
        let ids = try dataset.intLists("input_ids", rows: all)
        func optional(_ column: String) throws -> [[Int32]]? {
            dataset.columnNames.contains(column) ? try dataset.intLists(column, rows: all) : nil
        }
        let (masks, types) = (try optional("attention_mask"), try optional("token_type_ids"))
        let labelColumn = Self.labelColumns.first(where: dataset.columnNames.contains)
        let labels = try labelColumn.map { try Self.labels(dataset, $0) }
        rows = all.map { row in
            TokenizedExample(
                inputIDs: ids[row], attentionMask: masks?[row], tokenTypeIDs: types?[row], label: labels?[row])
        }
        hasLabels = labels != nil
        unusedColumns = dataset.columnNames.filter { !Self.modelColumns.contains($0) && $0 != labelColumn }
    }

    public var count: Int { rows.count }

    private static func labels(_ dataset: Dataset, _ column: String) throws -> [Label] {
        switch dataset.features[column] {
        case .value(let type) where type.hasPrefix("float"): try dataset.doubles(column).map(Label.value)
        case .list: try dataset.column(column).values().enumerated().map { try manyLabels($1, row: $0, column) }
        default: try dataset.ints(column).map(Label.id)
        }
    }

    private static func manyLabels(_ value: Value, row: Int, _ column: String) throws -> Label {
        guard case .list(let items) = value else {
            throw TrainingError("row \(row) of column '\(column)' holds no list of labels")
        }
        return .values(
            try items.map { item in
                guard let number = item.double ?? item.bool.map({ $0 ? 1 : 0 }) else {
                    throw TrainingError("row \(row) of column '\(column)' holds a label that is no number")
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
            guard case .id(let label)? = example.label, label != -100 else { continue }
            guard (0..<labelCount).contains(label) else {
                throw TrainingError(
                    "row \(row) of \(name) has label \(label); the model has \(labelCount) labels, 0 to \(labelCount - 1)",
                    remedy: "Check the label column, or give the model more labels.")
            }
        }
    }
}
