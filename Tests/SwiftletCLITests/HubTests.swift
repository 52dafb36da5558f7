import Foundation
import Swiftlet
import SwiftletHubTestServer
import SwiftletIO
import SwiftletTestSupport
import Testing

/// Names on the Hub, on the command line and in a program, with a Hub on this machine.
@Suite(.serialized) struct HubTests {
    let server: HubTestServer
    let folder: TemporaryDirectory
    let model: HubRepo
    let glue: HubRepo

    init() throws {
        server = try HubTestServer()
        folder = try TemporaryDirectory()
        model = try .model("tester/tiny-bert")
        glue = try .dataset("nyu-mll/glue")
        // A whole repository has more than what is read of it.
        var files: [String: [UInt8]] = ["pytorch_model.bin": [1], "onnx/model.onnx": [2]]
        for name in ["config.json", "model.safetensors"] {
            files[name] = Array(try Data(contentsOf: URL(fileURLWithPath: "\(Locations.fixture("tiny-bert"))/\(name)")))
        }
        let words =
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "a", "dog", "ran"]
            + (0..<48).map(String.init)
        files["vocab.txt"] = Array((words.joined(separator: "\n") + "\n").utf8)
        files["tokenizer_config.json"] = Array(#"{"tokenizer_class": "BertTokenizer", "model_max_length": 64}"#.utf8)
        server.add(model, files)
        server.add(glue, try Self.smallGLUE())
    }

    /// GLUE's layout with a few rows of its MRPC, and a second config.
    static func smallGLUE() throws -> [String: [UInt8]] {
        var card = "---\nconfigs:\n"
        for config in ["mrpc", "cola"] {
            card += "- config_name: \(config)\n  data_files:\n"
            for split in ["train", "validation", "test"] {
                card += "  - split: \(split)\n    path: \(config)/\(split)-*\n"
            }
        }
        var files = ["README.md": Array((card + "---\n").utf8)]
        for (split, count) in [("train", 16), ("validation", 8), ("test", 4)] {
            let rows = (0..<count).map { row in
                #"{"sentence1": "the cat sat \#(row)", "sentence2": "a dog ran \#(row * 3)", "label": \#(row % 2), "idx": \#(row)}"#
            }
            files["mrpc/\(split)-00000-of-00001.jsonl"] = Array((rows.joined(separator: "\n") + "\n").utf8)
            files["cola/\(split)-00000-of-00001.jsonl"] = Array((rows[0] + "\n").utf8)
        }
        return files
    }

    var program: Program {
        Program(
            files: folder,
            environment: [
                "HF_ENDPOINT": server.endpoint, "HF_HUB_CACHE": folder.file("hub"), "HF_HOME": folder.file("home"),
                "HF_TOKEN": "hf_secret",
            ])
    }

    var offline: Program {
        var program = program
        program.environment["HF_HUB_OFFLINE"] = "1"
        return program
    }

    var hub: HubClient {
        get throws { HubClient(settings: try HubSettings(environment: program.environment)) }
    }

    func trained(_ program: Program, _ output: String) throws -> Program.Result {
        try program.run([
            "train", "--model", model.id, "--dataset", "glue", "--config", "mrpc", "--output-dir", folder.file(output),
            "--max-steps", "3",
            "--logging-steps", "1", "--seed", "7",
        ])
    }

