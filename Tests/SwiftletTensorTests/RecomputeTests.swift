import SwiftletTensor
import SwiftletTestSupport
import Testing

@Suite(.oneAtATime) struct RecomputeTests {
    /// A part with dropout, so that other random numbers the second time would show.
    private func part(_ weight: Tensor, count: @escaping () -> Void = {}) -> (Tensor) -> Tensor {
        { x in
            count()
            return F.dropout(x.matmul(weight).tanh(), p: 0.5, training: true)
        }
    }

    private func gradients(recompute: Bool, requiresGrad: Bool = true) -> (
        x: [Float]?, weight: [Float]?, next: Float, calls: Int
    ) {
        manualSeed(3)
        let x = Tensor.randn([4, 8])
        x.requiresGrad = requiresGrad
        let weight = Tensor.randn([8, 8])
        weight.requiresGrad = true
        var calls = 0
        let body = part(weight) { calls += 1 }
        let y = recompute ? recomputed(x, body) : body(x)
        let next = Tensor.rand([1]).floats()[0]
        (y * y).sum().backward()
        return (x.grad?.floats(), weight.grad?.floats(), next, calls)
    }

    @Test func `gradients are the same and the part runs twice`() {
        let (kept, again) = (gradients(recompute: false), gradients(recompute: true))
        #expect(again.x == kept.x && again.x != nil)
        #expect(again.weight == kept.weight && again.weight != nil)
        #expect(again.calls == 2 && kept.calls == 1)
        // The generator goes on after the first time, as if there had been no second.
        #expect(again.next == kept.next)
        #expect(
            Tensor.rand([1]).floats()[0]
                == {
                    _ = gradients(recompute: false); return Tensor.rand([1]).floats()[0]
                }())
    }

    @Test func `weights get gradients also where the input needs none`() {
        let (kept, again) = (
            gradients(recompute: false, requiresGrad: false), gradients(recompute: true, requiresGrad: false)
        )
        #expect(again.weight == kept.weight && again.weight != nil)
        #expect(noGrad { gradientsAreOff() })
    }

    private func gradientsAreOff() -> Bool {
        var calls = 0
        _ = recomputed(Tensor.ones([2, 8]), part(Tensor.ones([8, 8])) { calls += 1 })
        return calls == 1
    }
}
