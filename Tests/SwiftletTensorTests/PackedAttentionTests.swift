import SwiftletTensor
import Testing

/// Attention of packed sequences in one kernel of a GPU, beside that of each sequence.
@Suite struct PackedAttentionTests {
    private static let starts = [0, 3, 4, 40, 57]

    /// Queries, keys and values of four heads, and what the result is multiplied by for its gradient.
    private func heads(width: Int) -> [Tensor] {
        let generator = Generator(seed: 3)
        return (0..<4).map { _ in Tensor.randn([Self.starts.last ?? 0, 4, width], generator: generator) }
    }

    /// The result, and the gradients of queries, keys and values.
    private func results(
        _ given: [Tensor], on device: Device, _ dtype: DType, _ attention: (Tensor, Tensor, Tensor) throws -> Tensor
    ) rethrows -> [[Float]] {
        let inputs = given.prefix(3).map { $0.to(dtype).to(device).detach() }
        inputs.forEach { $0.requiresGrad = true }
        let result = try attention(inputs[0], inputs[1], inputs[2])
        (result.to(.float32) * given[3].to(device)).sum().backward()
        return [result.detach().floats()] + inputs.map { $0.grad?.floats() ?? [] }
    }

    private func ofEachSequence(_ q: Tensor, _ k: Tensor, _ v: Tensor) -> Tensor {
        Tensor.cat(
            zip(Self.starts, Self.starts.dropFirst()).map { start, end in
                func rows(_ t: Tensor) -> Tensor { t.narrow(0, start, end - start).transpose(0, 1).unsqueeze(0) }
                return F.scaledDotProductAttention(rows(q), rows(k), rows(v)).squeeze(0).transpose(0, 1)
            }, 0)
    }

    private func bounds(_ device: Device) -> Tensor {
        Tensor(Self.starts, shape: [Self.starts.count]).to(.int32).to(device)
    }

    @Test func theCPUHasNone() {
        let heads = heads(width: 8)
        #expect(F.packedAttention(heads[0], heads[1], heads[2], cumulativeLengths: bounds(.cpu), longest: 36) == nil)
    }

    @Test(.enabled(if: Device.isCUDAAvailable, "needs a GPU"), arguments: [DType.float32, .bfloat16], [8, 32, 64])
    func isThatOfEachSequence(_ dtype: DType, width: Int) throws {
        let heads = heads(width: width)
        let expected = results(heads, on: .cpu, .float32, ofEachSequence)
        let found = try results(heads, on: .cuda(), dtype) { q, k, v in
            try #require(F.packedAttention(q, k, v, cumulativeLengths: bounds(.cuda()), longest: 36))
        }
        // Rounded operands of products of up to 64 terms of size 1.
        let tolerance: Float = dtype == .float32 ? 1e-4 : 0.06
        for (found, expected) in zip(found, expected) {
            #expect(found.count == expected.count)
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) })
        }
    }

    @Test(.enabled(if: Device.isCUDAAvailable, "needs a GPU"))
    func dropsAtTheRateThatWasAsked() throws {
        manualSeed(4)
        // All weights of a sequence are alike, so that a result is the share of weights that are kept.
        let (q, ones) = (Tensor.zeros([400, 4, 8]).to(.cuda()), Tensor.ones([400, 4, 8]).to(.cuda()))
        let bounds = Tensor([0, 200, 400], shape: [3]).to(.int32).to(.cuda())
        let kept = try (0..<2).map { _ in
            try #require(F.packedAttention(q, q, ones, cumulativeLengths: bounds, longest: 200, dropout: 0.25)).floats()
        }
        let mean = kept[0].reduce(0, +) / Float(kept[0].count)
        #expect(abs(mean - 1) < 0.01 && Set(kept[0]).count > 20 && kept[0] != kept[1])
    }
}
