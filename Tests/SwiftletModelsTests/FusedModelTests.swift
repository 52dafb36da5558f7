import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

/// One random BERT, run padded with libtorch's operations and packed with the fused kernels.
struct TwinRuns {
    let model: SequenceClassifier

    /// - Parameter overrides: fields that replace those of a small configuration.
    init(_ overrides: JSONObject = [:]) throws {
        var json: JSONObject = [
            "model_type": "bert", "vocab_size": 211, "hidden_size": 48, "num_hidden_layers": 3,
            "num_attention_heads": 4, "intermediate_size": 100, "max_position_embeddings": 512,
            "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "initializer_range": 0.2,
        ]
        for (key, value) in overrides { json[key] = value }
        model = try SequenceClassifier(ModelConfig(json), state: ModelState())
        manualSeed(7)
        model.state.initializeMissing()
        // A fresh model's biases are zero and its norms one, which would hide mistakes about them.
        noGrad {
            for parameter in model.parameters() where parameter.shape.count == 1 {
                parameter.tensor.add_(Tensor.randn(parameter.shape), alpha: 0.2)
            }
        }
    }

    init(model: SequenceClassifier) { self.model = model }

    /// Padded rows of these lengths.
    static func batch(_ lengths: [Int], vocabulary: Int = 211, labels: Int = 2) -> ModelInputs {
        var random = SystemRandom(state: UInt64(lengths.reduce(17) { $0 &* 31 &+ $1 }))
        let longest = lengths.max() ?? 1
        var (ids, mask, types) = ([Int](), [Int](), [Int]())
        for length in lengths {
            let border = random.below(length + 1)
            for place in 0..<longest {
                ids.append(place < length ? 1 + random.below(vocabulary - 1) : 0)
                mask.append(place < length ? 1 : 0)
                types.append(place < length && place >= border ? 1 : 0)
            }
        }
        let shape = [lengths.count, longest]
        return ModelInputs(
            inputIDs: Tensor(ids, shape: shape), attentionMask: Tensor(mask, shape: shape),
            tokenTypeIDs: Tensor(types, shape: shape),
            labels: Tensor(lengths.map { _ in random.below(labels) }, shape: [lengths.count]))
    }

    struct Result {
        var loss: Double
        var logits: [Float]
        var gradients: [(name: String, values: [Double])]
    }

    func run(_ kernels: Kernels, _ inputs: ModelInputs) throws -> Result { try Self.run(model, kernels, inputs) }

    private static func run(
        _ model: SequenceClassifier, _ kernels: Kernels, _ inputs: ModelInputs
    ) throws -> Result {
        model.state.kernels = kernels
        let output = try model(inputs)
        let loss = try output.loss
        loss.backward()
        let gradients = try model.parameters().map { parameter in
            (parameter.name, try #require(parameter.gradient, "\(parameter.name)").doubles())
        }
        for parameter in model.parameters() { parameter.gradient = nil }
        return Result(loss: loss.item(), logits: output.logits.floats(), gradients: gradients)
    }

    /// With libtorch's operations in double precision. In single precision they take short cuts of their own: with AVX-512
    /// the exponentials of attention are right to 20 bits.
    func runExactly(_ inputs: ModelInputs) throws -> Result {
        let exact = try SequenceClassifier(model.config, state: ModelState(dtype: .float64))
        for (from, to) in zip(model.parameters(), exact.parameters()) {
            exact.state.assign(from.tensor.detach(), to: to)
        }
        exact.state.isTraining = model.state.isTraining
        return try Self.run(exact, .reference, inputs)
    }

    /// The largest difference of two gradients, as a share of the parameter's largest.
    static func largestError(_ actual: Result, _ expected: Result) -> Double {
        zip(actual.gradients, expected.gradients).filter { !$0.0.name.hasSuffix("key.bias") }.map { a, e in
            (zip(a.values, e.values).map { abs($0 - $1) }.max() ?? 0) / (e.values.map(abs).max() ?? 1)
        }.max() ?? 0
    }

    /// The first difference beyond rounding, or `nil`.
    static func difference(_ actual: Result, _ expected: Result, relative: Double = 1e-5) -> String? {
        if abs(actual.loss - expected.loss) > 1e-6 { return "loss \(actual.loss), expected \(expected.loss)" }
        for ((name, a), (_, e)) in zip(actual.gradients, expected.gradients) {
            // A key's bias moves all scores of a row alike: its true gradient is zero, and what there is, rounding.
            if name.hasSuffix("key.bias") { continue }
            let size = e.map(abs).max() ?? 0
            if let wrong = SwiftletTestSupport.difference(a, e, absolute: relative * size, relative: relative) {
                return "\(name): \(wrong), largest \(size)"
            }
        }
        return nil
    }
}

/// SplitMix64, so that a test's numbers are the same everywhere.
struct SystemRandom {
    var state: UInt64
    mutating func below(_ limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(limit))
    }
}

extension ModelTests {
    @Suite struct FusedModelTests {
        @Test(
            arguments: [
                [5], [1, 2, 1], [3, 17, 16, 64, 2, 33], [130, 7, 65, 512], [1, 511, 200, 48, 90],
            ], ["auto", "avx2", "portable"])
        func `loss and every gradient are those of the reference in double precision`(lengths: [Int], set: String)
            throws
        {
            guard (try? Kernels.selectInstructionSet(set)) != nil else { return }
            defer { try? Kernels.selectInstructionSet("auto") }
            let twins = try TwinRuns()
            let inputs = TwinRuns.batch(lengths)
            let reference = try twins.runExactly(inputs)
            // Where libtorch's own single precision is further off than 1e-5, the batch is that sensitive to rounding.
            let rounding = TwinRuns.largestError(try twins.run(.reference, inputs), reference)
            let wrong = TwinRuns.difference(
                try twins.run(.fused, inputs), reference, relative: max(1e-5, 1.5 * rounding))
            #expect(wrong == nil, "the reference is off by \(rounding)")
            // What the comparison must notice: another batch.
            let other = try twins.run(.fused, TwinRuns.batch(lengths + [lengths[0]]))
            #expect(TwinRuns.difference(other, reference) != nil)
        }

