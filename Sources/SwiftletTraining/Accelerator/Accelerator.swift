public import SwiftletDistributed
import SwiftletIO
public import SwiftletModels
public import SwiftletNN
public import SwiftletTensor
import Synchronization

/// Makes a training loop that was written for one process run on several, as `accelerate.Accelerator`.
///
///     let accelerator = try Accelerator()
///     let (model, optimizer, loader) = try accelerator.prepare(model, AdamW(model.parameters(), lr: 5e-5), loader)
///     for batch in loader {
///         let loss = try model(batch).loss
///         try accelerator.backward(loss)
///         optimizer.step()
///         optimizer.zeroGrad()
///     }
///
/// Started by `swiftlet launch`, torchrun, srun or mpirun, each process trains on its share of the batches, and all
/// have the same weights after every step. Started on its own, the same program is a training on one process.
public final class Accelerator {
    /// The type in which models compute.
    public enum MixedPrecision: String, Sendable, CaseIterable {
        /// float32 throughout.
        case no
        /// Products in bfloat16; weights, gradients and losses stay float32.
        case bf16
        /// Products in float16, and the loss scaled so that gradients don't vanish; weights, gradients and losses stay
        /// float32. On GPUs only.
        case fp16

        /// The type for `autocast`; `nil` is float32.
        var dtype: DType? {
            switch self {
            case .no: nil
            case .bf16: .bfloat16
            case .fp16: .float16
            }
        }
    }

    /// Which processes there are; a single one where nothing was said.
    public let environment: ProcessEnvironment
    /// `nil` on a single process.
    public let group: ProcessGroup?
    /// Where this process works: `cpu`, or the GPU of its `localProcessIndex`.
    public let device: Device
    /// The type in which models compute in `autocast`, as given to the initializer; `.no` is float32 throughout.
    public let mixedPrecision: MixedPrecision
    /// Batches whose gradients are added up before each update; 1 updates after every batch.
    public let gradientAccumulationSteps: Int
    /// Whether a prepared loader's batch is shared out among the processes, instead of each process getting one of that
    /// size.
    public let splitBatches: Bool
    /// Whether a last batch that the processes can't share evenly is filled up with rows from the beginning.
    public let evenBatches: Bool
    /// Whether prepared loaders shuffle by their own seed and epoch, so that every process draws the same order.
    public let useSeedableSampler: Bool
    /// Puts models and batches on `device`.
    public let devicePlacement: Bool
    /// The schedule steps once a training step and process, so that its length stays that of a single process.
    public let stepSchedulerWithOptimizer: Bool
    /// Shards the optimizer's state (ZeRO-1): each process keeps and updates a part of it.
    public let shardsOptimizerState: Bool
    /// Scales losses, with `mixedPrecision` `.fp16`; `nil` otherwise. `backward`, `clipGradNorm` and the steps of
    /// prepared optimizers use it.
    public package(set) var scaler: GradScaler?
    let findUnusedParameters: Bool
    let gradientState = GradientState()
    private var accumulated = 0
    private var reducer: GradientReducer?
    private var reducedTensors: [Tensor] = []
    private var reducedTables = 0
    private var secondsBefore = 0.0
    var models: [any PretrainedModel] = []
    var optimizers: [Optimizer] = []
    var schedulers: [LRScheduler] = []
    var loaders: [LoaderPreparation] = []
    var shardFailure: (any Error)?

    /// This process's number among all, from 0: its rank.
    public var processIndex: Int { environment.rank }
    /// Processes in all, on every machine; 1 without a launcher.
    public var numProcesses: Int { environment.size }
    /// This process's number among those of its machine, from 0.
    public var localProcessIndex: Int { environment.localRank }
    /// Whether this is the process that prints and writes files: the one with `processIndex` 0.
    public var isMainProcess: Bool { processIndex == 0 }
    /// Whether this is the first process of its machine, which does what is needed once a machine, such as downloads.
    public var isLocalMainProcess: Bool { localProcessIndex == 0 }
    /// Whether this is the process with the highest `processIndex`.
    public var isLastProcess: Bool { processIndex == numProcesses - 1 }
    /// Whether the latest backward pass ended an update: false while gradients are still added up.
    public var syncGradients: Bool { gradientState.syncGradients }
    /// Seconds that this process has had nothing to do but wait for the gradients of others.
    public var secondsWaited: Double { secondsBefore + (reducer?.secondsWaited ?? 0) }

