internal import SwiftletIO

/// Keeps others, in this process and elsewhere, from making the same file at the same time. Held until it goes away, a
/// process that dies lets go of it.
final class CacheLock {
    private let lock: FileLock

    /// Waits for the lock of a file that is to be made.
    init(for file: String) throws {
        let path = FileSystem.join(FileSystem.parent(of: file), ".\(FileSystem.name(of: file)).lock")
        do { lock = try FileLock.wait(path, removesFile: true) } catch {
            throw DatasetError(
                error.message, remedy: "Set HF_DATASETS_CACHE to a folder you may write to.", kind: .fileSystem,
                at: ErrorLocation(path: path))
        }
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
