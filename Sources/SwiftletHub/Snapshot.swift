import Logging
import SwiftletIO

/// The files of a repository at one commit, in the cache.
public struct HubSnapshot: Sendable {
    /// The folder with the files. Do not write to it.
    public var folder: String
    /// 40 hex digits.
    public var commit: String
    /// The files that were asked for, by their path in the repository.
    public var files: [String]
}

extension HubClient {
    /// The files of a repository, from the cache as far as they are there, several at a time.
    ///
    /// Without a connection the cached snapshot is returned if it has all the files that are asked for.
    ///
    /// - Parameters:
    ///   - revision: a branch, a tag, or a full commit hash.
    ///   - allow: patterns of the files to get, all without it; `*` also matches `/`, and `data/` means all in it.
    ///   - ignore: patterns of files to leave out.
    ///   - force: download again although they are cached.
    /// - Throws: `HubError`; `CancellationError`. What has arrived is kept for the next call.
    public func snapshot(
        of repo: HubRepo, revision: String = "main", allow: [String]? = nil, ignore: [String]? = nil,
        force: Bool = false,
        progress: HubProgressHandler? = nil
    ) async throws -> HubSnapshot {
        let patterns = FileNameFilter(allow: allow, ignore: ignore)
        let snapshot = try await snapshot(
            of: repo, revision: revision, HubSelection { $0.filter(patterns.accepts) }, force: force, progress: progress
        )
        if snapshot.files.isEmpty, allow != nil || ignore != nil {
            logger.warning("no file of \(repo) matches the patterns")
        }
        return snapshot
    }

    /// Downloads files that are chosen by looking at the names of all.
    package func snapshot(
        of repo: HubRepo, revision: String, _ selection: HubSelection, force: Bool = false,
        progress: HubProgressHandler? = nil
    ) async throws -> HubSnapshot {
        try Names.checkRevision(revision, of: repo)
        if settings.isOffline {
            switch try cachedSnapshot(of: repo, revision, selection) {
            case .whole(let snapshot): return snapshot
            case .lacks(let files):
                throw HubError(
                    .notCached,
                    "the cached snapshot of \(repo) at '\(revision)' lacks \(Self.listed(files)), and HF_HUB_OFFLINE is set",
                    remedy: "Run once without HF_HUB_OFFLINE.", at: ErrorLocation(option: "HF_HUB_OFFLINE"))
            case .none: throw notCached("a snapshot", revision, repo)
            }
        }
        // What is not as it should be in the cache is no reason to fail while the Hub can be asked.
        let known = (try? cachedSnapshot(of: repo, revision, selection)) ?? .none
        let commit: String
        let files: [HubFile]
        do {
            var retries: Int?
            if case .whole = known, !force { retries = 0 }
            commit = try await resolve(revision, of: repo, retries: retries)
            let all = try await listing(commit, of: repo)
            let chosen = Set(try selection.choose(all.map(\.name)))
            files = all.filter { chosen.contains($0.name) }
        } catch let error as HubError where error.kind == .unreachable || error.kind == .busy {
            guard case .whole(let snapshot) = known, !force else { throw error }
            logger.warning("\(error.message); using the cached snapshot")
            return snapshot
        }
        try? cache.setRef(revision, to: commit, of: repo)
        try await storeAll(files, commit, of: repo, force: force, progress)
        return HubSnapshot(folder: cache.snapshot(commit, of: repo), commit: commit, files: files.map(\.name))
    }

    /// The commit that a branch or tag stands for now.
    public func resolve(_ revision: String, of repo: HubRepo) async throws -> String {
        try Names.checkRevision(revision, of: repo)
        return try await resolve(revision, of: repo, retries: nil)
    }

    /// The files of a repository at a commit, in the Hub's order.
    public func files(of repo: HubRepo, revision: String = "main") async throws -> [HubFile] {
        try await listing(try await resolve(revision, of: repo), of: repo)
    }

