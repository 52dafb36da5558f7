import Foundation
import Logging
import SwiftletIO
import SwiftletServe
import SwiftletTasks
import SwiftletTestSupport
import Synchronization
import Testing
import TinyTraining

/// A server on a free port of this machine, with small models, for as long as a test needs it.
final class RunningServer: Sendable {
    let port: Int
    let server: SwiftletServer
    let log: CapturedLog
    private let task: Task<Void, any Error>
    private let folder: TemporaryDirectory

    /// A model of the fixtures: a task with what the folder is trained for.
    struct NoAnswer: Error {
        var request: String
    }

    struct Model: Sendable {
        var name: String
        var task: String
        var family = "pipelines/models/words"
        /// Which of the task's groups that fit.
        var fits: @Sendable (PipelineGroup) -> Bool = { _ in true }
        var asked: String?
        /// How it runs; `nil` as the server's others do.
        var inference: InferenceOptions?
        /// Whether its folder has weights in 8 bits, as `swiftlet quantize` writes them.
        var isQuantized = false

        var architecture: String {
            let head =
                switch task {
                case "token-classification": "ForTokenClassification"
                case "question-answering": "ForQuestionAnswering"
                case "fill-mask": "ForMaskedLM"
                case "multiple-choice": "ForMultipleChoice"
                case "sentence-embeddings", "sentence-similarity": "Model"
                default: "ForSequenceClassification"
                }
            return "Bert" + head
        }

        static let embedding = Model(name: "embedding", task: "sentence-embeddings")
        static let classifier = Model(name: "classifier", task: "text-classification")
        static let reranker = Model(name: "reranker", task: "text-classification") { $0.json["head"] == "regression" }

        init(
            name: String, task: String, asked: String? = nil,
            fits: @escaping @Sendable (PipelineGroup) -> Bool = { _ in true }
        ) {
            (self.name, self.task, self.asked, self.fits) = (name, task, asked, fits)
        }

        func group() throws -> PipelineGroup {
            try #require(
                PipelineGroup.all.first {
                    $0.json["task"]?.string == task && $0.json["model"]?.string == family && fits($0)
                })
        }
    }

    init(
        _ models: [Model], options change: (inout ServerOptions) -> Void = { _ in },
        inference: InferenceOptions = InferenceOptions()
    ) async throws {
        folder = try TemporaryDirectory()
        var sources: [ModelSource] = []
        for model in models {
            let written = folder.file(model.isQuantized ? "\(model.name)-float32" : model.name)
            // By these the folder says itself what it is for.
            let architectures: JSONObject = model.isQuantized ? ["architectures": [.string(model.architecture)]] : [:]
            try model.group().write(to: written, config: architectures)
            if model.isQuantized { _ = try ModelQuantization(model: written, output: folder.file(model.name)).run() }
            sources.append(
                ModelSource(folder.file(model.name), task: model.asked, options: model.inference ?? inference))
        }
        var options = ServerOptions()
        options.port = 0
        change(&options)
        let log = CapturedLog()
        var logger = Logger(label: "test") { _ in log.handler }
        logger.logLevel = .info
        let server = try SwiftletServer(models: sources, options: options, logger: logger)
        let task = Task { try await server.run() }
        (self.server, self.task, self.log) = (server, task, log)
        guard let port = await server.port() else {
            try await task.value
            throw FileError(path: "", message: "the server stopped before it listened")
        }
        self.port = port
        do {
            while try await get("/health").status != 200 { try await Task.sleep(for: .milliseconds(5)) }
        } catch {
            // Why the server has ended says more than that it can't be reached.
            task.cancel()
            try await task.value
            throw error
        }
    }

    func folder(of model: String) -> String { folder.file(model) }

    func stop() async {
        task.cancel()
        _ = try? await task.value
    }

    /// One request on a connection of its own.
    func send(
        _ method: String, _ path: String, headers: [String: String] = [:], body: [UInt8]? = nil
    ) async throws -> RawClient.Answer {
        let request = Self.request(method, path, headers: headers, body: body)
        return try await onThread { [port] in
            let client = try RawClient(port: port)
            defer { client.close() }
            client.send(request)
            // Thrown and not recorded: a server that ends while it starts is what some tests expect.
            guard let answer = client.readAnswer() else { throw NoAnswer(request: "\(method) \(path)") }
            return answer
        }
    }

    static func request(
        _ method: String, _ path: String, headers: [String: String] = [:], body: [UInt8]? = nil
    ) -> [UInt8] {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
        var headers = headers
        if let body {
            headers["Content-Length"] = headers["Content-Length"] ?? String(body.count)
            headers["Content-Type"] = headers["Content-Type"] ?? "application/json"
        }
        headers["Connection"] = headers["Connection"] ?? "close"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        return Array((text + "\r\n").utf8) + (body ?? [])
    }

    func get(_ path: String, headers: [String: String] = [:]) async throws -> RawClient.Answer {
        try await send("GET", path, headers: headers)
    }

    func post(_ path: String, _ json: JSONValue, headers: [String: String] = [:]) async throws -> RawClient.Answer {
        try await send("POST", path, headers: headers, body: Array(json.text().utf8))
    }

    /// A number of `/metrics`.
    func metric(_ line: String) async throws -> Double? {
        let text = try await get("/metrics").text
        return text.split(separator: "\n").first { $0.hasPrefix(line + " ") }
            .flatMap { Double($0.split(separator: " ").last ?? "") }
    }

    /// Waits until a number of `/metrics` is what it should be; a test that waits in vain is stopped by its time limit.
    func wait(for line: String, toBe value: Double) async throws {
        while try await metric(line) != value { try await Task.sleep(for: .milliseconds(5)) }
    }
}

/// Keeps what is logged.
final class CapturedLog: Sendable {
    private let content = Mutex<[String]>([])

    var lines: [String] { content.withLock { $0 } }
    var handler: any LogHandler { Handler(log: self) }

    private struct Handler: LogHandler {
        let log: CapturedLog
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let line = "\(event.message) " + all.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
            log.content.withLock { $0.append(line) }
        }
    }
}

/// Holds a model's thread after a batch, until it is let go: what the batch answers is not delivered before.
final class Gate: Sendable {
    private struct State {
        var isOpen = true
        var held = 0
    }
    private let state = Mutex(State())

    var options: InferenceOptions {
        InferenceOptions(onBatch: { [self] _ in
            state.withLock { $0.held += 1 }
            while !state.withLock({ $0.isOpen }) { pause() }
            state.withLock { $0.held -= 1 }
        })
    }

    var isHolding: Bool { state.withLock { $0.held > 0 && !$0.isOpen } }

    func close() { state.withLock { $0.isOpen = false } }
    func open() { state.withLock { $0.isOpen = true } }

    private func pause() { Thread.sleep(forTimeInterval: 0.001) }
}
