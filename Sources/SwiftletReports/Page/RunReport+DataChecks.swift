import SwiftletDatasets
import SwiftletIO

extension RunReport {
    func labelIssuesSection(_ table: PredictionTable) throws -> ReportSection? {
        var blocks: [JSONValue?] = []
        if table.kind == .classes {
            let (rows, labels, _) = try table.labelledClasses()
            let all = try table.probabilities()
            let found = LabelIssues(labels: labels, probabilities: rows.map { all[$0] }, classCount: table.labels.count)
                .issues
            let texts = try table.texts()
            let shown = found.prefix(2000)
            blocks.append(
                Block.text(
                    "\(found.count) of \(rows.count) evaluated rows look mislabelled by confident learning: the probability of another "
                        + "class is at least the mean that it has over its own rows, and larger than the label's."))
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
            let shown = min(suspects.numRows, 2000)
            let top = try suspects.take(shown)
            let own = top.columnNames.dropFirst(5).filter { name in
                if case .value(let type)? = top.features[name] { return type.contains("string") }
                return false
            }
            let columns = try own.map { try top.column($0).values() }
            let texts = (0..<shown).map { row in columns.map { $0[row].string ?? "" }.joined(separator: "\n") }
            blocks.append(
                Block.text(
                    "Training rows in the order of suspicion, by what the model said of them during the training, each time before it "
                        + "learned from them: the mean logarithm of the label's probability. Of pairs, what a logistic regression on "
                        + "their common words, fitted on other rows, says of the label counts, too. "
                        + "\(RunFiles.labelSuspects) has more of them."))
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

    func duplicatesSection() throws -> ReportSection? {
        guard let duplicates else { return nil }
        let threshold = options.duplicateThreshold ?? 0.8
        let top = try duplicates.take(2000)
        let text =
            duplicates.numRows == 0
            ? "No evaluated row is a near duplicate of a training row (Jaccard similarity of 4 letters in a row at least \(threshold))."
            : "\(duplicates.numRows) evaluated rows stand in the training split too, or nearly (Jaccard similarity of 4 letters in a "
                + "row at least \(threshold)). What the model gets right of them, it may have learned by heart."
        return ReportSection(
            "leakage", "Near duplicates between training and evaluation",
            [
                Block.text(text),
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
