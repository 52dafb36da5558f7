import Dispatch
import Logging
import Swiftlet
import Synchronization

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Starts the same program as several processes, here and together with launchers on other machines, and sees to it
/// that they end together.
struct Launcher {
    var command: [String]
    var processesPerNode = 1
    var nodeCount = 1
    var nodeRank = 0
    var masterHost: String?
    var masterPort: UInt16?
    var maxRestarts = 0
    /// How long the others may take to say what they miss, after one has failed; then they are asked to end. `nil`
    /// allows for the second that each takes to look around before its neighbours in the ring get to know.
    var grace: Duration?
    /// How long they may take to end when asked; then they are made to. One that hangs does not hear it.
    var patience = Duration.seconds(2)
    /// How long launchers wait for each other.
    var joinTimeout = Duration.seconds(300)
    var logger = Logger(label: "swiftlet.launch")

    private let clock = ContinuousClock()
    /// By this a run that is started again knows which checkpoints are its own.
    private let launchID =
        String(UInt64.random(in: 0 ... .max), radix: 16) + String(UInt64.random(in: 0 ... .max), radix: 16)
    private var size: Int { processesPerNode * nodeCount }

    init(_ command: [String]) { self.command = command }

    /// - Throws: `LaunchError` that says which rank failed first, `ProcessError` if the launchers don't meet.
    func run() throws {
        let host = masterHost ?? "127.0.0.1"
        let port = masterPort ?? (nodeCount > 1 ? 29500 : 0)
        let store = LaunchStore(
            try SharedStore(host: host, port: port, serves: nodeRank == 0, timeout: joinTimeout))
        let signals = ForwardedSignals()
        defer { signals.cancel() }
        for attempt in 0...maxRestarts {
            try meet(store, attempt, signals)
            guard let failure = try runOnce(store, host: host, attempt, signals) else { return }
            if let signal = signals.first {
                throw LaunchError("stopped by signal \(signal)")
            }
            guard attempt < maxRestarts else {
                // The ranks of other machines still look in the store for the culprit.
                if nodeCount > 1, nodeRank == 0 { sleep(3) }
                throw LaunchError(
                    failure,
                    remedy: maxRestarts == 0
                        ? "With --max-restarts N the run would go on from its last checkpoint." : nil)
            }
            logger.warning("\(failure); starting all again (\(attempt + 1) of \(maxRestarts))")
        }
    }

    /// Waits for the launchers of the other machines.
    private func meet(_ store: LaunchStore, _ attempt: Int, _ signals: ForwardedSignals) throws {
        guard nodeCount > 1 else { return }
        let end = clock.now + joinTimeout
        let key = "launch/\(attempt)/ready"
        var count = store.ask { try $0.add(key) }
        while let there = count, there < nodeCount {
            if let signal = signals.first { throw LaunchError("stopped by signal \(signal)") }
            guard clock.now < end else {
                throw LaunchError(
                    "only \(there) of \(nodeCount) machines have come to \(masterHost ?? ""):\(store.port)",
                    remedy: "Run 'swiftlet launch' on each, with --node-rank 0 to \(nodeCount - 1).")
            }
            usleep(50_000)
            count = store.ask { try $0.add(key, 0) }
        }
        guard count != nil else { throw lost() }
    }

    private func lost() -> LaunchError {
        LaunchError(
            "the launcher at \(masterHost ?? "") can't be reached any more",
            remedy: "Is it running, and the network up?")
    }

