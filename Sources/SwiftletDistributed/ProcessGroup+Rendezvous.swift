import CTorchInterface
import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// How the ranks find each other.
extension ProcessGroup {
    /// Where the launcher says no port, rank 0 takes a free one and writes it to a file.
    static func openStore(
        _ environment: inout ProcessEnvironment, serves: Bool, _ timeout: Duration
    ) throws(ProcessError) -> SharedStore {
        if let file = environment.portFile, !serves {
            environment.masterPort = try PortFile(path: file).wait(timeout)
        }
        let store = try SharedStore(
            host: environment.masterHost, port: environment.masterPort, serves: serves, timeout: timeout)
        if let file = environment.portFile, serves {
            environment.masterPort = store.port
            try PortFile(path: file).write(store.port)
        }
        return store
    }

    /// Connects the ranks with each other.
    static func connect(
        _ environment: ProcessEnvironment, _ store: SharedStore, _ shares: TimeoutShares
    ) throws(ProcessError) -> OpaquePointer {
        struct Connected: @unchecked Sendable {
            var handle: OpaquePointer?
            var reason = ""
        }
        // It asks the store, which may hang.
        let connected = PatientQueue().run(shares.whole) {
            var made = Connected()
            let status = ct_group_new(
                store.handle, environment.masterHost, environment.masterPort, Int32(environment.rank),
                Int32(environment.size), shares.operation.milliseconds, ct_nccl_available() && ct_cuda_available(),
                &made.handle)
            if status != 0 { made.reason = shortReason(String(cString: ct_last_error())) }
            return made
        }
        guard let handle = connected?.handle else {
            let reason = connected?.reason ?? "the store does not answer"
            throw ProcessError(
                "rank \(environment.rank) can't connect to the others: \(reason)",
                remedy: "GLOO_SOCKET_IFNAME chooses the network interface.", kind: .unreachable,
                at: ErrorLocation(option: "GLOO_SOCKET_IFNAME"))
        }
        return handle
    }

    /// Waits until every rank has said that it is there.
    static func rendezvous(
        _ environment: ProcessEnvironment, _ store: SharedStore, _ shares: TimeoutShares
    ) throws(ProcessError) {
        let clock = ContinuousClock()
        let end = clock.now + shares.whole - shares.lastLook
        guard try store.add("claims/\(environment.rank)") == 1 else {
            throw ProcessError(
                "two processes claim to be rank \(environment.rank) of \(environment.size)",
                remedy: "Give each its own RANK; two runs at once need different MASTER_PORTs.", kind: .environment,
                at: ErrorLocation(option: "RANK"))
        }
        try store.set("arrived/\(environment.rank)", "\(environment.size)")
        guard environment.rank == 0 else {
            guard try store.wait("met", end - clock.now) else {
                throw try absence(environment, store, shares.whole, from: 0)
            }
            let failure = try store.get("met")
            guard failure.isEmpty else { throw ProcessError(failure, kind: .lost) }
            return
        }
        // One rank looks for all: with a thousand of them, everybody looking for everybody would keep the store busy
        // for a minute.
        do throws(ProcessError) {
            for rank in 0..<environment.size {
                guard try store.wait("arrived/\(rank)", end - clock.now) else {
                    throw try absence(environment, store, shares.whole, from: rank)
                }
                let size = try store.get("arrived/\(rank)")
                guard size == "\(environment.size)" else {
                    throw ProcessError(
                        "rank \(rank) counts \(size) processes, rank 0 counts \(environment.size)",
                        remedy: "Start all with the same WORLD_SIZE.", kind: .mismatch,
                        at: ErrorLocation(option: "WORLD_SIZE"))
                }
            }
        } catch {
            try? store.set("met", error.message)
            // The others read it in the store, which may go with this process.
            usleep(UInt32(min(shares.lastLook / 2, .milliseconds(500)).milliseconds * 1000))
            throw error
        }
        try store.set("met", "")
    }

    /// The error that names the ranks which have not come, none of them below `first`.
    private static func absence(
        _ environment: ProcessEnvironment, _ store: SharedStore, _ timeout: Duration, from first: Int
    ) throws(ProcessError) -> ProcessError {
        var missing: [String] = []
        for rank in first..<environment.size where try !store.has("arrived/\(rank)") { missing.append("\(rank)") }
        // Rank 0 may have come and gone before it could say so.
        if missing.isEmpty { missing = ["0"] }
        let shown = missing.count > 8 ? missing.prefix(8) + ["\(missing.count - 8) more"] : missing[...]
        return ProcessError(
            "rank \(environment.rank): \(missing.count == 1 ? "rank" : "ranks") \(shown.joined(separator: ", ")) "
                + "of \(environment.size) did not arrive at \(environment.masterHost):\(environment.masterPort) "
                + "within \(timeout.inWords)",
            remedy: "Is every process running, with the same MASTER_ADDR and MASTER_PORT?", kind: .unreachable,
            at: ErrorLocation(option: "MASTER_ADDR"))
    }
}
