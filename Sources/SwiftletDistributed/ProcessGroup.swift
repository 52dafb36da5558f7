import CTorchInterface
public import SwiftletTensor
import Synchronization

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The processes of a run, of which this is one, and their collective operations: c10d's Gloo on CPU, NCCL on CUDA.
///
/// Every rank calls the same operations in the same order. An operation that fails, because a rank has died, hangs or
/// can't be reached, throws an error that names that rank; the group is of no use afterwards.
///
/// `Sendable` so that one group can serve the whole process; its operations belong to one thread at a time.
public final class ProcessGroup: @unchecked Sendable {
    /// How values of all ranks become one.
    public enum Reduction: Sendable {
        /// Their sum.
        case sum
        /// The largest.
        case max
        /// The smallest.
        case min
    }

    /// What the launcher said about the processes.
    public let environment: ProcessEnvironment
    /// This process's number, from 0.
    public var rank: Int { environment.rank }
    /// Processes in all.
    public var size: Int { environment.size }
    /// How long it may take from where an operation goes no further to the error that says who is missing.
    public let timeout: Duration
    /// The texts that the processes share.
    public let store: SharedStore
    let handle: OpaquePointer
    private let keepsStore: Bool
    private let shares: TimeoutShares
    private var hasEnded = false

    /// Whether this build can run several processes.
    public static var isAvailable: Bool { ct_gloo_available() }

    /// Whether it can exchange what lies on GPUs: libtorch has its CUDA part, and the library with NCCL lies beside it.
    public static var hasNCCL: Bool { ct_nccl_available() }

    /// NCCL's version where there is one, else why not.
    public static var ncclState: String {
        var text: UnsafePointer<CChar>?
        guard ct_nccl_state(&text) == 0, let text else { return "unknown" }
        return String(cString: text)
    }

    private static let current = Mutex<ProcessGroup?>(nil)

    /// The group that the environment of this process describes, made at the first call; `nil` for a single process.
    ///
    /// - Parameter timeout: of the group, where this call makes it.
    public static func shared(timeout: Duration = .seconds(1800)) throws -> ProcessGroup? {
        try current.withLock { known in
            if let known { return known }
            let environment = try ProcessEnvironment.current()
            guard environment.size > 1 else { return nil }
            let group = try ProcessGroup(environment, timeout: timeout)
            known = group
            return group
        }
    }

    /// Meets the other processes.
    ///
    /// - Parameter timeout: how long they may be missing, here and in each operation, before an error says who is.
    /// - Throws: `ProcessError` that names the ranks which have not come in time.
    public init(_ environment: ProcessEnvironment, timeout: Duration = .seconds(1800)) throws(ProcessError) {
        guard Self.isAvailable else {
            throw ProcessError(
                "this build can't run several processes, because Gloo's headers were missing when it was made",
                remedy: "Run scripts/bootstrap where it can fetch libgloo-dev, and build again.", kind: .environment)
        }
        self.timeout = timeout
        shares = TimeoutShares(timeout, size: environment.size)
        keepsStore = !environment.launcherKeepsStore && environment.rank == 0
        var environment = environment
        let root = try Self.openStore(&environment, serves: keepsStore, timeout)
        self.environment = environment
        let store = try root.prefixed("swiftlet/\(environment.restartCount)/")
        self.store = store
        try Self.rendezvous(environment, store, shares)
        handle = try Self.connect(environment, store, shares)
    }

    deinit { ct_group_free(handle) }

    // MARK: Operations

    /// Replaces a dense tensor by the sum, maximum or minimum over all ranks.
    public func allReduce(_ tensor: Tensor, _ reduction: Reduction = .sum, as name: String = "an all-reduce")
        throws(ProcessError)
    {
        let op =
            switch reduction {
            case .sum: CT_REDUCE_OP_SUM
            case .max: CT_REDUCE_OP_MAX
            case .min: CT_REDUCE_OP_MIN
            }
        try check(name, withExtendedLifetime(tensor) { ct_group_all_reduce(handle, name, tensor.handle, op) })
    }

    /// Replaces tensors by those of one rank.
    public func broadcast(_ tensors: [Tensor], from root: Int = 0, as name: String = "a broadcast") throws(ProcessError)
    {
        guard !tensors.isEmpty else { return }
        try check(
            name, withHandles(tensors) { ct_group_broadcast(handle, name, $0, Int32(tensors.count), Int32(root)) })
    }

    /// The tensors of all ranks, in their order. All must have one shape.
    public func allGather(_ tensor: Tensor, as name: String = "an all-gather") throws(ProcessError) -> [Tensor] {
        var handles = [OpaquePointer?](repeating: nil, count: size)
        let status = withExtendedLifetime(tensor) {
            handles.withUnsafeMutableBufferPointer { ct_group_all_gather(handle, name, tensor.handle, $0.baseAddress) }
        }
        try check(name, status)
        return handles.map { Tensor(owning: $0 ?? ct_tensor_undefined()) }
    }

