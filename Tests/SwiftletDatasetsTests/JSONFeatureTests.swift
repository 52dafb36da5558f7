import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

/// Columns whose values are of any form.
@Suite struct JSONFeatureTests {
    private static let values: [Value] = [
        .structure(["a": 1]), .list([1, "x", .null]), "text", .null, 2.5, true,
    ]
    private static let lists: [Value] = [
        .list([.structure(["b": 0]), .structure(["c": "d"])]), .list([]), .list([1]), .null, .list(["s"]),
        .list([.list([2])]),
    ]
    private static let features: Features = ["j": .json, "l": .list(.json)]

    private func check(_ data: Dataset) throws {
        #expect(data.features == Self.features)
        #expect(data.features.description == "{'j': Json(decode=True), 'l': List(Json(decode=True))}")
        #expect(try data.column("j").values() == Self.values && data.column("l").values() == Self.lists)
        for row in 0..<data.count {
            #expect(try data.row(row)["j"] == Self.values[row] && data.column("l")[row] == Self.lists[row])
        }
        #expect(try data.select([4, 0])[1]["j"] == Self.values[0])
    }

    private func made() throws -> Dataset {
        try Dataset.fromColumns([("j", .values(Self.values)), ("l", .values(Self.lists))], features: Self.features)
    }

    @Test(arguments: ["json.parquet", "json.arrow"]) func `Python's files are read`(_ name: String) throws {
        let data = try Dataset.fromFile(fixture(name))
        try check(data)
        #expect(try Dataset.concatenate([data, made()]).count == 12)
        let folder = try TemporaryDirectory()
        try data.saveToDisk(folder.file("d"))
        try check(Dataset.loadFromDisk(folder.file("d")))
    }

    @Test func `values of any form are stored and come back`() throws {
        let data = try made()
        try check(data)
        #expect(
            try data.column("j").optionalStrings() == [
                #"{"a": 1}"#, #"[1, "x", null]"#, #""text""#, nil, "2.5", "true",
            ])
        let folder = try TemporaryDirectory()
        try data.toParquet(folder.file("d.parquet"))
        try check(Dataset.fromFile(folder.file("d.parquet")))
        let mapped = try data.map(batched: true) { batch in ["k": .ints(Array(0..<batch.count))] as Columns }
        #expect(mapped.features["j"] == .json)
        let changed = try data.select([0]).map { row in
            [
                "j": .structure(
                    [("a", row["j"]?.structure?["a"] ?? .null), ("n", 2)].reduce(into: Row()) { $0[$1.0] = $1.1 })
            ]
        }
        #expect(changed.features["j"] == .json)
        #expect(try changed[0]["j"] == .structure(["a": 1, "n": 2]))
    }

    @Test func `columns are cast`() throws {
        let texts = try Dataset.fromColumns([
            ("t", .strings(["{\"a\": 1}", "[2]"])), ("u", .strings(["no json", "3"])),
        ])
        #expect(try texts.castColumn("t", to: .json).column("t").values() == [.structure(["a": 1]), .list([2])])
        #expect(try texts.castColumn("u", to: .json).column("u").values() == ["no json", 3])
        let numbers = try Dataset.fromColumns([("n", .ints([1, 2]))]).castColumn("n", to: .json)
        #expect(try numbers.column("n").values() == [1, 2] && numbers.column("n").strings() == ["1", "2"])
        #expect(try numbers.castColumn("n", to: .value("int64")).ints("n") == [1, 2])
        #expect(throws: DatasetError.self) {
            try Dataset.fromColumns([("b", .values([.binary([1])]))], features: ["b": .json])
        }
    }
}
