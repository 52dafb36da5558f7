import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

extension ModelTests {
    @Suite struct FusedDropoutTests {
        private func draw(_ p: Double, key: UInt64 = 0x1234_5678_9ABC_DEF0, place: Int = 0) -> DropoutDraw {
            var stream = DropoutStream(key: key)
            for _ in 0..<place { _ = stream.next(probability: p) }
            return stream.next(probability: p)
        }

        private func mask(_ draw: DropoutDraw, row: Int = 0, count: Int = 100_000) -> [Bool] {
            draw.multipliers(row: row, count: count).floats().map { $0 != 0 }
        }

        @Test(arguments: [0.0, 0.1, 0.5, 0.9, 1.0], ["auto", "avx2", "portable"])
        func `the rate is right, and kept elements are scaled to make up for it`(p: Double, set: String) throws {
            guard (try? Kernels.selectInstructionSet(set)) != nil else { return }
            defer { try? Kernels.selectInstructionSet("auto") }
            let values = draw(p).multipliers(row: 3, count: 200_000).doubles()
            let dropped = Double(values.count(where: { $0 == 0 })) / 200_000
            #expect(abs(dropped - p) <= 4 * (p * (1 - p) / 200_000).squareRoot() + 1e-5)
            if p < 1 {
                #expect(values.allSatisfy { $0 == 0 || abs($0 * (1 - p) - 1) < 1e-4 })
            }
        }

        @Test func `masks are independent of each other, and repeat`() throws {
            let (p, count) = (0.1, 100_000)
            let base = mask(draw(p))
            #expect(mask(draw(p)) == base)
            // Independent masks agree by chance at this rate.
            let chance = p * p + (1 - p) * (1 - p)
            let spread = 4 * (chance * (1 - chance) / Double(count)).squareRoot()
            for other in [
                mask(draw(p), row: 1), mask(draw(p, place: 1)), mask(draw(p, place: 2)),
                mask(draw(p, key: 0x1234_5678_9ABC_DEF1)), mask(draw(p, key: 0x1234_5679_9ABC_DEF0)),
                Array(base.dropFirst(64)) + base.prefix(64), Array(base.dropFirst(1)) + base.prefix(1),
                Array(base.dropFirst(32)) + base.prefix(32), Array(base.dropFirst(8)) + base.prefix(8),
            ] {
                let agreeing = Double(zip(base, other).count(where: { $0 == $1 })) / Double(count)
                #expect(abs(agreeing - chance) < spread)
            }
        }

        @Test func `every instruction set draws the same masks`() throws {
            defer { try? Kernels.selectInstructionSet("auto") }
            try Kernels.selectInstructionSet("portable")
            let expected = mask(draw(0.3), row: 9)
            for set in ["avx2", "avx512"] where (try? Kernels.selectInstructionSet(set)) != nil {
                #expect(mask(draw(0.3), row: 9) == expected)
            }
            #expect(throws: TensorError.self) { try Kernels.selectInstructionSet("sse") }
        }

        /// Two ways to the same tensor: values and all gradients must agree.
        private func same(
            _ inputs: [Tensor], zeroGradient: Int? = nil, _ a: ([Tensor]) -> Tensor, _ b: ([Tensor]) -> Tensor
        ) -> String? {
            func run(_ body: ([Tensor]) -> Tensor) -> [[Float]] {
                let leaves = inputs.map { $0.clone() }
                for leaf in leaves { leaf.requiresGrad = true }
                let y = body(leaves)
                manualSeed(5)
                y.backward(gradient: Tensor.randn(y.shape))
                return [y.detach().floats()] + leaves.map { $0.grad?.floats() ?? [] }
            }
            for (index, (x, y)) in zip(run(a), run(b)).enumerated() where index - 1 != zeroGradient {
                let size = Double(y.map(abs).max() ?? 0)
                if let wrong = difference(x, y, absolute: 2e-6 * max(size, 1), relative: 1e-5) {
                    return "\(index): \(wrong)"
                }
            }
            return nil
        }

