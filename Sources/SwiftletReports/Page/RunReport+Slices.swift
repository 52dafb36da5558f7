package import SwiftletDatasets
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
                        : "\(cuts) of \(table.count) rows are as long as the model takes (\(shown(lengths.max() ?? 0)) tokens): what comes "
                            + "after that, it does not see."))
        }
        return ReportSection(
            "lengths", "Results by length", texts + [try slices(table, "tokens", Slices(numbers: lengths))])
    }

    func sliceSection(_ table: PredictionTable, by column: String) throws -> ReportSection? {
        // The split's own column where the predictions have one of that name, too.
        let place =
            table.dataset.columnNames.dropFirst(table.ownColumnCount)
            .first { table.nameInSplit($0).isSame(as: column) } ?? column
        return ReportSection(
            "slice-\(column)", "Results by \(column)",
            [
                try slices(
                    table, column, Slices(values: try table.values(place), feature: table.dataset.features[place]))
            ])
    }

    private func slices(_ table: PredictionTable, _ name: String, _ slices: Slices) throws -> JSONValue? {
        let metric = try table.mainMetric()
        let parts = slices.parts
        let values = parts.map { part in metric?.of(part.rows) ?? .nan }
        let intervals = parts.map { part -> (low: Double, high: Double)? in
            guard let metric, !part.rows.isEmpty else { return nil }
            // Each slice has few rows; so few draws are enough that many slices take no time.
            var bootstrap = options.bootstrap
            bootstrap.resamples = min(bootstrap.resampleCount(rows: part.rows.count), 300)
            return bootstrap.intervals(rows: part.rows.count) { [metric.of($0.map { part.rows[$0] })] }.first ?? nil
        }
        var columns = [
            Block.Column(name, "text", parts.map { .string($0.name) }),
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

/// Rows by the values of a column: each value of a few, ranges of numbers.
package struct Slices {
    package var parts: [(name: String, rows: [Int])] = []

    /// Four ranges with about as many rows each; each number of few.
    package init(numbers: [Double]) {
        let known = numbers.indices.filter { numbers[$0].isFinite }
        let sorted = known.map { numbers[$0] }.sorted()
        guard let first = sorted.first, let last = sorted.last else { return }
        func text(_ value: Double) -> String {
            Int(exactly: value).map(String.init) ?? String((value * 1e4).rounded() / 1e4)
        }
        let distinct = Set(sorted)
        if distinct.count <= 6 {
            parts = distinct.sorted().map { value in (text(value), known.filter { numbers[$0] == value }) }
        } else {
            let cuts = [0.25, 0.5, 0.75].map { percentile($0, ofSorted: sorted) }
            var bounds: [Double] = [first]
            for cut in cuts + [last] where cut > bounds[bounds.count - 1] { bounds.append(cut) }
            parts = zip(bounds, bounds.dropFirst()).enumerated().map { index, range in
                let rows = known.filter {
                    numbers[$0] <= range.1 && (numbers[$0] > range.0 || index == 0 && numbers[$0] == first)
                }
                return ("\(text(range.0))–\(text(range.1))", rows)
            }
        }
        addMissing(numbers.indices.filter { !numbers[$0].isFinite })
    }

    /// Most frequent values first, 20 at most and the rest as one.
    package init(values: [Value], feature: Feature?) {
        if case .classLabel(let names)? = feature {
            self.init(
                texts: values.map { value in value.int.map { names.indices.contains($0) ? names[$0] : String($0) } })
        } else if values.contains(where: { if case .double = $0 { true } else { false } })
            || Set(values.compactMap(\.int)).count > 20
        {
            self.init(numbers: values.map { $0.double ?? .nan })
        } else {
            self.init(texts: values.map { $0.isNull ? nil : $0.string ?? $0.description })
        }
    }

    private init(texts: [String?]) {
        var rows: [TextKey: [Int]] = [:]
        for (row, text) in texts.enumerated() { if let text { rows[TextKey(text), default: []].append(row) } }
        let sorted = rows.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        parts = sorted.prefix(20).map { ($0.key.text, $0.value) }
        let rest = sorted.dropFirst(20)
        if !rest.isEmpty { parts.append(("\(rest.count) other values", rest.flatMap(\.value).sorted())) }
        addMissing(texts.indices.filter { texts[$0] == nil })
    }

    private mutating func addMissing(_ rows: [Int]) { if !rows.isEmpty { parts.append(("missing", rows)) } }
}
