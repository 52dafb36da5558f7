import Foundation
import SwiftletHub
import SwiftletHubTestServer
import SwiftletIO
import SwiftletTestSupport
import Testing

@Suite struct CacheTests {
    let setup: Setup
    let repo: HubRepo
    let weights = Setup.noise(300_000)
    let other = Setup.noise(1000, seed: 2)
    let old: String
    let new: String

    /// Two revisions, the newer with another `config.json` and the same weights, and a dataset.
    init() async throws {
        setup = try Setup()
        repo = try tiny()
        old = setup.server.add(
            repo, ["config.json": Array("{}\n".utf8), "model.safetensors": weights, "a/b.txt": [65]])
        _ = try await setup.hub.snapshot(of: repo)
        new = setup.server.add(repo, ["config.json": Array("{\"layers\": 2}".utf8)])
        _ = try await setup.hub.snapshot(of: repo)
        let data = try HubRepo.dataset("tester/data")
        setup.server.add(data, ["x.parquet": other])
        _ = try await setup.hub.snapshot(of: data)
    }

    @Test func `a scan finds repositories, revisions and sizes`() throws {
        try AtomicFile.write([1, 2, 3], to: setup.folder.file("hub/\(repo.folderName)/blobs/abc.incomplete"))
        try write("", setup.folder.file("hub/something/else"))
        let report = try setup.hub.scanCache()
        #expect(
            report.repositories.map(\.repo) == [try .dataset("tester/data"), repo]
                && report.size == 300_000 + 3 + 1 + 13 + 1000)
        let found = try #require(report.repositories.last)
        #expect(found.size == 300_017 && found.fileCount == 4 && found.refs == ["main"])
        #expect(found.revisions.map(\.commit).sorted() == [old, new].sorted())
        let newest = try #require(found.revisions.first { $0.commit == new })
        #expect(
            newest.refs == ["main"] && newest.size == 300_014
                && newest.files.map(\.name) == ["a/b.txt", "config.json", "model.safetensors"])
        #expect(abs(newest.lastModified - Date().timeIntervalSince1970) < 60)
        #expect(
            report.partials.map(\.size) == [3] && report.problems.count == 1 && report.problems[0].contains("something")
        )
        let none = #expect(throws: HubError.self) { try HubCacheReport(scanning: setup.folder.file("none")) }
        #expect(none?.description.contains("HF_HUB_CACHE") ?? false)
    }

    @Test func `deleting an old revision leaves what the new one shares`() async throws {
        let deletion = try setup.hub.scanCache().deletion(of: [String(old.prefix(8)), "0000000"])
        #expect(
            deletion.freedSize == 3 && deletion.unknown == ["0000000"] && deletion.refs.isEmpty
                && deletion.repositories.isEmpty)
        try setup.hub.execute(deletion)
        let report = try setup.hub.scanCache()
        #expect(
            report.size == 301_014 && report.problems.isEmpty
                && report.repositories.last?.revisions.map(\.commit) == [new])
        let snapshot = try await setup.hub { $0.isOffline = true }.snapshot(of: repo)
        #expect(try Setup.bytes("\(snapshot.folder)/model.safetensors") == weights)
    }

    @Test func `deleting the revision of a branch takes the branch along`() async throws {
        try setup.hub.execute(setup.hub.scanCache().deletion(of: [new]))
        let left = try #require(try setup.hub.scanCache().repositories.last)
        #expect(left.revisions.map(\.commit) == [old] && left.refs.isEmpty)
        let offline = setup.hub { $0.isOffline = true }
        let error = try await #require(throws: HubError.self) { try await offline.snapshot(of: repo) }
        #expect(error.kind == .notCached)
        #expect(try await offline.snapshot(of: repo, revision: old).files.count == 3)
        // And it comes back.
        #expect(try MappedFile.text(await setup.hub.download("config.json", from: repo)) == "{\"layers\": 2}")
    }

    @Test func `deleting all revisions takes the repository along`() async throws {
        let deletion = try setup.hub.scanCache().deletion(of: repo)
        #expect(deletion.freedSize == 300_017 && deletion.repositories.count == 1)
        try setup.hub.execute(deletion)
        #expect(try setup.hub.scanCache().repositories.map(\.repo) == [.dataset("tester/data")])
        #expect(!FileSystem.exists(setup.folder.file("hub/\(repo.folderName)")))
        #expect(try await setup.hub.snapshot(of: repo).files.count == 3)
    }

    @Test func `what another process holds is left alone`() async throws {
        let blob = SHA1.gitBlob(Array("{}\n".utf8))
        let lock = open(setup.folder.file("hub/.locks/\(repo.folderName)/\(blob).lock"), O_RDWR)
        defer { close(lock) }
        #expect(lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
        let path = setup.folder.file("hub/\(repo.folderName)/blobs/\(blob)")
        try setup.hub.execute(setup.hub.scanCache().deletion(of: [old]))
        #expect(FileSystem.exists(path))
        try AtomicFile.write([1], to: path + ".incomplete")
        #expect(try setup.hub.deletePartials(setup.hub.scanCache()) == 0)
        let whole = try setup.hub.scanCache().deletion(of: repo)
        let error = #expect(throws: HubError.self) { try setup.hub.execute(whole) }
        #expect(error?.message.contains(blob) ?? false)
        _ = flock(lock, LOCK_UN)
        #expect(try setup.hub.deletePartials(setup.hub.scanCache()) == 1)
        try setup.hub.execute(whole)
        #expect(!FileSystem.exists(path))
    }
}