        @Test(arguments: [0.0, 0.25])
        func `linear, dropout, residual and norm`(p: Double) throws {
            manualSeed(1)
            let (rows, inputs, width) = (13, 20, 72)
            let tensors = [[rows, inputs], [width, inputs], [width], [rows, width], [width], [width]].map {
                Tensor.randn($0)
            }
            let draw = draw(p, place: 4)
            let wrong = same(tensors) {
                FusedF.linearNorm($0[0], residual: $0[3], output: output($0, (1, 2, 4, 5), draw))
            } _: {
                expectedOutput($0[0], residual: $0[3], $0, (1, 2, 4, 5), draw)
            }
            #expect(wrong == nil)
        }

        /// The end of a half of a layer with tensors of these places: weight, bias, and those of the norm.
        private func output(
            _ t: [Tensor], _ places: (Int, Int, Int, Int), _ draw: DropoutDraw
        ) -> FusedF.ResidualNorm {
            FusedF.ResidualNorm(
                (t[places.0], t[places.1]), norm: (t[places.2], t[places.3]), eps: 1e-5, dropout: draw)
        }

        /// The same in libtorch's operations.
        private func expectedOutput(
            _ x: Tensor, residual: Tensor, _ t: [Tensor], _ places: (Int, Int, Int, Int), _ draw: DropoutDraw
        ) -> Tensor {
            let y = F.linear(x, t[places.0], t[places.1])
            let (rows, width) = (y.shape[0], y.shape[1])
            let kept = Tensor.cat((0..<rows).map { draw.multipliers(row: $0, count: width).unsqueeze(0) }, 0)
            return F.layerNorm(y * kept + residual, weight: t[places.2], bias: t[places.3], eps: 1e-5)
        }

        @Test(arguments: [0.0, 0.25])
        func `the second half of a layer`(p: Double) throws {
            manualSeed(2)
            let tensors = [[40, 20], [70, 20], [70], [20, 70], [20], [20], [20]].map { Tensor.randn($0) * 0.7 }
            let draw = draw(p, place: 2)
            let wrong = same(tensors) {
                FusedF.feedForward($0[0], ($0[1], $0[2]), output: output($0, (3, 4, 5, 6), draw))
            } _: {
                expectedOutput(
                    F.linear($0[0], $0[1], $0[2]).gelu(approximate: "none"), residual: $0[0], $0, (3, 4, 5, 6), draw)
            }
            #expect(wrong == nil)
        }

        /// What is frozen gets no gradient, and the rest the same as ever.
        @Test func `inputs without a gradient`() throws {
            manualSeed(2)
            let tensors = [[40, 20], [70, 20], [70], [20, 70], [20], [20], [20]].map { Tensor.randn($0) * 0.7 }
            let attention = [[40, 16]] + (0..<3).flatMap { _ in [[24, 16], [24]] } + [[16, 24], [16], [16], [16]]
            let others = attention.map { Tensor.randn($0) * 0.7 }
            func gradients(_ leaves: [Tensor], _ frozen: Int?, _ body: ([Tensor]) -> Tensor) -> [[Float]?] {
                let leaves = leaves.map { $0.clone() }
                for (index, leaf) in leaves.enumerated() where index != frozen { leaf.requiresGrad = true }
                body(leaves).pow(3).sum().backward()
                return leaves.map { $0.grad?.floats() }
            }
            func check(_ leaves: [Tensor], _ body: ([Tensor]) -> Tensor) {
                let all = gradients(leaves, nil, body)
                for frozen in leaves.indices {
                    let some = gradients(leaves, frozen, body)
                    for index in leaves.indices {
                        if index == frozen {
                            #expect(some[index] == nil)
                        } else if let a = some[index], let e = all[index] {
                            // Sums may be taken in another order.
                            let size = Double(e.map(abs).max() ?? 0)
                            #expect(difference(a, e, absolute: 2e-5 * max(size, 1), relative: 1e-5) == nil)
                        } else {
                            Issue.record("no gradient of \(index) with \(frozen) frozen")
                        }
                    }
                }
            }
            check(tensors) { FusedF.feedForward($0[0], ($0[1], $0[2]), output: output($0, (3, 4, 5, 6), .none)) }
            for firstOnly in [false, true] {
                check(others) {
                    FusedF.selfAttention(
                        $0[0], query: ($0[1], $0[2]), key: ($0[3], $0[4]), value: ($0[5], $0[6]),
                        output: output($0, (7, 8, 9, 10), .none), cumulativeLengths: [0, 11, 40], headCount: 3,
                        firstOnly: firstOnly)
                }
            }
        }

