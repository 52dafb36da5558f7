import Foundation
import SwiftletIO
import SwiftletServe
import SwiftletTestSupport
import Testing

/// Clients that are slow, or break off.
@Suite(.timeLimit(.minutes(5)))
struct ConnectionTests {
    /// What comes back to some bytes, up to the end of the connection.
    private func exchange(_ server: RunningServer, _ text: String, endsSending: Bool = false) async throws -> String {
        try await onThread { [port = server.port] in
            let client = try RawClient(port: port)
            defer { client.close() }
            client.send(text)
            if endsSending { client.endSending() }
            return String(decoding: client.readToEnd(), as: UTF8.self)
        }
    }

    @Test func `connections that send a part of a request are closed in time, and hold nobody up`() async throws {
        let server = try await RunningServer(
            [.embedding],
            options: {
                $0.idleTimeout = .milliseconds(300)
                $0.bodyTimeout = .milliseconds(300)
            })
        let slow = (0..<40).map { number in
            Task {
                number % 2 == 0
                    ? try await exchange(server, "POST /embed HTTP/1.1\r\nHost: a\r\nX-Sl")
                    : try await exchange(
                        server,
                        "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"inp"
                    )
            }
        }
        for _ in 0..<5 { #expect(try await server.post("/embed", ["inputs": "Greta"]).status == 200) }
        for (number, task) in slow.enumerated() {
            let answer = try await task.value
            // A head that never ends has no answer; a body that does not come has one.
            #expect(
                number % 2 == 0 ? answer.isEmpty : answer.isEmpty || answer.hasPrefix("HTTP/1.1 408"),
                "\(number): \(answer)")
        }
        try await server.wait(for: "te_connections", toBe: 1)
        await server.stop()
    }

