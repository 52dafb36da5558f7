import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

/// JSON whose values are of several kinds, or missing, beside what Python makes of it (Tools/reference/datasets_json_forms.py).
@Suite struct JSONFormTests {
    private let folder: TemporaryDirectory
    private let cases: JSONObject

    init() throws {
        folder = try TemporaryDirectory()
        cases = try #require(JSONValue(contentsOf: fixture("json-forms.json")).object)
    }

    private func read(_ name: String, _ value: JSONValue) throws -> (Dataset, [String])? {
        let path = folder.file("rows.\(value["ending"]?.string ?? "")")
        try AtomicFile.write(value["text"]?.string ?? "", to: path)
        let options = FileOptions(field: value["field"]?.string)
        guard value["rows"] != nil else {
            let error = #expect(throws: DatasetError.self, "\(name)") { try Dataset.fromFile(path, options: options) }
            #expect(error?.remedy != nil && error?.message.contains(path) == true, "\(name)")
            return nil
        }
        let data = try Dataset.fromFile(path, options: options)
        return (data, try (0..<data.count).map { try data[$0].description })
    }

    @Test func `rows and features are Python's`() throws {
        var count = 0
        for (name, value) in cases {
            guard let (data, rows) = try read(name, value) else { continue }
            #expect(data.features.description == value["features"]?.string, "\(name)")
            #expect(rows == (value["rows"]?.array ?? []).compactMap(\.string), "\(name)")
            count += 1
        }
        #expect(count > 190)
    }

    @Test func `streams and written files give the same`() throws {
        for (name, value) in cases {
            guard let (data, rows) = try read(name, value) else { continue }
            let path = folder.file("rows.\(value["ending"]?.string ?? "")")
            let stream = try IterableDataset(files: [path], options: FileOptions(field: value["field"]?.string))
            var streamed: [String] = []
            try stream.forEach { streamed.append($0.description) }
            #expect(streamed == rows && stream.features == data.features, "\(name)")
            // Parquet has no structure without fields.
            guard !data.features.description.contains("{}") else { continue }
            for ending in ["parquet", "arrow"] {
                let file = folder.file("again.\(ending)")
                if ending == "parquet" { try data.toParquet(file) } else { try data.toArrow(file) }
                let again = try Dataset.fromFile(file)
                #expect(again.features == data.features, "\(name), \(ending)")
                #expect(try (0..<again.count).map { try again[$0].description } == rows, "\(name), \(ending)")
            }
        }
    }

    @Test func `values of one kind in one file and of several in another`() throws {
        let (one, two) = (folder.file("1.jsonl"), folder.file("2.jsonl"))
        try AtomicFile.write("{\"a\": 1, \"s\": {\"x\": 1}}\n", to: one)
        try AtomicFile.write("{\"a\": \"x\", \"s\": {\"x\": 2}}\n{\"a\": [1], \"s\": {\"x\": []}}\n", to: two)
        for files in [[one, two], [two, one]] {
            let data = try loadDataset(files: files.map { ("train", $0) })["train"]
            #expect(data.features.description == "{'a': Json(decode=True), 's': {'x': Json(decode=True)}}")
            let rows = try Set((0..<3).map { try data[$0].description })
            #expect(
                rows == [
                    "{'a': 1, 's': {'x': 1}}", "{'a': 'x', 's': {'x': 2}}", "{'a': [1], 's': {'x': []}}",
                ])
        }
    }

    @Test func `no rows of JSON in lists and structures`() throws {
        let path = folder.file("m.jsonl")
        try AtomicFile.write("{\"a\": [1, \"x\"], \"s\": {\"b\": [1, {}]}}\n", to: path)
        let none = try Dataset.fromFile(path).select([Int]())
        #expect(none.features.description == "{'a': List(Json(decode=True)), 's': {'b': List(Json(decode=True))}}")
        for ending in ["parquet", "arrow"] {
            let file = folder.file("none.\(ending)")
            if ending == "parquet" { try none.toParquet(file) } else { try none.toArrow(file) }
            let again = try Dataset.fromFile(file)
            #expect(again.features == none.features && again.numRows == 0, "\(ending)")
        }
    }

    @Test func `numbers after lists of nulls alone are no nulls`() throws {
        let path = folder.file("late.jsonl")
        let rows = String(repeating: "{\"a\": [null]}\n", count: 60_000)
        try AtomicFile.write(rows + "{\"a\": [1, 2]}\n", to: path)
        let data = try Dataset.fromFile(path)
        #expect(try data[60_000].description == "{'a': [1, 2]}")
        // A stream has the types of its first rows.
        let stream = try IterableDataset(files: [path])
        #expect(throws: DatasetError.self) { try stream.forEach { _ in } }
    }

    @Test func `missing structures at every depth`() throws {
        let values: [Value] = [
            .null, .list([]), .list([.null, .structure(["x": .null, "l": .list([.null, .structure(["y": 1])])])]),
            .list([.structure(["x": 2, "l": .null]), .null]),
        ]
        let data = try Dataset.fromColumns([("a", .values(values))])
        #expect(data.features.description == "{'a': List({'x': Value('int64'), 'l': List({'y': Value('int64')})})}")
        #expect(try data.column("a").values() == values)
        let mapped = try data.map { ["b": $0["a"] ?? .null] }
        #expect(try mapped.column("b").values() == values)
        for ending in ["parquet", "arrow", "jsonl"] {
            let path = folder.file("d.\(ending)")
            switch ending {
            case "parquet": try data.toParquet(path)
            case "arrow": try data.toArrow(path)
            default: try data.toJSON(path)
            }
            let again = try Dataset.fromFile(path)
            #expect(try again.features == data.features && again.column("a").values() == values, "\(ending)")
        }
    }
}
