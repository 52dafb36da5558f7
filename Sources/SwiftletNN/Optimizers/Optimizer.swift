public import SwiftletIO
public import SwiftletTensor

/// Parameters that share their settings.
public struct ParameterGroup {
    /// What is updated.
    public var parameters: [Parameter]
    /// The learning rate of the next update; a scheduler sets it.
    public var learningRate: Double
    /// Share of a weight that each update takes off, times the learning rate.
    public var weightDecay: Double

    /// - Parameters:
    ///   - parameters: what is updated.
    ///   - learningRate: of the first update.
    ///   - weightDecay: share of a weight that each update takes off, times the learning rate.
    public init(_ parameters: [Parameter], learningRate: Double, weightDecay: Double) {
        self.parameters = parameters
        self.learningRate = learningRate
        self.weightDecay = weightDecay
    }
}

/// What all optimizers share: groups of parameters, and tensors kept for each parameter under PyTorch's names.
///
/// Subclasses override `update`. The formulas are those of `torch.optim`, so a checkpoint's numbers mean the same.
open class Optimizer {
    /// Parameters with the learning rate and weight decay that they share.
    public private(set) var groups: [ParameterGroup]
    /// What is kept for each parameter, such as `exp_avg`; by parameter name, made at its first gradient.
    public internal(set) var state: [String: [String: Tensor]] = [:]

    /// Set by an accelerator: whether updates wait, while gradients of several batches are added up.
    package var isAccumulating: (() -> Bool)?
    /// Set by an accelerator that shards the state: which parameters this process updates, and what follows.
    package var sharding: (owns: (Parameter) -> Bool, exchange: () -> Void)?
    /// Set by an accelerator that trains in float16: gradients are those of a scaled loss.
    package var scaler: GradScaler?
    /// Whether the latest `step()` changed nothing, since gradients were infinite or NaN: only where an accelerator trains
    /// in float16.
    public private(set) var stepWasSkipped = false

    /// - Parameter groups: parameters with the learning rate and weight decay that they share; no parameter twice.
    public init(groups: [ParameterGroup]) {
        self.groups = groups
        for parameter in groups.flatMap(\.parameters) where parameter.isTrainable { parameter.moveOutOfFile() }
    }

    /// One update of every parameter that has a gradient.
    public func step() {
        if isAccumulating?() == true { return }
        if let scaler {
            stepWasSkipped = !scaler.stepAndUpdate(self)
        } else {
            updateAll()
        }
    }

    /// The update of every parameter that has a gradient, whatever an accelerator wants.
    func updateAll() {
        noGrad {
            for group in groups {
                let active = group.parameters.filter {
                    $0.isTrainable && $0.gradient != nil && sharding?.owns($0) != false
                }
                if !active.isEmpty { update(active, group) }
            }
            sharding?.exchange()
        }
    }

    /// Changes parameters that all have gradients. Called without gradient recording.
    open func update(_ parameters: [Parameter], _ group: ParameterGroup) {
        preconditionFailure("\(type(of: self)) has no update")
    }

    /// Removes the gradients of all parameters, so that the next backward pass begins anew.
    public func zeroGrad() {
        if isAccumulating?() == true { return }
        for group in groups {
            for parameter in group.parameters { parameter.gradient = nil }
        }
    }

    /// Sets the learning rate of each group, in order.
    public func setLearningRates(_ rates: [Double]) {
        precondition(rates.count == groups.count, "\(rates.count) learning rates for \(groups.count) groups")
        for (index, rate) in rates.enumerated() { groups[index].learningRate = rate }
    }

    /// The kept tensors under `<parameter>/<name>`, in the order of the parameters.
    public func stateTensors() -> [(name: String, tensor: Tensor)] {
        groups.flatMap(\.parameters).flatMap { parameter in
            (state[parameter.name] ?? [:]).sorted { $0.key < $1.key }
                .map { (name: "\(parameter.name)/\($0.key)", tensor: $0.value) }
        }
    }

    /// What this optimizer keeps for a parameter, by name; `nil` where anything may be kept, which is what a subclass from
    /// elsewhere may do.
    open func stateForms(of parameter: Parameter) -> [String: OptimizerStateForm]? { nil }

