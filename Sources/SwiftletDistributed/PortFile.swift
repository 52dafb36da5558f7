import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The file in which one process tells others of its machine at which port it keeps their store.
struct PortFile {
    let path: String

    func write(_ port: UInt16) throws(ProcessError) {
        do { try AtomicFile.write("\(port)", to: path) } catch {
            throw ProcessError(
                "the port of the store can't be written to '\(path)': \(error.message)",
                remedy: "Give the launcher a port from 1 to 65535.", kind: .unreachable, at: ErrorLocation(path: path))
        }
    }

    /// - Throws: `ProcessError` if there is none within the time.
    func wait(_ timeout: Duration) throws(ProcessError) -> UInt16 {
        let clock = ContinuousClock()
        let end = clock.now + timeout
        while clock.now < end {
            if FileSystem.exists(path), let text = try? MappedFile.text(path), let port = UInt16(text), port > 0 {
                return port
            }
            usleep(20_000)
        }
        throw ProcessError(
            "rank 0 has not written the port of its store to '\(path)' within \(timeout.inWords)",
            remedy: "Is it running? Otherwise give the launcher a port from 1 to 65535.", kind: .unreachable,
            at: ErrorLocation(path: path))
    }
}
