import Logging
import SwiftletDatasets
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor

/// One call of `Trainer.train`: the loop over epochs and steps, in the order of `transformers.Trainer`, random draws
/// included.
final class TrainingRun {
    let trainer: Trainer
    let args: TrainingArguments
    let accelerator: Accelerator
    let batches: TrainingBatches
    let plan: TrainingPlan
    let optimizer: Optimizer
    let schedule: LRScheduler
    var progress = RunProgress()
    var control = TrainerControl()
    /// Of the default generator at the beginning of the epoch under way.
    var epochStartState: [UInt8] = []
    /// The random state before the batch was made that is ready for the next update, if one is.
    var stateBeforeBatchAhead: [UInt8]?
    private var lossSinceLog = Tensor.zeros([])
    private var gradientNorm = Tensor.zeros([])
    private var rate = 0.0
    private var savedStep = -1
    private var firstStep = 0
    /// Whether any process was asked to stop, as of the latest update.
    private var shouldStop = false
    private let flopsPerToken: Double

    var model: any PretrainedModel { trainer.model }

    init(_ trainer: Trainer, _ dataset: Dataset) throws {
        self.trainer = trainer
        args = trainer.args
        let examples = try trainer.examples(dataset, name: "the train dataset")
        guard examples.hasLabels || trainer.collator.makesLabels else {
            throw TrainingError(
                "the train dataset has no labels; its columns are \(dataset.columnNames.joined(separator: ", "))",
                remedy: trainer.model.task == .questionAnswering
                    ? "Make the columns 'start_positions' and 'end_positions' with tokenizer.questionFeatures(...)."
                    : "Name the label column 'label' or 'labels'.",
                kind: .noLabels, at: ErrorLocation(split: "train", column: "labels"))
        }
        if let count = try trainer.model.classCount {
            try examples.checkLabels(labelCount: count, name: "the train dataset")
        }
        try trainer.requireMemory(for: examples.rows, isTraining: true)
        accelerator = trainer.accelerator
        try Self.requireSameStart(trainer, examples)
        batches = try TrainingBatches(
            examples.rows, args, shards: BatchShards(processCount: accelerator.numProcesses),
            process: accelerator.processIndex)
        plan = try TrainingPlan(args, batchesPerEpoch: batches.countPerEpoch, rowCount: examples.count)
        optimizer = try OptimizerSettings(args).make(args.parameterGroups(trainer.model.parameters()))
        if args.shardsOptimizerState { _ = try optimizer.prepared(by: accelerator) }
        optimizer.scaler = accelerator.scaler
        _ = try accelerator.prepare(trainer.model)
        // Each process drops out other elements; the first one those of a run on its own.
        if accelerator.processIndex > 0 { manualSeed(args.seed &+ UInt64(accelerator.processIndex)) }
        schedule = LRScheduler(
            args.lrSchedulerType, optimizer: optimizer, warmupSteps: plan.warmupSteps, trainingSteps: plan.maxSteps,
            options: try args.schedulerOptions())
        rate = schedule.lastLearningRates.last ?? args.learningRate
        let counted = trainer.model.parameters().filter { !$0.isEmbedding }
        flopsPerToken = 6 * Double(counted.reduce(0) { $0 + $1.count })
        trainer.begin(plan)
    }

    func run() throws -> TrainOutput {
        let clock = ContinuousClock()
        let start = clock.now
        firstStep = trainer.state.globalStep
        tell { $0.onTrainBegin($1, &$2) }
        if args.evalOnStart, trainer.state.globalStep == 0 { try evaluate() }
        // A checkpoint of an epoch's last step leaves the epoch's end to do, also where the run was to stop there.
        while progress.epoch < plan.epochCount, !control.shouldTrainingStop || progress.hasBegunEpoch {
            try epoch()
            progress.epoch += 1
            progress.batchesDone = 0
            progress.hasBegunEpoch = false
            // Only now is the epoch over: a checkpoint written at its end goes on with the next one.
            if control.shouldSave { try save() }
            try stopIfAsked()
        }
        let output = try finish(seconds: (clock.now - start).seconds)
        if accelerator.isMainProcess, let reason = reasonForEarlyEnd { trainer.logger.info("\(reason)") }
        tell { $0.onTrainEnd($1, &$2) }
        return output
    }

