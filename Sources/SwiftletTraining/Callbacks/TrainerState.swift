public import SwiftletIO

/// Where a run stands, and what it has logged: the content of `trainer_state.json`.
public struct TrainerState: Sendable {
    /// How far the run is, in epochs: 1.5 is in the middle of the second one.
    public var epoch = 0.0
    /// Updates so far.
    public var globalStep = 0
    /// Updates that the run makes in all, if nothing ends it early.
    public var maxSteps = 0
    /// Epochs of the run, rounded up: `num_train_epochs`.
    public var epochCount = 0
    /// Every how many updates is logged, as worked out from the arguments.
    public var loggingSteps = 500
    /// Every how many updates is evaluated, as worked out from the arguments.
    public var evalSteps = 500
    /// Every how many updates a checkpoint is written, as worked out from the arguments.
    public var saveSteps = 500
    /// Rows of a training batch on each device.
    public var trainBatchSize = 8
    /// Tokens that the model was trained on so far, with or without padding as `includeNumInputTokensSeen` says.
    public var inputTokensSeen = 0
    /// Floating-point operations by the reference's estimate: 6 a token and parameter outside the embeddings.
    public var totalFlops = 0.0
    /// The best value so far of `metric_for_best_model`, and when.
    public var bestMetric: Double?
    /// The update after which the best evaluation was made; `nil` without one.
    public var bestGlobalStep: Int?
    /// The checkpoint of the best evaluation, if one was written there.
    public var bestModelCheckpoint: String?
    /// Whether this is the first process of all, which writes, and the first of its machine.
    public var isWorldProcessZero = true
    /// Whether this is the first process of its machine.
    public var isLocalProcessZero = true
    /// Each log with the step it was made at.
    public var logHistory: [JSONObject] = []
    /// What callbacks need to go on after a resume, by name.
    public var callbackStates: JSONObject = [:]

    /// The state before the first update, with Python's defaults.
    public init() {}

    /// In the schema of the Python Trainer.
    public var json: JSONValue {
        [
            "best_global_step": bestGlobalStep.map { .int($0) } ?? nil,
            "best_metric": bestMetric.map { .double($0) } ?? nil,
            "best_model_checkpoint": bestModelCheckpoint.map { .string($0) } ?? nil,
            "epoch": .double(epoch), "eval_steps": .int(evalSteps), "global_step": .int(globalStep),
            "is_hyper_param_search": false, "is_local_process_zero": .bool(isLocalProcessZero),
            "is_world_process_zero": .bool(isWorldProcessZero),
            "log_history": .array(logHistory.map(JSONValue.object)), "logging_steps": .int(loggingSteps),
            "max_steps": .int(maxSteps), "num_input_tokens_seen": .int(inputTokensSeen),
            "num_train_epochs": .int(epochCount), "save_steps": .int(saveSteps),
            "stateful_callbacks": .object(callbackStates), "total_flos": .double(totalFlops),
            "train_batch_size": .int(trainBatchSize), "trial_name": nil, "trial_params": nil,
        ]
    }

    /// From a `trainer_state.json`, this library's or Python's.
    ///
    /// - Throws: `TrainingError` that names the key that is missing or of another kind.
    public init(_ json: JSONValue, path: String) throws(TrainingError) {
        func broken(_ key: String) -> TrainingError {
            TrainingError(
                "'\(path)' has no usable '\(key)'", remedy: "Is it the trainer_state.json of a checkpoint?",
                kind: .checkpoint, at: ErrorLocation(path: path, key: key))
        }
        // Up to here every whole number is a `Double` too; counters that go on from it can't overflow.
        let limit = 1 << 53
        func count(_ key: String, _ otherwise: Int) throws(TrainingError) -> Int {
            guard let value = json[key], !value.isNull else { return otherwise }
            guard let number = value.int, (-1...limit).contains(number) else { throw broken(key) }
            return number
        }
        let step = try count("global_step", -1)
        guard step >= 0 else { throw broken("global_step") }
        guard let epoch = json["epoch"]?.double, epoch.isFinite else { throw broken("epoch") }
        guard let logs = json["log_history"]?.array?.map(\.object), logs.allSatisfy({ $0 != nil }) else {
            throw broken("log_history")
        }
        globalStep = step
        self.epoch = epoch
        logHistory = logs.compactMap(\.self)
        maxSteps = try count("max_steps", 0)
        epochCount = try count("num_train_epochs", 0)
        // Python writes shares of a run as fractions.
        loggingSteps = json["logging_steps"]?.int ?? 500
        evalSteps = json["eval_steps"]?.int ?? 500
        saveSteps = json["save_steps"]?.int ?? 500
        trainBatchSize = try count("train_batch_size", 8)
        inputTokensSeen = try count("num_input_tokens_seen", 0)
        totalFlops = json["total_flos"]?.double ?? 0
        bestMetric = json["best_metric"]?.double
        bestGlobalStep = json["best_global_step"]?.int
        bestModelCheckpoint = json["best_model_checkpoint"]?.string
        callbackStates = json["stateful_callbacks"]?.object ?? [:]
    }
}
