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
        let fields = try CheckpointFields(json, path: path)
        globalStep = try fields.required("global_step", .count)
        epoch = try fields.required("epoch", .number(upTo: Double(CheckpointFields.counts.upperBound)))
        logHistory = try fields.required("log_history", .objects)
        maxSteps = try fields.optional("max_steps", .count) ?? 0
        // As many as an integer can be, where Python does not know how many there are to be.
        epochCount = try fields.optional("num_train_epochs", .count(in: 0 ... .max)) ?? 0
        // Python writes shares of a run as fractions.
        loggingSteps = try steps("logging_steps")
        evalSteps = try steps("eval_steps")
        saveSteps = try steps("save_steps")
        // A run that looks for the batches that fit goes on with as many: no more than its argument may say.
        trainBatchSize = try fields.nullable("train_batch_size", .count(in: 0...1 << 20)) ?? 8
        inputTokensSeen = try fields.optional("num_input_tokens_seen", .count) ?? 0
        totalFlops = try fields.optional("total_flos", .number(upTo: .greatestFiniteMagnitude)) ?? 0
        bestMetric = try fields.nullable("best_metric", .number)
        bestGlobalStep = try fields.nullable("best_global_step", .count)
        bestModelCheckpoint = try fields.nullable("best_model_checkpoint", .text)
        callbackStates = try fields.nullable("stateful_callbacks", .states) ?? [:]

        func steps(_ key: String) throws(TrainingError) -> Int {
            try fields.nullable(key, .number).flatMap { Int(exactly: $0) } ?? 500
        }
    }
}
