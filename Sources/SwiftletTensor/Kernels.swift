import CTorchInterface
import SwiftletIO
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

    /// The instruction set of the fused kernels: "avx512", "avx2", "neon" or "portable".
    public static var instructionSet: String { String(cString: ct_kernel_set()) }

    /// Chooses the instruction set; "auto" is the processor's best.
    ///
    /// - Throws: `TensorError` where the processor lacks it.
    public static func selectInstructionSet(_ name: String) throws {
        guard ct_set_kernel_set(name) == 0 else {
            throw TensorError(
                "the fused kernels can't use the instruction set '\(name)' on this processor",
                remedy: "Give avx512, avx2, neon, portable, or auto.", kind: .invalidArgument,
                at: ErrorLocation(option: "instruction_set"))
        }
    }

    /// How the kernels multiply what `autocast` has them round to bfloat16: "native" as numbers of that type, "float32"
    /// as float32 numbers with the same values. "auto" is native where the processor is faster that way.
    ///
    /// - Throws: `TensorError` for another name.
    public static func selectBFloat16Products(_ name: String) throws {
        guard ct_set_bfloat16_products(name) == 0 else {
            throw TensorError(
                "'\(name)' is no way to multiply bfloat16", remedy: "Give native, float32, or auto.",
                kind: .invalidArgument, at: ErrorLocation(option: "bfloat16_products"))
        }
    }
}

/// The dropout of one forward pass with fused kernels: masks come from a counter, not from a generator's state, so the
/// backward pass can compute them again.
public struct DropoutStream: Sendable {
    private var key: UInt64?
    private var site: UInt32 = 0

    /// Draws the pass's key from libtorch's default generator, so that `manualSeed` decides all masks. It draws when a
    /// layer first drops anything: without dropout the generator stays as it was, as with libtorch's operations.
    public init() {}

    /// A pass with a known key.
    public init(key: UInt64) { self.key = key }

    /// The dropout of the pass's next dropout layer. Each layer has masks of its own.
    public mutating func next(probability: Double) -> DropoutDraw {
        defer { site += 1 }
        if probability == 0 { return .none }
        let key = self.key ?? UInt64(bitPattern: randomInt64())
        self.key = key
        return DropoutDraw(code: ct_dropout_draw(probability: probability, key: key, site: site))
    }
}

/// Which elements one fused function drops.
public struct DropoutDraw: Sendable {
    let code: ct_dropout_draw

    /// Drops nothing.
    public static let none = DropoutDraw(code: ct_dropout_draw(probability: 0, key: 0, site: 0))

    /// What the elements of one row are multiplied by: 0, or 1 / (1 - p).
    public func multipliers(row: Int, count: Int) -> Tensor {
        result("multipliers", []) { ct_dropout_multipliers(code, UInt32(row), Int64(count), $0) }
    }
}
