import Foundation
import SwiftletIO
import SwiftletTestSupport
import Testing

/// Trainings that are ended from outside, and what goes on from them.
@Suite(.serialized) struct InterruptionTests {
    private let folder: TemporaryDirectory
    private let program: Program

    /// A tiny BERT with a vocabulary, and rows of letters.
    init() throws {
        folder = try TemporaryDirectory()
        program = Program(files: folder)
        let model = folder.file("model")
        try FileSystem.createDirectory(model)
        for name in ["config.json", "model.safetensors"] {
            let file = try MappedFile(FileSystem.join(Locations.fixture("tiny-bert"), name))
            try AtomicFile.write(withExtendedLifetime(file) { Array(file.bytes) }, to: FileSystem.join(model, name))
        }
        let letters = (97...122).map { String(UnicodeScalar(UInt8($0))) }
        let vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + letters + letters.map { "##\($0)" }
        try AtomicFile.write(vocabulary.joined(separator: "\n") + "\n", to: FileSystem.join(model, "vocab.txt"))
        try AtomicFile.write(
            #"{"do_lower_case": true, "tokenizer_class": "BertTokenizer"}"#,
            to: FileSystem.join(model, "tokenizer_config.json"))
        let rows = (0..<160).map { row in
            let text = (0..<3 + row % 7).map { letters[(row * 5 + $0 * 3) % 26] }.joined()
            return #"{"sentence": "\#(text)", "label": \#(row % 2)}"#
        }
        try AtomicFile.write(rows.joined(separator: "\n") + "\n", to: folder.file("train.jsonl"))
    }

    /// 200 steps: ten epochs of 20.
    private func arguments(_ output: String, saveSteps: Int = 10, more: [String] = []) -> [String] {
        [
            "train", "--model", folder.file("model"), "--train-file", folder.file("train.jsonl"), "--validation-file",
            folder.file("train.jsonl"), "--output-dir", output, "--num-train-epochs", "10", "--logging-steps", "7",
            "--eval-strategy", "epoch", "--save-strategy", "steps", "--save-steps", "\(saveSteps)",
            "--save-total-limit", "3",
        ] + more
    }

    /// The bytes of weights and optimizer, and the logs without the clock's.
    private func outcome(_ output: String) throws -> (weights: [UInt8], optimizer: [UInt8], logs: [JSONObject]) {
        func bytes(_ path: String) throws -> [UInt8] {
            let file = try MappedFile(FileSystem.join(output, path))
            return withExtendedLifetime(file) { Array(file.bytes) }
        }
        let state = try JSONValue(contentsOf: FileSystem.join(output, "trainer_state.json"))
        let history = try #require(state["log_history"]?.array)
        let logs = history.compactMap(\.object)
        return (
            try bytes("model.safetensors"), try bytes("checkpoint-200/optimizer.safetensors"),
            logs.map { log in JSONObject(log.filter { !$0.0.contains("runtime") && !$0.0.contains("per_second") }) }
        )
    }

