public import SwiftletDatasets
public import SwiftletIO
public import SwiftletMetrics
public import SwiftletModels
import SwiftletTokenizers
public import SwiftletTraining

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A tag for each word of a sentence, such as the kind of name it belongs to.
public struct TokenClassificationTask: FineTuningTask {
    private let context: TaskContext
    private let textColumn: String
    private let labelColumn: String?
    private let maxLength: Int
    private let labels: LabelScheme?

    static let textColumns = ["tokens", "words", "text", "sentence"]
    static let labelColumns = ["ner_tags", "tags", "pos_tags", "chunk_tags"]

    /// - Throws: `TaskError` for rows without words, and for labels of no known kind or unknown to a fine-tuned model.
    public init(_ context: TaskContext) throws {
        let columns = try context.columns(naming: ["textColumn", "labelColumn"])
        self.context = context
        let rows = try context.sample
        guard let text = context.options.textColumn ?? columns.column(Self.textColumns) else {
            throw columns.missing(nil)
        }
        try columns.require(text)
        textColumn = text
        maxLength = try context.maxLength()
        let label = columns.label(Self.labelColumns)
        if let label, context.options.labelColumn != nil { try columns.require(label) }
        labelColumn = label
        // Running text has no words that labels could belong to.
        var isOfWords = false
        if case .list = rows.features[text] { isOfWords = true }
        labels = isOfWords ? try context.labels(label, isOfTokens: true) : nil
    }

    public var notes: [String] { labels?.notes ?? [] }
    public var maxTokens: Int? { maxLength }
    public var textColumns: [String]? { [textColumn] }
    public var savedOptions: JSONObject {
        context.options.saved(text: context.options.textColumn, label: context.options.labelColumn)
    }

    /// The usual one, but where rows are padded to `maxLength`.
    public func collator() throws -> (any DataCollator)? {
        try context.paddingCollator(maxLength) {
            try DataCollatorForTokenClassification(tokenizer: context.tokenizer, padding: .maxLength, maxLength: $0)
        }
    }

    public func loadModel(_ folder: String, options: LoadOptions) throws -> any PretrainedModel {
        var options = options
        if let labels {
            options.labelNames = labels.names
            options.numLabels = labels.outputCount
        }
        return try AutoModelForTokenClassification.fromPretrained(folder: folder, options: options)
    }

    public func prepare(_ rows: Dataset, split: String, for use: RowUse) throws -> PreparedRows {
        let words = try words(rows, split)
        var ids: [[Int]]?
        if let labelColumn, rows.columnNames.contains(labelColumn), let labels {
            let (type, _) = try LabelColumnType.of(rows, labelColumn)
            var declared: [String]?
            if case .named(let given) = type { declared = given }
            do {
                let found = try rows.column(labelColumn).values().enumerated().map { row, value in
                    try labels.classes(value, declared, row, labelColumn, split)
                }
                // Rows to predict may have labels that don't fit their words.
                if use != .prediction || zip(found, words).allSatisfy({ $0.count == $1.count }) { ids = found }
            } catch  where use == .prediction {
                // Labels are kept in the answers as they stand in the rows.
            }
        }
        guard ids != nil || use == .prediction else {
            _ = try TaskColumns(rows, context.options).requireLabel(Self.labelColumns)
            guard case .list = rows.features[textColumn] else {
                throw TaskError(
                    .column, "column '\(textColumn)' holds no lists of words, and labels are given word by word",
                    remedy: "Give each row a list of words, or name another column with \(optionName("textColumn")).")
            }
            throw TaskError(.labels, "split '\(split)' has no lists of labels")
        }
        let names = labels?.names ?? []
        let columns = try context.tokenizer.alignLabels(
            words: words, labels: ids, labelNames: names, subtokens: context.options.subtokens, maxLength: maxLength)
        let usesSeqeval = context.options.metrics.isEmpty || context.options.metrics == ["seqeval"]
        return PreparedRows(
            try .fromColumns(columns.map { ($0, $1) }),
            computeMetrics: usesSeqeval && ids != nil ? { try Self.seqeval($0, names: names) } : nil, details: words)
    }

