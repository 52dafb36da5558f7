public import SwiftletIO
public import SwiftletNN
public import SwiftletTensor

/// The settings of a run. Names and defaults are those of `transformers.TrainingArguments`.
public struct TrainingArguments: Sendable {
    /// Where results, the model and the trainer's state go.
    public var outputDir: String

    // MARK: Length

    /// Examples a step; the last step of an epoch takes what is left.
    public var perDeviceTrainBatchSize = 8
    /// Rows of an evaluation batch on each device.
    public var perDeviceEvalBatchSize = 8
    /// Begins anew with batches a tenth smaller, from the same weights and seed, where those of `perDeviceTrainBatchSize`
    /// don't fit in memory, as often as it takes. On a CPU the memory is estimated beforehand, since the system ends a
    /// program that runs out of it. Keeps a copy of the weights. For one process.
    public var autoFindBatchSize = false
    /// May be a fraction: the last epoch is then cut.
    public var numTrainEpochs = 3.0
    /// Number of updates; above 0 it takes the place of `numTrainEpochs`.
    public var maxSteps = -1
    /// Batches an update. Gradients are their mean.
    public var gradientAccumulationSteps = 1
    /// Adds up the accumulated gradients instead of taking their mean, as Python's Trainer does with these models
    /// (transformers issue 47688). Only to repeat its numbers.
    public var sumsAccumulatedGradients = false

    // MARK: Optimizer

    /// The peak learning rate, after the warm-up.
    public var learningRate = 5e-5
    /// How the learning rate goes from its peak to the end of the run.
    public var lrSchedulerType = SchedulerType.linear
    /// Such as `{"num_cycles": 2}`.
    public var lrSchedulerKwargs: JSONObject = [:]
    /// At least 1: steps. Below 1: a share of all steps.
    public var warmupSteps = 0.0
    /// Which optimizer updates the weights.
    public var optim = OptimizerName.adamwTorchFused
    /// Further settings of the optimizer, such as `momentum=0.9,nesterov=true`.
    public var optimArgs: String?
    /// On everything but biases and normalization layers.
    public var weightDecay = 0.0
    /// Decay of Adam's first moment, the running mean of gradients.
    public var adamBeta1 = 0.9
    /// Decay of Adam's second moment, the running mean of squared gradients.
    public var adamBeta2 = 0.999
    /// Added to the root of the second moment, so that nothing is divided by zero.
    public var adamEpsilon = 1e-8
    /// Gradients are scaled down to this norm; 0 switches it off.
    public var maxGradNorm = 1.0
    /// Each layer learns this much slower than the one above it; 1 is all alike.
    public var layerwiseLRDecay = 1.0
    /// Parameters that are not trained: names, or what names begin with, such as `bert.embeddings`.
    public var freeze: [String] = []

    // MARK: Loss

    /// Share of each target that is spread over all classes, from 0 to 1; 0 trains on the labels as they are.
    public var labelSmoothingFactor = 0.0
    /// A weight for each class in the loss, against imbalance; empty is none.
    public var classWeights: [Double] = []
    /// Noise on the embeddings in training (NEFTune, Jain et al., 2023).
    public var neftuneNoiseAlpha: Double?

    // MARK: Speed and precision

    /// Stays on the CPU also where there is a GPU.
    public var useCPU = false

    /// `.fused` runs models on fused CPU kernels without padding, on a GPU on libtorch's kernels for packed tokens;
    /// `.reference` on libtorch's operations in Python's order, for the numbers of the same seed in Python. What the
    /// fused kernels lack runs on libtorch's.
    public var kernels = Kernels.fused

    /// Runs matrix products and the like in bfloat16; weights and their updates stay float32. A processor without
    /// bfloat16 multiplies the rounded numbers as float32 in the fused kernels, which is no faster than float32.
    public var bf16 = false
    /// Runs matrix products and the like in float16, with the loss scaled as `GradScaler` does; weights and their updates
    /// stay float32. On GPUs only; `bf16` needs no scaling and runs everywhere.
    public var fp16 = false
    /// Evaluations and predictions outside of a training run with all weights in bfloat16, not only the products. The
    /// model keeps its float32 weights.
    public var bf16FullEval = false
    /// Evaluations and predictions outside of a training run with all weights in float16, not only the products. The
    /// model keeps its float32 weights.
    public var fp16FullEval = false
    /// Whether float32 products on a GPU may round their operands to TensorFloat-32, for the whole process; `nil` leaves it
    /// as it is, which is off in libtorch.
    public var tf32: Bool?

    /// Keeps only each layer's input and computes the layer again in the backward pass: less memory for about a third
    /// more time, and the same numbers. `activation_checkpointing` is its newer name in Python.
    public var gradientCheckpointing = false

    // MARK: Logs

