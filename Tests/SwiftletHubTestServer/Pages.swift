import Foundation
import SwiftletHub
import SwiftletIO
import Synchronization

/// Files, listings and what is known about a repository.
extension HubTestServer {
    func answerFromHub(_ request: ServerRequest) -> ServerResponse {
        let parts = request.path.split(separator: "/").map { String($0).removingPercentEncoding ?? "" }
        switch (request.method, parts.first, parts.dropFirst().first) {
        case ("GET", "api", "whoami-v2"): return whoAmI(request)
        case ("POST", "api", "validate-yaml"): return .json(#"{"errors": [], "warnings": []}"#)
        case ("POST", "api", "repos"): return createRepository(request)
        case ("DELETE", "api", "repos"): return deleteRepository(request)
        case (_, "api", let plural?): return answerAPI(request, plural, Array(parts.dropFirst(2)))
        default: return answerPage(request, parts)
        }
    }

    static func missing(_ code: String, _ message: String, status: Int = 404, commit: String? = nil) -> ServerResponse {
        var response = ServerResponse.json(
            JSONValue.object(JSONObject([("error", .string(message))])).text(), status: status)
        response.headers += [("X-Error-Code", code), ("X-Error-Message", message)]
        if let commit { response.headers.append(("X-Repo-Commit", commit)) }
        return response
    }

    static func kind(plural: String) -> HubRepo.Kind? { HubRepo.Kind.allCases.first { "\($0.rawValue)s" == plural } }

    /// The repository a request is about, or the answer that stands in for it.
    func find(_ repo: HubRepo, _ request: ServerRequest) -> Result<Repository, Refusal> {
        store.withLock { store in
            if let new = store.renamed[repo] {
                let path = request.path.replacing("/\(repo.id)/", with: "/\(new.id)/", maxReplacements: 1)
                let query = request.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(
                    separator: "&")
                let target = query.isEmpty ? path : "\(path)?\(query)"
                return .failure(Refusal(ServerResponse(status: 307, headers: [("Location", target)])))
            }
            guard let repository = store.repositories[repo] else {
                // The Hub does not tell strangers what exists.
                return .failure(
                    Refusal(
                        Self.missing(
                            "RepoNotFound", "Repository not found", status: request["Authorization"] == nil ? 401 : 404)
                    ))
            }
            if let token = repository.token, request["Authorization"] != "Bearer \(token)" {
                if repository.isGated {
                    return .failure(Refusal(Self.missing("GatedRepo", "Access is restricted", status: 403)))
                }
                return .failure(Refusal(Self.missing("RepoNotFound", "Repository not found", status: 401)))
            }
            return .success(repository)
        }
    }

    struct Refusal: Error {
        let response: ServerResponse
        init(_ response: ServerResponse) { self.response = response }
    }

    // MARK: Files

    /// `/[datasets/]<id>/resolve/<revision>/<file>` and `/<id>.git/info/lfs/…`.
    private func answerPage(_ request: ServerRequest, _ parts: [String]) -> ServerResponse {
        var parts = parts
        let kind = parts.first.flatMap(Self.kind) ?? .model
        if kind != .model { parts.removeFirst() }
        if let git = parts.firstIndex(where: { $0.hasSuffix(".git") }), parts.count > git + 1 {
            let id = parts[...git].joined(separator: "/").dropLast(4)
            guard let repo = try? HubRepo(String(id), kind: kind) else { return ServerResponse(status: 404) }
            return answerLargeFiles(request, repo)
        }
        guard let verb = parts.firstIndex(of: "resolve"), verb >= 1, parts.count > verb + 2,
            let repo = try? HubRepo(parts[..<verb].joined(separator: "/"), kind: kind)
        else { return ServerResponse(status: 404) }
        let revision = parts[verb + 1]
        let name = parts[(verb + 2)...].joined(separator: "/")
        let repository: Repository
        switch find(repo, request) {
        case .failure(let refusal): return refusal.response
        case .success(let found): repository = found
        }
        guard let commit = repository.commit(revision) else {
            return Self.missing("RevisionNotFound", "Invalid rev id: \(revision)")
        }
        guard let blob = commit.files[name] else {
            return Self.missing("EntryNotFound", "Entry not found", commit: commit.id)
        }
        if !blob.isLarge {
            var response = bytes(blob.bytes, request)
            response.headers += [
                ("X-Repo-Commit", commit.id), ("ETag", "\"\(blob.id)\""), ("X-Linked-Size", "\(blob.bytes.count)"),
            ]
            return response
        }
        let signature = UInt32.random(in: 0 ... .max)
        return ServerResponse(
            status: 302,
            headers: [
                ("X-Repo-Commit", commit.id), ("ETag", "\"\(blob.id)\""), ("X-Linked-Etag", "\"\(blob.sha256)\""),
                ("X-Linked-Size", "\(blob.bytes.count)"),
                ("Location", "\(storeEndpoint)/objects/\(blob.sha256)?signature=\(signature)"),
            ])
    }

    /// Bytes, or the range of them that is asked for.
    private func bytes(_ bytes: [UInt8], _ request: ServerRequest) -> ServerResponse {
        var response = ServerResponse(headers: [("Accept-Ranges", "bytes")], body: bytes)
        guard let range = request["Range"], range.hasPrefix("bytes=") else { return response }
        let ends = range.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int(ends[0]) else { return response }
        guard first < bytes.count else {
            return ServerResponse(status: 416, headers: [("Content-Range", "bytes */\(bytes.count)")])
        }
        let last = min(Int(ends[1]) ?? bytes.count - 1, bytes.count - 1)
        response.status = 206
        response.body = Array(bytes[first...max(last, first)])
        response.headers.append(("Content-Range", "bytes \(first)-\(last)/\(bytes.count)"))
        return response
    }

    func answerFromStore(_ request: ServerRequest) -> ServerResponse {
        // Object stores refuse a request that has both a signature and a token.
        if request["Authorization"] != nil {
            return ServerResponse(status: 400, body: Array("Only one auth mechanism allowed".utf8))
        }
        let parts = request.path.split(separator: "/").map(String.init)
        guard parts.count >= 2 else { return ServerResponse(status: 404) }
        switch (request.method, parts[0]) {
        case ("GET", "objects"), ("HEAD", "objects"):
            guard let object = store.withLock({ $0.large[parts[1]] }) else { return ServerResponse(status: 404) }
            var response = bytes(object, request)
            response.headers.append(("ETag", "\"\(SHA256.hash(Array(parts[1].utf8)).prefix(32))\""))
            return response
        case ("PUT", "objects"), ("PUT", "parts"): return receiveLargeFile(request, parts)
        default: return ServerResponse(status: 405)
        }
    }

    // MARK: What is known

    /// `/api/<kind>s/<id>/<verb>/…`.
    private func answerAPI(_ request: ServerRequest, _ plural: String, _ parts: [String]) -> ServerResponse {
        guard let kind = Self.kind(plural: plural), !parts.isEmpty else { return ServerResponse(status: 404) }
        let verbs: Set = ["revision", "tree", "paths-info", "preupload", "commit", "refs", "delete-file"]
        let verb = parts.indices.dropFirst().first { verbs.contains(parts[$0]) } ?? parts.count
        guard let repo = try? HubRepo(parts[..<verb].joined(separator: "/"), kind: kind) else {
            return ServerResponse(status: 404)
        }
        let repository: Repository
        switch find(repo, request) {
        case .failure(let refusal): return refusal.response
        case .success(let found): repository = found
        }
        let revision = parts.count > verb + 1 ? parts[verb + 1] : "main"
        switch (request.method, verb < parts.count ? parts[verb] : "revision") {
        case ("POST", "commit"): return commit(request, repo, revision)
        case ("POST", "preupload"): return preupload(request, repository, revision)
        case ("GET", "refs"): return refs(repository)
        default: break
        }
        guard let commit = repository.commit(revision) else {
            return Self.missing("RevisionNotFound", "Invalid rev id: \(revision)")
        }
        switch (request.method, verb < parts.count ? parts[verb] : "revision") {
        case ("GET", "revision"): return info(repo, commit)
        case ("GET", "tree"): return tree(request, commit, below: parts.dropFirst(verb + 2).joined(separator: "/"))
        case ("POST", "paths-info"): return pathsInfo(request, commit)
        default: return ServerResponse(status: 405)
        }
    }

    private func info(_ repo: HubRepo, _ commit: Repository.Commit) -> ServerResponse {
        let siblings = commit.files.keys.sorted().map { JSONValue.object(JSONObject([("rfilename", .string($0))])) }
        return .json(
            JSONValue.object(
                JSONObject([
                    ("_id", .string("0123456789abcdef01234567")), ("id", .string(repo.id)), ("sha", .string(commit.id)),
                    ("lastModified", .string("2026-01-02T03:04:05.000Z")),
                    ("createdAt", .string("2026-01-01T00:00:00.000Z")),
                    ("private", .bool(false)), ("gated", .bool(false)), ("disabled", .bool(false)),
                    ("downloads", .int(0)),
                    ("likes", .int(0)), ("tags", .array([])), ("siblings", .array(siblings)),
                ])
            ).text())
    }

    private func refs(_ repository: Repository) -> ServerResponse {
        let branches = repository.refs.sorted { $0.key < $1.key }.map { name, commit in
            JSONValue.object(
                JSONObject([
                    ("name", .string(name)), ("ref", .string("refs/heads/\(name)")), ("targetCommit", .string(commit)),
                ]))
        }
        return .json(
            JSONValue.object(
                JSONObject([("branches", .array(branches)), ("tags", .array([])), ("converts", .array([]))])
            ).text())
    }

    private func tree(_ request: ServerRequest, _ commit: Repository.Commit, below folder: String) -> ServerResponse {
        let isRecursive = request.query["recursive"]?.lowercased() == "true"
        let prefix = folder.isEmpty ? "" : folder + "/"
        var entries: [String: JSONValue] = [:]
        for (name, blob) in commit.files where name.hasPrefix(prefix) {
            let parts = name.dropFirst(prefix.count).split(separator: "/")
            for depth in 1..<max(parts.count, 1) where isRecursive || depth == 1 {
                let path = prefix + parts[..<depth].joined(separator: "/")
                entries[path] = Self.folderEntry(path)
            }
            if isRecursive || parts.count == 1 { entries[name] = Self.entry(name, blob) }
        }
        if entries.isEmpty, !folder.isEmpty {
            return Self.missing("EntryNotFound", "\(folder) does not exist", commit: commit.id)
        }
        let sorted = entries.sorted { $0.key < $1.key }.map(\.value)
        let start = Int(request.query["cursor"] ?? "") ?? 0
        let size = store.withLock(\.pageSize)
        var response = ServerResponse.json(JSONValue.array(Array(sorted.dropFirst(start).prefix(size))).text())
        if start + size < sorted.count {
            let next = "\(endpoint)\(request.path)?recursive=\(isRecursive)&expand=false&cursor=\(start + size)"
            response.headers.append(("Link", "<\(next)>; rel=\"next\""))
        }
        return response
    }

    private static func folderEntry(_ path: String) -> JSONValue {
        .object(
            JSONObject([
                ("type", .string("directory")), ("oid", .string(SHA1.gitBlob(Array(path.utf8)))), ("size", .int(0)),
                ("path", .string(path)),
            ]))
    }

    private static func entry(_ name: String, _ blob: Blob) -> JSONValue {
        var entry = JSONObject([
            ("type", .string("file")), ("oid", .string(blob.id)), ("size", .int(blob.bytes.count)),
            ("path", .string(name)),
        ])
        if blob.isLarge {
            entry["lfs"] = .object(
                JSONObject([
                    ("oid", .string(blob.sha256)), ("size", .int(blob.bytes.count)), ("pointerSize", .int(134)),
                ]))
        }
        return .object(entry)
    }

    /// The same about some paths only; they come as a form or as JSON.
    private func pathsInfo(_ request: ServerRequest, _ commit: Repository.Commit) -> ServerResponse {
        let text = String(decoding: request.body, as: UTF8.self)
        var paths: [String] = []
        if let json = try? JSONValue(parsing: text) {
            paths = json["paths"]?.array?.compactMap(\.string) ?? json["paths"]?.string.map { [$0] } ?? []
        } else {
            paths = text.split(separator: "&").filter { $0.hasPrefix("paths=") }.map {
                String($0.dropFirst(6)).replacingOccurrences(of: "+", with: " ").removingPercentEncoding ?? ""
            }
        }
        let entries = paths.compactMap { path -> JSONValue? in
            if let blob = commit.files[path] { return Self.entry(path, blob) }
            return commit.files.keys.contains { $0.hasPrefix(path + "/") } ? Self.folderEntry(path) : nil
        }
        return .json(JSONValue.array(entries).text())
    }
}
