import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

@Suite struct DatasetFileTests {
    let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory() }

    @Test(arguments: ["full.parquet", "mixed.csv", "rows.jsonl"])
    func `Parquet and Arrow come back the same`(_ name: String) throws {
        let data = try Dataset.fromFile(fixture(name))
        for (ending, write) in [("parquet", data.toParquet), ("arrow", data.toArrow)] {
            let path = folder.file("o.\(ending)")
            try write(path)
            let again = try Dataset.fromFile(path)
            // Parquet knows no seconds.
            let expected = Features(
                data.features.map { name, feature in
                    ending == "parquet" && feature == .value("timestamp[s]")
                        ? (name, .value("timestamp[ms]")) : (name, feature)
                })
            #expect(again.features == expected)
            #expect(try (0..<data.count).allSatisfy { try again[$0].description == data[$0].description })
        }
        #expect(try FileSystem.names(in: folder.path) == ["o.arrow", "o.parquet"])
    }

    @Test func `CSV and JSON are written as by Python`() throws {
        let full = try Dataset.fromFile(fixture("full.parquet"))
        try full.selectColumns(["text", "label", "real", "single", "flag"]).toCSV(folder.file("o.csv"))
        #expect(try MappedFile.text(folder.file("o.csv")) == expected["to_csv"]?.string)
        try full.selectColumns(["text", "label", "small", "flag", "ids", "nested", "answer", "nothing"])
            .toJSON(folder.file("o.jsonl"))
        #expect(try MappedFile.text(folder.file("o.jsonl")) == expected["to_json"]?.string)
        #expect(throws: FileError.self) { try full.toParquet("/dev/null/x.parquet") }
    }

    private func bytes(of path: String) throws -> [UInt8] {
        let file = try MappedFile(path)
        return withExtendedLifetime(file) { Array(file.bytes) }
    }

    private func failure(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = folder.file(name)
        try AtomicFile.write(bytes, to: path)
        let error = try #require(throws: DatasetError.self, "\(name)") { try Dataset.fromFile(path) }
        #expect(error.message.contains(path) && error.remedy != nil && !error.message.contains("\n"))
        return error.description
    }

    @Test func `every cut of a Parquet or Arrow file is an error or readable`() throws {
        for name in ["full.parquet", "stream.arrow", "file.arrow"] {
            let bytes = try bytes(of: fixture(name))
            for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 30)) {
                try AtomicFile.write(bytes[..<length], to: folder.file(name))
                // A stream that ends between two batches is shorter, not broken.
                let data = try? Dataset.fromFile(folder.file(name))
                #expect(data == nil || name == "stream.arrow", "\(name) cut to \(length)")
            }
            #expect(try failure(name, Array(bytes[..<(bytes.count / 2)])).contains("damaged or cut off"))
        }
    }

    @Test func `flipped bytes never crash`() throws {
        var state: UInt64 = 1
        for name in ["full.parquet", "stream.arrow", "file.arrow"] {
            let bytes = try bytes(of: fixture(name))
            for _ in 0..<60 {
                var damaged = bytes
                for _ in 0..<3 {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    damaged[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
                }
                try AtomicFile.write(damaged, to: folder.file(name))
                guard let data = try? Dataset.fromFile(folder.file(name)) else { continue }
                for row in 0..<data.count { _ = try data[row].description }
            }
        }
    }

    @Test(arguments: [
        ("a.csv", "a,b\n1,2\n3\n", ["row 3", "1 fields", "2"]), ("b.csv", "a,b\n1,2,3\n", ["row 2", "3 fields"]),
        ("c.csv", "", ["empty"]), ("d.csv", "a,b\n\"x,1\n", []), ("e.tsv", "a\tb\n1\n", ["row 2"]),
        ("a.jsonl", "{\"a\": 1}\n\n{\"a\": \"x\"}\n", ["line 3", "'a'", "line 1", "a string", "a number"]),
        ("b.jsonl", "{\"a\": {\"b\": [1]}}\n\n{\"a\": {\"b\": [true]}}\n", ["line 3", "'a.b[]'"]),
        ("c.jsonl", "{\"a\": 1}\n{\"a\": \n", ["line 2"]), ("d.jsonl", "{\"a\": 1}\n[2]\n", ["line 2"]),
        ("e.jsonl", "", ["empty"]), ("f.jsonl", "hello", ["neither"]),
        ("b.json", "[{\"a\": 1}, 2]", ["row 1"]), ("c.json", "[{\"a\": 1}", ["line 1"]), ("d.json", "[]", ["empty"]),
        ("x.xyz", "a", [".parquet"]), ("a.parquet", "no parquet at all", ["Parquet"]),
        ("a.arrow", "no arrow at all", ["Arrow"]),
    ])
    func `bad files are named with the place`(_ name: String, _ text: String, _ parts: [String]) throws {
        let message = try failure(name, Array(text.utf8))
        for part in parts { #expect(message.contains(part), "\(message)") }
    }

    @Test func `bytes that are not UTF-8 are named by line`() throws {
        for name in ["a.csv", "a.tsv", "a.jsonl"] {
            #expect(try failure(name, Array("a\nb\n".utf8) + [0xFF, 0x0A]).contains("line 3"))
        }
    }

    @Test func `missing files and folders are named`() throws {
        let missing = try #require(throws: DatasetError.self) { try Dataset.fromFile(folder.file("no.csv")) }
        #expect(missing.message.contains("no.csv"))
        #expect(throws: DatasetError.self) { try Dataset.fromFile(folder.path) }
    }

    @Test func `a label outside its range is named`() throws {
        let names = (0..<6).map { "name\($0)" }
        let labels = try Dataset.fromColumns([("y", .ints([0, 1, 5]))], features: ["y": .classLabel(names: names)])
        try labels.toArrow(folder.file("l.arrow"))
        #expect(try Dataset.fromFile(folder.file("l.arrow")).features["y"]?.numClasses == 6)
        // The same file with a name fewer: the JSON keeps its length.
        let bytes = try bytes(of: folder.file("l.arrow"))
        let text = String(decoding: bytes, as: Unicode.ASCII.self).replacing(", \"name5\"", with: "         ")
        let damaged = zip(bytes, text.unicodeScalars).map { $0 < 0x80 ? UInt8($1.value) : $0 }
        let message = try failure("m.arrow", damaged)
        #expect(message.contains("row 2") && message.contains("'y'") && message.contains("0 to 4"))
    }

    @Test func `parts of a split are widened and put in one order`() throws {
        try AtomicFile.write("a,b\n1,x\n", to: folder.file("train-1.csv"))
        try AtomicFile.write("b,a\ny,2.5\n", to: folder.file("train-2.csv"))
        let train = try loadDataset(folder: folder.path)["train"]
        #expect(try train.doubles("a") == [1, 2.5] && train.strings("b") == ["x", "y"])
    }
}
