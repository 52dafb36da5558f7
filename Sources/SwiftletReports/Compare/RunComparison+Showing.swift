public import SwiftletIO

extension RunComparison {
    /// Everything in a form for programs.
    public func json() throws -> JSONValue {
        let first = runs[0]
        let others: [JSONValue] = try runs.indices.dropFirst().map { index in
            var object: JSONObject = ["name": .string(runs[index].name), "folder": .string(runs[index].folder)]
            object["metrics"] = .object(
                JSONObject(
                    try differences(index).map { one in
                        let interval: JSONValue = one.interval.map { [.finite($0.low), .finite($0.high)] } ?? .null
                        return (
                            one.metric,
                            [
                                "first": .finite(one.first), "other": .finite(one.other),
                                "difference": .finite(one.other - one.first), "interval": interval,
                                "p": .finite(one.pValue), "reason": one.reason.map { .string($0) } ?? .null,
                            ]
                        )
                    }))
            if let test = try mcNemar(index) {
                object["mcnemar"] = [
                    "only_first_right": .int(test.onlyFirst), "only_other_right": .int(test.onlySecond),
                    "p": .double(test.pValue),
                ]
            }
            let changes = try rowChanges(index)
            object["changed_rows"] = .array(changes.rows.map { .int($0) })
            if changes.kind == .number {
                object["mean_absolute_difference"] = .finite(changes.meanDifference)
                object["differences"] = .array(changes.rows.map { .finite(changes.differences[$0]) })
            }
            return .object(object)
        }
        return [
            "first": .string(first.name), "first_folder": .string(first.folder), "rows": .int(first.table.count),
            "others": .array(others),
            "settings": .object(
                JSONObject(
                    differingSettings().map { name, values in
                        (name, .array(values.map { $0?.orNullIfNotFinite ?? .null }))
                    })),
        ]
    }

