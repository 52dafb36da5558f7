import Foundation
import SwiftletIO
import SwiftletTestSupport
import Testing

/// Runs each program on a BERT of one layer and 20 pairs.
@Suite(.serialized, .enabled(if: SmallTask.isAvailable, "all-MiniLM-L6-v2 is not under .deps"))
struct ExampleTests {
    private let folder: TemporaryDirectory
    private let task: SmallTask

    init() throws {
        folder = try TemporaryDirectory()
        task = try SmallTask(in: folder)
    }

    /// The program's standard output, a line each. It runs in the temporary folder, where it also writes.
    ///
    /// - Parameters:
    ///   - arguments: by default the small task's model and data
    ///   - processes: above 1, `swiftlet launch` starts it.
    private func run(_ name: String, _ arguments: [String]? = nil, processes: Int = 1) throws -> [String] {
        let process = Process()
        let program: URL = try #require(Self.program(name), "\(name) is not built")
        process.executableURL = program
        process.arguments = arguments ?? [task.model, task.data]
        if processes > 1 {
            let launcher: URL = try #require(Self.program("swiftlet"), "swiftlet is not built")
            process.executableURL = launcher
            process.arguments = [
                "launch", "--nproc-per-node", "\(processes)", "--", program.path, task.model, task.data,
            ]
        }
        return try output(of: process).split(separator: "\n").map(String.init)
    }

    private func output(of process: Process) throws -> String {
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = ProcessInfo.processInfo.environment.merging(["OMP_NUM_THREADS": "1"]) { $1 }
        for name in ["stdout", "stderr"] { try AtomicFile.write("", to: folder.file(name)) }
        process.standardOutput = FileHandle(forWritingAtPath: folder.file("stdout"))
        process.standardError = FileHandle(forWritingAtPath: folder.file("stderr"))
        try process.run()
        process.waitUntilExit()
        let errors = try MappedFile.text(folder.file("stderr"))
        #expect(process.terminationStatus == 0, "\(errors)")
        return try MappedFile.text(folder.file("stdout"))
    }

    private static func program(_ name: String) -> URL? {
        // Beside the test bundle, whatever the configuration.
        let started = ProcessInfo.processInfo.arguments + [Bundle.main.executablePath ?? ""]
        let folders =
            started.flatMap { path in
                (0..<4).reduce(into: [URL(fileURLWithPath: path).deletingLastPathComponent()]) { folders, _ in
                    folders.append(folders[folders.count - 1].deletingLastPathComponent())
                }
            } + ["release", "debug"].map { URL(fileURLWithPath: "\(Locations.root)/.build/\($0)") }
        return folders.map { $0.appendingPathComponent(name) }.first {
            FileManager.default.isExecutableFile(atPath: $0.path) && !FileSystem.isDirectory($0.path)
        }
    }

    /// The numbers of an array as Swift prints it.
    private func numbers(_ text: some StringProtocol) -> [Int] {
        text.split { !$0.isNumber }.compactMap { Int($0) }
    }

    @Test func `processing the data`() throws {
        let lines = try run("example-processing-data")
        #expect(lines.contains("        num_rows: 20"))
        #expect(lines.contains { $0.contains("ClassLabel(names=['not_equivalent', 'equivalent'])") })
        #expect(lines.contains { $0.hasPrefix(#"["[CLS]", "it", "snow"#) })
        #expect(lines.contains { $0.contains("'sentence1', 'sentence2', 'label', 'idx', 'input_ids'") })
        let lengths = numbers(lines[lines.count - 2])
        #expect(lengths.count == 8)
        let shapes = try #require(lines.last)
        #expect(shapes.contains("\"input_ids\", shape: [8, \(lengths.max() ?? 0)]"))
        #expect(shapes.contains("\"labels\", shape: [8]"))
    }

    @Test func `the Trainer`() throws {
        let lines = try run("example-trainer")
        #expect(lines.contains { $0.contains("'train_loss': ") && $0.hasSuffix("'epoch': '3'}") })
        #expect(lines.contains("[10, 2] 10"))
        #expect(lines.last?.hasPrefix("{'accuracy': ") == true)
    }

