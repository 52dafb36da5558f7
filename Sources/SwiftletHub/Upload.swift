import Logging
import SwiftletIO

extension HubClient {
    /// The name of the user whom the token belongs to.
    public func userName() async throws -> String {
        let json = try await request("GET", "\(settings.endpoint)/api/whoami-v2", about: "the user of the token").json(
            "the user")
        guard let name = json["name"]?.string else {
            throw HubError(
                .badAnswer, "the Hub does not say whom the token belongs to", remedy: "Check HF_TOKEN and HF_ENDPOINT.",
                at: ErrorLocation(option: "HF_TOKEN"))
        }
        return name
    }

    /// `name` with the user in front of it, where it has no namespace: what `push_to_hub("name")` means.
    public func ownRepo(_ name: String, kind: HubRepo.Kind = .model) async throws -> HubRepo {
        let repo = try HubRepo(name, kind: kind)
        return name.contains("/") ? repo : try HubRepo("\(try await userName())/\(name)", kind: kind)
    }

    /// Makes a repository; one that is there already is fine.
    ///
    /// - Parameter isPrivate: `nil` for what the account says.
    public func createRepository(_ repo: HubRepo, isPrivate: Bool? = nil) async throws {
        let parts = repo.id.split(separator: "/").map(String.init)
        var fields = JSONObject([
            ("name", .string(parts.last ?? repo.id)), ("organization", parts.count > 1 ? .string(parts[0]) : .null),
        ])
        if let isPrivate { fields["visibility"] = .string(isPrivate ? "private" : "public") }
        fields["type"] = .string(repo.kind.rawValue)
        try requireToken(for: "making \(repo)")
        do {
            _ = try await post("\(settings.endpoint)/api/repos/create", .object(fields), about: repo.description)
        } catch let error as HubError where error.status == 409 {
            // There already.
        } catch let error as HubError where error.kind == .notAllowed {
            // Somebody who may write to a repository may still not be allowed to make it.
            guard (try? await resolve("main", of: repo)) != nil else { throw error }
        }
    }

    /// Deletes a repository with its history.
    public func deleteRepository(_ repo: HubRepo) async throws {
        let parts = repo.id.split(separator: "/").map(String.init)
        let fields = JSONObject([
            ("name", .string(parts.last ?? repo.id)), ("organization", parts.count > 1 ? .string(parts[0]) : .null),
            ("type", .string(repo.kind.rawValue)),
        ])
        try requireToken(for: "deleting \(repo)")
        _ = try await request(
            "DELETE", "\(settings.endpoint)/api/repos/delete", headers: ["Content-Type": "application/json"],
            body: .bytes(Array(JSONValue.object(fields).text().utf8)), about: repo.description)
    }

    /// Uploads a folder as one commit, making the repository if it is not there. Files the repository has already are
    /// not sent again.
    ///
    /// - Parameters:
    ///   - target: the folder in the repository, its root by default.
    ///   - allow: patterns of the files to send, relative to `folder`; all without it. `.git` and the Hub's own notes
    ///     are always left out.
    ///   - ignore: patterns of files to leave out.
    ///   - deleting: patterns of files in the repository's folder that go away in the same commit.
    public func upload(
        folder: String, to repo: HubRepo, at target: String = "", _ options: HubCommitOptions, isPrivate: Bool? = nil,
        allow: [String]? = nil, ignore: [String]? = nil, deleting: [String]? = nil, progress: HubProgressHandler? = nil
    ) async throws -> HubCommit {
        guard FileSystem.isDirectory(folder) else {
            throw HubError(
                .badArgument, "there is no folder '\(folder)' to upload", remedy: "Check the path.",
                at: ErrorLocation(path: folder))
        }
        let ownFiles = [".git", ".git/*", "*/.git", "*/.git/*", ".cache/huggingface/*", "*/.cache/huggingface/*"]
        let patterns = FileNameFilter(allow: allow, ignore: (ignore ?? []) + ownFiles)
        let prefix = target.isEmpty ? "" : target + "/"
        let names = try Self.filesBelow(folder).filter {
            patterns.accepts($0) && FileSystem.isRegularFile("\(folder)/\($0)")
        }
        var changes = names.map { HubChange.addFile(FileSystem.join(folder, $0), as: prefix + $0) }
        try await createRepository(repo, isPrivate: isPrivate)
        if let deleting {
            let doomed = FileNameFilter(allow: deleting, ignore: nil)
            let kept = Set(names.map { prefix + $0 })
            for file in try await files(of: repo, revision: options.revision)
            where file.name.hasPrefix(prefix) && file.name != ".gitattributes" && !kept.contains(file.name)
                && doomed.accepts(String(file.name.dropFirst(prefix.count)))
            {
                changes.append(.deleteFile(file.name))
            }
        }
        return try await commit(changes, to: repo, options, progress: progress)
    }

