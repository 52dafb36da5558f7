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

/// Whether the calling thread is inside `autocast` for the device.
public func isAutocastEnabled(on device: Device = .cpu) -> Bool { ct_autocast_enabled(device.code) }

/// Makes operations without a deterministic form fail, as `torch.use_deterministic_algorithms` does. For the process.
public func useDeterministicAlgorithms(_ isOn: Bool) {
    perform("useDeterministicAlgorithms", []) { ct_use_deterministic_algorithms(isOn) }
}
