public import SwiftletDatasets
public import SwiftletIO
public import SwiftletModels
import SwiftletTensor
import SwiftletTokenizers
public import SwiftletTraining

/// Sentences as vectors; pairs that mean the same are to be near each other.
public struct SentenceEmbeddingsTask: FineTuningTask {
    private let context: TaskContext
    private let text: String
    private let pair: String?
    private let labelColumn: String?
    private let maxLength: Int

    /// - Throws: `TaskError` for rows without texts.
    public init(_ context: TaskContext) throws {
        let columns = try context.columns
        self.context = context
        (text, pair) = try columns.texts()
        labelColumn = columns.label()
        maxLength = try context.maxLength()
    }

    public var maxTokens: Int? { maxLength }
    public var textColumns: [String]? { [text] + (pair.map { [$0] } ?? []) }
    public var savedOptions: JSONObject {
        context.options.saved(text: context.options.textColumn, pair: context.options.textPairColumn)
    }

    public func loadModel(_ folder: String, options: LoadOptions) throws -> any PretrainedModel {
        try SentenceEmbeddingModel.fromPretrained(folder: folder, options: options)
    }

    /// Where the pairs have classes 0 and 1, only those of class 1 mean the same.
    public func prepare(_ rows: Dataset, split: String, for use: RowUse) throws -> PreparedRows {
        if use == .prediction { return PreparedRows(try encode(rows)) }
        guard pair != nil else {
            throw TaskError(
                .column, "sentence embeddings are trained on pairs, and the dataset has one column of texts",
                remedy: "Name the second one with \(optionName("textPairColumn")).")
        }
        var rows = rows
        if let labelColumn, rows.columnNames.contains(labelColumn) {
            let isSame = try rows.column(labelColumn).values().enumerated().map { row, value in
                guard let id = LabelCell(value)?.int, (-1...1).contains(id) else {
                    throw TaskError(
                        .labels,
                        "row \(row) of split '\(split)' has \(value) in column '\(labelColumn)', which is not 0 or 1",
                        remedy: "Pairs of label 1 are trained on; leave the column out where all pairs mean the same.")
                }
                return id == 1
            }
            rows = try rows.select(isSame.indices.filter { isSame[$0] })
            guard rows.numRows > 0 else {
                throw TaskError(
                    .labels, "no pair of split '\(split)' has the label 1 in column '\(labelColumn)'",
                    remedy: "Pairs of label 1 are trained on.")
            }
        }
        return PreparedRows(
            try encode(rows), computeMetrics: { try SentenceEmbeddings.retrieval($0.predictions) })
    }

    private func encode(_ rows: Dataset) throws -> Dataset {
        try rows.map(batched: true, removeColumns: rows.columnNames) { batch -> Columns in
            let texts = try batch.strings(text)
            guard let pair else {
                return Columns(try context.tokenizer(texts, truncation: true, maxLength: maxLength))
            }
            return try context.tokenizer.encodeSeparately(texts, try batch.strings(pair), maxLength: maxLength)
        }
    }

    public func collator() throws -> (any DataCollator)? {
        pair == nil ? try DataCollatorWithPadding(tokenizer: context.tokenizer) : nil
    }

    public func answers(
        _ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel
    ) throws -> [JSONObject] {
        (0..<(output.predictions.shape.first ?? 0)).map { index in
            let vectors = output.predictions[row: index]
            guard output.predictions.shape.count == 3 else { return ["embedding": .numbers(vectors)] }
            let pair = Tensor(Array(vectors), shape: Array(output.predictions.shape.dropFirst()))
            let cosine = SentenceEmbeddings.cosines(pair[0..<1], pair[1..<2]).item()
            return ["prediction": .number(Float(cosine))]
        }
    }
}
