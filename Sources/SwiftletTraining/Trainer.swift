public import Logging
public import SwiftletDatasets
import SwiftletDistributed
import SwiftletIO
public import SwiftletMetrics
public import SwiftletModels
import SwiftletNN
public import SwiftletTensor
public import SwiftletTokenizers
import Synchronization

/// Trains and evaluates a pretrained model for its task. The order of operations, random draws included, is that of
/// `transformers.Trainer`: the same seed gives the same batches and, on CPU, the same losses.
public final class Trainer {
    /// Makes metrics of predictions; called after each evaluation, on the main process only.
    public typealias ComputeMetrics = (EvalPrediction) throws -> MetricValues

    /// The model that is trained, in place.
    public let model: any PretrainedModel
    /// The arguments that the run was made with.
    ///
    /// With `autoFindBatchSize`, `perDeviceTrainBatchSize` is the one that was found, once a training has begun.
    public internal(set) var args: TrainingArguments
    /// Where the run is: updates, logs and the best evaluation so far.
    public internal(set) var state = TrainerState()
    /// What is called at the events of the run, in this order.
    public var callbacks: [any TrainerCallback]
    let trainDataset: Dataset?
    package let evalDataset: Dataset?
    let collator: any DataCollator
    /// Used instead where `collator(isTraining:)` says so.
    let packing: DataCollatorWithFlattening?
    let computeMetrics: ComputeMetrics?
    let metrics: [Metric]
    let tokenizer: Tokenizer?
    let logger: Logger
    let loss: TrainingLoss
    /// The processes that train together; of one, where nothing says otherwise.
    public let accelerator: Accelerator
    /// Called at every forward pass of a training with the numbers of the batch's rows in the training set, and with
    /// what the model answers them before it learns from them: for classes the logits, float32 `[rows, labels]`, where
    /// dropout has its effect. Each process sees its own rows. Reading the values waits for the device.
    public var onTrainingBatch: ((_ rows: [Int], _ logits: Tensor) -> Void)?
    private let stopRequest = StopRequest()
    /// Options whose batches may be too large, of which that was said.
    var memoryWarnings: Set<String> = []
    /// Which run the checkpoints are of that this Trainer writes.
    var runIdentity = RunIdentity()
    /// Held while this Trainer writes to `output_dir`.
    var outputLock: OutputFolderLock?
    /// Whether `train` runs.
    var isInTraining = false
    /// What the latest evaluation of `evalDataset` gave, as `evaluate()` returns it; `nil` without one, and once this
    /// Trainer has changed the weights since. Saves the evaluation after a training that ended with one.
    public internal(set) var latestEvaluation: [(name: String, value: Double)]? {
        get { latest?.metrics }
        set { latest = newValue.map { LatestEvaluation(metrics: $0) } }
    }
    /// Whether evaluations of `evalDataset` keep what the model answers, for `latestOutput`.
    package var keepsLatestOutput = false
    /// What the model answered in the latest evaluation, where `keepsLatestOutput` is set and as long as `latestEvaluation`
    /// is there.
    package var latestOutput: PredictionOutput? { latest?.output }
    /// Metrics and answers of the latest evaluation of `evalDataset`.
    struct LatestEvaluation {
        var metrics: [(name: String, value: Double)]
        var output: PredictionOutput?
    }
    var latest: LatestEvaluation?

