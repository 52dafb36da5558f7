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
        guard let epoch = json["epoch"]?.int, let batches = json["batches_done"]?.int, epoch >= 0, batches >= 0,
            let hasBegun = json["has_begun_epoch"]?.bool, let total = json["total_loss"]?.double,
            let sinceLog = json["loss_since_log"]?.double, let logged = json["logged_step"]?.int
        else { throw TrainingError("'\(path)' does not say where the run was") }
        self.epoch = epoch
        batchesDone = batches
        hasBegunEpoch = hasBegun
        totalLoss = total
        lossSinceLog = sinceLog
        loggedStep = logged
        gradientNorm = json["grad_norm"]?.double ?? 0
        shouldStop = json["should_training_stop"]?.bool ?? false
        processCount = json["num_processes"]?.int ?? 1
    }
}

/// The random generators of a run.
struct RandomState {
    /// libtorch's default generator, which dropout draws from, of every process.
    var torch: [[UInt8]]
    /// The same of the first one at the beginning of the epoch: the order of the rows may come from it.
    var torchAtEpochStart: [UInt8]

    static let file = "rng_state.safetensors"

    init(torch: [[UInt8]], torchAtEpochStart: [UInt8]) {
        self.torch = torch
        self.torchAtEpochStart = torchAtEpochStart
    }

    private static func name(_ process: Int) -> String { process == 0 ? "torch" : "torch_\(process)" }

    func write(to folder: String) throws {
        func bytes(_ values: [UInt8]) -> Tensor { values.withUnsafeBytes { Tensor.fromBytes($0, [$0.count], .uint8) } }
        try Safetensors.write(
            [("torch_at_epoch_start", bytes(torchAtEpochStart))]
                + torch.enumerated().map { (Self.name($0), bytes($1)) },
            metadata: [:], to: FileSystem.join(folder, Self.file))
    }

    /// - Parameter tensors: of the file that `write` made.
    init(_ tensors: [(name: String, tensor: Tensor)], path: String) throws(TrainingError) {
        func bytes(_ name: String) -> [UInt8]? {
            tensors.first { $0.name == name }?.tensor.withUnsafeBytes { [UInt8]($0) }
        }
        guard let start = bytes("torch_at_epoch_start"), bytes("torch") != nil else {
            throw TrainingError("'\(path)' has no random state")
        }
        torchAtEpochStart = start
        torch = []
        while let next = bytes(Self.name(torch.count)) { torch.append(next) }
    }
}
