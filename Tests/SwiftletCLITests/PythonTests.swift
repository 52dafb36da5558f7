import Foundation
import SwiftletIO
import SwiftletTestSupport
import Testing

/// What a run leaves behind, read by Python's tools. `Tools/reference/setup` makes the environment; name its Python in
/// SWIFTLET_PYTHON.
@Suite struct PythonTests {
    static let python = ProcessInfo.processInfo.environment["SWIFTLET_PYTHON"]

    @Test(
        .enabled(if: python != nil, "SWIFTLET_PYTHON names no Python"),
        .enabled(if: SmallTask.isAvailable, "all-MiniLM-L6-v2 is not under .deps"))
    func `Python's tools read a run, and its Trainer goes on from a checkpoint`() throws {
        let python = try #require(Self.python)
        let folder = try TemporaryDirectory()
        let task = try SmallTask(in: folder)
        let output = folder.file("run")
        let trained = try Program(files: folder).run([
            "train", "--model", task.model, "--dataset", task.data, "--output-dir", output, "--max-steps", "6",
            "--save-steps", "3", "--eval-strategy", "steps", "--eval-steps", "3", "--logging-steps", "1", "--report-to",
            "all",
        ])
        #expect(trained.status == 0, "\(trained.error)")

        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [
            "\(Locations.root)/Tools/reference/reports_check.py", "run", output, "\(task.data)/train.jsonl",
            "\(task.data)/validation.jsonl",
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text)")
        #expect(text.contains("transformers.Trainer: went on from step 3 to 6"), "\(text)")
    }
}
