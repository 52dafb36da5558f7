import CTorch
import Synchronization

/// Which of its two implementations a hot piece of a model runs with.
public enum Kernels: String, Sendable, CaseIterable {
    /// libtorch's operations in the order of the Python stack, padding included: the same seed gives Python's numbers.
    case reference
    /// Fused CPU kernels on packed tokens, for float32, and for products in bfloat16 under `autocast`. The same results to
    /// rounding; dropout draws other masks of the same kind.
    case fused

    private static let current = Mutex(Kernels.fused)

    /// What models run with that were given nothing else.
    public static var `default`: Kernels {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    /// The instruction set of the fused kernels: "avx512", "avx2" or "portable".
    public static var instructionSet: String { String(cString: ct_kernel_set()) }

    /// Chooses the instruction set; "auto" is the processor's best.
    ///
    /// - Throws: `TensorError` where the processor lacks it.
    public static func selectInstructionSet(_ name: String) throws {
        guard ct_set_kernel_set(name) == 0 else {
            throw TensorError(
                "the fused kernels can't use the instruction set '\(name)' on this processor",
                remedy: "Give avx512, avx2, portable, or auto.")
        }
    }

    /// How the kernels multiply what `autocast` has them round to bfloat16: "native" as numbers of that type, "float32"
    /// as float32 numbers with the same values. "auto" is native where the processor is faster that way.
    ///
    /// - Throws: `TensorError` for another name.
    public static func selectBFloat16Products(_ name: String) throws {
        guard ct_set_bfloat16_products(name) == 0 else {
            throw TensorError("'\(name)' is no way to multiply bfloat16", remedy: "Give native, float32, or auto.")
        }
    }
}

/// The dropout of one forward pass with fused kernels: masks come from a counter, not from a generator's state, so the
/// backward pass can compute them again.
public struct DropoutStream: Sendable {
    private var key: UInt64?
    private var place: UInt32 = 0

    /// Draws the pass's key from libtorch's default generator, so that `manualSeed` decides all masks. It draws when
    /// the first place drops anything: without dropout the generator stays as it was, as with libtorch's operations.
    public init() {}

    /// A pass with a known key.
    public init(key: UInt64) { self.key = key }

    /// The dropout of the pass's next place; each place has masks of its own.
    public mutating func next(probability: Double) -> DropoutDraw {
        defer { place += 1 }
        if probability == 0 { return .none }
        let key = self.key ?? UInt64(bitPattern: randomInt64())
        self.key = key
        return DropoutDraw(code: ct_dropout_draw(probability: probability, key: key, place: place))
    }
}

/// Which elements one fused function drops.
public struct DropoutDraw: Sendable {
    let code: ct_dropout_draw

    /// Drops nothing.
    public static let none = DropoutDraw(code: ct_dropout_draw(probability: 0, key: 0, place: 0))

    /// What the elements of one row are multiplied by: 0, or 1 / (1 - p).
    public func multipliers(row: Int, count: Int) -> Tensor {
        result("multipliers", []) { ct_dropout_multipliers(code, UInt32(row), Int64(count), $0) }
    }
}

/// Functions with fused CPU kernels, forward and backward, for contiguous float32. Under `autocast` to bfloat16 the
/// operands of products are rounded to it; results and gradients stay float32, and copies of weights are kept until
/// they change.
///
/// Tokens of all sequences lie one after the other, `[tokens, width]`. The backward pass of each may run once.
public enum FusedF {
    /// A projection's parameters: `[outputs, inputs]` and `[outputs]`.
    public typealias Projection = (weight: Tensor, bias: Tensor)

