import SwiftletDatasets
import SwiftletIO

extension RunReport {
    func lengthsSection(_ table: PredictionTable) throws -> ReportSection? {
        guard table.has("token_count") else { return nil }
        let lengths = try table.numbers("token_count")
        var texts: [JSONValue] = []
        if table.has("is_cut") {
            let cuts = try table.values("is_cut").count { $0.bool == true }
            texts.append(
                Block.text(
                    cuts == 0
                        ? "No row is as long as the model takes."
                        : "\(cuts) of \(counted(table.count, "row")) \(cuts == 1 ? "is" : "are") as long as the model takes "
                            + "(\(tokens(lengths.max()))): what comes after that, it does not see."))
        }
        let parts = Slices(numbers: lengths)
        return ReportSection(
            "lengths", "Results by length", note: note(parts), texts + [try slices(table, "tokens", parts)])
    }

    func tokens(_ count: Double?) -> String { counted(count.flatMap { Int(exactly: $0) } ?? 0, "token") }

    func sliceSection(_ table: PredictionTable, by column: String) throws -> ReportSection? {
        // The split's own column where the predictions have one of that name, too.
        let place =
            table.dataset.columnNames.dropFirst(table.ownColumnCount)
            .first { table.nameInSplit($0).isSame(as: column) } ?? column
        let parts = Slices(values: try table.values(place), feature: table.dataset.features[place])
        return ReportSection(
            "slice-\(column)", "Results by \(column)", note: note(parts), [try slices(table, column, parts)])
    }

    /// How the slices were made, and what few rows say.
    private func note(_ slices: Slices) -> String? {
        let few = slices.parts.contains { $0.rows.count < Self.fewRows }
        let notes = [
            slices.note,
            few
                ? "Fewer than \(Self.fewRows) rows say little: an interval has no width where all of them are right, or all wrong."
                : nil,
        ].compactMap(\.self)
        return notes.isEmpty ? nil : notes.joined(separator: " ")
    }

    static let fewRows = 20

    private func slices(_ table: PredictionTable, _ name: String, _ slices: Slices) throws -> JSONValue? {
        let metric = try table.mainMetric()
        let parts = slices.parts
        let values = parts.map { part in metric?.of(part.rows) ?? .nan }
        let intervals = parts.map { part -> (low: Double, high: Double)? in
            guard let metric, part.rows.count > 1 else { return nil }
            // Each slice has few rows; so few draws are enough that many slices take no time.
            var bootstrap = options.bootstrap
            bootstrap.resamples = min(bootstrap.resampleCount(rows: part.rows.count), 300)
            return bootstrap.intervals(rows: part.rows.count) { [metric.of($0.map { part.rows[$0] })] }.first ?? nil
        }
        var columns = [
            Block.Column(name, "text", parts.map { .string(cut($0.name, 200)) }),
            Block.Column("rows", "number", parts.map { .int($0.rows.count) }),
        ]
        if let metric {
            columns += [
                Block.Column(metric.name, "number", values.map { .finite($0) }),
                Block.Column("95% from", "number", intervals.map { .finite($0?.low) }),
                Block.Column("95% to", "number", intervals.map { .finite($0?.high) }),
            ]
        }
        return Block.table("Results by \(name)", columns)
    }
}
