import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A lock on a file that other processes see, also Python's `filelock`: both use `flock` and leave the file in place.
/// A process that dies lets go of it.
final class FileLock: Sendable {
    private let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Waits until the lock is free. The wait ends with the task.
    ///
    /// - Parameter waiting: called once if somebody else has the lock.
    static func acquire(_ path: String, waiting: @Sendable () -> Void = {}) async throws -> FileLock {
        var delay = 5
        var hasWaited = false
        while true {
            if let lock = try attempt(path) { return lock }
            if !hasWaited { waiting() }
            hasWaited = true
            try await Task.sleep(for: .milliseconds(delay))
            delay = min(delay * 2, 100)
        }
    }

    /// The lock, or `nil` if somebody else has it.
    static func attempt(_ path: String) throws(HubError) -> FileLock? {
        do { try FileSystem.createDirectory(FileSystem.parent(of: path)) } catch { throw HubError(error) }
        // Writable by the group, as caches are shared.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o664)
        guard descriptor >= 0 else { throw refused(path) }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            close(descriptor)
            switch code {
            case EWOULDBLOCK, EACCES, EINTR: return nil
            default:
                errno = code
                throw refused(path)
            }
        }
        // Somebody may have deleted the file between the two calls: a lock on it would keep nobody out.
        var ours = stat()
        var there = stat()
        guard fstat(descriptor, &ours) == 0, stat(path, &there) == 0, ours.st_ino == there.st_ino, ours.st_dev == there.st_dev
        else {
            close(descriptor)
            return nil
        }
        return FileLock(descriptor)
    }

    private static func refused(_ path: String) -> HubError {
        HubError(
            .file, "can't lock '\(path)': \(String(cString: strerror(errno)))",
            remedy: "Set HF_HUB_CACHE to a folder you may write to, on a file system with locks.")
    }
}
