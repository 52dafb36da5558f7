import Foundation
public import SwiftletHub
import SwiftletIO
import Synchronization

/// A Hub on this machine: repositories in memory, the paths of the Hub's API, large files in a store at another host
/// and port, and faults to switch on.
///
/// ```swift
/// let server = try HubTestServer()
/// try server.add(.model("tiny"), ["config.json": Array("{}".utf8)])
/// server.fail(Fault(.status(500), on: "config.json", times: 2))
/// ```
public final class HubTestServer: Sendable {
    /// What goes wrong with an answer.
    public enum Effect: Sendable {
        /// This status in place of the answer.
        case status(Int, headers: [String: String] = [:])
        /// The connection ends after this many bytes of the body.
        case cut(after: Int)
        /// `Content-Length` differs from the truth by this.
        case wrongLength(Int)
        /// One byte of the body is another one.
        case damaged
        /// Headers say another size than the file's.
        case wrongSize(Int)
        /// Pieces of this many bytes, with a pause of seconds after each.
        case slow(bytes: Int, seconds: Double)
        /// Silence for some seconds after this many bytes.
        case stalled(after: Int, seconds: Double)
        /// Ranges are not understood: the whole file with status 200.
        case wholeFile
        /// This JSON in place of the answer.
        case json(String, headers: [String: String] = [:])
        /// This status, and a body without an end.
        case endless(Int, headers: [String: String] = [:])
        /// The same, as fast as it is taken.
        case flood(Int, headers: [String: String] = [:])
    }

    public struct Fault: Sendable {
        public var effect: Effect
        /// A part of the path of requests that are hit.
        public var path: String
        public var method: String?
        /// Only requests to the store of large files, or only those to the Hub itself.
        public var isStore: Bool?
        public var times: Int

        public init(
            _ effect: Effect, on path: String = "", method: String? = nil, isStore: Bool? = nil, times: Int = .max
        ) {
            self.effect = effect
            self.path = path
            self.method = method
            self.isStore = isStore
            self.times = times
        }

        func hits(_ method: String, _ path: String, isStore: Bool) -> Bool {
            // Foundation's `contains` finds no empty string anywhere.
            times > 0 && (self.path.isEmpty || path.contains(self.path)) && method == self.method ?? method
                && isStore == self.isStore ?? isStore
        }
    }

    /// A request that was answered.
    public struct Entry: Sendable {
        public var method: String
        public var path: String
        public var headers: [String: String]
        /// Whether it went to the store of large files.
        public var isStore: Bool
        public var status: Int
        /// Whether a fault hit it.
        public var isFaulty: Bool
    }

    let store = Mutex(Store())
    private let listeners = Mutex<[Listener]>([])
    private let ports: (hub: Int, store: Int)

    public init() throws {
        // The listeners need the server and the server their ports.
        let box = Box()
        let hub = try Listener { request in
            box.server.withLock { $0.value }?.answer(request, isStore: false) ?? ServerResponse(status: 503)
        }
        let large = try Listener { request in
            box.server.withLock { $0.value }?.answer(request, isStore: true) ?? ServerResponse(status: 503)
        }
        ports = (hub.port, large.port)
        listeners.withLock { $0 = [hub, large] }
        box.server.withLock { $0.value = self }
    }

    deinit { stop() }

    private final class Box: Sendable {
        struct Weak { weak var value: HubTestServer? }
        let server = Mutex(Weak())
    }

    /// For `HF_ENDPOINT`.
    public var endpoint: String { "http://127.0.0.1:\(ports.hub)" }
    /// Another host than the Hub's by name and by port.
    public var storeEndpoint: String { "http://localhost:\(ports.store)" }

    /// Ends all connections, as if the network were gone.
    public func stop() {
        listeners.withLock { all in
            for listener in all { listener.stop() }
            all = []
        }
    }

    // MARK: Contents

    /// Adds a commit with these files to a branch, making the repository if it is not there.
    ///
    /// - Returns: the commit.
    @discardableResult
    public func add(
        _ repo: HubRepo, _ files: [String: [UInt8]], branch: String = "main", token: String? = nil,
        isGated: Bool = false
    ) -> String {
        store.withLock { store in
            var repository = store.repositories[repo] ?? Repository()
            var all = repository.commit(branch)?.files ?? [:]
            for (name, bytes) in files {
                let blob = Blob(bytes, isLarge: store.isLarge(name, bytes.count))
                if blob.isLarge { store.large[blob.sha256] = bytes }
                all[name] = blob
            }
            if let token { repository.token = token }
            if isGated { repository.isGated = true }
            let commit = repository.add(all, to: branch, "Test files")
            store.repositories[repo] = repository
            return commit
        }
    }

