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

    /// What Python takes a column for `Json()` by, at every depth: a field of the type `arrow.json`.
    @Test func `files mark texts that are JSON as Arrow's type`() throws {
        let folder = try TemporaryDirectory()
        let inner: [Value] = [.structure(["a": 1, "n": 2]), .null, .structure(["a": "x", "n": 3])]
        let data = try Dataset.fromColumns(
            [
                ("j", .values(Array(Self.values.prefix(3)))), ("l", .values(Array(Self.lists.prefix(3)))),
                ("s", .values(inner)), ("t", .strings(["1", "2", "3"])),
            ],
            features: [
                "j": .json, "l": .list(.json), "s": .structure(["a": .json, "n": .value("int64")]),
                "t": .value("string"),
            ])
        func marks(_ path: String, _ forms: [String]) throws -> Int {
            let file = try MappedFile(path)
            let bytes = withExtendedLifetime(file) { Array(file.bytes) }
            return forms.map { form in
                let form = Array(form.utf8)
                return (0...bytes.count - form.count).filter { bytes[$0] == form[0] }
                    .filter { bytes[$0..<$0 + form.count].elementsEqual(form) }.count
            }.reduce(0, +)
        }
        try data.toArrow(folder.file("d.arrow"))
        #expect(try marks(folder.file("d.arrow"), ["arrow.json"]) == 3)
        try data.toParquet(folder.file("d.parquet"))
        // Parquet has Arrow's types in base64, at one of three places in a group of bytes.
        #expect(try marks(folder.file("d.parquet"), ["YXJyb3cuanNvb", "Fycm93Lmpzb2", "hcnJvdy5qc29u"]) == 3)
        try data.saveToDisk(folder.file("d"))
        for again in try [
            Dataset.fromFile(folder.file("d.arrow")), Dataset.fromFile(folder.file("d.parquet")),
            Dataset.loadFromDisk(folder.file("d")),
        ] {
            #expect(again.features == data.features)
            for name in data.columnNames {
                #expect(try again.column(name).values() == data.column(name).values(), "\(name)")
            }
        }
    }

    @Test func `lines of JSON have the values`() throws {
        let folder = try TemporaryDirectory()
        let data = try made()
        try data.toJSON(folder.file("d.jsonl"))
        let lines = try (0..<data.count).map { try data.jsonLine($0) }
        #expect(
            lines == [
                #"{"j":{"a":1},"l":[{"b":0},{"c":"d"}]}"#, #"{"j":[1,"x",null],"l":[]}"#, #"{"j":"text","l":[1]}"#,
                #"{"j":null,"l":null}"#, #"{"j":2.5,"l":["s"]}"#, #"{"j":true,"l":[[2]]}"#,
            ])
        #expect(try MappedFile.text(folder.file("d.jsonl")) == lines.map { $0 + "\n" }.joined())
        try check(Dataset.fromFile(folder.file("d.jsonl")))
    }

    @Test func `splits of several kinds of values beside one kind`() throws {
        let folder = try TemporaryDirectory()
        func write(_ name: String, _ values: [String]) throws -> String {
            let path = folder.file(name)
            try AtomicFile.write(values.map { "{\"x\": \($0)}\n" }.joined(), to: path)
            return path
        }
        let mixed = try write("mixed.jsonl", ["1", "\"t\"", "{\"k\":1}"])
        let lists = try write("lists.jsonl", ["[1]", "[2, {\"k\":2}]"])
        for (name, values, other, row) in [
            ("ints.jsonl", ["1", "2"], mixed, "row 1"), ("structures.jsonl", ["{\"k\":1}"], mixed, "row 0"),
            ("listed.jsonl", ["[1]"], mixed, "row 0"), ("listed.jsonl", ["[1]"], lists, "row 1"),
            ("ints.jsonl", ["1"], try write("one.jsonl", ["{\"k\":1}"]), "row 0"),
        ] {
            let train = try write(name, values)
            let error = #expect(throws: DatasetError.self, "\(name)") {
                try loadDataset(files: [("train", train), ("test", other)])
            }
            let message = error.map { "\($0)" } ?? ""
            for part in [FileSystem.name(of: other), "'x'", row, "training split"] {
                #expect(message.contains(part), "\(message)")
            }
        }
        // Where the training split has several kinds, or texts, everything fits.
        let ints = try write("ints.jsonl", ["1", "2"])
        let dict = try loadDataset(files: [("train", mixed), ("test", ints)])
        #expect(try dict["test"].features == ["x": .json] && dict["test"].column("x").values() == [1, 2])
        let texts = try loadDataset(files: [("train", write("texts.jsonl", ["\"u\""])), ("test", mixed)])["test"]
        #expect(try texts.features == ["x": .value("string")] && texts.strings("x") == ["1", "\"t\"", "{\"k\":1}"])
    }
}
