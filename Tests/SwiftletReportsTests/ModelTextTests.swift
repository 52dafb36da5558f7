import SwiftletDatasets
import SwiftletIO
import SwiftletModels
import SwiftletTasks
import SwiftletTestSupport
import SwiftletTraining
import Testing

import SwiftletReports

/// Reports speak of the texts that the model reads, whatever other columns of texts the rows have.
@Suite(.oneAtATime, .enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"))
struct ModelTextTests {
    let folder: TemporaryDirectory
    let model: String

    init() throws {
        folder = try TemporaryDirectory()
        model = try SmallTask(in: folder).model
    }

    private static let words = [
        "river", "stone", "market", "winter", "engine", "letter", "garden", "silver", "window", "thunder", "paper",
        "candle", "harbour", "pencil", "copper", "meadow",
    ]
    private static func sentence(_ number: Int) -> String {
        (0..<8).map { words[(number * 7 + $0 * ($0 + number % 5 + 1)) % words.count] }.joined(separator: " ")
            + " \(number * 7919)"
    }
    /// As long as the texts: it would hide what is equal, and make equal what is not.
    private static let note = "imported from the archive of the old shop in the winter of the year before the last one"

    private func run(
        _ task: ModelTask, train: [(String, ColumnData)], validation: [(String, ColumnData)]
    ) throws -> RunReport {
        var args = TrainingArguments(folder.file("out"))
        args.maxSteps = 1
        args.saveStrategy = .no
        let rows = DatasetDict([
            ("train", try Dataset.fromColumns(train)), ("validation", try Dataset.fromColumns(validation)),
        ])
        var tuning = FineTuning(model: model, dataset: rows, task: task, args: args)
        tuning.options.maxLength = 64
        try tuning.runWithReport()
        return try RunReport(folder: folder.file("out"))
    }

    private func duplicates() throws -> [[Int]] {
        let table = try loadDataset(files: [("rows", folder.file("out/near_duplicates.parquet"))]).split("rows")
        return zip(try table.ints("row"), try table.ints("train_row")).map { [$0, $1] }.sorted { $0[0] < $1[0] }
    }

    private func block(_ report: RunReport, _ section: String, _ index: Int) throws -> JSONValue {
        let sections = try #require(try report.content(title: "out")["sections"]?.array)
        let found = try #require(sections.first { $0["id"]?.string == section })
        return try #require(found["blocks"]?.array)[index]
    }

    /// The table of suspects comes last in its section.
    private func suspects(_ report: RunReport) throws -> JSONValue {
        let sections = try #require(try report.content(title: "out")["sections"]?.array)
        return try #require(sections.first { $0["id"]?.string == "labels" }?["blocks"]?.array?.last)
    }

    private func column(_ table: JSONValue, _ name: String) throws -> [String?] {
        let columns = try #require(table["columns"]?.array)
        return try #require(columns.first { $0["name"]?.string == name }?["values"]?.array).map(\.string)
    }

    @Test func `a column that the model doesn't read neither hides a duplicate nor invents one`() throws {
        let (train, validation) = ((0..<16).map(Self.sentence), [3, 100, 101, 9].map(Self.sentence))
        func rows(_ texts: [String], _ source: (Int) -> String) -> [(String, ColumnData)] {
            [
                ("source", .strings(texts.indices.map(source))), ("text", .strings(texts)),
                ("label", .ints(texts.indices.map { $0 % 2 })),
            ]
        }
        var report = try run(
            .sequenceClassification, train: rows(train) { "archive number \($0 * 31 + 5), drawn by the north desk" },
            validation: rows(validation) { "https://example.org/\($0)/other/place/altogether?from=\($0 * 977)" })
        #expect(try duplicates() == [[0, 3], [3, 9]])
        report = try run(
            .sequenceClassification, train: rows(train) { _ in Self.note },
            validation: rows(validation) { _ in Self.note })
        #expect(try duplicates() == [[0, 3], [3, 9]])
        #expect(report.table?.textColumns == ["text"])
        // Its siblings: what a row is shown by, a suspect's text, and the example of use in the card.
        let rows = try block(report, "rows", 0)
        #expect(rows["texts"]?.int == 1)
        #expect(rows["columns"]?.array?.compactMap { $0["name"]?.string }.prefix(3) == ["row", "text", "source"])
        let suspects = try column(try suspects(report), "text").compactMap(\.self)
        #expect(suspects.count == 8 && Set(suspects).isSubset(of: train))
        let card = try MappedFile.text(folder.file("out/README.md"))
        #expect(card.contains("try await classify(\"He left.\")") && !card.contains("text_pair"))
        #expect(report.record.textColumns == ["text"])
    }

    @Test func `both texts of pairs count, and nothing else`() throws {
        let first = (0..<16).map(Self.sentence)
        let second = (0..<16).map { Self.sentence($0 + 40) }
        func rows(_ pairs: [(String, String)]) -> [(String, ColumnData)] {
            [
                ("note", .strings(pairs.map { _ in Self.note + Self.note })), ("sentence1", .strings(pairs.map(\.0))),
                ("sentence2", .strings(pairs.map(\.1))), ("label", .ints(pairs.indices.map { $0 % 2 })),
            ]
        }
        // The first has both texts of a training row, the second only one.
        let report = try run(
            .sequenceClassification, train: rows(Array(zip(first, second))),
            validation: rows([(first[4], second[4]), (first[5], Self.sentence(90)), (Self.sentence(91), second[6])]))
        #expect(try duplicates() == [[0, 4]])
        #expect(try MappedFile.text(folder.file("out/README.md")).contains("text_pair"))
        #expect(try block(report, "rows", 0)["texts"]?.int == 2)
    }

    @Test func `a training without an evaluation shows its suspects, and its card has pairs`() throws {
        var args = TrainingArguments(folder.file("out"))
        args.maxSteps = 1
        args.saveStrategy = .no
        let numbers = Array(0..<8)
        let rows = try Dataset.fromColumns([
            ("note", .strings(numbers.map { _ in Self.note })), ("sentence1", .strings(numbers.map(Self.sentence))),
            ("sentence2", .strings(numbers.map { Self.sentence($0 + 40) })), ("label", .ints(numbers.map { $0 % 2 })),
        ])
        try FineTuning(model: model, dataset: DatasetDict([("train", rows)]), args: args).runWithReport()
        let report = try RunReport(folder: folder.file("out"))
        #expect(report.table == nil)
        let texts = try column(try suspects(report), "text")
        #expect(
            Set(texts.compactMap(\.self)) == Set(numbers.map { Self.sentence($0) + "\n" + Self.sentence($0 + 40) }))
        #expect(try MappedFile.text(folder.file("out/README.md")).contains("text_pair"))
    }

    @Test func `words are the texts of tokens, and questions have their contexts`() throws {
        func words(_ numbers: [Int]) -> [(String, ColumnData)] {
            let lists = numbers.map { Self.sentence($0).split(separator: " ").map(String.init) }
            return [
                ("document", .strings(numbers.map { _ in Self.note })), ("tokens", .stringLists(lists)),
                ("ner_tags", .stringLists(lists.map { $0.indices.map { $0 == 1 ? "B-PER" : "O" } })),
            ]
        }
        _ = try run(.tokenClassification, train: words(Array(0..<12)), validation: words([50, 7, 51]))
        #expect(try duplicates() == [[1, 7]])

        func questions(_ numbers: [Int], title: String) -> [(String, ColumnData)] {
            let contexts = numbers.map(Self.sentence)
            let answers = contexts.map { context in
                Value.structure(
                    Row([
                        ("text", .list([.string(String(context.prefix { $0 != " " }))])),
                        ("answer_start", .list([.int(0)])),
                    ]))
            }
            return [
                ("title", .strings(numbers.map { _ in title })), ("context", .strings(contexts)),
                ("question", .strings(numbers.map { "Which word is the first of text \($0)?" })),
                ("answers", .values(answers)),
            ]
        }
        _ = try run(
            .questionAnswering, train: questions(Array(0..<12), title: Self.note),
            validation: questions([50, 7, 51], title: "something else"))
        #expect(try duplicates() == [[1, 7]])
    }

    @Test func `vectors are known by their texts alone`() throws {
        func rows(_ numbers: [Int]) -> [(String, ColumnData)] {
            [
                ("source", .strings(numbers.map { _ in Self.note })),
                ("sentence1", .strings(numbers.map(Self.sentence))),
                ("sentence2", .strings(numbers.map { Self.sentence($0 + 40) })),
            ]
        }
        let report = try run(.sentenceEmbeddings, train: rows(Array(0..<12)), validation: rows([60, 5, 61]))
        #expect(try duplicates() == [[1, 5]])
        let table = try block(report, "rows", 0)
        // What the page says of a neighbour are these columns.
        #expect(table["texts"]?.int == 2)
        #expect(
            table["columns"]?.array?.compactMap { $0["name"]?.string }.prefix(4) == [
                "row", "sentence1", "sentence2", "source",
            ])
    }
}
