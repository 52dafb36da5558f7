/// The little of HTTP that the Hub client needs, so that the library under it can be exchanged: URLSession for now.
protocol HTTPTransport: Sendable {
    /// Sends a request and hands the answer's body to `sink` as it arrives. Redirects are answers like any other.
    ///
    /// - Throws: `TransportError`, what the sink threw, or `CancellationError`.
    func send(_ request: HTTPRequest, into sink: any HTTPSink) async throws
}

struct HTTPRequest: Sendable {
    var method: String
    var url: String
    var headers: [String: String] = [:]
    var body = HTTPBody.none
    /// Seconds of silence after which the request fails.
    var timeout: Double
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

    /// The address of a redirect, made absolute.
    func location(from url: String) -> String? {
        guard (300..<400).contains(status), let target = self["Location"], !target.isEmpty else { return nil }
        return HTTPAddress.resolve(target, from: url)
    }
}

/// A request that got no complete answer.
struct TransportError: Error {
    var reason: String
    /// Whether the same request may work a moment later.
    var isPassing: Bool
}

/// What has to be known about web addresses.
enum HTTPAddress {
    /// Scheme, host and port, as `https://huggingface.co:443`; `nil` for something else than a web address.
    static func origin(_ url: String) -> String? {
        guard let colon = url.range(of: "://") else { return nil }
        let scheme = url[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        var authority = url[colon.upperBound...].prefix { !"/?#\\".contains($0) }
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        guard !authority.isEmpty else { return nil }
        var host = authority
        var port = scheme == "https" ? "443" : "80"
        // A colon inside brackets belongs to an IPv6 address.
        if let colon = authority.lastIndex(of: ":"), authority[colon...].allSatisfy({ $0 != "]" }) {
            host = authority[..<colon]
            let given = authority[authority.index(after: colon)...]
            if !given.isEmpty { port = String(given) }
        }
        return "\(scheme)://\(host.lowercased()):\(port)"
    }

    static func resolve(_ target: String, from url: String) -> String? {
        if target.contains("://") { return origin(target) == nil ? nil : target }
        guard let colon = url.range(of: "://") else { return nil }
        if target.hasPrefix("//") { return url[..<colon.lowerBound] + ":" + target }
        let authority = url[colon.upperBound...].prefix { !"/?#".contains($0) }
        let root = url[..<colon.upperBound] + authority
        if target.hasPrefix("/") { return root + target }
        let path = url[root.endIndex...].prefix { !"?#".contains($0) }
        guard let slash = path.lastIndex(of: "/") else { return "\(root)/\(target)" }
        return root + path[...slash] + target
    }

    /// An address for messages: without the query, where object stores carry signatures.
    static func shown(_ url: String) -> String { String(url.prefix { $0 != "?" }) }
}

extension String {
    fileprivate func range(of part: String) -> Range<String.Index>? { firstRange(of: part) }
}
