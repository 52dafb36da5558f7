import Logging
import SwiftletCheckpoints
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor

extension Trainer {
    private static let optimizerFile = "optimizer.safetensors"
    private static let schedulerFile = "scheduler.json"
    /// `scaler.pt` in Python, with the same names inside.
    private static let scalerFile = "scaler.json"
    private static let progressFile = "progress.json"
    private static let argumentsFile = "training_args.json"
    private static let stateFile = Checkpoint.stateFile

    /// Writes `checkpoint-<step>`: the model and, unless `saveOnlyModel`, what a resumed run needs. All processes call
    /// it; the main process writes.
    func writeCheckpoint(_ run: TrainingRun) throws {
        keepCallbackStates()
        try checkTensorErrors()
        try holdOutputFolder()
        run.progress.processCount = accelerator.numProcesses
        let optimizerState = args.saveOnlyModel ? [] : try accelerator.wholeState(of: run.optimizer)
        let torch = try accelerator.ofAll(randomState: Generator.default.state)
        let device = model.state.device
        let ofDevice = device == .cpu ? nil : try accelerator.ofAll(randomState: Generator.default(on: device).state)
        // All have a batch ahead, or none: they do the same steps.
        let beforeBatchAhead = try run.stateBeforeBatchAhead.map(accelerator.ofAll)
        try accelerator.onMain {
            _ = try Checkpoint.write(step: state.globalStep, in: args.outputDir, run: runIdentity) { folder in
                func file(_ name: String) -> String { FileSystem.join(folder, name) }
                try saveModel(folder)
                try AtomicFile.write(args.json.text(.config) + "\n", to: file(Self.argumentsFile))
                try AtomicFile.write(state.json.text(.config) + "\n", to: file(Self.stateFile))
                guard !args.saveOnlyModel else { return }
                try Safetensors.write(optimizerState, metadata: [:], to: file(Self.optimizerFile))
                try AtomicFile.write(
                    JSONValue.object(run.schedule.state).text(.config) + "\n", to: file(Self.schedulerFile))
                if let scaler = accelerator.scaler {
                    try AtomicFile.write(JSONValue.object(scaler.state).text(.config) + "\n", to: file(Self.scalerFile))
                }
                try AtomicFile.write(run.progress.json.text(.config) + "\n", to: file(Self.progressFile))
                try RandomState(
                    torch: torch, torchAtEpochStart: run.epochStartState, torchBeforeBatchAhead: beforeBatchAhead,
                    device: ofDevice
                ).write(to: folder)
            } onKept: {
                logger.warning("\($0)")
            }
        }
    }