    /// Projects to queries, keys and values, and attends within each sequence, with weights scaled by 1/√(head width).
    ///
    /// - Parameters:
    ///   - x: `[tokens, inputs]`
    ///   - starts: the row of each sequence's first token, and at the end the number of tokens
    ///   - distanceBias: added to the scores by how far a key lies from its query, `[heads, 2 longest - 1]` for the
    ///     longest sequence, the farthest before the query first
    ///   - firstOnly: only the first token of each sequence asks
    /// - Returns: `[tokens, width]`, with `firstOnly` `[sequences, width]`.
    public static func attention(
        _ x: Tensor, query: Projection, key: Projection, value: Projection, starts: [Int], headCount: Int,
        distanceBias: Tensor? = nil, firstOnly: Bool = false, dropout: DropoutDraw = .none
    ) -> Tensor {
        let parameters = [query.weight, query.bias, key.weight, key.bias, value.weight, value.bias]
        let rows = starts.map(Int64.init)
        return result("fused attention", [x] + parameters + F.list(distanceBias)) { out in
            withHandles(parameters) {
                ct_fused_attention(
                    x.handle, $0, distanceBias?.handle, rows, Int64(rows.count - 1), Int64(headCount), firstOnly,
                    dropout.code, out)
            }
        }
    }

    /// `dropout(layerNorm(words + types + positions))` of looked-up rows, `[tokens, width]`.
    ///
    /// - Parameters:
    ///   - tables: of words, types and positions, `[rows, width]` each
    ///   - ids: int64 `[tokens]` into each table
    ///   - paddingIndex: a word whose gradient is zero; -1 for none
    ///   - rows: the word table's gradient memory
    public static func embeddings(
        tables: (words: Tensor, types: Tensor, positions: Tensor),
        ids: (words: Tensor, types: Tensor, positions: Tensor), normWeight: Tensor, normBias: Tensor, eps: Double,
        paddingIndex: Int = -1, rows: RowGradient? = nil, dropout: DropoutDraw = .none
    ) -> Tensor {
        let (tables, ids) = ([tables.words, tables.types, tables.positions], [ids.words, ids.types, ids.positions])
        defer { withExtendedLifetime(rows) {} }
        return result("fused embeddings", tables + ids + [normWeight, normBias]) { out in
            withHandles(tables) { tables in
                withHandles(ids) { ids in
                    ct_fused_embeddings(
                        tables, ids, normWeight.handle, normBias.handle, eps, Int64(paddingIndex), rows?.handle,
                        dropout.code, out)
                }
            }
        }
    }

    /// GELU (exact) of `x · weightᵀ + bias`, `[rows, inputs]` to `[rows, outputs]`.
    public static func linearGELU(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
        result("fused linearGELU", [x, weight, bias]) {
            ct_fused_linear_gelu(x.handle, weight.handle, bias.handle, $0)
        }
    }

    /// The layer norm of `dropout(x · weightᵀ + bias) + residual`, `[rows, inputs]` to `[rows, outputs]`.
    public static func linearNorm(
        _ x: Tensor, _ weight: Tensor, _ bias: Tensor, residual: Tensor, normWeight: Tensor, normBias: Tensor,
        eps: Double, dropout: DropoutDraw = .none
    ) -> Tensor {
        result("fused linearNorm", [x, weight, bias, residual, normWeight, normBias]) {
            ct_fused_linear_norm(
                x.handle, weight.handle, bias.handle, residual.handle, normWeight.handle, normBias.handle, eps,
                dropout.code, $0)
        }
    }
}

/// The gradient of one embedding table, of which few rows have one in a step: its memory is used again, and rows that
/// have never had a gradient are known to the optimizer. Belongs to one table.
public final class RowGradient {
    let handle: OpaquePointer?

    public init() { handle = ct_row_gradient_new() }

    deinit { ct_row_gradient_free(handle) }
}

/// Whether dense tensors of one dtype follow one another in memory, without gaps.
public func areAdjacent(_ tensors: [Tensor]) -> Bool {
    var expected: UnsafeMutableRawPointer?
    for tensor in tensors {
        var address: UnsafeMutableRawPointer?
        guard tensor.isContiguous, ct_data(tensor.handle, &address) == 0, let address else { return false }
        if let expected, expected != address { return false }
        expected = address + tensor.count * tensor.dtype.byteCount
    }
    return true
}
