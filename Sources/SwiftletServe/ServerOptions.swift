public import SwiftletIO

/// How a server listens, what it takes, and what it tells. The defaults are meant for a program on the same machine.
public struct ServerOptions: Sendable {
    /// The address to listen on; by default this machine's programs alone reach it.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 for a free one.
    public var port = 8080
    /// Inference requests that are worked on or wait for the model. One more is answered with status 429.
    public var maxConcurrentRequests = 512
    /// Connections that are open at a time. Further ones wait until one is closed.
    public var maxConnections = 4096
    /// Sequences that one request may give to the model; more are answered with status 413. A text, a pair or a list of
    /// ids is one; with labels that the request names each label of each text is, of a choice each text to choose from,
    /// of a long text that is read in parts each part, of a text with masks each mask.
    public var maxClientBatchSize = 32
    /// Bytes of a request's body; more are answered with status 413.
    public var payloadLimit = 2_000_000
    /// Whether long texts are cut where a request doesn't say; else they are answered with status 413.
    public var autoTruncate = true
    /// How long a request may wait and be worked on, from its last byte; after that it is answered with status 503.
    /// A request may ask for less in the header `X-Request-Timeout`, in seconds.
    public var requestTimeout: Duration = .seconds(60)
    /// How long the body of a request may take to arrive; after that it is answered with status 408.
    public var bodyTimeout: Duration = .seconds(30)
    /// How long a connection may stay without a request, or take for a request's head.
    public var idleTimeout: Duration = .seconds(60)
    /// How long requests under way may go on after the server was told to stop.
    public var gracePeriod: Duration = .seconds(30)
    /// Keys of which one has to come with each request, as `Authorization: Bearer KEY`; none for a server that is open
    /// to all who reach it. `/health`, `/ping`, `/metrics`, `/openapi.json` and the page `/` need no key.
    public var apiKeys: [String] = []
    /// Origins whose pages may call the server from a browser, such as `https://example.org`; `*` for all. None by default.
    public var corsAllowedOrigins: [String] = []
    /// Whether the log has the requests' texts.
    public var logsTexts = false
    /// Bytes of large answers that are made or sent at a time; one alone may have more. Further ones are answered with
    /// status 429.
    package var answerByteLimit = 1 << 30
    /// Whether the page to try the models out is served at `/`.
    public var servesPage = true

    /// The defaults: port 8080 of this machine alone, no keys, and the limits at each property. `check()` tells whether
    /// changed values make sense.
    public init() {}

    /// - Throws: `ServerError` that names the option.
    public func check() throws {
        func refuse(_ option: String, _ value: some CustomStringConvertible, _ remedy: String) -> ServerError {
            let dashed = "--" + option.replacing("_", with: "-")
            return ServerError("\(dashed) is \(value)", remedy: remedy, location: ErrorLocation(option: option))
        }
        guard (0...65535).contains(port) else { throw refuse("port", port, "Give 1 to 65535, or 0 for a free one.") }
        for (name, value) in [
            ("max_concurrent_requests", maxConcurrentRequests), ("max_connections", maxConnections),
            ("max_client_batch_size", maxClientBatchSize), ("payload_limit", payloadLimit),
        ] where value < 1 {
            throw refuse(name, value, "Give at least 1.")
        }
        let longest = Duration.seconds(86_400 * 365)
        for (name, value) in [
            ("request_timeout", requestTimeout), ("body_timeout", bodyTimeout), ("idle_timeout", idleTimeout),
        ] where value <= .zero || value > longest {
            throw refuse(name, value.shownSeconds, "Give seconds above 0, at most a year.")
        }
        guard gracePeriod >= .zero, gracePeriod <= longest else {
            throw refuse("grace_period", gracePeriod.shownSeconds, "Give 0 or more seconds, at most a year.")
        }
        guard apiKeys.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } }) else {
            // The key itself is not shown.
            throw ServerError(
                "an API key is empty or has characters that a header can't hold",
                remedy: "Give visible ASCII characters without spaces.", location: ErrorLocation(option: "api_key"))
        }
        for origin in corsAllowedOrigins where origin != "*" && !(origin.contains("://") && !origin.hasSuffix("/")) {
            throw refuse("cors_allow_origin", origin, "Give an origin such as https://example.org, or *.")
        }
    }
}

/// A server that can't be set up as asked.
public struct ServerError: SwiftletError {
    public var message: String
    public var remedy: String?
    public var location: ErrorLocation

    /// An error of a server that can't be set up, also for a program that sets up servers itself.
    ///
    /// - Parameters:
    ///   - message: one sentence that names the culprit, such as the option.
    ///   - remedy: what to do, in one sentence; `nil` where nothing is known.
    ///   - location: where the cause lies, as far as that is known.
    public init(_ message: String, remedy: String? = nil, location: ErrorLocation = ErrorLocation()) {
        self.message = message
        self.remedy = remedy
        self.location = location
    }
}

extension Duration {
    var seconds: Double {
        let (whole, fraction) = components
        return Double(whole) + Double(fraction) / 1e18
    }

    var shownSeconds: String { "\(seconds)" }

    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
