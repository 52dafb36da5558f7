import CTorchInterface

// Methods that change the tensor itself, as PyTorch's of the same name do, and return it.

extension Tensor {
    /// self += alpha · other
    @discardableResult
    public func add_(_ other: Tensor, alpha: Double = 1) -> Tensor {
        // An integral factor, so that integer tensors can be added to.
        let factor = alpha == alpha.rounded() && Swift.abs(alpha) < 1e15 ? Scalar.int(Int(alpha)) : .double(alpha)
        perform("add_", [self, other]) { ct_add_(handle, other.handle, factor.code) }
        return self
    }

    /// Multiplies by another tensor of the same shape, or one that is broadcast to it.
    ///
    /// - Returns: the tensor itself.
    @discardableResult
    public func mul_(_ other: Tensor) -> Tensor {
        perform("mul_", [self, other]) { ct_mul_(handle, other.handle) }
        return self
    }

    /// Multiplies by a number.
    ///
    /// - Returns: the tensor itself.
    @discardableResult
    public func mul_(_ value: some TensorScalar) -> Tensor {
        perform("mul_", [self]) { ct_mul_scalar_(handle, value.scalar.code) }
        return self
    }

    /// Sets every element to 0.
    ///
    /// - Returns: the tensor itself.
    @discardableResult
    public func zero_() -> Tensor { fill_(0) }

    /// Sets every element to a value.
    ///
    /// - Returns: the tensor itself.
    @discardableResult
    public func fill_(_ value: some TensorScalar) -> Tensor {
        perform("fill_", [self]) { ct_fill_(handle, value.scalar.code) }
        return self
    }

    /// Takes over the elements of `source`, broadcast and converted.
    @discardableResult
    public func copy_(_ source: Tensor) -> Tensor {
        perform("copy_", [self, source]) { ct_copy_(handle, source.handle) }
        return self
    }

    /// self += value · a · b
    @discardableResult
    public func addcmul_(_ a: Tensor, _ b: Tensor, value: Double = 1) -> Tensor {
        perform("addcmul_", [self, a, b]) { ct_addcmul_(handle, a.handle, b.handle, Scalar.double(value).code) }
        return self
    }

    /// self += value · a / b
    @discardableResult
    public func addcdiv_(_ a: Tensor, _ b: Tensor, value: Double = 1) -> Tensor {
        perform("addcdiv_", [self, a, b]) { ct_addcdiv_(handle, a.handle, b.handle, Scalar.double(value).code) }
        return self
    }

    /// self += weight · (end - self)
    @discardableResult
    public func lerp_(_ end: Tensor, _ weight: Double) -> Tensor {
        perform("lerp_", [self, end]) { ct_lerp_(handle, end.handle, weight) }
        return self
    }
}
