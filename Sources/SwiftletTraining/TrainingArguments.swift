import SwiftletIO
public import SwiftletNN

/// When something happens during training.
public enum IntervalStrategy: String, Sendable, CaseIterable {
    case no
    case steps
    case epoch
}

/// The settings of a run. Names and defaults are those of `transformers.TrainingArguments`.
public struct TrainingArguments: Sendable {
    /// Where results, the model and the trainer's state go.
    public var outputDir: String
    /// Examples a step; the last step of an epoch takes what is left.
    public var perDeviceTrainBatchSize = 8
    public var perDeviceEvalBatchSize = 8
    /// May be a fraction: the last epoch is then cut.
    public var numTrainEpochs = 3.0
    /// Number of updates; above 0 it takes the place of `numTrainEpochs`.
    public var maxSteps = -1
    public var learningRate = 5e-5
    public var lrSchedulerType = SchedulerType.linear
    /// At least 1: steps. Below 1: a share of all steps.
    public var warmupSteps = 0.0
    /// Decoupled, on everything but biases and normalization layers.
    public var weightDecay = 0.0
    public var adamBeta1 = 0.9
    public var adamBeta2 = 0.999
    public var adamEpsilon = 1e-8
    /// Gradients are scaled down to this norm; 0 switches it off.
    public var maxGradNorm = 1.0
    /// Batches an update. Gradients are their mean.
    public var gradientAccumulationSteps = 1
    public var loggingStrategy = IntervalStrategy.steps
    /// Below 1: a share of all steps.
    public var loggingSteps = 500.0
    public var loggingFirstStep = false
    public var evalStrategy = IntervalStrategy.no
    /// `nil` means `loggingSteps`.
    public var evalSteps: Double?
    /// Of dropout and, unless `dataSeed` is set, of the order of the rows.
    public var seed: UInt64 = 42
    public var dataSeed: UInt64?
    /// Leaves out the last batch of an epoch if it is not full.
    public var dataloaderDropLast = false
    /// Shows no progress bar, also on a terminal.
    public var disableTqdm = false

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

    /// - Throws: `TrainingError` that names the argument.
    public func validate() throws(TrainingError) {
        func require(_ holds: Bool, _ name: String, _ value: Any, _ rule: String) throws(TrainingError) {
            guard holds else { throw TrainingError("\(name) is \(value); it must be \(rule)") }
        }
        try require(!outputDir.isEmpty, "output_dir", "empty", "a path")
        try require(
            perDeviceTrainBatchSize > 0, "per_device_train_batch_size", perDeviceTrainBatchSize, "at least 1")
        try require(perDeviceEvalBatchSize > 0, "per_device_eval_batch_size", perDeviceEvalBatchSize, "at least 1")
        try require(
            maxSteps > 0 || (numTrainEpochs > 0 && numTrainEpochs.isFinite), "num_train_epochs", numTrainEpochs,
            "above 0")
        try require(learningRate >= 0 && learningRate.isFinite, "learning_rate", learningRate, "a number from 0")
        try require(
            lrSchedulerType != .polynomial || learningRate > 1e-7, "learning_rate", learningRate,
            "above 1e-07, where the polynomial schedule ends")
        try require(warmupSteps >= 0 && warmupSteps.isFinite, "warmup_steps", warmupSteps, "at least 0")
        try require(weightDecay >= 0, "weight_decay", weightDecay, "at least 0")
        try require((0..<1).contains(adamBeta1), "adam_beta1", adamBeta1, "at least 0 and below 1")
        try require((0..<1).contains(adamBeta2), "adam_beta2", adamBeta2, "at least 0 and below 1")
        try require(adamEpsilon >= 0, "adam_epsilon", adamEpsilon, "at least 0")
        try require(maxGradNorm >= 0, "max_grad_norm", maxGradNorm, "at least 0")
        try require(
            gradientAccumulationSteps > 0, "gradient_accumulation_steps", gradientAccumulationSteps, "at least 1")
        try require(
            loggingStrategy != .steps || loggingSteps > 0, "logging_steps", loggingSteps, "above 0")
        if evalStrategy == .steps, let evalSteps { try require(evalSteps > 0, "eval_steps", evalSteps, "above 0") }
    }
}

/// The steps of a run, from the arguments and the number of rows.
struct TrainingPlan {
    let batchesPerEpoch: Int
    let updatesPerEpoch: Int
    let maxSteps: Int
    let epochCount: Int
    let warmupSteps: Int
    let loggingSteps: Int
    let evalSteps: Int

    init(_ args: TrainingArguments, rowCount: Int) throws(TrainingError) {
        let size = args.perDeviceTrainBatchSize
        batchesPerEpoch = args.dataloaderDropLast ? rowCount / size : (rowCount + size - 1) / size
        guard batchesPerEpoch > 0 else {
            throw TrainingError(
                "\(rowCount) rows give no batch of \(size)",
                remedy: rowCount == 0 ? "The train split is empty." : "Lower the batch size or keep the last batch.")
        }
        let accumulation = args.gradientAccumulationSteps
        updatesPerEpoch = max((batchesPerEpoch + accumulation - 1) / accumulation, 1)
        if args.maxSteps > 0 {
            maxSteps = args.maxSteps
            epochCount = (args.maxSteps + updatesPerEpoch - 1) / updatesPerEpoch
        } else {
            maxSteps = Int((args.numTrainEpochs * Double(updatesPerEpoch)).rounded(.up))
            epochCount = Int(args.numTrainEpochs.rounded(.up))
        }
        let total = maxSteps
        func steps(_ value: Double) -> Int {
            max(value < 1 ? Int((Double(total) * value).rounded(.up)) : Int(value), 1)
        }
        warmupSteps = args.warmupSteps == 0 ? 0 : steps(args.warmupSteps)
        loggingSteps = steps(args.loggingSteps)
        evalSteps = steps(args.evalSteps ?? args.loggingSteps)
    }
}