    /// Meets the other processes, if there are any.
    ///
    /// - Parameters:
    ///   - splitBatches: a loader's batch is that of all processes together, instead of that of each.
    ///   - evenBatches: fills up the last round of an epoch with its first rows, so that all have as many batches.
    ///   - useSeedableSampler: a shuffled order is a function of the seed and the epoch alone, as in the Trainer.
    ///   - findUnusedParameters: allows for parameters without a part in the loss.
    ///   - timeout: how long an operation waits for the other processes.
    /// - Throws: `ProcessError` if the processes don't meet, `TrainingError` for settings that make no sense.
    public convenience init(
        mixedPrecision: MixedPrecision = .no, gradientAccumulationSteps: Int = 1, splitBatches: Bool = false,
        evenBatches: Bool = true, useSeedableSampler: Bool = false, devicePlacement: Bool = true,
        stepSchedulerWithOptimizer: Bool = true, shardsOptimizerState: Bool = false,
        findUnusedParameters: Bool = false, cpu: Bool = false, timeout: Duration = .seconds(1800)
    ) throws {
        let group = try ProcessGroup.shared(timeout: timeout)
        try self.init(
            group: group, mixedPrecision: mixedPrecision, gradientAccumulationSteps: gradientAccumulationSteps,
            splitBatches: splitBatches, evenBatches: evenBatches, useSeedableSampler: useSeedableSampler,
            devicePlacement: devicePlacement, stepSchedulerWithOptimizer: stepSchedulerWithOptimizer,
            shardsOptimizerState: shardsOptimizerState, findUnusedParameters: findUnusedParameters, cpu: cpu)
    }

    /// Works in a group of processes that is there already; the other parameters are those for processes that have yet
    /// to meet.
    ///
    /// - Parameter group: `nil` is a single process.
    /// - Throws: `TrainingError` for settings that make no sense.
    public init(
        group: ProcessGroup?, mixedPrecision: MixedPrecision = .no, gradientAccumulationSteps: Int = 1,
        splitBatches: Bool = false, evenBatches: Bool = true, useSeedableSampler: Bool = false,
        devicePlacement: Bool = true, stepSchedulerWithOptimizer: Bool = true, shardsOptimizerState: Bool = false,
        findUnusedParameters: Bool = false, cpu: Bool = false
    ) throws {
        guard gradientAccumulationSteps > 0 else {
            throw TrainingError(
                "gradientAccumulationSteps is \(gradientAccumulationSteps); it must be at least 1",
                remedy: "Give 1 to update after every batch.",
                commandLine: "Give --gradient-accumulation-steps 1 or more.", kind: .invalidArgument,
                at: ErrorLocation(option: "gradient_accumulation_steps"))
        }
        environment = group?.environment ?? ProcessEnvironment()
        self.group = group
        device = try Self.device(
            cpu: cpu, gpuCount: Device.cudaCount, hasNCCL: group == nil || ProcessGroup.hasNCCL,
            localRank: environment.localRank)
        guard mixedPrecision != .fp16 || device.isCUDA else {
            throw TrainingError.noGPU("mixed_precision fp16", Self.whyOnCPU(cpu: cpu))
        }
        scaler = mixedPrecision == .fp16 ? GradScaler() : nil
        self.mixedPrecision = mixedPrecision
        self.gradientAccumulationSteps = gradientAccumulationSteps
        self.splitBatches = splitBatches
        self.evenBatches = evenBatches
        self.useSeedableSampler = useSeedableSampler
        self.devicePlacement = devicePlacement
        self.stepSchedulerWithOptimizer = stepSchedulerWithOptimizer
        self.shardsOptimizerState = shardsOptimizerState
        self.findUnusedParameters = findUnusedParameters
    }

