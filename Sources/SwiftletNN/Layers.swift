public import SwiftletTensor

/// `x · weightᵀ + bias` on the last dimension.
public struct Linear {
    /// `[outputs, inputs]`
    public let weight: Parameter
    /// `[outputs]`, if it has one.
    public let bias: Parameter?

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
    public let epsilon: Double

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
    public let weight: Parameter
    /// If it has one.
    public let bias: Parameter?
    public let epsilon: Double

    public init(_ width: Int, epsilon: Double, hasBias: Bool = true, in scope: Scope) {
        weight = scope.parameter("weight", [width], .ones, isNormalization: true)
        bias = hasBias ? scope.parameter("bias", [width], .zeros, isNormalization: true) : nil
        self.epsilon = epsilon
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        F.layerNorm(x, weight: weight.tensor, bias: bias?.tensor, eps: epsilon)
    }
}

/// Sets elements to zero with a probability and scales the others up, while the model is training.
public struct Dropout {
    public let probability: Double
    private let state: ModelState

    public init(_ probability: Double, in scope: Scope) {
        self.probability = probability
        state = scope.state
    }

    /// The probability in force: 0 in evaluation.
    public var activeProbability: Double { state.execution.isTraining ? probability : 0 }

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
    case gelu
    case geluNew = "gelu_new"
    case geluTanh = "gelu_pytorch_tanh"
    case relu
    case silu
    case swish
    case tanh
    case sigmoid

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