        @Test func `a backward pass runs once`() throws {
            let x = Tensor.randn([4, 8])
            x.requiresGrad = true
            let norm = (Tensor.ones([8]), Tensor.zeros([8]))
            let y = FusedF.linearNorm(
                x, residual: x, output: .init((Tensor.randn([8, 8]), Tensor.zeros([8])), norm: norm, eps: 1e-5)
            ).sum()
            y.backward(retainGraph: true)
            let error = try #require(throws: TensorError.self) { try withTensorErrors { y.backward() } }
            #expect(error.description.contains("second time"))
        }

        @Test(arguments: [1, 2, 16, 37, 3000], ["auto", "avx2", "portable"])
        func `cross-entropy`(classes: Int, set: String) throws {
            guard (try? Kernels.selectInstructionSet(set)) != nil else { return }
            defer { try? Kernels.selectInstructionSet("auto") }
            manualSeed(6)
            let logits = Tensor.randn([9, classes]) * 8
            // One row that has been masked, and two that count for nothing.
            if classes > 2 { noGrad { _ = logits.narrow(0, 3, 1).narrow(1, 1, 1).fill_(-Double.infinity) } }
            let targets = Tensor((0..<9).map { $0 % 4 == 2 ? -100 : ($0 * 7) % classes }, shape: [9])
            let wrong = same([logits]) {
                FusedF.crossEntropy($0[0], targets)
            } _: {
                F.crossEntropy($0[0], targets)
            }
            #expect(wrong == nil)
            #expect(
                abs(FusedF.crossEntropy(logits, targets).item() - F.crossEntropy(logits.to(.float64), targets).item())
                    <= 1e-6 * F.crossEntropy(logits, targets).item() + 1e-7)
        }

        @Test func `cross-entropy of what is no number, or of no row`() throws {
            for odd in [Double.nan, .infinity] {
                let logits = Tensor.randn([2, 40])
                noGrad { _ = logits.narrow(0, 1, 1).narrow(1, 37, 1).fill_(odd) }
                #expect(FusedF.crossEntropy(logits, Tensor([0, 1], shape: [2])).item().isNaN)
                #expect(FusedF.crossEntropy(logits, Tensor([0, -100], shape: [2])).item().isFinite)
            }
            let logits = Tensor.randn([2, 5])
            logits.requiresGrad = true
            let nothing = FusedF.crossEntropy(logits, Tensor([7, 7], shape: [2]), ignoreIndex: 7)
            #expect(nothing.item().isNaN)
            nothing.backward()
            #expect(logits.grad?.floats() == [Float](repeating: 0, count: 10))
        }

        @Test(arguments: [(0.0, false), (0.2, false), (0.2, true)], [false, true])
        func `the first half of a layer`(_ setting: (p: Double, firstOnly: Bool), biased: Bool) throws {
            let (p, firstOnly) = setting
            manualSeed(3)
            let (starts, heads, width, inputs) = ([0, 5, 6, 140], 3, 24, 16)
            // The bias reaches farther than the longest sequence of 134 tokens.
            let farthest = 136
            let shapes =
                [[140, inputs]] + (0..<3).flatMap { _ in [[width, inputs], [width]] }
                + [[inputs, width], [inputs], [inputs], [inputs]] + (biased ? [[heads, 2 * farthest + 1]] : [])
            let tensors = shapes.map { Tensor.randn($0) * 0.7 }
            let (draw, after) = (draw(p), draw(p, place: 1))
            // A key's bias moves all scores of a row alike: its true gradient is zero, and what there is, rounding.
            let wrong = same(tensors, zeroGradient: 4) {
                FusedF.selfAttention(
                    $0[0], query: ($0[1], $0[2]), key: ($0[3], $0[4]), value: ($0[5], $0[6]),
                    output: output($0, (7, 8, 9, 10), after), cumulativeLengths: starts, headCount: heads,
                    distanceBias: biased ? $0[11] : nil, firstOnly: firstOnly, dropout: draw)
            } _: { t in
                let (q, k, v) = (F.linear(t[0], t[1], t[2]), F.linear(t[0], t[3], t[4]), F.linear(t[0], t[5], t[6]))
                let rows = zip(starts, starts.dropFirst()).enumerated().map { sequence, bounds in
                    let count = bounds.1 - bounds.0
                    let queries = firstOnly ? 1 : count
                    // Masks are laid out with rows of a multiple of sixteen keys.
                    let columns = (count + 15) / 16 * 16
                    let parts = (0..<heads).map { head in
                        func part(_ x: Tensor, _ count: Int) -> Tensor {
                            x.narrow(0, bounds.0, count).narrow(1, head * 8, 8)
                        }
                        var scores = part(q, queries).matmul(part(k, count).transpose(0, 1)) * (1 / 8.0.squareRoot())
                        if biased {
                            let rows = (0..<queries).map {
                                t[11].narrow(0, head, 1).narrow(1, farthest - $0, count)
                            }
                            scores = scores + Tensor.cat(rows, 0)
                        }
                        let kept = draw.multipliers(row: sequence * heads + head, count: queries * columns)
                            .reshape([queries, columns]).narrow(1, 0, count)
                        return (scores.softmax(1) * kept).matmul(part(v, count))
                    }
                    return Tensor.cat(parts, 1)
                }
                let asking = firstOnly ? t[0].indexSelect(0, Tensor(starts.dropLast(), shape: [3])) : t[0]
                return expectedOutput(Tensor.cat(rows, 0), residual: asking, t, (7, 8, 9, 10), after)
            }
            #expect(wrong == nil)
        }