    /// Where a process works: on the GPU of its number on this machine. Gradients on GPUs are exchanged by NCCL; without
    /// it, several processes stay on the CPU.
    ///
    /// - Parameters:
    ///   - gpuCount: of this machine.
    ///   - hasNCCL: or there is one process only.
    ///   - localRank: this process's number on the machine.
    /// - Throws: `TrainingError` where there are more processes on the machine than GPUs.
    package static func device(cpu: Bool, gpuCount: Int, hasNCCL: Bool, localRank: Int) throws -> Device {
        guard !cpu, gpuCount > 0, hasNCCL else { return .cpu }
        guard localRank < gpuCount else {
            throw TrainingError(
                "LOCAL_RANK is \(localRank), and this machine has \(gpuCount) GPU\(gpuCount == 1 ? "" : "s"): each "
                    + "process needs one of its own",
                remedy: "Start \(gpuCount) process\(gpuCount == 1 ? "" : "es") on this machine, or pass cpu: true.",
                commandLine: "Give the launcher --nproc-per-node \(gpuCount), or --use-cpu.", kind: .invalidArgument,
                at: ErrorLocation(option: "LOCAL_RANK"))
        }
        return .cuda(localRank)
    }

    static func whyOnCPU(cpu: Bool) -> String {
        guard !cpu else { return "the CPU was asked for" }
        return Device.isCUDAAvailable
            ? "several processes stay on the CPU, for lack of NCCL (\(ProcessGroup.ncclState))" : "there is none"
    }

    // MARK: Prepare

    /// Readies a model and whatever else takes part, and gives it back in the same order. The model moves to `device`,
    /// where `devicePlacement` says so. Every process starts with the main process's weights, and from here on draws
    /// random numbers of its own, so that dropout differs between processes; the main process goes on with those of a run
    /// on its own.
    ///
    /// - Throws: `ProcessError` if the model is not the same on all processes.
    public func prepare<Model: PretrainedModel, each Item: Preparable>(
        _ model: Model, _ items: repeat each Item
    ) throws -> (Model, repeat each Item) {
        (try prepared(model), repeat try (each items).prepared(by: self))
    }

    /// Readies loaders, optimizers and schedules, and gives them back in the same order, for a model that was prepared
    /// before.
    ///
    /// - Throws: `ProcessError` if the processes can't agree, `TrainingError` for settings that don't go together.
    public func prepare<each Item: Preparable>(_ items: repeat each Item) throws -> (repeat each Item) {
        (repeat try (each items).prepared(by: self))
    }

    private func prepared<Model: PretrainedModel>(_ model: Model) throws -> Model {
        if devicePlacement, model.state.device != device {
            guard model.state.device == .cpu else {
                throw TrainingError(
                    "the model is on \(model.state.device), and this process works on \(device)",
                    remedy: "Leave it on the CPU, or make it with device: accelerator.device.", kind: .invalidArgument,
                    at: ErrorLocation(option: "device"))
            }
            model.to(device)
        }
        if let dtype = mixedPrecision.dtype { model.state.autocastDType = dtype }
        let isNew = !models.contains { $0 === model }
        if isNew { models.append(model) }
        guard let group else { return model }
        guard models.count == 1 else {
            throw TrainingError(
                "an Accelerator prepares one model on several processes", remedy: "Prepare one, or run one process.",
                kind: .invalidArgument, at: ErrorLocation(option: "model"))
        }
        try group.requireSame(
            "the model", Self.summary(model.parameters()), remedy: "Load the same checkpoint on all of them.")
        try group.broadcast(model.parameters().map { $0.tensor.detach() }, as: "the exchange of weights")
        if isNew, processIndex > 0 { manualSeed(initialSeed() &+ UInt64(processIndex)) }
        return model
    }

