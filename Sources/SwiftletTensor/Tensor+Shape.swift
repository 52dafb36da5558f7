import CTorchInterface

// Shapes. Dimensions may be negative, counted from the last. Results are views on the same storage where not said
// otherwise.

extension Tensor {
    private typealias Shaping = (OpaquePointer?, UnsafePointer<Int64>?, Int32, UnsafeMutablePointer<OpaquePointer?>?) ->
        Int32

    private func shaped(_ name: StaticString, _ shape: [Int], _ operation: Shaping) -> Tensor {
        let sizes = shape.map(Int64.init)
        return result(name, [self]) { operation(handle, sizes, Int32(sizes.count), $0) }
    }

    /// A view where the layout allows, else a copy. One size may be -1: whatever is left.
    public func reshape(_ shape: [Int]) -> Tensor { shaped("reshape", shape, ct_reshape) }

    /// Always a view: the layout must allow it. One size may be -1.
    public func view(_ shape: [Int]) -> Tensor { shaped("view", shape, ct_view) }

    /// Dimensions of size 1 repeated without a copy; -1 keeps a size.
    public func expand(_ shape: [Int]) -> Tensor { shaped("expand", shape, ct_expand) }

    /// The dimensions in another order: `permute([0, 2, 1])` exchanges the last two of three. Shares its elements.
    public func permute(_ dims: [Int]) -> Tensor { shaped("permute", dims, ct_permute) }

    /// Two dimensions exchanged; counted from the end where negative. Shares its elements.
    public func transpose(_ a: Int, _ b: Int) -> Tensor {
        result("transpose", [self]) { ct_transpose(handle, Int64(a), Int64(b), $0) }
    }

    /// This tensor itself where it lies row by row already, else a copy that does.
    public func contiguous() -> Tensor { unary(CT_CONTIGUOUS, "contiguous") }

    /// Without dimension `dim`, if its size is 1.
    public func squeeze(_ dim: Int) -> Tensor {
        result("squeeze", [self]) { ct_squeeze(handle, Int64(dim), $0) }
    }

    /// With a new dimension of size 1 at `dim`.
    public func unsqueeze(_ dim: Int) -> Tensor {
        result("unsqueeze", [self]) { ct_unsqueeze(handle, Int64(dim), $0) }
    }

    /// The dimensions from `start` through `end` made into one.
    public func flatten(_ start: Int = 0, _ end: Int = -1) -> Tensor {
        result("flatten", [self]) { ct_flatten(handle, Int64(start), Int64(end), $0) }
    }

    /// `length` indices of dimension `dim` from `start`.
    public func narrow(_ dim: Int, _ start: Int, _ length: Int) -> Tensor {
        result("narrow", [self]) { ct_narrow(handle, Int64(dim), Int64(start), Int64(length), $0) }
    }

    /// One index of dimension `dim`, which goes away.
    public func select(_ dim: Int, _ index: Int) -> Tensor {
        result("select", [self]) { ct_select(handle, Int64(dim), Int64(index), $0) }
    }

    /// Every `step`th index of dimension `dim` from `start` to before `end`; bounds may be negative or too large, as
    /// in Python.
    public func slice(_ dim: Int, _ start: Int, _ end: Int = .max, _ step: Int = 1) -> Tensor {
        result("slice", [self]) { ct_slice(handle, Int64(dim), Int64(start), Int64(end), Int64(step), $0) }
    }

    /// The indices `indices` (int64 or int32 `[n]`) of dimension `dim`. A copy.
    public func indexSelect(_ dim: Int, _ indices: Tensor) -> Tensor {
        result("indexSelect", [self, indices]) { ct_index_select(handle, Int64(dim), indices.handle, $0) }
    }

    /// One element for each of `indices` (int64, same rank), which are positions in dimension `dim`. A copy.
    public func gather(_ dim: Int, _ indices: Tensor) -> Tensor {
        result("gather", [self, indices]) { ct_gather(handle, Int64(dim), indices.handle, $0) }
    }

    /// Joined along an existing dimension. A copy.
    public static func cat(_ tensors: [Tensor], _ dim: Int = 0) -> Tensor {
        result("cat", tensors) { out in
            withHandles(tensors) { ct_cat($0, Int32(tensors.count), Int64(dim), out) }
        }
    }

    /// Joined along a new dimension. A copy.
    public static func stack(_ tensors: [Tensor], _ dim: Int = 0) -> Tensor {
        result("stack", tensors) { out in
            withHandles(tensors) { ct_stack($0, Int32(tensors.count), Int64(dim), out) }
        }
    }

    /// One index of the first dimension, which goes away. May be negative.
    public subscript(index: Int) -> Tensor { select(0, index) }

    /// A range of the first dimension.
    public subscript(range: Range<Int>) -> Tensor { narrow(0, range.lowerBound, range.count) }
}