    @Test func `a body that comes byte by byte is given up`() async throws {
        let server = try await RunningServer([.embedding], options: { $0.bodyTimeout = .milliseconds(200) })
        let answer = try await onThread { [port = server.port] in
            let client = try RawClient(port: port)
            defer { client.close() }
            client.send(
                "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
            // The answer comes while the body is still under way.
            while client.send(" ") {
                if client.hasBytes { break }
                Thread.sleep(forTimeInterval: 0.005)
            }
            return client.readAnswer()
        }
        #expect(answer?.status == 408 && answer?.headers["connection"] == "close")
        await server.stop()
    }

    @Test func `what is no HTTP, or ends too early, is refused or closed`() async throws {
        let server = try await RunningServer([.embedding])
        for text in [
            "nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST /embed HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            "\u{0}\u{1}\u{2}\r\n\r\n",
        ] {
            let answer = try await exchange(server, text, endsSending: true)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(text): \(answer)")
        }
        let cut = try await exchange(
            server,
            "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"inp",
            endsSending: true)
        // The client may still read, and is told that its body was not all.
        let answer = cut.replacing("HTTP/1.1 100 Continue\r\n\r\n", with: "")
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400"), "\(cut)")
        let long = try await exchange(
            server, "GET /health HTTP/1.1\r\nX-Long: \(String(repeating: "a", count: 200_000))\r\n\r\n",
            endsSending: true)
        #expect(long.isEmpty || long.hasPrefix("HTTP/1.1 4"), "\(long.prefix(100))")
        // Both requests of a client that doesn't wait are answered, in their order.
        let request = String(
            decoding: RunningServer.request("GET", "/health", headers: ["Connection": "keep-alive"]), as: UTF8.self)
        let last = String(decoding: RunningServer.request("GET", "/nothing"), as: UTF8.self)
        let both = try await exchange(server, request + last)
        #expect(
            both.components(separatedBy: "HTTP/1.1 200").count == 2
                && both.components(separatedBy: "HTTP/1.1 404").count == 2)
        // Who asks for it is told to go on with a body.
        let asking = try await onThread { [port = server.port] in
            let client = try RawClient(port: port)
            defer { client.close() }
            let body = "{\"inputs\": \"Greta\"}"
            client.send(
                "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            )
            let first = client.read(upTo: 25)
            client.send(body)
            return (String(decoding: first, as: UTF8.self), client.readAnswer()?.status)
        }
        #expect(asking.0.hasPrefix("HTTP/1.1 100 Continue") && asking.1 == 200)
        #expect(try await server.get("/health").status == 200)
        await server.stop()
    }

    @Test func `a body whose framing is broken is the client's fault`() async throws {
        let server = try await RunningServer([.embedding], options: { $0.bodyTimeout = .milliseconds(500) })
        let body = "{\"inputs\": \"Greta\"}"
        let size = String(body.utf8.count, radix: 16)
        let head = "POST /embed HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        let chunked = head + "Transfer-Encoding: chunked\r\n\r\n"
        let cases: [(text: String, endsSending: Bool, status: String)] = [
            (chunked + "zz\r\n\(body)\r\n0\r\n\r\n", false, "400"),
            (chunked + "-1\r\n\(body)\r\n0\r\n\r\n", false, "400"),
            (chunked + "\(String(repeating: "f", count: 40))\r\n\(body)", false, "400"),
            (chunked + "3\r\n\(body)\r\n0\r\n\r\n", false, "400"),
            (chunked + "\(size)\r\n\(body)\r\n", true, "400"), (chunked + "\(size)\r\n\(body)\r\n", false, "408"),
            (head + "Content-Length: 500\r\n\r\n\(body)", true, "400"),
        ]
        for (text, endsSending, status) in cases {
            let all = try await exchange(server, text, endsSending: endsSending)
            let answer = all.replacing("HTTP/1.1 100 Continue\r\n\r\n", with: "")
            #expect(
                answer.hasPrefix("HTTP/1.1 \(status)") && answer.contains("Connection: close"), "\(text): \(answer)")
        }
        // Chunks in any size are a body as others.
        let bytes = body.utf8.map { "1\r\n\(UnicodeScalar($0))\r\n" }.joined()
        let good = try await exchange(
            server, chunked.replacing("Host: a", with: "Host: a\r\nConnection: Close") + bytes + "0\r\n\r\n")
        #expect(good.hasPrefix("HTTP/1.1 200"), "\(good)")
        let labels = "{route=\"/embed\",model=\"\",err=\"inference\"}"
        #expect(try await server.metric("te_request_failure\(labels)") == nil)
        await server.stop()
    }

    @Test func `nothing is answered after an answer that says it is the last`() async throws {
        let server = try await RunningServer([.embedding], options: { $0.payloadLimit = 1000 })
        func request(_ method: String, _ path: String, _ body: String?) -> String {
            String(
                decoding: RunningServer.request(
                    method, path, headers: ["Connection": "keep-alive"], body: body.map { Array($0.utf8) }),
                as: UTF8.self)
        }
        for first in [
            request("POST", "/embed", String(repeating: "x", count: 20_000)), request("POST", "/nothing", "{}"),
        ] {
            let answer = try await exchange(server, first + request("GET", "/health", nil))
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "\(answer)")
        }
        await server.stop()
    }

    @Test func `resets at any moment leave the server as it was`() async throws {
        let server = try await RunningServer([.embedding])
        let request = RunningServer.request("POST", "/embed", body: Array("{\"inputs\": \"Greta left the bank\"}".utf8))
        try await onThread { [port = server.port] in
            for length in stride(from: 0, through: request.count, by: 7) {
                let client = try RawClient(port: port)
                client.send(Array(request.prefix(length)))
                if length % 2 == 0 { client.reset() } else { client.close() }
            }
        }
        try await server.wait(for: "te_requests_in_flight", toBe: 0)
        try await server.wait(for: "te_connections", toBe: 1)
        #expect(try await server.post("/embed", ["inputs": "Greta"]).status == 200)
        await server.stop()
    }
}
