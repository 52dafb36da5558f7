import SwiftletCheckpoints
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

extension ModelTests {
    @Suite struct FamilyTests {
        @Test(arguments: [
            "bert", "distilbert", "roberta", "xlm-roberta", "camembert", "electra", "mpnet", "nomic_bert", "gte",
            "jina_embeddings_v3", "eurobert",
        ])
        func `everything that a family does`(name: String) throws {
            try FamilyBattery(name).run()
        }

        @Test(
            arguments: [
                ("distilbert-a", "n_heads", 3, "n_heads"), ("distilbert-a", "activation", "swoosh", "swoosh"),
                ("distilbert-a", "pad_token_id", 99, "pad_token_id"),
                ("roberta-a", "pad_token_id", nil, "pad_token_id"),
                ("roberta-a", "pad_token_id", 15, "max_position_embeddings"),
                ("roberta-a", "is_decoder", true, "is_decoder"),
                ("roberta-a", "position_embedding_type", "relative_key_query", "relative_key_query"),
                ("electra-a", "add_cross_attention", true, "add_cross_attention"),
                ("electra-a", "embedding_size", 0, "embedding_size"),
                ("mpnet-a", "relative_attention_num_buckets", 8, "relative_attention_num_buckets"),
                ("mpnet-a", "max_position_embeddings", 2, "max_position_embeddings"),
                ("bert-a", "model_type", "tulip", "tulip"),
            ] as [(String, String, JSONValue, String)])
        func `what a family can't do is refused by name`(
            fixture: String, field: String, value: JSONValue, mentioned: String
        ) throws {
            var config = try FamilyFixture(fixture).config
            config[field] = value
            let error = try #require(throws: ModelError.self) {
                try SequenceClassifier(ModelConfig(config), state: ModelState())
            }
            #expect(error.description.contains(mentioned))
        }

        @Test(arguments: [("summary_type", "attn"), ("summary_proj_to_labels", true)] as [(String, JSONValue)])
        func `ELECTRA's summary refuses what it can't do`(field: String, value: JSONValue) throws {
            var config = try FamilyFixture("electra-a").config
            config[field] = value
            let error = try #require(throws: ModelError.self) {
                try MultipleChoice(ModelConfig(config), state: ModelState())
            }
            #expect(error.description.contains(field))
        }

        @Test func `a question answering model has two labels`() throws {
            let config = try FamilyFixture("bert-b").config
            #expect(throws: ModelError.self) { try QuestionAnswerer(ModelConfig(config), state: ModelState()) }
        }

        @Test func `MPNet's distances fall into Python's buckets`() throws {
            let expected = try FamilyFixture("mpnet-a").tensors.tensor("buckets").ints()

            #expect((-200...200).map(MPNetModel.distanceBucket) == expected)
        }

        @Test func `DistilBERT's fresh positions may be waves`() throws {
            var config = try FamilyFixture("distilbert-a").config
            config["sinusoidal_pos_embds"] = true
            let model = try SequenceClassifier(ModelConfig(config), state: ModelState())
            model.state.initializeMissing()
            let positions = try #require(model.state["distilbert.embeddings.position_embeddings.weight"]).tensor
                .detach()
            // Sine and cosine of 3, 0.3, 0.03 and 0.003.
            let expected: [Float] = [
                0.14112, -0.98999250, 0.29552021, 0.95533649, 0.02999550, 0.99955003, 0.00299999, 0.99999550,
            ]
            #expect(difference(positions.select(0, 3).floats(), expected, absolute: 1e-6) == nil)
        }

        @Test func `inputs that lead out of a family's tables are refused`() throws {
            let roberta = try FamilyFixture("roberta-a").model("sequence")
            let ids = Tensor([Int](repeating: 7, count: 15), shape: [1, 15])
            // 16 rows, the first two of which no token has.
            #expect(throws: ModelError.self) { try roberta(ModelInputs(inputIDs: ids), outputHiddenStates: false) }
            _ = try roberta(ModelInputs(inputIDs: ids.narrow(1, 0, 14)), outputHiddenStates: false)
            var inputs = ModelInputs(inputIDs: ids.narrow(1, 0, 2))
            inputs.positionIDs = Tensor([3, 16], shape: [1, 2])
            #expect(throws: ModelError.self) { try roberta(inputs, outputHiddenStates: false) }
            let choice = try FamilyFixture("bert-a").model("choice")
            #expect(throws: ModelError.self) { try choice(ModelInputs(inputIDs: ids), outputHiddenStates: false) }
            let packed = ModelInputs(packedIDs: ids.reshape([15]), cumulativeLengths: [0, 5, 10, 15])
            #expect(throws: ModelError.self) { try choice(packed, outputHiddenStates: false) }
        }
    }
}
