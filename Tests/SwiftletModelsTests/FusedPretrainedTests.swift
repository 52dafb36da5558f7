import Foundation
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

extension ModelTests {
    @Suite struct FusedPretrainedTests {
        /// Pretrained weights have directions that are far larger than others, which random ones lack.
        @Test(
            .enabled(if: SmallTask.isAvailable, "all-MiniLM-L6-v2 is not under .deps"),
            arguments: [[41, 64, 23, 90, 33, 57, 25, 78], [512, 3]])
        func `MiniLM's loss and every gradient are those of the reference`(lengths: [Int]) throws {
            manualSeed(1)
            let model = try AutoModelForSequenceClassification.fromPretrained(folder: Locations.miniLM, numLabels: 2)
            let twins = TwinRuns(model: model)
            let inputs = TwinRuns.batch(lengths, vocabulary: 30522)
            let wrong = TwinRuns.difference(try twins.run(.fused, inputs), try twins.run(.reference, inputs))
            #expect(wrong == nil)
        }

        @Test(.enabled(if: residentBytes() != nil, "the system does not tell the memory in use"))
        func `steps leave no memory behind`() throws {
            let twins = try TwinRuns(["hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1])
            twins.model.train()
            twins.model.state.kernels = .fused
            let optimizer = AdamW(twins.model.parameters(), lr: 1e-4)
            var random = SystemRandom(state: 5)
            func steps(_ count: Int) throws {
                for _ in 0..<count {
                    let lengths = (0..<8).map { _ in 10 + random.below(60) }
                    try twins.model(TwinRuns.batch(lengths)).loss.backward()
                    optimizer.clipAndStep(maxNorm: 1)
                    optimizer.zeroGrad()
                }
            }
            try steps(100)
            let before = try #require(residentBytes())
            try steps(400)
            let growth = try #require(residentBytes()) - before
            // A tensor of this model that is left behind at each step comes to more.
            #expect(growth < 8_000_000, "\(growth) bytes in 400 steps")
        }

        @Test func `moments that come from elsewhere are found`() throws {
            let width = 4
            let cache = RowGradient()
            let table = Tensor.ones([6, width])
            table.requiresGrad = true
            let (types, positions) = (Tensor.ones([1, width]), Tensor.ones([1, width]))
            let (mean, square, step) = (Tensor.zeros([6, width]), Tensor.zeros([6, width]), Tensor.zeros([]))
            func update(_ mean: Tensor, _ square: Tensor) throws {
                let zero = Tensor([0], shape: [1])
                let y = FusedF.embeddings(
                    tables: (table, types, positions), ids: (Tensor([2], shape: [1]), zero, zero),
                    normWeight: Tensor.ones([width]), normBias: Tensor.zeros([width]), eps: 1e-5, rows: cache)
                y.backward(gradient: Tensor([1, 2, 3, 5] as [Float], shape: [1, width]))
                _ = fusedClipAdamW(
                    [
                        FusedUpdate(
                            parameter: table, gradient: try #require(table.grad), expAvg: mean, expAvgSq: square,
                            step: step, lr: 0.1, weightDecay: 0, rows: cache)
                    ], maxNorm: .infinity, beta1: 0.9, beta2: 0.999, eps: 1e-8)
                table.grad = nil
            }
            func row(_ index: Int) -> [Float] { table.detach().select(0, index).floats() }
            try update(mean, square)
            #expect(row(4) == [1, 1, 1, 1] && row(5) == [1, 1, 1, 1])
            // Written in place, as by a loaded state.
            noGrad {
                _ = mean.select(0, 4).fill_(0.5)
                _ = square.select(0, 4).fill_(0.25)
            }
            try update(mean, square)
            #expect(row(4).allSatisfy { $0 < 0.99 } && row(5) == [1, 1, 1, 1])
            // Other tensors.
            let (otherMean, otherSquare) = (Tensor.zeros([6, width]), Tensor.zeros([6, width]))
            noGrad {
                _ = otherMean.select(0, 5).fill_(0.5)
                _ = otherSquare.select(0, 5).fill_(0.25)
            }
            try update(otherMean, otherSquare)
            #expect(row(5).allSatisfy { $0 < 0.99 })
        }
    }
}

/// Of the process; `nil` where the system has no `/proc`.
private func residentBytes() -> Int? {
    guard let bytes = FileManager.default.contents(atPath: "/proc/self/statm") else { return nil }
    let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? Int(fields[1]).map { $0 * 4096 } : nil
}
