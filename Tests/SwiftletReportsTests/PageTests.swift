import Foundation
import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

import SwiftletReports

/// The page as a file: nothing in data becomes markup, and it stays small.
@Suite struct PageTests {
    private func report(_ table: PredictionTable, title: String = "run") throws -> String {
        var options = RunReportOptions()
        options.bootstrap.resamples = 20
        return try RunReport(
            record: RunRecord(["format": 1, "data": ["dataset": .string(title)]]), history: [], table: table,
            options: options
        ).page(title: title)
    }

    private func classes(rows: Int, text: (Int) -> String) throws -> PredictionTable {
        let scores = (0..<rows).map { 0.5 + Double($0 % 50) / 101 }
        let columns: [(String, ColumnData)] = [
            ("row", .ints(Array(0..<rows))), ("label", .strings((0..<rows).map { $0 % 2 == 0 ? "<b>no</b>" : "yes" })),
            ("prediction", .strings((0..<rows).map { $0 % 3 == 0 ? "<b>no</b>" : "yes" })),
            ("correct", .bools((0..<rows).map { ($0 % 2 == 0) == ($0 % 3 == 0) })), ("score", .doubles(scores)),
            ("loss", .doubles(scores)), ("probability_<b>no</b>", .doubles(scores)),
            ("probability_yes", .doubles(scores.map { 1 - $0 })),
            ("token_count", .ints((0..<rows).map { 5 + $0 % 90 })),
        ]
        let given = try Dataset.fromColumns([("text", .strings((0..<rows).map(text)))])
        return try PredictionTable(kind: .classes, labels: ["<b>no</b>", "yes"], columns: columns, given: given)
    }

    @Test func `texts of data stay texts`() throws {
        let bad = "</script><script>alert(1)</script><!-- \u{1B}[31m ]]> & \" ' \u{2028} <img src=x onerror=alert(1)>"
        let page = try report(try classes(rows: 30) { _ in bad }, title: "<i>\(bad)</i>")
        let start = try #require(page.range(of: #"id="data">"#))
        let end = try #require(page.range(of: "</script>", range: start.upperBound..<page.endIndex))
        let data = page[start.upperBound..<end.lowerBound]
        #expect(!data.contains("<") && !data.contains("\u{1B}"))
        let json = try JSONValue(parsing: String(data))
        let sections = try #require(json["sections"]?.array)
        let rows = try #require(sections.first { $0["id"]?.string == "rows" })
        let columns = try #require(rows["blocks"]?.array?.first?["columns"]?.array)
        #expect(columns[1]["values"]?.array?.first?.string == bad)
        // The two scripts of the page are all there are, and no text gets between them.
        #expect(page.components(separatedBy: "<script").count == 3)
        #expect(!page.contains("<img") && !page.contains("<i>"))
        #expect(page.contains("default-src 'none'"))
        #expect(!page.contains("http://www.w3.org/2000/svg\"") || !page.contains("src=\"http"))
    }

    @Test func `the policy names the hashes of the page's own script and style`() throws {
        // Of an empty text, as every implementation has it.
        #expect(ReportPage.hash("") == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
        #expect(ReportPage.hash("abc") == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
    }

    @Test func `100,000 rows stay below 15 MB and say what is left out`() throws {
        let text = String(repeating: "many words of a row ", count: 20)
        let page = try report(try classes(rows: 100_000) { "\($0) \(text)" })
        #expect(page.utf8.count < 15_000_000)
        #expect(page.contains(" of 100000 rows are here"))
    }

    @Test func `the table's metrics are those of its columns`() throws {
        let table = try classes(rows: 60) { "row \($0)" }
        let metrics = try table.summary()
        func value(_ name: String) throws -> MetricSummary { try #require(metrics.first { $0.name == name }) }
        let right = (0..<60).count { ($0 % 2 == 0) == ($0 % 3 == 0) }
        #expect(abs(try value("accuracy").value - Double(right) / 60) < 1e-12)
        #expect(try value("accuracy").baseline == 0.5)
        let interval = try #require(try value("accuracy").interval)
        #expect(interval.low < Double(right) / 60 && interval.high > Double(right) / 60)
        #expect(try value("roc_auc").value.isFinite)
    }

    @Test func `columns of a split are not taken for predictions, whatever their names`() throws {
        let folder = try TemporaryDirectory()
        let names = [
            "words", "question", "context", "exact_match", "neighbors", "score", "label", "input_label", "token_count",
            "probability_maybe", "input_input_words", "row",
        ]
        let given = try Dataset.fromColumns(names.map { ($0, .strings(["\($0) 0", "\($0) 1"])) })
        let numbers: [(String, ColumnData)] = [
            ("row", .ints([0, 1])), ("label", .doubles([1, 2])), ("prediction", .doubles([1, 3])),
            ("loss", .doubles([0, 1])),
        ]
        let table = try PredictionTable(kind: .numbers, labels: [], columns: numbers, given: given)
        try table.write(to: folder.file("predictions.parquet"))
        let read = try PredictionTable(contentsOf: folder.file("predictions.parquet"))
        #expect(read.kind == .numbers && read.labels.isEmpty)
        #expect(read.textColumns.count == names.count)
        let report = RunReport(record: RunRecord(["format": 1]), history: [], table: read, options: RunReportOptions())
        let rows = try #require(try report.evaluatedRows())
        #expect(rows.columnNames == names)
        for name in names { #expect(try rows.strings(name) == ["\(name) 0", "\(name) 1"]) }
        // The surest mistakes of numbers are those of the largest losses, not of the user's scores.
        #expect(try report.rowsWorthALook(2) == [1, 0])
        let classes = try classes(rows: 4) { "row \($0)" }
        let own = try Dataset.fromColumns([
            // What the label says is no text of the row.
            ("kind", .strings(try classes.dataset.strings("label"))),
            ("words", .strings(["a", "b", "c", "d"])), ("probability_x", .doubles([1, 1, 1, 1])),
        ])
        let columns = classes.dataset.columnNames.dropLast().filter { $0 != "token_count" }
        let other = try PredictionTable(
            kind: .classes, labels: classes.labels,
            columns: try columns.map { ($0, .values(try classes.dataset.column($0).values())) },
            given: own)
        try other.write(to: folder.file("classes.parquet"))
        let again = try PredictionTable(contentsOf: folder.file("classes.parquet"))
        #expect(again.kind == .classes && again.labels == classes.labels && again.textColumns == ["words"])
    }

    @Test func `a table is the same after a file`() throws {
        let folder = try TemporaryDirectory()
        let table = try classes(rows: 12) { "row \($0)" }
        try table.write(to: folder.file("predictions.parquet"))
        let read = try PredictionTable(contentsOf: folder.file("predictions.parquet"))
        #expect(read.kind == .classes)
        #expect(read.labels == table.labels)
        #expect(read.textColumns == ["text"])
        #expect(try read.summary().map(\.value) == table.summary().map(\.value))
        let error = #expect(throws: ReportError.self) { try PredictionTable(contentsOf: folder.file("none.parquet")) }
        // Another table is not taken for one of predictions.
        try Dataset.fromColumns([("row", .ints([0])), ("prediction", .ints([0]))]).toParquet(folder.file("x.parquet"))
        #expect(throws: ReportError.self) { try PredictionTable(contentsOf: folder.file("x.parquet")) }
        #expect(error?.kind == .missingFile)
    }
}
