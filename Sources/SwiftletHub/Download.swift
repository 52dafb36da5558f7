import Logging
import SwiftletIO

extension HubClient {
    /// A file from the cache, downloaded first if it is not there or the revision has moved.
    ///
    /// Without a connection the cached file is returned, if there is one.
    ///
    /// - Parameters:
    ///   - file: the path in the repository.
    ///   - revision: a branch, a tag, or a full commit hash. With a commit hash a cached file is returned without asking.
    ///   - force: download again although it is cached.
    /// - Returns: the path in the cache; do not write to it.
    /// - Throws: `HubError`; `CancellationError`, after which what has arrived is kept for the next call.
    public func download(
        _ file: String, from repo: HubRepo, revision: String = "main", force: Bool = false,
        progress: HubProgressHandler? = nil
    ) async throws -> String {
        try Names.checkFile(file, of: repo)
        try Names.checkRevision(revision, of: repo)
        let cached: String?
        do { cached = try cache.file(file, revision, of: repo) } catch { throw HubError(error) }
        if let cached, !force, Names.isCommit(revision) || settings.isOffline { return cached }
        if settings.isOffline { throw notCached(file, revision, repo) }

        let source: Source
        do {
            // With a cached file at hand there is no point in long waits.
            source = try await locate(file, revision, repo, retries: cached == nil || force ? nil : 0)
        } catch let error as HubError where error.kind == .unreachable || error.kind == .busy {
            guard let cached, !force else { throw error }
            logger.warning("\(error.message); using the cached file")
            return cached
        }
        return try await store(source, of: repo, revision: revision, force: force, ProgressMeter(files: 1, progress))
    }

    /// A file in the cache, without asking the Hub; `nil` if it is not there.
    public func cachedFile(_ file: String, of repo: HubRepo, revision: String = "main") -> String? {
        guard Names.staysInside(file), Names.staysInside(revision) else { return nil }
        return (try? cache.file(file, revision, of: repo)) ?? nil
    }

    /// Whether the Hub has said before that the revision has no such file.
    public func isKnownAbsent(_ file: String, of repo: HubRepo, revision: String = "main") -> Bool {
        Names.staysInside(file) && Names.staysInside(revision) && cache.isKnownAbsent(file, revision, of: repo)
    }

    /// One file of one commit, and where its bytes are.
    struct Source: Sendable {
        var file: String
        var commit: String
        var etag: String
        /// `nil` where the Hub does not say.
        var size: Int?
        var url: String
    }

    func resolveURL(_ file: String, _ revision: String, _ repo: HubRepo) -> String {
        "\(settings.endpoint)\(repo.pagePath)/resolve/\(Names.urlEncoded(revision, keepingSlashes: false))/"
            + Names.urlEncoded(file, keepingSlashes: true)
    }

    /// Asks the Hub which commit, size and hash a file has.
    private func locate(_ file: String, _ revision: String, _ repo: HubRepo, retries: Int?) async throws -> Source {
        let what = "file '\(file)' of \(repo) at '\(revision)'"
        let answer = try await request("HEAD", resolveURL(file, revision, repo), about: what, retries: retries) {
            head in
            guard let commit = head["X-Repo-Commit"], Names.isCommit(commit) else { return }
            cache.noteAbsence(file, commit, of: repo)
            try? cache.setRef(revision, to: commit, of: repo)
        }
        let head = answer.head
        guard let commit = head["X-Repo-Commit"], Names.isCommit(commit) else {
            throw HubError(
                .badAnswer, "the answer for \(what) names no commit",
                remedy: "Check HF_ENDPOINT and any proxy: something else than a Hub may have answered.",
                at: ErrorLocation(option: "HF_ENDPOINT"))
        }
        let etag = Self.plainETag(head["X-Linked-Etag"] ?? head["ETag"] ?? "")
        guard Names.isBlobName(etag) else {
            throw HubError(
                .badAnswer, "the ETag of \(what) can't be a file name",
                remedy: "Check HF_ENDPOINT; this is no answer of a Hub.", at: ErrorLocation(option: "HF_ENDPOINT"))
        }
        let isRedirect = (300..<400).contains(head.status)
        let size = (head["X-Linked-Size"] ?? (isRedirect ? nil : head["Content-Length"])).flatMap { Int($0) }
        try Names.checkSize(size ?? 0, what)
        // By commit, so that the bytes are those of this answer even if the branch moves now.
        return Source(file: file, commit: commit, etag: etag, size: size, url: resolveURL(file, commit, repo))
    }

    /// `W/"abc"` and `"abc"` are `abc`.
    static func plainETag(_ text: String) -> String {
        var text = text[...]
        if text.hasPrefix("W/") { text = text.dropFirst(2) }
        return String(text.filter { $0 != "\"" })
    }

    func notCached(_ file: String, _ revision: String, _ repo: HubRepo) -> HubError {
        HubError(
            .notCached,
            "'\(file)' of \(repo) at '\(revision)' is not in the cache '\(settings.cacheFolder)', and HF_HUB_OFFLINE is set",
            remedy: "Run once without HF_HUB_OFFLINE, or set HF_HUB_CACHE to the cache that has it.",
            at: ErrorLocation(path: settings.cacheFolder, option: "HF_HUB_OFFLINE"))
    }

    /// Sees to it that a file is in the cache and in its snapshot.
    func store(
        _ source: Source, of repo: HubRepo, revision: String, force: Bool, _ meter: ProgressMeter
    ) async throws -> String {
        let pointer = cache.pointer(source.file, source.commit, of: repo)
        if !force, FileSystem.isRegularFile(pointer) {
            // The cache may be one that can only be read.
            try? cache.setRef(revision, to: source.commit, of: repo)
            meter.finish(source.file)
            return pointer
        }
        do {
            try cache.prepare(repo)
            try cache.setRef(revision, to: source.commit, of: repo)
            let name = source.file
            let lock = try await FileLock.acquire(cache.lock(source.etag, of: repo)) {
                logger.info("waiting for another download of '\(name)'")
            }
            defer { withExtendedLifetime(lock) {} }
            let blob = cache.blob(source.etag, of: repo)
            let present = try? FileSystem.size(of: blob)
            if force || present == nil || (source.size != nil && present != source.size) {
                try await fetch(source, to: blob, of: repo, meter)
            }
            try cache.link(source.file, source.commit, toBlob: source.etag, of: repo)
        } catch let error as FileError {
            throw HubError(error)
        }
        meter.finish(source.file)
        return pointer
    }
}
