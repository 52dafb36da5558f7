import CTorchInterface
public import SwiftletIO

extension Tensor {
    /// float32, `shape` filled row by row.
    public convenience init(_ values: [Float], shape: [Int], device: Device = .cpu) {
        self.init(copying: values, shape, .float32, device)
    }

    /// float64, `shape` filled row by row.
    public convenience init(_ values: [Double], shape: [Int], device: Device = .cpu) {
        self.init(copying: values, shape, .float64, device)
    }

    /// int64, `shape` filled row by row.
    public convenience init(_ values: [Int64], shape: [Int], device: Device = .cpu) {
        self.init(copying: values, shape, .int64, device)
    }

    /// int64, `shape` filled row by row.
    public convenience init(_ values: [Int], shape: [Int], device: Device = .cpu) {
        self.init(copying: values, shape, .int64, device)
    }

    /// int32, `shape` filled row by row.
    public convenience init(_ values: [Int32], shape: [Int], device: Device = .cpu) {
        self.init(copying: values, shape, .int32, device)
    }

    /// bool, `shape` filled row by row.
    public convenience init(_ values: [Bool], shape: [Int], device: Device = .cpu) {
        self.init(copying: values, shape, .bool, device)
    }

    /// One number, shape `[]`.
    public convenience init(_ scalar: Double, dtype: DType = .float32, device: Device = .cpu) {
        self.init(owning: Self.fullHandle("Tensor", [], scalar, dtype, device))
    }

    private convenience init<Element: BitwiseCopyable>(
        copying values: [Element], _ shape: [Int], _ dtype: DType, _ device: Device
    ) {
        let handle = values.withUnsafeBytes { Self.bytesHandle($0, shape, dtype, device) }
        self.init(owning: handle)
    }

    /// A copy of dense elements in row-major order and native byte order.
    public static func fromBytes(
        _ bytes: UnsafeRawBufferPointer, _ shape: [Int], _ dtype: DType, device: Device = .cpu
    ) -> Tensor {
        Tensor(owning: bytesHandle(bytes, shape, dtype, device))
    }

    private static func bytesHandle(
        _ bytes: UnsafeRawBufferPointer, _ shape: [Int], _ dtype: DType, _ device: Device
    ) -> OpaquePointer {
        let sizes = shape.map(Int64.init)
        var handle: OpaquePointer?
        perform("Tensor", []) {
            ct_from_bytes(bytes.baseAddress, bytes.count, sizes, Int32(sizes.count), dtype.code, &handle)
        }
        guard let handle else { return ct_tensor_undefined() }
        if device == .cpu { return handle }
        var moved: OpaquePointer?
        perform("Tensor", []) { ct_to_device(handle, device.code, &moved) }
        ct_tensor_free(handle)
        return moved ?? ct_tensor_undefined()
    }

    /// A tensor on the pages of a file, not copied; the file stays mapped as long as the storage is in use.
    ///
    /// Unless the file was mapped with `copiesOnWrite`, an in-place operation would stop the process: `clone()` first.
    /// Bounds and alignment are the caller's to check.
    public convenience init(borrowing file: MappedFile, offset: Int, shape: [Int], dtype: DType) {
        let byteCount = shape.reduce(dtype.byteCount, *)
        precondition(offset >= 0 && offset + byteCount <= file.bytes.count, "a tensor beyond the end of '\(file.path)'")
        // libtorch asks for a mutable address; nothing but in-place operations writes to it.
        let address = file.bytes.baseAddress.map { UnsafeMutableRawPointer(mutating: $0 + offset) }
        let sizes = shape.map(Int64.init)
        var handle: OpaquePointer?
        perform("Tensor(borrowing:)", []) {
            ct_from_blob(
                address, sizes, Int32(sizes.count), dtype.code, Unmanaged.passRetained(file).toOpaque(),
                { Unmanaged<MappedFile>.fromOpaque($0!).release() }, &handle)
        }
        self.init(owning: handle ?? ct_tensor_undefined())
    }

    /// The tensor itself, or a copy, not recorded, of one that was made with `init(borrowing:)`, unless it is a table of
    /// many more rows than columns.
    package func outOfFile() -> Tensor { result("outOfFile", [self]) { ct_out_of_file(handle, $0) } }

    /// All 0.
    public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        Tensor(owning: fullHandle("zeros", shape, 0, dtype, device))
    }

    /// All 1.
    public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        Tensor(owning: fullHandle("ones", shape, 1, dtype, device))
    }

    /// All of one value.
    public static func full(
        _ shape: [Int], _ value: some TensorScalar, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        Tensor(owning: fullHandle("full", shape, value, dtype, device))
    }

    /// Elements of no definite value.
    public static func empty(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        let sizes = shape.map(Int64.init)
        return result("empty", []) { ct_empty(sizes, Int32(sizes.count), dtype.code, device.code, $0) }
    }

    /// int64: 0, 1, ... `end` - 1
    public static func arange(_ end: Int) -> Tensor { arange(0, end) }

    /// int64: `start`, `start` + `step`, ... below `end`
    public static func arange(_ start: Int, _ end: Int, step: Int = 1) -> Tensor {
        result("arange", []) { ct_arange(Int64(start), Int64(end), Int64(step), $0) }
    }

    /// Zeros of the same shape, dtype and device.
    public static func zerosLike(_ other: Tensor) -> Tensor { other.unary(CT_ZEROS_LIKE, "zerosLike") }

    /// Ones of the same shape, dtype and device.
    public static func onesLike(_ other: Tensor) -> Tensor { other.unary(CT_ONES_LIKE, "onesLike") }

    private static func fullHandle(
        _ operation: StaticString, _ shape: [Int], _ value: some TensorScalar, _ dtype: DType, _ device: Device
    ) -> OpaquePointer {
        let sizes = shape.map(Int64.init)
        var handle: OpaquePointer?
        perform(operation, []) {
            ct_full(sizes, Int32(sizes.count), value.scalar.code, dtype.code, device.code, &handle)
        }
        return handle ?? ct_tensor_undefined()
    }
}
