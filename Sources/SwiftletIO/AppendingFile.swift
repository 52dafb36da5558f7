#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A file that grows record by record, such as a log.
///
/// Each record goes to the system at once and in whole, so that it is there after this process is killed. If a
/// record can't be written in whole, the disk being full, none of it stays in the file.
public final class AppendingFile {
    /// The file's path.
    public let path: String
    private let descriptor: Int32

    /// Opens the file at its end; the file and the folders above it are made if need be.
    ///
    /// - Parameter replacing: whether an existing file is emptied first.
    public init(_ path: String, replacing: Bool = false) throws(FileError) {
        self.path = path
        try FileSystem.createDirectory(FileSystem.parent(of: path))
        let mode = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC
        descriptor = open(path, replacing ? mode | O_TRUNC : mode, 0o666)
        guard descriptor >= 0 else { throw .system("write", path, code: errno) }
    }

    deinit { close(descriptor) }

    /// Writes one record at the end of the file.
    public func append(_ record: [UInt8]) throws(FileError) {
        let end = lseek(descriptor, 0, SEEK_END)
        let code = record.withUnsafeBytes { bytes -> Int32 in
            var offset = 0
            while offset < bytes.count {
                let written = write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
                if written < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                offset += written
            }
            return 0
        }
        guard code == 0 else {
            if end >= 0 { _ = ftruncate(descriptor, end) }
            throw .system("write", path, code: code)
        }
    }

    /// Takes away what follows the last newline: a line that a power cut, or a program other than this one, left
    /// unfinished.
    public func dropUnfinishedLine() throws(FileError) {
        var end = lseek(descriptor, 0, SEEK_END)
        let length = end
        var chunk = [UInt8](repeating: 0, count: 4096)
        while end > 0 {
            let start = max(0, end - off_t(chunk.count))
            let wanted = Int(end - start)
            let count = chunk.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress!, wanted, start) }
            // What is there must be whole: a short read of it is an error like any other.
            guard count == wanted else { throw .system("read", path, code: count < 0 ? errno : EIO) }
            if let newline = chunk[..<wanted].lastIndex(of: UInt8(ascii: "\n")) {
                end = start + off_t(newline) + 1
                break
            }
            end = start
        }
        guard end < length else { return }
        guard ftruncate(descriptor, end) == 0 else { throw .system("write", path, code: errno) }
    }
}
