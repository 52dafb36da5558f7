import Foundation
import SwiftletHub
import SwiftletHubTestServer
import SwiftletIO
import SwiftletTestSupport

/// A server, an empty cache, and a client between them that does not wait long.
struct Setup {
    let server: HubTestServer
    let folder: TemporaryDirectory
    let settings: HubSettings

    init() throws {
        server = try HubTestServer()
        folder = try TemporaryDirectory()
        settings = try Setup.settings(server.endpoint, folder.file("hub"))
    }

    var hub: HubClient { HubClient(settings: settings) }

    func hub(_ change: (inout HubSettings) -> Void) -> HubClient {
        var settings = settings
        change(&settings)
        return HubClient(settings: settings)
    }

    static func settings(_ endpoint: String, _ cache: String) throws -> HubSettings {
        var settings = try HubSettings(environment: [
            "HF_ENDPOINT": endpoint, "HF_HUB_CACHE": cache, "HF_HOME": cache + "-home",
        ])
        settings.retryDelay = 0.01
        settings.longestRetryDelay = 0.05
        settings.requestTimeout = 2
        settings.downloadTimeout = 2
        return settings
    }

    /// Everything below the cache, with what links point to.
    func cacheContents() throws -> [String] {
        let root = folder.file("hub")
        guard FileSystem.isDirectory(root) else { return [] }
        return try FileManager.default.subpathsOfDirectory(atPath: root).filter {
            !FileSystem.isDirectory("\(root)/\($0)")
        }.sorted().map { path in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(root)/\(path)")
            return target.map { "\(path) -> \($0)" } ?? path
        }
    }

    func partials() throws -> [String] { try cacheContents().filter { $0.contains("incomplete") } }

    static func bytes(_ path: String) throws -> [UInt8] {
        let file = try MappedFile(path)
        return withExtendedLifetime(file) { Array(file.bytes) }
    }

    /// Bytes without a pattern that a lost or doubled piece would keep.
    static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
    }
}

/// The repository of most tests.
func tiny() throws -> HubRepo { try .model("tester/tiny") }

func write(_ text: String, _ path: String) throws { try AtomicFile.write(text, to: path) }
