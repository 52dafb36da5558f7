import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

/// Files whose metadata agrees or disagrees with their columns, beside what Python makes of them
/// (Tools/reference/datasets_metadata.py).
@Suite struct MetadataTests {
    private let folder: TemporaryDirectory
    private let cases: JSONValue
    private let bytes: MappedFile

    init() throws {
        folder = try TemporaryDirectory()
        cases = try JSONValue(contentsOf: fixture("metadata.json"))
        bytes = try MappedFile(fixture("metadata.bin"))
    }

    /// The case's file under a name.
    private func write(_ value: JSONValue, to name: String) throws -> String {
        let place = try #require(value["place"]?.array)
        let start = try #require(place[0].int)
        let count = try #require(place[1].int)
        let file = try AtomicFile(folder.file(name))
        try withExtendedLifetime(bytes) {
            try file.write(UnsafeRawBufferPointer(rebasing: bytes.bytes[start..<start + count]))
        }
        try file.commit()
        return folder.file(name)
    }

    private func of(_ kind: String) throws -> JSONObject { try #require(cases[kind]?.object) }

    private func rows(_ data: Dataset) throws -> [String] { try (0..<data.count).map { try data[$0].description } }

    /// What is expected of a case; `nil` for an error.
    private func expect(_ data: Dataset, _ value: JSONValue, _ name: String) throws {
        #expect(data.features.description == value["features"]?.string, "\(name)")
        #expect(try rows(data) == (value["rows"]?.array ?? []).compactMap(\.string), "\(name)")
    }

    @Test func `files have Python's features and rows`() throws {
        var count = 0
        for (name, value) in try of("files") {
            let path = try write(value, to: "\(count).\(value["ending"]?.string ?? "")")
            let data = try Dataset.fromFile(path)
            try expect(data, value, name)
            count += 1
            // The same without mapping, row by row.
            var streamed: [String] = []
            let stream = try IterableDataset(files: [path])
            try stream.forEach { streamed.append($0.description) }
            #expect(try streamed == rows(data) && stream.features == data.features, "\(name)")
            // What is written is read again as it was, but for the types that Parquet does not have.
            for ending in ["arrow", "parquet"] where ending == "arrow" || !name.hasPrefix("seconds") {
                let again = folder.file("again.\(ending)")
                if ending == "arrow" { try data.toArrow(again) } else { try data.toParquet(again) }
                try expect(try Dataset.fromFile(again), value, "\(name), again as \(ending)")
            }
            try data.saveToDisk(folder.file("disk-\(count)"))
            try expect(try Dataset.loadFromDisk(folder.file("disk-\(count)")), value, "\(name), saved")
        }
        #expect(count > 120)
    }

    @Test func `chosen columns keep their features`() throws {
        for name in ["another order, stream", "another order, parquet", "image beside a label, stream"] {
            let value = try #require(of("files")[name])
            let path = try write(value, to: "chosen.\(value["ending"]?.string ?? "")")
            let column = name.hasPrefix("image") ? "label" : "a"
            let options = FileOptions(columns: [column])
            for features in try [
                Dataset.fromFile(path, options: options).features,
                IterableDataset(files: [path], options: options).features,
            ] {
                #expect(features == [column: .classLabel(names: ["no", "yes"])], "\(name)")
            }
        }
    }

    @Test func `saved datasets have the features beside them, where the files agree`() throws {
        for (name, value) in try of("saved") {
            let path = folder.file(name)
            try FileSystem.createDirectory(path)
            _ = try write(value, to: "\(name)/data.arrow")
            let info: JSONValue = ["features": value["info"] ?? .null]
            try AtomicFile.write(info.text(), to: "\(path)/dataset_info.json")
            try AtomicFile.write(#"{"_data_files": [{"filename": "data.arrow"}]}"#, to: "\(path)/state.json")
            guard value["features"] != nil else {
                let error = #expect(throws: DatasetError.self, "\(name)") { try Dataset.loadFromDisk(path) }
                #expect(error?.kind == .columnMismatch && error?.message.contains(path) == true, "\(name)")
                continue
            }
            try expect(try Dataset.loadFromDisk(path), value, name)
        }
    }

    @Test func `columns are converted to the features of a card, whatever the file says`() throws {
        for (name, value) in try of("cards") {
            let path = folder.file(name)
            try FileSystem.createDirectory(path)
            _ = try write(value, to: "\(name)/train.\(value["ending"]?.string ?? "")")
            try AtomicFile.write(try #require(value["card"]?.string), to: "\(path)/README.md")
            guard value["features"] != nil else {
                #expect(throws: DatasetError.self, "\(name)") { try loadDataset(folder: path) }
                continue
            }
            try expect(try loadDataset(folder: path)["train"], value, name)
        }
    }

    /// Files of versions of this package that did not mark texts as JSON.
    @Test func `unmarked texts may be JSON`() throws {
        let value = try #require(of("files")["json, stream"])
        let texts = try Dataset.fromFile(write(value, to: "j.arrow")).castColumn("j", to: .value("string"))
        #expect(texts.features == ["j": .value("string")])
        try texts.saveToDisk(folder.file("d"))
        let info = #"{"features": {"j": {"_type": "Json"}}}"#
        try AtomicFile.write(info, to: folder.file("d/dataset_info.json"))
        #expect(try Dataset.loadFromDisk(folder.file("d")).features == ["j": .json])
    }

    @Test func `a stream of no rows has a batch`() throws {
        let value = try #require(of("files")["label without nulls, stream"])
        let none = try Dataset.fromFile(write(value, to: "a.arrow")).select([])
        try none.toArrow(folder.file("none.arrow"))
        let file = try MappedFile(folder.file("none.arrow"))
        // Each message begins so: the types, the rows, the end.
        let begins = withExtendedLifetime(file) {
            stride(from: 0, to: file.bytes.count - 7, by: 8).count { start in
                file.bytes[start..<start + 4].allSatisfy { $0 == 0xFF }
            }
        }
        #expect(begins == 3)
        #expect(try Dataset.fromFile(folder.file("none.arrow")).features == none.features)
    }

    @Test func `Parquet is not written with more levels than are read again`() throws {
        func nested(_ levels: Int, _ around: (Value) -> Value) throws -> Dataset {
            let value = (0..<levels).reduce(Value.int(1)) { value, _ in around(value) }
            return try Dataset.fromColumns([("deep", .values([value]))])
        }
        let path = folder.file("deep.parquet")
        for (levels, around) in [(49, { .list([$0]) }), (98, { .structure(["a": $0]) })] as [(Int, (Value) -> Value)] {
            let fits = try nested(levels, around)
            try fits.toParquet(path)
            #expect(try Dataset.fromFile(path).features == fits.features)
            try FileSystem.remove(path)
            let error = #expect(throws: DatasetError.self) { try nested(levels + 1, around).toParquet(path) }
            #expect(error?.message.contains("'deep'") == true && error?.remedy != nil && error?.kind == .unsupported)
            #expect(!FileSystem.exists(path))
        }
    }
}
