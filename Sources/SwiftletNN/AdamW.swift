public import SwiftletTensor

/// Parameters that share their settings.
public struct ParameterGroup {
    public var parameters: [Parameter]
    public var learningRate: Double
    public var weightDecay: Double

    public init(_ parameters: [Parameter], learningRate: Double, weightDecay: Double) {
        self.parameters = parameters
        self.learningRate = learningRate
        self.weightDecay = weightDecay
    }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019), by libtorch's fused kernel: what the Python
/// stack's default `adamw_torch_fused` calls.
public final class AdamW {
    public private(set) var groups: [ParameterGroup]
    public let betas: (Double, Double)
    public let epsilon: Double

    /// The moments of one parameter, made at its first gradient.
    public struct Moments {
        public var first: Tensor
        public var second: Tensor
        /// The number of updates so far, float32 `[]`.
        public var step: Tensor
    }
    /// By parameter name.
    public private(set) var moments: [String: Moments] = [:]

    public init(groups: [ParameterGroup], betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8) {
        self.groups = groups
        self.betas = betas
        self.epsilon = epsilon
    }

    /// One group for all parameters. The defaults are PyTorch's: weight decay 0.01 is applied to every parameter.
    public convenience init(
        _ parameters: [Parameter], lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8,
        weightDecay: Double = 0.01
    ) {
        self.init(
            groups: [ParameterGroup(parameters, learningRate: lr, weightDecay: weightDecay)], betas: betas,
            epsilon: epsilon)
    }

    /// One update of every parameter that has a gradient.
    public func step() {
        for group in groups {
            let active = group.parameters.filter { $0.isTrainable && $0.gradient != nil }
            guard !active.isEmpty else { continue }
            let state = active.map(moments(of:))
            noGrad {
                fusedAdamW(
                    parameters: active.map(\.tensor), gradients: active.compactMap(\.gradient),
                    expAvg: state.map(\.first), expAvgSq: state.map(\.second), steps: state.map(\.step),
                    lr: group.learningRate, beta1: betas.0, beta2: betas.1, weightDecay: group.weightDecay,
                    eps: epsilon)
            }
        }
    }

    public func zeroGrad() {
        for group in groups {
            for parameter in group.parameters { parameter.gradient = nil }
        }
    }

    /// Sets the learning rate of each group, in order.
    public func setLearningRates(_ rates: [Double]) {
        precondition(rates.count == groups.count, "\(rates.count) learning rates for \(groups.count) groups")
        for (index, rate) in rates.enumerated() { groups[index].learningRate = rate }
    }

    private func moments(of parameter: Parameter) -> Moments {
        if let known = moments[parameter.name] { return known }
        let fresh = Moments(
            first: .zeros(parameter.shape, dtype: parameter.tensor.dtype, device: parameter.tensor.device),
            second: .zeros(parameter.shape, dtype: parameter.tensor.dtype, device: parameter.tensor.device),
            step: .zeros([], dtype: .float32, device: parameter.tensor.device))
        moments[parameter.name] = fresh
        return fresh
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
