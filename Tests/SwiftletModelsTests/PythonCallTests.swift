import SwiftletCheckpoints
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

extension ModelTests {
    /// Calls that the family battery does not make, held to Python's numbers.
    @Suite struct PythonCallTests {
        static let families = [
            "albert-a", "albert-b", "bert-a", "bert-b", "camembert-a", "deberta-a", "deberta-b", "deberta-v2-a",
            "deberta-v2-b",
            "deberta-v3-a", "distilbert-a", "distilbert-b", "electra-a", "electra-b", "eurobert-a", "eurobert-b",
            "gte-a",
            "gte-b", "jina_embeddings_v3-a", "jina_embeddings_v3-b", "modernbert-a", "modernbert-b", "mpnet-a",
            "mpnet-b",
            "nomic_bert-a", "nomic_bert-b", "roberta-a", "roberta-b", "xlm-roberta-a",
        ]

        private func expect(
            _ actual: [Float], _ expected: [Float], _ what: String, _ location: SourceLocation = #_sourceLocation
        ) {
            let size = Double(expected.lazy.map(abs).max() ?? 0)
            let wrong = difference(actual, expected, absolute: FamilyBattery.tolerance * max(1, size))
            #expect(wrong == nil, "\(what)", sourceLocation: location)
        }

        private func logits(_ model: any PretrainedModel, _ inputs: ModelInputs, _ fixture: FamilyFixture) throws
            -> [Float]
        {
            let logits = try noGrad { try model(inputs).predictions[0] }
            return fixture.tokens(logits.floats(), width: try #require(logits.shape.last))
        }

        @Test(arguments: families)
        func `attention weights`(name: String) throws {
            let fixture = try FamilyFixture(name)
            let expected = try fixture.calls()
            let model = try fixture.model("sequence")
            let inputs = try fixture.padded("sequence")
            let usual = try noGrad { try model(inputs) }
            #expect(usual.attentions == nil)
            let output = try noGrad { try model(inputs, outputHiddenStates: true, outputAttentions: true) }
            let weights = try #require(output.attentions)
            let names = expected.names.filter { $0.hasPrefix("attentions/") }
            #expect(weights.count == names.count && !names.isEmpty)
            let hidden = try #require(output.hiddenStates)
            #expect(hidden.count == Set(names).count + 1 || name.hasPrefix("albert"))
            for (index, actual) in weights.enumerated() {
                let python = try expected.tensor("attentions/\(index)")
                #expect(actual.shape == python.shape)
                // The rows of padding are anyone's.
                let rows = python.shape[3]
                func asking(_ tensor: Tensor) -> [Float] {
                    fixture.tokens(tensor.transpose(1, 2).contiguous().floats(), width: python.shape[1] * rows)
                }
                expect(asking(actual), asking(python), "\(name), layer \(index)")
            }
            expect(output.predictions[0].floats(), usual.predictions[0].floats(), "\(name), logits")
            // It lasts for the one call.
            #expect(try noGrad { try model(inputs) }.attentions == nil)
            let error = #expect(throws: ModelError.self) {
                try model(fixture.packed("sequence"), outputAttentions: true)
            }
            #expect(error?.kind == .inputs)
        }

        @Test(arguments: families)
        func `vectors in place of ids`(name: String) throws {
            let fixture = try FamilyFixture(name)
            let expected = try fixture.calls()
            let padded = try fixture.padded("token")
            let inputs = ModelInputs(
                inputsEmbeds: try expected.tensor("embeds/input").clone(), attentionMask: padded.attentionMask,
                tokenTypeIDs: padded.tokenTypeIDs, labels: padded.labels)
            for kernels in Kernels.allCases {
                let model = try fixture.model("token")
                model.state.kernels = kernels
                try expect(
                    logits(model, inputs, fixture),
                    fixture.tokens(expected.tensor("embeds/logits").floats(), width: model.config.labelCount),
                    "\(name), \(kernels)")
            }
            // The vectors get a gradient, and the table none.
            let model = try fixture.model("token")
            model.state.kernels = .reference
            let vectors = try expected.tensor("embeds/input").clone()
            vectors.requiresGrad = true
            var leaf = inputs
            leaf.inputsEmbeds = vectors
            try model(leaf).loss.backward()
            #expect(vectors.grad?.abs().sum().item() ?? 0 > 0)
            #expect(model.encoder.tokenEmbeddings.weight.gradient == nil)
        }

