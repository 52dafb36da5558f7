public import SwiftletTensor

/// How a parameter that no checkpoint gives gets its first values. Draws come from libtorch's default generator.
public enum Initializer: Sendable, Equatable {
    case zeros
    case ones
    /// Normal with mean 0.
    case normal(standardDeviation: Double)
    /// Normal with mean 0, and one row of zeros: an embedding's padding row.
    case normalExceptRow(Int, standardDeviation: Double)

    func fill(_ tensor: Tensor) {
        noGrad {
            switch self {
            case .zeros: tensor.fill_(0)
            case .ones: tensor.fill_(1)
            case .normal(let deviation): tensor.normal_(mean: 0, std: deviation)
            case .normalExceptRow(let row, let deviation):
                tensor.normal_(mean: 0, std: deviation)
                tensor.select(0, row).fill_(0)
            }
        }
    }
}

/// A trainable tensor under its checkpoint name.
///
/// Layers keep the parameter, not its tensor, so that loading a file can exchange the tensor.
public final class Parameter {
    /// The name in the checkpoint, such as `bert.encoder.layer.0.output.dense.weight`.
    public let name: String
    public let shape: [Int]
    public let initializer: Initializer
    /// Whether it belongs to a normalization layer; such parameters are never decayed.
    public let isNormalization: Bool
    /// The values. Empty storage until the model is initialized or loaded.
    public internal(set) var tensor: Tensor
    /// Whether the values have come from a file or an initializer.
    public internal(set) var isInitialized = false
    /// Where fused kernels keep the gradient of an embedding table.
    public internal(set) var rowGradient: RowGradient?

    init(name: String, shape: [Int], initializer: Initializer, isNormalization: Bool, dtype: DType, device: Device) {
        self.name = name
        self.shape = shape
        self.initializer = initializer
        self.isNormalization = isNormalization
        tensor = Tensor.empty(shape, dtype: dtype, device: device)
    }

    public var count: Int { shape.reduce(1, *) }

    /// Whether training changes this parameter. `false` freezes it.
    public var isTrainable: Bool {
        get { tensor.requiresGrad }
        set { tensor.requiresGrad = newValue }
    }

    public var gradient: Tensor? {
        get { tensor.grad }
        set { tensor.grad = newValue }
    }
}
