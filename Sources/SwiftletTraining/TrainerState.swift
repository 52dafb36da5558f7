public import SwiftletIO

/// Where a run stands, and what it has logged: the content of `trainer_state.json`.
public struct TrainerState: Sendable {
    public var epoch = 0.0
    public var globalStep = 0
    public var maxSteps = 0
    public var epochCount = 0
    public var loggingSteps = 500
    public var evalSteps = 500
    public var trainBatchSize = 8
    /// Floating-point operations by the reference's estimate: 6 a token and parameter outside the embeddings.
    public var totalFlops = 0.0
    /// Each log with the step it was made at.
    public var logHistory: [JSONObject] = []

    /// In the schema of the Python Trainer.
    public var json: JSONValue {
        [
            "best_global_step": nil, "best_metric": nil, "best_model_checkpoint": nil,
            "epoch": .double(epoch), "eval_steps": .int(evalSteps), "global_step": .int(globalStep),
            "is_hyper_param_search": false, "is_local_process_zero": true, "is_world_process_zero": true,
            "log_history": .array(logHistory.map(JSONValue.object)), "logging_steps": .int(loggingSteps),
            "max_steps": .int(maxSteps), "num_input_tokens_seen": 0, "num_train_epochs": .int(epochCount),
            "save_steps": 500, "stateful_callbacks": [:], "total_flos": .double(totalFlops),
            "train_batch_size": .int(trainBatchSize), "trial_name": nil, "trial_params": nil,
        ]
    }
}
