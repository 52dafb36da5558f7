import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

@Suite struct SplitTests {
    private func numbers(_ range: Range<Int>) throws -> Dataset {
        try Dataset.fromColumns([("x", .ints(Array(range)))])
    }

    private func splits() throws -> DatasetDict {
        DatasetDict([("train", try numbers(0..<200)), ("test", try numbers(200..<250))])
    }

    @Test func `parts and sums are chosen wherever a split is named`() throws {
        let data = try splits()
        #expect(try data.split("train").count == 200 && data["test"].count == 50)
        #expect(try data.split("train[:10%]").ints("x") == Array(0..<20))
        #expect(try data["train[195:]+test[:2]"].ints("x") == Array(195..<200) + [200, 201])
        #expect(try data.split("all").ints("x") == Array(0..<250))
        #expect(try data.split(" test [ : 3 ] ".filter { $0 != " " }).count == 3)
        let named = DatasetDict([("all", try numbers(0..<3)), ("train", try numbers(3..<5))])
        #expect(try named.split("all").count == 3)
        let folder = try TemporaryDirectory()
        for (split, rows) in data.pairs { try rows.toParquet(folder.file("\(split).parquet")) }
        let all = try loadDataset(folder: folder.path, split: "all")
        #expect(try all.splits == ["all"] && all["all"].count == 250)
        #expect(try loadDataset(folder: folder.path, split: "test[:5]")["test[:5]"].count == 5)
        let missing = #expect(throws: DatasetError.self) { try data.split("dev[:10]") }
        #expect(missing?.message == "there is no split 'dev'" && missing?.remedy == "The splits are: 'train', 'test'.")
        #expect(throws: DatasetError.self) { try data.split("dev") }
        #expect(throws: DatasetError.self) { try data.split("trai\u{301}n") }
    }

    @Test func `bounds beyond all numbers are cut or refused`() throws {
        let data = try splits()
        let huge = String(repeating: "9", count: 40)
        #expect(try data.rows("train[:\(huge)]").count == 200 && data.rows("train[\(huge):]").count == 0)
        #expect(try data.rows("train[-\(huge):]").count == 200 && data.rows("train[:-\(huge)]").count == 0)
        #expect(try data.rows("train[-9223372036854775808:9223372036854775807]").count == 200)
        #expect(try data.rows("train[-100%:100%]").count == 200)
        #expect(try data.rows("train[1_0:1_2]").ints("x") == [10, 11])
        for text in [
            "train[-9223372036854775808%:0]", "train[101%:]", "train[:-101%]", "train[:\(huge)%]", "", "+", "train+",
            "train[", "train[]", "train[1]", "train[1:2:3]", "train[a:b]", "train[1:2]x", "train[:10%](far)", "[1:2]",
            "train[:10](closest)", "train[__1:]", "train[1_:]", "train[1__0:]", "train[-:]", "train[%:]", "train[+1:]",
            "train[:１]", "tr ain", "train]", "train[:\u{301}]",
        ] {
            #expect(throws: DatasetError.self, "\(text)") { try data.rows(text) }
        }
    }

    @Test(.enabled(if: Locations.hasShared)) func `expressions that ended the process`() throws {
        let data = try splits()
        for name in ["signal4-1-598", "signal4-11-772"] {
            let text = try MappedFile.text(Locations.shared("cases/robust/split/\(name)/x"))
            #expect(throws: DatasetError.self) { try data.rows(text) }
        }
    }

    @Test func `other columns and another order go together as in Python`() throws {
        let first = try Dataset.fromColumns([("a", .ints([1, 2])), ("b", .strings(["x", "y"]))])
        let second = try Dataset.fromColumns([("b", .strings(["z"])), ("c", .doubles([0.5])), ("a", .ints([3]))])
        let both = try Dataset.concatenate([first, second])
        #expect(both.columnNames == ["a", "b", "c"])
        #expect(try both.ints("a") == [1, 2, 3] && both.strings("b") == ["x", "y", "z"])
        #expect(try both.column("c").optionalDoubles() == [nil, nil, 0.5])
        let chosen = try Dataset.concatenate([first.select([1]), second, first.select([1, 0])])
        #expect(try chosen.ints("a") == [2, 3, 2, 1])
        #expect(try chosen.column("c").optionalDoubles() == [nil, 0.5, nil, nil])
        // A dataset without rows has no say, unless all are so.
        let empty = try Dataset.fromColumns([("a", .strings([]))])
        #expect(try Dataset.concatenate([empty, first]).features == first.features)
        #expect(try Dataset.concatenate([empty, first.select(0..<0)]).features == empty.features)
        // Values that are missing everywhere take on any type, and structures have the fields of both.
        let nulls = try Dataset.fromColumns([("b", .values([.null])), ("a", .values([.null]))])
        #expect(try Dataset.concatenate([nulls, first]).features == ["b": .value("string"), "a": .value("int64")])
        let left = try Dataset.fromColumns([("s", .values([.structure(["p": 1])]))])
        let right = try Dataset.fromColumns([("s", .values([.structure(["q": "t", "p": 2])]))])
        let merged = try Dataset.concatenate([left, right])
        #expect(
            try merged[0]["s"] == .structure(["p": 1, "q": .null]) && merged[1]["s"] == .structure(["p": 2, "q": "t"]))
        let error = #expect(throws: DatasetError.self) {
            try Dataset.concatenate([first, Dataset.fromColumns([("a", .strings(["1"]))])])
        }
        #expect(error?.message.contains("column 'a' holds Value('int64') in one dataset and Value('string')") == true)
        let labels = try Dataset.fromColumns([("a", .ints([0]))], features: ["a": .classLabel(names: ["n"])])
        #expect(throws: DatasetError.self) { try Dataset.concatenate([first, labels]) }
    }
}
