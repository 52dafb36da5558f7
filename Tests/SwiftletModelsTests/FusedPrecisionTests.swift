import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

extension ModelTests {
    /// The fused kernels with operands of products in bfloat16.
    @Suite struct FusedPrecisionTests {
        private func rounded(_ x: Tensor) -> Tensor { x.to(.bfloat16).to(.float32) }

        private func leaf(_ x: Tensor) -> Tensor {
            let leaf = x.detach().clone()
            leaf.requiresGrad = true
            return leaf
        }

        /// A fused function with one product.
        private func linearNorm(_ x: Tensor, _ weight: Tensor, _ residual: Tensor) -> Tensor {
            let width = weight.shape[0]
            return FusedF.linearNorm(
                x, residual: residual,
                output: FusedF.ResidualNorm(
                    (weight, Tensor.zeros([width])), norm: (Tensor.ones([width]), Tensor.zeros([width])), eps: 1e-5))
        }

        /// Numbers of many sizes, numbers half-way between two of bfloat16, and such as it holds.
        private func numbers(_ shape: [Int]) -> Tensor {
            let count = shape.reduce(1, *)
            let noise = Tensor.randn([count]).floats()
            return Tensor(
                noise.enumerated().map { index, value in
                    switch index % 4 {
                    case 0: value
                    case 1: value * 1e-3
                    case 2: Float(bitPattern: value.bitPattern & 0xFFFF_0000 | 0x8000)
                    default: Float(bitPattern: value.bitPattern & 0xFFFF_0000)
                    }
                }, shape: shape)
        }

        @Test(arguments: ["auto", "avx2", "portable"])
        func `products are those of the rounded numbers, summed in float32`(set: String) throws {
            guard (try? Kernels.selectInstructionSet(set)) != nil else { return }
            defer { try? Kernels.selectInstructionSet("auto") }
            defer { try? Kernels.selectBFloat16Products("auto") }
            manualSeed(3)
            let (x, weight, residual) = (numbers([37, 53]), numbers([41, 53]), numbers([37, 41]))
            let expected = linearNorm(rounded(x), rounded(weight), residual).floats()
            try Kernels.selectBFloat16Products("float32")
            #expect(autocast(.bfloat16) { linearNorm(x, weight, residual) }.floats() == expected)
            // What has been rounded is rounded no further.
            #expect(autocast(.bfloat16) { linearNorm(rounded(x), rounded(weight), residual) }.floats() == expected)
            #expect(linearNorm(x, weight, residual).floats() != expected)
            // libtorch's own product rounds its result too.
            try Kernels.selectBFloat16Products("native")
            let native = autocast(.bfloat16) { linearNorm(x, weight, residual) }.floats()
            #expect(native != expected)
            #expect(difference(native, expected, absolute: 0.05, relative: 0.01) == nil)
        }

        @Test func `gradients are products of rounded numbers too`() throws {
            defer { try? Kernels.selectBFloat16Products("auto") }
            try Kernels.selectBFloat16Products("float32")
            manualSeed(4)
            let (x, weight, grad) = (numbers([37, 53]), numbers([41, 53]), Tensor.randn([37, 41]))
            func gradients(_ x: Tensor, _ weight: Tensor, _ dtype: DType?) -> (x: Tensor, weight: Tensor) {
                let (x, weight) = (leaf(x), leaf(weight))
                let y = autocast(dtype) { linearNorm(x, weight, Tensor.zeros([37, 41])) }
                (y * grad).sum().backward()
                return (x.grad ?? x, weight.grad ?? weight)
            }
            let (actual, rounded) = (gradients(x, weight, .bfloat16), gradients(rounded(x), rounded(weight), nil))
            for (a, e) in [(actual.x, rounded.x), (actual.weight, rounded.weight)] {
                // The one thing left to round is the gradient of the projection, by 1/256 at most.
                let size = e.doubles().map(abs).max() ?? 0
                #expect(difference(a.floats(), e.floats(), absolute: size / 256) == nil)
                #expect(a.floats() != e.floats())
            }
        }

