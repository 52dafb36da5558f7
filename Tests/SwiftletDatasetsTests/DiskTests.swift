import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Folders of `save_to_disk`.
@Suite struct DiskTests {
    let full: Dataset
    let folder: TemporaryDirectory

    init() throws {
        full = try Dataset.fromFile(fixture("full.parquet"))
        folder = try TemporaryDirectory()
    }

    @Test func `folders of Python's are read`() throws {
        let dict = try DatasetDict.loadFromDisk(fixture("saved"))
        #expect(try dict.splits == ["train", "test"] && dict["train"].cacheFiles.count == 3)
        #expect(try dict["train"].format == DatasetFormat("numpy", columns: ["small", "label"]))
        #expect(try dict["train"][0].names == ["label", "small"])
        for split in dict.splits { try expectSame(dict[split].withFormat(), operations["saved"]?[split], "\(split)") }
        let one = try Dataset.loadFromDisk(fixture("saved/test"))
        try expectSame(one, operations["saved"]?["test"])
    }

    @Test func `what is saved comes back, for Python as well`() throws {
        // `Tools/reference/datasets_check.py` reads the same folder in Python.
        let path = getenv("SWIFTLET_DATASETS_CHECK").map { String(cString: $0) } ?? folder.path
        let dict = DatasetDict([
            ("train", try full.shuffle(seed: 1).withFormat(columns: ["small", "label"])),
            ("test", try full.select(0..<3)),
        ])
        try dict.saveToDisk("\(path)/dict", maxShardSize: 1000)
        #expect(try FileSystem.names(in: "\(path)/dict/train").count > 3)
        let again = try DatasetDict.loadFromDisk("\(path)/dict")
        #expect(try again["train"].format == dict["train"].format && again.description == dict.description)
        try expectSame(again["train"].withFormat(), operations["saved"]?["train"])
        let sorted = try full.sort(by: "small", descending: true)
        try sorted.saveToDisk("\(path)/one", numShards: 1)
        try sorted.toParquet("\(path)/o.parquet")
        try sorted.toArrow("\(path)/o.arrow")
        try sorted.selectColumns(["text", "small", "flag"]).toJSON("\(path)/o.jsonl")
        let one = try Dataset.loadFromDisk("\(path)/one")
        #expect(
            try (0..<one.count).allSatisfy { try one[$0] == full[full.count - 1 - $0] } && one.features == full.features
        )
        #expect(throws: DatasetError.self) { try one.saveToDisk("\(path)/one") }
        // A map of a mapped file is kept beside it.
        try full.toArrow("\(path)/cache/data.arrow")
        let mapped = try Dataset.fromFile("\(path)/cache/data.arrow").map(batched: true, cacheKey: "twice") {
            ["twice": .ints(try $0.ints("small").map { $0 * 2 })]
        }
        #expect(mapped.cacheFiles.count == 1 && mapped.cacheFiles[0].hasPrefix("\(path)/cache/cache-"))
    }

    @Test func `a folder that is none is named`() throws {
        try DatasetDict([("train", full)]).saveToDisk(folder.file("d"))
        for (body, part) in [
            ({ _ = try Dataset.loadFromDisk(self.folder.file("d")) }, "DatasetDict.loadFromDisk"),
            ({ _ = try DatasetDict.loadFromDisk(self.folder.file("d/train")) }, "Dataset.loadFromDisk"),
            ({ _ = try loadDataset(folder: self.folder.file("d")) }, "DatasetDict.loadFromDisk"),
            ({ _ = try loadDataset(folder: self.folder.file("d/train")) }, "Dataset.loadFromDisk"),
            ({ _ = try Dataset.loadFromDisk(self.folder.file("none")) }, "none"),
        ] as [(() throws -> Void, String)] {
            let error = try #require(throws: DatasetError.self, performing: body)
            #expect(error.description.contains(part), "\(error)")
        }
        for (state, part) in [
            ("{\"_data_files\": [{\"filename\": \"../x.arrow\"}]}", "_data_files"), ("{", "line 1"),
            ("{}", "_data_files"),
            ("{\"_data_files\": [{\"filename\": \"gone.arrow\"}]}", "gone.arrow"),
        ] {
            try AtomicFile.write(state, to: folder.file("d/train/state.json"))
            let error = try #require(throws: (any Error).self) { try Dataset.loadFromDisk(folder.file("d/train")) }
            #expect(String(describing: error).contains(part), "\(error)")
        }
    }
}
