public import SwiftletIO

/// Watches a run. Every method has an empty default.
public protocol TrainerCallback: AnyObject {
    func onTrainBegin(_ state: TrainerState)
    func onStepEnd(_ state: TrainerState)
    func onLog(_ state: TrainerState, logs: JSONObject)
    /// An evaluation or prediction over `total` batches has done `done` of them.
    func onPredictionStep(done: Int, total: Int)
    func onTrainEnd(_ state: TrainerState)
}

extension TrainerCallback {
    public func onTrainBegin(_ state: TrainerState) {}
    public func onStepEnd(_ state: TrainerState) {}
    public func onLog(_ state: TrainerState, logs: JSONObject) {}
    public func onPredictionStep(done: Int, total: Int) {}
    public func onTrainEnd(_ state: TrainerState) {}
}