        @Test(arguments: [0.0, 0.3])
        func `embeddings`(p: Double) throws {
            manualSeed(4)
            let (width, count) = (72, 11)
            let tensors = [[30, width], [2, width], [8, width], [width], [width]].map { Tensor.randn($0) }
            let words = Tensor([3, 3, 0, 29, 1, 0, 7, 3, 2, 2, 5], shape: [count])
            let types = Tensor([0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1], shape: [count])
            let positions = Tensor([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5], shape: [count])
            let draw = draw(p)
            let kept = Tensor.cat((0..<count).map { draw.multipliers(row: $0, count: width).unsqueeze(0) }, 0)
            let wrong = same(tensors) {
                FusedF.embeddings(
                    tables: ($0[0], $0[1], $0[2]), ids: (words, types, positions), normWeight: $0[3], normBias: $0[4],
                    eps: 1e-5, paddingIndex: 0, rows: RowGradient(), dropout: draw)
            } _: {
                let sum =
                    F.embedding($0[0], words, paddingIndex: 0) + F.embedding($0[1], types)
                    + F.embedding($0[2], positions)
                return F.layerNorm(sum, weight: $0[3], bias: $0[4], eps: 1e-5) * kept
            }
            #expect(wrong == nil)
        }

        @Test func `a seed repeats a run, and steps differ`() throws {
            let twins = try TwinRuns(["hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1])
            twins.model.train()
            let inputs = TwinRuns.batch([30, 12, 50])
            func two() throws -> [TwinRuns.Result] {
                manualSeed(11)
                return [try twins.run(.fused, inputs), try twins.run(.fused, inputs)]
            }
            let (first, again) = (try two(), try two())
            #expect(first.map(\.loss) == again.map(\.loss))
            #expect(zip(first[1].gradients, again[1].gradients).allSatisfy { $0.values == $1.values })
            #expect(first[0].logits != first[1].logits)
            twins.model.eval()
            let (still, same) = (try twins.run(.fused, inputs), try twins.run(.fused, inputs))
            #expect(still.logits == same.logits)
        }

        @Test func `the mean over masks is near the network without dropout`() throws {
            let twins = try TwinRuns(
                ["hidden_dropout_prob": 0.05, "attention_probs_dropout_prob": 0.05, "initializer_range": 0.05])
            let inputs = TwinRuns.batch([30, 12, 50])
            twins.model.train()
            manualSeed(3)
            func losses(_ kernels: Kernels) throws -> (mean: Double, deviation: Double) {
                twins.model.state.kernels = kernels
                let values = try noGrad { try (0..<400).map { _ in try twins.model(inputs).loss.item() } }
                let mean = values.reduce(0, +) / 400
                return (mean, (values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 399).squareRoot())
            }
            let (fused, reference) = (try losses(.fused), try losses(.reference))
            let error = ((fused.deviation * fused.deviation + reference.deviation * reference.deviation) / 400)
                .squareRoot()
            #expect(abs(fused.mean - reference.mean) < 4 * error)
            #expect(abs(fused.deviation / reference.deviation - 1) < 0.2)
        }
    }
}
