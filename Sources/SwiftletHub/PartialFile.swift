import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A file that is being downloaded: `<etag>.incomplete` beside the blob. It stays when a download breaks off, and the
/// next one, in this process or another, goes on at its end.
///
/// Used under the blob's lock, by one transfer at a time.
final class PartialFile: @unchecked Sendable {
    // Sendable: `position`, `hash` change only in the sink of the one transfer under way.
    let path: String
    let size: Int?
    private let descriptor: Int32
    private let etag: String
    private(set) var position = 0
    private var hash: ContentHash
    /// What is taken of a file whose size the Hub does not say: 64 GiB. Large files have their sizes said.
    private static let limit = 1 << 36

    init(_ path: String, etag: String, size: Int?) throws {
        self.path = path
        self.etag = etag
        self.size = size
        hash = ContentHash(etag: etag, size: size)
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw Self.refused("open", path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.refused("open", path) }
        guard (status.st_mode & S_IFMT) == S_IFREG else {
            throw HubError(
                .file, "'\(path)' is no file", remedy: "Remove it, or set HF_HUB_CACHE to another folder.",
                at: ErrorLocation(path: path))
        }
        // More bytes than the file has can't be a part of it.
        if status.st_size > 0, size.map({ Int(status.st_size) > $0 }) ?? false {
            try restart()
        } else {
            try hashPresent(Int(status.st_size))
        }
    }

    deinit { close(descriptor) }

    var isComplete: Bool { size.map { position == $0 } ?? false }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        guard bytes.count <= (size ?? Self.limit) - position else {
            throw HubError(
                .damaged,
                size.map { "the Hub sends more than the \($0) bytes it promised for '\(FileSystem.name(of: path))'" }
                    ?? "the Hub sends more than \(Self.limit) bytes for '\(FileSystem.name(of: path))', whose size it does not say",
                remedy: "Check HF_ENDPOINT and any proxy: something else than a Hub may have answered.",
                at: ErrorLocation(path: path))
        }
        var offset = 0
        while offset < bytes.count {
            let count = pwrite(descriptor, bytes.baseAddress! + offset, bytes.count - offset, off_t(position + offset))
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.refused("write", path)
            }
            offset += count
        }
        hash.update(bytes)
        position += bytes.count
    }

    /// Drops what is there.
    func restart() throws {
        guard ftruncate(descriptor, 0) == 0 else { throw Self.refused("shorten", path) }
        position = 0
        hash = ContentHash(etag: etag, size: size)
    }

    /// Whether the bytes are those the ETag names, as far as it names any.
    func matches() -> Bool {
        if let size, position != size { return false }
        return hash.matches(etag)
    }

    /// Makes the bytes durable and gives the file its final name.
    func move(to target: String) throws {
        guard fsync(descriptor) == 0 else { throw Self.refused("write", path) }
        try FileSystem.rename(path, to: target)
    }

    func remove() { unlink(path) }

    private func hashPresent(_ count: Int) throws {
        let length = 1 << 20
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 16)
        defer { buffer.deallocate() }
        while position < count {
            let read = pread(descriptor, buffer.baseAddress, min(length, count - position), off_t(position))
            if read < 0, errno == EINTR { continue }
            guard read > 0 else { throw Self.refused("read", path) }
            hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
            position += read
        }
    }

    private static func refused(_ action: String, _ path: String) -> HubError {
        var error = FileError.system(action, path, code: errno)
        switch error.kind {
        case .noSpace:
            error.remedy = "The disk is full: free some space and run again; the download goes on where it stopped."
        case .shortage: break
        default: error.remedy = "Check that the cache folder can be written, or set HF_HUB_CACHE to another one."
        }
        return HubError(error)
    }
}

/// The hash that an ETag of the Hub is: SHA-256 of large files, Git's SHA-1 of the others. Other servers' tags say
/// nothing about the bytes.
enum ContentHash {
    case sha256(SHA256)
    case git(SHA1)
    case none

    init(etag: String, size: Int?) {
        if Names.isHex(etag, count: 64) {
            self = .sha256(SHA256())
        } else if Names.isHex(etag, count: 40), let size {
            self = .git(SHA1(gitBlobOf: size))
        } else {
            self = .none
        }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // Taken out and put back, so that the state is not copied.
        switch consume self {
        case .sha256(var hash):
            hash.update(bytes)
            self = .sha256(hash)
        case .git(var hash):
            hash.update(bytes)
            self = .git(hash)
        case .none: self = .none
        }
    }

    func matches(_ etag: String) -> Bool {
        switch self {
        case .sha256(var hash): hash.finish() == etag
        case .git(var hash): hash.finish() == etag
        case .none: true
        }
    }
}
