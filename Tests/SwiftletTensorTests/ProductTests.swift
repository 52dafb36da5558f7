import SwiftletTensor
import SwiftletTestSupport
import Testing

/// The kernels that multiply float32, beside products in float64.
@Suite(.oneAtATime) struct ProductTests {
    /// Both instruction sets, where the processor has them; else there is nothing to test.
    static let sets = ["avx2", "avx512"].filter { set in
        defer { try? Kernels.selectInstructionSet("auto") }
        return (try? Kernels.selectInstructionSet(set)) != nil
    }

    private func withOwn<Result>(_ set: String, _ body: () throws -> Result) throws -> Result {
        try Kernels.selectInstructionSet(set)
        try Kernels.selectProducts("own")
        defer {
            try? Kernels.selectProducts("auto")
            try? Kernels.selectInstructionSet("auto")
        }
        #expect(Kernels.products == set)
        return try body()
    }

    /// A matrix, or what is to be read as its transpose.
    private func factor(_ rows: Int, _ columns: Int, isTransposed: Bool) -> Tensor {
        Tensor.randn(isTransposed ? [columns, rows] : [rows, columns])
    }

    /// How far a product is from the exact one, over what rounding explains: the products' magnitudes, summed up.
    private func error(_ found: Tensor, _ a: Tensor, _ b: Tensor, before: Tensor? = nil) -> Double {
        let (a, b) = (a.to(.float64), b.to(.float64))
        var exact = a.matmul(b), size = a.abs().matmul(b.abs())
        if let before {
            exact = exact + before.to(.float64)
            size = size + before.to(.float64).abs()
        }
        return ((found.to(.float64) - exact).abs() / (size + 1e-30)).max().item()
    }

    @Test(arguments: sets) func `products of every shape are exact to rounding`(set: String) throws {
        manualSeed(1)
        try withOwn(set) {
            var kind = 0, worst = 0.0
            // Up to two tiles of rows, and panels of columns with every remainder.
            for rows in 1...30 {
                for columns in Array(1...9) + [15, 16, 17, 23, 31, 32, 33, 47, 48, 49, 63, 64, 65, 70] {
                    for depth in [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 70] {
                        kind += 1
                        let (first, second) = (kind % 2 == 1, kind / 2 % 2 == 1)
                        let a = factor(rows, depth, isTransposed: first)
                        let b = factor(depth, columns, isTransposed: second)
                        let before = kind / 4 % 2 == 1 ? Tensor.randn([rows, columns]) : nil
                        let out = before.map { $0 + 0 } ?? Tensor.full([rows, columns], Float.nan)
                        out.setProduct(a, b, transposesFirst: first, transposesSecond: second, adds: before != nil)
                        let far = error(
                            out, first ? a.transpose(0, 1) : a, second ? b.transpose(0, 1) : b, before: before)
                        worst = far > worst || far.isNaN ? far : worst
                    }
                }
            }
            #expect(worst < 1e-6, "\(worst)")
        }
    }

    @Test(arguments: sets, [[61, 384, 1152], [424, 1536, 384], [130, 1000, 769], [3, 3072, 768], [1, 768, 2304]])
    func `the models' products are exact to rounding`(set: String, sizes: [Int]) throws {
        manualSeed(2)
        let (rows, depth, columns) = (sizes[0], sizes[1], sizes[2])
        try withOwn(set) {
            for kind in 0..<8 {
                let (first, second, adds) = (kind % 2 == 1, kind / 2 % 2 == 1, kind / 4 == 1)
                let a = factor(rows, depth, isTransposed: first), b = factor(depth, columns, isTransposed: second)
                let before = Tensor.randn([rows, columns])
                let out = before + 0
                out.setProduct(a, b, transposesFirst: first, transposesSecond: second, adds: adds)
                let far = error(
                    out, first ? a.transpose(0, 1) : a, second ? b.transpose(0, 1) : b, before: adds ? before : nil)
                #expect(far < 1e-6, "\(kind): \(far)")
            }
        }
    }

    @Test(arguments: sets) func `rows may lie apart, and what lies between stays`(set: String) throws {
        manualSeed(3)
        try withOwn(set) {
            for (rows, depth, columns) in [(5, 9, 11), (40, 400, 37), (29, 64, 100)] {
                let a = Tensor.randn([rows, depth + 7]).narrow(1, 3, depth)
                let b = Tensor.randn([columns, depth + 4]).narrow(1, 1, depth)
                let around = Tensor.full([rows, columns + 5], 7)
                around.narrow(1, 2, columns).setProduct(a, b, transposesSecond: true)
                #expect(error(around.narrow(1, 2, columns), a, b.transpose(0, 1)) < 1e-6)
                for (column, width) in [(0, 2), (columns + 2, 3)] {
                    #expect(around.narrow(1, column, width).floats().allSatisfy { $0 == 7 })
                }
            }
        }
    }