    /// Changes a repository in one commit. Large files are sent to the Hub's store first, several at a time.
    public func commit(
        _ changes: [HubChange], to repo: HubRepo, _ options: HubCommitOptions, progress: HubProgressHandler? = nil
    ) async throws -> HubCommit {
        try Names.checkRevision(options.revision, of: repo)
        try requireToken(for: "writing to \(repo)")
        var additions: [Addition] = []
        var deletions: [(key: String, path: String)] = []
        var names: Set<String> = []
        for change in changes {
            let addition: Addition?
            switch change {
            case .addFile(let file, let name): addition = try Addition(.file(file), name: name)
            case .addBytes(let bytes, let name): addition = try Addition(.bytes(bytes), name: name)
            case .deleteFile(let name):
                addition = nil
                deletions.append(("deletedFile", name))
            case .deleteFolder(let name):
                addition = nil
                deletions.append(("deletedFolder", name))
            }
            if let addition {
                try Names.checkFile(addition.name, of: repo)
                guard names.insert(addition.name).inserted else {
                    throw HubError(
                        .badArgument, "'\(addition.name)' comes twice in one commit to \(repo)",
                        remedy: "Leave one out.", at: ErrorLocation(path: addition.name))
                }
                additions.append(addition)
            }
        }
        try await askModes(&additions, repo, options)
        additions.removeAll { $0.isIgnored }
        try await hash(&additions)
        additions.removeAll { addition in
            addition.remoteHash == addition.hash
                && !deletions.contains { addition.name == $0.path || addition.name.hasPrefix($0.path + "/") }
        }
        if additions.isEmpty, deletions.isEmpty {
            logger.info("\(repo) has these files already; no commit is made")
            let commit = try await resolve(options.revision, of: repo)
            return HubCommit(
                commit: commit, url: "\(settings.endpoint)\(repo.pagePath)/commit/\(commit)", pullRequest: nil,
                isUnchanged: true)
        }
        let meter = ProgressMeter(files: additions.count, progress)
        try await sendLarge(additions.filter(\.isLarge), repo, options, meter)
        return try await sendCommit(additions, deletions, repo, options, meter)
    }

    func requireToken(for what: String) throws(HubError) {
        try requireNetwork(for: what)
        guard settings.token == nil else { return }
        throw HubError(
            .notAllowed, "\(what) needs a token that may write",
            remedy: "Make one in the settings of your account and set HF_TOKEN to it.",
            at: ErrorLocation(option: "HF_TOKEN"))
    }

    func post(
        _ url: String, _ json: JSONValue, headers: [String: String] = [:], about what: String
    ) async throws -> JSONValue {
        var headers = headers
        headers["Content-Type"] = headers["Content-Type"] ?? "application/json"
        let answer = try await request(
            "POST", url, headers: headers, body: .bytes(Array(json.text(.line).utf8)), about: what,
            timeout: settings.uploadTimeout)
        return try answer.json(what)
    }

    // MARK: Steps