    private func epoch() throws {
        if !progress.hasBegunEpoch { try beginEpoch() }
        control.shouldEpochStop = false
        tell { $0.onEpochBegin($1, &$2) }
        let order = batches.order(epoch: progress.epoch, drawingFrom: epochStartState)
        var source = BatchSource(
            order[min(progress.batchesDone, order.count)...].map { $0 }, rows: batches.rows,
            trainer.collator(isTraining: true), args)
        defer { source.cancel() }
        if let state = stateBeforeBatchAhead { try source.makeFirst(drawingFrom: state) }
        while progress.batchesDone < order.count, trainer.state.globalStep < plan.maxSteps,
            !control.shouldTrainingStop, !control.shouldEpochStop
        {
            let count = min(args.gradientAccumulationSteps, order.count - progress.batchesDone)
            let rows = order[progress.batchesDone..<progress.batchesDone + count]
            try profiled(ProfileReport.step) {
                try update(
                    try profiled("batch") { try (0..<count).map { _ in try source.next().to(model.state.device) } },
                    rows: Array(rows))
            }
            progress.batchesDone += count
            stateBeforeBatchAhead = source.stateBeforeAhead
            trainer.state.epoch = Double(progress.epoch) + Double(progress.batchesDone) / Double(plan.batchesPerEpoch)
            askStrategies(atStepEnd: true)
            tell { $0.onStepEnd($1, &$2) }
            try logEvaluateSave()
            try stopIfAsked()
        }
        stateBeforeBatchAhead = nil
        askStrategies(atStepEnd: false)
        tell { $0.onEpochEnd($1, &$2) }
        try logIfAsked()
        try evaluateIfAsked()
    }

    private func beginEpoch() throws {
        epochStartState = try accelerator.ofMain(Generator.default.state)
        // Python's DataLoader draws a base seed for its workers from the default generator at every pass.
        _ = Generator.default.randomInt64()
        batches.drawOrder()
        progress.hasBegunEpoch = true
    }

    /// Forward and backward for the batches of one update, then the optimizer's step.
    ///
    /// - Parameter rows: the numbers of each batch's rows.
    private func update(_ group: [ModelInputs], rows: [[Int]]) throws {
        tell { $0.onStepBegin($1, &$2) }
        // What is divided by the labels of all processes is a process's part of a sum, and otherwise a mean of its own.
        let averages = args.averageTokensAcrossDevices
        var labelCount = trainer.loss.countsLabels ? trainer.loss.labelCount(in: group) : 0
        if averages, trainer.loss.countsLabels { labelCount = try accelerator.sum([labelCount])[0] }
        for (index, inputs) in group.enumerated() {
            model.train()
            var value = try profiled("forward") {
                let output = try trainer.loss(model, inputs, groupSize: group.count, labelCount: labelCount)
                if let observe = trainer.onTrainingBatch, let logits = output.outputs.first {
                    observe(rows[index], logits.detach())
                }
                return output.loss
            }
            if averages, trainer.loss.isShareOfAll, accelerator.numProcesses > 1 {
                value = value * Double(accelerator.numProcesses)
            }
            accelerator.gradientState.syncGradients = index == group.count - 1
            try profiled("backward") { try accelerator.backward(value) }
            add(value.detach())
            // Before the weights change: what has failed, for lack of memory perhaps, has left no gradients.
            try checkTensorErrors()
            if index < group.count - 1 { tell { $0.onSubstepEnd($1, &$2) } }
        }
        let sums = try accelerator.sum([
            group.reduce(0) { $0 + $1.positionCount }, trainer.stop.isSet ? 1 : 0,
        ])
        trainer.state.totalFlops += flopsPerToken * Double(sums[0])
        if args.includeNumInputTokensSeen { trainer.state.inputTokensSeen += sums[0] }
        shouldStop = sums[1] > 0
        profiled("optimizer") { step() }
        tell { $0.onOptimizerStep($1, &$2) }
        rate = schedule.lastLearningRates.last ?? 0
        // Python's fused optimizer is called also for an update that it leaves out, so that the schedule goes on.
        if !optimizer.stepWasSkipped || args.optim == .adamwTorchFused { schedule.step() }
        optimizer.zeroGrad()
        trainer.state.globalStep += 1
        try checkTensorErrors()
        trainer.latestEvaluation = nil
    }