    @Test(arguments: sets) func `what is no number stays in its row and column`(set: String) throws {
        manualSeed(4)
        let a = Tensor.randn([37, 50]), b = Tensor.randn([50, 41])
        a.narrow(0, 20, 1).narrow(1, 49, 1).fill_(Float.nan)
        b.narrow(0, 3, 1).narrow(1, 40, 1).fill_(Float.infinity)
        try withOwn(set) {
            let out = Tensor.zeros([37, 41])
            out.setProduct(a, b)
            for (index, value) in out.floats().enumerated() {
                let (row, column) = (index / 41, index % 41)
                #expect(value.isNaN == (row == 20) && value.isFinite == (row != 20 && column != 40))
            }
        }
    }

    @Test func `a number depends on its row and column alone`() throws {
        guard !Self.sets.isEmpty else { return }
        manualSeed(5)
        let threads = threadCount
        defer { setThreadCount(threads) }
        for (rows, depth, columns) in [(75, 424, 200), (500, 1000, 96)] {
            for (first, second) in [(false, true), (false, false), (true, false)] {
                let a = factor(rows, depth, isTransposed: first), b = factor(depth, columns, isTransposed: second)
                var seen: [[Float]] = []
                for set in Self.sets {
                    for count in [1, 2, 5] {
                        setThreadCount(count)
                        try withOwn(set) {
                            let out = Tensor.zeros([rows, columns])
                            out.setProduct(a, b, transposesFirst: first, transposesSecond: second)
                            seen.append(out.floats())
                        }
                    }
                    for row in [0, 13, 14, rows - 1] {
                        try withOwn(set) {
                            let out = Tensor.zeros([1, columns])
                            let one = first ? a.narrow(1, row, 1).contiguous() : a.narrow(0, row, 1)
                            out.setProduct(one, b, transposesFirst: first, transposesSecond: second)
                            #expect(out.floats() == Array(seen[0][row * columns..<(row + 1) * columns]))
                        }
                    }
                }
                #expect(seen.allSatisfy { $0 == seen[0] })
            }
        }
    }

    @Test(arguments: sets) func `a linear layer has libtorch's values and gradients`(set: String) throws {
        manualSeed(6)
        let weight = Tensor.randn([33, 20]), bias = Tensor.randn([33])
        for x in [Tensor.randn([7, 20]), Tensor.randn([2, 5, 20]), Tensor.randn([20, 6]).transpose(0, 1)] {
            for hasBias in [true, false] {
                func gradients(_ dtype: DType) -> [[Double]] {
                    let leaves = [x, weight, bias].map { ($0 + 0).to(dtype) }
                    for leaf in leaves { leaf.requiresGrad = true }
                    let y = F.linear(leaves[0], leaves[1], hasBias ? leaves[2] : nil)
                    let loss = (y * y).sum()
                    // Twice, as libtorch's may.
                    loss.backward(retainGraph: true)
                    loss.backward()
                    return [y.doubles()] + leaves.map { $0.grad?.doubles() ?? [] }
                }
                let exact = gradients(.float64)
                let own = try withOwn(set) { ownLinearLayers { gradients(.float32) } }
                for (expected, found) in zip(exact, own) {
                    #expect(expected.count == found.count)
                    #expect(zip(expected, found).allSatisfy { abs($0 - $1) < 2e-5 * (10 + abs($0)) })
                }
                // Where they are not chosen, and for other types, it is libtorch's.
                try Kernels.selectProducts("library")
                let library = F.linear(x, weight).floats()
                #expect(ownLinearLayers { F.linear(x, weight).floats() } == library)
                try Kernels.selectProducts("auto")
            }
        }
    }

    @Test(arguments: sets) func `a weight that is kept for few rows gives the same bits, until it changes`(
        set: String
    ) throws {
        manualSeed(7)
        let x = Tensor.randn([200, 500]), few = x.narrow(0, 3, 5)
        for outputs in [33, 64, 500] {
            let weight = Tensor.randn([outputs, 500]), bias = Tensor.randn([outputs])
            func both() -> ([Float], [Float]) {
                let all = F.linear(x, weight, bias).floats()
                return (Array(all[3 * outputs..<8 * outputs]), F.linear(few, weight, bias).floats())
            }
            try withOwn(set) {
                noGrad {
                    ownLinearLayers {
                        let first = both()
                        #expect(first.0 == first.1)
                        // Copied at the second use, and used from then on.
                        for _ in 0..<3 { #expect(both() == first) }
                        weight.add_(Tensor.ones([outputs, 500]))
                        let changed = both()
                        #expect(changed.0 == changed.1 && changed.1 != first.1)
                        #expect(both() == changed && both() == changed)
                        let exact = F.linear(few.to(.float64), weight.to(.float64), bias.to(.float64)).doubles()
                        #expect(zip(exact, changed.1).allSatisfy { Swift.abs($0 - Double($1)) < 1e-3 })
                    }
                }
            }
        }
    }

    @Test func `a way to multiply that there is not is refused`() throws {
        #expect(throws: TensorError.self) { try Kernels.selectProducts("mine") }
        try Kernels.selectInstructionSet("portable")
        defer { try? Kernels.selectInstructionSet("auto") }
        #expect(throws: TensorError.self) { try Kernels.selectProducts("own") }
        #expect(Kernels.products == "library")
    }
}
