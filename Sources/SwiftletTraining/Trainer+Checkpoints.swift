import Logging
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor

extension Trainer {
    private static let optimizerFile = "optimizer.safetensors"
    private static let schedulerFile = "scheduler.json"
    private static let progressFile = "progress.json"
    private static let argumentsFile = "training_args.json"
    private static let stateFile = "trainer_state.json"

    /// Writes `checkpoint-<step>`: the model and, unless `saveOnlyModel`, what a resumed run needs.
    func writeCheckpoint(_ run: TrainingRun) throws -> Checkpoint {
        for callback in callbacks {
            if let kept = callback.checkpointState { state.callbackStates[callback.stateName] = .object(kept) }
        }
        return try Checkpoint.write(step: state.globalStep, in: args.outputDir) { folder in
            func file(_ name: String) -> String { FileSystem.join(folder, name) }
            try saveModel(folder)
            try AtomicFile.write(args.json.text(.config) + "\n", to: file(Self.argumentsFile))
            try AtomicFile.write(state.json.text(.config) + "\n", to: file(Self.stateFile))
            guard !args.saveOnlyModel else { return }
            try Safetensors.write(run.optimizer.stateTensors(), metadata: [:], to: file(Self.optimizerFile))
            try AtomicFile.write(
                JSONValue.object(run.schedule.state).text(.config) + "\n", to: file(Self.schedulerFile))
            try AtomicFile.write(run.progress.json.text(.config) + "\n", to: file(Self.progressFile))
            try RandomState(torch: Generator.default.state, torchAtEpochStart: run.epochStartState).write(to: folder)
        }
    }

    /// Takes over weights, optimizer, schedule, random state and position of a checkpoint.
    func restore(_ run: TrainingRun, from checkpoint: Checkpoint) throws {
        guard FileSystem.exists(checkpoint.file(Self.progressFile)) else {
            throw TrainingError(
                "'\(checkpoint.path)' has no '\(Self.progressFile)'",
                remedy: "It was written with save_only_model, or by Python; load it as a model and start a new run.")
        }
        let statePath = checkpoint.file(Self.stateFile)
        state = try TrainerState(try JSONValue(contentsOf: statePath), path: statePath)
        state.maxSteps = run.plan.maxSteps
        state.epochCount = run.plan.epochCount
        state.loggingSteps = run.plan.loggingSteps
        state.evalSteps = run.plan.evalSteps
        state.saveSteps = run.plan.saveSteps
        try warnOfChanges(checkpoint)
        try loadWeights(checkpoint.path)
        let optimizer = try SafetensorsFile(checkpoint.file(Self.optimizerFile))
        try run.optimizer.loadState(try optimizer.names.map { (name: $0, tensor: try optimizer.tensor($0)) })
        try run.schedule.load(try JSONValue(contentsOf: checkpoint.file(Self.schedulerFile)))
        for callback in callbacks {
            if let kept = state.callbackStates[callback.stateName]?.object { callback.restore(kept) }
        }
        let progressPath = checkpoint.file(Self.progressFile)
        let progress = try RunProgress(try JSONValue(contentsOf: progressPath), path: progressPath)
        run.restore(progress, random: try RandomState(checkpoint.path))
        logger.info("going on from \(checkpoint.path), step \(state.globalStep) of \(state.maxSteps)")
    }

    /// A resumed run is the same only with the same arguments; a change may be meant, so it is told and not refused.
    private func warnOfChanges(_ checkpoint: Checkpoint) throws {
        let path = checkpoint.file(Self.argumentsFile)
        guard FileSystem.exists(path), let before = try JSONValue(contentsOf: path).object else { return }
        // What decides neither weights nor results.
        let harmless: Set<String> = [
            "output_dir", "disable_tqdm", "save_total_limit", "save_only_model", "dataloader_num_workers",
            "dataloader_prefetch_factor",
        ]
        for (name, value) in args.json.object ?? [:] where !harmless.contains(name) && before[name] != value {
            logger.warning(
                "\(name) is \(value.text()); in the run that wrote \(checkpoint.path) it was \(before[name]?.text() ?? "not there")"
            )
        }
    }

    /// Exchanges the model's weights for those of a folder that this Trainer wrote.
    private func loadWeights(_ folder: String) throws {
        let file = try SafetensorsFile(FileSystem.join(folder, "model.safetensors"))
        for parameter in model.parameters() {
            let values = try file.tensor(parameter.name)
            guard values.shape == parameter.shape else {
                throw TrainingError(
                    "'\(parameter.name)' has shape \(values.shape) in '\(folder)' and \(parameter.shape) in the model")
            }
            noGrad { _ = parameter.tensor.copy_(values) }
        }
    }

    func loadBestModel() throws {
        guard let best = state.bestModelCheckpoint else {
            logger.warning("no checkpoint has the best model; the last step's weights are kept")
            return
        }
        try loadWeights(best)
        logger.info("loaded the best model, of \(best) (\(args.bestMetricName ?? "") \(state.bestMetric ?? .nan))")
    }
}
