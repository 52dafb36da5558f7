import Logging
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor

extension Trainer {
    /// The batch size that follows on one that does not fit, as in accelerate: a tenth smaller, rounded down.
    static func reduced(_ size: Int) -> Int { Int(Double(size) * 0.9) }

    /// Trains with the largest batches that fit in memory, of those that `perDeviceTrainBatchSize` begins: each attempt
    /// begins with the same weights, random numbers and states of callbacks. A run that goes on from a checkpoint keeps
    /// the batches which that was written with, since it is in the middle of an order of them.
    func trainFindingBatchSize(_ resumeFrom: ResumePoint?) throws -> TrainOutput {
        guard accelerator.numProcesses == 1 else {
            throw TrainingError(
                "auto_find_batch_size is for one process; there are \(accelerator.numProcesses), of which one that runs "
                    + "out of memory would leave the others waiting",
                remedy: "Leave autoFindBatchSize out, and set perDeviceTrainBatchSize.",
                commandLine: "Leave --auto-find-batch-size out, and give --per-device-train-batch-size.",
                kind: .invalidArgument, at: ErrorLocation(option: "auto_find_batch_size"))
        }
        if let resumeFrom {
            let checkpoint = try resumeFrom.find(in: args.outputDir) { _ in }
            let path = checkpoint.file("trainer_state.json")
            let size = try TrainerState(try JSONValue(contentsOf: path), path: path).trainBatchSize
            if size > 0 { args.perDeviceTrainBatchSize = size }
            return try withTensorErrors { try trainInScope(.path(checkpoint.path)) }
        }
        try fitBatchesToMemory()
        let start = TrainingStart(self)
        while true {
            do {
                return try withTensorErrors { try trainInScope(nil) }
            } catch let error as TensorError where error.isOutOfMemory {
                try start.restore(self)
                try shrinkBatches()
            }
        }
    }

    /// On a CPU, where the system may end a program that has run out of memory: by an estimate, before the first step.
    private func fitBatchesToMemory() throws {
        guard model.state.device == .cpu, let memory = MachineMemory.obtainableByteCount, let trainDataset else {
            return
        }
        let rows = try TokenizedExamples(trainDataset, name: "the train dataset").rows
        guard !rows.isEmpty else { return }
        let (size, likely) = (args.perDeviceTrainBatchSize, likelyBatchSize(for: rows, in: memory))
        guard likely < size else { return }
        args.perDeviceTrainBatchSize = likely
        logger.warning(
            "batches of \(min(size, rows.count)) rows may not fit in memory: the run has batches of \(likely)")
    }

    private func shrinkBatches() throws {
        let size = args.perDeviceTrainBatchSize
        let smaller = Self.reduced(size)
        guard smaller > 0 else {
            throw TrainingError(
                "not even batches of one row fit in memory",
                remedy: "Tokenize with a smaller maxLength, set gradientCheckpointing, or use a smaller model.",
                commandLine: "Give a smaller --max-length, --gradient-checkpointing, or a smaller model.",
                kind: .invalidArgument, at: ErrorLocation(option: "auto_find_batch_size"))
        }
        args.perDeviceTrainBatchSize = smaller
        logger.warning("batches of \(size) rows did not fit in memory: the run begins anew with \(smaller)")
    }
}

/// What a training changes, as it was before.
private struct TrainingStart {
    private let weights: [(parameter: Parameter, values: Tensor)]
    private let random: [UInt8]
    private let ofDevice: [UInt8]?
    private let callbackStates: [JSONObject?]
    private let scaler: JSONObject?
    private let config: JSONObject

    init(_ trainer: Trainer) {
        let device = trainer.model.state.device
        // On the CPU: on a GPU the copy would take the memory that is to be found.
        weights = noGrad { trainer.model.parameters().map { ($0, $0.tensor.detach().to(.cpu).clone()) } }
        random = Generator.default.state
        ofDevice = device == .cpu ? nil : Generator.default(on: device).state
        callbackStates = trainer.callbacks.map(\.checkpointState)
        scaler = trainer.accelerator.scaler?.state
        config = trainer.model.config.json
    }

    /// Puts everything back, and removes the checkpoints that the training has left.
    func restore(_ trainer: Trainer) throws {
        for (parameter, values) in weights {
            parameter.gradient = nil
            noGrad { _ = parameter.tensor.copy_(values) }
        }
        try Generator.default.load(state: random)
        if let ofDevice { try Generator.default(on: trainer.model.state.device).load(state: ofDevice) }
        for (callback, state) in zip(trainer.callbacks, callbackStates) {
            if let state { callback.restore(state) }
        }
        if let scaler { try trainer.accelerator.scaler?.load(.object(scaler)) }
        trainer.model.config.json = config
        for checkpoint in try Checkpoint.own(of: trainer.runIdentity.id, in: trainer.args.outputDir) {
            try checkpoint.remove()
        }
    }
}
