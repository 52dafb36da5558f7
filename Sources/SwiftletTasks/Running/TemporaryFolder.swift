import SwiftletHub
import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A folder for files on their way, gone with its last use.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/swiftlet-XXXXXX".utf8CString)
        guard let made = template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) else {
            let reason = String(cString: strerror(errno))
            throw HubError(
                .file, "can't make a folder in '\(parent)': \(reason)",
                remedy: "Free some space, or name another folder in TMPDIR.")
        }
        path = String(cString: made)
    }

    deinit { try? FileSystem.remove(path) }
}
