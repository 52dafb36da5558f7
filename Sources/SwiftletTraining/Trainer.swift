public import Logging
public import SwiftletDatasets
import SwiftletIO
public import SwiftletMetrics
public import SwiftletModels
import SwiftletNN
import SwiftletTensor
public import SwiftletTokenizers
import Synchronization

/// Trains and evaluates a sequence-classification model. The order of operations, random draws included, is that of
/// `transformers.Trainer`: the same seed gives the same batches and, on CPU, the same losses.
public final class Trainer {
    public typealias ComputeMetrics = (EvalPrediction) throws -> MetricValues

    public let model: any SequenceClassificationModel
    public let args: TrainingArguments
    public internal(set) var state = TrainerState()
    public var callbacks: [any TrainerCallback]
    let trainDataset: Dataset?
    let evalDataset: Dataset?
    let collator: any DataCollator
    let computeMetrics: ComputeMetrics?
    let tokenizer: Tokenizer?
    let logger: Logger
    private let stopRequest = StopRequest()

    /// Seeds libtorch's default generator with `args.seed`, as Python's does here.
    ///
    /// - Parameters:
    ///   - trainDataset: tokenized rows; columns that no model takes are left aside with a message.
    ///   - dataCollator: by default pads each batch to its longest row.
    ///   - tokenizer: gives the padding, and is saved with the model.
    ///   - computeMetrics: called with all predictions of an evaluation.
    /// - Throws: `TrainingError` for arguments that make no sense.
    public init(
        model: any SequenceClassificationModel, args: TrainingArguments = TrainingArguments("tmp_trainer"),
        trainDataset: Dataset? = nil, evalDataset: Dataset? = nil, dataCollator: (any DataCollator)? = nil,
        tokenizer: Tokenizer? = nil, computeMetrics: ComputeMetrics? = nil, callbacks: [any TrainerCallback] = [],
        logger: Logger = Logger(label: "swiftlet.trainer")
    ) throws {
        try args.validate()
        if args.evalStrategy != .no, evalDataset == nil {
            throw TrainingError(
                "eval_strategy is '\(args.evalStrategy.rawValue)', but there is no evalDataset",
                remedy: "Give one, or set evalStrategy to .no.")
        }
        guard dataCollator != nil || tokenizer != nil else {
            throw TrainingError("the Trainer needs a tokenizer or a dataCollator to make batches")
        }
        manualSeed(args.seed)
        self.model = model
        self.args = args
        self.trainDataset = trainDataset
        self.evalDataset = evalDataset
        self.tokenizer = tokenizer
        self.computeMetrics = computeMetrics
        self.callbacks = callbacks
        self.logger = logger
        if let dataCollator {
            collator = dataCollator
        } else if let tokenizer {
            collator = try DataCollatorWithPadding(tokenizer: tokenizer)
        } else {
            throw TrainingError("the Trainer needs a tokenizer or a dataCollator to make batches")
        }
    }

    /// Stops the run at the end of the step under way; `train()` then throws. May be called from any thread.
    public var stop: StopRequest { stopRequest }

    /// Runs the training. Afterwards the model has the last step's weights.
    @discardableResult
    public func train() throws -> TrainOutput {
        guard let trainDataset else { throw TrainingError("there is no trainDataset to train on") }
        let examples = try self.examples(trainDataset, name: "the train dataset")
        guard examples.hasLabels else {
            throw TrainingError(
                "the train dataset has no labels; its columns are \(trainDataset.columnNames.joined(separator: ", "))",
                remedy: "Name the label column 'label' or 'labels'.")
        }
        try examples.checkLabels(labelCount: try model.config.labelCount, name: "the train dataset")
        let plan = try TrainingPlan(args, rowCount: examples.count)
        let optimizer = makeOptimizer()
        let schedule = LRScheduler(
            args.lrSchedulerType, optimizer: optimizer, warmupSteps: plan.warmupSteps, trainingSteps: plan.maxSteps)
        begin(plan)

        let clock = ContinuousClock()
        let start = clock.now
        var (totalLoss, lossSinceLog, loggedStep) = (0.0, Tensor.zeros([]), 0)
        var rate = args.learningRate
        var gradientNorm: Tensor?
        let flopsPerToken = 6 * Double(nonEmbeddingParameterCount)

        func logIfDue(_ isDue: Bool) throws {
            guard isDue, state.globalStep > loggedStep else { return }
            let sum = lossSinceLog.item()
            totalLoss += sum
            lossSinceLog = Tensor.zeros([])
            try log([
                "loss": .double(sum / Double(state.globalStep - loggedStep)),
                "grad_norm": .double(gradientNorm?.item() ?? 0), "learning_rate": .double(rate),
            ])
            loggedStep = state.globalStep
        }

        let dataSeed = args.dataSeed ?? args.seed
        for epoch in 0..<plan.epochCount {
            // Python's DataLoader draws a base seed for its workers from the default generator at every pass.
            _ = Generator.default.randomInt64()
            let order = randomOrder(count: examples.count, seed: dataSeed, epoch: epoch)
            let epochBatches = batches(
                of: order, size: args.perDeviceTrainBatchSize, dropLast: args.dataloaderDropLast)
            var done = 0
            while done < epochBatches.count, state.globalStep < plan.maxSteps {
                let group = epochBatches[done..<min(done + args.gradientAccumulationSteps, epochBatches.count)]
                for batch in group {
                    model.train()
                    let inputs = try collator(batch.map { examples.rows[$0] }).to(model.state.device)
                    guard var loss = try model(inputs).loss else { throw TrainingError("the model gave no loss") }
                    loss = group.count > 1 ? loss / Double(group.count) : loss
                    loss.backward()
                    lossSinceLog = noGrad { lossSinceLog + loss.detach() }
                    state.totalFlops += flopsPerToken * Double(inputs.inputIDs.count)
                }
                done += group.count
                gradientNorm = clipGradNorm(
                    optimizer.groups.flatMap(\.parameters).compactMap(\.gradient),
                    maxNorm: args.maxGradNorm > 0 ? args.maxGradNorm : .infinity)
                optimizer.step()
                rate = schedule.lastLearningRates[0]
                schedule.step()
                optimizer.zeroGrad()
                state.globalStep += 1
                state.epoch = Double(epoch) + Double(done) / Double(plan.batchesPerEpoch)
                callbacks.forEach { $0.onStepEnd(state) }

                let isLast = state.globalStep >= plan.maxSteps
                try logIfDue(
                    args.loggingStrategy == .steps && state.globalStep % plan.loggingSteps == 0
                        || args.loggingFirstStep && state.globalStep == 1)
                if args.evalStrategy == .steps, state.globalStep % plan.evalSteps == 0 || isLast { try evaluate() }
                if stopRequest.isSet {
                    throw TrainingError(
                        "interrupted after step \(state.globalStep) of \(plan.maxSteps); nothing was saved")
                }
            }
            try logIfDue(args.loggingStrategy == .epoch)
            if args.evalStrategy == .epoch { try evaluate() }
        }

        totalLoss += lossSinceLog.item()
        let meanLoss = totalLoss / Double(state.globalStep)
        let metrics = speedMetrics(
            "train", seconds: (clock.now - start).seconds, samples: plannedSamples(plan, rows: examples.count),
            steps: plan.maxSteps)
            + [("total_flos", state.totalFlops), ("train_loss", meanLoss)]
        try log(JSONObject(metrics.map { ($0.name, .double($0.value)) }))
        callbacks.forEach { $0.onTrainEnd(state) }
        return TrainOutput(
            globalStep: state.globalStep, trainingLoss: meanLoss, metrics: metrics + [("epoch", state.epoch)])
    }

