import CTorchInterface

/// Runs `body` with matrix products and the like in a smaller type, as `torch.autocast` does; weights keep theirs.
/// For the calling thread.
///
/// - Parameter dtype: `bfloat16` or `float16`; `nil` changes nothing.
public func autocast<Result, Failure: Error>(
    _ dtype: DType?, on device: Device = .cpu, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    guard let dtype else { return try body() }
    var wasEnabled = false
    perform("autocast", []) { ct_autocast_begin(device.code, dtype.code, &wasEnabled) }
    defer { perform("autocast", []) { ct_autocast_end(device.code, wasEnabled) } }
    return try body()
}

/// The type of the `autocast` for the device that the calling thread is inside, or `nil`.
public func currentAutocastDType(on device: Device = .cpu) -> DType? { DType(code: ct_autocast_dtype(device.code)) }

/// Lets float32 products on GPUs round their operands to TensorFloat-32, which has 10 bits of fraction, as
/// `torch.backends.fp32_precision` set to `tf32` does; `false` keeps all 23. For the process. Products on a CPU stay as
/// they are.
public func useTF32(_ isOn: Bool) {
    perform("useTF32", []) { ct_use_tf32(isOn) }
}

/// Makes operations without a deterministic form fail, as `torch.use_deterministic_algorithms` does. For the process.
public func useDeterministicAlgorithms(_ isOn: Bool) {
    perform("useDeterministicAlgorithms", []) { ct_use_deterministic_algorithms(isOn) }
}