    /// Everything but the rows, as text for a terminal.
    public func text() throws -> String {
        var lines = ["\(counted(runs[0].table.count, "row")), compared with \(runs[0].title.shown())", ""]
        for index in runs.indices.dropFirst() {
            lines.append(runs[index].title.shown())
            let found = try differences(index)
            let rows = found.map { one in
                [
                    one.metric, ShownNumber.short(one.first), ShownNumber.short(one.other),
                    ShownNumber.signed(one.other - one.first),
                    one.interval.map { "\(ShownNumber.signed($0.low)) to \(ShownNumber.signed($0.high))" } ?? "none",
                    one.pValue.isNaN ? "none" : ShownNumber.probability(one.pValue),
                ]
            }
            lines += Self.table([["metric", "first", "other", "difference", "95%", "p"]] + rows)
            lines += Self.reasons(found)
            if let test = try mcNemar(index) {
                lines.append(
                    "McNemar's exact test: right only in the first \(test.onlyFirst), only in the other \(test.onlySecond), "
                        + ShownNumber.probabilitySentence(test.pValue))
            }
            lines += try [rowChanges(index).text, ""]
        }
        let settings = differingSettings()
        if settings.isEmpty {
            lines.append("The recorded settings are the same.")
        } else {
            lines.append("Settings that differ")
            lines += Self.table(
                [["setting"] + runs.map { $0.name.shown() }]
                    + settings.map { name, values in
                        [name.shown()] + values.map(Self.shortened)
                    })
            if settings.contains(where: { $0.values.contains { Self.shortened($0).hasSuffix("…") } }) {
                lines.append("Values that end with … are cut; --json and the page have all of them.")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Columns of one width each, the first to the left and numbers to the right.
    static func table(_ rows: [[String]]) -> [String] {
        guard let count = rows.map(\.count).max() else { return [] }
        let widths = (0..<count).map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            "  "
                + row.enumerated().map { column, cell in
                    let room = String(repeating: " ", count: widths[column] - cell.count)
                    return column == 0 ? cell + room : room + cell
                }.joined(separator: "  ")
        }
    }

    /// A setting as a column of a terminal has room for it: of a hash as much as tells it apart.
    private static func shortened(_ value: JSONValue?) -> String {
        guard let text = value?.settingText.shown() else { return "not set" }
        let isHash = text.utf8.count == 64 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        return cut(text, isHash ? 12 : 40)
    }

    /// Why metrics have neither an interval nor a p, a sentence for each reason.
    private static func reasons(_ differences: [Difference]) -> [String] {
        var reasons: [String] = []
        for reason in differences.compactMap(\.reason) where !reasons.contains(text: reason) { reasons.append(reason) }
        return reasons.map { reason in
            let names = differences.filter { $0.reason?.isSame(as: reason) ?? false }.map(\.metric)
            return "No statement by the bootstrap on \(names.joined(separator: ", ")): \(reason)."
        }
    }

    /// The comparison as a page like `report.html`.
    public func page() throws -> String {
        var sections: [ReportSection?] = []
        for index in runs.indices.dropFirst() {
            let run = runs[index]
            let found = try differences(index)
            var blocks: [JSONValue?] = [
                Block.table(
                    "Metrics of \(run.name) beside \(runs[0].name)",
                    [
                        Block.Column("metric", "text", found.map { .string($0.metric) }),
                        Block.Column(runs[0].name, "number", found.map { .finite($0.first) }),
                        Block.Column(run.name, "number", found.map { .finite($0.other) }),
                        Block.Column("difference", "number", found.map { .finite($0.other - $0.first) }),
                        Block.Column("95% from", "number", found.map { .finite($0.interval?.low) }),
                        Block.Column("95% to", "number", found.map { .finite($0.interval?.high) }),
                        Block.Column("p", "number", found.map { .finite($0.pValue) }),
                    ])
            ]
            if let test = try mcNemar(index) {
                blocks.append(
                    Block.text(
                        "McNemar's exact test: \(test.onlyFirst) rows are right only in \(runs[0].name), \(test.onlySecond) only in "
                            + "\(run.name), \(ShownNumber.probabilitySentence(test.pValue))."))
            }
            blocks += Self.reasons(found).map { Block.text($0) as JSONValue? }
            let changes = try rowChanges(index)
            blocks += try [Block.text(changes.text), changedRowsTable(changes, index)]
            let draws = bootstrap.resampleCount(rows: run.table.count)
            sections.append(
                ReportSection(
                    "run-\(index)", run.title,
                    note:
                        "Paired bootstrap: both runs are measured on each of \(draws) draws of rows (seed \(bootstrap.seed)). The "
                        + "interval has 95% of the differences. p is twice the share of draws in which the sign is not that of "
                        + "most, 0 counting for both sides, and at most 1; one is added to the draws of that side and to all, so "
                        + "that it is at least \(ShownNumber.short(2 / Double(draws + 1))). Fewer than "
                        + "\(PairedBootstrap.fewestRows) rows, "
                        + "and draws that all have the same difference, make no statement.", blocks))
        }
        let settings = differingSettings()
        sections.append(
            ReportSection(
                "settings", "Settings that differ",
                [
                    Block.table(
                        "Settings of the runs",
                        [Block.Column("setting", "text", settings.map { .string($0.name) })]
                            + runs.enumerated().map { index, run in
                                Block.Column(
                                    run.name, "text",
                                    settings.map { .string($0.values[index]?.settingText ?? "not set") })
                            })
                ]))
        let title = runs.map(\.name).joined(separator: ", ")
        let folders = runs.map(\.title).joined(separator: ", ")
        return ReportPage(
            title: "Comparison",
            content: [
                "title": .string(title),
                "lead": .string("\(runs.count) runs on the same \(counted(runs[0].table.count, "row")): \(folders)."),
                "facts": [], "sections": .array(sections.compactMap(\.self).map { .object($0.json) }),
            ]
        ).html
    }
}
