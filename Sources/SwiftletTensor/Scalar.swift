import CTorchInterface

/// A number beside a tensor. Whether it is integral decides the result's dtype: int64 + 1 stays int64, int64 + 1.0
/// becomes float32, as in PyTorch.
public enum Scalar: Sendable {
    /// A whole number: the result keeps an integer tensor's type.
    case int(Int)
    /// A floating-point number.
    case double(Double)

    var code: ct_scalar {
        switch self {
        case .int(let value): ct_scalar(is_integer: true, integer: Int64(value), real: 0)
        case .double(let value): ct_scalar(is_integer: false, integer: 0, real: value)
        }
    }
}

/// The Swift types that can stand beside a tensor in arithmetic.
public protocol TensorScalar: Sendable {
    /// The number as the operations take it.
    var scalar: Scalar { get }
}

extension Int: TensorScalar {
    public var scalar: Scalar { .int(self) }
}

extension Double: TensorScalar {
    public var scalar: Scalar { .double(self) }
}

extension Float: TensorScalar {
    public var scalar: Scalar { .double(Double(self)) }
}