    /// Made anew where the model has exchanged its tensors or other parameters are trained: a reducer listens to
    /// tensors. All processes run the same program, so they do it at the same step.
    private func currentReducer() throws -> GradientReducer? {
        guard let group, let model = models.first else { return nil }
        let trained = model.parameters().filter(\.isTrainable)
        let tensors = trained.map(\.tensor)
        let tables = trained.compactMap { parameter in parameter.rowGradient.map { (parameter.tensor, $0) } }
        if let reducer, tensors.elementsEqual(reducedTensors, by: ===), tables.count == reducedTables { return reducer }
        secondsBefore += reducer?.secondsWaited ?? 0
        // The old one first: each holds as much memory as the gradients.
        reducer = nil
        reducer = try GradientReducer(
            trained.filter { $0.rowGradient == nil }.map { ($0.name, $0.tensor) }, tables: tables, in: group,
            findsUnused: findUnusedParameters)
        reducedTensors = tensors
        reducedTables = tables.count
        return reducer
    }

    /// Tells models apart that can't train together.
    static func summary(_ parameters: [Parameter]) -> String {
        let text = parameters.map { "\($0.name) \($0.shape) \($0.tensor.dtype.name) \($0.isTrainable)" }
        let trained = parameters.filter(\.isTrainable).reduce(0) { $0 + $1.count }
        return
            "\(parameters.count) parameters, \(trained) values to train, checksum \(checksum(text.joined(separator: "\n")))"
    }

    // MARK: Steps

    /// The backward pass, with the loss divided by the batches of an update. Gradients are then the mean over all
    /// processes, unless this batch does not end an update. In float16 they are those of the loss times `scaler`'s scale.
    ///
    /// - Throws: `TrainingError` where gradients of this update were unscaled before, `ProcessError` if a process fails.
    public func backward(_ loss: Tensor) throws {
        try checkShards()
        var scaled = gradientAccumulationSteps > 1 ? loss / Double(gradientAccumulationSteps) : loss
        if let scaler {
            guard !optimizers.contains(where: scaler.isUnscaled) else {
                throw TrainingError(
                    "the gradients were unscaled before this backward pass, which adds scaled ones",
                    remedy: "Clip gradients only where syncGradients is true, and step the optimizer afterwards.",
                    kind: .invalidArgument)
            }
            scaled = scaler.scale(scaled)
        }
        if syncGradients, let reducer = try currentReducer() {
            try reducer.backward(scaled)
        } else {
            try withTensorErrors { scaled.backward() }
        }
    }

    /// Runs a step that may be one of several of an update: until the last of them, and the last of an epoch,
    /// gradients stay on their process, and the optimizer and the schedule don't move.
    public func accumulate<Result>(
        _ model: any PretrainedModel, _ body: () throws -> Result
    ) rethrows -> Result {
        if gradientState.endOfLoader {
            accumulated = 0
            gradientState.syncGradients = true
        } else {
            accumulated += 1
            gradientState.syncGradients = accumulated % gradientAccumulationSteps == 0
        }
        return try body()
    }

    /// Divides gradients by `scaler`'s scale, where they aren't yet: in float16, before they are read or changed. Does
    /// nothing otherwise.
    ///
    /// - Parameter optimizer: whose parameters' gradients; `nil` means those of all prepared optimizers.
    public func unscaleGradients(_ optimizer: Optimizer? = nil) {
        for optimizer in optimizer.map({ [$0] }) ?? optimizers { scaler?.unscaleOnce(optimizer) }
    }

    /// Whether the latest step of a prepared optimizer changed nothing, since gradients were infinite or NaN: in float16.
    public var optimizerStepWasSkipped: Bool { optimizers.contains(where: \.stepWasSkipped) }

    /// Scales gradients down to a common norm; call it where `syncGradients` is true. In float16 it unscales them before.
    ///
    /// - Returns: the norm before, shape `[]`.
    @discardableResult
    public func clipGradNorm(_ parameters: [Parameter], maxNorm: Double) throws -> Tensor {
        try checkShards()
        unscaleGradients()
        return SwiftletTensor.clipGradNorm(parameters.compactMap(\.gradient), maxNorm: maxNorm)
    }

