import Logging
import SwiftletIO
import SwiftletServe
import SwiftletTestSupport
import Testing

/// Requests that can't be answered as asked: each gets one status and a message that names the fault.
@Suite(.timeLimit(.minutes(5)))
struct RefusalTests {
    @Test func `bodies that are no request are refused by what is wrong with them`() async throws {
        let server = try await RunningServer([.embedding, .classifier, .reranker])
        let deep = String(repeating: "[", count: 100_000)
        let cases: [(path: String, body: String, status: Int, names: String)] = [
            ("/embed", "{\"inputs\": ", 400, "not valid JSON"), ("/embed", "", 400, "not valid JSON"),
            ("/embed", "{\"inputs\": \(deep)", 400, "not valid JSON"),
            ("/embed", "[]", 422, "object"), ("/embed", "{}", 422, "`inputs` is missing"),
            ("/embed", "{\"inputs\": null}", 422, "`inputs` is missing"),
            ("/embed", "{\"inputs\": 3}", 422, "`inputs`"),
            ("/embed", "{\"inputs\": [\"a\", true]}", 422, "`inputs[1]`"),
            ("/embed", "{\"inputs\": [[1, \"a\"]]}", 422, "`inputs[0][1]`"),
            ("/embed", "{\"inputs\": [-1]}", 422, "token id"), ("/embed", "{\"inputs\": [99999999]}", 422, "99999999"),
            ("/embed", "{\"inputs\": [1e300]}", 422, "token id"),
            ("/embed", "{\"inputs\": [[99999999999999999999]]}", 422, "token id"),
            ("/embed", "{\"inputs\": []}", 400, "empty"), ("/embed", "{\"inputs\": \"\"}", 400, "empty"),
            ("/embed", "{\"inputs\": \"a\", \"normalise\": true}", 422, "`normalize`"),
            ("/embed", "{\"inputs\": \"a\", \"normalize\": \"yes\"}", 422, "`normalize`"),
            ("/embed", "{\"inputs\": \"a\", \"dimensions\": 0}", 422, "dimensions"),
            ("/embed", "{\"inputs\": \"a\", \"dimensions\": 1.5}", 422, "dimensions"),
            ("/embed", "{\"inputs\": \"a\", \"prompt_name\": \"nobody\"}", 422, "nobody"),
            ("/embed", "{\"inputs\": \"a\", \"truncation_direction\": \"up\"}", 422, "truncation_direction"),
            ("/embed", "{\"inputs\": [\(Array(repeating: "\"a\"", count: 33).joined(separator: ","))]}", 413, "33"),
            ("/models/classifier/embed", "{\"inputs\": \"a\"}", 424, "classifier"),
            ("/models/nobody/embed", "{\"inputs\": \"a\"}", 404, "nobody"),
            ("/predict", "{\"inputs\": \"a\"}", 424, "embedding"),
            ("/rerank", "{\"query\": \"a\", \"texts\": [\"b\"]}", 424, "re-ranker"),
            ("/models/classifier/predict", "{\"inputs\": [\"a\", \"b\", \"c\"]}", 422, "pair"),
            ("/models/classifier/predict", "{\"inputs\": [[\"a\"], \"b\"]}", 422, "`inputs[1]`"),
            ("/models/classifier/predict", "{\"inputs\": [[]]}", 422, "`inputs[0]`"),
            ("/models/reranker/rerank", "{\"query\": \"a\", \"texts\": []}", 400, "texts"),
            ("/models/reranker/rerank", "{\"texts\": [\"a\"]}", 422, "query"),
            ("/similarity", "{\"inputs\": {\"source_sentence\": \"a\", \"sentences\": []}}", 400, "sentences"),
            ("/similarity", "{\"inputs\": {\"source_sentence\": \"a\", \"sentence\": []}}", 422, "`sentences`"),
            ("/tokenize", "{\"inputs\": {}}", 422, "inputs"), ("/decode", "{\"ids\": [[1], 2]}", 422, "`ids[1]`"),
            ("/models/classifier", "{\"inputs\": \"a\", \"parameters\": {\"top_k\": 0}}", 422, "topK"),
            ("/models/classifier", "{\"inputs\": \"a\", \"parameters\": {\"topk\": 1}}", 422, "topk"),
            ("/models/classifier", "{\"inputs\": \"a\", \"parameters\": 3}", 422, "parameters"),
            ("/models/classifier/pipeline/fill-mask", "{\"inputs\": \"a\"}", 424, "fill-mask"),
            ("/v1/embeddings", "{\"input\": \"a\", \"model\": \"nobody\"}", 404, "nobody"),
            ("/v1/embeddings", "{\"input\": \"a\", \"encoding_format\": \"hex\"}", 422, "encoding_format"),
        ]
        for (path, body, status, names) in cases {
            let answer = try await server.send("POST", path, body: Array(body.utf8))
            #expect(answer.status == status, "\(path) \(body.prefix(80)): \(answer.status) \(answer.text)")
            #expect(
                answer.text.replacing("\\\"", with: "\"").contains(names), "\(path) \(body.prefix(80)): \(answer.text)")
            let message = path.hasPrefix("/v1") ? answer.json["error"]?["message"] : answer.json["error"]
            #expect(message?.string?.isEmpty == false)
        }
        let notUTF8 = try await server.send(
            "POST", "/embed", body: Array("{\"inputs\": \"a".utf8) + [0xFF, 0xC0] + Array("\"}".utf8))
        #expect(notUTF8.status == 400)
        #expect(try await server.post("/embed", ["inputs": "still there"]).status == 200)
        await server.stop()
    }

    @Test func `heads that don't fit are refused`() async throws {
        let server = try await RunningServer([.embedding], options: { $0.payloadLimit = 1000 })
        let body = Array("{\"inputs\": \"a\"}".utf8)
        let cases: [(method: String, path: String, headers: [String: String], status: Int)] = [
            ("GET", "/embed", [:], 405), ("DELETE", "/embed", [:], 405), ("POST", "/health", [:], 405),
            ("GET", "/nothing", [:], 404), ("POST", "/nothing", [:], 404), ("GET", "/../../etc/passwd", [:], 404),
            ("GET", "/models/a/b/c", [:], 404), ("POST", "/embed", ["Content-Type": "text/plain"], 415),
            ("POST", "/embed", ["Content-Encoding": "gzip"], 415),
            ("POST", "/embed", ["X-Request-Timeout": "soon"], 400),
            ("POST", "/embed", ["X-Request-Timeout": "-1"], 400), ("POST", "/embed", ["X-Request-Timeout": "nan"], 400),
            ("POST", "/embed", ["X-Request-Timeout": "1e300"], 200),
            ("POST", "/embed", ["Content-Type": "application/json; charset=utf-8"], 200),
            ("POST", "/embed", ["Content-Length": "999999999999"], 413),
        ]
        for (method, path, headers, status) in cases {
            let answer = try await server.send(method, path, headers: headers, body: method == "POST" ? body : nil)
            #expect(answer.status == status, "\(method) \(path) \(headers): \(answer.status) \(answer.text)")
        }
        // Without a length, the limit is found while reading.
        let chunk = String(repeating: "x", count: 4000)
        let chunked = Array(
            "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nfa0\r\n\(chunk)\r\n0\r\n\r\n"
                .utf8)
        let answer = try await onThread { [port = server.port] in
            let client = try RawClient(port: port)
            defer { client.close() }
            client.send(chunked)
            return client.readAnswer()
        }
        #expect(answer?.status == 413 && answer?.headers["connection"] == "close")
        await server.stop()
    }

    @Test func `names in addresses may be written with codes`() async throws {
        let server = try await RunningServer([.embedding])
        for (path, status) in [
            ("/models/%65mbedding/embed", 200), ("/models/embeddin%67/embed", 200), ("/models/embedding%/embed", 404),
            ("/models/%zzembedding/embed", 404), ("/models/%00/embed", 404), ("/models/%ff%fe/embed", 404),
            ("/models/embedding%0d%0aX:%20a/embed", 404), ("/models/..%2f..%2fembedding/embed", 404),
            ("/pipeline/feature%2Dextraction", 200), ("/pipeline/%66%00", 424),
        ] {
            let answer = try await server.post(path, ["inputs": "a"])
            #expect(answer.status == status && answer.headers["x"] == nil, "\(path): \(answer.text)")
        }
        #expect(try await server.get("/v1/models/%65mbedding").status == 200)
        await server.stop()
    }

    @Test func `a key is needed where there are keys, and shown nowhere`() async throws {
        let keys = ["first-key-of-two", "second"]
        let server = try await RunningServer([.embedding], options: { $0.apiKeys = keys })
        let body: JSONValue = ["inputs": "a text that nobody logs"]
        let cases: [(String?, Int)] = [
            (nil, 401), ("Bearer", 401), ("Bearer ", 401), ("Bearer first-key-of-tw", 401),
            ("Bearer first-key-of-two1", 401),
            ("Basic second", 401), ("second", 401), ("Bearer first-key-of-two", 200), ("bearer second", 200),
        ]
        for (header, status) in cases {
            let headers = header.map { ["Authorization": $0] } ?? [:]
            for path in ["/embed", "/v1/embeddings", "/"] {
                let sent: JSONValue = path == "/v1/embeddings" ? ["input": "a text that nobody logs"] : body
                let answer = try await server.post(path, sent, headers: headers)
                #expect(answer.status == status, "\(header ?? "") \(path)")
                #expect(status == 200 || answer.headers["www-authenticate"] == "Bearer")
            }
            for path in ["/info", "/v1/models"] {
                #expect(try await server.get(path, headers: headers).status == status)
            }
        }
        for path in ["/health", "/ping", "/metrics", "/openapi.json", "/"] {
            #expect(try await server.get(path).status == 200)
        }
        let log = server.log.lines.joined(separator: "\n")
        #expect(!log.isEmpty)
        for secret in keys + ["nobody logs"] { #expect(!log.contains(secret)) }
        await server.stop()
    }

    @Test func `options and names that make no sense are refused by name`() throws {
        func error(_ change: (inout ServerOptions) -> Void) -> String {
            var options = ServerOptions()
            change(&options)
            do { try options.check() } catch { return "\(error)" }
            return ""
        }
        #expect(error { _ in } == "")
        #expect(error { $0.port = 70_000 }.contains("--port is 70000"))
        #expect(error { $0.maxConcurrentRequests = 0 }.contains("--max-concurrent-requests"))
        #expect(error { $0.payloadLimit = -1 }.contains("--payload-limit"))
        #expect(error { $0.requestTimeout = .zero }.contains("--request-timeout"))
        #expect(error { $0.apiKeys = ["a b"] }.contains("API key"))
        #expect(!error { $0.apiKeys = ["secret\n"] }.contains("secret"))
        #expect(error { $0.corsAllowedOrigins = ["example.org"] }.contains("example.org"))
        for names in [[], ["a/b"], [""], [".."], ["a", "a"], ["é"], [String(repeating: "a", count: 97)]] {
            #expect(throws: ServerError.self) {
                try SwiftletServer(models: names.map { ModelSource("folder", name: $0) }, logger: Logger(label: "test"))
            }
        }
        #expect(ModelSource("out/mrpc/").name == "mrpc")
        #expect(ModelSource("sentence-transformers/all-MiniLM-L6-v2").name == "all-MiniLM-L6-v2")
    }

    @Test func `a model that can't be loaded ends the server with the reason`() async throws {
        let folder = try TemporaryDirectory()
        var options = ServerOptions()
        options.port = 0
        let server = try SwiftletServer(
            models: [ModelSource(folder.path, name: "empty")], options: options,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let error = await #expect(throws: (any Error).self) { try await server.run() }
        #expect("\(error.map { "\($0)" } ?? "")".contains(folder.path))
    }
}