    /// When losses and the learning rate are logged.
    public var loggingStrategy = IntervalStrategy.steps
    /// Below 1: a share of all steps.
    public var loggingSteps = 500.0
    /// Whether the first update is logged, whatever `loggingSteps` is.
    public var loggingFirstStep = false
    /// A loss that is not finite counts as the mean of the others in the log, and not at all in the loss of an evaluation
    /// that has others.
    public var loggingNaNInfFilter = true
    /// Shows no progress bar, also on a terminal.
    public var disableTqdm = false
    /// Adds the number of input tokens so far to the logs.
    public var includeNumInputTokensSeen = false

    // MARK: Evaluation

    /// When the model is evaluated on the evaluation dataset.
    public var evalStrategy = IntervalStrategy.no
    /// `nil` means `loggingSteps`.
    public var evalSteps: Double?
    /// Steps, or epochs with `evalStrategy` epoch, before the first evaluation.
    public var evalDelay = 0.0
    /// Whether the model is evaluated before the first update too.
    public var evalOnStart = false
    /// Keeps no predictions and computes no metrics but the loss.
    public var predictionLossOnly = false
    /// What else `computeMetrics` is given.
    public var includeForMetrics: Set<MetricInclude> = []
    /// Calls `computeMetrics` with each batch of an evaluation instead of with all at once, so that predictions need not
    /// fit in memory. It adds up what it needs and gives its metrics in the call whose `computesResult` is true.
    public var batchEvalMetrics = false

    // MARK: Checkpoints

    /// When checkpoints are written.
    public var saveStrategy = SaveStrategy.steps
    /// Below 1: a share of all steps.
    public var saveSteps = 500.0
    /// Older checkpoints are deleted, but never the best nor the newest.
    public var saveTotalLimit: Int?
    /// Checkpoints without what is needed to go on training.
    public var saveOnlyModel = false
    /// Whether the weights of the best evaluation are put back when the run ends; `metricForBestModel` says what is
    /// best.
    public var loadBestModelAtEnd = false
    /// Such as `f1`; `eval_` before the name may be left out. `nil` means the loss.
    public var metricForBestModel: String?
    /// `nil` means: unless the metric's name ends in `loss`.
    public var greaterIsBetter: Bool?
    /// Starts the epoch anew when resuming, instead of after the rows already seen.
    public var ignoreDataSkip = false
    /// A resumed run gives its callbacks what the checkpoint kept of them, such as how often in a row an evaluation was no
    /// better, and stays ended if one of them ended it. Off in Python unless asked for; here on, so that a resumed run is
    /// the one that was never interrupted.
    public var restoreCallbackStatesFromCheckpoint = true

    // MARK: Data

    /// Of dropout and, unless `dataSeed` is set, of the order of the rows.
    public var seed: UInt64 = 42
    /// Seed of the order of training rows; `nil` takes `seed`.
    public var dataSeed: UInt64?
    /// Whether libtorch may use only operations that give the same bits in every run. Slower on a GPU.
    public var fullDeterminism = false
    /// Leaves out the last batch of an epoch if it is not full.
    public var dataloaderDropLast = false
    /// Above 0: batches are made ahead on another thread.
    public var dataloaderNumWorkers = 0
    /// Batches made ahead for each worker; `nil` means 2.
    public var dataloaderPrefetchFactor: Int?
    /// The order of training rows.
    public var trainSamplingStrategy = SamplingStrategy.random
    /// Batches by tokens, padding included, instead of by rows; `nil` is off.
    public var maxTokensPerBatch: Int?

    // MARK: Several processes

    /// Seconds that an operation waits for the other processes.
    public var ddpTimeout = 1800
    /// Allows for parameters that have no part in the loss.
    public var ddpFindUnusedParameters = false
    /// Shards the optimizer's state over the processes (ZeRO stage 1): less memory for each, for one more exchange of
    /// weights a step.
    public var shardsOptimizerState = false
    /// Where a loss is a sum over labels divided by their number, as with label smoothing, the labels of all processes
    /// count together. Off: each process divides by its own, and the mean over the processes is taken.
    public var averageTokensAcrossDevices = true

    /// Python's defaults, with a folder for checkpoints and results.
    public init(_ outputDir: String = "trainer_output") {
        self.outputDir = FileSystem.expandingTilde(outputDir)
    }

    /// The course's form: `TrainingArguments("test-trainer", evalStrategy: .epoch)`.
    public init(
        _ outputDir: String = "trainer_output", evalStrategy: IntervalStrategy, numTrainEpochs: Double = 3,
        learningRate: Double = 5e-5, perDeviceTrainBatchSize: Int = 8, perDeviceEvalBatchSize: Int = 8
    ) {
        self.init(outputDir)
        self.evalStrategy = evalStrategy
        self.numTrainEpochs = numTrainEpochs
        self.learningRate = learningRate
        self.perDeviceTrainBatchSize = perDeviceTrainBatchSize
        self.perDeviceEvalBatchSize = perDeviceEvalBatchSize
    }

    /// The name of the course's older text.
    @available(*, deprecated, renamed: "init(_:evalStrategy:)")
    public init(_ outputDir: String, evaluationStrategy: IntervalStrategy) {
        self.init(outputDir, evalStrategy: evaluationStrategy)
    }
}