    /// Runs all processes to their end.
    ///
    /// - Returns: what failed first; `nil` if nothing did.
    private func runOnce(_ store: LaunchStore, host: String, _ attempt: Int, _ signals: ForwardedSignals) throws
        -> String?
    {
        var running: [(rank: Int, process: ChildProcess)] = []
        do {
            for local in 0..<processesPerNode {
                let environment = environment(local, host: host, port: store.port, attempt)
                running.append(
                    (nodeRank * processesPerNode + local, try ChildProcess(command, environment: environment)))
            }
        } catch {
            end(running.map(\.process))
            throw error
        }
        let failedKey = "launch/\(attempt)/failed"
        let doneKey = "launch/\(attempt)/done"
        var failure: String?
        var failedAt: ContinuousClock.Instant?
        var forwarded = 0
        var lastSignal: Int32 = 0
        var nextLook = clock.now
        var hasToldDone = false
        var question: LaunchStore.Pending<(String, Int)>?
        while true {
            var left: [(rank: Int, process: ChildProcess)] = []
            for entry in running {
                guard let ended = entry.process.poll() else {
                    left.append(entry)
                    continue
                }
                if ended.isSuccess { continue }
                let text = ended.text
                let rank = entry.rank
                // For the other ranks, which otherwise only know that a connection broke.
                _ = store.ask(.seconds(2)) { try $0.set("swiftlet/\(attempt)/ended/\(rank)", text) }
                if failure == nil {
                    failure = "rank \(rank) (process \(entry.process.id)) \(text)"
                    let message = failure ?? ""
                    _ = store.ask(.seconds(2)) { try $0.set(failedKey, message) }
                }
            }
            running = left
            for signal in signals.received.dropFirst(forwarded) {
                forwarded += 1
                running.forEach { $0.process.send(signal) }
            }
            if running.isEmpty, nodeCount == 1 || failure != nil { return failure }
            if nodeCount > 1, clock.now >= nextLook {
                nextLook = clock.now + .milliseconds(300)
                if running.isEmpty, !hasToldDone {
                    hasToldDone = true
                    _ = store.ask { try $0.add(doneKey) }
                }
                if question == nil {
                    question = store.begin { store in
                        (try store.has(failedKey) ? try store.get(failedKey) : "", try store.add(doneKey, 0))
                    }
                }
                // The processes are looked after meanwhile: an answer may never come.
                switch question.map({ store.look(at: $0) }) {
                case .answered(let (failed, done)):
                    question = nil
                    if failure == nil, !failed.isEmpty { failure = failed }
                    if failure == nil, done == nodeCount {
                        // Whoever keeps the store leaves last, so that all have read this.
                        if nodeRank == 0 { usleep(700_000) }
                        return nil
                    }
                case .waiting:
                    nextLook = clock.now
                case .lost, nil:
                    // The other machines may be done and gone, with their store.
                    if hasToldDone { return nil }
                    if failure == nil { failure = lost().message }
                    if failedAt == nil { failedAt = clock.now }
                    nextLook = clock.now + .seconds(3600)
                }
            }
            if failure != nil {
                let since = clock.now - (failedAt ?? clock.now)
                failedAt = failedAt ?? clock.now
                let grace = grace ?? min(.seconds(5) + .milliseconds(500 * size), .seconds(30))
                if since > grace + patience, lastSignal != SIGKILL {
                    lastSignal = SIGKILL
                    running.forEach { $0.process.send(SIGKILL) }
                } else if since > grace, lastSignal == 0 {
                    lastSignal = SIGTERM
                    running.forEach { $0.process.send(SIGTERM) }
                }
            }
            usleep(20_000)
        }
    }

    /// Makes processes end, and takes their status, so that none is left behind.
    private func end(_ processes: [ChildProcess]) {
        processes.forEach { $0.send(SIGKILL) }
        for process in processes { while process.poll() == nil { usleep(10_000) } }
    }

    /// What torchrun sets, and which process to end with.
    private func environment(_ local: Int, host: String, port: UInt16, _ attempt: Int) -> [String: String] {
        var variables = ChildProcess.inheritedEnvironment()
        variables["RANK"] = "\(nodeRank * processesPerNode + local)"
        variables["LOCAL_RANK"] = "\(local)"
        variables["WORLD_SIZE"] = "\(size)"
        variables["LOCAL_WORLD_SIZE"] = "\(processesPerNode)"
        variables["GROUP_RANK"] = "\(nodeRank)"
        variables["GROUP_WORLD_SIZE"] = "\(nodeCount)"
        variables["MASTER_ADDR"] = host
        variables["MASTER_PORT"] = "\(port)"
        variables["TORCHELASTIC_USE_AGENT_STORE"] = "True"
        variables["TORCHELASTIC_RESTART_COUNT"] = "\(attempt)"
        variables["TORCHELASTIC_MAX_RESTARTS"] = "\(maxRestarts)"
        variables["SWIFTLET_LAUNCH_ID"] = launchID
        variables["SWIFTLET_LAUNCHER_PID"] = "\(getpid())"
        // Processes that each take every core only get in each other's way.
        if variables["OMP_NUM_THREADS"] == nil {
            let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
            variables["OMP_NUM_THREADS"] = "\(max(1, cores / processesPerNode))"
        }
        return variables
    }
}

/// Remembers signals that are meant for all processes.
final class ForwardedSignals {
    private final class List: Sendable {
        let numbers = Mutex<[Int32]>([])
    }

    private static let forwarded = [SIGINT, SIGTERM, SIGHUP]
    private let list = List()
    private let sources: [any DispatchSourceSignal]

    init() {
        let list = list
        sources = Self.forwarded.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { list.numbers.withLock { $0.append(number) } }
            source.resume()
            return source
        }
    }

    var received: [Int32] { list.numbers.withLock { $0 } }
    var first: Int32? { received.first }

    func cancel() {
        for source in sources { source.cancel() }
        for number in Self.forwarded { signal(number, SIG_DFL) }
    }
}
