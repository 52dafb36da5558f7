import Foundation
import SwiftletIO
import SwiftletServe
import SwiftletTasks
import SwiftletTestSupport
import Testing
import TinyTraining

/// Many requests at once, more than there is room for, and clients that go away.
@Suite(.timeLimit(.minutes(5)))
struct LoadTests {
    /// 5,000 where `SWIFTLET_MANY_REQUESTS` is set.
    private static let burst = ProcessInfo.processInfo.environment["SWIFTLET_MANY_REQUESTS"] == nil ? 400 : 5000

    private static func text(_ number: Int) -> String {
        let words = ["Greta", "left", "the", "bank", "ship", "Rowing", "Club", "bell", "of", "in"]
        return (0...number % 23).map { words[(number * 7 + $0 * 3) % words.count] }.joined(separator: " ")
    }

    @Test func `each of many requests at once gets the answer to its own text, or is told to come again`() async throws
    {
        let server = try await RunningServer([.embedding], options: { $0.maxConcurrentRequests = 16 })
        var alone: [String: JSONValue] = [:]
        for number in 0..<230 {
            let text = Self.text(number)
            if alone[text] == nil { alone[text] = try await server.post("/embed", ["inputs": .string(text)]).json }
        }
        let expected = alone
        let (right, refused) = try await withThrowingTaskGroup(of: (right: Int, refused: Int).self) { group in
            let lanes = 50
            for lane in 0..<lanes {
                group.addTask {
                    try await onThread { [port = server.port] in
                        var counts = (right: 0, refused: 0)
                        // A connection for all requests of the lane.
                        let client = try RawClient(port: port)
                        defer { client.close() }
                        for number in stride(from: lane, to: Self.burst, by: lanes) {
                            let text = Self.text(number)
                            let body = Array(JSONValue.object(["inputs": .string(text)]).text().utf8)
                            client.send(
                                RunningServer.request(
                                    "POST", "/embed", headers: ["Connection": "keep-alive"], body: body))
                            let answer = try #require(client.readAnswer(), "request \(number) was lost")
                            switch answer.status {
                            case 200:
                                #expect(difference(answer.json, expected[text] ?? nil) == nil, "request \(number)")
                                counts.right += 1
                            case 429:
                                #expect(answer.headers["retry-after"].flatMap { Int($0) } ?? 0 > 0)
                                counts.refused += 1
                            default: Issue.record("request \(number): \(answer.status) \(answer.text)")
                            }
                        }
                        return counts
                    }
                }
            }
            return try await group.reduce((0, 0)) { ($0.0 + $1.right, $0.1 + $1.refused) }
        }
        #expect(right + refused == Self.burst && right > 0)
        #expect(try await server.metric("te_requests_in_flight") == 0)
        #expect(try await server.metric("te_queue_size{model=\"embedding\"}") == 0)
        await server.stop()
    }

    @Test func `one more request than there is room for is refused, and the others are answered`() async throws {
        let gate = Gate()
        let server = try await RunningServer(
            [.embedding], options: { $0.maxConcurrentRequests = 3 }, inference: gate.options)
        gate.close()
        let waiting = (0..<3).map { number in
            Task { try await server.post("/embed", ["inputs": .string(Self.text(number))]) }
        }
        try await server.wait(for: "te_requests_in_flight", toBe: 3)
        for path in ["/embed", "/v1/embeddings"] {
            let refused = try await server.post(path, path == "/embed" ? ["inputs": "a"] : ["input": "a"])
            #expect(refused.status == 429 && Int(refused.headers["retry-after"] ?? "") ?? 0 >= 1)
        }
        // What needs no model is answered all the while.
        for path in ["/health", "/info", "/metrics", "/"] { #expect(try await server.get(path).status == 200) }
        gate.open()
        for task in waiting { #expect(try await task.value.status == 200) }
        #expect(try await server.post("/embed", ["inputs": "a"]).status == 200)
        #expect(
            try await server.metric("te_request_failure{route=\"/embed\",model=\"embedding\",err=\"overloaded\"}") == 1)
        await server.stop()
    }

    @Test func `a request whose time is up leaves the queue`() async throws {
        let gate = Gate()
        let server = try await RunningServer([.embedding], inference: gate.options)
        gate.close()
        let first = Task { try await server.post("/embed", ["inputs": "Greta left"]) }
        while !gate.isHolding { try await Task.sleep(for: .milliseconds(2)) }
        let late = try await server.post("/embed", ["inputs": "the bank"], headers: ["X-Request-Timeout": "0.05"])
        #expect(late.status == 503 && late.headers["retry-after"] != nil && late.text.contains("in time"))
        try await server.wait(for: "te_queue_size{model=\"embedding\"}", toBe: 0)
        #expect(try await server.metric("te_requests_in_flight") == 1)
        gate.open()
        #expect(try await first.value.status == 200)
        await server.stop()
    }

    enum Parting: CaseIterable { case reset, close }

    @Test(arguments: Parting.allCases)
    func `the request of a client that goes leaves the queue`(_ parting: Parting) async throws {
        let gate = Gate()
        let server = try await RunningServer([.embedding], inference: gate.options)
        gate.close()
        let first = Task { try await server.post("/embed", ["inputs": "Greta left"]) }
        while !gate.isHolding { try await Task.sleep(for: .milliseconds(2)) }
        let client = try await onThread { [port = server.port] in
            let client = try RawClient(port: port)
            client.send(RunningServer.request("POST", "/embed", body: Array("{\"inputs\": \"the bank\"}".utf8)))
            return client
        }
        try await server.wait(for: "te_queue_size{model=\"embedding\"}", toBe: 1)
        switch parting {
        case .reset: client.reset()
        case .close: client.close()
        }
        try await server.wait(for: "te_queue_size{model=\"embedding\"}", toBe: 0)
        gate.open()
        #expect(try await first.value.status == 200)
        try await server.wait(
            for: "te_request_failure{route=\"/embed\",model=\"embedding\",err=\"client_gone\"}", toBe: 1)
        await server.stop()
    }

    @Test func `a client that has closed its half gets its answer`() async throws {
        let gate = Gate()
        let server = try await RunningServer([.embedding], inference: gate.options)
        let expected = try await server.post("/embed", ["inputs": "the bank"]).json
        gate.close()
        let answer = Task {
            try await onThread { [port = server.port] in
                let client = try RawClient(port: port)
                defer { client.close() }
                client.send(RunningServer.request("POST", "/embed", body: Array("{\"inputs\": \"the bank\"}".utf8)))
                client.endSending()
                return client.readAnswer()
            }
        }
        while !gate.isHolding { try await Task.sleep(for: .milliseconds(2)) }
        gate.open()
        let received = try #require(try await answer.value)
        #expect(received.status == 200 && difference(received.json, expected) == nil)
        await server.stop()
    }

    @Test func `a folder that is written over under the server changes nothing`() async throws {
        let server = try await RunningServer([.embedding], inference: InferenceOptions(ownsWeights: true))
        let expected = try await server.post("/embed", ["inputs": "the bank"]).json
        let weights = server.folder(of: "embedding") + "/model.safetensors"
        // In place, as cp writes: a file that is mapped would change under the model, and its end would be gone.
        let handle = try #require(FileHandle(forWritingAtPath: weights))
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(repeating: 7, count: 100))
        try handle.close()
        let answer = try await server.post("/embed", ["inputs": "the bank"])
        #expect(answer.status == 200 && difference(answer.json, expected) == nil)
        await server.stop()
    }
}