    /// The tensors of all ranks, which may differ in their first dimension.
    public func allGatherRows(_ tensor: Tensor, as name: String = "an all-gather") throws(ProcessError) -> [Tensor] {
        let counts = try allGather(Tensor([Int64(tensor.shape.first ?? 0)], shape: [1]), as: name).map { $0.ints()[0] }
        let longest = counts.max() ?? 0
        guard longest > 0 else { return counts.map { _ in tensor } }
        var padded = tensor.detach()
        if padded.shape[0] < longest {
            let filler = Tensor.zeros(
                [longest - padded.shape[0]] + padded.shape.dropFirst(), dtype: padded.dtype, device: padded.device)
            padded = Tensor.cat([padded, filler], 0)
        }
        return zip(try allGather(padded, as: name), counts).map { $0.narrow(0, 0, $1) }
    }

    /// Some bytes of every rank, in the order of the ranks.
    public func allGather(bytes: [UInt8], as name: String = "an all-gather") throws(ProcessError) -> [[UInt8]] {
        let tensor = bytes.withUnsafeBytes { Tensor.fromBytes($0, [$0.count], .uint8) }
        return try allGatherRows(tensor, as: name).map { $0.bytes() }
    }

    /// A text of every rank.
    public func allGather(text: String, as name: String = "an all-gather") throws(ProcessError) -> [String] {
        try allGather(bytes: Array(text.utf8), as: name).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Replaces a table's gradient by the mean of all ranks', row by row where few rows have one.
    ///
    /// - Returns: the seconds it took.
    func averageRows(_ rows: RowGradient, of table: Tensor) throws(ProcessError) -> Double {
        let name = "the averaging of rows' gradients"
        guard let gradient = table.grad else { return 0 }
        var seconds = 0.0
        let status = withExtendedLifetime((rows, gradient)) {
            ct_group_average_rows(handle, name, rows.handle, gradient.handle, &seconds)
        }
        try check(name, status)
        return seconds
    }

    /// Waits until every rank has come here.
    public func barrier(_ name: String = "a barrier") throws(ProcessError) {
        try check(name, ct_group_barrier(handle, name))
    }

    /// Checks that a value is the same on all ranks.
    ///
    /// - Throws: `ProcessError` that names a rank whose value differs, with both.
    public func requireSame(_ what: String, _ value: String, remedy: String? = nil) throws(ProcessError) {
        let values = try allGather(text: value, as: "the comparison of \(what)")
        guard let other = values.firstIndex(where: { $0 != values[0] }) else { return }
        throw ProcessError(
            "the ranks differ in \(what): rank 0 has \(values[0]), rank \(other) has \(values[other])", remedy: remedy,
            kind: .mismatch)
    }

    // MARK: The end

    /// Says goodbye, and waits a moment for the others if this process keeps their store.
    public func close() {
        guard !hasEnded else { return }
        hasEnded = true
        _ = ct_group_end(handle, false, "")
        guard (try? store.add("closed")) != nil, keepsStore else { return }
        linger(.seconds(10)) { ((try? self.store.add("closed", 0)) ?? self.size) >= self.size }
    }

    /// Tells the others that this rank fails, in its own words, so that they need not guess.
    public func announceFailure(_ message: String) { announceFailure(message, .seconds(3)) }

    /// - Parameter patience: how long the others may still look for the culprit in the store, which goes with this
    ///   process if it keeps it.
    private func announceFailure(_ message: String, _ patience: Duration) {
        guard !hasEnded else { return }
        hasEnded = true
        _ = ct_group_end(handle, true, message)
        if keepsStore { linger(patience) { false } }
    }

    private func check(_ operation: String, _ status: Int32) throws(ProcessError) {
        if status != 0 { throw failure(operation, String(cString: ct_last_error())) }
    }

    /// The error of a failed operation, which names who is missing.
    func failure(_ operation: String, _ reason: String) -> ProcessError {
        var tensor: OpaquePointer?
        var text = ""
        let end = ContinuousClock.now + shares.search
        // Two or three signs of life of each, unless the store can't be reached either.
        if ct_group_survey(handle, (shares.search * 3 / 4).milliseconds, &tensor) == 0, let tensor {
            text = String(decoding: Tensor(owning: tensor).bytes(), as: UTF8.self)
        }
        let message = RankReport.explain(
            operation, rank: rank, reports: RankReport.parse(text),
            store: "\(environment.masterHost):\(environment.masterPort)", reason: shortReason(reason))
        announceFailure(message, min(.seconds(3), end - ContinuousClock.now))
        return ProcessError(
            message, remedy: "The run goes on from its last checkpoint with train(resumeFrom: .last).",
            commandLine: "The run goes on from its last checkpoint with --resume-from-checkpoint last.", kind: .lost)
    }

    private func linger(_ limit: Duration, until isOver: () -> Bool) {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while clock.now < end, !isOver() { usleep(20_000) }
    }
}