    private func begin(_ plan: TrainingPlan) {
        state = TrainerState()
        state.maxSteps = plan.maxSteps
        state.epochCount = plan.epochCount
        state.loggingSteps = plan.loggingSteps
        state.evalSteps = plan.evalSteps
        state.trainBatchSize = args.perDeviceTrainBatchSize
        callbacks.forEach { $0.onTrainBegin(state) }
    }

    /// Two groups, the first one with weight decay; frozen parameters are left out.
    private func makeOptimizer() -> AdamW {
        let trainable = model.parameters().filter(\.isTrainable)
        return AdamW(
            groups: [
                ParameterGroup(
                    trainable.filter(isDecayed), learningRate: args.learningRate, weightDecay: args.weightDecay),
                ParameterGroup(
                    trainable.filter { !isDecayed($0) }, learningRate: args.learningRate, weightDecay: 0),
            ], betas: (args.adamBeta1, args.adamBeta2), epsilon: args.adamEpsilon)
    }

    /// Rows seen by the whole run, as the reference counts them for its speed figures.
    private func plannedSamples(_ plan: TrainingPlan, rows: Int) -> Int {
        args.maxSteps > 0
            ? args.maxSteps * args.perDeviceTrainBatchSize * args.gradientAccumulationSteps
            : Int(Double(rows) * args.numTrainEpochs)
    }

    private var nonEmbeddingParameterCount: Int {
        model.parameters().filter { !$0.name.hasSuffix("_embeddings.weight") }.reduce(0) { $0 + $1.count }
    }

    // MARK: Shared with evaluation

    func examples(_ dataset: Dataset, name: String) throws -> TokenizedExamples {
        let examples = try TokenizedExamples(dataset, name: name)
        guard examples.count > 0 else { throw TrainingError("\(name) is empty") }
        if !examples.unusedColumns.isEmpty {
            logger.info(
                "columns of \(name) that the model does not take are ignored: \(examples.unusedColumns.joined(separator: ", "))"
            )
        }
        return examples
    }

    /// Adds the epoch, keeps the entry in the history and tells the callbacks.
    func log(_ entries: JSONObject) throws {
        var logs = entries
        logs["epoch"] = .double(state.epoch)
        callbacks.forEach { $0.onLog(state, logs: logs) }
        logs["step"] = .int(state.globalStep)
        state.logHistory.append(logs)
    }

    func speedMetrics(
        _ prefix: String, seconds: Double, samples: Int, steps: Int
    ) -> [(name: String, value: Double)] {
        [
            ("\(prefix)_runtime", seconds.rounded(toPlaces: 4)),
            ("\(prefix)_samples_per_second", (Double(samples) / seconds).rounded(toPlaces: 3)),
            ("\(prefix)_steps_per_second", (Double(steps) / seconds).rounded(toPlaces: 3)),
        ]
    }
}

/// A wish to stop that may come from any thread, such as a signal handler's.
public final class StopRequest: Sendable {
    private let flag = Atomic<Bool>(false)
    public var isSet: Bool { flag.load(ordering: .relaxed) }
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