        /// Each number's error against float32 may be a few times what libtorch's bfloat16 has.
        private func compare(_ actual: [Double], _ usual: [Double], exact: [Double], _ what: String) {
            let size = exact.map(abs).max() ?? 0
            let error = zip(usual, exact).map { abs($0 - $1) }.max() ?? 0
            let wrong = difference(actual, exact, absolute: 3 * error + 1e-3 * size)
            #expect(wrong == nil, "\(what), libtorch's error \(error), largest \(size)")
        }

        @Test(arguments: ["native", "float32"])
        func `loss and gradients are as near to float32 as the reference's`(products: String) throws {
            defer { try? Kernels.selectBFloat16Products("auto") }
            try Kernels.selectBFloat16Products(products)
            let twins = try TwinRuns(["hidden_size": 64, "intermediate_size": 128])
            let inputs = TwinRuns.batch([3, 17, 16, 64, 2, 33])
            let exact = try twins.run(.reference, inputs)
            let usual = try autocast(.bfloat16) { try twins.run(.reference, inputs) }
            let fused = try autocast(.bfloat16) { try twins.run(.fused, inputs) }
            #expect(abs(fused.loss - exact.loss) <= 3 * abs(usual.loss - exact.loss) + 0.01)
            var changed = 0
            for (index, (name, gradient)) in fused.gradients.enumerated() {
                if name.hasSuffix("key.bias") { continue }
                compare(gradient, usual.gradients[index].values, exact: exact.gradients[index].values, name)
                if gradient != exact.gradients[index].values { changed += 1 }
            }
            #expect(changed > 20)
            #expect(twins.model.parameters().allSatisfy { $0.gradient == nil && $0.tensor.dtype == .float32 })
        }

        enum Writer: CaseIterable { case fusedUpdate, libtorch, partOfIt, newTensor }

        /// The kept copies of weights follow whoever writes to these.
        @Test(arguments: Writer.allCases, ["native", "float32"])
        func `a changed weight is multiplied as it is now`(writer: Writer, products: String) throws {
            defer { try? Kernels.selectBFloat16Products("auto") }
            try Kernels.selectBFloat16Products(products)
            let twins = try TwinRuns()
            let (state, parameters) = (twins.model.state, twins.model.parameters())
            state.kernels = .fused
            let optimizer = AdamW(groups: [ParameterGroup(parameters, learningRate: 0.05, weightDecay: 0.01)])
            func logits() throws -> [Float] {
                try noGrad { try autocast(.bfloat16) { try twins.model(TwinRuns.batch([9, 4])) }.logits.floats() }
            }
            for _ in 0..<3 {
                let before = try logits()
                let loss = try autocast(.bfloat16) { try twins.model(TwinRuns.batch([5, 8])).loss }
                switch writer {
                case .fusedUpdate:
                    loss.backward()
                    _ = optimizer.clipAndStep(maxNorm: 1)
                    optimizer.zeroGrad()
                case .libtorch:
                    noGrad { for parameter in parameters { parameter.tensor.mul_(1.125) } }
                case .partOfIt:
                    // One of three that are multiplied as one.
                    let key = try #require(state["bert.encoder.layer.1.attention.self.key.weight"])
                    noGrad { _ = key.tensor.mul_(-1) }
                case .newTensor:
                    for parameter in parameters { state.assign(parameter.tensor.detach() * 1.125, to: parameter) }
                }
                let after = try logits()
                // The same weights where no copy was ever made.
                let fresh = try SequenceClassifier(twins.model.config, state: ModelState())
                fresh.state.kernels = .fused
                for (from, to) in zip(parameters, fresh.parameters()) {
                    fresh.state.assign(from.tensor.detach(), to: to)
                }
                let expected = try noGrad {
                    try autocast(.bfloat16) { try fresh(TwinRuns.batch([9, 4])) }.logits.floats()
                }
                #expect(after == expected && after != before)
            }
        }

        @Test func `half precision of another kind runs on libtorch's operations`() throws {
            let twins = try TwinRuns()
            twins.model.state.kernels = .fused
            #expect(twins.model.state.runsFused && autocast(.bfloat16) { twins.model.state.runsFused })
            #expect(!autocast(.float16) { twins.model.state.runsFused })
            #expect(throws: TensorError.self) { try Kernels.selectBFloat16Products("fp8") }
        }
    }
}
