import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Files that claim more than they hold.
@Suite struct HostileTests {
    private func folder(_ card: String, _ files: [String: String] = ["train.csv": "a,b\n1,2\n"]) throws
        -> TemporaryDirectory
    {
        let folder = try TemporaryDirectory()
        try AtomicFile.write("---\n\(card)\n---\n", to: folder.file("README.md"))
        for (name, text) in files {
            try FileSystem.createDirectory(FileSystem.parent(of: folder.file(name)))
            try AtomicFile.write(text, to: folder.file(name))
        }
        return folder
    }

    /// The rows of a folder with this card.
    private func load(_ card: String) throws -> Dataset {
        let data = try folder(card)
        return try withExtendedLifetime(data) { try loadDataset(folder: data.path)["train"] }
    }

    @Test func `lengths of lists have a range`() throws {
        for length in ["2305843009213693952", "2147483648", "-2", "1e3", "9223372036854775808", "x"] {
            let card = "dataset_info:\n  features:\n  - name: a\n    list: int64\n    length: \(length)"
            let data = try folder(card, ["train.jsonl": "{\"a\":null}\n{\"a\":null}\n"])
            let error = #expect(throws: DatasetError.self) { try loadDataset(folder: data.path) }
            #expect(error?.message.contains("the feature 'a' has the length \(length)") == true)
        }
        let fits = try folder(
            "dataset_info:\n  features:\n  - name: a\n    list: int64\n    length: 2",
            ["train.jsonl": "{\"a\":[1,2]}\n{\"a\":null}\n"])
        #expect(try loadDataset(folder: fits.path)["train"][1]["a"] == .null)
        let missing = try Dataset.fromColumns([("a", .values([.null, .null]))])
        for length in [Int(Int32.max), .max, .min, -1] {
            #expect(throws: DatasetError.self) {
                try missing.castColumn("a", to: .fixedList(.value("int64"), length: length))
            }
        }
        // Metadata that can't be so is not heeded.
        let saved = try TemporaryDirectory()
        try Dataset.fromColumns([("a", .ints([1]))]).saveToDisk(saved.file("d"))
        let info =
            #"{"features": {"a": {"feature": {"dtype": "int64", "_type": "Value"}, "length": 2305843009213693952, "_type": "List"}}}"#
        try AtomicFile.write(info, to: saved.file("d/dataset_info.json"))
        #expect(try Dataset.loadFromDisk(saved.file("d")).ints("a") == [1])
    }

    @Test(.enabled(if: Locations.hasShared)) func `cards and files that stopped the program`() throws {
        #expect(throws: DatasetError.self) { try loadDataset(folder: Locations.shared("cases/robust/card-length")) }
        for card in ["yaml-bomb", "card/hang-1-72", "card/hang-11-155"] {
            let error = #expect(throws: DatasetError.self) {
                try loadDataset(folder: Locations.shared("cases/robust/\(card)"))
            }
            #expect(
                error?.description.contains("alias") == true || error?.description.contains("key") == true, "\(card)")
        }
        let error = #expect(throws: DatasetError.self) {
            try Dataset.fromFile(Locations.shared("cases/robust/null61.arrow"))
        }
        #expect(error?.message.contains("2305843009213693952") == true)
        _ = try? Dataset.fromFile(Locations.shared("cases/robust/arrowfile/hang-11-4000/x.arrow")).shuffle(seed: 1)
    }

    @Test(.enabled(if: Locations.hasShared)) func `damaged results of a map are made again`() throws {
        for name in ["hang-11-185", "hang-11-2881"] {
            let case_ = Locations.shared("cases/robust/mapcache/\(name)")
            let data = try TemporaryDirectory()
            try copy("\(case_)/data.arrow", to: data.file("data.arrow"))
            func map() throws -> Dataset {
                try Dataset.fromFile(data.file("data.arrow")).map(batched: true, cacheKey: "v1") { batch in
                    ["n": .ints(Array(0..<batch.count))]
                }
            }
            let first = try map()
            let cache = try #require(first.cacheFiles.first)
            let rows = try first.ints("n")
            try copy("\(case_)/CACHE", to: cache)
            _ = try? Dataset.fromFile(cache)
            #expect(try map().ints("n") == rows)
        }
    }

    private func copy(_ source: String, to target: String) throws {
        let file = try MappedFile(source)
        try AtomicFile.write(withExtendedLifetime(file) { Array(file.bytes) }, to: target)
    }

    @Test func `every changed byte of a cached result is noticed or harmless`() throws {
        let data = try TemporaryDirectory()
        let source = try Dataset.fromColumns([
            ("t", .strings(["a", "bcd", ""])), ("l", .intLists([[1], [], [2, 3]])), ("x", .ints([1, 2, 3])),
        ])
        try source.toArrow(data.file("data.arrow"))
        func map() throws -> Dataset {
            try Dataset.fromFile(data.file("data.arrow")).map(batched: true, cacheKey: "v1") { batch in
                ["s": .values((0..<batch.count).map { .structure(["p": .int($0), "q": .list([.string("\($0)")])]) })]
            }
        }
        let whole = try map()
        let cache = try #require(whole.cacheFiles.first)
        let file = try MappedFile(cache)
        let bytes = withExtendedLifetime(file) { Array(file.bytes) }
        for place in stride(from: 0, to: bytes.count, by: 11) {
            for value in [UInt8(0xFF), bytes[place] ^ 1] {
                var changed = bytes
                changed[place] = value
                try AtomicFile.write(changed, to: cache)
                let read = try map()
                #expect(read.columnNames == whole.columnNames || read.count < 100)
                for row in 0..<min(read.count, 10) { _ = try read.row(row) }
                _ = try read.shuffle(seed: 1)
            }
        }
    }

    @Test func `cards grow with their text`() throws {
        // As PyYAML writes what comes twice.
        let shared = try folder(
            """
            configs:
            - config_name: one
              data_files: &id001
              - split: train
                path: train.csv
            - config_name: two
              data_files: *id001
            description: "why *not* use a * here"
            """)
        #expect(try loadDataset(folder: shared.path, "two")["train"].count == 1)
        #expect(throws: DatasetError.self) { try load("a: *nothing") }
        #expect(throws: DatasetError.self) { try load("a: &a [*a]") }
        #expect(throws: DatasetError.self) { try load("a: &a 1\n? [*a, *a]\n: 2") }
        #expect(try load("a: &a k\n? *a\n: 2").count == 1)
        let levels = (1...40).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]" }.joined(separator: "\n")
        let error = #expect(throws: DatasetError.self) { try load("a0: &a0 x\n\(levels)") }
        #expect(error?.message.contains("200000 entries") == true)
        let deep = String(repeating: "[", count: 900) + "*a" + String(repeating: "]", count: 900)
        #expect(throws: DatasetError.self) { try load("a0: &a x\nb: \(deep)") }
    }

    @Test func `patterns take no longer than they are`() throws {
        let many = String(repeating: "**/", count: 500) + "*.csv"
        let path = (0..<14).map { "d\($0)" }.joined(separator: "/") + "/x.tsv"
        let data = try folder(
            "configs:\n- config_name: c\n  data_files: '\(many)'", [path: "a\n1\n", "train.csv": "a\n1\n"])
        #expect(try loadDataset(folder: data.path)["train"].count == 1)
        let inner = try folder(
            "configs:\n- config_name: c\n  data_files: 'a/**/b/**/c*.csv'",
            ["a/b/c.csv": "a\n1\n", "a/x/b/y/z/c1.csv": "a\n2\n", "a/x/c.csv": "a\n3\n", "b/c.csv": "a\n4\n"])
        #expect(try loadDataset(folder: inner.path)["train"].ints("a") == [1, 2])
        let all = try folder(
            "configs:\n- config_name: c\n  data_files: '**'",
            ["x.csv": "a\n1\n", "b/y.csv": "a\n2\n", "b/c/z.csv": "a\n3\n"])
        #expect(try loadDataset(folder: all.path)["train"].ints("a").sorted() == [1, 2, 3])
    }

    @Test func `links to folders lead nowhere twice`() throws {
        let data = try folder("a: b", ["data/train.csv": "a\n1\n", "data/more/train.csv": "a\n2\n"])
        for number in 0..<20 {
            symlink(".", data.file("self\(number)"))
            symlink("..", data.file("data/up\(number)"))
            symlink("more", data.file("data/again\(number)"))
        }
        #expect(try loadDataset(folder: data.path)["train"].ints("a").sorted() == [1, 2])
        let outside = try TemporaryDirectory()
        try AtomicFile.write("a\n3\n", to: outside.file("train.csv"))
        symlink(outside.path, data.file("data/out"))
        #expect(try loadDataset(folder: data.path)["train"].ints("a").sorted() == [1, 2, 3])
    }

    @Test func `rows have an order only by values that have one`() throws {
        let data = try Dataset.fromColumns([
            ("e", .values([.structure([:]), .structure([:])])),
            ("s", .values([.structure(["a": 1]), .structure(["a": 2])])),
            ("l", .intLists([[1], [0]])), ("n", .values([.null, .null])), ("x", .ints([2, 1])),
        ])
        for name in ["e", "s", "l"] {
            let error = #expect(throws: DatasetError.self) { try data.sort(by: name) }
            #expect(error?.message.contains("'\(name)'") == true)
            #expect(throws: DatasetError.self) { try data.sort(by: ["x", name]) }
        }
        #expect(try data.sort(by: "n").ints("x") == [2, 1] && data.sort(by: "x").ints("x") == [1, 2])
    }

    /// What a saved dataset's features may be turned into: each value of the JSON by each of these.
    private static let replacements: [JSONValue] = [
        .null, true, .int(-1), 0, 3, .int(.max), .int(.min), 1e300, "", "x", "int8", "uint64", "float16", "null",
        "json",
        "timestamp[ns]", "decimal128(99, 1)", "fixed_size_binary[2147483647]", "ClassLabel", "List", "LargeList",
        "Json",
        "Value", "Sequence", [], ["a"], [["dtype": "int64", "_type": "Value"]], [:],
        ["dtype": "string", "_type": "Value"], ["names": ["a"], "_type": "ClassLabel"], ["_type": "Json"],
        ["feature": ["dtype": "null", "_type": "Value"], "length": 2_147_483_647, "_type": "List"],
        ["feature": ["dtype": "int8", "_type": "Value"], "length": 0, "_type": "List"],
    ]

    private func changes(_ json: JSONValue) -> [JSONValue] {
        var changed = Self.replacements
        if let object = json.object {
            for (key, value) in object {
                for inner in changes(value) {
                    var copy = object
                    copy[key] = inner
                    changed.append(.object(copy))
                }
                var (less, more) = (object, object)
                less[key] = nil
                more[key + "\u{301}"] = value
                changed += [.object(less), .object(more)]
            }
        }
        if let list = json.array {
            for index in list.indices {
                for inner in changes(list[index]) {
                    changed.append(.array(list[..<index] + [inner] + list[(index + 1)...]))
                }
            }
        }
        return changed
    }

    @Test func `whatever features say, rows are read or an error is told`() throws {
        let data = try Dataset.fromColumns(
            [
                ("i", .ints([0, 1])), ("y", .ints([0, 1])), ("t", .strings(["a", "b"])),
                ("l", .intLists([[1, 2], [3, 4]])), ("f", .values([.list([1]), .null])),
                ("s", .values([.structure(["p": 1, "q": "t"]), .null])),
            ],
            features: [
                "i": .value("int64"), "y": .classLabel(names: ["n", "m"]), "t": .value("string"),
                "l": .list(.value("int64")),
                "f": .fixedList(.value("int64"), length: 1),
                "s": .structure(["p": .value("int64"), "q": .value("string")]),
            ])
        let folder = try TemporaryDirectory()
        try data.saveToDisk(folder.file("d"))
        let info = try JSONValue(contentsOf: folder.file("d/dataset_info.json"))
        let all = changes(try #require(info["features"]))
        var read = 0
        for features in all {
            try AtomicFile.write(
                JSONValue.object(["features": features]).text(), to: folder.file("d/dataset_info.json"))
            guard let loaded = try? Dataset.loadFromDisk(folder.file("d")) else { continue }
            for row in 0..<loaded.count { _ = try? loaded.row(row) }
            _ = try? loaded.batch(0..<loaded.count).description
            _ = try? loaded.shuffle(seed: 1).flattenIndices()
            for name in loaded.columnNames { _ = try? loaded.classEncodeColumn(name) }
            read += 1
        }
        #expect(all.count > 500 && read > 20)
    }
}
