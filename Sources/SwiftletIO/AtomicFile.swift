import Synchronization

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Writes a file so that a reader sees the old content or the new, never a part of it: the bytes go to a temporary
/// name in the same folder, are synced to disk, and the file is then renamed into place.
///
/// Without `commit()`, on an error or a crash, the old file stays as it was.
///
/// A pipe, a device, and whatever else lies below `/dev`, as `/dev/stdout` does, is written to as it is: it must not be
/// replaced with a file.
public final class AtomicFile {
    /// Where the file will be after `commit()`.
    public let path: String
    /// `nil` where bytes go straight to the path.
    private let temporaryPath: String?
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isCommitted = false

    private static let bufferSize = 1 << 20

    /// The temporary files that exist now, so that an interrupted program can take them away.
    private static let temporaries = Mutex<Set<String>>([])
    private static let counter = Atomic<Int>(0)

    /// Opens a temporary file beside `path`; folders above it are made.
    public init(_ path: String) throws(FileError) {
        self.path = path
        if Self.isStream(path) {
            temporaryPath = nil
            descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
            guard descriptor >= 0 else { throw .system("write", path, code: errno) }
            return
        }
        let folder = FileSystem.parent(of: path)
        try FileSystem.createDirectory(folder)
        Self.removeAbandoned(FileSystem.name(of: path), in: folder)
        let serial = Self.counter.add(1, ordering: .relaxed).newValue
        let name = FileSystem.join(folder, ".\(FileSystem.name(of: path)).\(getpid())-\(serial).tmp")
        temporaryPath = name
        descriptor = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .system("write", path, code: errno) }
        // Held until the file is closed, also by a kill: what can be locked belongs to nobody any more.
        flock(descriptor, LOCK_EX | LOCK_NB)
        Self.temporaries.withLock { _ = $0.insert(name) }
    }

    /// Writes bytes behind those before.
    ///
    /// - Throws: `FileError`, such as for a disk that is full.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        if buffer.count + bytes.count > Self.bufferSize { try flush() }
        if bytes.count > Self.bufferSize / 2 {
            // What was buffered comes first.
            try flush()
            try writeAll(bytes)
        } else {
            buffer.append(contentsOf: bytes)
        }
    }

    /// Writes a text in UTF-8 behind what came before.
    ///
    /// - Throws: `FileError`, such as for a disk that is full.
    public func write(_ text: String) throws(FileError) {
        var text = text
        var failure: FileError?
        text.withUTF8 { utf8 in
            do throws(FileError) { try write(UnsafeRawBufferPointer(utf8)) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Syncs the bytes to disk and renames the file into place.
    public func commit() throws(FileError) {
        try flush()
        guard let temporaryPath else { return }
        guard fsync(descriptor) == 0 else { throw .system("write", path, code: errno) }
        try FileSystem.rename(temporaryPath, to: path)
        isCommitted = true
    }

    deinit {
        close(descriptor)
        guard let name = temporaryPath else { return }
        if !isCommitted { unlink(name) }
        Self.temporaries.withLock { _ = $0.remove(name) }
    }

    private func flush() throws(FileError) {
        var failure: FileError?
        buffer.withUnsafeBytes { bytes in
            do throws(FileError) { try writeAll(bytes) } catch { failure = error }
        }
        buffer.removeAll(keepingCapacity: true)
        if let failure { throw failure }
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var offset = 0
        while offset < bytes.count {
            #if canImport(Darwin)
            let written = Darwin.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
            #else
            let written = Glibc.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
            #endif
            if written < 0 {
                if errno == EINTR { continue }
                throw .system("write", path, code: errno)
            }
            offset += written
        }
    }

    /// Writes a whole text file.
    public static func write(_ text: String, to path: String) throws(FileError) {
        let file = try AtomicFile(path)
        try file.write(text)
        try file.commit()
    }

    /// Writes a whole file of bytes.
    public static func write(_ bytes: some Collection<UInt8>, to path: String) throws(FileError) {
        let file = try AtomicFile(path)
        let array = Array(bytes)
        var failure: FileError?
        array.withUnsafeBytes { raw in
            do throws(FileError) { try file.write(raw) } catch { failure = error }
        }
        if let failure { throw failure }
        try file.commit()
    }

    /// Whether the path is of something that bytes are sent to, not of a file.
    private static func isStream(_ path: String) -> Bool {
        // A link to a standard stream, which may well be a file.
        let isDevice = path.hasPrefix("/dev/") || path.hasPrefix("/proc/")
        guard FileSystem.exists(path), !FileSystem.isDirectory(path) else { return false }
        // Files in shared memory are files.
        return !FileSystem.isRegularFile(path) || isDevice && !path.hasPrefix("/dev/shm/")
    }

    /// Deletes what writers of this file left that were killed: their process is gone, and so is their lock.
    private static func removeAbandoned(_ name: String, in folder: String) {
        for entry in (try? FileSystem.names(in: folder, skipsOthers: true)) ?? []
        where entry.hasPrefix(".\(name).") && entry.hasSuffix(".tmp") {
            let writer = entry.dropFirst(name.count + 2).prefix { $0 != "-" }
            guard let process = pid_t(writer), process != getpid(), kill(process, 0) != 0, errno == ESRCH else {
                continue
            }
            let path = FileSystem.join(folder, entry)
            let descriptor = open(path, O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            // The process may live on another machine that shares the folder.
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
            close(descriptor)
        }
    }

    /// Deletes the temporary files of writes that are under way. For a program that is about to exit on a signal.
    public static func removeTemporaries() {
        temporaries.withLock { names in
            for name in names { unlink(name) }
        }
    }
}
