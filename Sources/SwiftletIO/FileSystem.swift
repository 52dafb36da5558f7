#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The few questions to the file system that Swiftlet asks, on plain paths.
public enum FileSystem {
    public static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    public static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && (status.st_mode & S_IFMT) == S_IFDIR
    }

    public static func isRegularFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && (status.st_mode & S_IFMT) == S_IFREG
    }

    /// Size in bytes.
    public static func size(of path: String) throws(FileError) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .system("read", path, code: errno) }
        return Int(status.st_size)
    }

    /// Names in a folder, sorted, without `.` and `..`.
    public static func names(in folder: String) throws(FileError) -> [String] {
        guard let handle = opendir(folder) else { throw .system("list", folder, code: errno) }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sortedByCodePoints()
    }

    /// Makes a folder and all folders above it; an existing folder is fine.
    public static func createDirectory(_ path: String) throws(FileError) {
        if path.isEmpty || isDirectory(path) { return }
        let parent = self.parent(of: path)
        if parent != path, !exists(parent) { try createDirectory(parent) }
        if mkdir(path, 0o777) != 0 {
            let code = errno
            // Another process may have made it in between.
            if code == EEXIST, isDirectory(path) { return }
            throw .system("create folder", path, code: code)
        }
    }

    /// Deletes a file, or a folder with everything in it; nothing there is fine. Symbolic links are not followed.
    public static func remove(_ path: String) throws(FileError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw .system("delete", path, code: errno)
        }
        if (status.st_mode & S_IFMT) == S_IFDIR {
            for name in try names(in: path) { try remove(join(path, name)) }
            guard rmdir(path) == 0 else { throw .system("delete", path, code: errno) }
        } else {
            guard unlink(path) == 0 else { throw .system("delete", path, code: errno) }
        }
    }

    /// Renames a file or folder; a file already at `target` is replaced in one step.
    public static func rename(_ source: String, to target: String) throws(FileError) {
        #if canImport(Darwin)
        let status = Darwin.rename(source, target)
        #else
        let status = Glibc.rename(source, target)
        #endif
        guard status == 0 else { throw .system("rename '\(source)' to", target, code: errno) }
        synchronizeDirectory(parent(of: target))
    }

    /// Makes a rename in this folder durable. Some file systems refuse to sync a folder; that is no reason to fail.
    static func synchronizeDirectory(_ folder: String) {
        let descriptor = open(folder, O_RDONLY)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }

    /// The folder a path lies in: `.` for a bare name, `/` for the root.
    public static func parent(of path: String) -> String {
        let trimmed = withoutTrailingSlashes(path)
        guard let slash = trimmed.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == trimmed.startIndex ? "/" : String(Substring(trimmed[..<slash]))
    }

    /// The last part of a path.
    public static func name(of path: String) -> String {
        let trimmed = withoutTrailingSlashes(path)
        guard let slash = trimmed.lastIndex(of: UInt8(ascii: "/")), trimmed.count > 1 else {
            return String(Substring(trimmed))
        }
        return String(Substring(trimmed[trimmed.index(after: slash)...]))
    }

    /// As bytes: an accent after a slash makes one `Character` of both.
    private static func withoutTrailingSlashes(_ path: String) -> Substring.UTF8View {
        var trimmed = path[...].utf8
        while trimmed.count > 1, trimmed.last == UInt8(ascii: "/") { trimmed.removeLast() }
        return trimmed
    }

    public static func join(_ folder: String, _ name: String) -> String {
        if folder.isEmpty || name.hasPrefix("/") { return name }
        return folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }

    /// Replaces a leading `~` by the home folder, as Python's `expanduser`.
    public static func expandingTilde(_ path: String) -> String {
        guard path == "~" || path.hasPrefix("~/"), let home = getenv("HOME") else { return path }
        return String(cString: home) + path.dropFirst()
    }
}