    /// Takes over weights, optimizer, schedule, random state and position of a checkpoint. The main process reads, so
    /// that the others need no access to its disk.
    func restore(_ run: TrainingRun, from point: ResumePoint) throws {
        var found = ""
        let texts = try JSONValue(
            parsing: try accelerator.shared(text: {
                let checkpoint = try point.find(in: args.outputDir) { logger.warning("\($0)") }
                guard FileSystem.exists(checkpoint.file(Self.progressFile)) else {
                    throw TrainingError(
                        "'\(checkpoint.path)' has no '\(Self.progressFile)'",
                        remedy:
                            "It was written with save_only_model, or by Python; load it as a model and start a new run.",
                        kind: .checkpoint, at: ErrorLocation(path: checkpoint.path))
                }
                found = checkpoint.path
                try warnOfChanges(checkpoint)
                let state = try JSONValue(contentsOf: checkpoint.file(Self.stateFile))
                let kept = try TrainerState(state, path: checkpoint.file(Self.stateFile))
                return JSONValue.object([
                    "path": .string(checkpoint.path), "run": checkpoint.run.map { .string($0.id) } ?? .null,
                    "state": state,
                    "best": try bestCheckpoint(of: kept, from: checkpoint).map { .string($0.path) } ?? .null,
                    "scheduler": try JSONValue(contentsOf: checkpoint.file(Self.schedulerFile)),
                    "scaler": accelerator.scaler != nil && FileSystem.exists(checkpoint.file(Self.scalerFile))
                        ? try JSONValue(contentsOf: checkpoint.file(Self.scalerFile)) : .null,
                    "progress": try JSONValue(contentsOf: checkpoint.file(Self.progressFile)),
                    "problem_type": FileSystem.exists(checkpoint.file("config.json"))
                        ? try JSONValue(contentsOf: checkpoint.file("config.json"))["problem_type"] ?? .null : .null,
                ]).text()
            }))
        let path = texts["path"]?.string ?? ""
        let progress = try RunProgress(texts["progress"] ?? nil, path: FileSystem.join(path, Self.progressFile))
        guard progress.processCount == accelerator.numProcesses else {
            throw TrainingError(
                "'\(path)' was written by \(progress.processCount) processes; there are \(accelerator.numProcesses)",
                remedy: "Go on with as many: each has batches and a random state of its own.", kind: .checkpoint,
                at: ErrorLocation(path: path))
        }
        var kept = try TrainerState(texts["state"] ?? nil, path: FileSystem.join(path, Self.stateFile))
        guard progress.loggedStep <= kept.globalStep else {
            throw TrainingError(
                "'\(path)' logged step \(progress.loggedStep) after step \(kept.globalStep)",
                remedy: "Use another checkpoint.", kind: .checkpoint, at: ErrorLocation(path: path))
        }
        let best = texts["best"]?.string
        if best == nil, kept.bestModelCheckpoint != nil, args.loadBestModelAtEnd {
            (kept.bestMetric, kept.bestGlobalStep) = (nil, nil)
        }
        kept.bestModelCheckpoint = best
        // What follows is of the same run, also when that is interrupted again.
        if let id = texts["run"]?.string { runIdentity.id = id }
        state = kept
        let earlierMaxSteps = state.maxSteps
        state.isWorldProcessZero = accelerator.isMainProcess
        state.isLocalProcessZero = accelerator.isLocalMainProcess
        state.maxSteps = run.plan.maxSteps
        state.epochCount = run.plan.epochCount
        state.loggingSteps = run.plan.loggingSteps
        state.evalSteps = run.plan.evalSteps
        state.saveSteps = run.plan.saveSteps
        try loadWeights(path)
        // The first batch decides it, and a run that goes on from its end sees none: config.json is to be the same.
        if model.config.json["problem_type"]?.string == nil,
            let type = ProblemType(rawValue: texts["problem_type"]?.string ?? "")
        {
            model.config.json["problem_type"] = .string(type.rawValue)
        }
        func tensors(_ name: String) throws -> [(name: String, tensor: Tensor)] {
            try accelerator.shared(tensors: {
                let file = try SafetensorsFile(FileSystem.join(found, name))
                return try file.names.map { (name: $0, tensor: try file.tensor($0)) }
            })
        }
        let optimizerState = try tensors(Self.optimizerFile)
        try reading(FileSystem.join(path, Self.optimizerFile)) {
            try accelerator.takeOver(optimizerState, run.optimizer)
        }
        try reading(FileSystem.join(path, Self.schedulerFile)) { try run.schedule.load(texts["scheduler"] ?? nil) }
        if let scaler = accelerator.scaler {
            if let state = texts["scaler"], !state.isNull {
                try reading(FileSystem.join(path, Self.scalerFile)) { try scaler.load(state) }
            } else {
                logger.warning(
                    "'\(path)' has no scale of the loss, as of a run without fp16: it begins at \(scaler.scale)")
            }
        }
        if args.restoreCallbackStatesFromCheckpoint { restoreCallbacks() }
        var random = try RandomState(try tensors(RandomState.file), path: FileSystem.join(path, RandomState.file))
        guard random.torch.count == accelerator.numProcesses else {
            throw TrainingError(
                "'\(path)' has random states of \(random.torch.count) processes",
                remedy: "Go on with as many processes, or use another checkpoint.", kind: .checkpoint,
                at: ErrorLocation(path: path))
        }
        if (random.device == nil) != (model.state.device == .cpu) {
            let (before, now) = random.device == nil ? ("the CPU", "a GPU") : ("a GPU", "the CPU")
            logger.warning("'\(path)' was written on \(before); on \(now) dropout draws other numbers from here on")
            random.device = nil
        }
        try run.restore(progress, random: random, earlierMaxSteps: earlierMaxSteps)
        let place = "step \(state.globalStep) of \(state.maxSteps)"
        if state.globalStep >= state.maxSteps {
            logger.warning(
                """
                '\(path)' is the end of a run, \(place): nothing is left to train. Raise num_train_epochs or max_steps \
                to go on
                """)
        } else if run.control.shouldTrainingStop {
            logger.warning(
                """
                '\(path)' is of a run that was ended early, \(place): it stays ended. Raise num_train_epochs, \
                max_steps or early_stopping_patience to go on
                """)
        } else {
            logger.info("going on from \(path), \(place)")
        }
    }