    /// Seeds libtorch's default generators with `args.seed`, as Python's does here, and moves the model to this process's
    /// GPU, if there is one and `args.useCPU` is not set. A model that was put on a GPU before stays on it.
    ///
    /// - Parameters:
    ///   - trainDataset: tokenized rows; columns that no model takes are left aside, said at level `debug`.
    ///   - dataCollator: by default that of the model's task: pads each batch to its longest row, and for filling in
    ///     hides tokens. Where whole rows are classified, or chosen among, with the fused kernels, rows are packed
    ///     instead, `DataCollatorWithFlattening`: the same results without padding.
    ///   - tokenizer: gives the padding, and is saved with the model.
    ///   - computeMetrics: called with all predictions of an evaluation. Where evaluations are to come, it is tried on
    ///     a few made-up predictions before the training, so that a mistake in it costs no epoch. With
    ///     `args.batchEvalMetrics` it is called with each batch instead, and not tried.
    ///   - metrics: computed batch by batch, so that predictions are not kept: the way for large evaluation sets.
    ///   - accelerator: by default of the processes that the environment describes, which must all make a Trainer.
    /// - Throws: `TrainingError` for arguments that make no sense.
    public init(
        model: any PretrainedModel, args: TrainingArguments = TrainingArguments("tmp_trainer"),
        trainDataset: Dataset? = nil, evalDataset: Dataset? = nil, dataCollator: (any DataCollator)? = nil,
        tokenizer: Tokenizer? = nil, computeMetrics: ComputeMetrics? = nil, metrics: [Metric] = [],
        callbacks: [any TrainerCallback] = [], logger: Logger = Logger(label: "swiftlet.trainer"),
        accelerator: Accelerator? = nil
    ) throws {
        try args.validate()
        if args.evalStrategy != .no || args.evalOnStart, evalDataset == nil {
            throw TrainingError(
                "eval_strategy is '\(args.evalStrategy.rawValue)', but there is no evalDataset",
                remedy: "Give one, or set evalStrategy to .no.",
                commandLine: "Give --validation-file, or --eval-strategy no.", kind: .invalidArgument,
                at: ErrorLocation(option: "eval_dataset"))
        }
        switch (dataCollator, tokenizer) {
        case (let given?, _):
            collator = given
            packing = nil
        case (nil, let tokenizer?):
            collator = try defaultCollator(model, tokenizer)
            packing = try Self.packing(model, tokenizer)
        case (nil, nil):
            throw TrainingError(
                "the Trainer needs a tokenizer or a dataCollator to make batches", remedy: "Give one of both.",
                kind: .invalidArgument, at: ErrorLocation(option: "data_collator"))
        }
        for case let stopping as EarlyStoppingCallback in callbacks { try stopping.prepare(args) }
        loss = try TrainingLoss(args, model)
        self.accelerator =
            try accelerator
            ?? Accelerator(
                group: try ProcessGroup.shared(timeout: .seconds(args.ddpTimeout)), devicePlacement: false,
                shardsOptimizerState: args.shardsOptimizerState, findUnusedParameters: args.ddpFindUnusedParameters,
                cpu: args.useCPU)
        if args.useCPU {
            model.to(.cpu)
        } else if model.state.device == .cpu {
            model.to(self.accelerator.device)
        }
        if args.fp16, model.state.device == .cpu {
            throw TrainingError.noGPU("fp16", Accelerator.whyOnCPU(cpu: self.accelerator.device != .cpu))
        }
        // Of this Trainer's own, also where an accelerator serves several.
        self.accelerator.scaler = args.fp16 || self.accelerator.mixedPrecision == .fp16 ? GradScaler() : nil
        if let tf32 = args.tf32, Device.isCUDAAvailable { try Self.useTF32(tf32, on: model.state.device) }
        manualSeed(args.seed)
        if args.fullDeterminism { useDeterministicAlgorithms(true) }
        model.state.kernels = args.kernels
        self.model = model
        self.args = args
        self.trainDataset = trainDataset
        self.evalDataset = evalDataset
        self.tokenizer = tokenizer
        self.computeMetrics = computeMetrics
        self.metrics = metrics
        self.callbacks = callbacks
        self.logger = logger
    }

    /// A Trainer of the same data, metrics and callbacks with another model and other arguments.
    package func again(_ model: any PretrainedModel, _ args: TrainingArguments) throws -> Trainer {
        try Trainer(
            model: model, args: args, trainDataset: trainDataset, evalDataset: evalDataset,
            // Where rows may be packed, the collator was not given but chosen for the model.
            dataCollator: packing == nil ? collator : nil, tokenizer: tokenizer, computeMetrics: computeMetrics,
            metrics: metrics, callbacks: callbacks, logger: logger, accelerator: accelerator)
    }

    /// Stops the run at the end of the step under way, with a checkpoint; `train()` then throws. May be called from any
    /// thread.
    public var stop: StopRequest { stopRequest }

    /// Runs the training. Afterwards the model has the last step's weights, or with `loadBestModelAtEnd` the best.
    ///
    /// - Parameter resumeFrom: a checkpoint to go on from. On CPU the result is then that of a run that was never
    ///   interrupted, to the bit.
    /// - Throws: `TrainingError`; `TensorError` where libtorch fails, for lack of memory perhaps; `ProcessError`; and what
    ///   reading and writing files throws.
    @discardableResult
    public func train(resumeFrom: ResumePoint? = nil) throws -> TrainOutput {
        guard args.autoFindBatchSize else { return try withTensorErrors { try trainInScope(resumeFrom) } }
        return try trainFindingBatchSize(resumeFrom)
    }

    func trainInScope(_ resumeFrom: ResumePoint?) throws -> TrainOutput {
        guard let trainDataset else {
            throw TrainingError(
                "there is no trainDataset to train on", remedy: "Give the Trainer one.",
                commandLine: "Give --train-file or --dataset.", kind: .invalidArgument,
                at: ErrorLocation(option: "train_dataset"))
        }
        latestEvaluation = nil
        isInTraining = true
        defer {
            isInTraining = false
            // That of the training had weights of another type.
            if args.fullEvalDType != nil { latestEvaluation = nil }
        }
        let lockBefore = outputLock
        defer { outputLock = lockBefore }
        if args.saveStrategy != .no { try holdOutputFolder() }
        runIdentity = try RunIdentity.fresh(accelerator)
        try freezeParameters()
        if args.evalStrategy != .no, let evalDataset { try checkEvaluation(of: evalDataset) }
        model.state.neftuneAlpha = args.neftuneNoiseAlpha
        model.state.recomputesActivations = args.gradientCheckpointing
        defer {
            model.state.neftuneAlpha = nil
            model.state.recomputesActivations = false
        }
        if args.kernels == .fused, let reason = args.whyNotFused(on: model.state) {
            logger.info("\(reason) runs on libtorch's operations, not on the fused kernels")
        }
        let run = try TrainingRun(self, trainDataset)
        if let resumeFrom { try restore(run, from: resumeFrom) }
        try warnOfOtherRuns()
        return try run.run()
    }

