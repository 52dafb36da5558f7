import SwiftletHub
import SwiftletHubTestServer
import SwiftletIO
import SwiftletTestSupport
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A server that means harm: it gets no token that is not for it, ends no process and fills no memory.
@Suite struct HostileServerTests {
    let setup: Setup
    let repo: HubRepo

    init() throws {
        setup = try Setup()
        repo = try tiny()
        setup.server.add(repo, ["config.json": Array("{}".utf8), "model.safetensors": Setup.noise(300_000)])
    }

    // MARK: The token

    /// Addresses in which readers of addresses find different hosts. `HUB` and `OTHER` are the two hosts with their ports.
    @Test(arguments: [
        #"http://HUB\@OTHER/x"#, #"http://HUB\\@OTHER/x"#, #"http://HUB/\@OTHER/x"#, "http://HUB@OTHER/x",
        "http://user:word@OTHER/x",
        "http://HUB:80@OTHER/x", "http://HUB#@OTHER/x", "http://HUB?@OTHER/x", "http://HUB/@OTHER/x",
        #"http:\\OTHER/x"#,
        #"/\OTHER/x"#, #"\/\/OTHER/x"#, #"//HUB\@OTHER/x"#, "//OTHER/x", "http://HUB%40OTHER/x",
        "http://HUB%2f@OTHER/x",
        "http://HUB\u{a0}@OTHER/x", "http://HUB;@OTHER/x", "http://HUB,OTHER/x", "HTTP://OTHER/x",
        "http://OTHER\u{ff0f}x/",
        "http:///OTHER/x", "http:/OTHER/x", "http:OTHER/x", "http://[::1]@OTHER/x", "http://OTHER:/x",
        "http://OTHER:99999/x",
        "http://HUB\u{9}@OTHER/x", "http://HUB\u{b}@OTHER/x",
    ])
    func `no redirect takes the token elsewhere`(_ target: String) async throws {
        let (hub, other) = (setup.server.endpoint.dropFirst(7), setup.server.storeEndpoint.dropFirst(7))
        let location = target.replacing("HUB", with: hub).replacing("OTHER", with: other)
        let client = setup.hub { $0.token = HubToken("hf_secret") }
        for method in ["HEAD", "GET"] {
            setup.server.clearLog()
            setup.server.heal()
            setup.server.fail(
                .init(
                    .status(302, headers: ["Location": location]), on: "config.json", method: method, isStore: false,
                    times: 3))
            _ = try? await client.download("config.json", from: repo, force: true)
            // The tree and a revision by the same way.
            setup.server.fail(
                .init(.status(307, headers: ["Location": location]), on: "/api/", isStore: false, times: 3))
            _ = try? await client.snapshot(of: repo, force: true)
            setup.server.fail(
                .init(
                    .json("[]", headers: ["Link": "<\(location)>; rel=\"next\""]), on: "/tree/", isStore: false,
                    times: 1))
            _ = try? await client.snapshot(of: repo, force: true)
            let strangers = setup.server.log.filter(\.isStore)
            #expect(strangers.allSatisfy { $0.headers["authorization"] == nil }, "\(location): \(strangers)")
            // The token does go to the Hub itself.
            #expect(setup.server.log.contains { !$0.isStore && $0.headers["authorization"] == "Bearer hf_secret" })
        }
    }