    private func expectSame(_ output: String, as whole: String, _ comment: Comment) throws {
        let (found, wanted) = (try outcome(output), try outcome(whole))
        #expect(found.weights == wanted.weights, comment)
        #expect(found.optimizer == wanted.optimizer, comment)
        #expect(found.logs == wanted.logs, comment)
        for name in try FileSystem.names(in: output) { #expect(!name.hasPrefix("."), "\(name) is left") }
    }

    /// Set SWIFTLET_KILLS for more than the few of an ordinary run.
    @Test func `killed at any moment and resumed, a run ends the same`() throws {
        let kills = ProcessInfo.processInfo.environment["SWIFTLET_KILLS"].flatMap(Int.init) ?? 5
        let whole = folder.file("whole")
        let start = ContinuousClock().now
        let first = try program.run(arguments(whole))
        #expect(first.status == 0, "\(first.error)")
        let duration = ContinuousClock().now - start
        var generator = SystemRandomNumberGenerator()
        for number in 0..<kills {
            let output = folder.file("killed-\(number)")
            let process = try program.start(arguments(output))
            let fraction = Double.random(in: 0.02...0.98, using: &generator)
            Thread.sleep(forTimeInterval: (duration * fraction) / .seconds(1))
            kill(process.processIdentifier, SIGKILL)
            _ = try program.wait(for: process)
            let checkpoints = (try? FileSystem.names(in: output))?.filter { $0.hasPrefix("checkpoint-") } ?? []
            let resumed = try program.run(
                arguments(output, more: checkpoints.isEmpty ? [] : ["--resume-from-checkpoint", "last"]))
            #expect(resumed.status == 0, "\(resumed.error)")
            try expectSame(
                output, as: whole, "killed after \(fraction) of the run, with \(checkpoints.count) checkpoints")
            try FileSystem.remove(output)
        }
    }

    @Test(arguments: [SIGINT, SIGTERM]) func `a signal leaves a checkpoint that goes on`(number: Int32) throws {
        let (whole, output) = (folder.file("whole"), folder.file("stopped"))
        let first = try program.run(arguments(whole, saveSteps: 1000))
        #expect(first.status == 0, "\(first.error)")
        let process = try program.start(arguments(output, saveSteps: 1000))
        // Once it has logged, it is in its loop.
        for _ in 0..<60_000 {
            if try MappedFile.text(folder.file("out")).contains("'loss'") { break }
            Thread.sleep(forTimeInterval: 0.005)
        }
        kill(process.processIdentifier, number)
        let stopped = try program.wait(for: process)
        #expect(stopped.status == 1 && stopped.signal == nil)
        #expect(
            stopped.error.contains("interrupted after step") && stopped.error.contains("resume"), "\(stopped.error)")
        #expect(try FileSystem.names(in: output).count == 1)
        let resumed = try program.run(arguments(output, saveSteps: 1000, more: ["--resume-from-checkpoint", "last"]))
        #expect(resumed.status == 0, "\(resumed.error)")
        try expectSame(output, as: whole, "signal \(number)")
    }

    @Test func `a full disk is one clear error and the checkpoint before it stays`() throws {
        let output = folder.file("full")
        let started = try program.run(arguments(output, more: ["--max-steps", "20"]))
        #expect(started.status == 0, "\(started.error)")
        let before = try FileSystem.names(in: output).filter { $0.hasPrefix("checkpoint-") }
        // Files may not be longer than 20 kilobytes from here on: as on a disk with that much left.
        let full = try program.run(
            arguments(output, more: ["--resume-from-checkpoint", "last", "--max-steps", "40"]), limit: "ulimit -f 40")
        #expect(full.status == 1 && full.signal == nil)
        #expect(full.error.contains("error: ") && full.error.contains("safetensors"), "\(full.error)")
        let after = try FileSystem.names(in: output)
        #expect(after.filter { $0.hasPrefix("checkpoint-") } == before && !after.contains { $0.hasPrefix(".") })
        let resumed = try program.run(
            arguments(output, more: ["--resume-from-checkpoint", "last", "--max-steps", "40"]))
        #expect(resumed.status == 0, "\(resumed.error)")
    }

    @Test func `what can't be trained on is one clear error`() throws {
        func error(_ more: [String]) throws -> String {
            let result = try program.run(
                [
                    "train", "--model", folder.file("model"), "--output-dir", folder.file("out-of-it"),
                ] + more)
            #expect(result.status == 1 && result.output.isEmpty)
            #expect(result.error.split(separator: "\n").filter { $0.contains("error: ") }.count == 1, "\(result.error)")
            return result.error
        }
        try AtomicFile.write("", to: folder.file("empty.jsonl"))
        #expect(try error(["--train-file", folder.file("empty.jsonl")]).contains("empty"))
        try AtomicFile.write(#"{"sentence": "a", "label": -3}"# + "\n", to: folder.file("label.jsonl"))
        #expect(try error(["--train-file", folder.file("label.jsonl")]).contains("'-3'"))
        try AtomicFile.write(#"{"body": 3, "label": 1}"# + "\n", to: folder.file("column.jsonl"))
        #expect(try error(["--train-file", folder.file("column.jsonl")]).contains("body"))
        try AtomicFile.write("x", to: folder.file("file"))
        #expect(
            try error(["--train-file", folder.file("train.jsonl"), "--output-dir", folder.file("file/inside")])
                .contains("file/inside"))
    }
}
