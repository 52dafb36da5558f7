import Logging
import Swiftlet
import SwiftletIO

/// Sentences as vectors; pairs that mean the same are to be near each other.
struct SentenceEmbeddingsTask: CommandTask {
    let tokenizer: Tokenizer
    let data: DatasetOptions
    private let columns: TextColumns

    init(tokenizer: Tokenizer, sample: Dataset, data: DatasetOptions) throws {
        self.tokenizer = tokenizer
        self.data = data
        columns = try TextColumns(sample, options: data)
    }

    func model(_ path: String, for rows: Dataset, logger: Logger) throws -> any PretrainedModel {
        guard columns.pair != nil else {
            throw TrainingError(
                "sentence-embeddings trains on pairs, and the dataset has one text column",
                remedy: "Name the second one with --text-pair-column.")
        }
        return try SentenceEmbeddingModel.fromPretrained(folder: path, options: LoadOptions(logger: logger))
    }

    /// Where the pairs have classes 0 and 1, only those of class 1 mean the same.
    func prepare(_ rows: Dataset) throws -> PreparedRows {
        var rows = rows
        if rows.columnNames.contains(data.labelColumn) {
            let labels = try rows.ints(data.labelColumn)
            rows = try rows.select(labels.indices.filter { labels[$0] == 1 })
            guard rows.numRows > 0 else {
                throw TrainingError(
                    "no pair has the label 1 in column '\(data.labelColumn)'", remedy: "Pairs of label 1 are trained on.")
            }
        }
        return PreparedRows(
            dataset: try encode(rows), computeMetrics: { try SentenceEmbeddings.retrieval($0.predictions) })
    }

    func prepareToPredict(_ rows: Dataset) throws -> PreparedRows { PreparedRows(dataset: try encode(rows)) }

    private func encode(_ rows: Dataset) throws -> Dataset {
        try rows.map(batched: true, removeColumns: rows.columnNames) { batch -> Columns in
            let texts = try batch.strings(columns.text)
            guard let pair = columns.pair else {
                return Columns(try tokenizer(texts, truncation: true, maxLength: data.maxLength))
            }
            return try tokenizer.encodeSeparately(texts, try batch.strings(pair), maxLength: data.maxLength)
        }
    }

    func collator(_ args: TrainingArguments) throws -> (any DataCollator)? {
        columns.pair == nil ? try DataCollatorWithPadding(tokenizer: tokenizer) : nil
    }

    func lines(_ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel) throws -> [JSONObject] {
        (0..<(output.predictions.shape.first ?? 0)).map { index in
            let vectors = output.predictions[row: index]
            guard output.predictions.shape.count == 3 else {
                return ["index": .int(index), "embedding": shortNumbers(vectors)]
            }
            let pair = Tensor(Array(vectors), shape: Array(output.predictions.shape.dropFirst()))
            let cosine = SentenceEmbeddings.cosines(pair[0..<1], pair[1..<2]).item()
            return ["index": .int(index), "prediction": .double(Double("\(Float(cosine))") ?? cosine)]
        }
    }
}
