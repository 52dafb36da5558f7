import Foundation
import SwiftletIO

/// Where the Hub is, where the cache lies, who asks, and how patiently.
///
/// The environment variables are those of the Hub's Python client, so that both share a cache: `HF_ENDPOINT`, `HF_HOME`,
/// `HF_HUB_CACHE`, `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_HUB_OFFLINE`, `HF_HUB_ETAG_TIMEOUT`, `HF_HUB_DOWNLOAD_TIMEOUT`,
/// `HF_HUB_DISABLE_IMPLICIT_TOKEN`.
public struct HubSettings: Sendable {
    /// The Hub's address without a slash at the end.
    public var endpoint: String
    /// The folder with `models--…` and `datasets--…`.
    public var cacheFolder: String
    /// Sent to the Hub only, never to a host it redirects to.
    public var token: HubToken?
    /// Use only what is cached.
    public var isOffline: Bool
    /// Seconds of silence after which a question to the Hub is given up.
    public var requestTimeout: Double
    /// Seconds of silence after which a download is cut and taken up again.
    public var downloadTimeout: Double
    /// Seconds of silence after which an upload is given up; the Hub may take its time with a large commit.
    public var uploadTimeout = 120.0
    /// Files that are fetched or sent at the same time.
    public var parallelTransfers = 8
    /// How often a request that failed for a passing reason is made again. Downloads count anew whenever bytes arrive.
    public var retries = 5
    /// Seconds before the first retry; each further one waits twice as long, up to `longestRetryDelay`.
    public var retryDelay = 1.0
    /// The longest wait before a retry, in seconds.
    public var longestRetryDelay = 16.0
    /// The longest wait, in seconds, that a busy Hub may ask for. The Hub counts requests over five minutes.
    public var longestWait = 330.0
    /// Larger files are fetched in pieces of this many bytes, which bounds the memory of a connection that is faster
    /// than the disk.
    package var pieceSize = 64 << 20

    /// Settings from the environment, or from a dictionary in its place.
    ///
    /// - Throws: `HubError` for a variable whose value can't be used.
    public init(environment: [String: String]? = nil) throws(HubError) {
        let environment = environment ?? ProcessInfo.processInfo.environment
        let folders = CacheFolders(environment: environment)
        cacheFolder = folders.hub
        endpoint = environment["HF_ENDPOINT"] ?? "https://huggingface.co"
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        do { _ = try HTTPAddress(endpoint) } catch {
            // Without the value where it may hold a password.
            throw HubError(
                .badArgument, "HF_ENDPOINT can't be used: \(error.problem)",
                remedy: "Set it to an address such as 'https://huggingface.co', or unset it. HF_TOKEN says who asks.",
                at: ErrorLocation(option: "HF_ENDPOINT"))
        }
        let offline = [environment["HF_HUB_OFFLINE"], environment["TRANSFORMERS_OFFLINE"]].compactMap(\.self).first {
            !$0.isEmpty
        }
        isOffline = Self.isTrue(offline)
        requestTimeout = try Self.seconds("HF_HUB_ETAG_TIMEOUT", environment) ?? 10
        downloadTimeout = try Self.seconds("HF_HUB_DOWNLOAD_TIMEOUT", environment) ?? 10
        token = nil
        if !Self.isTrue(environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"]) {
            token = (environment["HF_TOKEN"] ?? environment["HUGGING_FACE_HUB_TOKEN"]).flatMap(HubToken.init)
            if token == nil, FileSystem.isRegularFile(folders.token) {
                do { token = HubToken(try MappedFile.text(folders.token)) } catch { throw HubError(error) }
            }
        }
    }

    private static func isTrue(_ value: String?) -> Bool {
        ["1", "ON", "YES", "TRUE"].contains(value?.uppercased() ?? "")
    }

    private static func seconds(_ name: String, _ environment: [String: String]) throws(HubError) -> Double? {
        guard let text = environment[name], !text.isEmpty else { return nil }
        guard let value = Double(text), value > 0, value < 1e6 else {
            throw HubError(
                .badArgument, "\(name) is '\(text)', not a number of seconds",
                remedy: "Set it to a number such as 10, or unset it.", at: ErrorLocation(option: name))
        }
        return value
    }
}
