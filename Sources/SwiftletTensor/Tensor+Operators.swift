import CTorchInterface

// Arithmetic and comparison. Operands broadcast as in PyTorch.

extension Tensor {
    func unary(_ op: ct_unary_op, _ name: StaticString) -> Tensor {
        result(name, [self]) { ct_unary(op, handle, $0) }
    }

    func binary(_ op: ct_binary_op, _ name: StaticString, _ other: Tensor) -> Tensor {
        result(name, [self, other]) { ct_binary(op, handle, other.handle, $0) }
    }

    func binary(_ op: ct_binary_op, _ name: StaticString, _ other: Scalar) -> Tensor {
        result(name, [self]) { ct_binary_scalar(op, handle, other.code, $0) }
    }

    /// The sums of elements. Shapes are broadcast.
    public static func + (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_ADD, "+", b) }
    /// A number added to every element.
    public static func + (a: Tensor, b: some TensorScalar) -> Tensor { a.binary(CT_ADD, "+", b.scalar) }
    /// A number added to every element.
    public static func + (a: some TensorScalar, b: Tensor) -> Tensor { b.binary(CT_ADD, "+", a.scalar) }

    /// The differences of elements. Shapes are broadcast.
    public static func - (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_SUB, "-", b) }
    /// Every element less a number.
    public static func - (a: Tensor, b: some TensorScalar) -> Tensor { a.binary(CT_SUB, "-", b.scalar) }
    /// A number less every element.
    public static func - (a: some TensorScalar, b: Tensor) -> Tensor { b.binary(CT_RSUB, "-", a.scalar) }

    /// Element by element.
    public static func * (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_MUL, "*", b) }
    /// Every element times a number.
    public static func * (a: Tensor, b: some TensorScalar) -> Tensor { a.binary(CT_MUL, "*", b.scalar) }
    /// Every element times a number.
    public static func * (a: some TensorScalar, b: Tensor) -> Tensor { b.binary(CT_MUL, "*", a.scalar) }

    /// True division: integers give float32.
    public static func / (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_DIV, "/", b) }
    /// Every element divided by a number.
    public static func / (a: Tensor, b: some TensorScalar) -> Tensor { a.binary(CT_DIV, "/", b.scalar) }
    /// A number divided by every element.
    public static func / (a: some TensorScalar, b: Tensor) -> Tensor { b.binary(CT_RDIV, "/", a.scalar) }

    /// Every element with the other sign.
    public static prefix func - (x: Tensor) -> Tensor { x.neg() }

    /// The matrix product of the last two dimensions; those before broadcast.
    public func matmul(_ other: Tensor) -> Tensor { binary(CT_MATMUL, "matmul", other) }

    /// Elements to the power of others. Shapes are broadcast.
    public func pow(_ exponent: Tensor) -> Tensor { binary(CT_POW, "pow", exponent) }
    /// Every element to one power.
    public func pow(_ exponent: some TensorScalar) -> Tensor { binary(CT_POW, "pow", exponent.scalar) }

    // MARK: Comparisons, giving bool

    /// Bool: where elements are equal. Shapes are broadcast.
    public func eq(_ other: Tensor) -> Tensor { binary(CT_EQ, "eq", other) }
    /// Bool: where elements equal a number.
    public func eq(_ other: some TensorScalar) -> Tensor { binary(CT_EQ, "eq", other.scalar) }
    /// Bool: where elements differ. Shapes are broadcast.
    public func ne(_ other: Tensor) -> Tensor { binary(CT_NE, "ne", other) }
    /// Bool: where elements differ from a number.
    public func ne(_ other: some TensorScalar) -> Tensor { binary(CT_NE, "ne", other.scalar) }
    /// Bool: where elements are less than others. Shapes are broadcast.
    public func lt(_ other: Tensor) -> Tensor { binary(CT_LT, "lt", other) }
    /// Bool: where elements are less than a number.
    public func lt(_ other: some TensorScalar) -> Tensor { binary(CT_LT, "lt", other.scalar) }
    /// Bool: where elements are greater than others. Shapes are broadcast.
    public func gt(_ other: Tensor) -> Tensor { binary(CT_GT, "gt", other) }
    /// Bool: where elements are greater than a number.
    public func gt(_ other: some TensorScalar) -> Tensor { binary(CT_GT, "gt", other.scalar) }
    /// Bool: where elements are at most others. Shapes are broadcast.
    public func le(_ other: Tensor) -> Tensor { binary(CT_LE, "le", other) }
    /// Bool: where elements are at most a number.
    public func le(_ other: some TensorScalar) -> Tensor { binary(CT_LE, "le", other.scalar) }
    /// Bool: where elements are at least others. Shapes are broadcast.
    public func ge(_ other: Tensor) -> Tensor { binary(CT_GE, "ge", other) }
    /// Bool: where elements are at least a number.
    public func ge(_ other: some TensorScalar) -> Tensor { binary(CT_GE, "ge", other.scalar) }

    /// Bool: where both are other than zero. Shapes are broadcast.
    public func logicalAnd(_ other: Tensor) -> Tensor { binary(CT_AND, "logicalAnd", other) }
    /// Bool: where one of both is other than zero. Shapes are broadcast.
    public func logicalOr(_ other: Tensor) -> Tensor { binary(CT_OR, "logicalOr", other) }
    /// Bool: where elements are zero.
    public func logicalNot() -> Tensor { unary(CT_LOGICAL_NOT, "logicalNot") }
    /// Bool: where elements are NaN.
    public func isNaN() -> Tensor { unary(CT_IS_NAN, "isNaN") }
    /// Bool: where elements are neither NaN nor infinite.
    public func isFinite() -> Tensor { unary(CT_IS_FINITE, "isFinite") }

    // MARK: Functions of each element

    /// Every element with the other sign.
    public func neg() -> Tensor { unary(CT_NEG, "neg") }
    /// e to the power of each element.
    public func exp() -> Tensor { unary(CT_EXP, "exp") }
    /// The natural logarithm of each element.
    public func log() -> Tensor { unary(CT_LOG, "log") }
    /// The root of each element; NaN for negative ones.
    public func sqrt() -> Tensor { unary(CT_SQRT, "sqrt") }
    /// 1 / √x for each element.
    public func rsqrt() -> Tensor { unary(CT_RSQRT, "rsqrt") }
    /// The hyperbolic tangent of each element.
    public func tanh() -> Tensor { unary(CT_TANH, "tanh") }
    /// The error function of each element.
    public func erf() -> Tensor { unary(CT_ERF, "erf") }
    /// 1 / (1 + e^-x) for each element.
    public func sigmoid() -> Tensor { unary(CT_SIGMOID, "sigmoid") }
    /// max(x, 0) for each element.
    public func relu() -> Tensor { unary(CT_RELU, "relu") }
    /// The size of each element, without its sign.
    public func abs() -> Tensor { unary(CT_ABS, "abs") }
    /// The sine of each element, in radians.
    public func sin() -> Tensor { unary(CT_SIN, "sin") }
    /// The cosine of each element, in radians.
    public func cos() -> Tensor { unary(CT_COS, "cos") }
    /// x · sigmoid(x) for each element.
    public func silu() -> Tensor { unary(CT_SILU, "silu") }

    /// - Parameter approximate: "none" for the exact function, "tanh" for the approximation.
    public func gelu(approximate: String = "none") -> Tensor {
        precondition(["none", "tanh"].contains(approximate), "gelu knows approximate \"none\" and \"tanh\"")
        return unary(approximate == "tanh" ? CT_GELU_TANH : CT_GELU, "gelu")
    }

    /// Every element, but at least `min` and at most `max` where they are given.
    public func clamp(min: Double? = nil, max: Double? = nil) -> Tensor {
        // Kept apart from the call, which takes addresses.
        var (low, high) = (Scalar.double(min ?? 0).code, Scalar.double(max ?? 0).code)
        return result("clamp", [self]) { out in
            withUnsafePointer(to: &low) { low in
                withUnsafePointer(to: &high) { high in
                    ct_clamp(handle, min == nil ? nil : low, max == nil ? nil : high, out)
                }
            }
        }
    }

    /// `value` where `mask` (bool) is true.
    public func maskedFill(_ mask: Tensor, _ value: some TensorScalar) -> Tensor {
        result("maskedFill", [self, mask]) { ct_masked_fill(handle, mask.handle, value.scalar.code, $0) }
    }

    /// `a` where `condition` (bool) is true, else `b`.
    public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
        result("where", [condition, a, b]) { ct_where(condition.handle, a.handle, b.handle, $0) }
    }

    // MARK: Conversions

    /// This tensor itself where it has the dtype already.
    public func to(_ dtype: DType) -> Tensor { result("to", [self]) { ct_to_dtype(handle, dtype.code, $0) } }

    /// This tensor itself where it is on the device already.
    public func to(_ device: Device) -> Tensor { result("to", [self]) { ct_to_device(handle, device.code, $0) } }

    /// A copy with storage of its own; gradients flow through.
    public func clone() -> Tensor { unary(CT_CLONE, "clone") }

    /// The elements without the history of how they came about.
    public func detach() -> Tensor { unary(CT_DETACH, "detach") }
}
