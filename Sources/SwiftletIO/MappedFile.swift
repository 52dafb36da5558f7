#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A file mapped into memory: pages are read when touched and shared between processes.
public final class MappedFile: Sendable {
    /// The file's path.
    public let path: String
    /// Valid as long as this object: keep it with `withExtendedLifetime` while the bytes are in use.
    // Sendable: never written after `init` but by whoever asked for a copy on write.
    /// The file's bytes, valid as long as this object is.
    public nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    /// - Parameter copiesOnWrite: the bytes may be written to, which gives this object pages of its own and leaves the
    ///   file as it is. Else writing ends the process.
    /// - Throws: `FileError` if the file can't be opened, or is no regular file: what comes through a pipe can't be mapped.
    public init(_ path: String, copiesOnWrite: Bool = false) throws(FileError) {
        self.path = path
        let descriptor = try FileSystem.openForReading(path)
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("read", path, code: errno) }
        let count = Int(status.st_size)
        // mmap refuses length 0.
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        // No memory is set aside for pages that may never be written to: the file may be larger than what is free.
        let address = mmap(
            nil, count, copiesOnWrite ? PROT_READ | PROT_WRITE : PROT_READ, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0)
        guard let address, address != MAP_FAILED else { throw .system("map", path, code: errno) }
        bytes = UnsafeRawBufferPointer(start: address, count: count)
    }

    deinit {
        if let base = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
        }
    }

    /// A copy of the whole file. For text: a file that is changed while it is checked and taken apart must not become a
    /// text that is none, and one that becomes shorter must not end the process.
    static func contents(_ path: String) throws(FileError) -> [UInt8] {
        let descriptor = try FileSystem.openForReading(path)
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("read", path, code: errno) }
        let size = Int(status.st_size)
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let read = pread(descriptor, buffer.baseAddress! + count, size - count, off_t(count))
                if read < 0, errno == EINTR { continue }
                if read < 0 { code = errno }
                if read <= 0 { return }
                count += read
            }
        }
        guard code == 0 else { throw .system("read", path, code: code) }
        return bytes
    }

    /// The whole file as text.
    ///
    /// - Throws: `FileError` if the bytes are not UTF-8.
    public static func text(_ path: String) throws(FileError) -> String {
        guard let text = String(validating: try contents(path), as: UTF8.self) else {
            throw FileError(
                path: path, message: "'\(path)' is not UTF-8 text", remedy: "Convert the file to UTF-8.",
                kind: .unexpected)
        }
        return text
    }
}
