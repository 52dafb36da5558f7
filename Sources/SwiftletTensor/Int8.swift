import CTorchInterface

/// Runs `body` with the matrix products of linear layers in 8-bit integers, on the calling thread. For inference on the
/// CPU: such products have no gradients.
///
/// A weight `[outputs, inputs]` gets one scale an output: the largest sum of the magnitudes of two neighbours (inputs 0 and 1,
/// 2 and 3, ...) over 126, so that AVX2 can sum two products in 16 bits. Each row of activations gets a
/// scale and a zero of its own when it is multiplied, so that no row's result depends on the rows beside it. Numbers
/// beyond four times a row's root mean square, up to 16 of them, don't stretch its scale: what lies beyond is multiplied
/// in float32. Sums are exact; biases, norms, attention and layers with fewer than 16 outputs stay float32.
///
/// Weights are converted when they are first used, and kept so, beside the float32 ones, until they change.
///
/// - Parameter isOn: `false` changes nothing.
/// - Throws: what `body` throws; `TensorError` where it asks for gradients.
public func int8Products<Result, Failure: Error>(
    _ isOn: Bool = true, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    guard isOn else { return try body() }
    let wasOn = ct_int8_begin()
    defer { ct_int8_end(wasOn) }
    return try body()
}

extension Kernels {
    /// The instruction set of 8-bit products: "avx512vnni", "avxvnni" or "avx2", on 64-bit ARM "neondot" (with its dot
    /// product) or "neon", or "portable".
    public static var int8InstructionSet: String { String(cString: ct_int8_set()) }
}

extension Tensor {
    /// A weight `[outputs, inputs]`, float32 on the CPU, as 8-bit products have it: int8 `[outputs, inputs]`, and float32
    /// `[outputs, 1]` to multiply each row with.
    public func quantizedInt8() -> (values: Tensor, scales: Tensor) {
        let both = results("quantizedInt8", 2, [self]) { ct_int8_quantize(handle, $0) }
        return (both[0], both[1])
    }
}
