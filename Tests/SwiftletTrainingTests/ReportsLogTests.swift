import SwiftletIO
import SwiftletRunLog
import SwiftletTestSupport
import SwiftletTraining
import Testing

@Suite struct ReportsLogTests {
    static let time = 1_700_000_000.25

    /// Byte by byte what TensorBoard's own writer makes of the same events.
    @Test func `an event file has the bytes of the original`() throws {
        let fixture = try JSONValue(contentsOf: Locations.fixture("reports/events.json"))
        let folder = try TemporaryDirectory()
        let writer = try TensorBoardWriter(folder: folder.path, clock: { Self.time })
        for entry in try #require(fixture["entries"]?.array) {
            let parts = try #require(entry.array)
            let (tag, step) = (try #require(parts[0].string), try #require(parts[2].int))
            if let text = parts[1].string {
                writer.addText(tag, text, step: step)
            } else {
                writer.addScalar(tag, try #require(parts[1].double), step: step)
            }
        }
        try writer.flush()
        #expect(hexadecimal(try bytes(writer.path)) == fixture["bytes"]?.string)
        #expect(FileSystem.name(of: writer.path).hasPrefix("events.out.tfevents.1700000000."))
    }

    @Test func `a log goes to the tags of the original, and each run of a process to a file of its own`() throws {
        let folder = try TemporaryDirectory()
        let callback = TensorBoardCallback(
            outputDir: "unused", folder: folder.file("board"), arguments: ["learning_rate": 5e-5],
            modelConfig: ["vocab_size": 7])
        callback.begin()
        callback.record(
            [
                "loss": 0.5, "eval_loss": 0.4, "test_f1": 1, "train_runtime": 2.0, "flag": true, "list": [1],
                "note": "a",
            ],
            step: 10)
        let text = try content(callback.folder)
        for tag in [
            "args/text_summary", "model_config/text_summary", "train/loss", "eval/loss", "test/f1",
            "train/train_runtime", "train/flag", "train/note/text_summary",
        ] {
            #expect(text.contains(tag), "\(tag)")
        }
        #expect(!text.contains("train/list"))
        #expect(try FileSystem.names(in: callback.folder).count == 1)
        callback.end()
        callback.record(["eval_loss": 0.3], step: 10)
        #expect(try FileSystem.names(in: callback.folder).count == 2)
        #expect(callback.failure == nil)
    }

    @Test func `the folder is named after the time and the machine`() {
        let folder = TensorBoardCallback.defaultFolder(outputDir: "out", chosen: nil)
        #expect(
            folder.wholeMatch(of: #/out/runs/[A-Z][a-z]{2}[0-9]{2}_[0-9]{2}-[0-9]{2}-[0-9]{2}_.+/#) != nil, "\(folder)")
        #expect(TensorBoardCallback.defaultFolder(outputDir: "out", chosen: "/there") == "/there")
        #expect(!TensorBoardCallback.defaultFolder(outputDir: "out", chosen: "~/there").hasPrefix("~"))
        #expect(TensorBoardCallback(outputDir: "out", folder: "there").folder == "there")
    }

    @Test func `each log is a line, and numbers read back as they were`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("new/log.jsonl")
        let callback = JSONLinesLogCallback(path)
        callback.record(["loss": 0.1, "learning_rate": 5e-5, "epoch": 1.0], step: 3)
        let first = #"{"loss": 0.1, "learning_rate": 5e-05, "epoch": 1.0, "step": 3}"# + "\n"
        #expect(try MappedFile.text(path) == first)
        callback.record(["loss": .double(.nan), "name": "가\n"], step: 4)
        #expect(try MappedFile.text(path) == first + #"{"loss": NaN, "name": "가\n", "step": 4}"# + "\n")
    }

    @Test func `a line that a crash cut off goes, the lines before it stay`() throws {
        let folder = try TemporaryDirectory()
        try AtomicFile.write("{\"loss\": 1.0, \"step\": 1}\n{\"loss\": 0.", to: folder.file("log.jsonl"))
        JSONLinesLogCallback(folder.file("log.jsonl")).record(["loss": 0.5], step: 2)
        #expect(
            try MappedFile.text(folder.file("log.jsonl"))
                == "{\"loss\": 1.0, \"step\": 1}\n{\"loss\": 0.5, \"step\": 2}\n")
    }

    @Test func `a log that can't be written is kept as a failure and does not end the run`() throws {
        let folder = try TemporaryDirectory()
        try AtomicFile.write("a file", to: folder.file("taken"))
        let lines = JSONLinesLogCallback(folder.file("taken/log.jsonl"))
        lines.record(["loss": 0.5], step: 1)
        #expect(lines.failure?.path.contains("taken") == true)
        let board = TensorBoardCallback(outputDir: folder.path, folder: folder.file("taken/runs"))
        board.begin()
        #expect(board.failure?.path.contains("taken") == true)
    }

    private func bytes(_ path: String) throws -> [UInt8] {
        let file = try MappedFile(path)
        return withExtendedLifetime(file) { Array(file.bytes) }
    }

    private func content(_ folder: String) throws -> String {
        let names = try FileSystem.names(in: folder)
        return String(decoding: try bytes(FileSystem.join(folder, try #require(names.first))), as: UTF8.self)
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
