import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

extension ModelTests {
    @Suite struct FusedUpdateTests {
        /// Words that no batch of `train` has.
        private static let unread = 192..<198

        private enum Way { case reference, fused, changedOutside, accumulated }

        /// Six steps on changing batches; the parameters afterwards and the norms.
        private func train(_ way: Way, decay: Double, maxNorm: Double) throws -> (
            values: [(String, [Float])], norms: [Double]
        ) {
            let twins = try TwinRuns()
            twins.model.state.kernels = way == .reference ? .reference : .fused
            let optimizer = AdamW(groups: [
                ParameterGroup(twins.model.parameters(), learningRate: 1e-2, weightDecay: decay)
            ])
            var norms: [Double] = []
            for step in 0..<6 {
                let batches = way == .accumulated ? 2 : 1
                for _ in 0..<batches {
                    let loss = try twins.model(TwinRuns.batch([4 + step, 3])).loss
                    (loss / Double(batches)).backward()
                }
                if way == .changedOutside {
                    // What sums over processes do: a gradient appears in rows that this process never read.
                    let gradient = try #require(twins.model.state["bert.embeddings.word_embeddings.weight"]?.gradient)
                    noGrad { _ = gradient.select(0, Self.unread.lowerBound + step).fill_(0.125) }
                }
                if way == .reference {
                    norms.append(
                        clipGradNorm(twins.model.parameters().compactMap(\.gradient), maxNorm: maxNorm).item())
                    optimizer.step()
                } else {
                    norms.append(optimizer.clipAndStep(maxNorm: maxNorm))
                }
                optimizer.zeroGrad()
            }
            return (twins.model.parameters().map { ($0.name, $0.tensor.floats()) }, norms)
        }

        @Test(arguments: [0.0, 0.01], [0.5, Double.infinity])
        func `six steps end where the reference's do`(decay: Double, maxNorm: Double) throws {
            let reference = try train(.reference, decay: decay, maxNorm: maxNorm)
            for way in [Way.fused, .accumulated] {
                let ours = try train(way, decay: decay, maxNorm: maxNorm)
                #expect(difference(ours.norms, reference.norms, relative: 1e-3) == nil)
                for ((name, a), (_, b)) in zip(ours.values, reference.values) {
                    // Adam divides by the gradient's size: where that is rounding noise, values move freely.
                    if name.hasSuffix("key.bias") { continue }
                    #expect(difference(a, b, absolute: 2e-3) == nil, "\(name)")
                }
            }
        }

        /// The kernel against libtorch's, on the same gradients, and with rows left out against all rows.
        @Test(arguments: [0.0, 0.02], [true, false])
        func `the update is libtorch's, rows left out or not`(decay: Double, clips: Bool) throws {
            let maxNorm = clips ? 1 : Double.infinity
            manualSeed(9)
            let (rows, width) = (50, 20)
            let start = Tensor.randn([rows, width])
            func table() -> Tensor {
                let table = start.clone()
                table.requiresGrad = true
                return table
            }
            let tables = [table(), table(), table()]
            let others = [Tensor.randn([2, width]), Tensor.randn([8, width])]
            let (weight, bias) = (Tensor.ones([width]), Tensor.zeros([width]))
            let cache = RowGradient()
            let moments = tables.map { _ in
                (Tensor.zeros([rows, width]), Tensor.zeros([rows, width]), Tensor.zeros([]))
            }
            for step in 0..<5 {
                let ids = Tensor([3 + step, 7, 7, 40 - step, 0], shape: [5])
                let zeros = Tensor([0, 0, 0, 0, 0], shape: [5])
                for (index, table) in tables.enumerated() {
                    let y = FusedF.embeddings(
                        tables: (table, others[0], others[1]), ids: (ids, zeros, zeros), normWeight: weight,
                        normBias: bias, eps: 1e-5, paddingIndex: 0, rows: index == 0 ? cache : nil)
                    manualSeed(UInt64(step))
                    y.backward(gradient: Tensor.randn(y.shape))
                }
                let gradients = tables.compactMap(\.grad)
                if !clips { #expect(gradients[0].floats() == gradients[1].floats()) }
                var norms: [Double] = []
                for index in 0..<2 {
                    norms.append(
                        fusedClipAdamW(
                            [
                                FusedUpdate(
                                    parameter: tables[index], gradient: gradients[index], expAvg: moments[index].0,
                                    expAvgSq: moments[index].1, step: moments[index].2, lr: 0.01, weightDecay: decay,
                                    rows: index == 0 ? cache : nil)
                            ], maxNorm: maxNorm, beta1: 0.9, beta2: 0.999, eps: 1e-8))
                }
                norms.append(clipGradNorm([gradients[2]], maxNorm: maxNorm).item())
                fusedAdamW(
                    parameters: [tables[2]], gradients: [gradients[2]], expAvg: [moments[2].0],
                    expAvgSq: [moments[2].1],
                    steps: [moments[2].2], lr: 0.01, beta1: 0.9, beta2: 0.999, weightDecay: decay, eps: 1e-8)
                for table in tables { table.grad = nil }
                #expect(difference(norms, [Double](repeating: norms[2], count: 3), relative: 1e-6) == nil)
                let values = tables.map { $0.floats() }
                // Sums over fewer rows round otherwise, which only the clipping factor passes on.
                if !clips { #expect(values[0] == values[1]) }
                #expect(difference(values[1], values[2], absolute: 2e-6) == nil)
                #expect(difference(values[0], values[2], absolute: 2e-6) == nil)
                #expect(moments[0].2.item() == Double(step + 1))
            }
            // Some rows have moved and some have not.
            let moved = zip(tables[0].floats(), start.floats()).count(where: { $0 != $1 })
            #expect(decay == 0 ? (moved > 0 && moved < rows * width / 2) : moved == rows * width)
        }

        @Test func `gradients from outside the kernels are noticed`() throws {
            let plain = try train(.fused, decay: 0, maxNorm: .infinity)
            let changed = try train(.changedOutside, decay: 0, maxNorm: .infinity)
            let name = "bert.embeddings.word_embeddings.weight"
            let (before, after) = (
                try #require(plain.values.first { $0.0 == name }).1,
                try #require(changed.values.first { $0.0 == name }).1
            )
            for row in Self.unread { #expect(after[row * 48] < before[row * 48] - 5e-3, "row \(row)") }
        }
    }
}
