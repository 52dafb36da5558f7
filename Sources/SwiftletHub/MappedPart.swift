import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A part of a file in memory, from any offset. Whoever gets `address` calls `unmap` once.
struct MappedPart: @unchecked Sendable {
    // Sendable: the bytes are only read, and freed once by the owner.
    let address: UnsafeMutableRawPointer
    private let base: UnsafeMutableRawPointer
    private let length: Int

    init(_ path: String, offset: Int, count: Int) throws(HubError) {
        func refused(_ action: String) -> HubError {
            let error = FileError.system(action, path, code: errno)
            return HubError(error)
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw refused("read") }
        defer { close(descriptor) }
        var status = stat()
        // Touching a mapped page behind the end would kill the process.
        guard fstat(descriptor, &status) == 0, (status.st_mode & S_IFMT) == S_IFREG,
            count <= Int(status.st_size) - offset
        else {
            throw HubError(
                .file, "can't read '\(path)': it became shorter while it was sent",
                remedy: "Check that the file is there and is not being changed.", at: ErrorLocation(path: path))
        }
        let skip = offset % Int(getpagesize())
        length = count + skip
        guard let mapped = mmap(nil, length, PROT_READ, MAP_PRIVATE, descriptor, off_t(offset - skip)),
            mapped != MAP_FAILED
        else {
            throw refused("map")
        }
        base = mapped
        address = mapped + skip
    }

    func unmap() { munmap(base, length) }
}
