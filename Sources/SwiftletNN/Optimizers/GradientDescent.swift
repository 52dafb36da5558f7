#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif
import SwiftletTensor

/// Stochastic gradient descent as in `torch.optim.SGD`.
public final class SGD: Optimizer {
    /// How much of the direction before is kept, from 0.
    public let momentum: Double
    /// How much less of the gradient goes into the direction, from 0 to 1.
    public let dampening: Double
    /// Whether the update looks ahead by the momentum.
    public let usesNesterov: Bool

    /// - Parameters:
    ///   - groups: parameters with the learning rate and weight decay that they share.
    ///   - momentum: how much of the direction before is kept; 0 keeps no state.
    ///   - dampening: how much less of the gradient goes into the direction.
    ///   - nesterov: whether the update looks ahead by the momentum.
    public init(groups: [ParameterGroup], momentum: Double = 0, dampening: Double = 0, nesterov: Bool = false) {
        self.momentum = momentum
        self.dampening = dampening
        usesNesterov = nesterov
        super.init(groups: groups)
    }

    /// `momentum_buffer`, shaped as the parameter; nothing without momentum.
    public override func stateForms(of parameter: Parameter) -> [String: OptimizerStateForm]? {
        momentum == 0 ? [:] : ["momentum_buffer": .like(parameter)]
    }

    /// One update of a group's parameters, in place.
    public override func update(_ parameters: [Parameter], _ group: ParameterGroup) {
        for parameter in parameters {
            guard var gradient = decayedGradient(of: parameter, group) else { continue }
            if momentum != 0 {
                let buffer: Tensor
                if let known = state[parameter.name]?["momentum_buffer"] {
                    buffer = known.mul_(momentum).add_(gradient * (1 - dampening))
                } else {
                    buffer = kept("momentum_buffer", of: parameter) { _ in gradient.clone() }
                }
                gradient = usesNesterov ? gradient + buffer * momentum : buffer
            }
            parameter.tensor.add_(gradient * -group.learningRate)
        }
    }
}

/// Adagrad (Duchi et al., 2011) as in `torch.optim.Adagrad`.
public final class Adagrad: Optimizer {
    /// By how much the learning rate falls: it is divided by 1 + (updates - 1) · this.
    public let learningRateDecay: Double
    /// Added to the root of the sum of squares.
    public let epsilon: Double

    /// - Parameters:
    ///   - groups: parameters with the learning rate and weight decay that they share.
    ///   - learningRateDecay: by how much the learning rate falls. PyTorch's defaults, here and for `epsilon`.
    ///   - epsilon: added to the root of the sum of squares.
    public init(groups: [ParameterGroup], learningRateDecay: Double = 0, epsilon: Double = 1e-10) {
        self.learningRateDecay = learningRateDecay
        self.epsilon = epsilon
        super.init(groups: groups)
    }

    /// `step` and `sum`, the latter shaped as the parameter.
    public override func stateForms(of parameter: Parameter) -> [String: OptimizerStateForm]? {
        ["step": .step, "sum": .like(parameter)]
    }

    /// One Adagrad update of a group's parameters, in place.
    public override func update(_ parameters: [Parameter], _ group: ParameterGroup) {
        for parameter in parameters {
            guard let gradient = decayedGradient(of: parameter, group) else { continue }
            let step = nextStep(of: parameter)
            let sum = kept("sum", of: parameter).addcmul_(gradient, gradient)
            let rate = group.learningRate / (1 + (step - 1) * learningRateDecay)
            parameter.tensor.addcdiv_(gradient, sum.sqrt() + epsilon, value: -rate)
        }
    }
}

/// RMSprop (Tieleman and Hinton, 2012) as in `torch.optim.RMSprop`.
public final class RMSprop: Optimizer {
    /// Decay of the running mean of squared gradients.
    public let alpha: Double
    /// Added to the root of that mean.
    public let epsilon: Double
    /// How much of the direction before is kept, from 0.
    public let momentum: Double
    /// Whether the running mean of gradients is taken off, so that their variance scales the update.
    public let isCentered: Bool

