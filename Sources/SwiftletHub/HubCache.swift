import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The layout of the cache, which is that of the Hub's Python client:
///
///     models--ns--name/blobs/<etag>               a file's bytes, named by their hash
///                      refs/<revision>            the commit a branch or tag stands for
///                      snapshots/<commit>/<file>  a relative link to the blob
///                      .no_exist/<commit>/<file>  a file that is known to be absent
///                      trees/<commit>.json        the files of a commit
///     .locks/models--ns--name/<etag>.lock
struct HubCache: Sendable {
    let folder: String

    func repoFolder(_ repo: HubRepo) -> String { FileSystem.join(folder, repo.folderName) }
    func blob(_ etag: String, of repo: HubRepo) -> String { "\(repoFolder(repo))/blobs/\(etag)" }
    func snapshot(_ commit: String, of repo: HubRepo) -> String { "\(repoFolder(repo))/snapshots/\(commit)" }
    func pointer(_ file: String, _ commit: String, of repo: HubRepo) -> String {
        "\(snapshot(commit, of: repo))/\(file)"
    }
    func lock(_ etag: String, of repo: HubRepo) -> String { "\(folder)/.locks/\(repo.folderName)/\(etag).lock" }
    private func ref(_ revision: String, of repo: HubRepo) -> String { "\(repoFolder(repo))/refs/\(revision)" }
    private func tree(_ commit: String, of repo: HubRepo) -> String { "\(repoFolder(repo))/trees/\(commit).json" }
    private func absence(_ file: String, _ commit: String, of repo: HubRepo) -> String {
        "\(repoFolder(repo))/.no_exist/\(commit)/\(file)"
    }

    /// The commit that a revision had when the Hub was last asked.
    ///
    /// - Throws: `FileError` where the system is short of what reading takes; a ref that is damaged is none.
    func commit(_ revision: String, of repo: HubRepo) throws(FileError) -> String? {
        if Names.isCommit(revision) { return revision }
        let path = ref(revision, of: repo)
        guard FileSystem.isRegularFile(path) else { return nil }
        let text: String
        do { text = try MappedFile.text(path) } catch {
            if error.kind == .shortage { throw error }
            return nil
        }
        let commit = String(text.filter { !$0.isWhitespace })
        return Names.isCommit(commit) ? commit : nil
    }

    /// A file that is in the cache, in the given revision.
    func file(_ file: String, _ revision: String, of repo: HubRepo) throws(FileError) -> String? {
        guard let commit = try commit(revision, of: repo) else { return nil }
        let path = pointer(file, commit, of: repo)
        return FileSystem.isRegularFile(path) ? path : nil
    }

    func isKnownAbsent(_ file: String, _ revision: String, of repo: HubRepo) -> Bool {
        guard let commit = try? commit(revision, of: repo) else { return false }
        return FileSystem.exists(absence(file, commit, of: repo))
    }

    /// Notes that a commit lacks a file. A cache that can't be written is no reason to fail.
    func noteAbsence(_ file: String, _ commit: String, of repo: HubRepo) {
        let path = absence(file, commit, of: repo)
        guard !FileSystem.exists(path) else { return }
        try? FileSystem.createDirectory(FileSystem.parent(of: path))
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        if descriptor >= 0 { close(descriptor) }
    }

    /// Remembers the commit of a branch or tag, if it is new.
    func setRef(_ revision: String, to commit: String, of repo: HubRepo) throws(FileError) {
        guard revision != commit, try self.commit(revision, of: repo) != commit else { return }
        // Python takes a ref without a snapshot folder for damage.
        try FileSystem.createDirectory(snapshot(commit, of: repo))
        try AtomicFile.write(commit, to: ref(revision, of: repo))
    }

    /// Makes the folders of a repository, and tells backup programs to leave the cache out.
    func prepare(_ repo: HubRepo) throws(FileError) {
        try FileSystem.createDirectory("\(repoFolder(repo))/blobs")
        let tag = FileSystem.join(folder, "CACHEDIR.TAG")
        guard !FileSystem.exists(tag) else { return }
        try AtomicFile.write(
            "Signature: 8a477f597d28d172789f06886806bc55\n# Files from the Hugging Face Hub; they can be downloaded again.\n",
            to: tag)
    }

    /// Puts a file into a snapshot: a link to the blob, or the blob itself where there are no links.
    func link(_ file: String, _ commit: String, toBlob etag: String, of repo: HubRepo) throws {
        let path = pointer(file, commit, of: repo)
        if FileSystem.isRegularFile(path) { return }
        try FileSystem.createDirectory(FileSystem.parent(of: path))
        let depth = file.split(separator: "/").count
        let target = String(repeating: "../", count: depth + 1) + "blobs/\(etag)"
        for _ in 0..<2 {
            if symlink(target, path) == 0 { return }
            let code = errno
            switch code {
            case EEXIST:
                if FileSystem.isRegularFile(path) { return }
                // A link to a blob that was deleted.
                unlink(path)
            case EPERM, ENOTSUP, ENOSYS:
                try FileSystem.rename(blob(etag, of: repo), to: path)
                return
            default:
                throw HubError(
                    .file, "can't link '\(path)': \(String(cString: strerror(code)))",
                    remedy: "Check that the cache folder can be written.", at: ErrorLocation(path: path))
            }
        }
    }

    // MARK: Listings

    private static let listingVersion = 1

    /// The files of a commit, if they were listed before.
    func listing(_ commit: String, of repo: HubRepo) -> [HubFile]? {
        let path = tree(commit, of: repo)
        // A listing that can't be read is fetched again.
        guard FileSystem.isRegularFile(path), let json = try? JSONValue(contentsOf: path),
            json["format_version"]?.int == Self.listingVersion, let files = json["files"]?.object
        else { return nil }
        var result: [HubFile] = []
        for (name, entry) in zip(files.keys, files.values) {
            guard let size = entry["size"]?.int, (0...Names.sizeLimit).contains(entry["lfs_size"]?.int ?? size),
                let id = entry["blob_id"]?.string
            else { return nil }
            result.append(
                HubFile(
                    name: name, size: entry["lfs_size"]?.int ?? size, blobID: id, sha256: entry["lfs_sha256"]?.string,
                    xetHash: entry["xet_hash"]?.string))
        }
        return result
    }

    func setListing(_ files: [HubFile], _ commit: String, of repo: HubRepo) throws(FileError) {
        let entries = files.sorted { $0.name < $1.name }.map { file in
            var entry = JSONObject([("size", .int(file.size)), ("blob_id", .string(file.blobID))])
            if let sha256 = file.sha256 {
                entry["lfs_sha256"] = .string(sha256)
                entry["lfs_size"] = .int(file.size)
            }
            if let hash = file.xetHash { entry["xet_hash"] = .string(hash) }
            return (file.name, JSONValue.object(entry))
        }
        let json = JSONValue.object(
            JSONObject([("format_version", .int(Self.listingVersion)), ("files", .object(JSONObject(entries)))]))
        try AtomicFile.write(json.text(JSONStyle(indent: 1)), to: tree(commit, of: repo))
    }
}

/// A file in a repository.
public struct HubFile: Sendable, Equatable {
    /// The path in the repository.
    public var name: String
    /// In bytes.
    public var size: Int
    /// Git's hash: of the bytes, or of the pointer to a large file.
    var blobID: String
    /// The hash of the bytes of a large file.
    var sha256: String?
    var xetHash: String?

    /// The name of the blob in the cache.
    var etag: String { sha256 ?? blobID }
}
