import CTorch

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

/// Makes operations without a deterministic form fail, as `torch.use_deterministic_algorithms` does. For the process.
public func useDeterministicAlgorithms(_ isOn: Bool) {
    perform("useDeterministicAlgorithms", []) { ct_use_deterministic_algorithms(isOn) }
}
