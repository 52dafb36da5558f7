import SwiftletHub
import SwiftletHubTestServer
import SwiftletIO
import SwiftletTestSupport
import Synchronization
import Testing

@Suite struct UploadTests {
    let setup: Setup
    let hub: HubClient
    let repo: HubRepo
    let folder: String
    let weights = Setup.noise(300_000)

    init() throws {
        setup = try Setup()
        setup.server.set(writeToken: "hf_write")
        hub = setup.hub { $0.token = HubToken("hf_write") }
        repo = try .model("tester/new")
        folder = setup.folder.file("run")
        try write("{\"layers\": 2}\n", "\(folder)/config.json")
        try write("[PAD]\nü\n", "\(folder)/tokenizer/vocab.txt")
        try write("", "\(folder)/empty.bin")
        try write("not ours", "\(folder)/.git/config")
        try write("notes", "\(folder)/.cache/huggingface/x.lock")
        try AtomicFile.write(weights, to: "\(folder)/model.safetensors")
    }

    var files: [String: [UInt8]] {
        var files = setup.server.files(of: repo) ?? [:]
        files[".gitattributes"] = nil
        return files
    }

    func upload(_ message: String = "Upload") async throws -> HubCommit {
        try await hub.upload(folder: folder, to: repo, HubCommitOptions(message: message))
    }

