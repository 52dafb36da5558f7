#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

extension FileSystem {
    /// Bytes on disk of everything below a folder. Links are not followed, so that what is linked within it counts once,
    /// nor are folders that may not be read; a file with several names counts once. 0 where there is no such folder.
    public static func sizeOnDisk(of folder: String) -> Int {
        var seen: Set<FileIdentity> = []
        var total = 0
        var folders = [folder]
        while let next = folders.popLast() {
            guard let handle = opendir(next) else { continue }
            defer { closedir(handle) }
            let descriptor = dirfd(handle)
            while let entry = readdir(handle) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
                }
                if name == "." || name == ".." { continue }
                var status = stat()
                guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
                if (status.st_mode & S_IFMT) == S_IFDIR {
                    folders.append(join(next, name))
                } else if (status.st_mode & S_IFMT) == S_IFREG {
                    let identity = FileIdentity(
                        device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(status.st_ino))
                    if status.st_nlink > 1, !seen.insert(identity).inserted { continue }
                    // Blocks of 512 bytes, whatever the file system's are.
                    total &+= Int(status.st_blocks) &* 512
                }
            }
        }
        return total
    }

    private struct FileIdentity: Hashable {
        let device: UInt64
        let number: UInt64
    }
}
