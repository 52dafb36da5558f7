import SwiftletHub
import SwiftletHubTestServer
import SwiftletIO
import SwiftletTestSupport
import Testing

/// Each fault ends in a right file or in a clear error, and never in a wrong or partial file in the cache.
@Suite struct FaultTests {
    let setup: Setup
    let repo: HubRepo
    let weights = Setup.noise(300_000)

    init() throws {
        setup = try Setup()
        repo = try tiny()
        setup.server.add(repo, ["config.json": Array("{\"layers\": 2}".utf8), "model.safetensors": weights])
    }

    /// No snapshot entry and no blob; a partial file is allowed.
    func expectNothingCached() throws {
        let contents = try setup.cacheContents()
        #expect(
            contents.allSatisfy {
                !$0.contains("/snapshots/") && (!$0.contains("/blobs/") || $0.hasSuffix(".incomplete"))
            }, "\(contents)")
    }

    func expectRight(_ file: String, _ bytes: [UInt8]) async throws {
        #expect(try Setup.bytes(try await setup.hub.download(file, from: repo)) == bytes)
        #expect(try setup.partials().isEmpty)
    }

    func expectFaults(_ count: Int) {
        #expect(setup.server.log.count(where: \.isFaulty) >= count)
    }

    typealias Effect = HubTestServer.Effect

    /// Faults that pass: the file is right in the end.
    static let passing: [(String, Effect, Int)] = [
        ("status 500", .status(500), 3),
        ("status 503", .status(503), 3),
        ("status 429 without a time", .status(429), 3),
        ("status 429 with a time", .status(429, headers: ["Retry-After": "0"]), 3),
        ("status 429 as the Hub says it", .status(429, headers: ["RateLimit": "\"resolvers\";r=0;t=0"]), 3),
        ("cut", .cut(after: 120_000), 4),
        ("cut at once", .cut(after: 0), 3),
        ("a stated length that is too large", .wrongLength(1000), 2),
        ("a stated length that is too small", .wrongLength(-1000), 2),
        ("a wrong byte", .damaged, 1),
        ("no ranges", .wholeFile, .max),
        ("slow", .slow(bytes: 50_000, seconds: 0.05), 1),
        ("silence", .stalled(after: 100_000, seconds: 4), 1),
        ("an expired signature", .status(403), 2),
    ]

    @Test(arguments: passing) func `a fault of the store passes`(_ name: String, _ effect: Effect, _ times: Int)
        async throws
    {
        setup.server.fail(.init(effect, isStore: true, times: times))
        try await expectRight("model.safetensors", weights)
        expectFaults(min(times, 1))
    }

    @Test(arguments: [
        Effect.status(500), .status(429, headers: ["Retry-After": "0"]), .status(502), .cut(after: 5), .cut(after: 0),
        .wrongLength(3), .wrongLength(-3),
        .damaged,
    ])
    func `a fault of the Hub passes`(_ effect: Effect) async throws {
        setup.server.fail(
            .init(effect, on: "config.json", method: "HEAD", times: 1),
            .init(effect, on: "config.json", method: "GET", times: 1))
        try await expectRight("config.json", Array("{\"layers\": 2}".utf8))
        expectFaults(2)
    }

    @Test(arguments: [
        ("cut without ranges", [Effect.cut(after: 250_000), .wholeFile]), ("cut often", [.cut(after: 20_000)]),
    ])
    func `a download makes its way through many cuts`(_ name: String, _ effects: [Effect]) async throws {
        for effect in effects { setup.server.fail(.init(effect, isStore: true, times: effects.count > 1 ? 3 : .max)) }
        try await expectRight("model.safetensors", weights)
        expectFaults(3)
    }

    /// Faults that stay: a clear error, and nothing in the cache.
    static let lasting: [(String, Effect, HubError.Kind)] = [
        ("status 500", .status(500), .busy),
        ("status 429", .status(429, headers: ["Retry-After": "0"]), .busy),
        ("a wait that is too long", .status(429, headers: ["Retry-After": "4000"]), .busy),
        ("cut at once", .cut(after: 0), .unreachable),
        ("a wrong byte", .damaged, .damaged),
        ("status 403", .status(403), .notAllowed),
        ("status 404", .status(404), .noRepository),
        ("status 418", .status(418), .badAnswer),
        ("a redirect to nowhere", .status(302, headers: ["Location": "ftp://x/y"]), .badAnswer),
        ("a circle", .status(302, headers: ["Location": "/again"]), .badAnswer),
    ]

    @Test(arguments: lasting) func `a fault that stays is a clear error`(
        _ name: String, _ effect: Effect, _ kind: HubError.Kind
    ) async throws {
        setup.server.fail(.init(effect, isStore: true))
        let error = try await #require(throws: HubError.self) {
            try await setup.hub.download("model.safetensors", from: repo)
        }
        #expect(error.kind == kind && error.message.contains("model.safetensors"), "\(error)")
        #expect(!error.description.contains("signature="))
        try expectNothingCached()
        setup.server.heal()
        try await expectRight("model.safetensors", weights)
    }

    @Test(arguments: [1000, -1000]) func `a wrong size is found`(_ difference: Int) async throws {
        setup.server.fail(.init(.wrongSize(difference), method: "HEAD"))
        let error = try await #require(throws: HubError.self) {
            try await setup.hub.download("model.safetensors", from: repo)
        }
        #expect(error.kind == .damaged || error.kind == .badAnswer, "\(error)")
        try expectNothingCached()
    }

    @Test func `what is left of another file does no harm`() async throws {
        let blobs = setup.folder.file("hub/\(repo.folderName)/blobs")
        try AtomicFile.write([UInt8](repeating: 7, count: 200_000), to: "\(blobs)/\(SHA256.hash(weights)).incomplete")
        try await expectRight("model.safetensors", weights)
        #expect(setup.server.log.filter(\.isStore).map { $0.headers["range"] } == ["bytes=200000-299999", nil])
    }

    @Test func `a blob that was cut short on the disk is downloaded again`() async throws {
        _ = try await setup.hub.download("model.safetensors", from: repo)
        let blob = setup.folder.file("hub/\(repo.folderName)/blobs/\(SHA256.hash(weights))")
        try AtomicFile.write(Array(weights.prefix(1000)), to: blob)
        try FileSystem.remove(setup.folder.file("hub/\(repo.folderName)/snapshots"))
        try await expectRight("model.safetensors", weights)
    }

    @Test(arguments: ["../evil", "a/../../evil", "/etc/evil", "a//b", "a/./b", ".."])
    func `names that lead out of the folder are refused`(_ name: String) async throws {
        let evil = try HubRepo.dataset("tester/evil")
        setup.server.add(evil, [name: [1, 2, 3], "good.txt": [4]])
        let error = try await #require(throws: HubError.self) { try await setup.hub.snapshot(of: evil) }
        #expect(error.kind == .badAnswer && error.message.contains(name))
        let direct = try await #require(throws: HubError.self) { try await setup.hub.download(name, from: evil) }
        #expect(direct.kind == .badArgument)
        let revision = try await #require(throws: HubError.self) {
            try await setup.hub.download("good.txt", from: evil, revision: name)
        }
        #expect(revision.kind == .badArgument)
        #expect(try setup.cacheContents().isEmpty)
        #expect(try FileSystem.names(in: setup.folder.path).allSatisfy { $0 == "hub" })
    }

    @Test func `an ETag or a commit that leads out of the folder is refused`() async throws {
        let commit = String(repeating: "a", count: 40)
        for headers in [
            ["ETag": "\"../../evil\"", "X-Repo-Commit": commit], ["ETag": "\"..\"", "X-Repo-Commit": commit],
            ["ETag": "\"abc\"", "X-Repo-Commit": "../evil"], ["ETag": "\"abc\""], ["X-Repo-Commit": commit],
        ] {
            setup.server.heal()
            setup.server.fail(.init(.status(200, headers: headers)))
            let error = try await #require(throws: HubError.self) {
                try await setup.hub.download("config.json", from: repo)
            }
            #expect(error.kind == .badAnswer)
        }
        #expect(try setup.cacheContents().isEmpty)
    }

    @Test func `an answer that is no Hub's is a clear error`() async throws {
        setup.server.fail(.init(.status(200), on: "/api/"))
        let error = try await #require(throws: HubError.self) { try await setup.hub.snapshot(of: repo) }
        #expect(error.kind == .badAnswer && error.description.contains("HF_ENDPOINT"))
    }

    @Test func `a busy Hub is no hindrance when the file is cached`() async throws {
        let path = try await setup.hub.download("config.json", from: repo)
        setup.server.fail(.init(.status(503)))
        setup.server.clearLog()
        #expect(try await setup.hub.download("config.json", from: repo) == path)
        #expect(setup.server.log.count == 1)
    }
}