        @Test(
            arguments: [
                ["hidden_size": 40, "num_attention_heads": 5], ["hidden_size": 64, "num_attention_heads": 1],
                ["hidden_act": "relu"], ["num_hidden_layers": 1],
                ["hidden_size": 130, "num_attention_heads": 2, "initializer_range": 0.1],
            ] as [JSONObject])
        func `other shapes`(overrides: JSONObject) throws {
            let twins = try TwinRuns(overrides)
            let inputs = TwinRuns.batch([9, 40, 23])
            let exact = try twins.runExactly(inputs)
            // libtorch's own single precision is further off than 1e-5 with some processors' products.
            let rounding = TwinRuns.largestError(try twins.run(.reference, inputs), exact)
            let wrong = TwinRuns.difference(
                try twins.run(.fused, inputs), exact, relative: max(1e-5, 1.5 * rounding))
            #expect(wrong == nil, "the reference is off by \(rounding)")
        }

        @Test func `packed inputs, with either implementation`() throws {
            let twins = try TwinRuns()
            let padded = TwinRuns.batch([4, 11, 6])
            let (ids, types) = (padded.inputIDs.ints(), padded.tokenTypeIDs?.ints() ?? [])
            let kept = padded.attentionMask?.ints().indices.filter { padded.attentionMask?.ints()[$0] == 1 } ?? []
            let packed = ModelInputs(
                packedIDs: Tensor(kept.map { ids[$0] }, shape: [21]), cumulativeLengths: [0, 4, 15, 21],
                tokenTypeIDs: Tensor(kept.map { types[$0] }, shape: [21]), labels: padded.labels)
            let reference = try twins.run(.reference, padded)
            for kernels in Kernels.allCases {
                let wrong = TwinRuns.difference(try twins.run(kernels, packed), reference)
                #expect(wrong == nil, "\(kernels)")
            }
        }

        @Test func `hidden states where tokens are`() throws {
            let twins = try TwinRuns()
            let inputs = TwinRuns.batch([6, 2, 9])
            let mask = try #require(inputs.attentionMask).to(.float32).unsqueeze(2)
            func states(_ kernels: Kernels) throws -> [Tensor] {
                twins.model.state.kernels = kernels
                return try noGrad { try #require(try twins.model(inputs, outputHiddenStates: true).hiddenStates) }
            }
            let (fused, reference) = (try states(.fused), try states(.reference))
            #expect(fused.count == 4 && reference.count == 4)
            for (a, b) in zip(fused, reference) {
                #expect(difference(a.floats(), (b * mask).floats(), absolute: 1e-5) == nil)
            }
        }

        @Test func `a row that begins with padding runs padded`() throws {
            let twins = try TwinRuns()
            var inputs = TwinRuns.batch([5, 5])
            inputs.attentionMask = Tensor([0, 0, 1, 1, 1, 1, 1, 1, 1, 1], shape: [2, 5])
            let wrong = TwinRuns.difference(try twins.run(.fused, inputs), try twins.run(.reference, inputs))
            #expect(wrong == nil)
        }

        @Test func `frozen layers get no gradient and the others theirs`() throws {
            let twins = try TwinRuns()
            let inputs = TwinRuns.batch([8, 3])
            let all = try twins.run(.fused, inputs)
            let frozen = ["bert.embeddings", "bert.encoder.layer.0", "bert.encoder.layer.1.attention.self.value"]
            for parameter in twins.model.parameters() where frozen.contains(where: parameter.name.hasPrefix) {
                parameter.isTrainable = false
            }
            try twins.model(inputs).loss.backward()
            for (name, values) in all.gradients {
                let gradient = twins.model.state[name]?.gradient
                if frozen.contains(where: name.hasPrefix) {
                    #expect(gradient == nil, "\(name)")
                } else {
                    let values = difference(try #require(gradient).doubles(), values, absolute: 1e-6)
                    #expect(values == nil, "\(name)")
                }
            }
        }

        @Test func `weights lie together and keep their values`() throws {
            let twins = try TwinRuns()
            let names = ["query", "key", "value"].map { "bert.encoder.layer.1.attention.self.\($0).weight" }
            let parameters = try names.map { try #require(twins.model.state[$0]) }
            let before = parameters.map { $0.tensor.floats() }
            _ = try twins.run(.fused, TwinRuns.batch([3]))
            #expect(areJoined(parameters.map(\.tensor)))
            #expect(parameters.map { $0.tensor.floats() } == before)
            #expect(parameters.map(\.isTrainable) == [true, true, true])
        }

        @Test(arguments: [[0, 4, 4, 21], [0, 4], [1, 21], []])
        func `bad starts are refused`(starts: [Int]) throws {
            let twins = try TwinRuns()
            let packed = ModelInputs(
                packedIDs: Tensor([Int](repeating: 1, count: 21), shape: [21]), cumulativeLengths: starts)
            #expect(throws: ModelError.self) { try twins.model(packed) }
        }
    }
}
