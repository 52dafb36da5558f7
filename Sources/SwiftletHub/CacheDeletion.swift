import SwiftletIO

/// What goes away with some revisions, so that it can be shown before it happens.
public struct HubCacheDeletion: Sendable, Equatable {
    /// Repositories of which no revision remains.
    public internal(set) var repositories: [String] = []
    /// Folders of revisions that go.
    public internal(set) var snapshots: [String] = []
    /// Files of branches and tags that go.
    public internal(set) var refs: [String] = []
    /// Blobs that no remaining revision uses.
    public internal(set) var blobs: [String] = []
    /// Bytes.
    public internal(set) var freedSize = 0
    /// Commits that were asked for but are not in the cache.
    public internal(set) var unknown: [String] = []

    /// Whether nothing would be deleted.
    public var isEmpty: Bool { repositories.isEmpty && snapshots.isEmpty }
}

extension HubCacheReport {
    /// What would go away with these revisions.
    ///
    /// - Parameter commits: full commit hashes, or at least the first seven digits of one.
    public func deletion(of commits: [String]) -> HubCacheDeletion {
        var deletion = HubCacheDeletion()
        let found = repositories.flatMap(\.revisions).map(\.commit)
        deletion.unknown = commits.filter { asked in !found.contains { Self.means(asked, $0) } }
        for repository in repositories {
            let doomed = repository.revisions.filter { revision in commits.contains { Self.means($0, revision.commit) }
            }
            if doomed.isEmpty { continue }
            if doomed.count == repository.revisions.count {
                deletion.repositories.append(repository.folder)
                deletion.freedSize += repository.size
                continue
            }
            let kept = Set(repository.revisions.filter { !doomed.contains($0) }.flatMap { $0.files.map(\.blob) })
            var seen: Set<String> = []
            for revision in doomed {
                deletion.snapshots.append(revision.folder)
                deletion.refs += revision.refs.map { "\(repository.folder)/refs/\($0)" }
                for file in revision.files where !kept.contains(file.blob) && seen.insert(file.blob).inserted {
                    deletion.freedSize += file.size
                    // What lies in the snapshot itself goes with it.
                    if !file.blob.hasPrefix(revision.folder + "/") { deletion.blobs.append(file.blob) }
                }
            }
        }
        return deletion
    }

    /// What would go away with a repository.
    public func deletion(of repo: HubRepo) -> HubCacheDeletion {
        deletion(of: repositories.filter { $0.repo == repo }.flatMap { $0.revisions.map(\.commit) })
    }

    private static func means(_ asked: String, _ commit: String) -> Bool {
        asked == commit || (asked.utf8.count >= 7 && commit.hasPrefix(asked))
    }
}

extension HubClient {
    /// Deletes revisions from the cache, and the blobs that no other revision uses.
    ///
    /// A blob that another process is downloading or linking at the moment is left alone. The order is such that at no
    /// time a branch points to a missing snapshot or a snapshot to a missing blob, other than the ones that go away.
    ///
    /// - Throws: `HubError` if a repository that would go away whole is in use.
    public func execute(_ deletion: HubCacheDeletion) throws {
        do throws(FileError) {
            for path in deletion.repositories { try deleteRepository(path) }
            for path in deletion.refs { try FileSystem.remove(path) }
            for path in deletion.snapshots { try FileSystem.remove(path) }
            // Under the locks, so that nobody links a blob between the look and the deletion.
            var locks: [FileLock] = []
            var free: [String] = []
            for path in deletion.blobs.sorted() {
                guard let lock = try? FileLock.attempt(lockFile(ofBlob: path)) else { continue }
                locks.append(lock)
                free.append(path)
            }
            defer { withExtendedLifetime(locks) {} }
            var used: Set<String> = []
            for folder in Set(free.map { FileSystem.parent(of: FileSystem.parent(of: $0)) }) {
                let snapshots = FileSystem.join(folder, "snapshots")
                guard FileSystem.isDirectory(snapshots) else { continue }
                for name in try Self.filesBelow(snapshots) {
                    if let target = HubCacheReport.linkTarget(FileSystem.join(snapshots, name)) { used.insert(target) }
                }
            }
            for path in free where !used.contains(path) { try FileSystem.remove(path) }
        } catch {
            throw HubError(error)
        }
    }

    /// Deletes downloads that broke off, other than those under way.
    ///
    /// - Returns: the bytes freed.
    public func deletePartials(_ report: HubCacheReport) throws -> Int {
        var freed = 0
        for partial in report.partials {
            guard let lock = try attemptLock(ofBlob: partial.path) else { continue }
            defer { withExtendedLifetime(lock) {} }
            do { try FileSystem.remove(partial.path) } catch { throw HubError(error) }
            freed += partial.size
        }
        return freed
    }

    private func deleteRepository(_ folder: String) throws(FileError) {
        var locks: [FileLock] = []
        var locked: Set<String> = []
        let blobs = FileSystem.join(folder, "blobs")
        for name in FileSystem.isDirectory(blobs) ? try FileSystem.names(in: blobs) : [] {
            // One lock stands for a blob and its partial file.
            guard locked.insert(Self.etag(name)).inserted else { continue }
            guard let lock = try? FileLock.attempt(lockFile(ofBlob: FileSystem.join(blobs, name))) else {
                throw FileError(
                    path: folder,
                    message: "'\(folder)' is not deleted: another process is downloading '\(Self.etag(name))'",
                    remedy: "Run again when it is done.", kind: .system)
            }
            locks.append(lock)
        }
        defer { withExtendedLifetime(locks) {} }
        // Refs first: what can't be found any more is not missed.
        for part in ["refs", "snapshots"] { try FileSystem.remove(FileSystem.join(folder, part)) }
        try FileSystem.remove(folder)
    }

    private func attemptLock(ofBlob blob: String) throws(HubError) -> FileLock? {
        do { return try FileLock.attempt(lockFile(ofBlob: blob)) } catch { throw HubError(error) }
    }

    /// `<cache>/<repository>/blobs/<etag>` has its lock in `<cache>/.locks/<repository>/<etag>.lock`.
    private func lockFile(ofBlob blob: String) -> String {
        let repository = FileSystem.name(of: FileSystem.parent(of: FileSystem.parent(of: blob)))
        return "\(settings.cacheFolder)/.locks/\(repository)/\(Self.etag(FileSystem.name(of: blob))).lock"
    }

    /// The ETag in the name of a blob or of a partial file, which is `<etag>.incomplete` here and
    /// `<etag>.<8 digits>.incomplete` in Python.
    private static func etag(_ name: String) -> String {
        guard name.hasSuffix(".incomplete") else { return name }
        let stem = name.dropLast(".incomplete".count)
        guard let dot = stem.lastIndex(of: "."), stem[dot...].utf8.count == 9 else { return String(stem) }
        return String(stem[..<dot])
    }
}
