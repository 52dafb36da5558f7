import SwiftletCheckpoints
import SwiftletIO
import SwiftletTensor

/// Where a run is in its data and its logs: what `trainer_state.json` has no place for, and a resumed run needs to
/// give the same numbers as one that was never interrupted.
struct RunProgress {
    /// The epoch under way, counted from 0.
    var epoch = 0
    /// Batches of it that are done. Equal to all of them: only the epoch's end is left.
    var batchesDone = 0
    /// Whether the epoch's random draws are made.
    var hasBegunEpoch = false
    var totalLoss = 0.0
    var lossSinceLog = 0.0
    var loggedStep = 0
    var gradientNorm = 0.0
    /// A callback may have ended the run at the step of the checkpoint.
    var shouldStop = false
    /// Each has its own batches and random state, so a run goes on with as many.
    var processCount = 1

    init() {}

    var json: JSONValue {
        [
            "epoch": .int(epoch), "batches_done": .int(batchesDone), "has_begun_epoch": .bool(hasBegunEpoch),
            "total_loss": .double(totalLoss), "loss_since_log": .double(lossSinceLog),
            "logged_step": .int(loggedStep), "grad_norm": .double(gradientNorm),
            "should_training_stop": .bool(shouldStop), "num_processes": .int(processCount),
        ]
    }

    init(_ json: JSONValue, path: String) throws(TrainingError) {
        let fields = try CheckpointFields(json, path: path)
        epoch = try fields.required("epoch", .count)
        batchesDone = try fields.required("batches_done", .count)
        hasBegunEpoch = try fields.required("has_begun_epoch", .bool)
        totalLoss = try fields.required("total_loss", .number)
        lossSinceLog = try fields.required("loss_since_log", .float32)
        loggedStep = try fields.required("logged_step", .count)
        gradientNorm = try fields.optional("grad_norm", .float32) ?? 0
        shouldStop = try fields.optional("should_training_stop", .bool) ?? false
        processCount = try fields.optional("num_processes", .count(in: 1...CheckpointFields.counts.upperBound)) ?? 1
    }
}

/// The random generators of a run.
struct RandomState {
    /// libtorch's default generator, which dropout draws from, of every process.
    var torch: [[UInt8]]
    /// The random state of the first process at the beginning of the epoch: the order of the rows may come from it.
    var torchAtEpochStart: [UInt8]
    /// The random state of every process before it made the batch that is ready for the next update; without one, `nil`.
    var torchBeforeBatchAhead: [[UInt8]]?
    /// The default generator of the GPU of every process, which dropout draws from there; on the CPU, `nil`.
    var device: [[UInt8]]?

    static let file = "rng_state.safetensors"

    init(
        torch: [[UInt8]], torchAtEpochStart: [UInt8], torchBeforeBatchAhead: [[UInt8]]?, device: [[UInt8]]? = nil
    ) {
        self.torch = torch
        self.torchAtEpochStart = torchAtEpochStart
        self.torchBeforeBatchAhead = torchBeforeBatchAhead
        self.device = device
    }

    private static let now = "torch"
    private static let ofDevice = "device"
    private static let beforeBatchAhead = "torch_before_batch_ahead"

    private static func name(_ name: String, _ process: Int) -> String { process == 0 ? name : "\(name)_\(process)" }

    func write(to folder: String) throws {
        func bytes(_ values: [UInt8]) -> Tensor { values.withUnsafeBytes { Tensor.fromBytes($0, [$0.count], .uint8) } }
        func all(_ name: String, _ states: [[UInt8]]) -> [(name: String, tensor: Tensor)] {
            states.enumerated().map { (Self.name(name, $0), bytes($1)) }
        }
        try Safetensors.write(
            [("torch_at_epoch_start", bytes(torchAtEpochStart))] + all(Self.now, torch)
                + all(Self.beforeBatchAhead, torchBeforeBatchAhead ?? []) + all(Self.ofDevice, device ?? []),
            metadata: [:], to: FileSystem.join(folder, Self.file))
    }

    /// - Parameter tensors: of the file that `write` made.
    init(_ tensors: [(name: String, tensor: Tensor)], path: String) throws(TrainingError) {
        let byName = Dictionary(tensors.map { ($0.name, $0.tensor) }) { first, _ in first }
        func bytes(_ name: String) -> [UInt8]? { byName[name]?.withUnsafeBytes { [UInt8]($0) } }
        func all(_ name: String) -> [[UInt8]] {
            var states: [[UInt8]] = []
            while let next = bytes(Self.name(name, states.count)) { states.append(next) }
            return states
        }
        guard let start = bytes("torch_at_epoch_start"), bytes(Self.now) != nil else {
            throw TrainingError(
                "'\(path)' has no random state", remedy: "Use another checkpoint.", kind: .checkpoint,
                at: ErrorLocation(path: path))
        }
        torchAtEpochStart = start
        torch = all(Self.now)
        let ahead = all(Self.beforeBatchAhead)
        // Checkpoints of before batches were made ahead have none.
        torchBeforeBatchAhead = ahead.count == torch.count ? ahead : nil
        let device = all(Self.ofDevice)
        self.device = device.count == torch.count ? device : nil
        for (name, tensor) in tensors {
            // Those of a GPU, which may not be here now, are checked when they are taken over.
            let isSound =
                tensor.dtype == .uint8
                && (name.hasPrefix(Self.ofDevice) || Generator.isState(tensor.withUnsafeBytes { [UInt8]($0) }))
            guard isSound else {
                throw TrainingError(
                    "'\(name)' in '\(path)' is no state of a random generator", remedy: "Use another checkpoint.",
                    kind: .checkpoint, at: ErrorLocation(path: path, tensor: name))
            }
        }
    }
}
