#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A lock on a file that other processes see too. It holds until this object goes away; a process that dies lets go of
/// it.
///
/// It is `flock` on a file that may hold a note about its holder, which is what Python's `filelock` uses as well.
package final class FileLock: Sendable {
    package let path: String
    private let descriptor: Int32
    private let removesFile: Bool

    private init(_ path: String, _ descriptor: Int32, removesFile: Bool) {
        (self.path, self.descriptor, self.removesFile) = (path, descriptor, removesFile)
    }

    deinit {
        // While it is still locked, so that nobody else's file goes away.
        if removesFile { unlink(path) }
        close(descriptor)
    }

    /// The lock, or `nil` if somebody else has it, in this process or another.
    ///
    /// - Parameter removesFile: whether the file goes away with the lock. Files of a cache stay, as Python leaves them.
    /// - Throws: `FileError` if the file can't be made, or its file system has no locks.
    package static func attempt(_ path: String, removesFile: Bool = false) throws(FileError) -> FileLock? {
        try take(path, LOCK_EX | LOCK_NB, removesFile: removesFile)
    }

    /// Waits until the lock is free, and blocks the thread.
    package static func wait(_ path: String, removesFile: Bool = false) throws(FileError) -> FileLock {
        while true {
            if let lock = try take(path, LOCK_EX, removesFile: removesFile) { return lock }
        }
    }

    /// Waits until the lock is free. The wait ends with the task.
    ///
    /// - Parameter waiting: called once if somebody else still has the lock after a second: two files of one download
    ///   that have the same content wait for each other too, and that is no news.
    /// - Throws: `FileError`; `CancellationError`.
    package static func acquire(_ path: String, waiting: @Sendable () -> Void = {}) async throws -> FileLock {
        var (delay, waited) = (5, 0)
        while true {
            if let lock = try attempt(path) { return lock }
            let isNews = waited < 1000 && waited + delay >= 1000
            try await Task.sleep(for: .milliseconds(delay))
            if isNews { waiting() }
            waited += delay
            delay = min(delay * 2, 100)
        }
    }

    /// What the holder of a lock has written about itself; `nil` if it has written nothing.
    package static func note(_ path: String) -> String? {
        guard let text = try? MappedFile.text(path), !text.isEmpty else { return nil }
        return text
    }

    /// Writes into the file who holds the lock, for those who don't get it.
    package func write(note: String) throws(FileError) {
        guard ftruncate(descriptor, 0) == 0 else { throw .system("write", path, code: errno) }
        let bytes = Array(note.utf8)
        guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
            throw .system("write", path, code: errno)
        }
    }

    private static func take(_ path: String, _ operation: Int32, removesFile: Bool) throws(FileError) -> FileLock? {
        try FileSystem.createDirectory(FileSystem.parent(of: path))
        // Writable by the group, as caches are shared. A FIFO of that name would block an open for writing only.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o664)
        guard descriptor >= 0 else { throw .system("lock", path, code: errno) }
        while flock(descriptor, operation) != 0 {
            let code = errno
            if code == EINTR { continue }
            close(descriptor)
            if code == EWOULDBLOCK || code == EACCES { return nil }
            throw .system("lock", path, code: code)
        }
        // Somebody may have deleted the file between the two calls: a lock on it would keep nobody out.
        var (ours, there) = (stat(), stat())
        guard fstat(descriptor, &ours) == 0, stat(path, &there) == 0, ours.st_ino == there.st_ino,
            ours.st_dev == there.st_dev
        else {
            close(descriptor)
            return nil
        }
        return FileLock(path, descriptor, removesFile: removesFile)
    }
}