    @Test(arguments: [
        #"http://h\@x/"#, "http://u:topsecret@h/", "http://u@h", "http://h:x", "http://", "https://h h/", "ftp://h",
        "h", "http://ü/",
    ])
    func `an endpoint that is odd is refused, and a password in it not shown`(_ endpoint: String) throws {
        let error = try #require(throws: HubError.self) { try HubSettings(environment: ["HF_ENDPOINT": endpoint]) }
        #expect(
            error.kind == .badArgument && error.message.contains("HF_ENDPOINT")
                && !error.description.contains("topsecret"))
    }

    @Test func `an endpoint that a program sets is checked too`() async throws {
        let client = setup.hub {
            $0.endpoint = "http://u:topsecret@127.0.0.1:1"
            $0.token = HubToken("hf_secret")
        }
        let error = try await #require(throws: HubError.self) { try await client.snapshot(of: repo) }
        #expect(!error.description.contains("topsecret") && !error.description.contains("hf_secret"))
    }

    // MARK: Numbers

    @Test(arguments: [
        ["Retry-After": "inf"], ["Retry-After": "nan"], ["Retry-After": "-1"], ["Retry-After": "-inf"],
        ["Retry-After": "1e999"],
        ["RateLimit": "\"api\";r=0;t=inf"], ["RateLimit": "\"api\";r=0;t=nan"], ["RateLimit": "\"api\";r=0;t=-5"],
        ["RateLimit": ";;;"],
    ])
    func `a time that is none is not waited for`(_ headers: [String: String]) async throws {
        setup.server.fail(.init(.status(429, headers: headers), times: 2))
        #expect(try Setup.bytes(try await setup.hub.download("config.json", from: repo)) == Array("{}".utf8))
    }

    @Test(arguments: [
        ["Retry-After": "1e300"], ["Retry-After": "9223372036854775807"], ["Retry-After": "9223372036854775808"],
        ["RateLimit": "\"api\";r=0;t=1e300"], ["RateLimit": "\"api\";r=0;t=18446744073709551616"],
    ])
    func `a time that is too long is an error`(_ headers: [String: String]) async throws {
        setup.server.fail(.init(.status(429, headers: headers)))
        let error = try await #require(throws: HubError.self) {
            try await setup.hub.download("config.json", from: repo)
        }
        #expect(error.kind == .busy)
    }

    @Test(arguments: ["9223372036854775807", "4611686018427387904", "-1", "1152921504606846976"])
    func `a size that no file has is refused`(_ size: String) async throws {
        let commit = String(repeating: "a", count: 40)
        let hash = String(repeating: "b", count: 64)
        let files = (0..<3).map {
            #"{"type": "file", "path": "f\#($0)", "size": 1, "oid": "\#(commit)", "lfs": {"oid": "\#(hash)", "size": \#(size)}}"#
        }
        setup.server.fail(
            .init(.json("[\(files.joined(separator: ","))]"), on: "/tree/", times: 1),
            .init(
                .status(200, headers: ["X-Repo-Commit": commit, "X-Linked-Etag": hash, "X-Linked-Size": size]),
                on: "/resolve/", method: "HEAD"))
        let client = setup.hub
        let listed = try await #require(throws: HubError.self) { try await client.snapshot(of: repo) { _ in } }
        #expect(listed.kind == .badAnswer && listed.message.contains(size))
        let single = try await #require(throws: HubError.self) {
            try await client.download("config.json", from: repo) { _ in }
        }
        #expect(single.kind == .badAnswer && single.message.contains(size))
        #expect(try setup.partials().isEmpty)
    }

    /// The largest size that is believed in, of several files: sums stay numbers, and the bytes that come are too few.
    @Test func `large sizes add up`() async throws {
        let hash = String(repeating: "b", count: 64)
        let files = (0..<3).map {
            #"{"type": "file", "path": "f\#($0)", "size": 1, "oid": "x", "lfs": {"oid": "\#(hash)", "size": 1125899906842624}}"#
        }
        setup.server.fail(.init(.json("[\(files.joined(separator: ","))]"), on: "/tree/", times: 1))
        await #expect(throws: HubError.self) { try await setup.hub.snapshot(of: repo) { _ in } }
    }

    @Test func `parts of an absurd size are no parts`() async throws {
        setup.server.set(largeFrom: 10, partSize: .max)
        let client = setup.hub { $0.token = HubToken("hf_secret") }
        let folder = try TemporaryDirectory()
        try AtomicFile.write(Setup.noise(1000), to: folder.file("model.safetensors"))
        let new = try HubRepo.model("tester/new")
        _ = try await client.upload(folder: folder.path, to: new, HubCommitOptions(message: "m"))
        #expect(setup.server.files(of: new)?["model.safetensors"]?.count == 1000)
    }

    // MARK: Without an end

    @Test(arguments: [200, 302, 404, 418, 500]) func `an answer without an end is cut off`(_ status: Int) async throws {
        for path in ["/revision/", "/tree/"] {
            setup.server.heal()
            setup.server.fail(
                .init(.endless(status, headers: ["Location": "\(setup.server.storeEndpoint)/x"]), on: path))
            let error = try await #require(throws: HubError.self) {
                try await setup.hub.snapshot(of: repo, force: true)
            }
            #expect(error.kind != .file)
        }
    }

    @Test(arguments: [404, 418, 302]) func `a file's answer without an end is cut off`(_ status: Int) async throws {
        setup.server.fail(.init(.endless(status, headers: ["Location": "/y"]), method: "GET", isStore: false))
        await #expect(throws: HubError.self) { try await setup.hub.download("config.json", from: repo) }
    }

    #if os(Linux)
    /// Foundation reads such a body on the one queue that all sessions of a process share, and gets to no cancellation and no
    /// other request meanwhile. So this is a process of its own; in it, three servers do the same at once.
    @Test(.timeLimit(.minutes(10))) func `a server that sends without a pause loses its connection`() async {
        await #expect(processExitsWith: .success) {
            alarm(540)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for status in [302, 307, 418] { group.addTask { try await takeFlood(status) } }
                try await group.waitForAll()
            }
        }
    }
    #endif

    @Test func `a file that does not end is not longer than promised`() async throws {
        setup.server.fail(.init(.endless(200), on: "config.json", method: "GET"))
        let error = try await #require(throws: HubError.self) {
            try await setup.hub.download("config.json", from: repo)
        }
        #expect(error.kind == .damaged)
        #expect(try setup.partials().isEmpty)
    }

    @Test func `a list that leads in a circle ends`() async throws {
        let entry = #"[{"type": "file", "path": "a", "size": 1, "oid": "x"}]"#
        setup.server.fail(
            .init(
                .json(entry, headers: ["Link": "</api/models/tester/tiny/tree/again?cursor=1>; rel=\"next\""]),
                on: "/tree/"))
        let error = try await #require(throws: HubError.self) { try await setup.hub.snapshot(of: repo) }
        #expect(error.kind == .badAnswer && error.message.contains("no end"))
        #expect(setup.server.count("GET", "/tree/") == 2)
    }

    @Test func `a list of nearly empty pages ends`() async throws {
        setup.server.add(
            repo, Dictionary(uniqueKeysWithValues: (0..<400).map { ("many/\($0).txt", Array("\($0)".utf8)) }))
        setup.server.set(pageSize: 1)
        let error = try await #require(throws: HubError.self) { try await setup.hub.snapshot(of: repo) }
        #expect(error.kind == .badAnswer && error.message.contains("no end"))
        #expect(setup.server.count("GET", "/tree/") < 300)
    }

    @Test func `a hash that would lead out of the cache is told as one`() async throws {
        let entry = #"[{"type": "file", "path": "a", "size": 1, "oid": "x", "lfs": {"oid": "../../x", "size": 1}}]"#
        setup.server.fail(.init(.json(entry), on: "/tree/"))
        let error = try await #require(throws: HubError.self) { try await setup.hub.snapshot(of: repo) }
        #expect(error.message.contains("'../../x'") && !error.message.contains("outside its folder"), "\(error)")
    }

    // MARK: What is shown

    @Test func `what a server says can't command a terminal`() async throws {
        let text = #"{"error": "go\u001b]0;title\u0007 away \u009b2J \u202e"}"#
        setup.server.fail(.init(.json(text), on: "/api/"))
        setup.server.fail(.init(.status(418, headers: ["X-Error-Message": "a\u{1b}[2Jb"]), on: "/resolve/"))
        let error = try await #require(throws: HubError.self) {
            try await setup.hub.download("config.json", from: repo)
        }
        #expect(
            !error.description.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control },
            "\(error)")
        #expect(error.description.contains("[2J"))
    }
}

#if os(Linux)
/// Downloads from a server that floods, and returns when the flood has ended and a download has worked.
private func takeFlood(_ status: Int) async throws {
    let setup = try Setup()
    let repo = try tiny()
    setup.server.add(repo, ["config.json": Array("{}".utf8)])
    setup.server.fail(.init(.flood(status, headers: ["Location": "/y"]), method: "GET", isStore: false, times: 1))
    let client = setup.hub { $0.downloadTimeout = 1 }
    // A request that waits too long for its turn is given up before it is sent, and one whose line is cut is sent again.
    repeat {
        _ = try? await client.download("config.json", from: repo, force: true)
    } while !setup.server.log.contains { $0.isFaulty }
    while setup.server.endedFloods == 0 { try await Task.sleep(for: .milliseconds(20)) }
    // The others' floods may still go on.
    var bytes: [UInt8]?
    while bytes == nil { bytes = try? Setup.bytes(try await client.download("config.json", from: repo, force: true)) }
    try #require(bytes == Array("{}".utf8))
}
#endif
