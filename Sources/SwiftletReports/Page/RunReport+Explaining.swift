public import SwiftletDatasets
import SwiftletIO
public import SwiftletTasks

extension RunReport {
    /// The evaluated rows as they were given, without the answers; `nil` for a run without predictions.
    public func evaluatedRows() throws -> Dataset? {
        guard let table else { return nil }
        let names = Array(table.dataset.columnNames.dropFirst(table.ownColumnCount))
        guard !names.isEmpty else { return nil }
        // The shortest first, so that no name is there already.
        var rows = try table.dataset.selectColumns(names)
        for name in names.sorted(by: { $0.utf8.count < $1.utf8.count }) {
            let own = table.nameInSplit(name)
            if !own.isSame(as: name) { rows = try rows.renameColumn(name, to: own) }
        }
        return rows
    }

    /// Where the model lies that the run began with, or that was evaluated.
    public var modelFolder: String? { record.model["path"]?.string }

    /// The rows that are most worth a look: the surest mistakes first, then what the model is least sure of.
    public func rowsWorthALook(_ count: Int) throws -> [Int] {
        guard let table, count > 0 else { return [] }
        let correct = table.has("correct") ? try table.values("correct").map { $0.bool ?? true } : []
        let hasScores = table.has("score")
        guard hasScores || table.has("loss") else { return Array(0..<min(count, table.count)) }
        // A high score of a mistake, and a high loss of a number, is what surprises.
        let keys = try table.numbers(hasScores ? "score" : "loss").map { $0.isNaN ? -Double.infinity : $0 }
        let mistakes = keys.indices.filter { correct.isEmpty || !correct[$0] }.sorted {
            (keys[$0], $1) > (keys[$1], $0)
        }
        let others = keys.indices.filter { !correct.isEmpty && correct[$0] }.sorted { (keys[$0], $0) < (keys[$1], $1) }
        return Array((mistakes + others).prefix(count))
    }

    /// Explains the rows that are most worth a look, with the model that answered them.
    ///
    /// - Throws: `ReportError` for a run without predictions or a model that can't be explained.
    public mutating func explain(_ count: Int, with model: FineTunedModel) throws {
        guard let rows = try evaluatedRows() else {
            throw ReportError(
                .missingFile, "the run has no predictions whose rows could be explained",
                remedy: "Evaluate the model first, with {evaluateWithReport|swiftlet evaluate}.")
        }
        add(
            try model.explain(
                rows, rows: try rowsWorthALook(count), split: record.json["evaluated_split"]?.string ?? "validation"))
    }
}