    @Test func `the Trainer with metrics`() throws {
        let lines = try run("example-trainer-metrics")
        #expect(lines.filter { $0.contains("'eval_accuracy': ") && $0.contains("'eval_f1': ") }.count == 3)
    }

    @Test func `the loop by hand`() throws {
        let lines = try run("example-full-training")
        #expect(lines[0] == #"["labels", "input_ids", "token_type_ids", "attention_mask"]"#)
        #expect(lines[1].contains("\"labels\", shape: [8]"))
        #expect(lines.contains("9"), "three epochs of three batches")
        #expect(lines.last?.hasPrefix("{'accuracy': ") == true)
    }

    /// 20 rows in batches of 8 are three batches; of two processes, each gets two.
    @Test(arguments: [(1, "9"), (2, "6")]) func `the loop with the Accelerator`(processes: Int, steps: String) throws {
        let lines = try run("example-accelerate", processes: processes)
        #expect(lines.count == 2, "one process prints")
        #expect(lines[0] == steps)
        #expect(lines[1].hasPrefix("{'accuracy': "))
    }

    /// 24 rows in batches of 8, three epochs.
    @Test func `a training for each task`() throws {
        for name in ["Examples", "Sources"] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.file(name), withDestinationPath: "\(Locations.root)/\(name)")
        }
        let lines = try run("example-tasks", [task.model, "24"])
        for name in ["entities", "endings"] {
            let line = try #require(lines.first { $0.hasPrefix("\(name) 9 ") }, "\(name) makes no nine steps: \(lines)")
            let loss = try #require(line.split(separator: " ").last.flatMap { Double($0) })
            #expect(loss > 0 && loss < 3)
        }
        #expect(lines.contains("questions 9 24"), "an answer for each question")
        #expect(lines.contains { $0.contains("exact_match") && $0.contains("f1") })
        #expect(lines.contains("vectors 9 24"))
        let blocks = try #require(lines.first { $0.hasPrefix("field ") }.map(numbers))
        #expect(blocks.count == 2 && blocks[0] == 3 * ((blocks[1] + 7) / 8) && blocks[1] > 5)
    }

    // What the pages show on the left is run too, where there is a Python to do it.
    private static let python = ProcessInfo.processInfo.environment["SWIFTLET_PYTHON"]

    @Test(.enabled(if: python != nil, "SWIFTLET_PYTHON names no Python"))
    func `the pages' Python runs, and prints what the Swift prints`() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.python))
        process.arguments =
            ["Tools/reference/course_page.py", "docs/course.md"].map { "\(Locations.root)/\($0)" }
            + [task.model, task.data]
        let text = try output(of: process)
        let listings = try #require(try JSONValue(parsing: text).array).compactMap { $0.array?.compactMap(\.string) }
        #expect(listings.count > 30)
        let lines = try ["example-processing-data", "example-full-training"].flatMap { try run($0) }.map(plain)
        let same = [
            "print(raw)", "print(raw_train[0])", "print(raw_train.features)", "convert_ids_to_tokens",
            "print(tokenized)",
            "len(x) for x", "column_names", "print(num_training_steps)", "print(device)",
        ]
        for code in same {
            let output = try #require(listings.first { $0[0].contains(code) }?[1], "no listing has '\(code)'")
            #expect(!output.isEmpty, "\(code) prints nothing")
            for line in output.split(separator: "\n") {
                #expect(lines.contains(plain(String(line))), "\(code) prints '\(line)' in Python only")
            }
        }
    }

    @Test func `pipelines`() throws {
        try FileSystem.createDirectory(folder.file("models"))
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("models/vectors"), withDestinationPath: task.model)
        let lines = try run("example-pipelines", [folder.file("models")])
        #expect(lines.first == "2 384")
        #expect(lines.count { $0.contains("The key is under the mat.") } == 1)
        #expect(lines.last?.contains("\"corpus_id\"") ?? false)
    }

    /// Without the quotes, which Python's lists and Swift's have of another kind.
    private func plain(_ line: String) -> String { line.filter { $0 != "\"" && $0 != "'" } }
}
