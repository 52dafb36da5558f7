public import SwiftletTensor

/// What the layers of one model share: its parameters, and how it executes.
///
/// Reads and writes of the policy's and the store's properties may leave out their names: `state.isTraining` is
/// `state.execution.isTraining`, and `state.parameters` is `state.store.parameters`.
@dynamicMemberLookup
public final class ModelState {
    /// The model's parameters, by name.
    public let store: ParameterStore
    /// How the model's calls are carried out.
    public var execution = ExecutionPolicy()
    /// Whether a checkpoint is about to give most values: then what the model needs beside it is counted afterwards.
    package var awaitsCheckpoint = false
    /// Where attention leaves its weights during a pass that wants them.
    public var attentionRecord: AttentionRecord?

    /// A state without parameters.
    ///
    /// - Parameters:
    ///   - dtype: of the parameters to come.
    ///   - device: where they are made.
    public init(dtype: DType = .float32, device: Device = .cpu) {
        store = ParameterStore(dtype: dtype, device: device)
    }

    /// The parameter of this name in the checkpoint; `nil` if the model has none.
    public subscript(name: String) -> Parameter? { store[name] }

    /// What the parameter store has, such as `parameters`.
    public subscript<Value>(dynamicMember path: KeyPath<ParameterStore, Value>) -> Value { store[keyPath: path] }

    /// What the execution policy says, such as `isTraining`.
    public subscript<Value>(dynamicMember path: WritableKeyPath<ExecutionPolicy, Value>) -> Value {
        get { execution[keyPath: path] }
        set { execution[keyPath: path] = newValue }
    }

    /// What the execution policy says, such as `isTraining`.
    public subscript<Value>(dynamicMember path: KeyPath<ExecutionPolicy, Value>) -> Value { execution[keyPath: path] }

    /// Whether the next pass is to run on the fused kernels, as the policy has it for this model, inside the `autocast` of
    /// the calling thread.
    public var runsFused: Bool {
        execution.runsFused(
            dtype: store.dtype, device: store.device, autocastDType: currentAutocastDType(on: store.device))
    }

    /// Whether the next pass on packed tokens runs in libtorch's kernels for them on a GPU.
    public var runsPackedOnGPU: Bool { execution.runsPackedOnGPU(device: store.device) }

    /// Moves all parameters to a device; see `ParameterStore.move`.
    public func move(to device: Device) { store.move(to: device) }

    /// Draws first values for every parameter that has none; see `ParameterStore.initializeMissing`.
    public func initializeMissing() { store.initializeMissing() }

    /// Gives a parameter values of its shape; see `ParameterStore.assign`.
    public func assign(_ values: Tensor, to parameter: Parameter, takesOver: Bool = false) {
        store.assign(values, to: parameter, takesOver: takesOver)
    }

    /// Runs with another policy, and goes back to the one before, also on an error.
    public func executing<Result>(
        _ change: (inout ExecutionPolicy) -> Void, _ body: () throws -> Result
    ) rethrows -> Result {
        let before = execution
        change(&execution)
        defer { execution = before }
        return try body()
    }

    /// Runs in evaluation mode, and goes back to the mode before, also on an error.
    public func evaluating<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = execution.isTraining
        execution.isTraining = false
        defer { execution.isTraining = before }
        return try body()
    }
}

/// The attention weights of one pass, layer by layer.
public final class AttentionRecord {
    /// `[batch, heads, queries, keys]` each, after the softmax and dropout, in the order in which they were computed.
    public private(set) var weights: [Tensor] = []

    /// A record without weights.
    public init() {}

    /// Keeps one layer's weights, `[batch, heads, queries, keys]`.
    public func append(_ weights: Tensor) { self.weights.append(weights) }
}