    private func words(_ rows: Dataset, _ split: String) throws -> [[String]] {
        guard case .list = rows.features[textColumn] else {
            return try rows.strings(textColumn).map(Self.split)
        }
        return try rows.column(textColumn).values().enumerated().map { row, value in
            guard let list = value.list, case let words = list.compactMap(\.string), words.count == list.count else {
                throw TaskError(
                    .column, "row \(row) of split '\(split)' has no list of words in column '\(textColumn)'",
                    remedy: "Give each row a list of texts.")
            }
            return words
        }
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

    public func metrics(_ model: any PretrainedModel) throws -> [Metric] {
        if context.options.metrics.isEmpty || context.options.metrics == ["seqeval"] { return [] }
        return try MetricChoice.metrics(
            context.options.metrics, context.options.metricOptions, problem: .singleLabelClassification,
            labelCount: try model.config.labelCount)
    }

    /// Precision, recall and F1 of whole names, and the accuracy of tags.
    static func seqeval(_ prediction: EvalPrediction, names: [String]) throws -> MetricValues {
        let width = prediction.predictions.shape.dropFirst().first ?? 0
        let best = prediction.predictions.argmax()
        let metric = try Evaluate.load("seqeval")
        func tags(_ ids: [Int], _ row: Int) throws -> [String] {
            try (row * width..<(row + 1) * width).filter { prediction.labelIDs[$0] != -100 }.map { place in
                guard names.indices.contains(ids[place]) else {
                    throw TaskError(
                        .labels, "the model answers label \(ids[place]), and there are \(names.count) names")
                }
                return names[ids[place]]
            }
        }
        let rows = 0..<(prediction.predictions.shape.first ?? 0)
        try metric.addBatch(
            predictions: try rows.map { try tags(best, $0) },
            references: try rows.map { try tags(prediction.labelIDs, $0) })
        let all = try metric.compute()
        var values = MetricValues()
        for key in ["precision", "recall", "f1", "accuracy"] { values[key] = all["overall_\(key)"] }
        return values
    }

    /// The sentences with a word of another tag than the model's, by the surest of these.
    public func mistakes(
        _ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel
    ) throws -> [Mistake]? {
        let predictions = output.predictions
        guard let sentences = rows.details as? [[String]], predictions.shape.count == 3, let ids = output.labelIDs,
            ids.count == predictions.shape[0] * predictions.shape[1]
        else { return nil }
        let (names, best) = (try model.config.labelNames, predictions.argmax())
        let (width, labelCount) = (predictions.shape[1], predictions.shape[2])
        func name(_ id: Int) -> JSONValue { .string(names.indices.contains(id) ? names[id] : "LABEL_\(id)") }
        return try firstTokens(of: sentences, width: width).enumerated().compactMap { row, places in
            let known = places.map { $0.flatMap { ids[$0] == -100 ? nil : $0 } }
            let wrong = known.compactMap(\.self).filter { ids[$0] != best[$0] }
            guard !wrong.isEmpty else { return nil }
            let scores = wrong.map { place in
                softmax(Array(predictions.values[place * labelCount..<(place + 1) * labelCount])).max() ?? 0
            }
            return Mistake(
                row: row, weight: Double(scores.max() ?? 0),
                details: [
                    "true_labels": .array(known.map { $0.map { name(ids[$0]) } ?? .null }),
                    "prediction": .array(places.map { $0.map { name(best[$0]) } ?? .null }),
                    "wrong_words": .int(wrong.count), "score": .number(scores.max() ?? 0),
                ])
        }
    }

    /// Where the first token of each word stands among the outputs of all rows; `nil` for words beyond the longest
    /// sequence, and those of which the tokenizer leaves nothing.
    private func firstTokens(of sentences: [[String]], width: Int) throws -> [[Int?]] {
        let encoding = try context.tokenizer(words: sentences, truncation: true, maxLength: maxLength)
        let padsLeft = context.tokenizer.paddingSide == .left
        return encoding.rows.enumerated().map { index, tokens in
            var places = [Int?](repeating: nil, count: sentences[index].count)
            let shift = padsLeft ? width - tokens.count : 0
            for (position, word) in tokens.wordIDs.enumerated() {
                guard let word, places[word] == nil else { continue }
                places[word] = index * width + shift + position
            }
            return places
        }
    }

    public func answers(
        _ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel
    ) throws -> [JSONObject] {
        try words(of: output, rows, model).map { row in
            [
                "words": .array(row.words.map { .string($0) }),
                // Words beyond the longest sequence, and those of which the tokenizer leaves nothing, have no tag.
                "prediction": .array(row.tags.map { $0.map { .string($0) } ?? .null }),
            ]
        }
    }

    /// A sentence's words, with the tag that the model gives each.
    package struct TaggedWords {
        package var words: [String] = []
        /// `nil` for words that no token stands for.
        package var tags: [String?] = []
        /// The tags of the rows themselves, where they have some.
        package var labels: [String?] = []
        /// The probability of the tag that the model gives.
        package var scores: [Double?] = []
        /// Negative log-likelihood of the rows' own tags.
        package var losses: [Double?] = []
    }

    /// What the model says of each word, by the word's first token.
    package func words(
        of output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel
    ) throws -> [TaggedWords] {
        guard let sentences = rows.details as? [[String]], output.predictions.shape.count == 3 else { return [] }
        let (names, best) = (try model.config.labelNames, output.predictions.argmax())
        let (width, classes) = (output.predictions.shape[1], output.predictions.shape[2])
        let labelIDs = output.labelIDs.flatMap { $0.count == best.count ? $0 : nil }
        let encoding = try context.tokenizer(words: sentences, truncation: true, maxLength: maxLength)
        let padsLeft = context.tokenizer.paddingSide == .left
        func name(_ id: Int) -> String { names.indices.contains(id) ? names[id] : "LABEL_\(id)" }
        return encoding.rows.enumerated().map { index, tokens in
            let empty = [String?](repeating: nil, count: sentences[index].count)
            let unknown = [Double?](repeating: nil, count: empty.count)
            var row = TaggedWords(words: sentences[index], tags: empty, labels: empty, scores: unknown, losses: unknown)
            let shift = padsLeft ? width - tokens.count : 0
            for (position, word) in tokens.wordIDs.enumerated() {
                guard let word, row.tags[word] == nil else { continue }
                let place = index * width + shift + position
                row.tags[word] = name(best[place])
                let logits = output.predictions.values[place * classes..<(place + 1) * classes].map(Double.init)
                let logScores = logSoftmax(logits)
                row.scores[word] = logScores.max().map { exp($0) }
                guard let label = labelIDs?[place], logits.indices.contains(label) else { continue }
                row.labels[word] = name(label)
                row.losses[word] = -logScores[label]
            }
            return row
        }
    }
}
