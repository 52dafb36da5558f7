import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

import SwiftletReports

/// Slices of rows by a column, the suspects and the columns that a page names.
@Suite struct SliceTests {
    @Test func `slices are values of few, ranges of numbers, and what is missing`() {
        let few = Slices(values: [.string("b"), .string("a"), .string("b"), .null], feature: nil)
        #expect(few.parts.map(\.name) == ["b", "a", "missing"])
        #expect(few.parts.map(\.rows) == [[0, 2], [1], [3]])
        #expect(few.note == nil)
        let ranges = Slices(numbers: (0..<100).map(Double.init) + [.nan])
        #expect(ranges.parts.map(\.name) == ["0 to 24", "25 to 49", "50 to 74", "75 to 99", "missing"])
        #expect(ranges.parts.map(\.rows.count) == [25, 25, 25, 25, 1])
        #expect(ranges.parts.flatMap(\.rows).sorted() == Array(0...100))
        #expect(ranges.note?.hasPrefix("The 100 different numbers are shown in ranges") == true)
        let many = Slices(values: (0..<60).map { .string("v\($0 % 30)") }, feature: nil)
        #expect(many.parts.count == 21)
        #expect(many.parts.last?.name == "10 other values" && many.parts.last?.rows.count == 20)
        #expect(many.parts.flatMap(\.rows).count == 60)
        #expect(many.note == "The 20 most frequent of 30 different values are shown, and the others together.")
        #expect(
            Slices(values: [.int(0), .int(1)], feature: .classLabel(names: ["x", "y"])).parts.map(\.name) == ["x", "y"])
        #expect(Slices(numbers: []).parts.isEmpty)
        #expect(Slices(numbers: [.nan, .infinity]).parts.map(\.name) == ["missing"])
    }

    @Test func `a frequent number is a slice of its own`() {
        // Nine tenths are 0: three quartiles are the same.
        let numbers = (0..<100).map { $0 < 90 ? 0.0 : Double($0) }
        #expect(Slices(numbers: numbers).parts.map(\.name) == ["0", "90 to 99"])
        #expect(Slices(numbers: numbers.map { 99 - $0 }).parts.map(\.name) == ["0 to 9", "99"])
        #expect(Slices(numbers: numbers.map { -$0 }).parts.flatMap(\.rows).sorted() == Array(0..<100))
        // Whole numbers are values up to 20 of them, others up to 6.
        let ratings = Slices(values: (0..<40).map { .int($0 % 8) }, feature: .value("int64"))
        #expect(ratings.parts.count == 8 && ratings.note == nil)
        #expect(Slices(values: (0..<40).map { .int($0 % 30) }, feature: .value("int64")).parts.count == 4)
        #expect(Slices(values: (0..<40).map { .double(Double($0 % 8)) }, feature: .value("double")).parts.count == 4)
        #expect(Slices(numbers: [0.1, 0.2, 0.1]).parts.map(\.name) == ["0.1", "0.2"])
    }

    // MARK: The page

    private let labels = ["no", "yes"]

    /// Answers to rows with the columns of a split.
    private func table(_ given: Dataset) throws -> PredictionTable {
        let count = given.numRows
        let columns: [(String, ColumnData)] = [
            ("row", .ints(Array(0..<count))), ("label", .strings((0..<count).map { labels[$0 % 2] })),
            ("prediction", .strings((0..<count).map { labels[$0 % 3 == 0 ? 0 : 1] })),
            ("correct", .bools((0..<count).map { ($0 % 2 == 0) == ($0 % 3 == 0) })),
            ("score", .doubles((0..<count).map { 0.5 + Double($0 % 50) / 101 })),
            ("loss", .doubles((0..<count).map { Double($0 % 7) })),
            ("probability_no", .doubles((0..<count).map { $0 % 3 == 0 ? 0.8 : 0.3 })),
            ("probability_yes", .doubles((0..<count).map { $0 % 3 == 0 ? 0.2 : 0.7 })),
        ]
        return try PredictionTable(kind: .classes, labels: labels, columns: columns, given: given)
    }

    private func section(_ report: RunReport, _ id: String) throws -> JSONValue {
        let sections = try #require(try report.content(title: "run")["sections"]?.array)
        return try #require(sections.first { $0["id"]?.string == id }, "\(id)")
    }

    private func options(_ columns: [String] = []) -> RunReportOptions {
        var options = RunReportOptions()
        options.bootstrap.resamples = 20
        options.sliceColumns = columns
        return options
    }

    @Test func `a page says how its slices were made, and one row has no interval`() throws {
        let given = try Dataset.fromColumns([
            ("text", .strings((0..<60).map { "row \($0)" })),
            ("year", .doubles((0..<60).map { 1960 + Double($0) / 2 })),
            ("shop", .strings((0..<60).map { $0 < 59 ? "north" : String(repeating: "s", count: 5000) })),
        ])
        let report = RunReport(
            record: RunRecord(["format": 1]), history: [], table: try table(given), options: options(["year", "shop"]))
        let years = try section(report, "slice-year")
        #expect(years["note"]?.string?.contains("cut at the quartiles") == true)
        let shops = try section(report, "slice-shop")
        #expect(shops["note"]?.string?.contains("Fewer than 20 rows say little") == true)
        let columns = try #require(shops["blocks"]?.array?.first?["columns"]?.array)
        #expect(columns[0]["values"]?.array?.last?.string?.count == 201)
        #expect(columns[1]["values"]?.array?.map(\.int) == [59, 1])
        #expect(columns[3]["values"]?.array?[0].double != nil)
        #expect(columns[3]["values"]?.array?[1].isNull == true)
    }

    @Test func `the slices of a run are kept, and others take their place`() throws {
        let folder = try TemporaryDirectory()
        let given = try Dataset.fromColumns([
            ("text", .strings((0..<30).map { "row \($0)" })), ("shop", .strings((0..<30).map { "s\($0 % 2)" })),
            ("label", .ints((0..<30).map { $0 % 2 })),
        ])
        try table(given).write(to: folder.file("predictions.parquet"))
        try RunRecord(["format": 1, "report": ["slice_columns": ["shop"]]]).write(to: folder.path)
        #expect(try RunReport(folder: folder.path).sliceColumns == ["shop"])
        #expect(
            try section(try RunReport(folder: folder.path, options()), "slice-shop")["title"]?.string
                == "Results by shop")
        let other = try RunReport(folder: folder.path, options(["label"]))
        #expect(other.sliceColumns == ["label"])
        let sections = try #require(try other.content(title: "run")["sections"]?.array)
        #expect(!sections.contains { $0["id"]?.string == "slice-shop" })

        // An unknown one is told with each column once.
        let error = #expect(throws: ReportError.self) { try RunReport(folder: folder.path, options(["nothing"])) }
        let message = try #require(error?.message)
        let listed = try #require(message.components("the columns are ").last).components(", ")
        #expect(
            listed == [
                "row", "label", "prediction", "correct", "score", "loss", "probability_no", "probability_yes", "text",
                "shop",
                "input_label",
            ])
        try FileSystem.remove(folder.file("predictions.parquet"))
        #expect(throws: Never.self) { try RunReport(folder: folder.path) }
        let missing = #expect(throws: ReportError.self) { try RunReport(folder: folder.path, options(["shop"])) }
        #expect(missing?.kind == .missingFile)
    }

    @Test func `what is left out of the suspects is said, and no answer is left out`() throws {
        let suspects = (0..<12_000).map { LabelSuspect(row: $0, label: 0, suggestion: 1, score: Double($0)) }
        let given = try Dataset.fromColumns([
            ("id", .strings((0..<12_000).map { "id \($0)" })), ("text", .strings((0..<12_000).map { "text \($0)" })),
        ])
        let few = try #require(try TrainingDynamics.table(of: Array(suspects.prefix(900)), names: labels, given: given))
        let some = try #require(try TrainingDynamics.table(of: suspects, names: labels, given: given))
        #expect(few.numRows == 900 && some.numRows == 1200)
        var answers = try table(given)
        #expect(answers.count == 12_000)
        answers.modelColumns = ["text"]
        func said(_ suspects: Dataset, of judged: Int) throws -> (text: String, texts: [String?]) {
            let record: JSONObject = ["format": 1, "tables": ["label_suspects": ["of": .int(judged)]]]
            let report = RunReport(
                record: RunRecord(record), history: [], table: answers, suspects: suspects, options: options())
            let blocks = try #require(try section(report, "labels")["blocks"]?.array)
            let column = try #require(blocks.last?["columns"]?.array?.first { $0["name"]?.string == "text" })
            return (blocks[blocks.count - 2]["text"]?.string ?? "", (column["values"]?.array ?? []).map(\.string))
        }
        let (text, texts) = try said(some, of: 12_000)
        #expect(
            text.hasSuffix(
                "label_suspects.parquet has the 1200 most suspect of 12000 rows that were judged: a tenth, at least 1000 and at "
                    + "most 20000."))
        #expect(texts.prefix(2) == ["text 0", "text 1"])
        #expect(try said(few, of: 900).text.hasSuffix("label_suspects.parquet has all 900 rows that were judged."))
    }
}

extension String {
    fileprivate func components(_ separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
