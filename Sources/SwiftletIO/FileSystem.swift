#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The few questions to the file system that Swiftlet asks, on plain paths.
public enum FileSystem {
    /// Whether there is something at the path. A link to nothing is nothing.
    public static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// Whether there is a folder at the path, or a link to one.
    public static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && (status.st_mode & S_IFMT) == S_IFDIR
    }

    /// Whether there is a file at the path, or a link to one; not a pipe, a socket or a device.
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
    ///
    /// - Parameter skipsOthers: whether names that are not UTF-8 are left out. Else they are an error: a path of text can't
    ///   lead to such a file.
    public static func names(in folder: String, skipsOthers: Bool = false) throws(FileError) -> [String] {
        var names: [String] = []
        for raw in try rawNames(in: folder) {
            guard let name = String(validating: raw.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) else {
                if skipsOthers { continue }
                throw FileError(
                    path: folder, message: "'\(folder)' holds a file whose name is not UTF-8: '\(hexText(raw))'",
                    remedy: "Rename it.", kind: .unexpected)
            }
            names.append(name)
        }
        return names.sortedByCodePoints()
    }

    /// The bytes of each name, with the zero at its end.
    private static func rawNames(in folder: UnsafePointer<CChar>) throws(FileError) -> [[CChar]] {
        guard let handle = opendir(folder) else {
            throw .system("list", String(cString: folder), code: errno)
        }
        defer { closedir(handle) }
        var names: [[CChar]] = []
        while true {
            errno = 0
            guard let entry = readdir(handle) else {
                guard errno == 0 else { throw .system("list", String(cString: folder), code: errno) }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { text in
                    Array(UnsafeBufferPointer(start: text, count: strlen(text) + 1))
                }
            }
            let isOwn = name == [0x2E, 0] || name == [0x2E, 0x2E, 0]
            if !isOwn { names.append(name) }
        }
    }

    /// A name that is not UTF-8, readable: `caf\xe9`.
    private static func hexText(_ name: [CChar]) -> String {
        name.dropLast().map { byte in
            let value = UInt8(bitPattern: byte)
            return value < 0x80 ? String(Unicode.Scalar(value)) : "\\x" + String(value, radix: 16)
        }.joined()
    }

    /// Makes a folder and all folders above it; an existing folder is fine. Each that is made is there after a power cut.
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
        try synchronizeDirectory(parent)
    }

    /// Deletes a file, or a folder with everything in it; nothing there is fine. Symbolic links are not followed.
    public static func remove(_ path: String) throws(FileError) {
        try remove(Array(path.utf8CString))
    }

    /// By the bytes of the path: names that are not UTF-8 go away too.
    private static func remove(_ path: [CChar]) throws(FileError) {
        func failure(_ code: Int32) -> FileError {
            .system(
                "delete", String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self), code: code)
        }
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw failure(errno)
        }
        if (status.st_mode & S_IFMT) == S_IFDIR {
            for name in try rawNames(in: path) { try remove(path.dropLast() + [0x2F] + name) }
            guard rmdir(path) == 0 else { throw failure(errno) }
        } else {
            guard unlink(path) == 0 else { throw failure(errno) }
        }
    }

    /// Opens a regular file. Anything else is refused, and not waited for: opening a FIFO would last until somebody writes.
    static func openForReading(_ path: String) throws(FileError) -> Int32 {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        let code = errno
        guard descriptor >= 0 else {
            // As a socket in the file system can't be opened at all.
            throw code == ENXIO || code == EOPNOTSUPP ? irregular(path) : .system("read", path, code: code)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw .system("read", path, code: code)
        }
        let kind = status.st_mode & S_IFMT
        guard kind != S_IFREG else { return descriptor }
        close(descriptor)
        if kind == S_IFDIR { throw .system("read", path, code: EISDIR) }
        throw irregular(path)
    }

    private static func irregular(_ path: String) -> FileError {
        FileError(
            path: path, message: "'\(path)' is no regular file, but a pipe, a socket or a device",
            remedy: "Write what comes from it to a file first.", kind: .unexpected)
    }

    /// Renames a file or folder; a file already at `target` is replaced in one step.
    public static func rename(_ source: String, to target: String) throws(FileError) {
        #if canImport(Darwin)
        let status = Darwin.rename(source, target)
        #else
        let status = Glibc.rename(source, target)
        #endif
        guard status == 0 else { throw .system("rename '\(source)' to", target, code: errno) }
        try synchronizeDirectory(parent(of: target))
    }

    /// What a folder is called while another one takes its place.
    package static let replacedSuffix = ".swiftlet-replaced"

    /// Puts a folder in the place of another one. At any moment, also after a kill or a power cut, one of the two is there
    /// under the name of `target`, whole; where the file system can't exchange two names, under that name with
    /// `replacedSuffix` after it, from where `recoverDirectory` takes it back.
    ///
    /// - Parameter source: a whole folder beside `target`, which takes its name.
    public static func replaceDirectory(_ target: String, with source: String) throws(FileError) {
        guard exists(target) else { return try rename(source, to: target) }
        if exchange(source, target) {
            try synchronizeDirectory(parent(of: target))
            return try remove(source)
        }
        let old = target + replacedSuffix
        try remove(old)
        try rename(target, to: old)
        do throws(FileError) { try rename(source, to: target) } catch {
            try? rename(old, to: target)
            throw error
        }
        try remove(old)
    }

    /// Takes back the folder that `replaceDirectory` had moved away when it was killed.
    public static func recoverDirectory(_ target: String) throws(FileError) {
        let old = target + replacedSuffix
        guard exists(old) else { return }
        if exists(target) { try remove(old) } else { try rename(old, to: target) }
    }

    /// Gives two names each other's file or folder, in one step; `false` where the system can't.
    static func exchange(_ first: String, _ second: String) -> Bool {
        #if canImport(Darwin)
        return renamex_np(first, second, UInt32(RENAME_SWAP)) == 0
        #else
        guard let renameat2 else { return false }
        return renameat2(AT_FDCWD, first, AT_FDCWD, second, 2) == 0
        #endif
    }

    #if !canImport(Darwin)
    /// Swift does not see this function of glibc, nor its flag RENAME_EXCHANGE, 2.
    private static let renameat2 = dlsym(nil, "renameat2").map {
        unsafeBitCast(
            $0, to: (@convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32).self)
    }
    #endif

    /// Makes what was made or renamed in this folder durable.
    ///
    /// - Throws: `FileError` if the disk fails. Some file systems have no such operation, which is no reason to fail.
    static func synchronizeDirectory(_ folder: String) throws(FileError) {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard fsync(descriptor) != 0 else { return }
        switch errno {
        case EIO, ENOSPC, EDQUOT: throw .system("write", folder, code: errno)
        default: return
        }
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

    /// The path of a name in a folder, with one slash between them.
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
