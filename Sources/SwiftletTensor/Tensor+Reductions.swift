import CTorchInterface

extension Tensor {
    private func reduced(_ op: ct_reduction, _ name: StaticString, _ dim: Int, _ keepDim: Bool) -> Tensor {
        result(name, [self]) { ct_reduce(op, handle, Int64(dim), keepDim, $0) }
    }

    private func along(_ op: ct_along_op, _ name: StaticString, _ dim: Int) -> Tensor {
        result(name, [self]) { ct_along(op, handle, Int64(dim), $0) }
    }

    // MARK: Of all elements, to shape []

    /// The sum of all elements, `[]`.
    public func sum() -> Tensor { unary(CT_SUM, "sum") }
    /// The mean of all elements, `[]`.
    public func mean() -> Tensor { unary(CT_MEAN, "mean") }
    /// The largest element, `[]`.
    public func max() -> Tensor { unary(CT_MAX, "max") }
    /// The smallest element, `[]`.
    public func min() -> Tensor { unary(CT_MIN, "min") }

    /// The Euclidean norm.
    public func norm() -> Tensor { unary(CT_NORM, "norm") }

    /// Whether every element is true or not zero.
    public func all() -> Bool { unary(CT_ALL, "all").item() != 0 }

    /// Whether some element is true or not zero.
    public func any() -> Bool { unary(CT_ANY, "any").item() != 0 }

    // MARK: Of one dimension, which goes away, or stays with size 1

    /// Sums along a dimension; counted from the end where `dim` is negative. `keepDim` leaves it with length 1.
    public func sum(_ dim: Int, keepDim: Bool = false) -> Tensor { reduced(CT_DIM_SUM, "sum", dim, keepDim) }
    /// Means along a dimension; counted from the end where `dim` is negative. `keepDim` leaves it with length 1.
    public func mean(_ dim: Int, keepDim: Bool = false) -> Tensor { reduced(CT_DIM_MEAN, "mean", dim, keepDim) }
    /// The largest elements along a dimension; counted from the end where `dim` is negative. `keepDim` leaves it with
    /// length 1.
    public func amax(_ dim: Int, keepDim: Bool = false) -> Tensor { reduced(CT_DIM_AMAX, "amax", dim, keepDim) }

    /// int64: where the largest element is; the first of several.
    public func argmax(_ dim: Int, keepDim: Bool = false) -> Tensor {
        reduced(CT_DIM_ARGMAX, "argmax", dim, keepDim)
    }

    // MARK: Along one dimension, same shape

    /// e^x of each element over their sum along a dimension; counted from the end where `dim` is negative.
    public func softmax(_ dim: Int) -> Tensor { along(CT_SOFTMAX, "softmax", dim) }
    /// The logarithm of `softmax`, computed so that small values keep their digits.
    public func logSoftmax(_ dim: Int) -> Tensor { along(CT_LOG_SOFTMAX, "logSoftmax", dim) }
    /// The sums of all elements up to each one along a dimension; counted from the end where `dim` is negative.
    public func cumsum(_ dim: Int) -> Tensor { along(CT_CUMSUM, "cumsum", dim) }
}
