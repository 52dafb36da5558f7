package import Hummingbird
package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTPTypes
import Synchronization

/// HTTP/1.1 as Hummingbird speaks it, for connections that may also never be served.
///
/// A server that stops can have accepted connections that it didn't come to. SwiftNIO ends the program when such a
/// connection is let go without having been closed.
package struct ConnectionSetup: ServerChildChannel {
    private let http: HTTP1Channel

    package init(responder: @escaping HTTPChannelHandler.Responder, configuration: HTTP1Channel.Configuration) {
        http = HTTP1Channel(responder: responder, configuration: configuration)
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<AcceptedConnection> {
        http.setup(channel: channel, logger: logger).map { AcceptedConnection($0) }
    }

    package func handle(value: AcceptedConnection, logger: Logger) async {
        await http.handle(value: value.take(), logger: logger)
    }
}

/// A connection that is closed if nobody takes it.
package final class AcceptedConnection: ServerChildChannelValue {
    private let parts: HTTP1Channel.Value
    private let isTaken = Atomic(false)

    package var channel: any Channel { parts.channel }

    init(_ parts: HTTP1Channel.Value) { self.parts = parts }

    /// For the one that serves the connection, and closes it.
    func take() -> HTTP1Channel.Value {
        isTaken.store(true, ordering: .relaxed)
        return parts
    }

    deinit {
        guard !isTaken.load(ordering: .relaxed) else { return }
        // What has no end of its own yet outlives this object until it has.
        Task { [parts] in try? await parts.executeThenClose { _, _ in } }
    }
}
