import Foundation
import Logging
import SwiftletIO

/// Downloads from the Hub into the cache that the Python libraries use, and uploads to it.
///
/// ```swift
/// let hub = HubClient(settings: try HubSettings())
/// let config = try await hub.download("config.json", from: .model("bert-base-uncased"))
/// let snapshot = try await hub.snapshot(of: .dataset("nyu-mll/glue"), allow: ["mrpc/*"])
/// ```
///
/// Several tasks and several processes may work on one cache at once. What is in the cache is whole: files come into
/// place only after their size and their hash are right.
public struct HubClient: Sendable {
    /// Addresses, token, folders and time limits.
    public let settings: HubSettings
    let transport: any HTTPTransport
    let logger: Logger
    /// Where waits happen; tests pass none.
    let sleep: @Sendable (Double) async throws -> Void

    /// A client with these settings, whatever the environment says.
    public init(settings: HubSettings) {
        self.init(
            settings: settings, transport: URLSessionTransport(connections: settings.parallelTransfers),
            sleep: { try await Task.sleep(for: .seconds($0)) })
    }

    init(settings: HubSettings, transport: any HTTPTransport, sleep: @escaping @Sendable (Double) async throws -> Void)
    {
        self.settings = settings
        self.transport = transport
        self.sleep = sleep
        logger = Logger(label: "swiftlet.hub")
    }

    var cache: HubCache { HubCache(folder: settings.cacheFolder) }

    // MARK: Requests

    /// An answer with its body, for what is not a file.
    struct Answer {
        var head: HTTPHead
        var body: [UInt8]
        /// Where the answer is from, after redirects.
        var url: HTTPAddress

        func json(_ what: String) throws(HubError) -> JSONValue {
            let parsed = body.withUnsafeBytes { bytes in
                Result { () throws(JSONError) in try JSONValue(parsing: bytes) }
            }
            do { return try parsed.get() } catch {
                throw HubError(
                    .badAnswer, "the Hub's answer about \(what) is not JSON: \(error.problem)",
                    remedy: "Check HF_ENDPOINT and any proxy: something else than a Hub may have answered.",
                    at: ErrorLocation(option: "HF_ENDPOINT"))
            }
        }
    }

    /// Sends a request, again where the failure may pass, and follows redirects that stay on the Hub.
    ///
    /// - Parameters:
    ///   - retries: `nil` for what the settings say.
    ///   - whenAbsent: called with the answer that says that a file is not in the repository.
    /// - Returns: an answer with status 2xx, or 3xx where the redirect leads to another host.
    func request(
        _ method: String, _ url: String, headers: [String: String] = [:], body: HTTPBody = .none, about what: String,
        timeout: Double? = nil, retries: Int? = nil, sendsToken: Bool = true,
        whenAbsent: @Sendable (HTTPHead) -> Void = { _ in }
    ) async throws -> Answer {
        try requireNetwork(for: what)
        var url = try address(url, about: what)
        for _ in 0..<10 {
            var attempt = 0
            while true {
                let sink = BufferSink()
                do {
                    let request = HTTPRequest(
                        method: method, url: url, headers: allHeaders(for: url, headers, sendsToken: sendsToken),
                        body: body,
                        timeout: timeout ?? settings.requestTimeout)
                    try await transport.send(request, into: sink)
                    let answer = try sink.answer(from: url, about: what)
                    if Self.passingStatuses.contains(answer.head.status), attempt < retries ?? settings.retries {
                        try await wait(before: attempt, answer.head, what)
                        attempt += 1
                        continue
                    }
                    if let failure = failure(of: answer, what) {
                        if failure.kind == .noFile { whenAbsent(answer.head) }
                        throw failure
                    }
                    guard let target = try location(answer.head, from: url, about: what), isHub(target) else {
                        return answer
                    }
                    url = target
                    break
                } catch let error as TransportError {
                    guard error.isPassing, attempt < retries ?? settings.retries else {
                        throw unreachable(url, what, error)
                    }
                    try await wait(before: attempt, nil, what, reason: error.reason)
                    attempt += 1
                }
            }
        }
        throw HubError(
            .badAnswer, "the Hub redirects in circles when asked for \(what)", remedy: "Check HF_ENDPOINT.",
            at: ErrorLocation(option: "HF_ENDPOINT"))
    }

    func requireNetwork(for what: String) throws(HubError) {
        guard settings.isOffline else { return }
        throw HubError(
            .notCached, "can't ask the Hub for \(what): HF_HUB_OFFLINE is set",
            remedy: "Unset HF_HUB_OFFLINE to go online.", at: ErrorLocation(option: "HF_HUB_OFFLINE"))
    }

    func allHeaders(for url: HTTPAddress, _ headers: [String: String], sendsToken: Bool = true) -> [String: String] {
        var headers = headers
        headers["User-Agent"] = "swiftlet/\(swiftletVersion)"
        // The size and the hash are those of the plain bytes.
        headers["Accept-Encoding"] = "identity"
        if sendsToken, let token = settings.token, isHub(url) {
            headers["Authorization"] = "Bearer \(token.value)"
        }
        return headers
    }