    /// PyTorch's defaults, but for what is given.
    public init(
        groups: [ParameterGroup], alpha: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0,
        centered: Bool = false
    ) {
        self.alpha = alpha
        self.epsilon = epsilon
        self.momentum = momentum
        isCentered = centered
        super.init(groups: groups)
    }

    /// `step` and `square_avg`, and `momentum_buffer` and `grad_avg` where they are used, shaped as the parameter.
    public override func stateForms(of parameter: Parameter) -> [String: OptimizerStateForm]? {
        var forms: [String: OptimizerStateForm] = ["square_avg": .like(parameter)]
        if isCentered { forms["grad_avg"] = .like(parameter) }
        if momentum > 0 { forms["momentum_buffer"] = .like(parameter) }
        return forms
    }

    /// One RMSprop update of a group's parameters, in place.
    public override func update(_ parameters: [Parameter], _ group: ParameterGroup) {
        for parameter in parameters {
            guard let gradient = decayedGradient(of: parameter, group) else { continue }
            let square = kept("square_avg", of: parameter).mul_(alpha).addcmul_(gradient, gradient, value: 1 - alpha)
            var average = square
            if isCentered {
                let mean = kept("grad_avg", of: parameter).lerp_(gradient, 1 - alpha)
                average = square - mean * mean
            }
            let denominator = average.sqrt() + epsilon
            if momentum > 0 {
                let buffer = kept("momentum_buffer", of: parameter).mul_(momentum).addcdiv_(gradient, denominator)
                parameter.tensor.add_(buffer * -group.learningRate)
            } else {
                parameter.tensor.addcdiv_(gradient, denominator, value: -group.learningRate)
            }
        }
    }
}

/// Adafactor (Shazeer and Stern, 2018) with a given learning rate, as the Trainer of transformers sets it up:
/// no parameter scaling, no relative step, clipping at 1, decay exponent -0.8.
public final class Adafactor: Optimizer {
    private static let epsilon = 1e-30
    private static let decayRate = -0.8

    /// The moments by rows and by columns of a matrix; one shaped as the parameter for a vector.
    public override func stateForms(of parameter: Parameter) -> [String: OptimizerStateForm]? {
        let shape = parameter.shape
        guard shape.count >= 2 else { return ["step": .step, "exp_avg_sq": .like(parameter)] }
        return [
            "step": .step, "exp_avg_sq_row": OptimizerStateForm(Array(shape.dropLast()), .float32),
            "exp_avg_sq_col": OptimizerStateForm(Array(shape.dropLast(2)) + [shape[shape.count - 1]], .float32),
        ]
    }

    /// One Adafactor update of a group's parameters, in place.
    public override func update(_ parameters: [Parameter], _ group: ParameterGroup) {
        for parameter in parameters {
            guard let gradient = parameter.gradient else { continue }
            let beta = 1 - power(nextStep(of: parameter), Self.decayRate)
            let squared = gradient * gradient + Self.epsilon
            let shape = parameter.shape
            var update: Tensor
            if shape.count >= 2 {
                let rows = kept("exp_avg_sq_row", of: parameter) { _ in .zeros(Array(shape.dropLast())) }
                let columns = kept("exp_avg_sq_col", of: parameter) { _ in
                    .zeros(Array(shape.dropLast(2)) + [shape[shape.count - 1]])
                }
                rows.mul_(beta).add_(squared.mean(-1) * (1 - beta))
                columns.mul_(beta).add_(squared.mean(-2) * (1 - beta))
                let rowFactor = (rows / rows.mean(-1, keepDim: true)).rsqrt()
                update = rowFactor.unsqueeze(-1) * columns.unsqueeze(-2).rsqrt() * gradient
            } else {
                let average = kept("exp_avg_sq", of: parameter).mul_(beta).add_(squared * (1 - beta))
                update = average.rsqrt() * gradient
            }
            let size = Double(shape.reduce(1, *)).squareRoot()
            update = update / max(1, update.norm().item() / size) * group.learningRate
            if group.weightDecay != 0 {
                parameter.tensor.add_(parameter.tensor * (-group.weightDecay * group.learningRate))
            }
            parameter.tensor.add_(-update)
        }
    }
}

func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