        @Test(arguments: families)
        func `positions by the caller`(name: String) throws {
            let fixture = try FamilyFixture(name)
            let expected = try fixture.calls()
            var inputs = try fixture.padded("token")
            inputs.positionIDs = try expected.tensor("positions/ids").clone()
            for kernels in Kernels.allCases {
                let model = try fixture.model("token")
                model.state.kernels = kernels
                try expect(
                    logits(model, inputs, fixture),
                    fixture.tokens(expected.tensor("positions/logits").floats(), width: model.config.labelCount),
                    "\(name), \(kernels)")
            }
        }

        @Test(arguments: families)
        func `the choice of attention`(name: String) throws {
            let fixture = try FamilyFixture(name)
            let inputs = try fixture.padded("sequence")
            let usualModel = try fixture.model("sequence")
            let usual = try noGrad { try usualModel(inputs).predictions[0] }.floats()
            for implementation in AttentionImplementation.allCases {
                let model = try fixture.model("sequence")
                guard type(of: model.encoder).attentionImplementations.contains(implementation) else {
                    // Python refuses it too.
                    #expect(name.hasPrefix("deberta") || name.hasPrefix("mpnet"))
                    let error = #expect(throws: ModelError.self) {
                        try model.setAttentionImplementation(implementation)
                    }
                    #expect(error?.message.contains("sdpa") == true)
                    continue
                }
                try model.setAttentionImplementation(implementation)
                #expect(!model.state.runsFused)
                expect(try noGrad { try model(inputs).predictions[0] }.floats(), usual, "\(name), \(implementation)")
                try model.setAttentionImplementation(nil)
                #expect(model.state.runsFused)
            }
        }

        @Test func `names of attention`() throws {
            #expect(try AttentionImplementation(parsing: "eager") == .eager)
            #expect(try AttentionImplementation(parsing: "sdpa") == .sdpa)
            for name in ["flash_attention_2", "flex_attention", "", "Eager"] {
                #expect(throws: ModelError.self) { try AttentionImplementation(parsing: name) }
            }
            // A configuration may say it, and the caller may overrule that.
            let fixture = try FamilyFixture("bert-a")
            let eager = try fixture.model("sequence", overrides: ["attn_implementation": "eager"])
            #expect(eager.state.execution.attention == .eager)
            let flash: JSONObject = ["attn_implementation": "flash_attention_2"]
            #expect(throws: ModelError.self) { try fixture.model("sequence", overrides: flash) }
            var options = LoadOptions(overrides: flash)
            options.attentionImplementation = .sdpa
            let model = try AutoModel.fromPretrained(folder: fixture.folderOfEncoder, options: options)
            #expect(model.state.execution.attention == .sdpa)
        }

        // MARK: Other numbers of tokens

        private func resized(_ fixture: FamilyFixture, _ way: String) throws -> any PretrainedModel {
            let model = try fixture.model("masked")
            manualSeed(42)
            switch way {
            case "mean": try model.resizeTokenEmbeddings(to: 30)
            case "normal": try model.resizeTokenEmbeddings(to: 30, meanResizing: false)
            case "multiple": try model.resizeTokenEmbeddings(padToMultipleOf: 16)
            default: try model.resizeTokenEmbeddings(to: 20)
            }
            return model
        }