    /// Takes over what `stateTensors` gave.
    ///
    /// - Throws: `OptimizerError` for a name that belongs to no parameter here or that this optimizer does not keep, for a
    ///   shape or a dtype that is not the one it keeps, and where a part is missing. The state then stays as it was.
    public func loadState(_ tensors: [(name: String, tensor: Tensor)]) throws {
        let known = Dictionary(groups.flatMap(\.parameters).map { ($0.name, $0) }) { first, _ in first }
        var loaded: [String: [String: Tensor]] = [:]
        for (name, tensor) in tensors {
            let parts = name.split(separator: "/").map(String.init)
            guard parts.count == 2, let parameter = known[parts[0]] else {
                throw OptimizerError(
                    "the state '\(name)' belongs to none of the optimizer's parameters", kind: .stateMismatch,
                    at: ErrorLocation(tensor: name))
            }
            try check(tensor, name, stateForms(of: parameter), parts[1])
            loaded[parts[0], default: [:]][parts[1]] = tensor.to(parameter.tensor.device).clone()
        }
        for (name, kept) in loaded {
            let forms = known[name].flatMap(stateForms) ?? [:]
            for part in forms.keys.sorted() where kept[part] == nil {
                throw OptimizerError(
                    "the state of '\(name)' has no '\(part)'", kind: .stateMismatch, at: ErrorLocation(tensor: name))
            }
        }
        state = loaded
    }

    private func check(
        _ tensor: Tensor, _ name: String, _ forms: [String: OptimizerStateForm]?, _ part: String
    ) throws {
        guard let forms else { return }
        guard let form = forms[part] else {
            throw OptimizerError(
                "the state '\(name)' is not one that \(type(of: self)) keeps", kind: .stateMismatch,
                at: ErrorLocation(tensor: name))
        }
        guard tensor.shape == form.shape, tensor.dtype == form.dtype else {
            throw OptimizerError(
                "the state '\(name)' is \(tensor.dtype.name) \(tensor.shape), and \(type(of: self)) keeps "
                    + "\(form.dtype.name) \(form.shape)",
                kind: .stateMismatch, at: ErrorLocation(tensor: name))
        }
        guard part != "step" || tensor.item() >= 0 && tensor.item().isFinite else {
            throw OptimizerError(
                "the state '\(name)' is \(tensor.item()), and no number of updates", kind: .stateMismatch,
                at: ErrorLocation(tensor: name))
        }
    }

    /// A kept tensor, by default zeros in the parameter's shape.
    func kept(_ name: String, of parameter: Parameter, _ make: ((Parameter) -> Tensor)? = nil) -> Tensor {
        if let tensor = state[parameter.name]?[name] { return tensor }
        let fresh =
            make?(parameter)
            ?? .zeros(parameter.shape, dtype: parameter.tensor.dtype, device: parameter.tensor.device)
        state[parameter.name, default: [:]][name] = fresh
        return fresh
    }

    /// The number of this update of a parameter, counted from 1 and kept as `step`.
    func nextStep(of parameter: Parameter) -> Double {
        let step = kept("step", of: parameter) { _ in .zeros([], dtype: .float32) }
        step.add_(Tensor(1))
        return step.item()
    }

    /// The gradient with `weightDecay · parameter` added, as in optimizers whose decay is not decoupled.
    func decayedGradient(of parameter: Parameter, _ group: ParameterGroup) -> Tensor? {
        guard let gradient = parameter.gradient else { return nil }
        return group.weightDecay == 0 ? gradient : gradient + parameter.tensor.detach() * group.weightDecay
    }
}

/// Shape and dtype of a tensor that an optimizer keeps for a parameter.
public struct OptimizerStateForm: Sendable, Equatable {
    /// The length of each dimension.
    public var shape: [Int]
    /// The type of the elements.
    public var dtype: DType

    /// - Parameters:
    ///   - shape: the length of each dimension.
    ///   - dtype: the type of the elements.
    public init(_ shape: [Int], _ dtype: DType) { (self.shape, self.dtype) = (shape, dtype) }

    /// The number of updates: one float32, shape `[]`.
    static let step = OptimizerStateForm([], .float32)

    /// One number for each of the parameter's, in its dtype.
    static func like(_ parameter: Parameter) -> OptimizerStateForm {
        OptimizerStateForm(parameter.shape, parameter.tensor.dtype)
    }
}

/// An optimizer's state that does not fit.
public struct OptimizerError: SwiftletError {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// Saved state of other parameters than the optimizer has, or of other shapes.
        case stateMismatch
        /// Calls of a `GradScaler` in an order that would scale or unscale gradients twice, or numbers it can't work with.
        case scaling
    }

    /// What went wrong, to switch over.
    public var kind: Kind
    public var message: String
    public var remedy: String?
    public var location: ErrorLocation

    init(
        _ message: String, remedy: String? = "Go on with the same optimizer and model, or use another checkpoint.",
        kind: Kind = .stateMismatch,
        at location: ErrorLocation = ErrorLocation()
    ) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.location = location
    }
}

/// Whether the Trainer decays a parameter: not biases, and nothing of a normalization layer.
///
/// The rule is that of `transformers.Trainer.get_decay_parameter_names`, on lower-cased names.
public func isDecayed(_ parameter: Parameter) -> Bool {
    if parameter.isNormalization { return false }
    let name = parameter.name.lowercased()
    if ["bias", "layernorm", "rmsnorm"].contains(where: { name.contains($0) }) { return false }
    return !name.split(separator: ".").contains { $0 == "norm" || $0.hasSuffix("_norm") }
}
