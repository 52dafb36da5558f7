import SwiftletIO

/// Large files go to an object store under the protocol of Git LFS, in one piece or in parts as the Hub says.
extension HubClient {
    private static let mediaType = "application/vnd.git-lfs+json"

    func sendLarge(_ additions: [Addition], _ repo: HubRepo, _ options: HubCommitOptions, _ meter: ProgressMeter)
        async throws
    {
        // Two files with the same bytes are one object.
        var byHash: [String: Addition] = [:]
        for addition in additions {
            meter.begin(addition.name, total: addition.size, present: 0)
            byHash[addition.hash ?? ""] = addition
        }
        let unique = byHash.sorted { $0.value.name < $1.value.name }.map(\.value)
        for start in stride(from: 0, to: unique.count, by: 256) {
            let batch = Array(unique[start..<min(start + 256, unique.count)])
            let actions = try await askActions(batch, repo, options)
            try await forEachAtOnce(batch, limit: settings.parallelTransfers) { addition in
                if let action = actions[addition.hash ?? ""] {
                    try await send(addition, action, repo, meter)
                } else {
                    meter.move(addition.name, 0)
                }
            }
        }
        for addition in additions { meter.finish(addition.name) }
    }

    /// What to do for each object; those the store has are left out.
    private func askActions(
        _ batch: [Addition], _ repo: HubRepo, _ options: HubCommitOptions
    ) async throws -> [String: JSONValue] {
        let objects = batch.map {
            JSONValue.object(JSONObject([("oid", .string($0.hash ?? "")), ("size", .int($0.size))]))
        }
        var body = JSONObject([
            ("operation", .string("upload")), ("transfers", .array([.string("basic"), .string("multipart")])),
            ("objects", .array(objects)),
            ("hash_algo", .string("sha256")),
        ])
        if !options.asPullRequest { body["ref"] = .object(JSONObject([("name", .string(options.revision))])) }
        let answer = try await post(
            "\(settings.endpoint)\(repo.pagePath).git/info/lfs/objects/batch", .object(body),
            headers: ["Accept": Self.mediaType, "Content-Type": Self.mediaType], about: "the large files of \(repo)")
        guard let entries = answer["objects"]?.array else {
            throw HubError(
                .badAnswer, "the Hub does not say where to send the large files of \(repo)",
                remedy: "Run again later; if it stays so, check HF_ENDPOINT and any proxy.",
                at: ErrorLocation(option: "HF_ENDPOINT"))
        }
        var actions: [String: JSONValue] = [:]
        var answered: Set<String> = []
        for entry in entries {
            guard let oid = entry["oid"]?.string, let addition = batch.first(where: { $0.hash == oid }) else {
                continue
            }
            if let error = entry["error"] {
                throw HubError(
                    .notAllowed,
                    "the Hub refuses '\(addition.name)' of \(repo): \(error["message"]?.string ?? "no reason given")",
                    remedy: "Look at the repository's settings and at what your account may store.",
                    at: ErrorLocation(path: addition.name))
            }
            answered.insert(oid)
            if let action = entry["actions"], !action.isNull { actions[oid] = action }
        }
        if let forgotten = batch.first(where: { !answered.contains($0.hash ?? "") }) {
            throw HubError(
                .badAnswer, "the Hub does not say where to send '\(forgotten.name)' of \(repo)",
                remedy: "Run again later; if it stays so, check HF_ENDPOINT and any proxy.",
                at: ErrorLocation(path: forgotten.name))
        }
        return actions
    }

    private func send(_ addition: Addition, _ actions: JSONValue, _ repo: HubRepo, _ meter: ProgressMeter) async throws
    {
        let what = "'\(addition.name)' of \(repo)"
        guard let upload = actions["upload"] else { return }
        guard let target = upload["href"]?.string else {
            throw HubError(
                .badAnswer, "the Hub does not say where to send \(what)",
                remedy: "Run again later; if it stays so, check HF_ENDPOINT and any proxy.",
                at: ErrorLocation(option: "HF_ENDPOINT"))
        }
        if let size = upload["header"]?["chunk_size"] {
            guard let partSize = size.int ?? size.string.flatMap({ Int($0) }), partSize > 0 else {
                throw HubError(
                    .badAnswer, "the Hub wants \(what) in parts of no size",
                    remedy: "Run again later; if it stays so, check HF_ENDPOINT and any proxy.",
                    at: ErrorLocation(option: "HF_ENDPOINT"))
            }
            try await sendParts(addition, partSize, upload, to: target, what, meter)
        } else {
            _ = try await put(addition, 0, addition.size, to: target, what)
            meter.move(addition.name, addition.size)
        }
        if let verify = actions["verify"]?["href"]?.string {
            let body = JSONObject([("oid", .string(addition.hash ?? "")), ("size", .int(addition.size))])
            _ = try await request(
                "POST", verify, headers: ["Content-Type": "application/json"],
                body: .bytes(Array(JSONValue.object(body).text(.line).utf8)),
                about: what, timeout: settings.uploadTimeout)
        }
    }

    private func sendParts(
        _ addition: Addition, _ partSize: Int, _ upload: JSONValue, to target: String, _ what: String,
        _ meter: ProgressMeter
    ) async throws {
        // The numbers of parts are written with leading zeros.
        var addresses: [Int: String] = [:]
        for (key, value) in upload["header"]?.object ?? [:] {
            if let number = Int(key), let address = value.string { addresses[number] = address }
        }
        let count = addition.size / partSize + (addition.size % partSize == 0 ? 0 : 1)
        var parts: [JSONValue] = []
        for number in 1...max(count, 1) {
            guard let address = addresses[number] else {
                throw HubError(
                    .badAnswer, "the Hub does not say where to send part \(number) of \(what)",
                    remedy: "Run again later; if it stays so, check HF_ENDPOINT and any proxy.",
                    at: ErrorLocation(option: "HF_ENDPOINT"))
            }
            let offset = (number - 1) * partSize
            let length = min(partSize, addition.size - offset)
            let head = try await put(addition, offset, length, to: address, what)
            guard let etag = head["ETag"], !etag.isEmpty else {
                throw HubError(
                    .badAnswer, "the store does not confirm part \(number) of \(what)",
                    remedy: "Run again: parts that arrived are sent once more.",
                    at: ErrorLocation(option: "HF_ENDPOINT"))
            }
            parts.append(.object(JSONObject([("partNumber", .int(number)), ("etag", .string(etag))])))
            meter.move(addition.name, length)
        }
        let body = JSONValue.object(JSONObject([("oid", .string(addition.hash ?? "")), ("parts", .array(parts))]))
        _ = try await request(
            "POST", target, headers: ["Accept": Self.mediaType, "Content-Type": Self.mediaType],
            body: .bytes(Array(body.text(.line).utf8)),
            about: what, timeout: settings.uploadTimeout, sendsToken: false)
    }

    /// Sends bytes to an address that is signed, so that no token is needed or wanted.
    private func put(_ addition: Addition, _ offset: Int, _ count: Int, to url: String, _ what: String) async throws
        -> HTTPHead
    {
        try await request(
            "PUT", url, body: addition.body(offset, count), about: what, timeout: settings.uploadTimeout,
            sendsToken: false
        ).head
    }
}
