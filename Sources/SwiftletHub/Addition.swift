import SwiftletIO
import Synchronization

/// A file on its way into a commit.
struct Addition: Sendable {
    enum Content: Sendable {
        case file(String)
        case bytes([UInt8])
    }

    let content: Content
    let name: String
    let size: Int
    /// The first bytes, from which the Hub tells text from binary.
    private let sample: [UInt8]
    var isLarge = false
    var isIgnored = false
    /// The hash of the file that the repository has under this name.
    var remoteHash: String?
    var hash: String?

    init(_ content: Content, name: String) throws {
        self.content = content
        self.name = name
        switch content {
        case .bytes(let bytes):
            size = bytes.count
            sample = Array(bytes.prefix(512))
        case .file(let path):
            let file = try MappedFile(path)
            (size, sample) = withExtendedLifetime(file) { (file.bytes.count, Array(file.bytes.prefix(512))) }
        }
    }

    var question: JSONValue {
        .object(
            JSONObject([("path", .string(name)), ("sample", .string(Base64.encoded(sample))), ("size", .int(size))]))
    }

    /// A part of the content as a request's body.
    func body(_ offset: Int, _ count: Int) -> HTTPBody {
        switch content {
        case .bytes(let bytes): .bytes(Array(bytes[offset..<offset + count]))
        case .file(let path): .file(path, offset: offset, count: count)
        }
    }

    func bytes() throws -> [UInt8] {
        switch content {
        case .bytes(let bytes): return bytes
        case .file(let path):
            let file = try MappedFile(path)
            guard file.bytes.count == size else { throw changed(path) }
            return withExtendedLifetime(file) { Array(file.bytes) }
        }
    }

    /// The name that the Hub gives the content: SHA-256 of a large file, Git's hash of another.
    func computeHash() throws -> String {
        guard isLarge else { return SHA1.gitBlob(try bytes()) }
        switch content {
        case .bytes(let bytes): return SHA256.hash(bytes)
        case .file(let path):
            let file = try MappedFile(path)
            guard file.bytes.count == size else { throw changed(path) }
            return withExtendedLifetime(file) {
                var hash = SHA256()
                hash.update(file.bytes)
                return hash.finish()
            }
        }
    }

    private func changed(_ path: String) -> HubError {
        HubError(
            .file, "'\(path)' changed while it was uploaded", remedy: "Run again when nothing writes to it.",
            at: ErrorLocation(path: path))
    }
}

/// Results of steps that run at the same time, by position.
final class Collected<Value: Sendable>: Sendable {
    private let values = Mutex<[Int: Value]>([:])

    subscript(index: Int) -> Value? {
        get { values.withLock { $0[index] } }
        set { values.withLock { $0[index] = newValue } }
    }
}

enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encoded(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group = UInt32(bytes[start]) << 16
            if count > 1 { group |= UInt32(bytes[start + 1]) << 8 }
            if count > 2 { group |= UInt32(bytes[start + 2]) }
            for place in 0..<4 {
                result.append(place <= count ? digits[Int(group >> UInt32(18 - 6 * place)) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