    /// Asks for each file whether it is large, is to be ignored, and is there already.
    private func askModes(_ additions: inout [Addition], _ repo: HubRepo, _ options: HubCommitOptions) async throws {
        var url =
            "\(settings.endpoint)\(repo.apiPath)/preupload/\(Names.urlEncoded(options.revision, keepingSlashes: false))"
        if options.asPullRequest { url += "?create_pr=1" }
        let gitIgnore = try additions.first { $0.name == ".gitignore" }.map {
            String(decoding: try $0.bytes(), as: UTF8.self)
        }
        for start in stride(from: 0, to: additions.count, by: 256) {
            let range = start..<min(start + 256, additions.count)
            var body = JSONObject([("files", .array(additions[range].map(\.question)))])
            if let gitIgnore { body["gitIgnore"] = .string(gitIgnore) }
            let answer = try await post(url, .object(body), about: repo.description)
            var modes: [String: JSONValue] = [:]
            for file in answer["files"]?.array ?? [] { modes[file["path"]?.string ?? ""] = file }
            for index in range {
                guard let mode = modes[additions[index].name], let kind = mode["uploadMode"]?.string,
                    ["lfs", "regular"].contains(kind)
                else {
                    throw HubError(
                        .badAnswer, "the Hub does not say how to send '\(additions[index].name)' to \(repo)",
                        remedy: "Run again later; if it stays so, check HF_ENDPOINT and any proxy.",
                        at: ErrorLocation(path: additions[index].name))
                }
                // An empty file can't be a large one: its pointer would be longer.
                additions[index].isLarge = kind == "lfs" && additions[index].size > 0
                additions[index].isIgnored = mode["shouldIgnore"]?.bool ?? false
                additions[index].remoteHash = mode["oid"]?.string
            }
        }
    }

    private func hash(_ additions: inout [Addition]) async throws {
        let hashes = Collected<String>()
        let all = additions
        try await forEachAtOnce(Array(all.indices), limit: 4) { index in hashes[index] = try all[index].computeHash() }
        for index in additions.indices { additions[index].hash = hashes[index] }
    }

    private func sendCommit(
        _ additions: [Addition], _ deletions: [(key: String, path: String)], _ repo: HubRepo,
        _ options: HubCommitOptions,
        _ meter: ProgressMeter
    ) async throws -> HubCommit {
        var header = JSONObject([("summary", .string(options.message)), ("description", .string(options.description))])
        if let parent = options.parent { header["parentCommit"] = .string(parent) }
        func line(_ key: String, _ value: JSONObject) -> [UInt8] {
            Array(JSONValue.object(JSONObject([("key", .string(key)), ("value", .object(value))])).text(.line).utf8) + [
                0x0A
            ]
        }
        var body = line("header", header)
        for (key, path) in deletions { body += line(key, JSONObject([("path", .string(path))])) }
        for addition in additions where !addition.isLarge {
            meter.begin(addition.name, total: addition.size, present: 0)
        }
        for addition in additions {
            if addition.isLarge {
                let fields = JSONObject([
                    ("path", .string(addition.name)), ("algo", .string("sha256")),
                    ("oid", .string(addition.hash ?? "")), ("size", .int(addition.size)),
                ])
                body += line("lfsFile", fields)
            } else {
                let content = Base64.encoded(try addition.bytes())
                body += line(
                    "file",
                    JSONObject([
                        ("content", .string(content)), ("path", .string(addition.name)),
                        ("encoding", .string("base64")),
                    ]))
            }
        }
        var url =
            "\(settings.endpoint)\(repo.apiPath)/commit/\(Names.urlEncoded(options.revision, keepingSlashes: false))"
        if options.asPullRequest { url += "?create_pr=1" }
        // Once only: a repeated commit would come on top of the first, should just the answer have been lost.
        let answer = try await request(
            "POST", url, headers: ["Content-Type": "application/x-ndjson"], body: .bytes(body),
            about: "a commit to \(repo)",
            timeout: settings.uploadTimeout, retries: options.parent == nil ? 0 : nil
        ).json("a commit to \(repo)")
        guard let commit = answer["commitOid"]?.string, let page = answer["commitUrl"]?.string else {
            throw HubError(
                .badAnswer, "the Hub's answer to a commit to \(repo) names no commit",
                remedy: "Look at the repository's page.", at: ErrorLocation(option: "HF_ENDPOINT"))
        }
        for addition in additions where !addition.isLarge {
            meter.move(addition.name, addition.size)
            meter.finish(addition.name)
        }
        return HubCommit(commit: commit, url: page, pullRequest: answer["pullRequestUrl"]?.string, isUnchanged: false)
    }
}
