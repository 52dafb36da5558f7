import SwiftletTensor
import SwiftletTestSupport
import Testing

@Suite(.oneAtATime) struct AutogradTests {
    // x = torch.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]], requires_grad=True)
    // w = torch.tensor([[0.1, 0.2, -0.3], [0.4, -0.5, 0.6]], requires_grad=True)
    // b = torch.tensor([0.05, -0.1], requires_grad=True)
    // y = F.gelu(F.linear(x, w, b))
    // n = F.layer_norm(y, (2,), torch.tensor([1.5, 0.5]), torch.tensor([0.1, -0.2]), 1e-12)
    // l = (n * torch.tensor([[1., 2.], [3., -1.]])).sum() + y.pow(2).sum(); l.backward()
    // print(y, l, x.grad, w.grad, b.grad)
    @Test func `linear, GELU and layer norm have Python's values and gradients`() throws {
        let x = Tensor([0.5, -1, 2, 1.5, 0.25, -0.75] as [Float], shape: [2, 3])
        let w = Tensor([0.1, 0.2, -0.3, 0.4, -0.5, 0.6] as [Float], shape: [2, 3])
        let b = Tensor([0.05, -0.1] as [Float], shape: [2])
        for leaf in [x, w, b] { leaf.requiresGrad = true }
        let y = F.linear(x, w, b).gelu()
        let normed = F.layerNorm(
            y, weight: Tensor([1.5, 0.5] as [Float], shape: [2]), bias: Tensor([0.1, -0.2] as [Float], shape: [2]),
            eps: 1e-12)
        let loss = (normed * Tensor([1, 2, 3, -1] as [Float], shape: [2, 2])).sum() + y.pow(2).sum()
        let direct = Tensor.gradients(of: loss, for: [w, b], retainGraph: true)
        #expect(w.grad == nil)
        loss.backward()
        #expect(difference(y.doubles(), [-0.16937451, 1.73532557, 0.32423812, -0.03525805], absolute: 1e-6) == nil)
        #expect(abs(loss.item() - 7.84641647) < 1e-5)
        let (xGrad, wGrad, bGrad) = (try #require(x.grad), try #require(w.grad), try #require(b.grad))
        #expect(
            difference(
                xGrad.doubles(), [1.53487372, -1.92116678, 2.30587554, 0.04282440, 0.12600924, -0.18435690],
                absolute: 1e-5) == nil)
        let expected = [0.82468402, 0.14602943, -0.43016636, 1.87301266, -3.84692645, 7.70161438]
        #expect(difference(wGrad.doubles(), expected, absolute: 1e-5) == nil)
        #expect(difference(bGrad.doubles(), [0.54450804, 3.80811834], absolute: 1e-5) == nil)
        #expect(difference(direct[0].doubles(), expected, absolute: 1e-5) == nil && direct[1].shape == [2])
    }

