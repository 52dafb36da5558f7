import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

@Suite struct OperationTests {
    let full: Dataset
    let numbers: Dataset

    init() throws {
        full = try Dataset.fromFile(fixture("full.parquet"))
        numbers = try Dataset.fromColumns([("x", .ints(Array(0..<1000)))])
    }

    @Test func `shuffles are Python's`() throws {
        let orders = try #require(expected["shuffle"]?.object)
        for (seed, order) in orders {
            #expect(
                try numbers.shuffle(seed: UInt64(seed)!).ints("x").prefix(50).elementsEqual(ints(order)), "seed \(seed)"
            )
        }
        let one = try numbers.shuffle().ints("x")
        #expect(try one != numbers.shuffle().ints("x") && one.sorted() == Array(0..<1000))
    }

    @Test func `splits are Python's`() throws {
        let split = try numbers.trainTestSplit(testSize: 0.2, seed: 7)
        #expect(try split.splits == ["train", "test"] && [split["train"].count, split["test"].count] == [800, 200])
        #expect(try split["train"].ints("x").prefix(20).elementsEqual(ints(expected["split"]?["train"])))
        #expect(try split["test"].ints("x").prefix(20).elementsEqual(ints(expected["split"]?["test"])))
        let odd = try numbers.select(0..<7).trainTestSplit(testSize: 0.3, seed: 3)
        #expect(try odd["train"].ints("x") == ints(expected["odd_split"]?["train"]))
        #expect(try odd["test"].ints("x") == ints(expected["odd_split"]?["test"]))
        #expect(try numbers.trainTestSplit(testSize: 10, seed: 0)["test"].count == 10)
        for size in [0, -1, 1000, .nan, .infinity, 0.9999] {
            #expect(throws: DatasetError.self) { try numbers.trainTestSplit(testSize: size) }
        }
    }

    @Test func `sorting is Python's`() throws {
        #expect(try full.sort(by: "real", descending: true).ints("small") == ints(expected["sort"]))
        #expect(try full.sort(by: "text").ints("small") == ints(expected["sort_text"]))
        #expect(throws: DatasetError.self) { try full.sort(by: "ids") }
    }

    @Test func `distinct values and class labels of a column are Python's`() throws {
        #expect(
            try full.unique("text").map { $0.string ?? $0.description }
                == expected["unique"]?.array?.compactMap(\.string))
        let texts = try Dataset.fromColumns([("t", .strings(["b", "a", "ä", "B", "a"]))])
        #expect(try texts.classEncodeColumn("t").features.description == expected["encoded"]?.string)
        let labels = try Dataset.fromColumns([("t", .ints([10, 2, 10, -1]))])
        try expectSame(labels.classEncodeColumn("t"), expected["encoded_ints"])
        #expect(throws: DatasetError.self) { try full.classEncodeColumn("ids") }
        let same = try Dataset.fromColumns([("t", .strings(["\u{E9}", "e\u{301}", "\u{E9}"]))])
        #expect(try same.unique("t").count == 2)
    }

    @Test func `rows are chosen`() throws {
        #expect(try numbers.select([5, -1, 5]).ints("x") == [5, 999, 5])
        #expect(try numbers.select(3..<6).ints("x") == [3, 4, 5])
        #expect(try numbers.select([Int]()).count == 0)
        #expect(try numbers.filter { $0["x"]!.int! % 250 == 1 }.ints("x") == [1, 251, 501, 751])
        #expect(try numbers[-1]["x"] == .int(999))
        #expect(throws: DatasetError.self) { try numbers.select([1000]) }
        #expect(throws: DatasetError.self) { try numbers.row(-1001) }
        #expect(throws: DatasetError.self) { try numbers.batch(999..<1001) }
        // Slices of slices, over bits and nested places.
        let part = try full.select(3..<15).select(2..<9)
        for row in 0..<part.count { #expect(try part[row] == full[row + 5]) }
        let taken = try full.select([7, 2, 2, 11])
        #expect(try (0..<4).map { try taken[$0] } == [7, 2, 2, 11].map { try full[$0] })
    }

    @Test func `columns are chosen, renamed and added`() throws {
        let some = try full.selectColumns(["small", "text"]).renameColumn("text", to: "words")
        #expect(some.columnNames == ["small", "words"] && some.features["words"] == .value("string"))
        #expect(try full.removeColumns("text", "ids").columnNames.count == full.columnNames.count - 2)
        let more = try some.addColumn("twice", .ints(try some.ints("small").map { $0 * 2 }))
        #expect(try more[-1]["twice"] == .int(18) && more.columnNames.last == "twice")
        let error = try #require(throws: DatasetError.self) { try some.removeColumns(["nope"]) }
        #expect(error.description.contains("'nope'") && error.description.contains("'small', 'words'"))
        #expect(throws: DatasetError.self) { try some.renameColumn("small", to: "words") }
        #expect(throws: DatasetError.self) { try some.addColumn("short", .ints([1])) }
        #expect(throws: DatasetError.self) { try some.addColumn("small", .ints([])) }
        #expect(throws: DatasetError.self) { try some.column("x") }
        #expect(throws: DatasetError.self) { try some.selectColumns(["small", "small"]) }
    }

    @Test func `columns are cast`() throws {
        let data = try Dataset.fromColumns([
            ("a", .strings(["1", "2"])), ("l", .intLists([[1], [2, 3]])), ("y", .ints([0, 2])),
        ])
        #expect(try data.castColumn("a", to: .value("int32")).ints("a") == [1, 2])
        #expect(try data.castColumn("l", to: .list(.value("float32")))["l"].values() == [[1.0], [2.0, 3.0]])
        let labels = try data.castColumn("y", to: .classLabel(names: ["a", "b", "c"]))
        #expect(try labels.features["y"]!.int2str(labels.ints("y")) == ["a", "c"])
        let error = try #require(throws: DatasetError.self) {
            try data.castColumn("y", to: .classLabel(names: ["a", "b"]))
        }
        #expect(error.message.contains("row 1") && error.message.contains("'y'"))
        #expect(throws: DatasetError.self) { try data.castColumn("a", to: .list(.value("int32"))) }
        #expect(throws: DatasetError.self) { try data.castColumn("a", to: .value("nonsense")) }
        #expect(throws: DatasetError.self) {
            try data.castColumn("y", to: .value("int8")).castColumn("a", to: .value("bool"))
        }
    }

    @Test func `datasets go below each other`() throws {
        let twice = try Dataset.concatenate([full, full.select(0..<2)])
        #expect(try twice.count == full.count + 2 && twice[-1] == full[1] && twice[full.count - 1] == full[-1])
        let wider = try Dataset.concatenate([full, numbers])
        #expect(try wider.columnNames == full.columnNames + ["x"] && wider[-1]["x"] == numbers[-1]["x"])
        #expect(throws: DatasetError.self) { try Dataset.concatenate([]) }
        let texts = try Dataset.fromColumns([("x", .strings(["a"]))])
        let error = try #require(throws: DatasetError.self) { try Dataset.concatenate([numbers, texts]) }
        #expect(error.message.contains("'x'"))
    }

    @Test func `class labels translate`() throws {
        let label = Feature.classLabel(names: ["no", "yes"])
        #expect(try label.int2str(1) == "yes" && label.str2int("no") == 0 && label.str2int(" yes ") == 1)
        #expect(try label.str2int("1") == 1 && label.str2int("-1") == -1 && label.numClasses == 2)
        #expect(throws: DatasetError.self) { try label.int2str(-1) }
        #expect(throws: DatasetError.self) { try label.str2int("2") }
        #expect(throws: DatasetError.self) { try Feature.value("int64").int2str(0) }
    }

    @Test func `columns are read by type`() throws {
        #expect(try full.strings("text", orThrowing: 5).contains("'text'"))
        #expect(try full["text"].optionalStrings()[5] == nil)
        #expect(try full["real"].optionalDoubles()[3] == 1 && full["flag"].optionalBools()[3] == nil)
        #expect(try full.listLengths("ids") == (0..<20).map { $0 == 2 ? 0 : $0 % 4 })
        #expect(try full.intLists("ids", rows: [7, 3, 0]) == [[0, 1, 2], [0, 1, 2], []])
        #expect(throws: DatasetError.self) { try full.intLists("ids", rows: [2]) }
        #expect(throws: DatasetError.self) { try full.intLists("ids", rows: [20]) }
        #expect(throws: DatasetError.self) { try full.intLists("text", rows: [0]) }
        #expect(throws: DatasetError.self) { try full.ints("text") }
        #expect(throws: DatasetError.self) { try full.listLengths("small") }
        let wide = try Dataset.fromColumns([("l", .values([[5_000_000_000]]))])
        #expect(throws: DatasetError.self) { try wide.intLists("l", rows: [0]) }
    }

    @Test func `columns of other lengths or types are refused`() throws {
        #expect(throws: DatasetError.self) { try Dataset.fromColumns([("a", .ints([1])), ("b", .ints([]))]) }
        #expect(throws: DatasetError.self) { try Dataset.fromColumns([("a", .ints([1])), ("a", .ints([1]))]) }
        let error = try #require(throws: DatasetError.self) { try Dataset.fromColumns([("a", .values([1, "x"]))]) }
        #expect(error.message.contains("row 1") && error.message.contains("'a'"))
        #expect(throws: DatasetError.self) { try Dataset.fromColumns([("a", .values([[1, "x"]]))]) }
        #expect(throws: DatasetError.self) {
            try Dataset.fromColumns([("a", .ints([300]))], features: ["a": .value("int8")])
        }
        #expect(throws: DatasetError.self) {
            try Dataset.fromColumns([("a", .ints([1]))], features: ["b": .value("int8")])
        }
        #expect(try Dataset.fromColumns([("a", .values([nil, 1, 2.5]))]).features["a"] == .value("float64"))
    }
}

extension Dataset {
    /// The message of reading a column that has a hole in the row.
    fileprivate func strings(_ column: String, orThrowing row: Int) throws -> String {
        let error = try #require(throws: DatasetError.self) { try strings(column) }
        #expect(error.message.contains("row \(row)"))
        return error.message
    }
}
