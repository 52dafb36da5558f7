import SwiftletCheckpoints
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

extension ModelTests {
    /// What the battery does not ask of every family.
    @Suite struct LaterFamilyDetailTests {
        /// Names of fixtures.
        static let all = ["albert-a", "deberta-a", "deberta-v2-a", "deberta-v3-a", "modernbert-a"]

        private func expect(
            _ actual: Tensor, _ expected: [Float], _ what: String, _ location: SourceLocation = #_sourceLocation
        ) {
            let wrong = difference(actual.floats(), expected, absolute: FamilyBattery.tolerance)
            #expect(wrong == nil, "\(what)", sourceLocation: location)
        }

        @Test(arguments: all.filter { $0 != "albert-a" })
        func `sequences longer than any table`(name: String) throws {
            let fixture = try FamilyFixture(name)
            let model = try fixture.model("token")
            let ids = try fixture.tensors.tensor("long/input_ids").clone()
            for kernels in Kernels.allCases {
                model.state.kernels = kernels
                let logits = try noGrad { try model(ModelInputs(inputIDs: ids)).predictions[0] }
                expect(logits, try fixture.floats("long/logits"), "\(name), \(kernels)")
            }
        }

        @Test func `absolute positions end`() throws {
            let model = try FamilyFixture("deberta-b").model("sequence")
            let long = ModelInputs(inputIDs: Tensor([Int](repeating: 7, count: 17), shape: [1, 17]))
            #expect(throws: ModelError.self) { try model(long) }
        }

        @Test(arguments: ["soft", "negative", "none"])
        func `DeBERTa's own losses`(kind: String) throws {
            for name in ["deberta-a", "deberta-v2-a"] {
                let fixture = try FamilyFixture(name)
                let model = try fixture.model("sequence")
                var inputs = try fixture.padded("sequence")
                inputs.labels = try fixture.tensors.tensor("loss/\(kind)/labels").clone()
                let loss = try model(inputs).loss
                expect(loss, try fixture.floats("loss/\(kind)"), "\(name), \(kind)")
                #expect(model.config.json["problem_type"] == nil)
                loss.backward()
                #expect(model.parameters().compactMap(\.gradient).allSatisfy { $0.isFinite().all() })
            }
        }

        @Test(arguments: all + ["nomic_bert-a", "gte-a", "jina_embeddings_v3-a", "eurobert-a"])
        func `recomputed layers give the same gradients`(name: String) throws {
            let fixture = try FamilyFixture(name)
            let still: JSONObject = [
                "hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0, "classifier_dropout_prob": 0,
                "classifier_dropout": 0,
            ]
            let model = try fixture.model("sequence", overrides: still)
            model.state.kernels = .reference
            model.state.recomputesActivations = true
            model.train()
            let inputs = try fixture.padded("sequence")
            try model(inputs).loss.backward()
            for parameter in model.parameters() {
                let expected = "grad/\(try fixture.stored(parameter.name, "sequence"))"
                let key =
                    expected.hasPrefix("grad/encoder/")
                    ? "grad/sequence/\(expected.dropFirst("grad/".count))" : expected
                guard fixture.has(key) else { continue }
                let gradient = try #require(parameter.gradient, "\(parameter.name)")
                let values = try fixture.floats(key)
                let size = Double(values.lazy.map(abs).max() ?? 0)
                let wrong = difference(gradient.floats(), values, absolute: FamilyBattery.tolerance * max(1, size))
                #expect(wrong == nil, "\(parameter.name)")
            }
        }

        @Test func `rows that begin with padding`() throws {
            let fixture = try FamilyFixture("modernbert-a")
            let model = try fixture.model("choice")
            var inputs = try fixture.padded("choice")
            inputs.attentionMask = try fixture.tensors.tensor("left/attention_mask").clone()
            for kernels in Kernels.allCases {
                model.state.kernels = kernels
                expect(try noGrad { try model(inputs).predictions[0] }, try fixture.floats("left/logits"), "\(kernels)")
            }
        }

        @Test(
            arguments: [
                ("albert-a", "num_attention_heads", 3), ("albert-a", "hidden_act", "mish2"),
                ("albert-a", "pad_token_id", 99),
                ("albert-a", "is_decoder", true), ("albert-a", "num_hidden_groups", 0),
                ("albert-a", "classifier_dropout_prob", 1.5),
                ("deberta-a", "pos_att_type", "p2p"), ("deberta-a", "pooler_hidden_size", 4),
                ("deberta-v2-a", "pos_att_type", ["c2p", "c2p"]), ("deberta-v2-a", "position_buckets", 1),
                ("deberta-v2-a", "position_buckets", 40), ("deberta-v2-a", "conv_kernel_size", 4),
                ("deberta-v2-a", "conv_groups", 3), ("deberta-v2-a", "attention_head_size", 3),
                ("deberta-v2-a", "pooler_hidden_act", 7), ("deberta-v2-a", "relative_attention", "yes"),
                ("modernbert-a", "num_attention_heads", 8), ("modernbert-a", "classifier_pooling", "max"),
                ("modernbert-a", "layer_types", ["full_attention"]), ("modernbert-a", "sparse_prediction", true),
                ("modernbert-a", "rope_scaling", ["type": "linear"]), ("modernbert-a", "local_attention", -2),
                ("modernbert-a", "initializer_cutoff_factor", 0.1),
                (
                    "modernbert-a", "rope_type",
                    ["rope_parameters": ["full_attention": ["rope_type": "yarn", "rope_theta": 10.0]]]
                ),
            ] as [(String, String, JSONValue)])
        func `what is not implemented is refused by its name`(name: String, key: String, value: JSONValue) throws {
            let fixture = try FamilyFixture(name)
            // Where the value is a whole field of another name, that is what changes.
            let overrides: JSONObject = key == "rope_type" ? try #require(value.object) : [key: value]
            let error = #expect(throws: ModelError.self) { try fixture.model("sequence", overrides: overrides) }
            #expect(error?.message.contains("'\(key)'") == true, "\(error?.message ?? "")")
        }

        @Test func `version 1 has no multiple choice`() throws {
            let config = try ModelConfig(contentsOf: "\(Locations.fixture("families/deberta-a"))/config.json")
            #expect(throws: ModelError.self) { try MultipleChoice(config, state: ModelState()) }
        }

        @Test func `old fields of ModernBERT`() throws {
            let fixture = try FamilyFixture("modernbert-a")
            let expected = try fixture.floats("sequence.logits")
            func logits(_ overrides: JSONObject) throws -> [Float] {
                let model = try fixture.model("sequence", overrides: overrides)
                let inputs = try fixture.padded("sequence")
                return try noGrad { try model(inputs).predictions[0].floats() }
            }
            let old: JSONObject = [
                "layer_types": .null, "rope_parameters": .null, "global_attn_every_n_layers": 3,
                "global_rope_theta": 160000.0, "local_rope_theta": 10000.0,
            ]
            #expect(difference(try logits(old), expected, absolute: 1e-6) == nil)
            for (key, value) in ["global_attn_every_n_layers": 2, "global_rope_theta": 3.0, "local_rope_theta": 3.0]
                as JSONObject
            {
                var other = old
                other[key] = value
                #expect(difference(try logits(other), expected, absolute: 1e-4) != nil, "\(key)")
            }
        }
    }
}