    @Test func `train takes names on the Hub, and offline the cache`() throws {
        let online = try trained(program, "online")
        #expect(online.status == 0, "\(online.error)")
        #expect(online.output.contains("eval_accuracy") && online.error.contains("downloading glue"))
        // Only what is read was asked for.
        for path in ["pytorch_model", "onnx", "cola"] { #expect(server.count("GET", path) == 0, "\(path)") }
        #expect(server.count("GET", "/mrpc/") == 3)
        let card = try MappedFile.text(folder.file("online/README.md"))
        #expect(card.contains("base_model: \(model.id)") && !card.contains(folder.path))
        for entry in server.log { #expect((entry.headers["authorization"] == nil) == entry.isStore) }

        server.clearLog()
        let again = try trained(offline, "offline")
        #expect(again.status == 0 && server.log.isEmpty, "\(again.error)")
        #expect(!again.error.contains("downloading"))
        #expect(
            try MappedFile.text(folder.file("offline/trainer_state.json")).contains("\"global_step\": 3")
                && Data(contentsOf: URL(fileURLWithPath: folder.file("online/model.safetensors")))
                    == Data(contentsOf: URL(fileURLWithPath: folder.file("offline/model.safetensors")))
        )
        #expect(!(online.output + online.error + again.error).contains("hf_secret"))
    }

    @Test func `what is nowhere is an error that names it and the remedy`() throws {
        let missing = try offline.run(["tokenize", "--model", "tester/none"], input: "a\n")
        #expect(missing.status == 1 && missing.output.isEmpty)
        #expect(missing.error.contains("tester/none") && missing.error.contains("HF_HUB_OFFLINE"))
        let unknown = try program.run(["predict", "--model", "tester/none", "--text", "a"])
        #expect(
            unknown.status == 1
                && unknown.error.contains("there is no folder 'tester/none' here, and the Hub has no repository"))
        let config = try program.run([
            "train", "--model", model.id, "--dataset", "glue", "--config", "none", "--output-dir", folder.file("o"),
        ])
        #expect(
            config.status == 1 && config.error.contains("'glue' has no config 'none'")
                && config.error.contains("'mrpc', 'cola'"))
        server.stop()
        let unreachable = try program.run(["tokenize", "--model", "/nowhere/x"], input: "a\n")
        #expect(
            unreachable.status == 1 && unreachable.error.contains("/nowhere/x")
                && !unreachable.error.contains("Hub has"))
    }

    @Test func `a program loads models, tokenizers and datasets by name`() async throws {
        let tokenizer = try await AutoTokenizer.fromPretrained(model.id, hub: hub)
        #expect(server.count("GET", "/objects/") == 0)
        let dataset = try await loadDataset("nyu-mll/glue", "mrpc", split: "validation", hub: hub)
        #expect(
            try dataset.splits == ["validation"] && dataset["validation"].count == 8
                && server.count("GET", "/mrpc/") == 1)
        let network = try await AutoModelForSequenceClassification.fromPretrained(
            model.id, numLabels: 3, options: LoadOptions(ignoreMismatchedSizes: true), hub: hub)
        #expect(try network.config.labelCount == 3 && server.count("GET", "/objects/") == 1)
        // A folder of that name wins, as in Python.
        let local = folder.file("local")
        try FileSystem.createDirectory(local)
        try write(#"{"text": "a"}"# + "\n", "\(local)/train.jsonl")
        server.stop()
        #expect(try await loadDataset(local, hub: hub)["train"].count == 1)
        let encoding = try tokenizer("the cat", truncation: true)
        #expect(!encoding.inputIDs.isEmpty)
    }

    @Test(.enabled(if: PythonTests.python != nil, "SWIFTLET_PYTHON names no Python"))
    func `Python loads offline what is cached here, and the other way round`() throws {
        func python(_ arguments: String..., environment: [String: String]) throws -> JSONValue {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try #require(PythonTests.python))
            process.arguments = ["\(Locations.root)/Tools/reference/hub_client.py"] + arguments
            process.environment = environment.merging(["OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"]) { old, _ in old
            }
            let (output, errors) = (Pipe(), folder.file("python-errors"))
            try write("", errors)
            process.standardOutput = output
            process.standardError = FileHandle(forWritingAtPath: errors)
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            let notes = try MappedFile.text(errors)
            #expect(process.terminationStatus == 0, "\(notes)")
            return try JSONValue(parsing: text.split(separator: "\n").last.map(String.init) ?? "null")
        }
        // Cached here, read there.
        #expect(try trained(program, "online").status == 0)
        let theirs = try python("model", model.id, "the cat sat 7", environment: offline.environment)
        let ours = try offline.run(["predict", "--model", model.id, "--text", "the cat sat 7"])
        let logits = try JSONValue(parsing: ours.output)["logits"]?.array?.compactMap(\.double) ?? []
        #expect(theirs["ids"]?.array?.count == 6)
        #expect(difference(logits, theirs["logits"]?.array?.compactMap(\.double) ?? [], absolute: 1e-5) == nil)
        // Cached there, read here.
        var other = program.environment
        other["HF_HUB_CACHE"] = folder.file("python-hub")
        other["HF_DATASETS_CACHE"] = folder.file("python-datasets")
        let rows = try python("dataset", glue.id, "mrpc", environment: other)
        #expect(rows["rows"]?["train"]?.int == 16 && rows["first"]?["sentence2"]?.string == "a dog ran 0")
        _ = try python("model", model.id, "the cat sat 7", environment: other)
        server.stop()
        var second = offline
        second.environment["HF_HUB_CACHE"] = folder.file("python-hub")
        let again = try trained(second, "second")
        #expect(again.status == 0, "\(again.error)")
    }

    @Test func `hub downloads, uploads, scans and deletes`() throws {
        let downloaded = try program.run([
            "hub", "download", "nyu-mll/glue", "--repo_type", "dataset", "--include", "mrpc/*", "--exclude", "*/test-*",
        ])
        #expect(downloaded.status == 0, "\(downloaded.error)")
        let snapshot = downloaded.output.split(separator: "\n").map(String.init)
        let names = try FileSystem.names(in: "\(snapshot.first ?? "")/mrpc")
        #expect(snapshot.count == 1 && names.count == 2)
        let file = try program.run(["hub", "download", model.id, "config.json"])
        #expect(
            file.status == 0 && file.output.hasSuffix("/config.json\n")
                && FileSystem.exists(String(file.output.dropLast())))
        let none = try program.run(["hub", "download", model.id, "none.json"])
        #expect(none.status == 1 && none.error.contains("none.json"))

        server.set(writeToken: "hf_secret")
        try write("{}", folder.file("run/config.json"))
        let uploaded = try program.run([
            "hub", "upload", "mine", folder.file("run"), "--commit-message", "First", "--private",
        ])
        #expect(uploaded.status == 0 && uploaded.output.contains("/tester/mine/commit/"), "\(uploaded.error)")
        let mine = try HubRepo.model("tester/mine")
        #expect(server.files(of: mine)?["config.json"] == Array("{}".utf8))
        let single = try program.run([
            "hub", "upload", "tester/mine", folder.file("run/config.json"), "--path-in-repo", "a/b.json",
        ])
        #expect(single.status == 0 && server.files(of: mine)?["a/b.json"] == Array("{}".utf8))
        var stranger = program
        stranger.environment["HF_TOKEN"] = "hf_other"
        let refused = try stranger.run(["hub", "upload", "tester/mine", folder.file("run")])
        #expect(refused.status == 1 && !refused.error.contains("hf_other"))

        let scan = try program.run(["hub", "scan-cache"])
        #expect(scan.status == 0 && scan.output.contains("nyu-mll/glue") && scan.output.contains("2 repositories"))
        let plan = try program.run(["hub", "delete", "nyu-mll/glue"])
        #expect(plan.status == 0 && plan.output.contains("--yes") && FileSystem.exists(snapshot[0]))
        let deleted = try program.run(["hub", "delete", "nyu-mll/glue", "--yes"])
        #expect(deleted.status == 0 && deleted.output.contains("freed") && !FileSystem.exists(snapshot[0]))
        let gone = try program.run(["hub", "delete", "nyu-mll/glue", "--yes"])
        #expect(gone.status == 1)
        let unnamed = try program.run(["hub", "delete"])
        #expect(unnamed.status == 2)
    }
}

private func write(_ text: String, _ path: String) throws { try AtomicFile.write(text, to: path) }
