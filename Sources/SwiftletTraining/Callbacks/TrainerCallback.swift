public import SwiftletIO

/// What callbacks may ask of a run. Cleared as the Python Trainer clears it: `shouldLog`, `shouldEvaluate` and
/// `shouldSave` once they are done, `shouldEpochStop` at the start of an epoch.
public struct TrainerControl: Sendable, Equatable {
    /// End the run after this update, or now, between epochs.
    public var shouldTrainingStop = false
    /// End this epoch after this update.
    public var shouldEpochStop = false
    /// Write a checkpoint after this update.
    public var shouldSave = false
    /// Evaluate after this update.
    public var shouldEvaluate = false
    /// Log after this update.
    public var shouldLog = false

    /// Nothing is wished for.
    public init() {}
}

/// Watches a run and may steer it. Every method has an empty default. The events are those of
/// `transformers.TrainerCallback`, in the same order.
public protocol TrainerCallback: AnyObject {
    /// Before the first update, once a run; with a checkpoint to go on from, after it was read.
    func onTrainBegin(_ state: TrainerState, _ control: inout TrainerControl)
    /// Before the first batch of an epoch.
    func onEpochBegin(_ state: TrainerState, _ control: inout TrainerControl)
    /// Before the first batch of an update.
    func onStepBegin(_ state: TrainerState, _ control: inout TrainerControl)
    /// After each batch of an update but the last.
    func onSubstepEnd(_ state: TrainerState, _ control: inout TrainerControl)
    /// Before an optimizer's update. With the fused kernels the gradients are not clipped yet; otherwise they are.
    func onPreOptimizerStep(_ state: TrainerState, _ control: inout TrainerControl)
    /// The gradients are still there.
    func onOptimizerStep(_ state: TrainerState, _ control: inout TrainerControl)
    /// After an update; the gradients are gone.
    func onStepEnd(_ state: TrainerState, _ control: inout TrainerControl)
    /// After the last update of an epoch.
    func onEpochEnd(_ state: TrainerState, _ control: inout TrainerControl)
    /// After an evaluation, with what it measured, under names such as `eval_loss`.
    func onEvaluate(_ state: TrainerState, metrics: [(name: String, value: Double)], _ control: inout TrainerControl)
    /// After `predict`, with what it measured.
    func onPredict(_ state: TrainerState, metrics: [(name: String, value: Double)])
    /// After a checkpoint was written, with its folder.
    func onSave(_ state: TrainerState, checkpoint: String)
    /// After something was logged: names and values of the entry, without `step`.
    func onLog(_ state: TrainerState, logs: JSONObject)
    /// An evaluation or prediction over `total` batches has done `done` of them.
    func onPredictionStep(_ state: TrainerState, done: Int, total: Int)
    /// After the last update and the evaluation that belongs to it.
    func onTrainEnd(_ state: TrainerState, _ control: inout TrainerControl)

    /// Under which the state below is kept in `trainer_state.json`; by default the type's name.
    var stateName: String { get }
    /// What the callback needs to go on after a resume; `nil` is nothing.
    var checkpointState: JSONObject? { get }
    /// Puts back what `checkpointState` gave when the checkpoint was written that the run goes on from.
    func restore(_ state: JSONObject)
}

extension TrainerCallback {
    public func onTrainBegin(_ state: TrainerState, _ control: inout TrainerControl) {}
    public func onEpochBegin(_ state: TrainerState, _ control: inout TrainerControl) {}
    public func onStepBegin(_ state: TrainerState, _ control: inout TrainerControl) {}
    public func onSubstepEnd(_ state: TrainerState, _ control: inout TrainerControl) {}
    public func onPreOptimizerStep(_ state: TrainerState, _ control: inout TrainerControl) {}
    public func onOptimizerStep(_ state: TrainerState, _ control: inout TrainerControl) {}
    public func onStepEnd(_ state: TrainerState, _ control: inout TrainerControl) {}
    public func onEpochEnd(_ state: TrainerState, _ control: inout TrainerControl) {}
    public func onEvaluate(
        _ state: TrainerState, metrics: [(name: String, value: Double)], _ control: inout TrainerControl
    ) {}
    public func onPredict(_ state: TrainerState, metrics: [(name: String, value: Double)]) {}
    public func onSave(_ state: TrainerState, checkpoint: String) {}
    public func onLog(_ state: TrainerState, logs: JSONObject) {}
    public func onPredictionStep(_ state: TrainerState, done: Int, total: Int) {}
    public func onTrainEnd(_ state: TrainerState, _ control: inout TrainerControl) {}

    public var stateName: String { String(describing: type(of: self)) }
    public var checkpointState: JSONObject? { nil }
    public func restore(_ state: JSONObject) {}
}
