import CTorchInterface
import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

extension Kernels {
    /// What multiplies float32 matrices with the fused kernels: "library" for libtorch's (MKL on x86-64), else the
    /// instruction set of this package's own kernels for it.
    public static var products: String { String(cString: ct_products()) }

    /// Chooses what multiplies float32: "own" for this package's kernels, "library" for libtorch's. "auto" is the faster:
    /// the own ones with AVX-512 and AVX2, except on Intel's processors, which the library is written for; with NEON, where
    /// neither was measured, the library's.
    ///
    /// A number of a product by the own kernels depends on its row, its column and the depth alone: not on the number of
    /// threads, the rows beside it, or which of the instruction sets it is. The library promises nothing of that kind.
    ///
    /// - Throws: `TensorError` for another name, and for "own" where `instructionSet` has none.
    public static func selectProducts(_ name: String) throws {
        try select(name, option: "products")
    }

    /// Chooses what the variable `SWIFTLET_PRODUCTS` says, where it is set. Programs call it when they start.
    ///
    /// - Throws: `TensorError`, as `selectProducts`.
    public static func readEnvironment() throws {
        guard let value = getenv("SWIFTLET_PRODUCTS") else { return }
        try select(String(cString: value), option: "SWIFTLET_PRODUCTS")
    }

    private static func select(_ name: String, option: String) throws {
        guard ct_set_products(name) == 0 else {
            throw TensorError(
                "\(option) is '\(name)', which multiplies no float32 with the instruction set '\(instructionSet)'",
                remedy: "Give library or auto; own is for avx512, avx2 and neon.", kind: .invalidArgument,
                at: ErrorLocation(option: option))
        }
    }
}

/// Runs `body` with the linear layers of float32 on the CPU by this package's own products, where `Kernels.products` has
/// them; for the calling thread. Forward and backward, for what has no fused function.
///
/// - Parameter isOn: `false` changes nothing.
package func ownLinearLayers<Result, Failure: Error>(
    _ isOn: Bool = true, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    guard isOn else { return try body() }
    let wasOn = ct_own_linear_begin()
    defer { ct_own_linear_end(wasOn) }
    return try body()
}

extension Tensor {
    /// Makes this, or adds to it, the product of two matrices, as the fused kernels multiply. Without gradients.
    package func setProduct(
        _ a: Tensor, _ b: Tensor, transposesFirst: Bool = false, transposesSecond: Bool = false, adds: Bool = false
    ) {
        perform("setProduct", [self, a, b]) {
            ct_multiply(handle, a.handle, transposesFirst, b.handle, transposesSecond, adds)
        }
    }
}