    // lo = torch.tensor([[1., 2., 3.], [0.5, -0.5, 0.], [2., 2., -1.]], requires_grad=True)
    // t = torch.tensor([2, -100, 0]); print(F.cross_entropy(lo, t, ...)); F.cross_entropy(lo, t).backward()
    @Test func `losses have Python's values and gradients`() throws {
        let logits = Tensor([1, 2, 3, 0.5, -0.5, 0, 2, 2, -1] as [Float], shape: [3, 3])
        logits.requiresGrad = true
        let targets = Tensor([2, -100, 0], shape: [3])
        let weight = Tensor([1, 2, 0.5] as [Float], shape: [3])
        let losses = [
            F.crossEntropy(logits, targets),
            F.crossEntropy(logits, targets, labelSmoothing: 0.1),
            F.crossEntropy(logits, targets, weight: weight),
            F.crossEntropy(logits, targets, reduction: .sum),
            F.nllLoss(logits.logSoftmax(-1), targets),
            F.mse(Tensor([1, 2] as [Float], shape: [2]), Tensor([1.5, 0] as [Float], shape: [2])),
            F.bceWithLogits(Tensor([1, -2] as [Float], shape: [2]), Tensor([1, 0.5] as [Float], shape: [2])),
        ]
        #expect(
            difference(
                losses.map { $0.item() },
                [0.56267095, 0.66267097, 0.61435920, 1.12534189, 0.56267095, 2.125, 0.72009492], absolute: 1e-6) == nil)
        #expect(
            difference(
                F.crossEntropy(logits, targets, reduction: .none).doubles(), [0.40760595, 0, 0.71773589],
                absolute: 1e-6) == nil)
        losses[0].backward()
        #expect(
            difference(
                try #require(logits.grad).doubles(),
                [0.04501529, 0.12236425, -0.16737950, 0, 0, 0, -0.25607222, 0.24392778, 0.01214445],
                absolute: 1e-6) == nil)
    }

    // q = (torch.arange(12).reshape(1, 1, 3, 4).float() / 10).requires_grad_()
    // k, v = (f(torch.arange(12).float()).reshape(1, 1, 3, 4) for f in (torch.sin, torch.cos))
    // m = torch.tensor([[True, True, False]]).expand(1, 1, 3, 3)
    // o = F.scaled_dot_product_attention(q, k, v, attn_mask=m); o.sum().backward(); print(o, q.grad)
    // print(F.scaled_dot_product_attention(q, k, v, scale=1.0))
    @Test func `attention has Python's values and gradients`() throws {
        let numbers = Tensor.arange(12).reshape([1, 1, 3, 4]).to(.float32)
        let (q, k, v) = (numbers / 10, numbers.sin(), numbers.cos())
        q.requiresGrad = true
        let mask = Tensor([true, true, false], shape: [1, 3]).expand([1, 1, 3, 3])
        let output = F.scaledDotProductAttention(q, k, v, mask: mask)
        output.sum().backward()
        #expect(
            difference(
                output.doubles(),
                [
                    0.22746807, 0.42040789, 0.22682659, -0.17529799, 0.47934264, 0.45949802, 0.01719302, -0.44091913,
                    0.67901289, 0.49048617, -0.14899130, -0.65148681,
                ], absolute: 1e-6) == nil)
        #expect(
            difference(
                try #require(q.grad).doubles(),
                [
                    -0.11396611, -0.27111971, -0.17900708, 0.07768382, -0.09876543, -0.23495805, -0.15513133,
                    0.06732243,
                    -0.07161998, -0.17038035, -0.11249381, 0.04881902,
                ], absolute: 1e-6) == nil)
        #expect(
            difference(
                F.scaledDotProductAttention(q, k, v, scale: 1).doubles(),
                [
                    0.18596353, 0.12948275, -0.04604390, -0.17923796, 0.57716089, 0.27481231, -0.28019738, -0.57759488,
                    0.81830931, 0.40220743, -0.38368216, -0.81681609,
                ], absolute: 1e-6) == nil)
    }

    @Test func `an embedding's padding row gets no gradient`() throws {
        let table = Tensor.arange(8).reshape([4, 2]).to(.float32)
        table.requiresGrad = true
        let rows = F.embedding(table, Tensor([1, 0, 1, 3] as [Int32], shape: [2, 2]), paddingIndex: 0)
        #expect(rows.floats() == [2, 3, 0, 1, 2, 3, 6, 7])
        rows.sum().backward()
        #expect(try #require(table.grad).floats() == [0, 0, 2, 2, 0, 0, 1, 1])
    }

    @Test func `gradients add up, and can be set and cleared`() throws {
        let x = Tensor([1, 2] as [Float], shape: [2])
        x.requiresGrad = true
        for _ in 0..<2 { (x * x).sum().backward() }
        #expect(try #require(x.grad).floats() == [4, 8])
        x.grad = nil
        #expect(x.grad == nil)
        (x * 3).backward(gradient: Tensor([1, 10] as [Float], shape: [2]))
        #expect(try #require(x.grad).floats() == [3, 30])
        x.grad = Tensor.ones([2])
        #expect(try #require(x.grad).floats() == [1, 1])
    }

    @Test func `recording is switched off and on, and back on an error`() {
        let x = Tensor.ones([2])
        x.requiresGrad = true
        struct Stop: Error {}
        #expect(throws: Stop.self) { try noGrad { throw Stop() } }
        #expect(isGradEnabled && (x * 2).requiresGrad && !x.detach().requiresGrad)
        noGrad {
            #expect(!isGradEnabled && !(x * 2).requiresGrad)
            enableGrad { #expect((x * 2).requiresGrad) }
        }
        #expect(x.clone().requiresGrad)
    }
}
