import Dispatch
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// HTTP over Foundation's URLSession, which on Linux is libcurl and comes with the toolchain.
///
/// Data tasks with a delegate are the one kind of task that streams on both systems. On Linux nothing slows down a
/// sender that is faster than the sink, see `HubSettings.pieceSize`.
final class URLSessionTransport: HTTPTransport {
    private let session: URLSession
    private let delegate = Delegate()

    /// - Parameter connections: connections to one host at the same time.
    init(connections: Int) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = connections
        configuration.httpShouldSetCookies = false
        configuration.httpCookieAcceptPolicy = .never
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.urlCache = nil
        configuration.timeoutIntervalForResource = 7 * 24 * 3600
        session = URLSession(configuration: configuration, delegate: delegate, delegateQueue: nil)
    }

    // The session keeps its delegate until it is told that no more tasks come.
    deinit { session.finishTasksAndInvalidate() }

    func send(_ request: HTTPRequest, into sink: any HTTPSink) async throws {
        try Task.checkCancellation()
        let url = try Self.url(request.url)
        var message = URLRequest(url: url)
        message.httpMethod = request.method
        message.timeoutInterval = request.timeout
        for (name, value) in request.headers { message.setValue(value, forHTTPHeaderField: name) }
        switch request.body {
        case .none: break
        case .bytes(let bytes): message.httpBody = Data(bytes)
        case .file(let path, let offset, let count): message.httpBody = try Self.mapped(path, offset, count)
        }
        let task = session.dataTask(with: message)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let exchange = Exchange(sink: sink, continuation: continuation, peer: request.url)
                delegate.start(task, exchange, headLimit: request.headLimit)
            }
        } onCancel: { [delegate] in
            delegate.cancel(task)
        }
    }

    /// The address as Foundation has it, which must mean the same place.
    private static func url(_ address: HTTPAddress) throws(TransportError) -> URL {
        let bare = address.host.hasPrefix("[") ? String(address.host.dropFirst().dropLast()) : address.host
        guard let url = URL(string: address.text), url.scheme == address.scheme, url.user == nil, url.password == nil,
            [bare, address.host].contains(url.host ?? ""),
            url.port ?? (address.scheme == "https" ? 443 : 80) == address.port
        else {
            throw TransportError(
                reason: "the system does not take '\(address.shown)' for a web address", isPassing: false)
        }
        return url
    }

    /// A part of a file as data that is paged in when it is sent.
    private static func mapped(_ path: String, _ offset: Int, _ count: Int) throws -> Data {
        guard count > 0 else { return Data() }
        let file = try MappedPart(path, offset: offset, count: count)
        return Data(bytesNoCopy: file.address, count: count, deallocator: .custom { _, _ in file.unmap() })
    }
}

/// One request under way.
private struct Exchange {
    let sink: any HTTPSink
    let continuation: CheckedContinuation<Void, any Error>
    /// Whom it is with.
    let peer: HTTPAddress
    /// Whether the answer has begun.
    var hasHead = false
}

private final class Delegate: NSObject, URLSessionDataDelegate, Sendable {
    private let exchanges = Mutex<[Int: Exchange]>([:])
    /// Tasks that were told to end, and have not ended yet.
    private let cancelled = Mutex<Set<Int>>([])

    /// - Parameter headLimit: seconds until the answer must have begun. On Linux a redirect is told only when its body
    ///   has ended, which it may never do.
    func start(_ task: URLSessionDataTask, _ exchange: Exchange, headLimit: Double?) {
        exchanges.withLock { $0[task.taskIdentifier] = exchange }
        // A task that was cancelled before this may have ended already, and then nothing more is heard of it.
        guard task.state == .suspended else { return end(task, CancellationError()) }
        task.resume()
        guard let headLimit else { return }
        DispatchQueue.global().asyncAfter(deadline: .now() + headLimit) { [weak self, weak task] in
            guard let self, let task, exchanges.withLock({ $0[task.taskIdentifier]?.hasHead }) == false else { return }
            end(
                task, TransportError(reason: "the answer has not begun in time", isPassing: false),
                onlyWithoutHead: true)
        }
    }