    /// Clips the gradients and updates the weights.
    private func step() {
        let maxNorm = args.maxGradNorm > 0 ? args.maxGradNorm : .infinity
        if let adamW = optimizer as? AdamW, args.kernels == .fused, model.state.device == .cpu, optimizer.scaler == nil
        {
            // Clipping happens while the update reads the gradients: callbacks see them as they were.
            tell { $0.onPreOptimizerStep($1, &$2) }
            gradientNorm = Tensor(adamW.clipAndStep(maxNorm: maxNorm))
            return
        }
        accelerator.unscaleGradients(optimizer)
        gradientNorm = clipGradNorm(
            optimizer.groups.flatMap(\.parameters).compactMap(\.gradient), maxNorm: maxNorm)
        tell { $0.onPreOptimizerStep($1, &$2) }
        optimizer.step()
    }

    private func add(_ value: Tensor) {
        noGrad {
            let step = trainer.state.globalStep
            if args.loggingNaNInfFilter, !value.item().isFinite {
                lossSinceLog = lossSinceLog + lossSinceLog / Double(1 + step - progress.loggedStep)
            } else {
                lossSinceLog = lossSinceLog + value
            }
        }
    }

    // MARK: What a step's or an epoch's end brings

    private func askStrategies(atStepEnd: Bool) {
        let state = trainer.state
        let isLast = state.globalStep >= plan.maxSteps
        if atStepEnd {
            if args.loggingFirstStep, state.globalStep == 1 { control.shouldLog = true }
            if args.loggingStrategy == .steps, state.globalStep % plan.loggingSteps == 0 { control.shouldLog = true }
            if args.evalStrategy == .steps, Double(state.globalStep) >= args.evalDelay,
                state.globalStep % plan.evalSteps == 0 || isLast
            {
                control.shouldEvaluate = true
            }
            if args.saveStrategy == .steps, state.globalStep % plan.saveSteps == 0 || isLast {
                control.shouldSave = true
            }
            if isLast { control.shouldTrainingStop = true }
        } else {
            if args.loggingStrategy == .epoch { control.shouldLog = true }
            if args.evalStrategy == .epoch, args.evalDelay <= state.epoch { control.shouldEvaluate = true }
            if args.saveStrategy == .epoch { control.shouldSave = true }
        }
    }

    private func logEvaluateSave() throws {
        try logIfAsked()
        try evaluateIfAsked()
        if control.shouldSave { try save() }
    }

    private func logIfAsked() throws {
        guard control.shouldLog else { return }
        control.shouldLog = false
        let step = trainer.state.globalStep
        guard step > progress.loggedStep else { return }
        let sum = try accelerator.reduce(lossSinceLog, .mean).item()
        progress.totalLoss += sum
        lossSinceLog = Tensor.zeros([])
        var logs: JSONObject = [
            "loss": .double(sum / Double(step - progress.loggedStep)), "grad_norm": .double(gradientNorm.item()),
            "learning_rate": .double(rate),
        ]
        if args.includeNumInputTokensSeen { logs["num_input_tokens_seen"] = .int(trainer.state.inputTokensSeen) }
        try trainer.log(logs)
        progress.loggedStep = step
    }

    private func evaluateIfAsked() throws {
        guard control.shouldEvaluate else { return }
        control.shouldEvaluate = false
        try evaluate()
    }

