public import ArgumentParser
public import Swiftlet
import SwiftletIO

/// The options that `TrainingArguments` has, under their own names.
struct TrainingOptions: ParsableArguments {
    @Option(help: "Folder for the model, the results and the trainer's state.") var outputDir: String
    @OptionGroup(title: "Length") var length: LengthOptions
    @OptionGroup(title: "Optimizer and schedule") var optimizer: OptimizerOptions
    @OptionGroup(title: "Loss and precision") var loss: LossOptions
    @OptionGroup(title: "Speed") var speed: KernelOptions
    @Flag(help: "Write where the time of 20 steps goes to profile.txt and, as a Chrome trace, to profile.json.")
    var profile = false
    @OptionGroup(title: "Logs, evaluations, checkpoints") var strategy: StrategyOptions
    @OptionGroup(title: "Seeds and data") var rows: RowOptions
    @OptionGroup(title: "Several processes") var processes: ProcessOptions

    func arguments() throws -> TrainingArguments {
        var args = TrainingArguments(outputDir)
        length.apply(to: &args)
        try optimizer.apply(to: &args)
        loss.apply(to: &args)
        speed.apply(to: &args)
        strategy.apply(to: &args)
        rows.apply(to: &args)
        processes.apply(to: &args)
        return args
    }

    /// Early stopping and the reports that were asked for.
    ///
    /// - Throws: `UsageError` for a report that can't be made.
    func callbacks(_ args: TrainingArguments) throws -> [any TrainerCallback] {
        var callbacks: [any TrainerCallback] = []
        if let patience = strategy.earlyStoppingPatience {
            callbacks.append(EarlyStoppingCallback(patience: patience, threshold: strategy.earlyStoppingThreshold))
        }
        let targets = Set(strategy.reportTo)
        if targets.contains(.tensorboard) || targets.contains(.all) {
            callbacks.append(TensorBoardCallback(outputDir: args.outputDir, arguments: args.json.object))
        }
        if targets.contains(.jsonl) || targets.contains(.all) {
            callbacks.append(JSONLinesLogCallback(FileSystem.join(args.outputDir, "log.jsonl")))
        }
        if profile {
            guard speed.device == .cpu else {
                throw UsageError(
                    message: "error: option '--profile' measures operations of the CPU, and those of a GPU run beside it; "
                        + "give --use-cpu too, or leave it out")
            }
            callbacks.append(ProfileCallback(folder: args.outputDir) { print($0, terminator: "") })
        }
        return callbacks
    }
}

struct LengthOptions: ParsableArguments {
    @Option(help: "Examples a step.") var perDeviceTrainBatchSize = 8
    @Option(help: "Examples a step of evaluation.") var perDeviceEvalBatchSize = 8
    @Option(help: "Passes over the data; may be a fraction.") var numTrainEpochs = 3.0
    @Option(help: "Number of updates; overrides the epochs.") var maxSteps = -1
    @Option(help: "Batches an update; gradients are their mean.") var gradientAccumulationSteps = 1
    @Flag(help: "Add accumulated gradients up, as Python's Trainer does with these models.")
    var sumsAccumulatedGradients = false

    func apply(to args: inout TrainingArguments) {
        args.perDeviceTrainBatchSize = perDeviceTrainBatchSize
        args.perDeviceEvalBatchSize = perDeviceEvalBatchSize
        args.numTrainEpochs = numTrainEpochs
        args.maxSteps = maxSteps
        args.gradientAccumulationSteps = gradientAccumulationSteps
        args.sumsAccumulatedGradients = sumsAccumulatedGradients
    }
}

struct OptimizerOptions: ParsableArguments {
    @Option var learningRate = 5e-5
    @Option(help: "\(SchedulerType.allCases.map(\.rawValue).joined(separator: ", ")).")
    var lrSchedulerType = SchedulerType.linear
    @Option(help: "The schedule's own settings as JSON, such as {\"num_cycles\": 2}.") var lrSchedulerKwargs: String?
    @Option(help: "Steps, or a share of all steps if below 1.") var warmupSteps = 0.0
    @Option(help: "\(OptimizerName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var optim = OptimizerName.adamwTorchFused
    @Option(help: "The optimizer's own settings, such as momentum=0.9,nesterov=true.") var optimArgs: String?
    @Option var weightDecay = 0.0
    @Option(name: .customLong("adam-beta1")) var adamBeta1 = 0.9
    @Option(name: .customLong("adam-beta2")) var adamBeta2 = 0.999
    @Option var adamEpsilon = 1e-8
    @Option(help: "Gradients are scaled down to this norm; 0 switches it off.") var maxGradNorm = 1.0
    @Option(help: "Each layer learns this much slower than the one above it.") var layerwiseLrDecay = 1.0
    @Option(parsing: .upToNextOption, help: "Parameters not to train: names, or what names begin with.")
    var freeze: [String] = []

    func apply(to args: inout TrainingArguments) throws {
        args.learningRate = learningRate
        args.lrSchedulerType = lrSchedulerType
        if let text = lrSchedulerKwargs {
            guard let object = try? JSONValue(parsing: text).object else {
                throw ValidationError("--lr-scheduler-kwargs is no JSON object: \(text)")
            }
            args.lrSchedulerKwargs = object
        }
        args.warmupSteps = warmupSteps
        args.optim = optim
        args.optimArgs = optimArgs
        args.weightDecay = weightDecay
        args.adamBeta1 = adamBeta1
        args.adamBeta2 = adamBeta2
        args.adamEpsilon = adamEpsilon
        args.maxGradNorm = maxGradNorm
        args.layerwiseLRDecay = layerwiseLrDecay
        args.freeze = freeze
    }
}

struct LossOptions: ParsableArguments {
    @Option var labelSmoothingFactor = 0.0
    @Option(parsing: .upToNextOption, help: "A weight for each class in the loss.") var classWeights: [Double] = []
    @Option(help: "Noise on the embeddings in training (NEFTune).") var neftuneNoiseAlpha: Double?
    @Flag(help: "Matrix products in bfloat16; weights stay float32.") var bf16 = false
    @Flag(help: "Compute layers again in the backward pass instead of keeping their results.")
    var gradientCheckpointing = false

