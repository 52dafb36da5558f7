import SwiftletIO

/// What a run's log history says, in the words of a model card.
struct TrainingLog {
    /// A row for each evaluation during training: the loss last logged before it, epoch, step, and what it measured.
    /// `nil` if the history tells of no training that has ended.
    var rows: [JSONObject]?
    /// The last evaluation, under names for people: `Loss`, `Accuracy`.
    var results: JSONObject?

    /// What an evaluation logs beside its metrics.
    private static let bookkeeping: Set<String> = [
        "runtime", "samples_per_second", "steps_per_second", "epoch", "step", "total_flos",
    ]

    init(_ history: [JSONObject]) {
        let lastEvaluation = history.last { $0["eval_loss"] != nil }
        guard let end = history.firstIndex(where: { $0["train_runtime"] != nil }) else {
            // Without a training the entry stands as it is, as in Python.
            results = lastEvaluation
            return
        }
        rows = Self.rows(history[..<end])
        // Python leaves the results out if the evaluation is the very first entry. That is a slip: in a short run,
        // evaluated once and logged at its end only, it is.
        results = lastEvaluation.map { entry in
            JSONObject(
                entry.compactMap { key, value in
                    let name = key.hasPrefix("eval_") ? String(key.dropFirst(5)) : key
                    return Self.bookkeeping.contains(name) ? nil : (Self.title(name), value)
                })
        }
    }

    private static func rows(_ history: ArraySlice<JSONObject>) -> [JSONObject] {
        var rows: [JSONObject] = []
        var trainingLoss = JSONValue.string("No log")
        for entry in history {
            trainingLoss = entry["loss"] ?? trainingLoss
            guard entry["eval_loss"] != nil else { continue }
            var row: JSONObject = [
                "Training Loss": trainingLoss, "Epoch": entry["epoch"] ?? nil, "Step": entry["step"] ?? nil,
            ]
            for (key, value) in entry {
                let name = key.hasPrefix("eval_") ? String(key.dropFirst(5)) : key
                if bookkeeping.contains(name) { continue }
                row[name == "loss" ? "Validation Loss" : title(name)] = value
            }
            rows.append(row)
        }
        return rows
    }

    /// `matthews_correlation` becomes `Matthews Correlation`, and `f1` `F1`.
    static func title(_ name: String) -> String {
        name.split(separator: "_", omittingEmptySubsequences: false).map { word in
            word.prefix(1).uppercased() + word.dropFirst().lowercased()
        }.joined(separator: " ")
    }

    /// The rows as a Markdown table; a column that only some rows have is empty in the others.
    static func table(_ rows: [JSONObject]) -> String {
        var widths: JSONObject = [:]
        for row in rows {
            for (name, value) in row {
                let before = widths[name]?.int ?? name.inMarkdown.unicodeScalars.count
                widths[name] = .int(max(before, value.cardText.unicodeScalars.count))
            }
        }
        guard !widths.isEmpty else { return "" }
        func line(_ cell: (String) -> String) -> String {
            widths.map { name, width in
                let text = cell(name)
                return "| \(text)" + String(repeating: " ", count: (width.int ?? 0) - text.unicodeScalars.count + 1)
            }.joined() + "|\n"
        }
        let rule = widths.map { "|:\(String(repeating: "-", count: $1.int ?? 0)):" }.joined() + "|\n"
        return line { $0.inMarkdown } + rule + rows.map { row in line { row[$0]?.cardText ?? "" } }.joined()
    }
}
