import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

/// A model whose weights change after it was used answers as one that was loaded with the new weights: kernels keep
/// copies of weights in other orders and precisions.
@Suite(.oneAtATime) struct ChangedWeightTests {
    private static let families = [
        "albert-a", "bert-a", "deberta-a", "deberta-v2-a", "distilbert-a", "electra-a", "modernbert-a", "mpnet-a",
        "nomic_bert-a", "roberta-a",
    ]

    private static let optimizers: [(name: String, make: @Sendable ([Parameter]) -> Optimizer)] = [
        ("AdamW", { AdamW($0, lr: 0.05) }),
        ("Adam", { Adam(groups: [ParameterGroup($0, learningRate: 0.05, weightDecay: 0)]) }),
        ("Lion", { Lion(groups: [ParameterGroup($0, learningRate: 0.05, weightDecay: 0)]) }),
        ("SGD", { SGD(groups: [ParameterGroup($0, learningRate: 0.05, weightDecay: 0)]) }),
        ("Adagrad", { Adagrad(groups: [ParameterGroup($0, learningRate: 0.05, weightDecay: 0)]) }),
        ("RMSprop", { RMSprop(groups: [ParameterGroup($0, learningRate: 0.05, weightDecay: 0)]) }),
        ("Adafactor", { Adafactor(groups: [ParameterGroup($0, learningRate: 0.05, weightDecay: 0)]) }),
    ]

    private static let precisions: [(name: String, set: @Sendable (ModelState) -> Void)] = [
        ("float32", { _ in }), ("bfloat16", { $0.autocastDType = .bfloat16 }), ("int8", { $0.quantization = .int8 }),
    ]

    /// Few rows and many, again and again, as between two steps of a training.
    private func answer(_ model: any PretrainedModel, _ inputs: ModelInputs) throws -> [Float] {
        model.eval()
        return try noGrad {
            for _ in 0..<2 { _ = try model(inputs) }
            return try model(inputs).predictions[0].floats()
        }
    }

    private func train(_ model: any PretrainedModel, _ inputs: ModelInputs, _ optimizer: Optimizer, clip: Bool) throws {
        model.train()
        try model(inputs).loss.backward()
        if clip { clipGradNorm(model.parameters().compactMap(\.gradient), maxNorm: 1) }
        optimizer.step()
        optimizer.zeroGrad()
    }

    @Test(arguments: families) func `after a step of any optimizer`(family: String) throws {
        let fixture = try FamilyFixture(family)
        let inputs = try fixture.padded("sequence")
        for (precision, set) in Self.precisions {
            for (name, make) in Self.optimizers {
                let model = try fixture.model("sequence")
                set(model.state)
                let before = try answer(model, inputs)
                // Weights in 8 bits are not trained.
                model.state.quantization = nil
                let optimizer = make(model.parameters())
                for step in 0..<2 { try train(model, inputs, optimizer, clip: step == 1) }
                set(model.state)
                let after = try answer(model, inputs)
                #expect(difference(before, after, absolute: 1e-4) != nil, "\(precision), \(name) changes nothing")

                let folder = try TemporaryDirectory()
                model.state.quantization = nil
                try model.savePretrained(folder.file("trained"))
                let loaded = try fixture.model("sequence", from: folder.file("trained"))
                set(loaded.state)
                let expected = try answer(loaded, inputs)
                #expect(difference(after, expected, absolute: 1e-6) == nil, "\(precision), \(name)")
            }
        }
    }
}
