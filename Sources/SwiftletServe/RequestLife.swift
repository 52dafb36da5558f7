import HTTPTypes
import NIOCore
import Synchronization

/// Ends the work on a request when its time is up or its client has gone.
final class RequestLife: Sendable {
    enum End: Sendable {
        /// The body did not come in time.
        case bodyTimeout
        /// The answer was not ready in time.
        case deadline
        /// No one waits for the answer any more.
        case gone
    }

    private struct State {
        var end: End?
        var cancel: (@Sendable () -> Void)?
        var timer: Scheduled<Void>?
    }

    private let state = Mutex(State())
    private let eventLoop: any EventLoop

    private init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// From now on the work may go on for this long, in place of what was set before.
    func limit(to duration: Duration, _ end: End) {
        let timer = eventLoop.scheduleTask(in: TimeAmount(duration)) { [weak self] in self?.finish(end) ?? () }
        let before = state.withLock { state in
            defer { state.timer = timer }
            return state.timer
        }
        before?.cancel()
    }

    private func finish(_ end: End) {
        let cancel = state.withLock { state in
            if state.end == nil { state.end = end }
            return state.cancel
        }
        cancel?()
    }

    private func stop() {
        let timer = state.withLock { state in
            defer { (state.timer, state.cancel) = (nil, nil) }
            return state.timer
        }
        timer?.cancel()
    }

    /// - Throws: `RequestError` where time was up or the client has gone; else what the work throws.
    static func run<Result: Sendable>(
        on eventLoop: any EventLoop, _ connection: Connection?,
        _ work: @escaping @Sendable (RequestLife) async throws -> Result
    ) async throws -> Result {
        let life = RequestLife(eventLoop)
        let task = Task { try await work(life) }
        let ended = life.state.withLock { state in
            state.cancel = { task.cancel() }
            return state.end != nil
        }
        if ended { task.cancel() }
        connection?.watch { life.finish(.gone) }
        defer {
            connection?.endWatch()
            life.stop()
        }
        do {
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch {
            switch life.state.withLock({ $0.end }) {
            case .bodyTimeout:
                throw RequestError(
                    .requestTimeout, .validation, cause: "body_timeout", "the body did not arrive in time", closes: true
                )
            case .deadline where error is CancellationError:
                throw RequestError(
                    .serviceUnavailable, .overloaded, cause: "deadline", "the request was not answered in time",
                    retryAfter: 1)
            case .gone where error is CancellationError:
                // nginx's status for it; no one reads it but the log.
                throw RequestError(
                    .init(code: 499, reasonPhrase: "Client Closed Request"), .validation, cause: "client_gone",
                    "the client closed the connection", closes: true)
            default: throw error
            }
        }
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, more) = nanoseconds.addingReportingOverflow(attoseconds / 1_000_000_000)
        self = .nanoseconds(overflow || more ? .max / 2 : sum)
    }
}