    /// - Throws: `TrainingError` where TensorFloat-32 is asked for on a GPU that has none.
    private static func useTF32(_ isOn: Bool, on device: Device) throws {
        SwiftletTensor.useTF32(isOn)
        guard isOn, device.isCUDA else { return }
        // float32 has 23 bits of fraction, TensorFloat-32 has 10: 1 + 2^-16 becomes 1.
        let size = 1024
        let product = Tensor.full([size, size], 1 + 0x1p-16, dtype: .float32, device: device)
            .matmul(Tensor.full([size, size], 0x1p-10, dtype: .float32, device: device))
        guard product.mean().item() != 1 else { return }
        SwiftletTensor.useTF32(false)
        throw TrainingError(
            "tf32 needs a GPU that multiplies TensorFloat-32, Ampere or newer; this one does not",
            remedy: "Leave tf32 out.",
            commandLine: "Leave --tf32 out.", kind: .invalidArgument, at: ErrorLocation(option: "tf32"))
    }

    func begin(_ plan: TrainingPlan) {
        state = TrainerState()
        state.isWorldProcessZero = accelerator.isMainProcess
        state.isLocalProcessZero = accelerator.isLocalMainProcess
        state.maxSteps = plan.maxSteps
        state.epochCount = plan.epochCount
        state.loggingSteps = plan.loggingSteps
        state.evalSteps = plan.evalSteps
        state.saveSteps = plan.saveSteps
        state.trainBatchSize = args.perDeviceTrainBatchSize
    }

    private func freezeParameters() throws {
        for name in args.freeze {
            let frozen = model.parameters().filter { $0.name == name || $0.name.hasPrefix("\(name).") }
            guard !frozen.isEmpty else {
                throw TrainingError(
                    "freeze: no parameter is named '\(name)' or begins with '\(name).'",
                    remedy: "Names are like \(model.parameters().first?.name ?? "bert.embeddings").",
                    kind: .invalidArgument, at: ErrorLocation(option: "freeze"))
            }
            for parameter in frozen { parameter.isTrainable = false }
        }
        guard model.parameters().contains(where: \.isTrainable) else {
            throw TrainingError(
                "every parameter is frozen; there is nothing to train",
                remedy: "Leave the head out of freeze, at least.",
                commandLine: "Leave the head out of --freeze, at least.", kind: .invalidArgument,
                at: ErrorLocation(option: "freeze"))
        }
    }

    // MARK: Shared with evaluation

    func examples(_ dataset: Dataset, name: String) throws -> TokenizedExamples {
        let examples = try TokenizedExamples(dataset, name: name)
        guard examples.count > 0 else {
            throw TrainingError(
                "\(name) is empty", remedy: "Give it rows, or leave it out.", kind: .invalidData,
                at: ErrorLocation(option: name.contains("train") ? "train_dataset" : "eval_dataset"))
        }
        do { try collator.check(examples.rows) } catch let error as TrainingError {
            throw TrainingError(name, error, kind: error.kind)
        }
        if !examples.unusedColumns.isEmpty {
            // As quiet as Python's: texts beside their tokens are the usual case, and a line would cut through the bar.
            logger.debug(
                "columns of \(name) that the model does not take are ignored: \(examples.unusedColumns.joined(separator: ", "))"
            )
        }
        return examples
    }

    /// Adds the epoch, keeps the entry in the history and tells the callbacks.
    func log(_ entries: JSONObject) throws {
        var logs = entries
        logs["epoch"] = .double(state.epoch)
        var kept = logs
        kept["step"] = .int(state.globalStep)
        state.logHistory.append(kept)
        callbacks.forEach { $0.onLog(state, logs: logs) }
    }

    func speedMetrics(
        _ prefix: String, seconds: Double, samples: Double, steps: Double
    ) -> [(name: String, value: Double)] {
        [
            ("\(prefix)_runtime", seconds.rounded(toPlaces: 4)),
            ("\(prefix)_samples_per_second", (samples / seconds).rounded(toPlaces: 3)),
            ("\(prefix)_steps_per_second", (steps / seconds).rounded(toPlaces: 3)),
        ]
    }
}

/// A wish to stop that may come from any thread, such as a signal handler's.
public final class StopRequest: Sendable {
    private let flag = Atomic<Bool>(false)
    /// Whether `set()` was called.
    public var isSet: Bool { flag.load(ordering: .relaxed) }
    /// Asks the run to stop after its current update, with a checkpoint. May be called from any thread.
    public func set() { flag.store(true, ordering: .relaxed) }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

extension Double {
    func rounded(toPlaces places: Int) -> Double {
        let scale = (0..<places).reduce(1.0) { product, _ in product * 10 }
        return (self * scale).rounded(.toNearestOrEven) / scale
    }
}
