import Foundation
import SwiftletIO
import SwiftletTestSupport
import Testing

/// A process that may open no more files says so. It takes no file for damaged, and no older checkpoint for the newest.
@Suite struct OpenFilesTests {
    @Test func `a file that could not be opened is not called damaged`() throws {
        let processes = try Processes()
        let folder = try processes.folder("data")
        for name in ["mapped.arrow", "plain.arrow"] {
            try FileManager.default.copyItem(
                atPath: Locations.fixture("datasets/file.arrow"), toPath: "\(folder)/\(name)")
        }
        try AtomicFile.write("a,b\n1,x\n2,y\n", to: "\(folder)/rows.csv")
        let files =
            [
                "mapped.arrow", "plain.arrow", "rows.csv",
            ].map { "\(folder)/\($0)" }
            + [
                "datasets/full.parquet", "datasets/stream.arrow", "datasets/rows.jsonl", "datasets/list.json",
                "pickles/tensors.bin", "tiny-bert/model.safetensors", "tiny-bert/config.json",
                "tokenizers/models-family-albert-json/tokenizer.json",
            ].map(Locations.fixture)
            + [processes.files.file("run/trained/run")]
        let outcome = try processes.runAlone(
            [
                "scenario": "open-files", "files": .array(files.map { .string($0) }),
                "runs": [["name": "trained", "scenario": "trainer", "rows": 8, "epochs": 1, "save_steps": 1]],
            ], in: "run")
        #expect(outcome.status == 0, "\(outcome.error)")
        let said = try #require(outcome.results.first)
        for file in files {
            let errors = said[file]?.array?.compactMap(\.string) ?? []
            #expect(errors.count == 4 && errors.last == "", "\(file): \(errors)")
            #expect(errors.first?.contains("Too many open files") ?? false, "\(file): \(errors)")
            for error in errors where !error.isEmpty {
                #expect(error.contains("Too many open files") && error.contains("ulimit"), "\(file): \(error)")
                #expect(!error.contains("damaged") && !error.contains("passed over"), "\(file): \(error)")
            }
        }
        #expect(!outcome.output.contains("passed over"), "\(outcome.output)")
        #expect(!outcome.error.contains("is made again"), "\(outcome.error)")
    }
}
