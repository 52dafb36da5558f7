import SwiftletTensor
import SwiftletTestSupport
import Testing

/// The threads that the kernels' loops share: whoever asks for them, and however many there are, each loop is done once and
/// whole.
@Suite(.oneAtATime) struct TeamTests {
    private static func product(_ a: Tensor, _ b: Tensor) -> [Float] {
        let out = Tensor.full([a.shape[0], b.shape[1]], Float.nan)
        out.setProduct(a, b)
        return out.floats()
    }

    private static func factors(seed: UInt64) -> (Tensor, Tensor) {
        var state = seed
        func numbers(_ shape: [Int]) -> Tensor {
            Tensor(
                (0..<shape.reduce(1, *)).map { _ in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return Float(state >> 40) / Float(1 << 23) - 1
                }, shape: shape)
        }
        return (numbers([96, 128]), numbers([128, 160]))
    }

    @Test func `many callers at once get what one gets alone`() async throws {
        let (a, b) = Self.factors(seed: 1)
        let expected = Self.product(a, b)
        let exact = a.to(.float64).matmul(b.to(.float64)).doubles()
        #expect(zip(exact, expected).allSatisfy { abs($0 - Double($1)) < 1e-3 })
        let wrong = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    // The same numbers in tensors of its own.
                    let (a, b) = Self.factors(seed: 1)
                    return (0..<100).count { _ in Self.product(a, b) != expected }
                }
            }
            return await group.reduce(0, +)
        }
        // Libraries promise no bits; where this package's kernels multiply, they are the same.
        if Kernels.products != "library" { #expect(wrong == 0) }
    }

    @Test func `the number of threads may change from loop to loop`() throws {
        manualSeed(2)
        let a = Tensor.randn([200, 96]), b = Tensor.randn([96, 300])
        let exact = a.to(.float64).matmul(b.to(.float64)).doubles()
        let threads = threadCount
        defer { setThreadCount(threads) }
        for count in [1, 7, 2, 5, 1, 3, 16, 2] {
            setThreadCount(count)
            for _ in 0..<20 {
                let found = Self.product(a, b)
                #expect(zip(exact, found).allSatisfy { abs($0 - Double($1)) < 1e-3 }, "\(count) threads")
            }
        }
    }
}