    /// Runs with the mixed precision that was chosen; a prepared model does so by itself.
    public func autocast<Result>(_ body: () throws -> Result) rethrows -> Result {
        try SwiftletTensor.autocast(mixedPrecision.dtype, on: device, body)
    }

    /// What failed where nothing could be thrown: in the optimizer's step.
    func checkShards() throws {
        if let shardFailure { throw shardFailure }
    }
}

/// What an accelerator can ready besides a model.
public protocol Preparable {
    /// The value as this process needs it, such as a loader with this process's share of the batches.
    ///
    /// - Throws: `TrainingError` for what can't be shared out among the processes.
    func prepared(by accelerator: Accelerator) throws -> Self
}

extension DataLoader: Preparable {
    /// A loader that gives this process its share of the batches.
    public func prepared(by accelerator: Accelerator) throws -> DataLoader {
        let count = accelerator.numProcesses
        guard !accelerator.splitBatches || batchSize % count == 0 else {
            throw TrainingError(
                "splitBatches needs a batchSize that is a multiple of \(count) processes; it is \(batchSize)",
                remedy: "Give such a batchSize, or leave splitBatches out.", kind: .invalidArgument,
                at: ErrorLocation(option: "split_batches"))
        }
        var generator: SwiftletTensor.Generator?
        if count > 1, shuffle, !accelerator.useSeedableSampler {
            // The draw that accelerate makes here; the main process's is then taken over at each pass.
            generator = ownGenerator ?? SwiftletTensor.Generator(seed: UInt64(bitPattern: randomInt64()))
        }
        // The main process's, since the others may draw numbers of their own by now.
        let seed =
            shuffle && accelerator.useSeedableSampler
            ? UInt64(try accelerator.shared(text: { "\(initialSeed())" })) : nil
        let preparation = LoaderPreparation(
            shards: BatchShards(
                processCount: count, splitBatches: accelerator.splitBatches, evenBatches: accelerator.evenBatches),
            process: accelerator.processIndex, gradientState: accelerator.gradientState,
            device: accelerator.devicePlacement ? accelerator.device : nil, group: accelerator.group,
            generator: generator, seed: seed)
        accelerator.loaders.append(preparation)
        var loader = self
        loader.preparation = preparation
        return loader
    }

    /// A loader whose next pass leaves out its first batches: to go on in the middle of an epoch, as
    /// `accelerate.skip_first_batches`.
    public func skippingFirst(_ count: Int) -> DataLoader {
        preparation?.skip = count
        return self
    }
}

extension Optimizer: Preparable {
    public func prepared(by accelerator: Accelerator) throws -> Self {
        let state = accelerator.gradientState
        isAccumulating = { !state.syncGradients }
        if let scaler = accelerator.scaler {
            if let half = groups.flatMap(\.parameters).first(where: { $0.tensor.dtype == .float16 }) {
                throw TrainingError(
                    "'\(half.name)' is float16; mixed precision keeps weights in float32",
                    remedy: "Load the model in float32.", kind: .invalidArgument, at: ErrorLocation(tensor: half.name))
            }
            self.scaler = scaler
        }
        if accelerator.shardsOptimizerState, let group = accelerator.group {
            let shards = OptimizerShards(self, size: group.size)
            sharding = (
                owns: { shards.owner(of: $0) == group.rank },
                exchange: { [weak accelerator] in
                    do { try shards.exchangeWeights(in: group) } catch { accelerator?.shardFailure = error }
                }
            )
        }
        accelerator.optimizers.append(self)
        return self
    }
}

extension LRScheduler: Preparable {
    public func prepared(by accelerator: Accelerator) throws -> Self {
        if accelerator.stepSchedulerWithOptimizer {
            let state = accelerator.gradientState
            isAccumulating = { !state.syncGradients }
            stepsAtOnce = accelerator.splitBatches ? 1 : accelerator.numProcesses
        }
        accelerator.schedulers.append(self)
        return self
    }
}
