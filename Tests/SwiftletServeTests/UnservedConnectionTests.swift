import Foundation
import HummingbirdCore
import Logging
import NIOCore
import NIOEmbedded
import SwiftletIO
import SwiftletServe
import SwiftletTestSupport
import Testing

/// Connections that a server accepts and stops before it comes to them.
@Suite(.timeLimit(.minutes(5)))
struct UnservedConnectionTests {
    @Test func `a connection that nobody serves is closed`() async throws {
        let channel = NIOAsyncTestingChannel()
        let setup = ConnectionSetup(responder: { _, _, _ in }, configuration: .init())
        try await channel.testingEventLoop.executeInContext {
            let accepted = setup.setup(channel: channel, logger: Logger(label: "test"))
            #expect(channel.isActive == false)
            accepted.whenFailure { Issue.record($0) }
        }
        try await channel.closeFuture.get()
    }

    @Test func `a server that stops among new connections ends in order`() async throws {
        for _ in 0..<20 {
            let server = try await RunningServer([.embedding])
            let clients = (0..<4).map { _ in
                Task {
                    try await onThread { [port = server.port] in
                        var count = 0
                        while count < 200, let client = try? RawClient(port: port) {
                            client.send("GET /health HTTP/1.1\r\n")
                            client.close()
                            count += 1
                        }
                        return count
                    }
                }
            }
            try await Task.sleep(for: .milliseconds(10))
            await server.stop()
            for client in clients { #expect(try await client.value <= 200) }
            await #expect(throws: (any Error).self) { try await server.get("/health") }
        }
    }
}