    private func resolve(_ revision: String, of repo: HubRepo, retries: Int?) async throws -> String {
        if Names.isCommit(revision) { return revision }
        let what = "\(repo) at '\(revision)'"
        let url = "\(settings.endpoint)\(repo.apiPath)/revision/\(Names.urlEncoded(revision, keepingSlashes: false))"
        let json = try await request("GET", url, about: what, retries: retries).json(what)
        guard let commit = json["sha"]?.string, Names.isCommit(commit) else {
            throw HubError(
                .badAnswer, "the Hub's answer about \(what) names no commit", remedy: "Check HF_ENDPOINT.",
                at: ErrorLocation(option: "HF_ENDPOINT"))
        }
        return commit
    }

    /// A commit never changes, so its listing is fetched once.
    private func listing(_ commit: String, of repo: HubRepo) async throws -> [HubFile] {
        if let files = cache.listing(commit, of: repo) {
            try Self.check(files, of: repo)
            return files
        }
        let what = "the files of \(repo)"
        var files: [HubFile] = []
        var next: HTTPAddress? = try address(
            "\(settings.endpoint)\(repo.apiPath)/tree/\(commit)?recursive=true&expand=false", about: what)
        // A page that was there before would lead on for ever.
        var seen: Set<String> = []
        var entryCount = 0
        while let url = next {
            guard seen.insert(url.text).inserted, files.count <= Self.fileLimit,
                seen.count <= min(Self.emptyPageLimit + entryCount / 10, Self.pageLimit)
            else {
                throw HubError(
                    .badAnswer, "the Hub's list of \(what) has no end: \(files.count) files on \(seen.count) pages",
                    remedy: "Check HF_ENDPOINT and any proxy: something else than a Hub may have answered.",
                    at: ErrorLocation(option: "HF_ENDPOINT"))
            }
            let answer = try await request("GET", url.text, about: what)
            guard let entries = try answer.json(what).array else {
                throw HubError(
                    .badAnswer, "the Hub's list of \(what) is no list",
                    remedy: "Check HF_ENDPOINT and any proxy: something else than a Hub may have answered.",
                    at: ErrorLocation(option: "HF_ENDPOINT"))
            }
            entryCount += entries.count
            for entry in entries where entry["type"]?.string == "file" {
                guard let name = entry["path"]?.string, let size = entry["size"]?.int, size >= 0,
                    let id = entry["oid"]?.string
                else {
                    throw HubError(
                        .badAnswer, "the Hub lists a file of \(repo) without its path, size or hash",
                        remedy: "Check HF_ENDPOINT and any proxy: something else than a Hub may have answered.",
                        at: ErrorLocation(option: "HF_ENDPOINT"))
                }
                files.append(
                    HubFile(
                        name: name, size: entry["lfs"]?["size"]?.int ?? size, blobID: id,
                        sha256: entry["lfs"]?["oid"]?.string,
                        xetHash: entry["xetHash"]?.string))
            }
            next = nil
            if let link = answer.head["Link"].flatMap(Self.nextPage) {
                do { next = try answer.url.resolving(link) } catch { throw refusal(error, what) }
            }
            if let page = next, !isHub(page) {
                throw HubError(
                    .badAnswer, "the list of \(what) goes on outside the Hub",
                    remedy: "Check HF_ENDPOINT and any proxy: something else than a Hub may have answered.",
                    at: ErrorLocation(option: "HF_ENDPOINT"))
            }
        }
        try Self.check(files, of: repo)
        // A cache that can only be read is no reason to fail.
        try? cache.setListing(files, commit, of: repo)
        return files
    }

    /// A page has up to 1000 entries, and the Hub advises against more than 100,000 files in a repository.
    private static let pageLimit = 10_000
    /// Pages beyond these must have ten entries each on average.
    private static let emptyPageLimit = 200
    private static let fileLimit = 10_000_000

