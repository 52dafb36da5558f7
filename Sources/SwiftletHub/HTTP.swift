/// The little of HTTP that the Hub client needs, so that the library under it can be exchanged: URLSession for now.
protocol HTTPTransport: Sendable {
    /// Sends a request and hands the answer's body to `sink` as it arrives. Redirects are answers like any other.
    ///
    /// - Throws: `TransportError`, what the sink threw, or `CancellationError`.
    func send(_ request: HTTPRequest, into sink: any HTTPSink) async throws
}

struct HTTPRequest: Sendable {
    var method: String
    var url: HTTPAddress
    var headers: [String: String] = [:]
    var body = HTTPBody.none
    /// Seconds of silence after which the request fails.
    var timeout: Double

    /// Seconds within which the answer must begin; `nil` where a long body has to go out first.
    var headLimit: Double? {
        switch body {
        case .none: 3 * timeout
        case .bytes(let bytes): bytes.count <= 1 << 20 ? 3 * timeout : nil
        case .file: nil
        }
    }
}

enum HTTPBody: Sendable {
    case none
    case bytes([UInt8])
    /// A part of a file, sent with its length (object stores refuse bodies without one).
    case file(String, offset: Int, count: Int)
}

/// Where an answer goes. The calls come one after the other, on a thread of the transport.
protocol HTTPSink: AnyObject, Sendable {
    func receive(_ head: HTTPHead) throws
    func receive(_ bytes: UnsafeRawBufferPointer) throws
}

struct HTTPHead: Sendable {
    var status: Int
    private let headers: [String: String]

    init(status: Int, headers: some Sequence<(String, String)>) {
        self.status = status
        self.headers = Dictionary(headers.map { ($0.lowercased(), $1) }, uniquingKeysWith: { first, _ in first })
    }

    subscript(name: String) -> String? { headers[name.lowercased()] }

    /// The address of a redirect, made absolute; `nil` where this is none.
    ///
    /// - Throws: `HTTPAddressError` for one that is not followed.
    func location(from url: HTTPAddress) throws(HTTPAddressError) -> HTTPAddress? {
        guard (300..<400).contains(status), let target = self["Location"], !target.isEmpty else { return nil }
        return try url.resolving(target)
    }
}

/// Thrown by a sink that has all it wants of an answer: the request then ends as if no more had come.
struct EnoughReceived: Error {}

/// A request that got no complete answer.
struct TransportError: Error {
    var reason: String
    /// Whether the same request may work a moment later.
    var isPassing: Bool
}
