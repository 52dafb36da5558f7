import Foundation
import SwiftletIO
import SwiftletTestSupport
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Odd files and names, given to the built program.
@Suite struct RobustnessTests {
    private let folder: TemporaryDirectory
    private let program: Program

    init() throws {
        folder = try TemporaryDirectory()
        program = Program(files: folder)
    }

    private func isClean(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control }
    }

    @Test func `names in files can't command a terminal`() throws {
        let name = "a\u{1b}]0;title\u{7}b\u{9b}2J"
        try AtomicFile.write(
            #"{"a\u001b]0;title\u0007b\u009b2J": "x\u001b[31m"}"# + "\n", to: folder.file("rows.jsonl"))
        for command in [["info"], ["head"]] {
            let result = try program.run(["dataset"] + command + [folder.file("rows.jsonl")])
            #expect(result.status == 0 && isClean(result.output), "\(result.error)")
        }
        let missing = try program.run(["dataset", "info", folder.file(name)])
        #expect(missing.status == 1 && isClean(missing.error) && missing.error.contains(#"\u{1b}"#))
    }

    @Test(
        .enabled(if: FileSystem.exists("/dev/full") && !FileSystem.isRegularFile("/dev/full"), "there is no /dev/full"))
    func `results that can't be written are an error`() throws {
        try AtomicFile.write("{\"a\": 1}\n", to: folder.file("rows.jsonl"))
        for arguments in [["manual"], ["dataset", "head", folder.file("rows.jsonl")]] {
            let result = try program.run(arguments, limit: "exec > /dev/full")
            #expect(result.status == 1 && result.error.contains("standard output"), "\(result.error)")
        }
        let file = try program.run(
            ["dataset", "convert", folder.file("rows.jsonl"), folder.file("made.csv")], limit: "exec > /dev/full")
        #expect(file.status == 0, "\(file.error)")
    }

    @Test func `an argument that is not UTF-8 is refused`() throws {
        let result = try program.run(
            ["-c", "exec \"$0\" dataset info \"$(printf 'caf\\351.csv')\"", Program.path], program: "/bin/sh")
        #expect(result.status == 2 && result.error.contains("UTF-8"), "\(result.error)")
    }

    /// Reading a FIFO would wait for somebody to write to it.
    @Test func `a FIFO in the place of weights is an error`() throws {
        let model = folder.file("model")
        try FileSystem.createDirectory(model)
        let config = try MappedFile.text(FileSystem.join(Locations.fixture("tiny-bert"), "config.json"))
        try AtomicFile.write(config, to: FileSystem.join(model, "config.json"))
        try AtomicFile.write("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n", to: FileSystem.join(model, "vocab.txt"))
        try AtomicFile.write(#"{"sentence": "a", "label": 0}"# + "\n", to: folder.file("rows.jsonl"))
        for name in ["model.safetensors", "pytorch_model.bin"] {
            try #require(mkfifo(FileSystem.join(model, name), 0o600) == 0)
            let result = try program.run([
                "train", "--model", model, "--train-file", folder.file("rows.jsonl"), "--output-dir",
                folder.file("out"),
            ])
            #expect(result.status == 1 && result.error.contains(name), "\(result.error)")
            try FileSystem.remove(FileSystem.join(model, name))
        }
    }

    @Test func `a password in the endpoint is not shown`() throws {
        var program = program
        program.environment = ["HF_ENDPOINT": "http://user:topsecret@127.0.0.1:9", "HF_HOME": folder.file("home")]
        let result = try program.run(["hub", "download", "a/b"])
        #expect(
            result.status == 1 && result.error.contains("HF_ENDPOINT") && !result.error.contains("topsecret"),
            "\(result.error)")
    }

    @Test func `what multiplies is what the variable says`() throws {
        var program = program
        program.environment = ["SWIFTLET_PRODUCTS": "library"]
        var result = try program.run(["env"])
        #expect(result.output.contains("products        libtorch's library"), "\(result.output)")
        program.environment = ["SWIFTLET_PRODUCTS": "mine"]
        result = try program.run(["env"])
        #expect(
            result.status == 1 && result.error.contains("SWIFTLET_PRODUCTS") && result.error.contains("'mine'"),
            "\(result.error)")
    }

    @Test func `caches are where the variables say`() throws {
        var program = program
        program.environment = ["HUGGINGFACE_HUB_CACHE": "$ROOT/h", "ROOT": "/r", "HF_DATASETS_CACHE": "/d"]
        let result = try program.run(["env"])
        #expect(
            result.output.contains("hub cache       /r/h\n") && result.output.contains("datasets cache  /d\n"),
            "\(result.output)")
    }
}