    /// Adds a folder of this machine.
    @discardableResult
    public func add(_ repo: HubRepo, folder: String) throws -> String {
        var files: [String: [UInt8]] = [:]
        let root = URL(fileURLWithPath: folder)
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder)
        where FileSystem.isRegularFile("\(folder)/\(path)") {
            files[path] = Array(try Data(contentsOf: root.appendingPathComponent(path)))
        }
        return add(repo, files)
    }

    /// Makes an old name of a repository lead to it.
    public func rename(_ old: HubRepo, to new: HubRepo) { store.withLock { $0.renamed[old] = new } }

    /// The files of a branch, by name.
    public func files(of repo: HubRepo, branch: String = "main") -> [String: [UInt8]]? {
        store.withLock { $0.repositories[repo]?.commit(branch)?.files.mapValues(\.bytes) }
    }

    /// Names of the files that are kept as large ones.
    public func largeFiles(of repo: HubRepo, branch: String = "main") -> Set<String> {
        store.withLock { store in
            Set((store.repositories[repo]?.commit(branch)?.files ?? [:]).filter { $0.value.isLarge }.keys)
        }
    }

    /// The messages of a repository's commits, for tests of uploads.
    public func messages(of repo: HubRepo) -> Set<String> {
        store.withLock { Set(($0.repositories[repo]?.commits ?? [:]).values.map(\.message)) }
    }

    public func set(writeToken: String? = nil, largeFrom: Int? = nil, partSize: Int? = nil, pageSize: Int? = nil) {
        store.withLock { store in
            if let writeToken { store.writeToken = writeToken }
            if let largeFrom { store.largeFrom = largeFrom }
            if let partSize { store.partSize = partSize }
            if let pageSize { store.pageSize = pageSize }
        }
    }

    // MARK: Faults and what was asked

    public func fail(_ faults: Fault...) { store.withLock { $0.faults += faults } }
    public func heal() { store.withLock { $0.faults = [] } }

    public var log: [Entry] { store.withLock { $0.log } }
    /// How many floods nobody takes any more.
    public var endedFloods: Int { store.withLock { $0.endedFloods } }
    /// How often the server has gone on after a silence.
    public var endedStalls: Int { store.withLock { $0.endedStalls } }
    public func clearLog() { store.withLock { $0.log = [] } }

    /// How many requests there were with this method and this part of the path.
    public func count(_ method: String, _ path: String) -> Int {
        log.count { $0.method == method && $0.path.contains(path) }
    }

    // MARK: Answers

    private func answer(_ request: ServerRequest, isStore: Bool) -> ServerResponse {
        let effects = store.withLock { $0.takeFaults(request.method, request.path, isStore: isStore) }
        var request = request
        if effects.contains(where: { if case .wholeFile = $0 { true } else { false } }) {
            request.headers["range"] = nil
        }
        var response = isStore ? answerFromStore(request) : answerFromHub(request)
        for effect in effects { apply(effect, to: &response) }
        let entry = Entry(
            method: request.method, path: request.path, headers: request.headers, isStore: isStore,
            status: response.status,
            isFaulty: !effects.isEmpty)
        store.withLock { $0.log.append(entry) }
        return response
    }

    private func apply(_ effect: Effect, to response: inout ServerResponse) {
        switch effect {
        case .status(let status, let headers):
            response = ServerResponse(status: status, headers: headers.map { ($0.key, $0.value) })
        case .cut(let count): response.cutAfter = count
        case .wrongLength(let difference):
            response.statedLength = max((response.statedLength ?? response.body.count) + difference, 0)
        case .damaged:
            if !response.body.isEmpty { response.body[response.body.count / 2] ^= 0x20 }
        case .wrongSize(let difference):
            response.headers = response.headers.map { name, value in
                name == "X-Linked-Size" ? (name, String((Int(value) ?? 0) + difference)) : (name, value)
            }
        case .slow(let bytes, let seconds): response.pace = (bytes, seconds)
        case .stalled(let count, let seconds):
            response.pause = (count, seconds)
            response.pauseEnds = { [weak self] in self?.store.withLock { $0.endedStalls += 1 } }
        case .wholeFile: break
        case .json(let text, let headers):
            response = .json(text)
            response.headers += headers.map { ($0.key, $0.value) }
        case .endless(let status, let headers):
            response.status = status
            response.headers += headers.map { ($0.key, $0.value) }
            response.isEndless = true
        case .flood(let status, let headers):
            response.status = status
            response.headers += headers.map { ($0.key, $0.value) }
            response.isEndless = true
            response.floodEnds = { [weak self] in self?.store.withLock { $0.endedFloods += 1 } }
        }
    }
}
