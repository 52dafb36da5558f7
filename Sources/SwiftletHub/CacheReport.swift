import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What the cache holds, as `scanCache` found it.
public struct HubCacheReport: Sendable {
    /// A file of a snapshot.
    public struct File: Sendable, Equatable {
        /// The path in the repository.
        public var name: String
        /// Where its bytes are: a blob, or the snapshot itself on file systems without links.
        public var blob: String
        /// Its bytes.
        public var size: Int
    }

    /// One commit of a repository.
    public struct Revision: Sendable, Equatable {
        /// 40 hex digits.
        public var commit: String
        /// The folder of its snapshot.
        public var folder: String
        /// Branches and tags that pointed here when the Hub was last asked.
        public var refs: [String]
        /// Its files.
        public var files: [File]
        /// Bytes of its files, of which other revisions may share some.
        public var size: Int
        /// Seconds since 1970.
        public var lastModified: Double
    }

    /// A repository of which something is in the cache.
    public struct Repository: Sendable, Equatable {
        /// Its kind and name.
        public var repo: HubRepo
        /// Its folder in the cache.
        public var folder: String
        /// Its commits of which there is a snapshot.
        public var revisions: [Revision]
        /// Bytes on disk; what revisions share counts once.
        public var size: Int
        /// Seconds since 1970.
        public var lastAccessed: Double
        /// When a file of it last changed, in seconds since 1970.
        public var lastModified: Double

        /// Branches and tags of all revisions, in order.
        public var refs: [String] { revisions.flatMap(\.refs).sorted() }
        /// Files of all revisions; a shared one counts once.
        public var fileCount: Int { Set(revisions.flatMap { $0.files.map(\.blob) }).count }
    }

    /// A download that broke off.
    public struct Partial: Sendable, Equatable {
        /// The unfinished file.
        public var path: String
        /// Bytes that have arrived.
        public var size: Int
    }

    /// The cache's folder.
    public var folder: String
    /// What is in the cache, by repository.
    public var repositories: [Repository]
    /// Downloads that broke off.
    public var partials: [Partial]
    /// What does not look like a part of a cache, in words; nothing of it is counted or deleted.
    public var problems: [String]

    /// Bytes on disk, without broken-off downloads.
    public var size: Int { repositories.reduce(0) { $0 + $1.size } }
}

extension HubClient {
    /// Looks through the cache.
    ///
    /// - Throws: `HubError` if there is no cache; a repository that can't be read becomes one of the report's problems.
    public func scanCache() throws -> HubCacheReport { try HubCacheReport(scanning: settings.cacheFolder) }
}

extension HubCacheReport {
    /// Looks through a cache.
    public init(scanning folder: String) throws {
        guard FileSystem.isDirectory(folder) else {
            throw HubError(
                .file, "there is no cache at '\(folder)'",
                remedy: "Check HF_HUB_CACHE and HF_HOME; a first download makes the folder.",
                at: ErrorLocation(path: folder))
        }
        self.folder = folder
        repositories = []
        partials = []
        problems = []
        // `blobs` is where newer Python clients keep bytes that several repositories share.
        let known: Set = [".locks", "CACHEDIR.TAG", "blobs", ".DS_Store"]
        for name in try FileSystem.names(in: folder) where !known.contains(name) {
            let path = FileSystem.join(folder, name)
            guard FileSystem.isDirectory(path), let repo = HubRepo(folderName: name) else {
                problems.append("'\(path)' is not the folder of a repository")
                continue
            }
            do throws(FileError) {
                if let repository = try Self.repository(repo, path, &problems) { repositories.append(repository) }
                partials += try Self.partials(path)
            } catch {
                problems.append(error.message)
            }
        }
    }

