import SwiftletTensor
import SwiftletTestSupport
import Testing

/// The memory of a table's gradient is used again each step, with only its touched rows cleared: whatever a program does
/// to a gradient must not be in the next one.
@Suite struct RowGradientTests {
    private static let rowCount = 40
    private static let width = 8

    /// A table whose gradient's memory is used again, and one whose gradients are always new.
    private struct Twins {
        let cached, plain: Tensor
        let rows = RowGradient()
        private let types = Tensor.zeros([1, width])
        private let weight = Tensor.ones([width])
        private let bias = Tensor.zeros([width])
        private let moments: [(Tensor, Tensor, Tensor)]

        init() {
            let values = (0..<rowCount * width).map { Float($0 % 17) / 17 }
            (cached, plain) = (Tensor(values, shape: [rowCount, width]), Tensor(values, shape: [rowCount, width]))
            (cached.requiresGrad, plain.requiresGrad) = (true, true)
            moments = (0..<2).map { _ in
                (Tensor.zeros([rowCount, width]), Tensor.zeros([rowCount, width]), Tensor.zeros([]))
            }
        }

        var both: [Tensor] { [cached, plain] }

        /// A loss in which three rows from `first` on take part.
        func loss(_ table: Tensor, _ first: Int) -> Tensor {
            let ids = Tensor([first, first + 1, first + 2], shape: [3])
            let zeros = Tensor([0, 0, 0], shape: [3])
            let y = FusedF.embeddings(
                tables: (table, types, types), ids: (ids, zeros, zeros), normWeight: weight, normBias: bias, eps: 1e-5,
                rows: table === cached ? rows : nil)
            return (y * Tensor((0..<3 * width).map { Float($0 % 5 + first) }, shape: [3, width])).sum()
        }

        /// Checks that both gradients are the same, and that the optimizer finds all of them.
        func compare(_ when: String) throws {
            let (gradient, wanted) = (try #require(cached.grad).floats(), try #require(plain.grad).floats())
            #expect(zip(gradient, wanted).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }, "\(when)")
            let norms = try zip(both, moments).map { table, moments in
                fusedClipAdamW(
                    [
                        FusedUpdate(
                            parameter: table, gradient: try #require(table.grad), expAvg: moments.0,
                            expAvgSq: moments.1, step: moments.2, lr: 1e-3, weightDecay: 0,
                            rows: table === cached ? rows : nil)
                    ], maxNorm: .infinity, beta1: 0.9, beta2: 0.999, eps: 1e-8)
            }
            #expect(abs(norms[0] - norms[1]) <= 1e-6 * norms[1] || norms.allSatisfy(\.isNaN), "\(when): \(norms)")
            // Moments that are no number stay so; the gradients are what is looked at.
            guard !norms[1].isNaN else { return }
            #expect(cached.detach().floats() == plain.detach().floats(), "\(when)")
        }
    }

    /// What a callback, a clipping or a loop by hand may do to gradients.
    enum Change: CaseIterable {
        case noise, scaledByNoNumber, noiseOnSum, noiseAfterGradientsElsewhere, noiseOnSumOfTwoLookUps,
            noiseOnOldGradient
        case exchanged
    }

    @Test(arguments: Change.allCases) func `a gradient has nothing of the one before`(change: Change) throws {
        let twins = Twins()
        for step in 0..<6 {
            for table in twins.both { twins.loss(table, 2 * step).backward() }
            if step % 2 == 0 { try twins.both.forEach { try apply(change, to: $0, twins, step) } }
            try twins.compare("\(change), step \(step)")
            for table in twins.both { table.grad = nil }
        }
    }

    private func apply(_ change: Change, to table: Tensor, _ twins: Twins, _ step: Int) throws {
        let noise = Tensor((0..<Self.rowCount * Self.width).map { Float($0 % 7) }, shape: [Self.rowCount, Self.width])
        let gradient = try #require(table.grad)
        switch change {
        case .noise: _ = gradient.add_(noise)
        case .scaledByNoNumber: _ = gradient.mul_(Double.nan)
        case .noiseOnSum:
            twins.loss(table, 20).backward()
            _ = gradient.add_(noise)
        case .noiseAfterGradientsElsewhere:
            // Autograd gives this one away instead of adding it to the gradient.
            _ = Tensor.gradients(of: twins.loss(table, 20), for: [table])
            _ = gradient.add_(noise)
        case .noiseOnSumOfTwoLookUps:
            // Autograd adds up the two, and the sum to the gradient.
            (twins.loss(table, 20) + twins.loss(table, 30)).backward()
            _ = gradient.add_(noise)
        case .noiseOnOldGradient:
            table.grad = nil
            twins.loss(table, 20).backward()
            _ = gradient.add_(noise)
            table.grad = gradient
        case .exchanged:
            table.grad = gradient + noise
        }
    }

    @Test func `gradients are added up over batches`() throws {
        let twins = Twins()
        for step in 0..<4 {
            for batch in 0..<3 {
                for table in twins.both { twins.loss(table, 3 * step + 5 * batch).backward() }
            }
            try twins.compare("step \(step)")
            for table in twins.both { table.grad = nil }
        }
    }
}
