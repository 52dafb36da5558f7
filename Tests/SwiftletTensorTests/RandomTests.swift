import SwiftletTensor
import SwiftletTestSupport
import Testing

/// Draws are Python's own. The default generator is one for the process, so these run one after the other.
@Suite(.oneAtATime) struct RandomTests {
    // torch.manual_seed(42); print(torch.empty(4).normal_(0, 0.02), torch.empty(20).normal_(),
    //   torch.empty(12).bernoulli_(0.5), torch.randperm(10), torch.empty((), dtype=torch.int64).random_().item(),
    //   torch.empty(3).uniform_(-1, 1), torch.initial_seed())
    @Test func `the default generator gives Python's numbers`() {
        manualSeed(42)
        let small = Tensor.empty([4]).normal_(mean: 0, std: 0.02)
        let large = Tensor.empty([20]).normal_()
        let coins = Tensor.empty([12]).bernoulli_(0.5)
        let order = Tensor.randperm(10)
        let integer = randomInt64()
        let uniform = Tensor.empty([3]).uniform_(from: -1, to: 1)
        #expect(
            small.floats() == [
                0.006733807269483805, 0.0025761881843209267, 0.0046892473474144936, 0.004606660455465317,
            ])
        #expect(
            large.floats() == [
                1.7877893447875977, -0.478045254945755, -0.2428586333990097, -0.9341631531715393, -1.1109038591384888,
                0.09154565632343292, -2.316922664642334, -0.21680472791194916, -1.3846737146377563, -0.8712361454963684,
                -0.223365917801857, 1.7173614501953125, -0.5920005440711975, -0.06307438015937805, -0.8285542726516724,
                0.3308984339237213, -1.5575724840164185, 0.9956361055374146, -0.8797858357429504, -0.6011420488357544,
            ])
        #expect(coins.ints() == [1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1])
        #expect(order.ints() == [1, 8, 3, 7, 0, 4, 6, 9, 2, 5])
        #expect(integer == 4_446_135_144_388_875_630)
        #expect(uniform.floats() == [0.830924391746521, -0.516425371170044, -0.6817117929458618])
        #expect(initialSeed() == 42)
    }

    // torch.manual_seed(1); print(F.dropout(torch.ones(10), 0.3, True))
    @Test func `dropout drops what Python drops`() {
        manualSeed(1)
        let kept = F.dropout(Tensor.ones([10]), p: 0.3, training: true)
        #expect(kept.floats() == [1, 1, 1, 1, 1, 1, 1, 0, 1, 1].map { $0 * 1.4285714626312256 })
        #expect(F.dropout(Tensor.ones([10]), p: 0.3, training: false).sum().item() == 10)
    }

    // g = torch.Generator().manual_seed(7); print(torch.randperm(8, generator=g),
    //   torch.empty((), dtype=torch.int64).random_(generator=g).item(), g.get_state().numel(), g.get_state()[:12])
    @Test func `a generator of its own, and its state`() {
        let generator = Generator(seed: 7)
        let start = generator.state
        #expect(Tensor.randperm(8, generator: generator).ints() == [7, 0, 3, 4, 1, 5, 2, 6])
        #expect(generator.randomInt64() == 8_404_058_199_860_020_572)
        #expect(generator.state.count == 5056)
        #expect(generator.state.prefix(12) == [7, 0, 0, 0, 0, 0, 0, 0, 104, 2, 0, 0])
        generator.state = start
        #expect(Tensor.randperm(8, generator: generator).ints() == [7, 0, 3, 4, 1, 5, 2, 6])
        #expect(throws: TensorError.self) { try withTensorErrors { generator.state = [1, 2, 3] } }
        generator.seed = 7
        #expect(Tensor.randperm(8, generator: generator)[0].item() == 7 && generator.seed == 7)
    }

    @Test func `the default generator's state is kept and put back`() {
        manualSeed(5)
        let state = Generator.default.state
        let first = Tensor.randn([3]).floats()
        Generator.default.state = state
        #expect(Tensor.randn([3]).floats() == first)
        #expect(Tensor.rand([1000]).max().item() < 1)
    }
}
