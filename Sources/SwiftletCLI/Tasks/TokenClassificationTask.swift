import Logging
import Swiftlet
import SwiftletIO

/// A tag for each word of a sentence, such as the kind of name it belongs to.
struct TokenClassificationTask: CommandTask {
    let tokenizer: Tokenizer
    let data: DatasetOptions
    let subtokens: SubtokenLabels
    let metric: String?
    private let textColumn: String
    private let labelColumn: String?

    private static let textColumns = ["tokens", "words", "text"]
    private static let labelColumns = ["ner_tags", "tags", "pos_tags", "chunk_tags", "labels"]

    init(
        tokenizer: Tokenizer, sample: Dataset, data: DatasetOptions, options: TaskOptions, metric: String?
    ) throws {
        let names = sample.columnNames
        self.tokenizer = tokenizer
        self.data = data
        subtokens = options.labelAllTokens ? .all : .first
        self.metric = metric
        guard let text = data.textColumn ?? Self.textColumns.first(where: names.contains), names.contains(text) else {
            throw DatasetColumnError(column: data.textColumn, columns: names)
        }
        if data.labelColumn != "label", !names.contains(data.labelColumn) {
            throw DatasetColumnError(column: data.labelColumn, columns: names)
        }
        textColumn = text
        labelColumn = ([data.labelColumn] + Self.labelColumns).first(where: names.contains)
    }

    func model(_ path: String, for rows: Dataset, logger: Logger) throws -> any PretrainedModel {
        guard let labelColumn else { throw DatasetColumnError(column: "ner_tags", columns: rows.columnNames) }
        var names: [String]?
        if case .list(let element) = rows.features[labelColumn] { names = element.names }
        if names == nil {
            let largest = try rows.intLists(labelColumn, rows: 0..<rows.numRows).flatMap(\.self).max() ?? 1
            names = (0...max(Int(largest), 1)).map { "LABEL_\($0)" }
        }
        return try AutoModelForTokenClassification.fromPretrained(
            folder: path, options: LoadOptions(numLabels: names?.count, labelNames: names, logger: logger))
    }

    func prepare(_ rows: Dataset) throws -> PreparedRows {
        let words = try words(rows)
        var names: [String] = []
        let labels = try labelColumn.map { column in
            if case .list(let element) = rows.features[column] { names = element.names ?? [] }
            return try rows.intLists(column, rows: 0..<rows.numRows).map { $0.map(Int.init) }
        }
        let columns = try tokenizer.alignLabels(
            words: words, labels: labels, labelNames: names, subtokens: subtokens, maxLength: data.maxLength)
        let tags = names
        return PreparedRows(
            dataset: try .fromColumns(columns.map { ($0, $1) }),
            computeMetrics: metric == nil && !tags.isEmpty ? { try Self.seqeval($0, names: tags) } : nil, words: words)
    }

    private func words(_ rows: Dataset) throws -> [[String]] {
        guard case .list = rows.features[textColumn] else { return try rows.strings(textColumn).map(Self.split) }
        return try rows.column(textColumn).values().map { $0.list?.map { $0.string ?? "" } ?? [] }
    }

    /// Words and single signs, as in the sets that taggers are trained on.
    static func split(_ text: String) -> [String] {
        var words = [String]()
        var word = ""
        func end() {
            if !word.isEmpty { words.append(word) }
            word = ""
        }
        for character in text {
            if character.isLetter || character.isNumber {
                word.append(character)
            } else {
                end()
                if !character.isWhitespace { words.append(String(character)) }
            }
        }
        end()
        return words
    }

    func metrics(_ model: any PretrainedModel) throws -> [Metric] {
        try metric.map { [try SwiftletCLI.metric(named: $0)] } ?? []
    }

    /// Precision, recall and F1 of whole names, and the accuracy of tags.
    static func seqeval(_ prediction: EvalPrediction, names: [String]) throws -> MetricValues {
        let width = prediction.predictions.shape.dropFirst().first ?? 0
        let best = prediction.predictions.argmax()
        let metric = try Evaluate.load("seqeval")
        func tags(_ ids: [Int], _ row: Int) -> [String] {
            (row * width..<(row + 1) * width).filter { prediction.labelIDs[$0] != -100 }.map { names[ids[$0]] }
        }
        let rows = 0..<(prediction.predictions.shape.first ?? 0)
        try metric.addBatch(
            predictions: rows.map { tags(best, $0) }, references: rows.map { tags(prediction.labelIDs, $0) })
        let all = try metric.compute()
        var values = MetricValues()
        for key in ["precision", "recall", "f1", "accuracy"] { values[key] = all["overall_\(key)"] }
        return values
    }

    func lines(_ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel) throws -> [JSONObject] {
        let (names, best) = (try model.config.labelNames, output.predictions.argmax())
        let width = output.predictions.shape[1]
        let encoding = try tokenizer(words: rows.words, truncation: true, maxLength: data.maxLength)
        let padsLeft = tokenizer.paddingSide == .left
        return encoding.rows.enumerated().map { index, tokens in
            var tags = [String?](repeating: nil, count: rows.words[index].count)
            let shift = padsLeft ? width - tokens.count : 0
            for (place, word) in tokens.wordIDs.enumerated() {
                guard let word, tags[word] == nil else { continue }
                tags[word] = names[best[index * width + shift + place]]
            }
            return [
                "index": .int(index), "words": .array(rows.words[index].map { .string($0) }),
                // Words beyond the longest sequence, and those of which the tokenizer leaves nothing, have no tag.
                "prediction": .array(tags.map { $0.map { .string($0) } ?? .null }),
            ]
        }
    }
}
