public import SwiftletTensor

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// How a parameter that no checkpoint gives gets its first values. Draws come from libtorch's default generator.
public enum Initializer: Sendable, Equatable {
    /// All 0, as biases begin.
    case zeros
    /// All 1, as the factors of norms begin.
    case ones
    /// Normal with mean 0.
    case normal(standardDeviation: Double)
    /// Normal with mean 0, and one row of zeros: an embedding's padding row.
    case normalExceptRow(Int, standardDeviation: Double)
    /// Normal with mean 0, nothing further from it than `cutoff` deviations. Python draws a plain normal of deviation
    /// `after` first and overwrites it; so does this.
    case truncatedNormal(standardDeviation: Double, cutoff: Double, after: Double)
    /// Sines and cosines of the row in waves of rising length (Vaswani et al., 2017).
    case sinusoidal

    private static func waves(_ shape: [Int]) -> Tensor {
        let width = shape[1]
        let values = (0..<shape[0]).flatMap { row in
            (0..<width).map { column in
                let angle = Double(row) / pow(10000, Double(2 * (column / 2)) / Double(width))
                return Float(column % 2 == 0 ? sin(angle) : cos(angle))
            }
        }
        return Tensor(values, shape: shape)
    }

    func fill(_ tensor: Tensor) {
        noGrad {
            switch self {
            case .zeros: tensor.fill_(0)
            case .ones: tensor.fill_(1)
            case .normal(let deviation): tensor.normal_(mean: 0, std: deviation)
            case .normalExceptRow(let row, let deviation):
                tensor.normal_(mean: 0, std: deviation)
                tensor.select(0, row).fill_(0)
            case .truncatedNormal(let deviation, let cutoff, let first):
                tensor.normal_(mean: 0, std: first)
                tensor.truncatedNormal_(deviation: deviation, limit: cutoff * deviation)
            case .sinusoidal: tensor.copy_(Self.waves(tensor.shape))
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
    /// The length of each dimension; `resizeTokenEmbeddings` may change it.
    public internal(set) var shape: [Int]
    /// How it is drawn where no file has it.
    public let initializer: Initializer
    /// Whether it belongs to a normalization layer; such parameters are never decayed.
    public let isNormalization: Bool
    /// Whether it is a table of vectors that are looked up, as `torch.nn.Embedding` has.
    public internal(set) var isEmbedding = false
    /// The values. A tensor without elements until the model is initialized or loaded: making a model takes no memory.
    public internal(set) var tensor: Tensor
    /// Whether the values have come from a file or an initializer.
    public internal(set) var isInitialized = false
    /// Whether the model uses it in a second layer too, as tied embeddings are.
    public internal(set) var isTied = false
    /// Where fused kernels keep the gradient of an embedding table.
    public internal(set) var rowGradient: RowGradient?

    init(name: String, shape: [Int], initializer: Initializer, isNormalization: Bool, dtype: DType, device: Device) {
        self.name = name
        self.shape = shape
        self.initializer = initializer
        self.isNormalization = isNormalization
        tensor = Tensor.empty([0], dtype: dtype, device: device)
    }

    /// Number of values; `Int.max` where it would be larger.
    public var count: Int {
        var product = 1
        for size in shape {
            let (next, overflow) = product.multipliedReportingOverflow(by: size)
            if overflow { return .max }
            product = next
        }
        return product
    }

    func byteCount(_ dtype: DType) -> Int {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: dtype.byteCount)
        return overflow ? .max : bytes
    }

    /// Memory for the values, with anything in it.
    func allocate(dtype: DType, device: Device) { tensor = Tensor.empty(shape, dtype: dtype, device: device) }

    func move(to device: Device) {
        let wasTrainable = isTrainable
        rowGradient = nil
        tensor = noGrad { tensor.detach().to(device) }
        isTrainable = wasTrainable
    }

    /// Brings values that lie on the pages of a file into memory of their own, for what will write to all of them: one copy
    /// costs less than one of each page at its first write. Those of a table of embeddings stay.
    func moveOutOfFile() {
        guard tensor.device == .cpu, gradient == nil else { return }
        let wasTrainable = isTrainable
        tensor = tensor.outOfFile()
        isTrainable = wasTrainable
    }

    /// Whether training changes this parameter. `false` freezes it.
    public var isTrainable: Bool {
        get { tensor.requiresGrad }
        set { tensor.requiresGrad = newValue }
    }

    /// What the last backward pass added up, shaped as the parameter; `nil` before one. Set it to `nil` to begin anew.
    public var gradient: Tensor? {
        get { tensor.grad }
        set { tensor.grad = newValue }
    }
}
