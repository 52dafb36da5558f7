import Foundation
import SwiftletHub
import SwiftletHubTestServer
import SwiftletIO
import SwiftletTestSupport
import Synchronization
import Testing

@Suite struct DownloadTests {
    let setup: Setup
    let repo: HubRepo
    let weights = Setup.noise(300_000)
    let commit: String

    init() throws {
        setup = try Setup()
        repo = try tiny()
        commit = setup.server.add(
            repo,
            [
                "config.json": Array("{}\n".utf8), "model.safetensors": weights, "a b/ü%.txt": [],
                "data/x.txt": Array("x".utf8),
            ])
    }

    @Test func `the cache has the layout that Python writes`() async throws {
        let path = try await setup.hub.download("config.json", from: repo)
        _ = try await setup.hub.download("model.safetensors", from: repo)
        let empty = try await setup.hub.download("a b/ü%.txt", from: repo)
        #expect(try MappedFile.text(path) == "{}\n" && Setup.bytes(empty).isEmpty)
        let small = SHA1.gitBlob(Array("{}\n".utf8))
        let large = SHA256.hash(weights)
        let none = SHA1.gitBlob([])
        let base = "models--tester--tiny"
        #expect(
            try setup.cacheContents()
                == [
                    ".locks/\(base)/\(small).lock", ".locks/\(base)/\(large).lock", ".locks/\(base)/\(none).lock",
                    "CACHEDIR.TAG",
                    "\(base)/blobs/\(small)", "\(base)/blobs/\(large)", "\(base)/blobs/\(none)", "\(base)/refs/main",
                    "\(base)/snapshots/\(commit)/a b/ü%.txt -> ../../../blobs/\(none)",
                    "\(base)/snapshots/\(commit)/config.json -> ../../blobs/\(small)",
                    "\(base)/snapshots/\(commit)/model.safetensors -> ../../blobs/\(large)",
                ].sorted())
        #expect(try MappedFile.text(setup.folder.file("hub/\(base)/refs/main")) == commit)
    }

    @Test func `a model's folder has what makes vectors of sentences`() async throws {
        let repo = try HubRepo("tester/vectors")
        let wanted = [
            "config.json", "model.safetensors", "tokenizer.json", "modules.json", "config_sentence_transformers.json",
            "sentence_bert_config.json", "1_Pooling/config.json", "2_Dense/config.json", "2_Dense/model.safetensors",
            "3_Dense/config.json", "3_Dense/pytorch_model.bin",
        ]
        let others = [
            "README.md", "2_Dense/pytorch_model.bin", "onnx/config.json", "1_Pooling/notes.txt", "sentence_a.json",
        ]
        let files = Dictionary(uniqueKeysWithValues: (wanted + others).map { ($0, Array($0.utf8)) })
        _ = setup.server.add(repo, files)
        let folder = try await setup.hub.modelFolder("tester/vectors")
        for name in wanted { #expect(try MappedFile.text("\(folder)/\(name)") == name) }
        for name in others { #expect(!FileSystem.exists("\(folder)/\(name)"), "\(name)") }
        // From the cache alone too.
        let offline = setup.hub { $0.isOffline = true }
        #expect(try await offline.modelFolder("tester/vectors") == folder)
    }

    @Test func `what is cached is not downloaded again`() async throws {
        let first = try await setup.hub.download("model.safetensors", from: repo)
        let second = try await setup.hub.download("model.safetensors", from: repo)
        #expect(first == second && setup.server.count("GET", "/objects/") == 1)
        setup.server.clearLog()
        // A commit never changes: nothing is asked at all.
        #expect(try await setup.hub.download("model.safetensors", from: repo, revision: commit) == first)
        #expect(setup.server.log.isEmpty)
        _ = try await setup.hub.download("model.safetensors", from: repo, force: true)
        #expect(setup.server.count("GET", "/objects/") == 1)
    }

    @Test func `a branch that moved is followed, and unchanged files are shared`() async throws {
        let old = try await setup.hub.snapshot(of: repo)
        let next = setup.server.add(repo, ["config.json": Array("{\"a\": 1}".utf8)])
        setup.server.clearLog()
        let new = try await setup.hub.snapshot(of: repo)
        #expect(new.commit == next && old.commit == commit)
        #expect(
            try MappedFile.text("\(new.folder)/config.json") == "{\"a\": 1}"
                && MappedFile.text("\(old.folder)/config.json") == "{}\n")
        #expect(setup.server.count("GET", "/resolve/") == 1 && setup.server.count("GET", "/objects/") == 0)
    }

    @Test func `a snapshot has what the patterns ask for`() async throws {
        let all = try await setup.hub.snapshot(of: repo)
        #expect(Set(all.files) == ["config.json", "model.safetensors", "a b/ü%.txt", "data/x.txt"])
        for file in all.files { #expect(FileSystem.isRegularFile("\(all.folder)/\(file)")) }
        #expect(try Setup.bytes("\(all.folder)/model.safetensors") == weights)
        let some = try await setup.hub.snapshot(of: repo, allow: ["*.json", "data/"], ignore: ["data/*"])
        #expect(some.files == ["config.json"])
    }

    @Test func `listings come in pages and are asked for once`() async throws {
        setup.server.add(
            repo, Dictionary(uniqueKeysWithValues: (0..<25).map { ("many/\($0).txt", Array("\($0)".utf8)) }))
        setup.server.set(pageSize: 7)
        let snapshot = try await setup.hub.snapshot(of: repo, allow: ["many/*"])
        #expect(Set(snapshot.files) == Set((0..<25).map { "many/\($0).txt" }))
        let pages = setup.server.count("GET", "/tree/")
        _ = try await setup.hub.snapshot(of: repo)
        #expect(pages == 5 && setup.server.count("GET", "/tree/") == pages)
    }

    @Test func `hundreds of files come several at a time`() async throws {
        let many = try HubRepo.dataset("tester/many")
        let files = Dictionary(
            uniqueKeysWithValues: (0..<300).map { ("d\($0 % 7)/\($0).txt", Array("text \($0)".utf8)) })
        setup.server.add(many, files)
        let snapshot = try await setup.hub.snapshot(of: many)
        #expect(Set(snapshot.files) == Set(files.keys) && setup.server.count("GET", "/resolve/") == 300)
        for (name, bytes) in files { #expect(try Setup.bytes("\(snapshot.folder)/\(name)") == bytes) }
    }

    @Test func `large files come in pieces`() async throws {
        let path = try await setup.hub { $0.pieceSize = 70_000 }.download("model.safetensors", from: repo)
        #expect(try Setup.bytes(path) == weights)
        #expect(
            setup.server.log.filter(\.isStore).compactMap { $0.headers["range"] } == [
                "bytes=0-69999", "bytes=70000-139999", "bytes=140000-209999", "bytes=210000-279999",
                "bytes=280000-299999",
            ])
        #expect(setup.server.count("GET", "/resolve/") == 1)
    }

    @Test func `offline only the cache is used`() async throws {
        _ = try await setup.hub.snapshot(of: repo, allow: ["config.json"])
        setup.server.stop()
        // The network is gone: the cached file, or a clear error.
        let patient = setup.hub { $0.retries = 0 }
        #expect(FileSystem.exists(try await patient.download("config.json", from: repo)))
        #expect(try await patient.snapshot(of: repo, allow: ["config.json"]).files == ["config.json"])
        let gone = try await #require(throws: HubError.self) {
            try await patient.download("model.safetensors", from: repo)
        }
        #expect(gone.kind == .unreachable && gone.message.contains("model.safetensors"))
        let offline = setup.hub { $0.isOffline = true }
        #expect(FileSystem.exists(try await offline.download("config.json", from: repo)))
        let missing = try await #require(throws: HubError.self) {
            try await offline.download("model.safetensors", from: repo)
        }
        #expect(missing.kind == .notCached && missing.description.contains("HF_HUB_OFFLINE"))
        let part = try await #require(throws: HubError.self) { try await offline.snapshot(of: repo) }
        #expect(part.kind == .notCached && part.message.contains("model.safetensors"))
    }

    @Test func `what does not exist has an error of its own`() async throws {
        let file = try await #require(throws: HubError.self) { try await setup.hub.download("none.json", from: repo) }
        #expect(file.kind == .noFile && file.message.contains("none.json"))
        #expect(setup.hub.isKnownAbsent("none.json", of: repo) && !setup.hub.isKnownAbsent("config.json", of: repo))
        let revision = try await #require(throws: HubError.self) {
            try await setup.hub.download("config.json", from: repo, revision: "v9")
        }
        #expect(revision.kind == .noRevision && revision.message.contains("v9"))
        let other = try HubRepo.dataset("tester/none")
        let name = try await #require(throws: HubError.self) { try await setup.hub.snapshot(of: other) }
        #expect(
            name.kind == .noRepository && name.description.contains("tester/none")
                && name.description.contains("HF_TOKEN"))
    }

    @Test func `names of old and new repositories lead to the same files`() async throws {
        let old = try HubRepo.dataset("glue")
        let new = try HubRepo.dataset("nyu-mll/glue")
        setup.server.add(new, ["README.md": Array("card".utf8), "d/x.parquet": weights])
        setup.server.rename(old, to: new)
        let snapshot = try await setup.hub.snapshot(of: old)
        #expect(
            try Setup.bytes("\(snapshot.folder)/d/x.parquet") == weights && snapshot.folder.contains("datasets--glue"))
        #expect(try MappedFile.text(try await setup.hub.download("README.md", from: old)) == "card")
    }

    @Test func `the token goes to the Hub and nowhere else`() async throws {
        let secret = try HubRepo.model("tester/private")
        setup.server.add(secret, ["a.safetensors": weights, "b.txt": [65]], token: "hf_secret")
        let stranger = try await #require(throws: HubError.self) { try await setup.hub.download("b.txt", from: secret) }
        #expect(stranger.kind == .noRepository && stranger.description.contains("HF_TOKEN"))
        setup.server.clearLog()
        _ = try await setup.hub { $0.token = HubToken("hf_secret\n") }.snapshot(of: secret)
        let log = setup.server.log
        let stored = log.filter(\.isStore)
        #expect(!stored.isEmpty)
        for entry in log {
            #expect((entry.headers["authorization"] == nil) == entry.isStore, "\(entry.method) \(entry.path)")
        }
        let other = setup.hub { $0.token = HubToken("hf_wrong") }
        let wrong = try await #require(throws: HubError.self) {
            try await other.download("b.txt", from: secret, force: true)
        }
        #expect(!wrong.description.contains("hf_wrong"))
        #expect(!"\(other.settings)".contains("hf_wrong") && !String(reflecting: other.settings).contains("hf_wrong"))
        var dumped = ""
        dump(other.settings, to: &dumped)
        #expect(!dumped.contains("hf_wrong"))
        for path in try setup.cacheContents() where !path.contains("->") {
            let bytes = try Setup.bytes(setup.folder.file("hub/\(path)"))
            #expect(!String(decoding: bytes, as: UTF8.self).contains("hf_"), "\(path)")
        }
    }

    @Test func `progress counts bytes and files`() async throws {
        let reports = Mutex<[HubProgress]>([])
        _ = try await setup.hub.snapshot(of: repo) { report in reports.withLock { $0.append(report) } }
        let all = reports.withLock { $0 }
        let last = try #require(all.last)
        #expect(last.filesDone == 4 && last.filesTotal == 4 && last.bytesDone == 300_004 && last.bytesTotal == 300_004)
        #expect(last.bytesTransferred == 300_004)
        let counts = all.map(\.bytesDone)
        #expect(counts == counts.sorted())
    }

    @Test func `a cancelled download ends at once and is taken up later`() async throws {
        setup.server.fail(.init(.stalled(after: 100_000, seconds: 900), isStore: true, times: 1))
        let hub = setup.hub
        let repo = repo
        let task = Task { try await hub.download("model.safetensors", from: repo) }
        while try setup.partials().isEmpty
            || (try FileSystem.size(of: setup.folder.file("hub/\(setup.partials()[0])"))) < 100_000
        {
            try await Task.sleep(for: .milliseconds(10))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(setup.server.endedStalls == 0)
        setup.server.clearLog()
        let path = try await hub.download("model.safetensors", from: repo)
        #expect(try Setup.bytes(path) == weights)
        #expect(setup.server.log.filter(\.isStore).compactMap { $0.headers["range"] } == ["bytes=100000-299999"])
    }
}
