import SwiftletTensor
import SwiftletTestSupport
import Testing

@Suite(.oneAtATime) struct TensorTests {
    let a = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])

    @Test func `arrays of every type go in and come out`() {
        #expect(a.shape == [2, 3] && a.rank == 2 && a.count == 6 && a.dtype == .float32 && a.device == .cpu)
        #expect(a.floats() == [1, 2, 3, 4, 5, 6] && a.ints() == [1, 2, 3, 4, 5, 6])
        #expect(Tensor([1.5, 2], shape: [2]).dtype == .float64)
        #expect(Tensor([1, 2], shape: [2]).dtype == .int64)
        #expect(Tensor([Int64.max], shape: []).ints() == [Int.max])
        #expect(Tensor([1, 2] as [Int32], shape: [2, 1]).dtype == .int32)
        #expect(Tensor([true, false], shape: [2]).bools() == [true, false])
        #expect(Tensor(2.5).item() == 2.5 && Tensor(2.5).shape == [])
        #expect(Tensor([] as [Float], shape: [0, 3]).floats() == [])
        #expect(Tensor.fromBytes(UnsafeRawBufferPointer(start: nil, count: 0), [0], .int8).count == 0)
        #expect(Tensor.arange(4).ints() == [0, 1, 2, 3] && Tensor.arange(2, 8, step: 3).ints() == [2, 5])
        #expect(Tensor.full([2], 7, dtype: .int16).ints() == [7, 7])
        #expect(Tensor.onesLike(a).floats() == Tensor.ones([2, 3]).floats())
        #expect(Tensor.zerosLike(a).to(.bfloat16).floats() == [0, 0, 0, 0, 0, 0])
        #expect(a.transpose(0, 1).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) } == [1, 4, 2, 5, 3, 6])
        #expect(a.description == "Tensor([2, 3], float32: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])")
    }

    @Test(arguments: DType.allCases) func `a dtype has PyTorch's names and size`(dtype: DType) {
        let tensor = Tensor.ones([3], dtype: dtype)
        #expect(tensor.dtype == dtype && tensor.doubles() == [1, 1, 1])
        #expect(tensor.withUnsafeBytes { $0.count } == 3 * dtype.byteCount)
        #expect(DType(safetensorsName: dtype.safetensorsName) == dtype)
    }

    @Test func `arithmetic broadcasts and keeps integers`() {
        let row = Tensor([10, 20, 30] as [Float], shape: [3])
        #expect((a + row).floats() == [11, 22, 33, 14, 25, 36])
        #expect((a - 1).floats() == [0, 1, 2, 3, 4, 5] && (1 - a).floats() == [0, -1, -2, -3, -4, -5])
        #expect((2 / a[0]).floats() == [2, 1, Float(2) / 3] && (a / 2).floats() == [0.5, 1, 1.5, 2, 2.5, 3])
        #expect((-a * 0.5).floats() == [-0.5, -1, -1.5, -2, -2.5, -3])
        #expect((Tensor.arange(3) + 1).dtype == .int64 && (Tensor.arange(3) + 1.0).dtype == .float32)
        #expect(Tensor([1 << 53 + 1], shape: [1]).eq(1 << 53 + 1).all())
        #expect(a.matmul(a.transpose(0, 1)).floats() == [14, 32, 32, 77])
        #expect(a.pow(2).floats() == [1, 4, 9, 16, 25, 36] && a.pow(a).select(0, 0).floats() == [1, 4, 27])
    }

    @Test func `comparisons and masks`() {
        #expect(a.gt(3).bools() == [false, false, false, true, true, true] && a.le(a).all())
        #expect(a.ge(2).logicalAnd(a.lt(5)).ints() == [0, 1, 1, 1, 0, 0] && a.eq(9).logicalNot().all())
        #expect(a.ne(2).logicalOr(a.eq(2)).all() && !a.gt(6).any())
        #expect(a.maskedFill(a.gt(3), -1).floats() == [1, 2, 3, -1, -1, -1])
        #expect(Tensor.where(a.gt(3), a, -a).floats() == [-1, -2, -3, 4, 5, 6])
        let odd = Tensor([1, .nan, .infinity] as [Float], shape: [3])
        #expect(odd.isNaN().bools() == [false, true, false] && odd.isFinite().bools() == [true, false, false])
        #expect(a.clamp(min: 2, max: 4).floats() == [2, 2, 3, 4, 4, 4] && a.clamp(max: 2).sum().item() == 11)
    }

    @Test func `shapes`() {
        #expect(a.reshape([3, -1]).shape == [3, 2] && a.view([6]).shape == [6] && a.flatten().shape == [6])
        #expect(a.permute([1, 0]).floats() == [1, 4, 2, 5, 3, 6] && !a.transpose(0, 1).isContiguous)
        #expect(a.transpose(0, 1).contiguous().isContiguous)
        #expect(a.unsqueeze(1).shape == [2, 1, 3] && a.unsqueeze(0).squeeze(0).shape == [2, 3])
        #expect(a.unsqueeze(1).expand([2, 4, -1]).shape == [2, 4, 3])
        #expect(a.narrow(1, 1, 2).floats() == [2, 3, 5, 6] && a.select(1, -1).floats() == [3, 6])
        #expect(a.slice(1, 0, .max, 2).floats() == [1, 3, 4, 6] && a.slice(1, -2, 100).shape == [2, 2])
        #expect(a[1].floats() == [4, 5, 6] && a[0..<1].shape == [1, 3] && a[-1][0].item() == 4)
        let order = Tensor([2, 0], shape: [2])
        #expect(a.indexSelect(1, order).floats() == [3, 1, 6, 4])
        #expect(a.gather(1, Tensor([2, 0], shape: [2, 1])).floats() == [3, 4])
        #expect(Tensor.cat([a, a], 1).shape == [2, 6] && Tensor.stack([a, a], -1).shape == [2, 3, 2])
    }

    @Test func `reductions`() {
        #expect(a.sum().item() == 21 && a.mean().item() == 3.5 && a.max().item() == 6 && a.min().item() == 1)
        #expect(a.sum(0).floats() == [5, 7, 9] && a.mean(1, keepDim: true).shape == [2, 1])
        #expect(
            a.amax(-1).floats() == [3, 6] && a.argmax(-1).ints() == [2, 2]
                && a.cumsum(1).floats() == [1, 3, 6, 4, 9, 15])
        #expect(abs(a.norm().item() - 91.0.squareRoot()) < 1e-6)
    }

    // x = torch.tensor([-1.5, -0.2, 0.0, 0.3, 2.0]); print(torch.exp(x).tolist()), and so on for each function
    @Test func `functions have Python's values`() {
        let x = Tensor([-1.5, -0.2, 0, 0.3, 2] as [Float], shape: [5])
        let cases: [(name: String, actual: Tensor, expected: [Double])] = [
            ("exp", x.exp(), [0.22313016653, 0.81873077154, 1, 1.34985888004, 7.38905620575]),
            ("tanh", x.tanh(), [-0.90514826775, -0.19737532735, 0, 0.29131263495, 0.96402758360]),
            ("erf", x.erf(), [-0.96610516310, -0.22270259261, 0, 0.32862678170, 0.99532228708]),
            ("sigmoid", x.sigmoid(), [0.18242552876, 0.45016601682, 0.5, 0.57444250584, 0.88079702854]),
            ("silu", x.silu(), [-0.27363827825, -0.09003320336, 0, 0.17233276367, 1.76159405708]),
            ("gelu", x.gelu(), [-0.10021086037, -0.08414804935, 0, 0.18537342548, 1.95449995995]),
            (
                "gelu tanh", x.gelu(approximate: "tanh"),
                [-0.10042843223, -0.08414857090, 0, 0.18537093699, 1.95459771156]
            ),
            ("sin", x.sin(), [-0.99749499559, -0.19866932929, 0, 0.29552021623, 0.90929740667]),
            ("cos", x.cos(), [0.07073719800, 0.98006659746, 1, 0.95533651114, -0.41614684463]),
            ("softmax", x.softmax(-1), [0.02069704048, 0.07594358176, 0.09275769442, 0.12520979345, 0.68539184332]),
            (
                "logSoftmax", x.logSoftmax(-1),
                [-3.87776470184, -2.57776451111, -2.37776470184, -2.07776451111, -0.37776458263]
            ),
            ("rsqrt", (x.abs() + 1).rsqrt(), [0.63245552778, 0.91287088394, 1, 0.87705796957, 0.57735025883]),
            ("sqrt, log", (x.exp().log().relu() * 4).sqrt(), [0, 0, 0, 1.09544511501, 2.82842712475]),
        ]
        for (name, actual, expected) in cases {
            #expect(difference(actual.doubles(), expected, absolute: 1e-6) == nil, "\(name)")
        }
    }

    @Test func `in place changes the storage that views share`() {
        let x = Tensor.zeros([2, 2])
        x[0].fill_(3).add_(Tensor.ones([2]), alpha: 0.5).mul_(2)
        #expect(x.floats() == [7, 7, 0, 0])
        x[1].copy_(Tensor([1, 2], shape: [2])).mul_(Tensor([2, 3] as [Float], shape: [2]))
        #expect(x.floats() == [7, 7, 2, 6])
        let ones = Tensor.ones([2, 2])
        x.zero_().addcmul_(ones, ones, value: 4).addcdiv_(ones, ones + 1, value: 2).lerp_(ones, 0.5)
        #expect(x.floats() == [3, 3, 3, 3])
        #expect(Tensor.arange(3).add_(Tensor.arange(3), alpha: 2).ints() == [0, 3, 6])
        let copy = x.clone()
        copy.zero_()
        #expect(x.sum().item() == 12)
    }

    @Test func `devices`() throws {
        #expect(
            try Device(parsing: "cuda:1") == .cuda(1) && Device(parsing: "cuda") == .cuda()
                && Device(parsing: "mps") == .mps)
        #expect(try Device(parsing: "cpu").description == "cpu" && Device.cuda(1).description == "cuda:1")
        for text in ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1:2", "cpu:0", "cuda:300"] {
            #expect(throws: TensorError.self) { try Device(parsing: text) }
        }
        #expect(threadCount > 0 && torchVersion.hasPrefix("2."))
    }
}