    /// Whether an address belongs to the Hub, so that the token may go there.
    func isHub(_ url: HTTPAddress) -> Bool {
        if let endpoint = try? HTTPAddress(settings.endpoint), url.origin == endpoint.origin { return true }
        // A mirror may lead on to the Hub itself, over an encrypted connection.
        return ["https://huggingface.co:443", "https://hf.co:443"].contains(url.origin)
    }

    /// An address that the settings or the Hub's answer name.
    func address(_ text: String, about what: String) throws(HubError) -> HTTPAddress {
        do { return try HTTPAddress(text) } catch { throw refusal(error, what) }
    }

    /// Where an answer redirects to; `nil` where it does not.
    func location(_ head: HTTPHead, from url: HTTPAddress, about what: String) throws(HubError) -> HTTPAddress? {
        do { return try head.location(from: url) } catch { throw refusal(error, what) }
    }

    func refusal(_ error: HTTPAddressError, _ what: String) -> HubError {
        HubError(
            .badAnswer, "an address that was given for \(what) is not followed: \(error.problem)",
            remedy: "Check HF_ENDPOINT and any proxy: something else than a Hub may have answered.",
            at: ErrorLocation(option: "HF_ENDPOINT"))
    }

    // MARK: Waiting

    static let passingStatuses: Set<Int> = [408, 429, 500, 502, 503, 504]

    /// Waits before a retry: as long as the Hub says, else twice as long each time, with some chance so that several
    /// processes don't come back at once.
    func wait(before attempt: Int, _ head: HTTPHead?, _ what: String, reason: String? = nil) async throws {
        var delay = min(settings.retryDelay * Double(1 << min(attempt, 20)), settings.longestRetryDelay)
        delay *= Double.random(in: 1...1.25)
        if let asked = head.flatMap(Self.askedWait) {
            guard asked <= settings.longestWait else {
                throw HubError(
                    .busy,
                    "the Hub asks to wait \(asked.rounded(.up).clampedToInt) seconds before asking for \(what) again",
                    remedy: "Run again later. A token (HF_TOKEN) raises the limit.")
            }
            delay = asked + Double.random(in: 0...0.25)
        }
        let cause = reason ?? head.map { "status \($0.status)" } ?? ""
        logger.log(
            level: delay < 3 ? .debug : .notice,
            "\(what): \(cause); trying again in \(delay.rounded(.up).clampedToInt) s")
        try await sleep(delay)
    }

    /// The seconds a busy server asks for: `Retry-After: 12`, or `RateLimit: "api";r=0;t=12`.
    static func askedWait(_ head: HTTPHead) -> Double? {
        if let text = head["Retry-After"], let seconds = seconds(text[...]) { return seconds }
        guard head.status == 429, let limit = head["RateLimit"] else { return nil }
        let parts = limit.split(separator: ";").map { $0.filter { $0 != " " } }
        guard parts.contains("r=0"), let reset = parts.first(where: { $0.hasPrefix("t=") }) else { return nil }
        return seconds(reset.dropFirst(2))
    }

    /// `nil` for what is no time, such as `inf` or a negative number: then the client's own waits apply.
    private static func seconds(_ text: Substring) -> Double? {
        guard let seconds = Double(text.filter { $0 != " " }), seconds.isFinite, seconds >= 0 else { return nil }
        return seconds
    }
}

/// Collects a body of limited size. Of an answer that is not the one that was hoped for, the beginning is enough.
final class BufferSink: HTTPSink, @unchecked Sendable {
    // Sendable: the transport's calls come one after the other, and are over before the owner reads.
    private(set) var head: HTTPHead?
    private(set) var body: [UInt8] = []
    private let limit: Int
    private var end: ContinuousClock.Instant?

    /// The longest page: the Hub's list of a repository with 100,000 files has about 10 MB.
    static let pageLimit = 64 << 20
    /// How much is read of an error or a redirect.
    static let noteLimit = 1 << 16
    /// An answer that still comes after this long does not end.
    static let longestAnswer = Duration.seconds(300)

    init(limit: Int = BufferSink.pageLimit) { self.limit = limit }

    func receive(_ head: HTTPHead) {
        self.head = head
        end = .now + Self.longestAnswer
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws {
        if head.map({ !(200..<300).contains($0.status) }) ?? true {
            body.append(contentsOf: bytes.prefix(Self.noteLimit - body.count))
            if body.count == Self.noteLimit { throw EnoughReceived() }
            return
        }
        guard bytes.count <= limit - body.count else {
            throw HubError(
                .badAnswer, "the Hub's answer is longer than \(limit) bytes", remedy: "Check HF_ENDPOINT.",
                at: ErrorLocation(option: "HF_ENDPOINT"))
        }
        if let end, ContinuousClock.now > end {
            throw HubError(
                .badAnswer, "the Hub's answer has not ended after \(Self.longestAnswer.components.seconds) seconds",
                remedy: "Check the connection and HF_ENDPOINT.", at: ErrorLocation(option: "HF_ENDPOINT"))
        }
        body.append(contentsOf: bytes)
    }

    func answer(from url: HTTPAddress, about what: String) throws(TransportError) -> HubClient.Answer {
        guard let head else { throw TransportError(reason: "no answer", isPassing: true) }
        return HubClient.Answer(head: head, body: body, url: url)
    }
}
