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

    init() {}

    var json: JSONValue {
        [
            "epoch": .int(epoch), "batches_done": .int(batchesDone), "has_begun_epoch": .bool(hasBegunEpoch),
            "total_loss": .double(totalLoss), "loss_since_log": .double(lossSinceLog),
            "logged_step": .int(loggedStep), "grad_norm": .double(gradientNorm),
            "should_training_stop": .bool(shouldStop),
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
    }
}

/// The random generators of a run.
struct RandomState {
    /// libtorch's default generator, which dropout draws from.
    var torch: [UInt8]
    /// The same at the beginning of the epoch: the order of the rows may come from it.
    var torchAtEpochStart: [UInt8]

    static let file = "rng_state.safetensors"

    func write(to folder: String) throws {
        func bytes(_ values: [UInt8]) -> Tensor { values.withUnsafeBytes { Tensor.fromBytes($0, [$0.count], .uint8) } }
        try Safetensors.write(
            [("torch", bytes(torch)), ("torch_at_epoch_start", bytes(torchAtEpochStart))], metadata: [:],
            to: FileSystem.join(folder, Self.file))
    }

    init(torch: [UInt8], torchAtEpochStart: [UInt8]) {
        self.torch = torch
        self.torchAtEpochStart = torchAtEpochStart
    }

    init(_ folder: String) throws {
        let file = try SafetensorsFile(FileSystem.join(folder, Self.file))
        func bytes(_ name: String) throws -> [UInt8] { try file.tensor(name).withUnsafeBytes { [UInt8]($0) } }
        torch = try bytes("torch")
        torchAtEpochStart = try bytes("torch_at_epoch_start")
    }
}
