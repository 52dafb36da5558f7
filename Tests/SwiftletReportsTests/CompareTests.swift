import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

import SwiftletReports

/// Comparisons of runs whose predictions are written down here.
@Suite struct CompareTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func write(
        _ name: String, _ kind: PredictionTable.Kind, labels: [String] = [], _ columns: [(String, ColumnData)],
        settings: JSONObject = [:]
    ) throws -> String {
        let count = columns[0].1.count
        let given = try Dataset.fromColumns([("text", .strings((0..<count).map { "text \($0)" }))])
        let table = try PredictionTable(
            kind: kind, labels: labels, columns: [("row", .ints(Array(0..<count)))] + columns, given: given)
        let place = folder.file(name)
        try FileSystem.createDirectory(place)
        try table.write(to: "\(place)/predictions.parquet")
        try RunRecord(["format": 1, "arguments": .object(settings)]).write(to: place)
        return place
    }

    private func classes(_ name: String, _ predictions: [String], label: String = "a", settings: JSONObject = [:])
        throws
        -> String
    {
        try write(
            name, .classes, labels: ["a", "b"],
            [
                ("label", .strings(predictions.map { _ in label })), ("prediction", .strings(predictions)),
                ("correct", .bools(predictions.map { $0 == label })),
                ("score", .doubles(predictions.map { _ in 0.75 })),
                ("loss", .doubles(predictions.map { $0 == label ? 0.2877 : 1.3863 })),
                ("probability_a", .doubles(predictions.map { $0 == "a" ? 0.75 : 0.25 })),
                ("probability_b", .doubles(predictions.map { $0 == "b" ? 0.75 : 0.25 })),
            ], settings: settings)
    }

    private func numbers(_ name: String, _ predictions: [Double?]) throws -> String {
        try write(
            name, .numbers,
            [
                ("label", .doubles(predictions.indices.map(Double.init))),
                ("prediction", .optionalDoubles(predictions)),
                ("loss", .optionalDoubles(predictions)),
            ])
    }

    @Test func `a chance that four decimals would make zero is said to be small`() throws {
        let folders = [
            try classes("first", [String](repeating: "b", count: 40)),
            try classes("second", [String](repeating: "a", count: 40)),
        ]
        let comparison = try RunComparison(folders: folders)
        let test = try #require(try comparison.mcNemar(1))
        // Twice 2 to the power of -40.
        #expect(abs(test.pValue / 0x1p-39 - 1) < 1e-9)
        #expect(try comparison.text().contains("only in the other 40, p < 0.0001"))
        // Data within a script has no angle.
        #expect(try comparison.page().contains(#"only in second, p \u003c 0.0001."#))
        #expect(try comparison.json()["others"]?.array?.first?["mcnemar"]?["p"]?.double == test.pValue)
        #expect(try comparison.page().contains("it is at least 0.002."))
        // Half of the rows each way is no difference.
        let mixed = (0..<40).map { $0 % 2 == 0 ? "a" : "b" }
        let other = mixed.map { $0 == "a" ? "b" : "a" }
        let even = try RunComparison(folders: [try classes("mixed", mixed), try classes("other", other)])
        #expect(try even.text().contains("only in the other 20, p = 1\n"))
    }

    @Test func `whole settings have no point`() throws {
        let comparison = try RunComparison(folders: [
            try classes("first", ["a", "b"], settings: ["save_steps": 500.0, "learning_rate": 5e-5, "seed": 1.0]),
            try classes("second", ["a", "b"], settings: ["save_steps": 100.0, "learning_rate": 0.5, "seed": 1]),
        ])
        let settings = comparison.differingSettings()
        #expect(settings.map(\.name) == ["arguments.save_steps", "arguments.learning_rate"])
        #expect(settings.map(\.values) == [[500.0, 100.0], [5e-05, 0.5]])
        #expect(try comparison.text().contains("arguments.save_steps       500     100\n"))
        #expect(try comparison.json()["settings"]?["arguments.learning_rate"] == [5e-05, 0.5])
    }

    @Test func `what is missing is said, and of an evaluation beside a training nothing is missing`() throws {
        let hash = String(repeating: "0123456789abcdef", count: 4)
        var record: JSONObject = ["format": 1, "arguments": ["seed": 1, "note": nil], "machine": ["environment": [:]]]
        record["model"] = ["files": [["path": "a.safetensors", "size": 1, "sha256": .string(hash)]]]
        let first = try classes("first", ["a", "b"])
        try RunRecord(record).write(to: first)
        record["arguments"] = ["seed": 1, "max_steps": 5, "note": nil]
        record["model"] = ["files": [["path": "a.safetensors", "size": 1, "sha256": .string(String(hash.reversed()))]]]
        let second = try classes("second", ["a", "b"])
        try RunRecord(record).write(to: second)
        let both = try RunComparison(folders: [first, second])
        #expect(both.differingSettings().map(\.name) == ["model.files: a.safetensors", "arguments.max_steps"])
        #expect(both.differingSettings()[1].values == [nil, 5])
        let text = try both.text()
        #expect(text.contains("not set") && text.contains("0123456789ab…  fedcba987654…"), "\(text)")
        #expect(try both.json()["settings"]?["model.files: a.safetensors"]?.array?.first?.string == hash)
        #expect(try both.page().contains(hash) && both.page().contains("not set"))

        // A training has arguments, and an evaluation none; what the environment says both have.
        record["weights"] = [["path": "a.safetensors", "size": 1, "sha256": "0"]]
        record["machine"] = ["environment": ["OMP_NUM_THREADS": "2"]]
        try RunRecord(record).write(to: second)
        record["weights"] = nil
        record["arguments"] = nil
        record["machine"] = ["environment": [:]]
        try RunRecord(record).write(to: first)
        let other = try RunComparison(folders: [second, first])
        #expect(other.differingSettings().map(\.name) == ["machine.environment.OMP_NUM_THREADS"])
    }

    @Test func `runs are named by what tells them apart`() throws {
        func run(_ name: String) throws -> String {
            try FileSystem.createDirectory(folder.file(FileSystem.parent(of: name)))
            return try classes(name, ["a", "b"])
        }
        let folders = [try run("x/evaluation/validation"), try run("y/evaluation/validation")]
        let text = try RunComparison(folders: folders).text()
        #expect(text.hasPrefix("2 rows, compared with x/evaluation/validation (\(folders[0]))\n"), "\(text)")
        #expect(text.contains("\ny/evaluation/validation (\(folders[1]))\n"))
        let plain = try RunComparison(folders: [try run("one"), try run("two") + "/"])
        #expect(try plain.json()["first"] == "one" && plain.json()["others"]?.array?.first?["name"] == "two")
        let same = try RunComparison(folders: [folders[0], folders[0]])
        #expect(try same.json()["first"] != same.json()["others"]?.array?.first?["name"])
    }

    @Test func `too few rows, and draws that are all the same, make no statement`() throws {
        func compared(_ first: [String], _ other: [String]) throws -> RunComparison {
            try RunComparison(folders: [try classes("first", first), try classes("second", other)])
        }
        let mixed = (0..<10).map { $0 % 3 == 0 ? "b" : "a" }
        let turned = Array(mixed.reversed().dropFirst()) + ["b"]
        for (count, reason) in [(1, "fewer than 10 rows"), (9, "fewer than 10 rows")] {
            let few = try compared(Array(mixed.prefix(count)), Array(turned.prefix(count)))
            let found = try few.differences(1)
            #expect(found.allSatisfy { $0.pValue.isNaN && $0.interval == nil && $0.reason ?? reason == reason })
            let text = try few.text()
            #expect(text.contains("No statement by the bootstrap on accuracy") && text.contains(": \(reason).\n"))
        }
        let enough = try compared(mixed, turned)
        let accuracy = try #require(try enough.differences(1).first { $0.metric == "accuracy" })
        #expect(accuracy.reason == nil && accuracy.interval != nil && (0.002...1).contains(accuracy.pValue))
        let same = try compared(mixed, mixed)
        let equal = try #require(try same.differences(1).first { $0.metric == "accuracy" })
        #expect(equal.pValue.isNaN && equal.reason == "all draws have the same difference")
        let json = try #require(try same.json()["others"]?.array?.first?["metrics"]?["accuracy"])
        #expect(json["p"] == .null && json["interval"] == .null && json["reason"]?.string == equal.reason)
        // Right everywhere and nowhere: the same difference in each draw, which McNemar's test can judge.
        let apart = try compared([String](repeating: "b", count: 40), [String](repeating: "a", count: 40))
        #expect(try apart.differences(1).first { $0.metric == "accuracy" }?.reason == equal.reason)
    }

    @Test func `a class, a set of labels and a sequence of tags change or don't`() throws {
        let changed = try RunComparison(folders: [
            try classes("first", ["a", "b", "a", "a"]), try classes("second", ["a", "a", "a", "b"]),
        ])
        #expect(try changed.changedRows(1) == [1, 3])
        #expect(try changed.text().contains("2 rows have another prediction: 1, 3\n"))

        func several(_ name: String, _ predictions: [[String]]) throws -> String {
            try write(
                name, .multipleLabels, labels: ["a", "b"],
                [
                    ("label", .stringLists(predictions.map { _ in ["a"] })), ("prediction", .stringLists(predictions)),
                    ("correct", .bools(predictions.map { $0 == ["a"] })),
                    ("loss", .doubles(predictions.map { _ in 1 })),
                    ("probability_a", .doubles(predictions.map { _ in 0.5 })),
                    ("probability_b", .doubles(predictions.map { _ in 0.5 })),
                ])
        }
        let labels = try RunComparison(folders: [
            try several("third", [["a", "b"], ["a"], []]), try several("fourth", [["b", "a"], [], []]),
        ])
        #expect(try labels.changedRows(1) == [1])

        func tags(_ name: String, _ predictions: [[String]]) throws -> String {
            try write(
                name, .tokens,
                [
                    ("words", .stringLists(predictions.map { _ in ["Ada", "sang"] })),
                    ("label", .stringLists(predictions.map { _ in ["B-PER", "O"] })),
                    ("prediction", .stringLists(predictions)),
                    ("scores", .doubleLists(predictions.map { _ in [0.5, 0.5] })),
                    ("correct", .bools(predictions.map { _ in false })), ("loss", .doubles(predictions.map { _ in 1 })),
                ])
        }
        let sequences = try RunComparison(folders: [
            try tags("fifth", [["B-PER", "O"], ["O", "O"]]), try tags("sixth", [["B-PER", "O"], ["B-PER", "O"]]),
        ])
        #expect(try sequences.changedRows(1) == [1])
        // Only the words whose tags differ.
        #expect(try sequences.page().contains(#""Ada: B-PER""#))
    }

    @Test func `of numbers the rows that differ most come first`() throws {
        var (first, other) = ((0..<120).map { Double($0) as Double? }, (0..<120).map { Double($0) as Double? })
        for row in 0..<110 { other[row] = Double(row) + 1e-9 }
        other[5] = 4.5
        other[7] = 9
        first[50] = nil
        let comparison = try RunComparison(folders: [try numbers("first", first), try numbers("other", other)])
        let rows = try comparison.changedRows(1)
        #expect(rows.prefix(3) == [50, 7, 5])
        #expect(rows.count == 100 && Set(rows).count == 100 && rows.allSatisfy { $0 < 110 })
        let text = try comparison.text()
        #expect(text.contains("predictions differ by 0.021 on average; most in rows 50, 7 (+2), 5 (-0.5), "))
        #expect(!text.contains("another prediction"))
        let json = try #require(try comparison.json()["others"]?.array?.first)
        #expect(json["changed_rows"]?.array?.prefix(3) == [50, 7, 5])
        #expect(json["differences"]?.array?.prefix(3) == [.null, 2.0, -0.5])
        #expect(abs((json["mean_absolute_difference"]?.double ?? 0) - 2.5 / 119) < 1e-6)
        #expect(try comparison.page().contains("100 rows whose predictions differ most"))
        let same = try RunComparison(folders: [folder.file("first"), folder.file("first")])
        #expect(try same.changedRows(1).isEmpty)
        #expect(try same.text().contains("no prediction differs\n"))
    }

    @Test func `labels of other names are told`() throws {
        let first = try classes("first", ["a", "b"])
        let other = try write(
            "other", .classes, labels: ["yes", "no"],
            [
                ("label", .strings(["yes", "yes"])), ("prediction", .strings(["yes", "no"])),
                ("correct", .bools([true, false])), ("score", .doubles([0.75, 0.75])), ("loss", .doubles([0.3, 1.4])),
                ("probability_yes", .doubles([0.75, 0.25])), ("probability_no", .doubles([0.25, 0.75])),
            ])
        let error = #expect(throws: ReportError.self) { try RunComparison(folders: [first, other]) }
        #expect(error?.kind == .differentRows)
        #expect(error?.message.contains("the labels 'yes' and 'a'; the models' labels are yes, no and a, b") == true)
    }
}