        @Test(arguments: families)
        func `other numbers of tokens`(name: String) throws {
            let fixture = try FamilyFixture(name)
            let expected = try fixture.calls()
            // On Intel processors libtorch draws otherwise; the files are from another kind.
            manualSeed(42)
            let probe = Tensor.empty([64])
            probe.bernoulli_(0.9)
            let drawsAlike = probe.floats() == (try fixture.tensors.tensor("probe").to(.float32).floats())
            for (way, count) in [("mean", 30), ("normal", 30), ("multiple", 32), ("fewer", 20)] {
                let names = expected.names.filter { $0.hasPrefix("resize/\(way)/") }
                // Python resizes a wrong layer of DeBERTa's own head.
                guard !names.isEmpty else {
                    #expect(name == "deberta-b" || name == "deberta-v2-a")
                    continue
                }
                let model = try resized(fixture, way)
                #expect(model.config.json["vocab_size"] == .int(count))
                for key in names where !key.hasSuffix("/logits") {
                    let parameter = String(key.dropFirst("resize/\(way)/".count))
                    let python = try expected.tensor(key)
                    // Untied, Python's BERT makes one of the two biases that it had.
                    let own =
                        parameter.hasSuffix(".bias")
                        ? model.state[parameter.replacing(".bias", with: ".decoder.bias")] ?? model.state[parameter]
                        : model.state[parameter]
                    let actual = try #require(own, "\(name), \(parameter)")
                    #expect(actual.shape == python.shape && actual.isTrainable && actual.tensor.shape == python.shape)
                    let kept = min(26, count) * python.shape.dropFirst().reduce(1, *)
                    let (values, wanted) = (actual.tensor.detach().floats(), python.floats())
                    #expect(Array(values.prefix(kept)) == Array(wanted.prefix(kept)), "\(name), \(way), \(parameter)")
                    if drawsAlike || way == "mean" || way == "multiple" {
                        // The draws around the mean are too small for another processor's to matter.
                        let tolerance = drawsAlike ? 1e-6 : 1e-3
                        let wrong = difference(values, wanted, absolute: tolerance)
                        #expect(wrong == nil, "\(name), \(way), \(parameter)")
                    }
                }
                guard drawsAlike else { continue }
                var inputs = try fixture.padded("masked")
                inputs.labels = nil
                let ids = inputs.inputIDs.ints().map { $0 % count }
                inputs.inputIDs = Tensor(ids, shape: inputs.inputIDs.shape)
                expect(
                    try logits(model, inputs, fixture),
                    fixture.tokens(try expected.tensor("resize/\(way)/logits").floats(), width: count),
                    "\(name), \(way), logits")
            }
        }

        @Test(arguments: families)
        func `added tokens are trained, saved and loaded`(name: String) throws {
            let fixture = try FamilyFixture(name)
            for kernels in Kernels.allCases {
                let model = try resized(fixture, "mean")
                model.state.kernels = kernels
                var inputs = try fixture.padded("masked")
                var ids = inputs.inputIDs.ints()
                (ids[1], ids[3]) = (27, 29)
                inputs.inputIDs = Tensor(ids, shape: inputs.inputIDs.shape)
                inputs.labels = Tensor(ids.enumerated().map { $0 < 5 ? $1 : -100 }, shape: inputs.inputIDs.shape)
                let optimizer = AdamW(groups: [ParameterGroup(model.parameters(), learningRate: 0.001, weightDecay: 0)])
                let before = try model(inputs).loss
                before.backward()
                let gradient = try #require(model.encoder.tokenEmbeddings.weight.gradient)
                #expect(gradient.shape[0] == 30 && gradient.select(0, 29).abs().sum().item() > 0)
                optimizer.step()
                optimizer.zeroGrad()
                let after = try noGrad { try model(inputs) }.loss
                #expect(after.item() < before.item(), "\(name), \(kernels)")
                let folder = try TemporaryDirectory()
                try model.savePretrained(folder.path)
                let again = try AutoModelForMaskedLM.fromPretrained(folder: folder.path)
                again.state.kernels = kernels
                #expect(try noGrad { try again(inputs) }.loss.item() == after.item(), "\(name), \(kernels)")
            }
        }

        @Test func `numbers of tokens that are none`() throws {
            let model = try FamilyFixture("bert-a").model("sequence")
            for count in [0, -1, Int.max, .min, 1 << 40] {
                #expect(throws: ModelError.self, "\(count)") { try model.resizeTokenEmbeddings(to: count) }
                #expect(throws: ModelError.self, "\(count)") { try model.resizeTokenEmbeddings(padToMultipleOf: count) }
            }
            #expect(try model.resizeTokenEmbeddings() == 26)
            #expect(try model.resizeTokenEmbeddings(to: 27, padToMultipleOf: 8) == 32)
            // Without the padding's row there is none that gets no gradient.
            #expect(try model.resizeTokenEmbeddings(to: 1) == 1)
            #expect(model.encoder.tokenEmbeddings.paddingIndex == 0)
        }
    }
}
