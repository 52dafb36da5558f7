import SwiftletDatasets
import SwiftletIO

extension RunReport {
    /// Rows of a table that a page shows at most.
    private static let shownRows = 2000

    func labelIssuesSection() throws -> ReportSection? {
        var blocks: [JSONValue?] = []
        if let table, let (found, rows) = try labelIssues() {
            let texts = try table.texts()
            let shown = found.prefix(Self.shownRows)
            blocks.append(
                Block.text(
                    "\(found.count) of \(counted(rows.count, "evaluated row")) look mislabelled by confident learning: the "
                        + "probability of another class is at least the mean that it has over its own rows, and larger than "
                        + "the label's." + Self.shownNote(found.count)))
            blocks.append(
                Block.table(
                    "Evaluated rows with doubtful labels",
                    [
                        Block.Column("row", "number", shown.map { .int(rows[$0.row]) }),
                        Block.Column("text", "text", shown.map { .string(cut(texts[rows[$0.row]], 400)) }),
                        Block.Column("label", "label", shown.map { .int($0.label) }, dictionary: table.labels),
                        Block.Column("rather", "label", shown.map { .int($0.suggestion) }, dictionary: table.labels),
                        Block.Column("margin", "number", shown.map { .short($0.margin) }),
                    ], searches: true))
        }
        if let suspects {
            let top = try suspects.take(min(suspects.numRows, Self.shownRows))
            let texts = try PredictionTable(
                kind: .classes, labels: [], dataset: top, ownColumnCount: TrainingDynamics.columnCount,
                modelColumns: table?.modelColumns ?? record.textColumns
            ).texts()
            let judged = record.json["tables"]?["label_suspects"]?["of"]?.int
            blocks.append(
                Block.text(
                    "Training rows in the order of suspicion, by what the model said of them during the training, each time before it "
                        + "learned from them: the mean logarithm of the label's probability. Of pairs, what a logistic regression on "
                        + "their common words, fitted on other rows, says of the label counts, too. A row stands here because "
                        + "others are less suspect, not because its label must be wrong. "
                        + suspectCount(suspects.numRows, of: judged) + Self.shownNote(suspects.numRows)))
            blocks.append(
                Block.table(
                    "Training rows with doubtful labels",
                    [
                        Block.Column("rank", "number", try top.ints("rank").map { .int($0) }),
                        Block.Column("row", "number", try top.ints("row").map { .int($0) }),
                        Block.Column("text", "text", texts.map { .string(cut($0, 400)) }),
                        Block.Column("label", "text", try top.strings("label").map { .string($0) }),
                        Block.Column("rather", "text", try top.strings("suggestion").map { .string($0) }),
                        Block.Column("score", "number", try top.doubles("score").map { .short($0) }),
                    ], searches: true))
        }
        return ReportSection("labels", "Probable label errors", blocks)
    }

    /// How many of the judged rows the file of suspects has.
    private func suspectCount(_ kept: Int, of judged: Int?) -> String {
        guard let judged else { return "\(RunFiles.labelSuspects) has \(counted(kept, "row"))." }
        if kept >= judged { return "\(RunFiles.labelSuspects) has all \(counted(judged, "row")) that were judged." }
        return "\(RunFiles.labelSuspects) has the \(kept) most suspect of \(judged) rows that were judged: a tenth, at "
            + "least \(TrainingDynamics.leastKept) and at most \(TrainingDynamics.mostKept)."
    }

    private static func shownNote(_ count: Int) -> String {
        count > shownRows ? " The first \(shownRows) of them are shown here." : ""
    }

    func duplicatesSection() throws -> ReportSection? {
        guard let duplicates else { return nil }
        let threshold = record.json["report"]?["duplicate_threshold"]?.double ?? options.duplicateThreshold ?? 0.8
        let top = try duplicates.take(min(duplicates.numRows, Self.shownRows))
        let method = "Jaccard similarity of 4 letters in a row at least \(threshold)"
        var text =
            duplicates.numRows == 0
            ? "No evaluated row is a near duplicate of a training row (\(method))."
            : "\(counted(duplicates.numRows, "evaluated row")) \(duplicates.numRows == 1 ? "stands" : "stand") in the training "
                + "split too, or nearly (\(method)). What the model gets right of them, it may have learned by heart."
        if let names = table?.modelColumns {
            text +=
                " Compared is what the model reads: \(names.map { "'\($0)'" }.joined(separator: ", "))"
                + (names.count > 1 ? " as one text." : ".")
        } else {
            text += " All columns of texts are compared: the task doesn't say which of them the model reads."
        }
        if table?.kind == .answers { text += " Another question about the same long context counts, too." }
        return ReportSection(
            "leakage", "Near duplicates between training and evaluation",
            [
                Block.text(text + Self.shownNote(duplicates.numRows)),
                Block.table(
                    "Evaluated rows with their nearest training rows",
                    [
                        Block.Column("row", "number", try top.ints("row").map { .int($0) }),
                        Block.Column("training row", "number", try top.ints("train_row").map { .int($0) }),
                        Block.Column("similarity", "share", try top.doubles("similarity").map { .short($0) }),
                        Block.Column("text", "text", try top.strings("text").map { .string(cut($0, 400)) }),
                        Block.Column(
                            "training text", "text", try top.strings("train_text").map { .string(cut($0, 400)) }),
                    ], searches: true),
            ])
    }
}

/// A number with its noun, which is in the plural but for one.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
