import Foundation
import SwiftletHub
import SwiftletHubTestServer
import SwiftletIO
import SwiftletTestSupport
import Testing

// Older compilers hand no values to exit tests.
#if compiler(>=6.3)
/// Several processes on one cache; each is this test's own program, started anew.
@Suite struct ProcessTests {
    let setup: Setup
    let repo: HubRepo
    let weights = Setup.noise(300_000)
    let commit: String

    init() throws {
        setup = try Setup()
        repo = try tiny()
        commit = setup.server.add(repo, ["config.json": Array("{}\n".utf8), "model.safetensors": weights])
    }

    @Test func `eight processes at once download a file once`() async throws {
        setup.server.fail(.init(.slow(bytes: 30_000, seconds: 0.05), isStore: true))
        let (endpoint, cache) = (setup.server.endpoint, setup.settings.cacheFolder)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    await #expect(processExitsWith: .success) {
                        [endpoint = endpoint as String, cache = cache as String] in
                        let snapshot = try await HubClient(settings: Setup.settings(endpoint, cache)).snapshot(
                            of: tiny())
                        let bytes = try Setup.bytes("\(snapshot.folder)/model.safetensors")
                        if bytes != Setup.noise(300_000) { exit(3) }
                    }
                }
            }
        }
        #expect(setup.server.count("GET", "/objects/") == 1)
        #expect(setup.server.count("GET", "/resolve/\(commit)/config.json") == 1)
        #expect(setup.server.count("GET", "/revision/") == 8)
        let blobs = try FileSystem.names(in: setup.folder.file("hub/\(repo.folderName)/blobs"))
        #expect(blobs == [SHA256.hash(weights), SHA1.gitBlob(Array("{}\n".utf8))].sorted())
    }

    @Test func `a later process goes on where a killed one stopped`() async throws {
        setup.server.fail(.init(.slow(bytes: 20_000, seconds: 0.15), isStore: true, times: 1))
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [endpoint = setup.server.endpoint as String, cache = setup.settings.cacheFolder as String] in
            _ = try await HubClient(settings: Setup.settings(endpoint, cache)).download(
                "model.safetensors", from: tiny()
            ) { report in
                if report.bytesDone >= 60_000 { kill(getpid(), SIGKILL) }
            }
        }
        let partial = try #require(try setup.partials().first)
        let present = try FileSystem.size(of: setup.folder.file("hub/\(partial)"))
        #expect(present >= 60_000 && present < 300_000)
        setup.server.clearLog()
        await #expect(processExitsWith: .success) {
            [endpoint = setup.server.endpoint as String, cache = setup.settings.cacheFolder as String] in
            let path = try await HubClient(settings: Setup.settings(endpoint, cache)).download(
                "model.safetensors", from: tiny())
            if try Setup.bytes(path) != Setup.noise(300_000) { exit(3) }
        }
        #expect(setup.server.log.filter(\.isStore).compactMap { $0.headers["range"] } == ["bytes=\(present)-299999"])
        #expect(try setup.partials().isEmpty)
    }
}
#endif