    @Test func `a folder becomes one commit`() async throws {
        let commit = try await hub.upload(
            folder: folder, to: repo, HubCommitOptions(message: "First version", description: "with \"quotes\""))
        #expect(
            files == [
                "config.json": Array("{\"layers\": 2}\n".utf8), "tokenizer/vocab.txt": Array("[PAD]\nü\n".utf8),
                "empty.bin": [],
                "model.safetensors": weights,
            ])
        #expect(setup.server.largeFiles(of: repo) == ["model.safetensors"])
        #expect(setup.server.messages(of: repo) == ["initial commit", "First version"])
        #expect(!commit.isUnchanged && commit.url.hasSuffix("/tester/new/commit/\(commit.commit)"))
        for entry in setup.server.log {
            #expect((entry.headers["authorization"] == nil) == entry.isStore, "\(entry.method) \(entry.path)")
        }
        let snapshot = try await hub.snapshot(of: repo)
        #expect(try snapshot.commit == commit.commit && Setup.bytes("\(snapshot.folder)/model.safetensors") == weights)
    }

    @Test func `what is there already is not sent again`() async throws {
        let first = try await upload()
        setup.server.clearLog()
        let second = try await upload("Again")
        #expect(
            second.isUnchanged && second.commit == first.commit && !setup.server.messages(of: repo).contains("Again"))
        #expect(setup.server.count("PUT", "") == 0 && setup.server.count("POST", "/commit/") == 0)
        try write("{}", "\(folder)/config.json")
        #expect(try await !upload("Smaller").isUnchanged)
        #expect(
            setup.server.count("PUT", "") == 0 && files["config.json"] == Array("{}".utf8)
                && files["model.safetensors"] == weights)
    }

    @Test func `a large file goes in the parts the Hub asks for`() async throws {
        setup.server.set(partSize: 70_000)
        let reports = Mutex<[HubProgress]>([])
        _ = try await hub.upload(folder: folder, to: repo, HubCommitOptions(message: "Parts")) { report in
            reports.withLock { $0.append(report) }
        }
        #expect(setup.server.count("PUT", "/parts/") == 5 && files["model.safetensors"] == weights)
        let last = try #require(reports.withLock { $0.last })
        #expect(last.bytesDone == last.bytesTotal && last.filesDone == 4 && last.bytesTotal == 300_000 + 14 + 9)
    }

    @Test func `patterns choose what is sent and what goes away`() async throws {
        _ = try await upload()
        try write("new", "\(folder)/notes.md")
        _ = try await hub.upload(
            folder: folder, to: repo, HubCommitOptions(message: "Notes"), allow: ["*.md", "config.json"],
            deleting: ["*.txt", "*.json"])
        #expect(Set(files.keys) == ["config.json", "empty.bin", "model.safetensors", "notes.md"])
        _ = try await hub.upload(
            folder: folder, to: repo, at: "sub", HubCommitOptions(message: "Sub"), ignore: ["*.safetensors", "*.bin"])
        #expect(files["sub/config.json"] != nil && files["sub/model.safetensors"] == nil)
    }

    @Test func `a commit adds and deletes at once, on the parent it names`() async throws {
        let first = try await upload()
        var options = HubCommitOptions(message: "Both", parent: first.commit)
        let next = try await hub.commit(
            [.addBytes([65, 66], as: "a.txt"), .deleteFolder("tokenizer"), .deleteFile("empty.bin")], to: repo, options)
        #expect(Set(files.keys) == ["a.txt", "config.json", "model.safetensors"])
        options.message = "Late"
        let late = try await #require(throws: HubError.self) {
            try await hub.commit([.addBytes([67], as: "a.txt")], to: repo, options)
        }
        #expect(late.kind == .badArgument && files["a.txt"] == [65, 66])
        options.parent = next.commit
        options.asPullRequest = true
        let request = try await hub.commit([.addBytes([67], as: "a.txt")], to: repo, options)
        #expect(request.pullRequest != nil && files["a.txt"] == [65, 66])
        #expect(setup.server.files(of: repo, branch: "refs/pr/1")?["a.txt"] == [67])
    }

    @Test func `a name without a namespace is the user's own`() async throws {
        #expect(try await hub.ownRepo("mine", kind: .dataset) == HubRepo.dataset("tester/mine"))
        try await hub.createRepository(repo)
        try await hub.createRepository(repo)
        try await hub.deleteRepository(repo)
        #expect(setup.server.files(of: repo) == nil)
    }

    @Test func `without a token that may write nothing is sent`() async throws {
        let stranger = try await #require(throws: HubError.self) {
            try await setup.hub.upload(folder: folder, to: repo, HubCommitOptions(message: "x"))
        }
        #expect(stranger.kind == .notAllowed && stranger.description.contains("HF_TOKEN") && setup.server.log.isEmpty)
        let reader = setup.hub { $0.token = HubToken("hf_read") }
        let refused = try await #require(throws: HubError.self) {
            try await reader.upload(folder: folder, to: repo, HubCommitOptions(message: "x"))
        }
        #expect(refused.kind == .notAllowed && !refused.description.contains("hf_read"))
        let offline = setup.hub {
            $0.token = HubToken("hf_write")
            $0.isOffline = true
        }
        let cut = try await #require(throws: HubError.self) {
            try await offline.upload(folder: folder, to: repo, HubCommitOptions(message: "x"))
        }
        #expect(cut.description.contains("HF_HUB_OFFLINE") && setup.server.files(of: repo) == nil)
        let nothing = try await #require(throws: HubError.self) {
            try await hub.upload(folder: folder + "-no", to: repo, HubCommitOptions(message: "x"))
        }
        #expect(nothing.kind == .badArgument && nothing.message.contains("run-no"))
    }

    @Test(arguments: [HubTestServer.Effect.status(500), .status(429, headers: ["Retry-After": "0"]), .cut(after: 0)])
    func `a fault of the store passes, and one that stays leaves no commit`(_ effect: HubTestServer.Effect) async throws
    {
        setup.server.fail(.init(effect, method: "PUT", times: 2))
        _ = try await upload("Passed")
        #expect(files["model.safetensors"] == weights && setup.server.log.count(where: \.isFaulty) >= 1)
        try AtomicFile.write(Setup.noise(300_000, seed: 2), to: "\(folder)/model.safetensors")
        setup.server.fail(.init(.status(500), method: "PUT"))
        let error = try await #require(throws: HubError.self) { try await upload("Failed") }
        #expect(
            error.kind == .busy && error.message.contains("model.safetensors")
                && !error.description.contains("signature="))
        #expect(!setup.server.messages(of: repo).contains("Failed"))
        setup.server.heal()
        _ = try await upload("Healed")
        #expect(files["model.safetensors"] == Setup.noise(300_000, seed: 2))
    }

    @Test func `a commit whose answer is lost is not sent twice`() async throws {
        try await hub.createRepository(repo)
        setup.server.fail(.init(.cut(after: 0), on: "/commit/", times: 1))
        let error = try await #require(throws: HubError.self) { try await upload("Once") }
        #expect(error.kind == .unreachable && setup.server.count("POST", "/commit/") == 1)
        // It had arrived: the next upload finds everything there.
        #expect(try await upload("Twice").isUnchanged)
    }
}