    private func evaluate() throws {
        let metrics: [(name: String, value: Double)]
        do {
            metrics = try trainer.evaluate()
        } catch let error as TensorError where error.isOutOfMemory && args.autoFindBatchSize {
            // Smaller training batches would not help.
            throw TrainingError(
                "an evaluation ran out of memory, and auto_find_batch_size is for training batches: \(error.message)",
                remedy: "Set a smaller perDeviceEvalBatchSize.",
                commandLine: "Give a smaller --per-device-eval-batch-size.",
                kind: .invalidArgument, at: ErrorLocation(option: "per_device_eval_batch_size"))
        }
        tell { $0.onEvaluate($1, metrics: metrics, &$2) }
        guard let name = args.bestMetricName else { return }
        guard let value = metrics.first(where: { $0.name == name })?.value else {
            throw TrainingError.noMetric(name, among: metrics.map(\.name))
        }
        schedule.step(metric: value, greaterIsBetter: args.greaterIsBest)
        guard args.metricForBestModel != nil || args.loadBestModelAtEnd || args.saveStrategy == .best else { return }
        let isBest = trainer.state.bestMetric.map { args.greaterIsBest ? value > $0 : value < $0 } ?? true
        if isBest {
            trainer.state.bestMetric = value
            if args.saveStrategy != .no { trainer.state.bestGlobalStep = trainer.state.globalStep }
        }
        if args.saveStrategy == .best { control.shouldSave = isBest }
    }

    // MARK: Checkpoints

    private func save() throws {
        control.shouldSave = false
        let step = trainer.state.globalStep
        guard step != savedStep else { return }
        let folder = FileSystem.join(args.outputDir, "\(Checkpoint.prefix)\(step)")
        if trainer.state.bestGlobalStep == step { trainer.state.bestModelCheckpoint = folder }
        // All go on from the mean, so that a run that begins here has the same sums.
        lossSinceLog = try accelerator.reduce(lossSinceLog, .mean)
        progress.lossSinceLog = lossSinceLog.item()
        progress.gradientNorm = gradientNorm.item()
        progress.shouldStop = control.shouldTrainingStop
        try trainer.writeCheckpoint(self)
        savedStep = step
        if let limit = args.saveTotalLimit, accelerator.isMainProcess {
            try Checkpoint.rotate(
                in: args.outputDir, keeping: limit, best: trainer.state.bestModelCheckpoint, run: trainer.runIdentity.id
            )
        }
        trainer.callbacks.forEach { $0.onSave(trainer.state, checkpoint: folder) }
    }

    /// Takes over what `save` left.
    ///
    /// - Parameter earlierMaxSteps: the steps that the run was to have which left it. Where there are more now, it goes
    ///   on, whatever ended it.
    func restore(_ progress: RunProgress, random: RandomState, earlierMaxSteps: Int) throws {
        self.progress = progress
        lossSinceLog = Tensor(progress.lossSinceLog)
        gradientNorm = Tensor(progress.gradientNorm)
        rate = schedule.lastLearningRates.last ?? 0
        savedStep = trainer.state.globalStep
        epochStartState = random.torchAtEpochStart
        if args.ignoreDataSkip, progress.hasBegunEpoch {
            self.progress.batchesDone = 0
            self.progress.hasBegunEpoch = false
        } else {
            stateBeforeBatchAhead = random.torchBeforeBatchAhead.map { $0[accelerator.processIndex] }
        }
        try Generator.default.load(state: random.torch[accelerator.processIndex])
        if let states = random.device {
            try Generator.default(on: model.state.device).load(state: states[accelerator.processIndex])
        }
        let step = trainer.state.globalStep
        // The last step of a plan asks to stop too; that is no wish of a callback.
        let wasStopped =
            progress.shouldStop && step < earlierMaxSteps && args.restoreCallbackStatesFromCheckpoint
        control.shouldTrainingStop =
            step >= plan.maxSteps || wasStopped && plan.maxSteps <= earlierMaxSteps && !earlyStopIsLifted
    }

