import Foundation
import SwiftletHub
import SwiftletHubTestServer
import SwiftletIO
import SwiftletTestSupport
import Testing

/// The Hub's own Python client against the same server and on the same caches. `Tools/reference/setup` makes the
/// environment; name its Python in SWIFTLET_PYTHON.
@Suite(.enabled(if: PythonClient.program != nil, "SWIFTLET_PYTHON names no Python")) struct PythonClientTests {
    let setup: Setup
    let python: PythonClient
    let repo: HubRepo
    let weights = Setup.noise(300_000)
    let old: String
    let new: String

    init() throws {
        setup = try Setup()
        python = try PythonClient(setup)
        repo = try .dataset("tester/data")
        old = setup.server.add(
            repo, ["README.md": Array("---\n---\n".utf8), "d/train.parquet": weights, "ü b.txt": []])
        new = setup.server.add(repo, ["README.md": Array("new\n".utf8)])
        setup.server.set(pageSize: 2)
    }

    var digests: JSONObject {
        let files = (setup.server.files(of: repo) ?? [:]).sorted { $0.key < $1.key }
        return JSONObject(files.map { ($0.key, .string(SHA256.hash($0.value))) })
    }

    /// What Python's scan prints, from ours.
    func scan() throws -> JSONValue {
        let report = try setup.hub.scanCache()
        let repositories = report.repositories.map { repository -> (String, JSONValue) in
            let revisions = repository.revisions.sorted { $0.commit < $1.commit }.map {
                revision -> (String, JSONValue) in
                let files = revision.files.map(\.name).sorted {
                    $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars)
                }
                return (
                    revision.commit,
                    .object(
                        JSONObject([
                            ("files", .array(files.map(JSONValue.string))),
                            ("refs", .array(revision.refs.map(JSONValue.string))), ("size", .int(revision.size)),
                        ]))
                )
            }
            return (
                "\(repository.repo.kind.rawValue) \(repository.repo.id)",
                .object(
                    JSONObject([
                        ("files", .int(repository.fileCount)), ("revisions", .object(JSONObject(revisions))),
                        ("size", .int(repository.size)),
                    ]))
            )
        }
        return .object(
            JSONObject([
                ("repositories", .object(JSONObject(repositories))), ("size", .int(report.size)),
                ("warnings", .int(report.problems.count)),
            ]))
    }

    @Test func `Python's client understands the server`() async throws {
        let snapshot = try await python.run("snapshot", "dataset", repo.id)
        #expect(snapshot["files"]?.object == digests)
        let listing = try await python.run("list", "dataset", repo.id)
        let ours = try await setup.hub.files(of: repo)
        #expect(listing["commit"]?.string == new && listing["files"]?.object?.keys.count == ours.count)
        for file in ours {
            let entry = listing["files"]?[file.name]
            #expect(
                entry?["size"]?.int == file.size
                    && entry?["hash"]?.string
                        == (file.name.hasSuffix("parquet") ? SHA256.hash(weights) : entry?["hash"]?.string)
            )
        }
        setup.server.set(writeToken: "hf_write", partSize: 70_000)
        let folder = setup.folder.file("run")
        try write("{}", "\(folder)/config.json")
        let others = Setup.noise(300_000, seed: 2)
        try AtomicFile.write(others, to: "\(folder)/model.safetensors")
        let commit = try await python.run(
            "upload", "model", "tester/fromPython", folder, environment: ["HF_TOKEN": "hf_write"])
        let uploaded = try HubRepo.model("tester/fromPython")
        #expect(
            setup.server.files(of: uploaded)?["model.safetensors"] == others
                && setup.server.count("PUT", "/parts/") == 5)
        #expect(try await setup.hub.snapshot(of: uploaded).commit == commit["commit"]?.string)
        // What Python has sent, Swift does not send again.
        let hub = setup.hub { $0.token = HubToken("hf_write") }
        #expect(try await hub.upload(folder: folder, to: uploaded, HubCommitOptions(message: "From Swift")).isUnchanged)
    }

    @Test func `a cache that Python filled works offline here`() async throws {
        _ = try await python.run("snapshot", "dataset", repo.id, old)
        _ = try await python.run("snapshot", "dataset", repo.id)
        #expect(try await python.run("scan") == scan())
        setup.server.stop()
        let offline = setup.hub { $0.isOffline = true }
        let snapshot = try await offline.snapshot(of: repo)
        #expect(snapshot.commit == new && Set(snapshot.files) == ["README.md", "d/train.parquet", "ü b.txt"])
        #expect(try Setup.bytes("\(snapshot.folder)/d/train.parquet") == weights)
        #expect(try MappedFile.text(await offline.download("README.md", from: repo)) == "new\n")
        #expect(try MappedFile.text(await offline.download("README.md", from: repo, revision: old)) == "---\n---\n")
        try setup.hub.execute(setup.hub.scanCache().deletion(of: [old]))
        #expect(try await python.run("scan") == scan())
        #expect(
            try await python.run("snapshot", "dataset", repo.id, environment: ["HF_HUB_OFFLINE": "1"])["files"]?.object
                == digests)
    }

    @Test func `a cache filled here works offline in Python`() async throws {
        _ = try await setup.hub.snapshot(of: repo, revision: old)
        _ = try await setup.hub.snapshot(of: repo)
        let theirs = try await python.run("scan")
        #expect(try theirs == scan() && theirs["warnings"]?.int == 0)
        setup.server.stop()
        let offline = ["HF_HUB_OFFLINE": "1"]
        let snapshot = try await python.run("snapshot", "dataset", repo.id, environment: offline)
        #expect(snapshot["files"]?.object == digests)
        let file = try await python.run("file", "dataset", repo.id, "d/train.parquet", environment: offline)
        #expect(file["sha256"]?.string == SHA256.hash(weights))
        let freed = try await python.run("delete", old)
        #expect(freed["freed"]?.int == 8)
        #expect(try setup.hub.scanCache().repositories.first?.revisions.map(\.commit) == [new])
        #expect(try await setup.hub { $0.isOffline = true }.snapshot(of: repo).files.count == 3)
    }

    @Test func `Python and Swift at once download a file once`() async throws {
        setup.server.fail(.init(.slow(bytes: 10_000, seconds: 0.1), isStore: true))
        let (hub, repo) = (setup.hub, repo)
        try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<3 {
                group.addTask { try await python.run("file", "dataset", repo.id, "d/train.parquet")["sha256"]?.string }
                group.addTask {
                    // While Python starts.
                    try await Task.sleep(for: .milliseconds(1000))
                    return SHA256.hash(try Setup.bytes(try await hub.download("d/train.parquet", from: repo)))
                }
            }
            for try await digest in group { #expect(digest == SHA256.hash(weights)) }
        }
        #expect(setup.server.count("GET", "/objects/") == 1)
        #expect(try setup.partials().isEmpty)
    }
}