    /// Names and hashes become paths in the cache: none may lead out of it.
    private static func check(_ files: [HubFile], of repo: HubRepo) throws(HubError) {
        for file in files { try Names.checkSize(file.size, "'\(file.name)' of \(repo)") }
        for file in files where !Names.isBlobName(file.etag) {
            throw HubError(
                .badAnswer, "the Hub lists '\(file.name)' of \(repo) with a hash that is none, '\(file.etag)'",
                remedy: "Don't trust this repository. Nothing of it was downloaded.",
                at: ErrorLocation(path: file.name))
        }
        for file in files where !Names.staysInside(file.name) {
            throw HubError(
                .badAnswer, "\(repo) has a file named '\(file.name)', which would lie outside its folder",
                remedy: "Don't trust this repository. Nothing of it was downloaded.",
                at: ErrorLocation(path: file.name))
        }
    }

    /// The address in `<https://…>; rel="next"`.
    static func nextPage(_ link: String) -> String? {
        for part in link.split(separator: ",") where part.contains("rel=\"next\"") {
            guard let open = part.firstIndex(of: "<"), let close = part.firstIndex(of: ">"), open < close else {
                continue
            }
            return String(part[part.index(after: open)..<close])
        }
        return nil
    }

    private func storeAll(
        _ files: [HubFile], _ commit: String, of repo: HubRepo, force: Bool, _ progress: HubProgressHandler?
    ) async throws {
        let meter = ProgressMeter(files: files.count, progress)
        try FileSystem.createDirectory(cache.snapshot(commit, of: repo))
        try await forEachAtOnce(files, limit: settings.parallelTransfers) { file in
            let source = Source(
                file: file.name, commit: commit, etag: file.etag, size: file.size,
                url: resolveURL(file.name, commit, repo))
            _ = try await store(source, of: repo, revision: commit, force: force, meter)
        }
    }

    // MARK: Without the Hub

    private enum Known {
        case none
        case whole(HubSnapshot)
        case lacks([String])
    }

    /// What the cache has of a revision, as far as it can tell.
    private func cachedSnapshot(of repo: HubRepo, _ revision: String, _ selection: HubSelection) throws -> Known {
        guard let commit = try cache.commit(revision, of: repo) else { return .none }
        let folder = cache.snapshot(commit, of: repo)
        guard FileSystem.isDirectory(folder) else { return .none }
        // Without a listing nobody knows what is missing; Python takes such a snapshot for whole too.
        let names = try cache.listing(commit, of: repo)?.map(\.name) ?? Self.filesBelow(folder)
        let wanted = try selection.choose(names.filter(Names.staysInside))
        let missing = Set(wanted.filter { !FileSystem.isRegularFile(FileSystem.join(folder, $0)) })
        let needed = missing.filter { !selection.mayLack($0) }
        if !needed.isEmpty { return .lacks(needed.sorted()) }
        return .whole(HubSnapshot(folder: folder, commit: commit, files: wanted.filter { !missing.contains($0) }))
    }

    /// The names of all files of a commit, as far as the cache knows them.
    package func cachedNames(of repo: HubRepo, commit: String) throws -> [String] {
        let folder = cache.snapshot(commit, of: repo)
        return try cache.listing(commit, of: repo)?.map(\.name)
            ?? (FileSystem.isDirectory(folder) ? Self.filesBelow(folder) : [])
    }

    /// Paths of files below a folder, relative to it. Links to folders are not followed: they may lead in circles.
    static func filesBelow(_ folder: String, _ prefix: String = "") throws(FileError) -> [String] {
        var result: [String] = []
        for name in try FileSystem.names(in: FileSystem.join(folder, prefix)) {
            let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
            let full = FileSystem.join(folder, path)
            if FileSystem.isDirectory(full), HubCacheReport.linkTarget(full) == nil {
                result += try filesBelow(folder, path)
            } else {
                result.append(path)
            }
        }
        return result
    }

    static func listed(_ names: [String]) -> String {
        names.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
            + (names.count > 3 ? " and \(names.count - 3) more" : "")
    }
}

/// Runs a step for each element, a few at a time; the first error stops the others.
func forEachAtOnce<Element: Sendable>(
    _ elements: [Element], limit: Int, _ step: @escaping @Sendable (Element) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, element) in elements.enumerated() {
            if index >= max(limit, 1) { try await group.next() }
            group.addTask { try await step(element) }
        }
        try await group.waitForAll()
    }
}
