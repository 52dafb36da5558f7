import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

@Suite struct MapTests {
    let full: Dataset
    init() throws { full = try Dataset.fromFile(fixture("full.parquet")) }

    @Test func `a batched map gives Python's columns and types`() throws {
        let mapped = try full.selectColumns(["small", "label"]).map(batched: true, batchSize: 6) { batch in
            let small = try batch.ints("small")
            return [
                "input_ids": .intLists(small.map { [101, Int32($0) + 200] }),
                "attention_mask": .intLists(small.map { _ in [1] }),
                "other": .intLists(small.map { _ in [3] }), "small": .ints(small.map { $0 + 1 }),
                "name": .optionalStrings(small.map { $0 == 0 ? nil : String($0) }),
            ]
        }
        try expectSame(mapped, expected["mapped"])
        #expect(try mapped.intLists("input_ids", rows: [6, 0]) == [[101, 196], [101, 190]])
        #expect(try mapped.intLists("attention_mask", rows: [19]) == [[1]])
        #expect(try mapped.intLists("other", rows: [19]) == [[3]])
        #expect(try mapped.listLengths("input_ids") == Array(repeating: 2, count: 20))
    }

    @Test func `a map by row replaces a column`() throws {
        let mapped = try full.selectColumns(["small", "label"]).map(removeColumns: ["label"]) { row in
            ["small": .double(row["small"]!.double! / 2)]
        }
        try expectSame(mapped, expected["replaced"])
    }

    @Test func `a plain dictionary comes in the tokenizers' order`() throws {
        let mapped = try full.map(batched: true, removeColumns: full.columnNames) { batch -> [String: ColumnData] in
            var columns: [String: ColumnData] = [
                "z": .ints(Array(0..<batch.count)), "b": .bools(.init(repeating: true, count: batch.count)),
            ]
            columns["attention_mask"] = .intLists(.init(repeating: [1], count: batch.count))
            columns["input_ids"] = .intLists(.init(repeating: [7], count: batch.count))
            return columns
        }
        #expect(mapped.columnNames == ["input_ids", "attention_mask", "b", "z"])
    }

    @Test func `without input columns a batch may change its length`() throws {
        let mapped = try full.map(batched: true, batchSize: 7, removeColumns: full.columnNames) { batch in
            ["start": .ints([try batch[0]["small"]!.int!])]
        }
        #expect(try mapped.ints("start") == [-10, -3, 4])
        let none = try full.map(batched: true, removeColumns: full.columnNames) { _ in ["start": .ints([])] }
        #expect(none.count == 0)
    }

    @Test func `one row at a time, and all at once`() throws {
        var calls: [Int] = []
        let single = try full.map(batched: false) { batch in
            calls.append(batch.count)
            return ["n": .ints([calls.count])]
        }
        #expect(try calls == Array(repeating: 1, count: 20) && single.ints("n") == Array(1...20))
        calls = []
        let whole = try full.map(batched: true, batchSize: nil) { batch in
            calls.append(batch.count)
            return [:]
        }
        #expect(calls == [20] && whole.columnNames == full.columnNames)
    }

    @Test func `wrong columns of a map are named`() throws {
        func message(_ columns: @escaping (Batch) throws -> Columns) throws -> String {
            let error = #expect(throws: DatasetError.self) { try full.map(batched: true, batchSize: 8, columns) }
            return error?.description ?? ""
        }
        let lengths = try message { _ in ["a": .ints([1])] }
        #expect(lengths.contains("'a'") && lengths.contains("1 rows") && lengths.contains("removeColumns"))
        let uneven = try message { ["a": .ints(Array(0..<$0.count)), "b": .ints([])] }
        #expect(uneven.contains("'a'") && uneven.contains("'b'"))
        let other = try message { batch in
            batch.count == 8 ? ["a": .ints(Array(0..<8))] : ["c": .ints(Array(0..<batch.count))]
        }
        #expect(other.contains("'c'") && other.contains("16 to 19"))
        let changed = try message { batch in
            batch.count == 8 ? ["a": .ints(Array(0..<8))] : ["a": .strings(.init(repeating: "x", count: batch.count))]
        }
        #expect(changed.contains("'a'") && changed.contains("16 to 19"))
        #expect(throws: DatasetError.self) { try full.map(removeColumns: ["nope"]) { _ in [:] } }
        #expect(throws: DatasetError.self) {
            try full.map { row in row["small"]!.int! > 0 ? ["a": 1] : ["b": 1] }
        }
        struct Own: Error {}
        #expect(throws: Own.self) { try full.map { _ in throw Own() } }
    }

    @Test func `labels keep their names, and other values change the type`() throws {
        let same = try full.map(batched: true) { ["label": .ints(try $0.ints("label").map { $0 < 0 ? 0 : $0 })] }
        #expect(same.features["label"] == full.features["label"] && same.columnNames == full.columnNames)
        let other = try full.map(batched: true) { ["label": .ints(try $0.ints("label").map { $0 + 100 })] }
        #expect(other.features["label"] == .value("int64"))
    }

    @Test func `all splits are mapped`() throws {
        let dict = DatasetDict([("train", full), ("test", try full.select(0..<3))])
        let mapped = try dict.map(batched: true) { ["n": .ints(Array(0..<$0.count))] }
            .removeColumns(["text"]).renameColumn("label", to: "labels")
        #expect(try mapped.splits == ["train", "test"] && mapped["test"].columnNames.contains("n"))
        #expect(try mapped["train"].features["labels"]?.names == ["no", "it's", "maybe"])
        let error = try #require(throws: DatasetError.self) { try dict.split("dev") }
        #expect(error.description.contains("'train', 'test'"))
    }
}