    /// Whether a checkpoint tells of an early stop that this run's callbacks would not have made.
    private var earlyStopIsLifted: Bool {
        let kept = trainer.state.callbackStates[EarlyStoppingCallback.standardStateName]
        // Of several callbacks the states are a list, in their order.
        let states = (kept?.array ?? [kept ?? .null]).map { state in
            (count: EarlyStoppingCallback.badCount(of: state) ?? 0, patience: EarlyStoppingCallback.patience(of: state))
        }
        guard states.contains(where: { $0.count >= $0.patience }) else { return false }
        let stopping = trainer.callbacks.compactMap { $0 as? EarlyStoppingCallback }
        return !zip(stopping, states).contains { $0.patience <= $1.count }
    }

    /// Why a run has fewer steps than planned; `nil` if it has them all.
    private var reasonForEarlyEnd: String? {
        let state = trainer.state
        guard state.globalStep < plan.maxSteps else { return nil }
        let reason = trainer.callbacks.lazy.compactMap { ($0 as? EarlyStoppingCallback)?.reason }.first
        return "\(reason ?? "a callback ended the training"): the run ends after step \(state.globalStep) of "
            + "\(plan.maxSteps)"
    }

    private func stopIfAsked() throws {
        // Without others to agree with, also between updates.
        guard shouldStop || accelerator.numProcesses == 1 && trainer.stop.isSet else { return }
        let step = trainer.state.globalStep
        try save()
        let checkpoint = "\(args.outputDir)/\(Checkpoint.prefix)\(step)"
        throw TrainingError(
            "interrupted after step \(step) of \(plan.maxSteps)",
            remedy: "Everything is saved in '\(checkpoint)'; go on with trainer.train(resumeFrom: .last).",
            commandLine: "Everything is saved in '\(checkpoint)'; go on with --resume-from-checkpoint last.",
            kind: .interrupted(checkpoint: checkpoint), at: ErrorLocation(path: checkpoint))
    }

    // MARK: The end

    private func finish(seconds: Double) throws -> TrainOutput {
        progress.totalLoss += try accelerator.reduce(lossSinceLog, .mean).item()
        let steps = trainer.state.globalStep
        let meanLoss = progress.totalLoss / Double(max(steps, 1))
        // As in the reference, the speed is that of the planned rows; after a resume, of the share run since.
        let share = Double(steps - firstStep) / Double(max(steps, 1))
        let perStep = Double(args.perDeviceTrainBatchSize) * Double(args.gradientAccumulationSteps)
        let samples =
            args.maxSteps > 0
            ? Double(args.maxSteps) * perStep * Double(accelerator.numProcesses)
            : (Double(batches.rows.count) * args.numTrainEpochs).rounded(.down)
        var metrics =
            trainer.speedMetrics(
                "train", seconds: seconds, samples: (samples * share).rounded(.down),
                steps: (Double(plan.maxSteps) * share).rounded(.down))
            + [("total_flos", trainer.state.totalFlops), ("train_loss", meanLoss)]
        if accelerator.numProcesses > 1 {
            // The part of the time that this process had nothing to do but wait for gradients.
            metrics.append(("train_all_reduce_wait_share", (accelerator.secondsWaited / seconds).rounded(toPlaces: 4)))
        }
        try trainer.log(JSONObject(metrics.map { ($0.name, .double($0.value)) }))
        if args.loadBestModelAtEnd { try trainer.loadBestModel() }
        if args.saveTotalLimit == 1, args.loadBestModelAtEnd, accelerator.isMainProcess,
            let best = trainer.state.bestModelCheckpoint
        {
            for checkpoint in try Checkpoint.own(of: trainer.runIdentity.id, in: args.outputDir)
            where FileSystem.name(of: checkpoint.path) != FileSystem.name(of: best) {
                try checkpoint.remove()
            }
        }
        return TrainOutput(
            globalStep: steps, trainingLoss: meanLoss, metrics: metrics + [("epoch", trainer.state.epoch)])
    }

    private func tell(_ event: (any TrainerCallback, TrainerState, inout TrainerControl) -> Void) {
        for callback in trainer.callbacks { event(callback, trainer.state, &control) }
    }
}
