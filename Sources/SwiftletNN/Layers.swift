public import SwiftletTensor

/// `x · weightᵀ + bias` on the last dimension.
public struct Linear {
    /// `[outputs, inputs]`
    public let weight: Parameter
    /// `[outputs]`, if it has one.
    public let bias: Parameter?

    /// Registers `weight` `[outputs, inputs]`, drawn with the scope's standard deviation, and, with `hasBias`, `bias`
    /// `[outputs]`, zeros.
    public init(_ inputs: Int, _ outputs: Int, hasBias: Bool = true, in scope: Scope) {
        weight = scope.parameter(
            "weight", [outputs, inputs], .normal(standardDeviation: scope.initializerRange))
        bias = hasBias ? scope.parameter("bias", [outputs], .zeros) : nil
    }

    /// `[..., inputs]` to `[..., outputs]`
    public func callAsFunction(_ x: Tensor) -> Tensor { F.linear(x, weight.tensor, bias?.tensor) }
}

/// A table of vectors, looked up by id.
public struct Embedding {
    /// `[rows, width]`
    public let weight: Parameter
    private let padding: Int?

    /// The row that gets no gradient, where the table still has it.
    public var paddingIndex: Int? { padding.flatMap { $0 < weight.shape[0] ? $0 : nil } }

    /// - Parameters:
    ///   - paddingIndex: a row that starts at zero and gets no gradient.
    ///   - isSinusoidal: first values are sines and cosines of the row, not random.
    public init(
        _ rows: Int, _ width: Int, paddingIndex: Int? = nil, isSinusoidal: Bool = false, in scope: Scope
    ) {
        padding = paddingIndex
        let deviation = scope.initializerRange
        weight = scope.parameter(
            "weight", [rows, width],
            isSinusoidal
                ? .sinusoidal
                : paddingIndex.map { .normalExceptRow($0, standardDeviation: deviation) }
                    ?? .normal(standardDeviation: deviation))
        weight.isEmbedding = true
    }

    /// A table whose fresh rows, padding's among them, follow a rule of their own.
    ///
    /// - Parameter paddingIndex: a row that gets no gradient.
    public init(_ rows: Int, _ width: Int, paddingIndex: Int?, initializer: Initializer, in scope: Scope) {
        padding = paddingIndex
        weight = scope.parameter("weight", [rows, width], initializer)
        weight.isEmbedding = true
    }

    /// Ids `[...]`, int64 or int32, to `[..., width]`.
    public func callAsFunction(_ ids: Tensor) -> Tensor {
        F.embedding(weight.tensor, ids, paddingIndex: paddingIndex ?? -1)
    }
}

/// What normalizes states over their last dimension.
public protocol Normalization {
    /// `[..., width]` to the same
    func callAsFunction(_ x: Tensor) -> Tensor
}

/// Division by the root of the mean square over the last dimension (Zhang and Sennrich, 2019). Computed in float32, or
/// float64 for float64, whatever the precision of the rest.
public struct RMSNorm: Normalization {
    /// `[width]`
    public let weight: Parameter
    /// Added to the variance, so that nothing is divided by zero.
    public let epsilon: Double

    /// Registers `weight` `[width]`, ones.
    public init(_ width: Int, epsilon: Double, in scope: Scope) {
        weight = scope.parameter("weight", [width], .ones, isNormalization: true)
        self.epsilon = epsilon
    }

    /// `[..., width]` to the same
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let precise = x.dtype == .float64 ? x : x.to(.float32)
        let factor = (precise.pow(2).mean(-1, keepDim: true) + epsilon).rsqrt()
        return weight.tensor * (precise * factor).to(x.dtype)
    }
}

/// Normalization over the last dimension.
public struct LayerNorm: Normalization {
    /// The factors of the normalized elements, `[width]`.
    public let weight: Parameter
    /// If it has one.
    public let bias: Parameter?
    /// Added to the variance, so that nothing is divided by zero.
    public let epsilon: Double

    /// Registers `weight` `[width]`, ones, and, with `hasBias`, `bias` `[width]`, zeros.
    public init(_ width: Int, epsilon: Double, hasBias: Bool = true, in scope: Scope) {
        weight = scope.parameter("weight", [width], .ones, isNormalization: true)
        bias = hasBias ? scope.parameter("bias", [width], .zeros, isNormalization: true) : nil
        self.epsilon = epsilon
    }

    /// `[..., width]` to the same, with mean 0 and variance 1 along the last dimension, times `weight`, plus `bias`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        F.layerNorm(x, weight: weight.tensor, bias: bias?.tensor, eps: epsilon)
    }
}

/// Sets elements to zero with a probability and scales the others up, while the model is training.
public struct Dropout {
    /// The share of elements that becomes zero in training, from 0 to 1.
    public let probability: Double
    private let state: ModelState

    /// - Parameters:
    ///   - probability: the share of elements that becomes zero in training.
    ///   - scope: of the model whose mode decides.
    public init(_ probability: Double, in scope: Scope) {
        self.probability = probability
        state = scope.state
    }

    /// The probability in force: 0 in evaluation.
    public var activeProbability: Double { state.execution.isTraining ? probability : 0 }

    /// Drops elements and scales the rest by 1 / (1 - probability) in training mode; in evaluation mode gives `x`
    /// itself.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        activeProbability > 0 ? F.dropout(x, p: probability, training: true) : x
    }
}

extension ModelState {
    /// Token embeddings `[batch, sequence, hidden]` with the noise of NEFTune (Jain et al., 2023) added: uniform, up to
    /// alpha / sqrt(sequence · hidden). In evaluation, and without an alpha, they stay as they are.
    public func withNoise(_ embeddings: Tensor) -> Tensor {
        guard execution.isTraining, let neftuneAlpha = execution.neftuneAlpha else { return embeddings }
        let size = Float(embeddings.shape.dropFirst().reduce(1, *)).squareRoot()
        let bound = Double(Float(neftuneAlpha) / size)
        return embeddings + noGrad { Tensor.zerosLike(embeddings).uniform_(from: -bound, to: bound) }
    }
}

/// The activation functions that a config's `hidden_act` may name.
public enum Activation: String, Sendable, CaseIterable {
    /// x · Φ(x), by the error function; BERT's.
    case gelu
    /// GELU by tanh, in the operations of the original GPT code.
    case geluNew = "gelu_new"
    /// GELU by tanh, by libtorch's own operation.
    case geluTanh = "gelu_pytorch_tanh"
    /// max(x, 0)
    case relu
    /// x · sigmoid(x)
    case silu
    /// Another name of `silu`.
    case swish
    /// The hyperbolic tangent.
    case tanh
    /// 1 / (1 + e^-x)
    case sigmoid

    /// Applies the function to each element.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .gelu: x.gelu(approximate: "none")
        case .geluNew, .geluTanh: x.gelu(approximate: "tanh")
        case .relu: x.relu()
        case .silu, .swish: x.silu()
        case .tanh: x.tanh()
        case .sigmoid: x.sigmoid()
        }
    }
}