    /// The checkpoint that a state calls the best. Its name counts, and not the path before it: the folder may have been
    /// moved, and a path from outside leads anywhere.
    private func bestCheckpoint(of kept: TrainerState, from checkpoint: Checkpoint) throws -> Checkpoint? {
        guard let best = kept.bestModelCheckpoint else { return nil }
        for folder in [args.outputDir, FileSystem.parent(of: checkpoint.path)] {
            let path = FileSystem.join(folder, FileSystem.name(of: best))
            guard let found = try Checkpoint(path), found.run?.id == checkpoint.run?.id else { continue }
            // Only at the end would it show that its weights can't be read.
            if try !args.loadBestModelAtEnd || found == checkpoint || found.isWhole(onDamage: { _ in }) { return found }
        }
        let fate = args.loadBestModelAtEnd ? ": the best of what follows is loaded at the end" : ""
        logger.warning(
            "'\(best)', the best_model_checkpoint of '\(checkpoint.path)', is no whole checkpoint of this run beside it\(fate)"
        )
        return nil
    }

    /// A resumed run is the same only with the same arguments; a change may be meant, so it is told and not refused.
    private func warnOfChanges(_ checkpoint: Checkpoint) throws {
        let path = checkpoint.file(Self.argumentsFile)
        guard FileSystem.exists(path) else { return }
        let before = try CheckpointFields(try JSONValue(contentsOf: path), path: path).json
        for argument in TrainingArgument.all where !argument.traits.contains(.changesNoResult) {
            let (name, value) = (argument.name, argument.value(in: args))
            guard before[name] != value else { continue }
            logger.warning(
                "\(name) is \(value.text()); in the run that wrote \(checkpoint.path) it was \(before[name]?.text() ?? "not there")"
            )
        }
    }

    /// Exchanges the model's weights for those of a folder that this Trainer wrote; the main process reads it.
    private func loadWeights(_ folder: String) throws {
        let files = model.weightFiles
        let weights = try accelerator.shared(tensors: {
            try files.flatMap { wanted in
                let file = try SafetensorsFile(FileSystem.join(folder, wanted.path))
                return try wanted.parameters.map { (name: $0.parameter.name, tensor: try file.tensor($0.name)) }
            }
        })
        latestEvaluation = nil
        for (parameter, weight) in zip(files.flatMap { $0.parameters.map(\.parameter) }, weights) {
            guard weight.tensor.shape == parameter.shape else {
                throw TrainingError(
                    "'\(parameter.name)' has shape \(weight.tensor.shape) in '\(folder)' and \(parameter.shape) in the model",
                    remedy: "Go on with the model that wrote it.", kind: .checkpoint,
                    at: ErrorLocation(path: folder, tensor: parameter.name))
            }
            noGrad { _ = parameter.tensor.copy_(weight.tensor) }
        }
    }

    func loadBestModel() throws {
        guard let best = state.bestModelCheckpoint else {
            logger.warning("no checkpoint has the best model; the last step's weights are kept")
            return
        }
        // Of several processes the main one reads it.
        let isThere = try accelerator.shared(text: {
            let files = model.weightFiles.map { FileSystem.join(best, $0.path) }
            return files.allSatisfy(FileSystem.isRegularFile) ? best : ""
        })
        guard !isThere.isEmpty else {
            logger.warning("'\(best)', which has the best model, is gone; the last step's weights are kept")
            return
        }
        let evaluation = latest
        try loadWeights(best)
        if state.bestGlobalStep == state.globalStep { latest = evaluation }
        logger.info("loaded the best model, of \(best) (\(args.bestMetricName ?? "") \(state.bestMetric ?? .nan))")
    }
}

extension Trainer {
    /// Keeps what callbacks need to go on: of several with one name a list, in their order, as Python does.
    private func keepCallbackStates() {
        var kept: [(name: String, states: [JSONValue])] = []
        for callback in callbacks {
            guard let state = callback.checkpointState.map(JSONValue.object) else { continue }
            if let place = kept.firstIndex(where: { $0.name == callback.stateName }) {
                kept[place].states.append(state)
            } else {
                kept.append((callback.stateName, [state]))
            }
        }
        for (name, states) in kept { state.callbackStates[name] = states.count == 1 ? states[0] : .array(states) }
    }

    /// Gives callbacks their states, those of one name in their order.
    private func restoreCallbacks() {
        var unused: [String] = []
        for (name, kept) in state.callbackStates {
            let ofName = callbacks.filter { $0.stateName == name }
            // In Python's checkpoints the control of the run is one of them.
            if ofName.isEmpty, name != "TrainerControl" { unused.append(name) }
            for (callback, state) in zip(ofName, kept.array ?? [kept]) {
                if let state = state.object { callback.restore(state) }
            }
        }
        if !unused.isEmpty, accelerator.isMainProcess {
            logger.warning(
                "the checkpoint has states of callbacks that this run is without: \(unused.joined(separator: ", "))")
        }
    }
}