/// Runs `Tools/reference/hub_client.py` on a test's server and cache.
struct PythonClient: Sendable {
    static let program = ProcessInfo.processInfo.environment["SWIFTLET_PYTHON"]
    private let program: String
    private let environment: [String: String]

    init(_ setup: Setup) throws {
        program = try #require(Self.program)
        environment = [
            "HF_ENDPOINT": setup.server.endpoint, "HF_HUB_CACHE": setup.settings.cacheFolder,
            "HF_HOME": setup.folder.file("home"),
            "PATH": "/usr/bin:/bin", "HOME": setup.folder.path,
        ]
    }

    func run(_ arguments: String..., environment more: [String: String] = [:]) async throws -> JSONValue {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["\(Locations.root)/Tools/reference/hub_client.py"] + arguments
        process.environment = environment.merging(more) { $1 }
        let (output, error) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = error
        async let said = Self.text(error)
        try process.run()
        let text = await Self.text(output)
        let complaint = await said
        process.waitUntilExit()
        guard process.terminationStatus == 0, let line = text.split(separator: "\n").last else {
            throw FileError(path: program, message: "Python failed at \(arguments): \(complaint)")
        }
        return try JSONValue(parsing: String(line))
    }

    private static func text(_ pipe: Pipe) async -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    returning: String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
            }
        }
    }
}
