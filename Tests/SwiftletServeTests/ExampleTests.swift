import Foundation
import Hummingbird
import Logging
import SwiftletIO
import SwiftletServe
import SwiftletTestSupport
import Testing
import TinyTraining

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The programs of docs/serving.md.
@Suite(.timeLimit(.minutes(5)))
struct ExampleTests {
    struct Prediction: Decodable {
        let label: String
        let score: Double
    }

    func predict(_ text: String, at server: URL, key: String? = nil) async throws -> [Prediction] {
        var request = URLRequest(url: server.appendingPathComponent("predict"))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        request.httpBody = try JSONEncoder().encode(["inputs": text])
        let (data, response) = try await URLSession.shared.data(for: request)
        guard (response as? HTTPURLResponse)?.statusCode == 200 else {
            let reason = String(decoding: data, as: UTF8.self)
            throw URLError(.badServerResponse, userInfo: [NSLocalizedDescriptionKey: reason])
        }
        return try JSONDecoder().decode([Prediction].self, from: data)
    }

    @Test func `the client gets labels, and the reason where it gets none`() async throws {
        let server = try await RunningServer([.classifier], options: { $0.apiKeys = ["a-key"] })
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)"))
        let labels = try await predict("He left.", at: url, key: "a-key")
        #expect(labels.count == 3 && abs(labels.reduce(0) { $0 + $1.score } - 1) < 1e-5)
        await #expect { try await predict("He left.", at: url) } throws: { "\($0)".contains("API key") }
        await server.stop()
    }

    /// Compiled only: both run until a signal comes.
    func programs() async throws {
        let server = try SwiftletServer(models: [ModelSource("out/mrpc")], logger: Logger(label: "mrpc"))
        try await server.runUntilSignal()
        let models = try SwiftletServer(models: [ModelSource("out/mrpc")], logger: Logger(label: "mrpc"))
        let router = Router(context: ServeRequestContext.self)
        router.get("/hello") { _, _ in "Hello." }
        models.addRoutes(to: router)
        try await models.loadModels()
        try await Application(router: router).runService()
    }

    @Test func `routes answer in a router of one's own`() async throws {
        let folder = try TemporaryDirectory()
        try RunningServer.Model.classifier.group().write(to: folder.path)
        let models = try SwiftletServer(
            models: [ModelSource(folder.path, name: "own")],
            logger: Logger(label: "own") { _ in SwiftLogNoOpLogHandler() })
        let router = Router(context: ServeRequestContext.self)
        router.get("/hello") { _, _ in "Hello." }
        models.addRoutes(to: router)
        try await models.loadModels()
        let (ports, found) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { found.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "own") { _ in SwiftLogNoOpLogHandler() })
        let run = Task { try await application.run() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        let answers = try await onThread {
            try [
                RunningServer.request("GET", "/hello"),
                RunningServer.request("POST", "/predict", body: Array("{\"inputs\": \"He left.\"}".utf8)),
                RunningServer.request("POST", "/predict", body: Array("{}".utf8)),
            ].map { request in
                let client = try RawClient(port: port)
                defer { client.close() }
                client.send(request)
                return client.readAnswer()
            }
        }
        #expect(answers.map { $0?.status } == [200, 200, 422])
        #expect(answers[0]?.text == "Hello.")
        run.cancel()
        _ = try? await run.value
    }
}
