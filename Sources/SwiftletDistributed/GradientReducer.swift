import CTorchInterface
import SwiftletIO
public import SwiftletTensor

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Averages the gradients of a model over all processes while the backward pass still runs, by c10d's Reducer: the
/// engine under PyTorch's DistributedDataParallel.
public final class GradientReducer {
    private var handle: OpaquePointer?
    private let group: ProcessGroup
    private let tables: [(table: Tensor, rows: RowGradient)]
    /// Seconds spent waiting for other ranks, with nothing left to compute.
    public private(set) var secondsWaited = 0.0

    /// - Parameters:
    ///   - parameters: all that are trained, in the same order on every rank. Their tensors must stay the same.
    ///   - tables: embedding tables whose gradients are kept row by row: after the backward pass only the rows that
    ///     some rank has touched are exchanged. Not among `parameters`.
    ///   - bucketBytes: gradients are sent in portions of this size. By default PyTorch's 25 MiB; 4 MiB in a group of
    ///     up to 16 processes, where small portions cost little and less is left to send after the backward pass.
    ///   - findsUnused: allows for parameters that have no part in a loss, for the cost of a walk over its graph.
    public init(
        _ parameters: [(name: String, tensor: Tensor)], tables: [(table: Tensor, rows: RowGradient)] = [],
        in group: ProcessGroup, bucketBytes: Int? = nil, findsUnused: Bool = false
    ) throws(ProcessError) {
        guard !parameters.isEmpty || !tables.isEmpty else {
            throw ProcessError(
                "there are no gradients to average: nothing is trained",
                remedy: "Unfreeze a parameter before the model is prepared.",
                commandLine: "Leave a parameter unfrozen.", kind: .mismatch)
        }
        self.group = group
        self.tables = tables
        // A classifier of nothing but looked-up rows: the tables are all there is.
        guard !parameters.isEmpty else { return }
        let bucketBytes = bucketBytes ?? (group.size <= 16 ? 4 << 20 : 25 << 20)
        var handle: OpaquePointer?
        let names = parameters.map { strdup($0.name) }
        defer { names.forEach { free($0) } }
        let status = withHandles(parameters.map(\.tensor)) { tensors in
            names.map { UnsafePointer($0) }.withUnsafeBufferPointer { names in
                ct_reducer_new(
                    group.handle, tensors, names.baseAddress, Int32(parameters.count), Int64(min(1 << 20, bucketBytes)),
                    Int64(bucketBytes), findsUnused, &handle)
            }
        }
        guard status == 0, let handle else {
            throw ProcessError(
                "gradients can't be averaged: \(shortReason(String(cString: ct_last_error())))",
                remedy: "Run with one process to see whether the model trains at all.", kind: .lost)
        }
        self.handle = handle
    }

    deinit { ct_reducer_free(handle) }

    /// The backward pass of a loss. Afterwards the gradients of every rank are the mean over all ranks.
    ///
    /// - Throws: `ProcessError` that names the rank which has not come.
    public func backward(_ loss: Tensor) throws(ProcessError) {
        try backwardInBuckets(loss)
        for (table, rows) in tables {
            // A table without a part in this rank's loss may have one in another's.
            if table.grad == nil { table.grad = .zeros(table.shape, dtype: table.dtype, device: table.device) }
            secondsWaited += try group.averageRows(rows, of: table)
        }
    }

    private func backwardInBuckets(_ loss: Tensor) throws(ProcessError) {
        var waited = 0.0
        guard let handle else {
            do { try withTensorErrors { loss.backward() } } catch { throw ProcessError("\(error)", kind: .lost) }
            return
        }
        let status = withExtendedLifetime(loss) { ct_reducer_backward(handle, loss.handle, &waited) }
        guard status == 0 else {
            let reason = String(cString: ct_last_error())
            if reason.contains("finished reduction") {
                throw ProcessError(
                    "some parameters had no part in the loss, so their gradients can't be averaged: \(shortReason(reason))",
                    remedy: "Freeze them, or set findUnusedParameters.",
                    commandLine: "Freeze them, or give --ddp-find-unused-parameters.", kind: .mismatch,
                    at: ErrorLocation(option: "ddp_find_unused_parameters"))
            }
            throw group.failure("the averaging of gradients", reason)
        }
        secondsWaited += waited
    }
}
