import SwiftletTensor
import SwiftletTestSupport
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite(.oneAtATime) struct OptimizationTests {
    // gs = [torch.sin(torch.arange(6.)), torch.cos(torch.arange(4.)) * 3]
    // ps = [torch.nn.Parameter(torch.zeros_like(g)) for g in gs]
    // for p, g in zip(ps, gs): p.grad = g
    // print(torch.nn.utils.clip_grad_norm_(ps, 1.0), ps[0].grad, ps[1].grad)
    @Test func `clipping has Python's numbers`() {
        let gradients = [
            Tensor.arange(6).to(.float32).sin(), Tensor.arange(4).to(.float32).cos() * 3,
        ]
        #expect(
            difference(foreachNorm(gradients).map { $0.item() }, gradients.map { $0.norm().item() }, relative: 1e-6)
                == nil)
        let total = clipGradNorm(gradients, maxNorm: 1)
        #expect(difference([total.item()], [5.005377769470215], relative: 1e-7) == nil)
        #expect(
            difference(
                gradients[0].floats(),
                [
                    0, 0.1681133508682251, 0.18166406452655792, 0.028193671256303787, -0.15119785070419312,
                    -0.19157877564430237,
                ],
                relative: 1e-6) == nil)
        #expect(
            difference(
                gradients[1].floats(),
                [0.5993552207946777, 0.32383304834365845, -0.24941979348659515, -0.5933572053909302],
                relative: 1e-6) == nil)
        let small = Tensor([0.25, 0.5] as [Float], shape: [2])
        clipGradNorm([small], maxNorm: 1)
        #expect(small.floats() == [0.25, 0.5])
        #expect(clipGradNorm([], maxNorm: 1).item() == 0 && foreachNorm([]).isEmpty)
    }

    // P = [torch.nn.Parameter(torch.linspace(-1, 1, 5)), torch.nn.Parameter(torch.linspace(0.5, 2, 3))]
    // o = torch.optim.AdamW(P, lr=0.01, weight_decay=0.1, fused=True)
    // for s in range(10):
    //     for i, p in enumerate(P): p.grad = torch.sin(torch.arange(p.numel()).float() + s + i)
    //     o.step()
    // s = o.state[P[0]]; print(P, s["exp_avg"], s["exp_avg_sq"], s["step"])
    @Test func `ten AdamW steps have Python's numbers`() {
        let parameters = [
            Tensor([-1, -0.5, 0, 0.5, 1] as [Float], shape: [5]), Tensor([0.5, 1.25, 2] as [Float], shape: [3]),
        ]
        for parameter in parameters { parameter.requiresGrad = true }
        let (first, second) = (parameters.map(Tensor.zerosLike), parameters.map(Tensor.zerosLike))
        let steps = parameters.map { _ in Tensor.zeros([]) }
        for step in 0..<10 {
            fusedAdamW(
                parameters: parameters,
                gradients: parameters.enumerated().map { (Tensor.arange($1.count).to(.float32) + (step + $0)).sin() },
                expAvg: first, expAvgSq: second, steps: steps, lr: 0.01, beta1: 0.9, beta2: 0.999, weightDecay: 0.1,
                eps: 1e-8)
        }
        let expected = [
            [-1.0199151039123535, -0.5313246846199036, -0.014492583461105824, 0.5126171708106995, 1.0282649993896484],
            [0.4587203860282898, 1.2230634689331055, 1.9976847171783447],
        ]
        for (parameter, values) in zip(parameters, expected) {
            #expect(difference(parameter.doubles(), values, absolute: 1e-7) == nil)
        }
        #expect(
            difference(
                first[0].doubles(),
                [
                    0.1427108347415924, 0.07403764128684998, -0.06270543485879898, -0.14179740846157074,
                    -0.09052152186632156,
                ],
                absolute: 1e-7) == nil)
        #expect(
            difference(
                second[0].doubles(),
                [
                    0.004685331601649523, 0.0049766055308282375, 0.00527058495208621, 0.00473463349044323,
                    0.004886722657829523,
                ],
                absolute: 1e-9) == nil)
        #expect(steps[1].item() == 10 && parameters[0].requiresGrad)
    }

    #if os(Linux)
    /// AddressSanitizer keeps what is freed for a while; its check sets the variable.
    private static let canReadMemory = getenv("ASAN_OPTIONS") == nil
    #else
    private static let canReadMemory = false
    #endif

    @Test(.enabled(if: canReadMemory, "reads /proc/self/statm, which only Linux has, without AddressSanitizer"))
    func `training steps leave no memory behind`() async {
        // A process of its own: other tests take memory at the same time.
        await #expect(processExitsWith: .success) { OptimizationTests.checkThatStepsLeaveNoMemory() }
    }

    private static func checkThatStepsLeaveNoMemory() {
        let (width, generator) = (64, Generator(seed: 1))
        let weights = (0..<2).map { _ in Tensor.randn([width, width], generator: generator) * 0.05 }
        for weight in weights { weight.requiresGrad = true }
        let (first, second) = (weights.map(Tensor.zerosLike), weights.map(Tensor.zerosLike))
        let steps = weights.map { _ in Tensor.zeros([]) }
        let input = Tensor.randn([32, width], generator: generator)
        let targets = Tensor.arange(32)
        func step() {
            let hidden = F.linear(input, weights[0]).gelu()
            let heads = hidden.view([1, 32, 4, 16]).transpose(1, 2)
            let context = F.scaledDotProductAttention(heads, heads, heads).transpose(1, 2).reshape([32, width])
            let normed = F.layerNorm(context + hidden, weight: nil, bias: nil)
            F.crossEntropy(F.linear(normed, weights[1]), targets).backward()
            let gradients = weights.compactMap(\.grad)
            clipGradNorm(gradients, maxNorm: 1)
            fusedAdamW(
                parameters: weights, gradients: gradients, expAvg: first, expAvgSq: second, steps: steps, lr: 1e-3,
                beta1: 0.9, beta2: 0.999, weightDecay: 0, eps: 1e-8)
            for weight in weights { weight.grad = nil }
            _ = try? withTensorErrors { input.matmul(input) }
        }
        for _ in 0..<300 { step() }
        let before = residentBytes()
        for _ in 0..<3000 { step() }
        // One forgotten [32, 64] tensor a step would be 24 MB.
        precondition(
            residentBytes() - before < 12_000_000, "resident memory grew from \(before) to \(residentBytes()) bytes")
    }

    private static func residentBytes() -> Int {
        #if os(Linux)
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        return (Int(text.split(separator: " ")[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
        #else
        return 0
        #endif
    }
}
