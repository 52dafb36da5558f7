import Foundation
import SwiftletHub
import SwiftletIO
import Synchronization

/// What changes repositories: making and deleting them, large files, commits.
extension HubTestServer {
    private func mayWrite(_ request: ServerRequest) -> Bool {
        store.withLock(\.writeToken).map { request["Authorization"] == "Bearer \($0)" } ?? true
    }

    private static func json(_ request: ServerRequest) -> JSONValue? {
        try? JSONValue(parsing: String(decoding: request.body, as: UTF8.self))
    }

    private static func object(_ pairs: [(String, JSONValue)]) -> JSONValue { .object(JSONObject(pairs)) }

    func whoAmI(_ request: ServerRequest) -> ServerResponse {
        guard request["Authorization"] != nil, mayWrite(request) else {
            return .json(#"{"error": "Invalid username or password."}"#, status: 401)
        }
        return .json(
            #"{"type": "user", "name": "tester", "fullname": "Tester", "orgs": [], "auth": {"type": "access_token"}}"#)
    }

    private func named(_ request: ServerRequest) -> HubRepo? {
        guard let json = Self.json(request), let name = json["name"]?.string else { return nil }
        let kind = json["type"]?.string.flatMap(HubRepo.Kind.init) ?? .model
        let owner = json["organization"]?.string ?? "tester"
        return try? HubRepo("\(owner)/\(name)", kind: kind)
    }

    func createRepository(_ request: ServerRequest) -> ServerResponse {
        guard mayWrite(request) else { return .json(#"{"error": "Invalid username or password."}"#, status: 401) }
        guard let repo = named(request) else { return .json(#"{"error": "Invalid name"}"#, status: 400) }
        let isNew = store.withLock { store in
            if store.repositories[repo] != nil { return false }
            var repository = Repository()
            let attributes = Array("*.safetensors filter=lfs diff=lfs merge=lfs -text\n".utf8)
            repository.add([".gitattributes": Blob(attributes, isLarge: false)], to: "main", "initial commit")
            store.repositories[repo] = repository
            return true
        }
        let url = JSONValue.string("\(endpoint)/\(repo.kind == .model ? "" : "\(repo.kind.rawValue)s/")\(repo.id)")
        if !isNew {
            let error = JSONValue.string("You already created this \(repo.kind.rawValue) repo")
            return .json(Self.object([("error", error), ("url", url)]).text(), status: 409)
        }
        return .json(
            Self.object([("url", url), ("name", .string(repo.id)), ("id", .string("0123456789abcdef01234567"))]).text())
    }

    func deleteRepository(_ request: ServerRequest) -> ServerResponse {
        guard mayWrite(request), let repo = named(request) else { return ServerResponse(status: 401) }
        let old = store.withLock { $0.repositories.removeValue(forKey: repo) }
        return old == nil ? Self.missing("RepoNotFound", "Repository not found") : ServerResponse()
    }

    /// Says for each file whether it goes into the commit or into the store of large files.
    func preupload(_ request: ServerRequest, _ repository: Repository, _ revision: String) -> ServerResponse {
        guard mayWrite(request) else { return Self.missing("RepoNotFound", "Repository not found", status: 401) }
        guard let json = Self.json(request), let files = json["files"]?.array else {
            return ServerResponse(status: 400)
        }
        let present = repository.commit(revision)?.files ?? [:]
        let ignored = (json["gitIgnore"]?.string ?? "").split(separator: "\n").map(String.init)
        let answers = files.compactMap { file -> JSONValue? in
            guard let path = file["path"]?.string, let size = file["size"]?.int, file["sample"]?.string != nil else {
                return nil
            }
            let isLarge = store.withLock { $0.isLarge(path, size) }
            var answer = JSONObject([
                ("path", .string(path)), ("uploadMode", .string(isLarge ? "lfs" : "regular")),
                ("shouldIgnore", .bool(ignored.contains(path))),
            ])
            if let blob = present[path] { answer["oid"] = .string(blob.isLarge ? blob.sha256 : blob.id) }
            return .object(answer)
        }
        guard answers.count == files.count else { return ServerResponse(status: 400) }
        return .json(
            Self.object([
                ("files", .array(answers)), ("commitOid", repository.refs[revision].map(JSONValue.string) ?? .null),
            ]).text())
    }

    // MARK: Large files

    /// `/<id>.git/info/lfs/objects/batch`, `…/verify` and `…/complete`.
    func answerLargeFiles(_ request: ServerRequest, _ repo: HubRepo) -> ServerResponse {
        guard mayWrite(request) || request.path.hasSuffix("/complete") else {
            return Self.missing("RepoNotFound", "Repository not found", status: 401)
        }
        guard request.method == "POST", let json = Self.json(request) else { return ServerResponse(status: 405) }
        let base =
            "\(endpoint)\(request.path.prefix(upTo: request.path.range(of: "/objects")?.lowerBound ?? request.path.endIndex))/objects"
        if request.path.hasSuffix("/batch") {
            guard request["Accept"]?.contains("application/vnd.git-lfs+json") ?? false else {
                return ServerResponse(status: 406)
            }
            let objects = (json["objects"]?.array ?? []).map { batchEntry($0, base) }
            return .json(Self.object([("transfer", .string("basic")), ("objects", .array(objects))]).text())
        }
        guard let oid = json["oid"]?.string else { return ServerResponse(status: 400) }
        if request.path.hasSuffix("/complete") { return complete(oid, json) }
        let size = store.withLock { $0.large[oid]?.count }
        return size != nil && size == json["size"]?.int
            ? .json("{}") : .json(#"{"message": "object is missing"}"#, status: 404)
    }

    private func batchEntry(_ object: JSONValue, _ base: String) -> JSONValue {
        let oid = object["oid"]?.string ?? ""
        let size = object["size"]?.int ?? 0
        var entry = JSONObject([("oid", .string(oid)), ("size", .int(size))])
        let (isPresent, partSize) = store.withLock { ($0.large[oid] != nil, $0.partSize) }
        if isPresent { return .object(entry) }
        var upload = JSONObject([("href", .string("\(storeEndpoint)/objects/\(oid)?signature=1"))])
        // The largest there is stands for a Hub that asks for absurd parts.
        if let partSize, size > partSize || partSize == .max {
            var header = JSONObject([("chunk_size", .string("\(partSize)"))])
            for number in 1...max(1, size / partSize + (size % partSize == 0 ? 0 : 1)) {
                header["\(number)"] = .string("\(storeEndpoint)/parts/\(oid)/\(number)?signature=1")
            }
            upload = JSONObject([("href", .string("\(base)/complete")), ("header", .object(header))])
        }
        let verify = Self.object([("href", .string("\(base)/verify"))])
        entry["actions"] = Self.object([("upload", .object(upload)), ("verify", verify)])
        return .object(entry)
    }

    func receiveLargeFile(_ request: ServerRequest, _ parts: [String]) -> ServerResponse {
        // Object stores want the length first.
        guard request["Content-Length"] != nil, request["Transfer-Encoding"] == nil else {
            return ServerResponse(status: 501)
        }
        if parts[0] == "objects" {
            guard SHA256.hash(request.body) == parts[1] else {
                return ServerResponse(status: 400, body: Array("hash differs".utf8))
            }
            store.withLock { $0.large[parts[1]] = request.body }
            return ServerResponse()
        }
        guard parts.count == 3, let number = Int(parts[2]) else { return ServerResponse(status: 404) }
        store.withLock { $0.parts[parts[1], default: [:]][number] = request.body }
        return ServerResponse(headers: [("ETag", "\"part-\(number)\"")])
    }

    private func complete(_ oid: String, _ json: JSONValue) -> ServerResponse {
        store.withLock { store in
            let parts = store.parts[oid] ?? [:]
            let named = (json["parts"]?.array ?? []).map { ($0["partNumber"]?.int, $0["etag"]?.string) }
            let isRight = named.enumerated().allSatisfy { $1.0 == $0 + 1 && $1.1 == "\"part-\($0 + 1)\"" }
            let bytes = parts.sorted { $0.key < $1.key }.flatMap(\.value)
            guard isRight, named.count == parts.count, SHA256.hash(bytes) == oid else {
                return ServerResponse(status: 400)
            }
            store.large[oid] = bytes
            return .json("{}")
        }
    }

    // MARK: Commits

    /// Lines of JSON: a header, then files and deletions.
    func commit(_ request: ServerRequest, _ repo: HubRepo, _ revision: String) -> ServerResponse {
        guard mayWrite(request) else { return Self.missing("RepoNotFound", "Repository not found", status: 401) }
        guard request["Content-Type"] == "application/x-ndjson" else {
            return .json(#"{"error": "not x-ndjson"}"#, status: 415)
        }
        let lines = request.body.split(separator: UInt8(ascii: "\n")).map {
            try? JSONValue(parsing: String(decoding: $0, as: UTF8.self))
        }
        guard let header = lines.first??["value"], let summary = header["summary"]?.string,
            lines.first??["key"]?.string == "header"
        else {
            return .json(#"{"error": "the first line is not the header"}"#, status: 400)
        }
        return store.withLock { store in
            guard var repository = store.repositories[repo] else {
                return Self.missing("RepoNotFound", "Repository not found")
            }
            let isRequest = request.query["create_pr"] == "1"
            guard repository.refs[revision] != nil else {
                return Self.missing("RevisionNotFound", "Invalid rev id: \(revision)")
            }
            if let parent = header["parentCommit"]?.string, parent != repository.refs[revision] {
                return .json(#"{"error": "The branch has moved"}"#, status: 412)
            }
            var files = repository.commit(revision)?.files ?? [:]
            for line in lines.dropFirst() {
                guard let value = line?["value"], let path = value["path"]?.string else {
                    return ServerResponse(status: 400)
                }
                switch line?["key"]?.string {
                case "file":
                    guard value["encoding"]?.string == "base64",
                        let data = Data(base64Encoded: value["content"]?.string ?? "")
                    else {
                        return ServerResponse(status: 400)
                    }
                    files[path] = Blob(Array(data), isLarge: false)
                case "lfsFile":
                    guard value["algo"]?.string == "sha256", let oid = value["oid"]?.string,
                        let bytes = store.large[oid]
                    else {
                        return .json(#"{"error": "a large file was not uploaded"}"#, status: 400)
                    }
                    files[path] = Blob(bytes, isLarge: true)
                case "deletedFile": files[path] = nil
                case "deletedFolder":
                    let folder = path.hasSuffix("/") ? path : path + "/"
                    files = files.filter { !$0.key.hasPrefix(folder) }
                default: return ServerResponse(status: 400)
                }
            }
            let branch = isRequest ? "refs/pr/\(repository.refs.keys.count { $0.hasPrefix("refs/pr/") } + 1)" : revision
            let id = repository.add(files, to: branch, summary)
            store.repositories[repo] = repository
            let page = "\(endpoint)/\(repo.kind == .model ? "" : "\(repo.kind.rawValue)s/")\(repo.id)"
            var answer = JSONObject([
                ("success", .bool(true)), ("commitOid", .string(id)), ("commitUrl", .string("\(page)/commit/\(id)")),
                ("hookOutput", .string("")),
            ])
            if isRequest {
                answer["pullRequestUrl"] = .string("\(page)/discussions/\(branch.split(separator: "/").last ?? "1")")
            }
            return .json(JSONValue.object(answer).text())
        }
    }
}
