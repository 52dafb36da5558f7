import SwiftletIO

/// A folder that is deleted when the last reference goes.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        path = "/tmp/swiftlet-tests-\(UInt64.random(in: 0 ... .max))"
        try FileSystem.createDirectory(path)
    }

    public func file(_ name: String) -> String { FileSystem.join(path, name) }

    deinit { try? FileSystem.remove(path) }
}
