import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

/// What `Tools/reference/datasets_operations.py` had Python do.
let operations: JSONValue = (try? JSONValue(contentsOf: Locations.fixture("datasets/operations.json"))) ?? .null

func ints(_ value: JSONValue?) -> [Int] { value?.array?.compactMap(\.int) ?? [] }

/// Every operation against the rows that Python gets.
@Suite struct PythonOperationTests {
    let full: Dataset
    init() throws { full = try Dataset.fromFile(fixture("full.parquet")) }

    private func numbers(_ count: Int, from start: Int = 0) throws -> Dataset {
        try Dataset.fromColumns([("x", .ints(Array(start..<start + count)))])
    }

    @Test func `structures are flattened`() throws {
        try expectSame(full.selectColumns(["answer", "small"]).flatten(), operations["flatten"])
        let deep = try Dataset.fromColumns([
            ("a", .values([.structure(["b": .structure(["c": 1, "d": ["x"]]), "e": nil]), nil])), ("f", .ints([1, 2])),
        ])
        try expectSame(deep.flatten(), operations["flatten_deep"])
    }

    @Test func `all columns are cast`() throws {
        let some = try full.selectColumns(["small", "real", "ids"])
        try expectSame(
            some.cast(["small": .value("int32"), "real": .value("float32"), "ids": .list(.value("int64"))]),
            operations["cast"])
        let labels = try full.selectColumns(["small", "label"]).filter { $0["small"]!.int! >= 0 }
        try expectSame(
            labels.cast(["small": .classLabel(names: (0..<10).map(String.init)), "label": .value("int8")]),
            operations["cast_label"])
        #expect(throws: DatasetError.self) { try some.cast(["small": .value("int32")]) }
        // A label outside the names is named by its row in the selection.
        let error = try #require(throws: DatasetError.self) {
            try full.select([3, 19]).castColumn("small", to: .classLabel(names: ["a"]))
        }
        #expect(error.message.contains("row 0"))
    }

    @Test func `datasets stand beside and below each other`() throws {
        let left = try full.selectColumns(["small"]).shuffle(seed: 1)
        try expectSame(
            Dataset.concatenateColumns([left, full.selectColumns(["text", "flag"])]), operations["beside"])
        let some = try full.selectColumns(["small", "text"])
        try expectSame(Dataset.concatenate([some.select([7, 2, 2]), some.select(0..<3)]), operations["below"])
        #expect(throws: DatasetError.self) { try Dataset.concatenateColumns([left, left]) }
        #expect(throws: DatasetError.self) { try Dataset.concatenateColumns([left, numbers(3)]) }
    }

    @Test func `rows are interleaved`() throws {
        let three = try [numbers(3), numbers(5, from: 100), numbers(4, from: 200)]
        let cases = try #require(operations["interleave"]?.object)
        for (key, rows) in cases {
            let parts = key.split(separator: " ", maxSplits: 1)
            let stopping = try #require(Dataset.Stopping(rawValue: String(parts[0])))
            var probabilities: [Double]?
            var seed: UInt64?
            if parts[1] != "None None" {
                let rest = parts[1].split { "[], ".contains($0) }
                probabilities = rest.dropLast().compactMap { Double($0) }
                seed = UInt64(rest.last!)
            }
            let made = try Dataset.interleave(three, probabilities: probabilities, seed: seed, stopping: stopping)
            #expect(try made.ints("x") == ints(rows), "\(key)")
        }
        for wrong in [[0.5, 0.5], [0.5, 0.6, 0.1], [-0.5, 1, 0.5]] {
            #expect(throws: DatasetError.self) { try Dataset.interleave(three, probabilities: wrong, seed: 1) }
        }
        #expect(throws: DatasetError.self) {
            try Dataset.interleave(three, probabilities: [1, 0, 0], seed: 1, stopping: .allExhausted)
        }
    }

    @Test func `shards, first rows, last rows, rows again`() throws {
        for (key, rows) in try #require(operations["shard"]?.object) {
            let parts = key.split(separator: " ")
            let shard = try numbers(11).shard(4, index: Int(parts[1])!, contiguous: parts[0] == "True")
            #expect(try shard.ints("x") == ints(rows), "\(key)")
        }
        #expect(throws: DatasetError.self) { try numbers(11).shard(4, index: 4) }
        #expect(try numbers(9).take(4).ints("x") == ints(operations["take"]) && numbers(9).take(99).count == 9)
        #expect(try numbers(9).skip(4).ints("x") == ints(operations["skip"]) && numbers(9).skip(99).count == 0)
        #expect(try numbers(3).repeat(2).ints("x") == ints(operations["repeat"]) && numbers(3).repeat(0).count == 0)
    }

    @Test func `parts keep the shares of the labels`() throws {
        let labelled = try Dataset.fromColumns([
            ("x", .ints(Array(0..<60))), ("y", .ints((0..<60).map { $0 * $0 % 7 % 3 })),
        ]).castColumn("y", to: .classLabel(names: ["a", "b", "c"]))
        let even = try Dataset.fromColumns([("x", .ints(Array(0..<40))), ("y", .ints((0..<40).map { $0 % 4 }))])
            .castColumn("y", to: .classLabel(names: ["a", "b", "c", "d"]))
        for (key, rows) in try #require(operations["stratified"]?.object) {
            let parts = key.split(separator: " ").suffix(2).map(String.init)
            let dict = try (key.hasPrefix("even") ? even : labelled).trainTestSplit(
                testSize: Double(parts[0]), seed: UInt64(parts[1]), stratifyBy: "y")
            #expect(try dict["train"].ints("x") == ints(rows["train"]), "\(key)")
            #expect(try dict["test"].ints("x") == ints(rows["test"]), "\(key)")
        }
        #expect(throws: DatasetError.self) { try labelled.trainTestSplit(stratifyBy: "x") }
        #expect(throws: DatasetError.self) { try labelled.trainTestSplit(testSize: 2, stratifyBy: "y") }
        #expect(throws: DatasetError.self) { try labelled.trainTestSplit(shuffle: false, stratifyBy: "y") }
        let lonely = try labelled.select([0, 1, 2, 3]).trainTestSplitError
        #expect(lonely?.contains("only one row") == true)
    }

    @Test func `sizes of splits`() throws {
        for row in try #require(operations["split_sizes"]?.array) {
            let dict = try numbers(row.array![0].int!).trainTestSplit(testSize: row.array![1].double!, seed: 0)
            #expect(try [dict["train"].count, dict["test"].count] == row.array!.suffix(2).map { $0.int! }, "\(row)")
        }
        let ordered = try numbers(10).trainTestSplit(testSize: 0.25, shuffle: false)
        #expect(try ordered["train"].ints("x") == ints(operations["unshuffled"]?["train"]))
        #expect(try ordered["test"].ints("x") == ints(operations["unshuffled"]?["test"]))
        let both = try numbers(50).trainTestSplit(testSize: 0.2, trainSize: 0.5, seed: 4)
        #expect(try both["train"].ints("x") == ints(operations["both_sizes"]?["train"]))
        #expect(try both["test"].ints("x") == ints(operations["both_sizes"]?["test"]))
        #expect(throws: DatasetError.self) { try numbers(10).trainTestSplit(testSize: 0.6, trainSize: 0.6) }
    }

    @Test func `filters and orders on top of each other`() throws {
        let even = try full.filter(batched: true, batchSize: 6) { batch, rows in
            zip(try batch.ints("small"), rows).map { $0 > 0 && $1 % 2 == 0 }
        }
        #expect(try even.ints("small") == ints(operations["filter_batched"]))
        let parallel = try full.filter(batched: true, batchSize: 6, numProc: 3) { batch, rows in
            zip(try batch.ints("small"), rows).map { $0 > 0 && $1 % 2 == 0 }
        }
        #expect(try parallel.ints("small") == ints(operations["filter_batched"]))
        #expect(
            try full.sort(by: ["label", "small"], descending: [false, true]).ints("small")
                == ints(operations["sort_two"]))
        let chain = try full.shuffle(seed: 3).sort(by: "label").filter { $0["small"]!.int! != 0 }.select([5, 1, 9, 0])
            .renameColumn("text", to: "t")
        try expectSame(chain, operations["chain"])
        try expectSame(chain.flattenIndices(), operations["chain"])
        #expect(throws: DatasetError.self) { try full.filter(batched: true) { _ in [true] } }
        #expect(throws: DatasetError.self) { try full.sort(by: ["label", "label"]) }
        #expect(try full.filter { _ in false }.count == 0)
        let texts = try full.shuffle(seed: 2).selectColumns(["text", "small"])
        let folder = try TemporaryDirectory()
        try texts.toCSV(folder.file("o.csv"))
        #expect(try MappedFile.text(folder.file("o.csv")) == operations["shuffled_csv"]?.string)
    }

    @Test func `a map over rows in another order, with their positions`() throws {
        let shuffled = try full.shuffle(seed: 3).selectColumns(["small", "text"])
        let mapped = try shuffled.map { row, place in
            ["place": .int(place), "twice": .int(row["small"]!.int! * 2)]
        }
        try expectSame(mapped, operations["mapped_chain"])
    }

    @Test func `a type that shows late`() throws {
        let lists = try Dataset.fromColumns([
            ("i", .ints(Array(0..<4))), ("l", .values([[], [], [1], [2, 3]])),
        ])
        for size in [1, 2, 3, 1000] {
            let mapped = try lists.map(batched: true, batchSize: size) { batch, rows in
                [
                    "m": .values(try batch["l"].values()),
                    "n": .optionalInts(rows.map { $0 < 2 ? nil : $0 }),
                ]
            }
            try expectSame(mapped, operations["typed_late"], "\(size)")
        }
    }

    @Test func `what rows show`() throws {
        let formatted = try full.withFormat(columns: ["label", "small"])
        #expect(try formatted[2].description == operations["formatted"]?["row"]?.string)
        #expect(try formatted[2..<4].description == operations["formatted"]?["batch"]?.string)
        let all = try full.withFormat(columns: ["label", "small"], outputAllColumns: true)
        #expect(try all[2].names == operations["formatted"]?["all"]?.array?.compactMap(\.string))
        #expect(try formatted.renameColumn("small", to: "s").shuffle(seed: 1)[0].names == ["label", "s"])
        #expect(
            try formatted.map(batched: true) { ["n": .ints(Array(0..<$0.count))] }[0].names == ["label", "small", "n"])
        #expect(try formatted.withFormat()[0].count == full.numColumns)
        #expect(throws: DatasetError.self) { try full.withFormat(columns: ["nope"]) }
        #expect(
            try full.renameColumns(["text": "small", "small": "text"]).columnNames
                == operations["renamed"]?.array?.compactMap(\.string))
    }

    @Test func `parts of splits in Python's writing`() throws {
        let folder = try TemporaryDirectory()
        for (name, count) in [("train", 1234), ("test", 55)] {
            try numbers(count).toParquet(folder.file("\(name).parquet"))
        }
        for (text, wanted) in try #require(operations["split_strings"]?.object) {
            let dict = try loadDataset(folder: folder.path, split: text)
            let rows = try dict[text].ints("x")
            #expect([rows.count] + rows.prefix(3) + rows.suffix(3) == ints(wanted), "\(text)")
            #expect(try loadDataset(folder: folder.path).rows(text).ints("x") == rows)
        }
        for wrong in ["train[", "train[1]", "train[a:b]", "train[:200%]", "+", "", "tr ain", "train[:10%](x)"] {
            #expect(throws: DatasetError.self, "\(wrong)") { try loadDataset(folder: folder.path, split: wrong) }
        }
        let error = try #require(throws: DatasetError.self) { try loadDataset(folder: folder.path, split: "dev[:3]") }
        #expect(error.description.contains("'dev'") && error.description.contains("'train'"))
    }
}

extension Dataset {
    fileprivate var trainTestSplitError: String? {
        do {
            _ = try trainTestSplit(testSize: 1, seed: 0, stratifyBy: "y")
            return nil
        } catch { return String(describing: error) }
    }
}
