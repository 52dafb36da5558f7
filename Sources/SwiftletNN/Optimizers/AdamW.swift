import SwiftletTensor

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019), by libtorch's fused kernel: what the Python
/// stack's default `adamw_torch_fused` calls.
public final class AdamW: Optimizer {
    /// Decay of the running means of gradients and of their squares.
    public let betas: (Double, Double)
    /// Added to the root of the second moment.
    public let epsilon: Double

    /// - Parameters:
    ///   - groups: parameters with the learning rate and weight decay that they share.
    ///   - betas: decay of the two running means. PyTorch's defaults, here and for `epsilon`.
    ///   - epsilon: added to the root of the second moment.
    public init(groups: [ParameterGroup], betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8) {
        self.betas = betas
        self.epsilon = epsilon
        super.init(groups: groups)
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

    /// `step`, `exp_avg` and `exp_avg_sq`, the last two shaped as the parameter.
    public override func stateForms(of parameter: Parameter) -> [String: OptimizerStateForm]? {
        ["step": .step, "exp_avg": .like(parameter), "exp_avg_sq": .like(parameter)]
    }

    /// One AdamW update of a group's parameters, in place.
    public override func update(_ parameters: [Parameter], _ group: ParameterGroup) {
        fusedAdamW(
            parameters: parameters.map(\.tensor), gradients: parameters.compactMap(\.gradient),
            expAvg: parameters.map { kept("exp_avg", of: $0) }, expAvgSq: parameters.map { kept("exp_avg_sq", of: $0) },
            steps: parameters.map { kept("step", of: $0, Self.noSteps) },
            lr: group.learningRate, beta1: betas.0, beta2: betas.1, weightDecay: group.weightDecay, eps: epsilon)
    }

    static func noSteps(_ parameter: Parameter) -> Tensor {
        .zeros([], dtype: .float32, device: parameter.tensor.device)
    }
}

/// Adam (Kingma and Ba, 2015) as in `torch.optim.Adam`: weight decay is added to the gradient.
public final class Adam: Optimizer {
    /// Decay of the running means of gradients and of their squares.
    public let betas: (Double, Double)
    /// Added to the root of the second moment.
    public let epsilon: Double

    /// - Parameters:
    ///   - groups: parameters with the learning rate and weight decay that they share.
    ///   - betas: decay of the two running means. PyTorch's defaults, here and for `epsilon`.
    ///   - epsilon: added to the root of the second moment.
    public init(groups: [ParameterGroup], betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8) {
        self.betas = betas
        self.epsilon = epsilon
        super.init(groups: groups)
    }

    /// `step`, `exp_avg` and `exp_avg_sq`, the last two shaped as the parameter.
    public override func stateForms(of parameter: Parameter) -> [String: OptimizerStateForm]? {
        ["step": .step, "exp_avg": .like(parameter), "exp_avg_sq": .like(parameter)]
    }

    /// One Adam update of a group's parameters, in place.
    public override func update(_ parameters: [Parameter], _ group: ParameterGroup) {
        for parameter in parameters {
            guard let gradient = decayedGradient(of: parameter, group) else { continue }
            let step = nextStep(of: parameter)
            let mean = kept("exp_avg", of: parameter).lerp_(gradient, 1 - betas.0)
            let square = kept("exp_avg_sq", of: parameter).mul_(betas.1).addcmul_(
                gradient, gradient, value: 1 - betas.1)
            let scale = (1 - power(betas.1, step)).squareRoot()
            let rate = group.learningRate / (1 - power(betas.0, step))
            parameter.tensor.addcdiv_(mean, square.sqrt() / scale + epsilon, value: -rate)
        }
    }
}

/// Lion (Chen et al., 2023): the sign of a blend of gradient and momentum, weight decay decoupled.
public final class Lion: Optimizer {
    /// Weights of the gradient in the update's direction and in the momentum.
    public let betas: (Double, Double)

    /// - Parameters:
    ///   - groups: parameters with the learning rate and weight decay that they share.
    ///   - betas: weights of the gradient in the direction and in the momentum.
    public init(groups: [ParameterGroup], betas: (Double, Double) = (0.9, 0.99)) {
        self.betas = betas
        super.init(groups: groups)
    }

    /// `exp_avg`, shaped as the parameter.
    public override func stateForms(of parameter: Parameter) -> [String: OptimizerStateForm]? {
        ["exp_avg": .like(parameter)]
    }

    /// One Lion update of a group's parameters, in place: by the sign of the direction.
    public override func update(_ parameters: [Parameter], _ group: ParameterGroup) {
        for parameter in parameters {
            guard let gradient = parameter.gradient else { continue }
            let momentum = kept("exp_avg", of: parameter)
            let blend = momentum * betas.0 + gradient * (1 - betas.0)
            let sign = blend.gt(0).to(.float32) - blend.lt(0).to(.float32)
            parameter.tensor.mul_(1 - group.learningRate * group.weightDecay)
            parameter.tensor.add_(sign.to(parameter.tensor.dtype) * -group.learningRate)
            momentum.lerp_(gradient, 1 - betas.1)
        }
    }
}
