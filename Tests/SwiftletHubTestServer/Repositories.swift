import SwiftletHub
import SwiftletIO

/// The bytes of a file on the server.
struct Blob: Sendable {
    var bytes: [UInt8]
    /// Large files lie in another store and are named by their SHA-256.
    var isLarge: Bool
    let sha256: String
    /// Git's hash of the bytes, or of the pointer that stands for them in the repository.
    let id: String

    init(_ bytes: [UInt8], isLarge: Bool) {
        self.bytes = bytes
        self.isLarge = isLarge
        sha256 = SHA256.hash(bytes)
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:\(sha256)\nsize \(bytes.count)\n"
        id = SHA1.gitBlob(isLarge ? Array(pointer.utf8) : bytes)
    }

    var etag: String { isLarge ? sha256 : id }
}

/// A repository with its history.
struct Repository: Sendable {
    struct Commit: Sendable {
        var id: String
        var files: [String: Blob]
        var message: String
    }

    var commits: [String: Commit] = [:]
    var refs: [String: String] = [:]
    /// Who may see it; `nil` for everybody.
    var token: String?
    var isGated = false

    func commit(_ revision: String) -> Commit? { commits[refs[revision] ?? revision] }

    /// Puts a new state on a branch.
    @discardableResult
    mutating func add(_ files: [String: Blob], to branch: String, _ message: String) -> String {
        let listing = files.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.id)" }.joined(separator: "\n")
        let id = SHA1.gitBlob(Array("\(refs[branch] ?? "")\n\(commits.count)\n\(message)\n\(listing)".utf8))
        commits[id] = Commit(id: id, files: files, message: message)
        refs[branch] = id
        return id
    }
}

/// What the server holds.
struct Store: Sendable {
    var repositories: [HubRepo: Repository] = [:]
    /// Old names that lead to new ones.
    var renamed: [HubRepo: HubRepo] = [:]
    /// Large files by SHA-256, also those no commit names yet.
    var large: [String: [UInt8]] = [:]
    /// Parts of large files that are being uploaded.
    var parts: [String: [Int: [UInt8]]] = [:]
    /// Who may write.
    var writeToken: String?
    /// Files from this size on, and those the Hub takes for binary by their names, are large.
    var largeFrom = 10 << 20
    /// Large files are uploaded in parts of this size if they are longer.
    var partSize: Int?
    /// Entries of a listing in one answer.
    var pageSize = 1000
    var faults: [HubTestServer.Fault] = []
    var log: [HubTestServer.Entry] = []
    var endedFloods = 0
    var endedStalls = 0

    /// Takes the faults that hit a request.
    mutating func takeFaults(_ method: String, _ path: String, isStore: Bool) -> [HubTestServer.Effect] {
        var effects: [HubTestServer.Effect] = []
        for index in faults.indices where faults[index].hits(method, path, isStore: isStore) {
            faults[index].times -= 1
            effects.append(faults[index].effect)
        }
        return effects
    }

    func isLarge(_ name: String, _ size: Int) -> Bool {
        let endings = [".safetensors", ".bin", ".parquet", ".arrow", ".pt", ".gz", ".zip"]
        return size >= largeFrom || endings.contains { name.hasSuffix($0) }
    }
}
