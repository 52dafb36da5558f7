import Foundation
import Logging
import ServiceLifecycle
import SwiftletIO
import SwiftletServe
import SwiftletTestSupport
import Testing
import TinyTraining

/// Metrics, log, pages of other origins, the page, and the end.
@Suite(.timeLimit(.minutes(5)))
struct OperationTests {
    @Test func `metrics are Prometheus' text, and count what was asked`() async throws {
        let server = try await RunningServer([.embedding, .classifier])
        for _ in 0..<3 { _ = try await server.post("/embed", ["inputs": ["Greta left", "the bank"]]) }
        _ = try await server.post("/models/classifier/predict", ["inputs": "Greta left"])
        _ = try await server.post("/embed", ["input": 1])
        let answer = try await server.get("/metrics")
        #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        let line = /[a-z_]+(\{([a-z_]+="([^"\\\n]|\\["\\n])*",?)+\})? [0-9.e+-]+/
        var types: [String: String] = [:]
        for text in answer.text.split(separator: "\n") {
            if text.hasPrefix("# TYPE ") {
                let words = text.split(separator: " ")
                #expect(types.updateValue(String(words[3]), forKey: String(words[2])) == nil)
            } else if !text.hasPrefix("# HELP ") {
                #expect(text.wholeMatch(of: line) != nil, "\(text)")
                let name = String(text.prefix { $0 != "{" && $0 != " " })
                let family = ["_bucket", "_sum", "_count"].compactMap {
                    name.hasSuffix($0) ? String(name.dropLast($0.count)) : nil
                }
                #expect(types[name] != nil || family.contains { types[$0] == "histogram" }, "\(text)")
            }
        }
        let labels = "{route=\"/embed\",model=\"embedding\"}"
        #expect(try await server.metric("te_request_count\(labels)") == 4)
        #expect(try await server.metric("te_request_success\(labels)") == 3)
        #expect(
            try await server.metric("te_request_failure{route=\"/embed\",model=\"embedding\",err=\"validation\"}") == 1)
        #expect(try await server.metric("te_request_sequences{model=\"embedding\"}") == 6)
        #expect(try await server.metric("te_request_queue_duration_count{model=\"embedding\"}") == 3)
        #expect(try await server.metric("te_batch_next_size_sum{model=\"embedding\"}") == 6)
        #expect(try await server.metric("te_model_loaded{model=\"classifier\"}") == 1)
        let tokens = try #require(try await server.metric("te_request_tokens{model=\"embedding\"}"))
        #expect(try await server.metric("te_batch_next_tokens_sum{model=\"embedding\"}") == tokens)
        let last = try await server.post("/embed", ["inputs": ["Greta left", "the bank"]])
        #expect(last.headers["x-compute-tokens"].flatMap { Double($0) } == tokens / 3)
        await server.stop()
    }

    @Test func `the log tells of each request, with its trace, and of texts where asked only`() async throws {
        let trace = "0af7651916cd43dd8448eb211c80319c"
        for logsTexts in [false, true] {
            let server = try await RunningServer([.embedding], options: { $0.logsTexts = logsTexts })
            let secret = "Orchard Bank"
            _ = try await server.post(
                "/embed?\(secret.replacing(" ", with: "+"))", ["inputs": .string(secret)],
                headers: ["traceparent": "00-\(trace)-b7ad6b7169203331-01"])
            for wrong in [
                "00-\(trace)-b7ad6b7169203331", "ff-\(trace)-b7ad6b7169203331-01",
                "00-\(String(repeating: "0", count: 32))-b7ad6b7169203331-01", "x",
            ] {
                _ = try await server.post("/decode", ["ids": [5]], headers: ["traceparent": wrong])
            }
            let lines = server.log.lines
            let embed = lines.filter { $0.contains("route=/embed") }
            #expect(embed.count == 1 && embed[0].contains("trace_id=\(trace)") && embed[0].contains("status=200"))
            #expect(embed[0].contains("tokens=") && embed[0].contains("model=embedding"))
            let others = lines.filter { $0.contains("route=/decode") }
            #expect(others.count == 4 && others.allSatisfy { !$0.contains("trace_id") })
            #expect(lines.contains { $0.contains(secret) } == logsTexts)
            #expect(!lines.contains { $0.contains("Orchard+Bank") })
            await server.stop()
        }
    }

    @Test func `pages of other origins may call the server where they are named`() async throws {
        let server = try await RunningServer([.embedding], options: { $0.corsAllowedOrigins = ["https://a.example"] })
        let preflight = [
            "Origin": "https://a.example", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        ]
        let asked = try await server.send("OPTIONS", "/embed", headers: preflight)
        #expect(asked.status == 204 && asked.headers["access-control-allow-origin"] == "https://a.example")
        #expect(asked.headers["access-control-allow-methods"] == "GET, POST")
        let answer = try await server.post("/embed", ["inputs": "a"], headers: ["Origin": "https://a.example"])
        #expect(answer.status == 200 && answer.headers["access-control-allow-origin"] == "https://a.example")
        #expect(answer.headers["vary"] == "Origin")
        let other = try await server.post("/embed", ["inputs": "a"], headers: ["Origin": "https://b.example"])
        #expect(other.headers["access-control-allow-origin"] == nil)
        await server.stop()
        let closed = try await RunningServer([.embedding])
        #expect(
            try await closed.send("OPTIONS", "/embed", headers: preflight).headers["access-control-allow-origin"] == nil
        )
        await closed.stop()
    }

    @Test func `the page needs nothing from elsewhere`() async throws {
        let server = try await RunningServer([.embedding])
        let page = try await server.get("/")
        #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
        #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
        for link in ["http://", "https://", "src=", "@import", "url("] { #expect(!page.text.contains(link), "\(link)") }
        // Each field has a label, and each id that the script uses is there.
        for match in page.text.matches(of: /\$\("([A-Za-z]+)"\)/) { #expect(page.text.contains("id=\"\(match.1)\"")) }
        for match in page.text.matches(of: /<(?:input|select|textarea) id="([A-Za-z]+)"/) {
            #expect(page.text.contains("<label for=\"\(match.1)\""))
        }
        await server.stop()
        let without = try await RunningServer([.embedding], options: { $0.servesPage = false })
        #expect(try await without.get("/").status != 200)
        #expect(try await without.post("/", ["inputs": "a"]).status == 200)
        await without.stop()
    }

    @Test func `requests under way are answered after the server was told to stop`() async throws {
        let gate = Gate()
        let folder = try TemporaryDirectory()
        try RunningServer.Model.embedding.group().write(to: folder.path)
        var options = ServerOptions()
        options.port = 0
        let log = CapturedLog()
        let server = try SwiftletServer(
            models: [ModelSource(folder.path, name: "embedding", options: gate.options)], options: options,
            logger: Logger(label: "test") { _ in log.handler })
        let group = ServiceGroup(services: [server], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let run = Task { try await group.run() }
        let port = try #require(await server.port())
        @Sendable func post() async throws -> RawClient.Answer? {
            try await onThread {
                let client = try RawClient(port: port)
                defer { client.close() }
                client.send(RunningServer.request("POST", "/embed", body: Array("{\"inputs\": \"Greta\"}".utf8)))
                return client.readAnswer()
            }
        }
        while try await post()?.status != 200 { try await Task.sleep(for: .milliseconds(5)) }
        gate.close()
        let answer = Task { try await post() }
        while !gate.isHolding { try await Task.sleep(for: .milliseconds(2)) }
        await group.triggerGracefulShutdown()
        // New connections are refused as soon as it has taken note.
        while (try? await onThread { try RawClient(port: port).close() }) != nil {
            try await Task.sleep(for: .milliseconds(5))
        }
        gate.open()
        #expect(try await answer.value?.status == 200)
        try await run.value
    }
}