    func apply(to args: inout TrainingArguments) {
        args.labelSmoothingFactor = labelSmoothingFactor
        args.classWeights = classWeights
        args.neftuneNoiseAlpha = neftuneNoiseAlpha
        args.bf16 = bf16
        args.gradientCheckpointing = gradientCheckpointing
    }
}

struct StrategyOptions: ParsableArguments {
    @Option(help: "no, steps or epoch.") var loggingStrategy = IntervalStrategy.steps
    @Option(help: "Steps, or a share of all steps if below 1.") var loggingSteps = 500.0
    @Flag var loggingFirstStep = false
    @Option(parsing: .upToNextOption, help: "tensorboard, jsonl, all or none.") var reportTo = [ReportTarget.none]
    @Flag(help: "No progress bar.") var disableTqdm = false
    @Flag var includeNumInputTokensSeen = false
    @Option(help: "no, steps or epoch.") var evalStrategy = IntervalStrategy.no
    @Option(help: "By default as logging-steps.") var evalSteps: Double?
    @Option(help: "Steps or epochs before the first evaluation.") var evalDelay = 0.0
    @Flag(help: "Evaluate before the first step too.") var evalOnStart = false
    @Flag(help: "No metrics but the loss.") var predictionLossOnly = false
    @Option(help: "no, steps, epoch or best.") var saveStrategy = SaveStrategy.steps
    @Option(help: "Steps, or a share of all steps if below 1.") var saveSteps = 500.0
    @Option(help: "Delete older checkpoints, never the best nor the newest.") var saveTotalLimit: Int?
    @Flag(help: "Checkpoints that can't be resumed, but are smaller.") var saveOnlyModel = false
    @Flag var loadBestModelAtEnd = false
    @Option(help: "Such as f1; by default the loss.") var metricForBestModel: String?
    @Option(help: "true or false; by default by the metric's name.") var greaterIsBetter: Bool?
    @Option(help: "End after this many evaluations without a better metric.") var earlyStoppingPatience: Int?
    @Option(help: "The least that counts as better.") var earlyStoppingThreshold = 0.0
    @Flag(help: "Resume at the start of the epoch instead of after the rows already seen.") var ignoreDataSkip = false

    func apply(to args: inout TrainingArguments) {
        args.loggingStrategy = loggingStrategy
        args.loggingSteps = loggingSteps
        args.loggingFirstStep = loggingFirstStep
        args.disableTqdm = disableTqdm
        args.includeNumInputTokensSeen = includeNumInputTokensSeen
        args.evalStrategy = evalStrategy
        args.evalSteps = evalSteps
        args.evalDelay = evalDelay
        args.evalOnStart = evalOnStart
        args.predictionLossOnly = predictionLossOnly
        args.saveStrategy = saveStrategy
        args.saveSteps = saveSteps
        args.saveTotalLimit = saveTotalLimit
        args.saveOnlyModel = saveOnlyModel
        args.loadBestModelAtEnd = loadBestModelAtEnd
        args.metricForBestModel = metricForBestModel
        args.greaterIsBetter = greaterIsBetter
        args.ignoreDataSkip = ignoreDataSkip
    }
}

struct RowOptions: ParsableArguments {
    @Option var seed: UInt64 = 42
    @Option(help: "Seed of the order of the rows; by default --seed.") var dataSeed: UInt64?
    @Flag(help: "Fail rather than use an operation that is not deterministic.") var fullDeterminism = false
    @Flag(help: "Leave out the last batch of an epoch if it is not full.") var dataloaderDropLast = false
    @Option(help: "Above 0: make batches ahead on another thread.") var dataloaderNumWorkers = 0
    @Option(help: "Batches made ahead for each worker.") var dataloaderPrefetchFactor: Int?
    @Option(help: "random, sequential or group_by_length.") var trainSamplingStrategy = SamplingStrategy.random
    @Option(help: "Batches by tokens, padding included, instead of by rows.") var maxTokensPerBatch: Int?

    func apply(to args: inout TrainingArguments) {
        args.seed = seed
        args.dataSeed = dataSeed
        args.fullDeterminism = fullDeterminism
        args.dataloaderDropLast = dataloaderDropLast
        args.dataloaderNumWorkers = dataloaderNumWorkers
        args.dataloaderPrefetchFactor = dataloaderPrefetchFactor
        args.trainSamplingStrategy = trainSamplingStrategy
        args.maxTokensPerBatch = maxTokensPerBatch
    }
}

enum ReportTarget: String, CaseIterable, ExpressibleByArgument { case none, tensorboard, jsonl, all }

extension SchedulerType: ExpressibleByArgument {}
extension IntervalStrategy: ExpressibleByArgument {}
extension SaveStrategy: ExpressibleByArgument {}
extension OptimizerName: ExpressibleByArgument {}
extension SamplingStrategy: ExpressibleByArgument {}
extension Kernels: ExpressibleByArgument {}