    private static func repository(_ repo: HubRepo, _ path: String, _ problems: inout [String]) throws(FileError)
        -> Repository?
    {
        let snapshots = FileSystem.join(path, "snapshots")
        guard FileSystem.isDirectory(snapshots) else {
            problems.append("'\(path)' has no folder 'snapshots'")
            return nil
        }
        var refs: [String: [String]] = [:]
        let refsFolder = FileSystem.join(path, "refs")
        for name in FileSystem.isDirectory(refsFolder) ? try HubClient.filesBelow(refsFolder) : [] {
            let commit = try MappedFile.text(FileSystem.join(refsFolder, name)).filter { !$0.isWhitespace }
            refs[commit, default: []].append(name)
        }
        var blobs: [String: FileTimes] = [:]
        var revisions: [Revision] = []
        for commit in try FileSystem.names(in: snapshots) where commit != ".DS_Store" {
            let folder = FileSystem.join(snapshots, commit)
            guard FileSystem.isDirectory(folder) else {
                problems.append("'\(folder)' is not a snapshot")
                continue
            }
            var files: [File] = []
            for name in try HubClient.filesBelow(folder) {
                let file = FileSystem.join(folder, name)
                guard let times = FileTimes(file) else {
                    problems.append("'\(file)' leads to a blob that is gone")
                    continue
                }
                let blob = linkTarget(file) ?? file
                blobs[blob] = times
                files.append(File(name: name, blob: blob, size: times.size))
            }
            let unique = Dictionary(files.map { ($0.blob, $0.size) }, uniquingKeysWith: { first, _ in first })
            revisions.append(
                Revision(
                    commit: commit, folder: folder, refs: (refs.removeValue(forKey: commit) ?? []).sorted(),
                    files: files,
                    size: unique.values.reduce(0, +),
                    lastModified: files.compactMap { blobs[$0.blob]?.modified }.max() ?? FileTimes(folder)?.modified
                        ?? 0))
        }
        for (commit, names) in refs.sorted(by: { $0.key < $1.key }) {
            problems.append("'\(path)': \(names.joined(separator: ", ")) points to '\(commit)', which has no snapshot")
        }
        let own = FileTimes(path)
        return Repository(
            repo: repo, folder: path, revisions: revisions, size: blobs.values.reduce(0) { $0 + $1.size },
            lastAccessed: blobs.values.map(\.accessed).max() ?? own?.accessed ?? 0,
            lastModified: blobs.values.map(\.modified).max() ?? own?.modified ?? 0)
    }

    private static func partials(_ path: String) throws(FileError) -> [Partial] {
        let blobs = FileSystem.join(path, "blobs")
        guard FileSystem.isDirectory(blobs) else { return [] }
        var result: [Partial] = []
        for name in try FileSystem.names(in: blobs) where name.hasSuffix(".incomplete") {
            let file = FileSystem.join(blobs, name)
            if let times = FileTimes(file) { result.append(Partial(path: file, size: times.size)) }
        }
        return result
    }

    /// Where a link points, made absolute without following further links; `nil` for something else than a link.
    static func linkTarget(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes {
            readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        guard count > 0 else { return nil }
        let target = String(decoding: buffer[..<count], as: UTF8.self)
        if target.hasPrefix("/") { return target }
        var folder = FileSystem.parent(of: path)
        var rest = target[...]
        while rest.hasPrefix("../") {
            folder = FileSystem.parent(of: folder)
            rest = rest.dropFirst(3)
        }
        return FileSystem.join(folder, String(rest))
    }
}

/// Size and times of a file, behind links; `nil` if there is none.
private struct FileTimes {
    var size: Int
    var accessed: Double
    var modified: Double

    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        size = Int(status.st_size)
        #if canImport(Darwin)
        let times = (status.st_atimespec, status.st_mtimespec)
        #else
        let times = (status.st_atim, status.st_mtim)
        #endif
        accessed = Double(times.0.tv_sec) + Double(times.0.tv_nsec) / 1e9
        modified = Double(times.1.tv_sec) + Double(times.1.tv_nsec) / 1e9
    }
}