    /// Runs a step of the sink outside the lock, as it may take its time.
    private func step(_ task: URLSessionTask, _ body: (any HTTPSink) throws -> Void) {
        let sink = exchanges.withLock { exchanges in
            exchanges[task.taskIdentifier]?.hasHead = true
            return exchanges[task.taskIdentifier]?.sink
        }
        guard let sink else { return }
        do { try body(sink) } catch {
            end(task, error)
        }
    }

    /// Ends an exchange at once. The task ends when it gets to it: where bytes come in faster than they are read, Foundation
    /// takes its time.
    private func end(_ task: URLSessionTask, _ error: any Error, onlyWithoutHead: Bool = false) {
        let exchange = exchanges.withLock { exchanges -> Exchange? in
            if onlyWithoutHead, exchanges[task.taskIdentifier]?.hasHead != false { return nil }
            return exchanges.removeValue(forKey: task.taskIdentifier)
        }
        guard let exchange else { return }
        if error is EnoughReceived {
            exchange.continuation.resume()
        } else {
            exchange.continuation.resume(throwing: error)
        }
        markCancelled(task)
        cancel(task, at: exchange.peer)
    }

    func cancel(_ task: URLSessionTask) {
        markCancelled(task)
        let peer = exchanges.withLock { $0[task.taskIdentifier]?.peer }
        cancel(task, at: peer)
    }

    /// Cancels the task. On Linux all sessions of a process share one serial queue, and Foundation reads on it for as long as
    /// there is something to read: while a server sends without a pause, neither cancellations nor other requests get their
    /// turn. Its connections are reset then.
    private func cancel(_ task: URLSessionTask, at peer: HTTPAddress?) {
        // Waits for that queue.
        DispatchQueue.global().async { task.cancel() }
        #if os(Linux)
        if let peer { watch(task, at: peer, resets: 12) }
        #endif
    }

    #if os(Linux)
    /// Seconds that a cancellation may take. A machine that is busy is not to lose healthy connections to the same server.
    private static let patience = 5.0

    /// Resets the connections to a server until the task has ended. Once may be too early: where the queue is busy with another
    /// server, the task's own connection begins later. After a minute it is left alone: other requests to that server pay for
    /// each reset.
    private func watch(_ task: URLSessionTask, at peer: HTTPAddress, resets: Int) {
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.patience) { [self] in
            guard task.state != .completed, resets > 0 else { return }
            OpenConnections.reset(to: peer)
            watch(task, at: peer, resets: resets - 1)
        }
    }
    #endif

    private func markCancelled(_ task: URLSessionTask) { cancelled.withLock { _ = $0.insert(task.taskIdentifier) } }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        // Foundation on Linux ends the process when it hears of a redirect of a task that it has ended meanwhile. What is
        // said here comes before a cancellation that follows, and after one nothing is said.
        cancelled.withLock { if !$0.contains(task.taskIdentifier) { completionHandler(nil) } }
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        if let response = response as? HTTPURLResponse {
            let headers = response.allHeaderFields.map { ("\($0.key)", "\($0.value)") }
            step(dataTask) { try $0.receive(HTTPHead(status: response.statusCode, headers: headers)) }
        }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        step(dataTask) { sink in
            for region in data.regions { try region.withUnsafeBytes { try sink.receive($0) } }
        }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        cancelled.withLock { _ = $0.remove(task.taskIdentifier) }
        guard let exchange = exchanges.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) else { return }
        if let error {
            exchange.continuation.resume(throwing: Self.translated(error))
        } else {
            exchange.continuation.resume()
        }
    }

    private static func translated(_ error: any Error) -> any Error {
        guard let error = error as? URLError else { return TransportError(reason: "\(error)", isPassing: false) }
        let detail = error.userInfo[NSLocalizedDescriptionKey] as? String
        switch error.code {
        case .cancelled: return CancellationError()
        case .timedOut: return TransportError(reason: "no answer in time", isPassing: true)
        case .cannotFindHost, .dnsLookupFailed: return TransportError(reason: detail ?? "unknown host", isPassing: true)
        case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
            .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid, .badURL, .unsupportedURL:
            return TransportError(reason: detail ?? error.localizedDescription, isPassing: false)
        // On Linux a cut connection has no code of its own.
        default: return TransportError(reason: detail ?? error.localizedDescription, isPassing: true)
        }
    }
}
