import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Synchronization

/// The open connections, so that a request learns when its client has gone.
final class Connections: Sendable {
    private let open = Mutex<[ObjectIdentifier: Connection]>([:])

    subscript(channel: any Channel) -> Connection? { open.withLock { $0[ObjectIdentifier(channel)] } }

    var count: Int { open.withLock { $0.count } }

    fileprivate func add(_ connection: Connection, _ channel: any Channel) {
        open.withLock { $0[ObjectIdentifier(channel)] = connection }
    }

    fileprivate func remove(_ channel: any Channel) {
        open.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    /// For the pipeline of each connection.
    func makeHandler() -> any RemovableChannelHandler { ConnectionHandler(self) }
}

/// One connection, and what is to be done if it is closed.
final class Connection: Sendable {
    private struct State {
        var isClosed = false
        var isEnding = false
        var onClose: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Whether a request is worked on whose answer was not begun.
    var isAwaited: Bool { state.withLock { $0.onClose != nil } }

    /// Whether an answer has said that it is the connection's last. What comes after its request is not answered.
    var isEnding: Bool { state.withLock { $0.isEnding } }

    func announceEnd() { state.withLock { $0.isEnding = true } }

    /// Does something at once if the connection is closed, or when it is; until `endWatch`.
    func watch(_ onClose: @escaping @Sendable () -> Void) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.onClose = onClose }
            return state.isClosed
        }
        if isClosed { onClose() }
    }

    func endWatch() { state.withLock { $0.onClose = nil } }

    fileprivate func close() {
        let onClose = state.withLock { state in
            state.isClosed = true
            defer { state.onClose = nil }
            return state.onClose
        }
        onClose?()
    }
}

/// Notes when a connection is closed.
///
/// A client that has sent its request may close its half of the connection and still want the answer, or may be gone:
/// that looks the same from here. So it is sent `100 Continue`, which every client has to read over. One that is gone
/// answers with a reset, and its request leaves the queue.
private final class ConnectionHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    private let connections: Connections
    private let connection = Connection()

    init(_ connections: Connections) { self.connections = connections }

    func handlerAdded(context: ChannelHandlerContext) { connections.add(connection, context.channel) }

    func handlerRemoved(context: ChannelHandlerContext) { end(context) }

    func channelInactive(context: ChannelHandlerContext) {
        end(context)
        context.fireChannelInactive()
    }

    private func end(_ context: ChannelHandlerContext) {
        connections.remove(context.channel)
        connection.close()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        if case .head(var head) = part, let value = head.headerFields[.connection], value.lowercased() == "close" {
            // Hummingbird knows the word in this form.
            head.headerFields[.connection] = "close"
            part = .head(head)
        }
        context.fireChannelRead(wrapInboundOut(part))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent, connection.isAwaited {
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }
}
