import CTorchInterface

/// A multidimensional array of numbers on one device, with automatic differentiation.
///
/// A tensor is a reference: views and `detach()` share its storage, and methods whose name ends in `_` change it in
/// place. Operations on wrong shapes stop the process with the shapes in the message; `withTensorErrors` turns that
/// into an error.
///
/// Not `Sendable`: libtorch doesn't guard a tensor against changes from two threads.
public final class Tensor {
    package let handle: OpaquePointer

    /// Takes over a handle of the bridge.
    package init(owning handle: OpaquePointer) { self.handle = handle }

    deinit { ct_tensor_free(handle) }

    // MARK: What it is

    /// The number of dimensions; 0 for a single number.
    public var rank: Int {
        var rank: Int32 = 0
        perform("rank", [self]) { ct_rank(handle, &rank) }
        return Int(rank)
    }

    /// The length of each dimension. Eight zeros for what a failed operation gives in `withTensorErrors`: whoever asks for
    /// the length of a dimension gets that far, to the error.
    public var shape: [Int] {
        // Asked silently: messages show shapes, also those of undefined tensors.
        var rank: Int32 = 0
        guard ct_rank(handle, &rank) == 0 else { return [Int](repeating: 0, count: 8) }
        guard rank > 0 else { return [] }
        var sizes = [Int64](repeating: 0, count: Int(rank))
        _ = ct_shape(handle, &sizes)
        return sizes.map(Int.init)
    }

    /// The number of elements.
    public var count: Int {
        var count: Int64 = 0
        perform("count", [self]) { ct_count(handle, &count) }
        return Int(count)
    }

    /// The type of the elements.
    public var dtype: DType {
        var code: Int32 = 0
        guard ct_dtype_of(handle, &code) == 0 else { return .float32 }
        guard let dtype = DType(code: code) else {
            fatalError("a tensor has libtorch's element type \(code), which Swiftlet lacks")
        }
        return dtype
    }

    /// Where the elements lie.
    public var device: Device {
        var code = ct_device()
        guard ct_device_of(handle, &code) == 0 else { return .cpu }
        guard let device = Device(code: code) else {
            fatalError("a tensor is on libtorch's device \(code.type), which Swiftlet lacks")
        }
        return device
    }

    /// Whether the elements lie one after the other, row by row.
    public var isContiguous: Bool {
        var result = false
        perform("isContiguous", [self]) { ct_is_contiguous(handle, &result) }
        return result
    }

    // MARK: Values

    /// The only element of a tensor with one element.
    public func item() -> Double {
        var value = Double.nan
        perform("item", [self]) { ct_item(handle, &value) }
        return value
    }

    /// All elements in row-major order, converted to `Float`.
    public func floats() -> [Float] { elements(.float32) }

    /// All elements in row-major order, converted to `Double`.
    public func doubles() -> [Double] { elements(.float64) }

    /// All elements in row-major order, converted to `Int`; fractions are cut off.
    public func ints() -> [Int] { elements(.int64) }

    /// All elements in row-major order; everything but zero is true.
    public func bools() -> [Bool] { elements(.bool) }

    private func elements<Element: BitwiseCopyable>(_ dtype: DType) -> [Element] {
        precondition(MemoryLayout<Element>.stride == dtype.byteCount)
        return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            let bytes = buffer.count * dtype.byteCount
            let done = perform("read", [self]) { ct_read(handle, dtype.code, buffer.baseAddress, bytes) }
            initialized = done ? buffer.count : 0
        }
    }

    /// The elements in row-major order and their own dtype, on the CPU. Copied only where they don't lie that way.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let dense = detach().to(.cpu).contiguous()
        var address: UnsafeMutableRawPointer?
        perform("withUnsafeBytes", [self]) { ct_data(dense.handle, &address) }
        defer { withExtendedLifetime(dense) {} }
        return try body(UnsafeRawBufferPointer(start: address, count: address == nil ? 0 : count * dtype.byteCount))
    }
}

extension Tensor: CustomStringConvertible {
    /// Shape, dtype, and up to eight elements.
    public var description: String {
        var defined = Int32(0)
        guard ct_rank(handle, &defined) == 0 else { return "Tensor(undefined)" }
        let shown = count <= 8 ? self : reshape([-1]).narrow(0, 0, 8)
        var values =
            switch dtype {
            case .bool: shown.bools().map { "\($0)" }
            case let dtype where dtype.isFloatingPoint: shown.floats().map { "\($0)" }
            default: shown.ints().map { "\($0)" }
            }
        if count > 8 { values.append("...") }
        let place = device == .cpu ? "" : ", \(device)"
        return "Tensor(\(shape), \(dtype.name)\(place): [\(values.joined(separator: ", "))])"
    }
}
