internal import SwiftletIO

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// Keeps others, in this process and elsewhere, from making the same file at the same time. Held until it goes away, a
/// process that dies lets go of it.
final class CacheLock {
    private let descriptor: Int32
    private let path: String

    /// Waits for the lock of a file that is to be made.
    init(for file: String) throws {
        let folder = FileSystem.parent(of: file)
        try FileSystem.createDirectory(folder)
        path = FileSystem.join(folder, ".\(FileSystem.name(of: file)).lock")
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw Self.failure("open", path) }
            while flock(descriptor, LOCK_EX) != 0 {
                if errno == EINTR { continue }
                let failure = Self.failure("lock", path)
                close(descriptor)
                throw failure
            }
            // The one before may have deleted the name while we waited: then somebody else can lock a new file of it.
            var (held, named) = (stat(), stat())
            if fstat(descriptor, &held) == 0, stat(path, &named) == 0, held.st_ino == named.st_ino, held.st_dev == named.st_dev {
                self.descriptor = descriptor
                return
            }
            close(descriptor)
        }
    }

    deinit {
        unlink(path)
        close(descriptor)
    }

    private static func failure(_ action: String, _ path: String) -> DatasetError {
        DatasetError(
            "can't \(action) '\(path)': \(String(cString: strerror(errno)))",
            remedy: "Set HF_DATASETS_CACHE to a folder you may write to.",
            kind: .fileSystem, at: ErrorLocation(path: path))
    }

    /// Deletes what processes that died while they made `file` left behind. Only for the holder of its lock.
    func removeLeftovers(of file: String) throws {
        let folder = FileSystem.parent(of: file)
        let own = ".\(FileSystem.name(of: file))."
        for name in try FileSystem.names(in: folder) where name.contains(own) && name.hasSuffix(".tmp") {
            try FileSystem.remove(FileSystem.join(folder, name))
        }
    }
}
