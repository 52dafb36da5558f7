public import SwiftletDatasets
import SwiftletIO
public import SwiftletTokenizers
import SwiftletTraining

/// Which tokens of a word carry its label.
public enum SubtokenLabels: String, CaseIterable, Sendable {
    /// The first; the others get -100, which no loss counts.
    case first
    /// All; after the first, `B-X` becomes `I-X` where the label names have both.
    case all
}

extension Tokenizer {
    /// Encodes sentences given as words, and gives tokens the labels of their words: the columns of a dataset for
    /// token classification. Special tokens get -100.
    ///
    ///     let tokenized = try raw.map(batched: true) { try tokenizer.alignLabels($0, words: "tokens", labels: "ner_tags") }
    ///
    /// - Parameters:
    ///   - labels: a label for each word; `nil` makes no labels.
    ///   - labelNames: with `.all`, to tell which labels begin an entity.
    /// - Throws: `TrainingError` for a sentence with another number of labels than words, else as when encoding.
    public func alignLabels(
        words: [[String]], labels: [[Int]]?, labelNames: [String] = [], subtokens: SubtokenLabels = .first,
        truncation: Truncation = true, maxLength: Int? = nil
    ) throws -> Columns {
        let encoding = try self(words: words, truncation: truncation, maxLength: maxLength)
        var columns = Columns(encoding)
        guard let labels else { return columns }
        guard labels.count == words.count else {
            throw TrainingError(
                "there are \(labels.count) lists of labels for \(words.count) sentences",
                remedy: "Give one list for each sentence.", kind: .invalidArgument)
        }
        let inside = labelNames.map { name in
            name.hasPrefix("B-") ? labelNames.firstIndex(of: "I-" + name.dropFirst(2)) : nil
        }
        columns["labels"] = .intLists(
            try encoding.rows.enumerated().map { row, tokens in
                guard labels[row].count == words[row].count else {
                    throw TrainingError(
                        "sentence \(row) has \(words[row].count) words and \(labels[row].count) labels",
                        remedy: "Give each word one label.", kind: .invalidData, at: ErrorLocation(row: row))
                }
                let ids = try labels[row].map { label in
                    guard let id = Int32(exactly: label) else {
                        throw TrainingError(
                            "sentence \(row) has the label \(label)", remedy: "Number the labels from 0.",
                            kind: .invalidData,
                            at: ErrorLocation(row: row))
                    }
                    return id
                }
                var previous: Int?
                return tokens.wordIDs.map { word in
                    defer { previous = word }
                    guard let word else { return -100 }
                    let label = labels[row][word]
                    if word != previous { return ids[word] }
                    guard subtokens == .all else { return -100 }
                    return inside.indices.contains(label)
                        ? inside[label].map { Int32(clamping: $0) } ?? ids[word] : ids[word]
                }
            })
        return columns
    }

    /// Tokenizes a dataset's column of words and gives each token the label of its word; label names are those of the
    /// column's class labels.
    ///
    /// - Throws: `TrainingError` that names the row, `DatasetError` for columns of another type.
    public func alignLabels(
        _ batch: Batch, words: String, labels: String?, subtokens: SubtokenLabels = .first, maxLength: Int? = nil
    ) throws -> Columns {
        let texts = try batch.column(words).values().enumerated().map { row, value in
            guard let list = value.list?.compactMap(\.string), list.count == value.list?.count else {
                throw TrainingError(
                    "row \(row) of column '\(words)' holds something else than a list of words",
                    kind: .invalidData, at: ErrorLocation(column: words, row: row))
            }
            return list
        }
        let ids = try labels.map { try batch.intLists($0).map { $0.map(Int.init) } }
        var names: [String] = []
        if let labels, case .list(let element) = batch.features[labels] { names = element.names ?? [] }
        return try alignLabels(
            words: texts, labels: ids, labelNames: names, subtokens: subtokens, maxLength: maxLength)
    }
}
