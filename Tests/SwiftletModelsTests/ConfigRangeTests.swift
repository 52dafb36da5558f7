import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

extension ModelTests {
    /// No number in a `config.json` stops the process, fills memory or takes long.
    @Suite struct ConfigRangeTests {
        static let families = [
            "albert-b", "bert-a", "camembert-a", "deberta-b", "deberta-v2-a", "deberta-v3-a", "distilbert-b",
            "electra-b",
            "eurobert-b", "gte-b", "jina_embeddings_v3-a", "modernbert-b", "mpnet-b", "nomic_bert-b", "roberta-b",
        ]

        static let odd: [JSONValue] = [
            -1, 0, 3, 100_000, .int(Int(Int32.max)), .int(.max), .int(.min), -0.02, 1e300, "7", .null, [:],
        ]

        /// Errors are typed; whether there is one is the family's business.
        private func tryOut(_ what: String, _ body: () throws -> Void) {
            do { try body() } catch is any SwiftletError {} catch { Issue.record("\(what): \(error)") }
        }

        @Test(arguments: families)
        func `odd values of every field`(name: String) throws {
            let fixture = try FamilyFixture(name)
            let inputs = try fixture.padded("token")
            for (key, _) in fixture.config {
                for value in Self.odd {
                    tryOut("\(name), '\(key)' \(value.text())") {
                        let model = try fixture.model("token", overrides: [key: value])
                        _ = try noGrad { try model(inputs) }
                    }
                }
            }
        }

        @Test(arguments: families)
        func `sizes that no file backs`(name: String) throws {
            let fixture = try FamilyFixture(name)
            let sizes = [
                "vocab_size", "hidden_size", "dim", "embedding_size", "intermediate_size", "hidden_dim",
                "max_position_embeddings",
                "type_vocab_size", "num_hidden_layers", "n_layers", "num_hidden_groups", "inner_group_num",
                "num_labels",
                "max_relative_positions", "relative_attention_num_buckets", "conv_kernel_size", "head_dim",
            ]
            for key in sizes where fixture.config[key] != nil || key == "num_labels" {
                for size in [Int.max, 1 << 40] {
                    var config = fixture.config
                    config[key] = .int(size)
                    if key == "num_labels" { config["id2label"] = nil }
                    let error = #expect(throws: ModelError.self, "\(name), '\(key)' \(size)") {
                        _ = try MaskedLM(ModelConfig(config), state: ModelState())
                        _ = try SequenceClassifier(ModelConfig(config), state: ModelState())
                    }
                    #expect(
                        error?.kind == .memory || error?.message.contains("'\(key)'") == true,
                        "\(name), '\(key)' \(size): \(error?.message ?? "")")
                }
            }
        }

        @Test func `what is missing for memory is said with both numbers`() throws {
            let limit = try #require(MachineMemory.byteCount)
            var config = try FamilyFixture("bert-a").config
            config["vocab_size"] = .int(Int(Int32.max))
            config["hidden_size"] = .int(1 << 20)
            config["num_attention_heads"] = 1
            let error = #expect(throws: ModelError.self) { try Backbone(ModelConfig(config), state: ModelState()) }
            #expect(error?.kind == .memory)
            #expect(error?.message.contains("\(limit)") == true)
            #expect(error?.remedy?.contains("word_embeddings") == true)
        }

        @Test func `a configuration that is wrong about its file costs no memory`() throws {
            let fixture = try FamilyFixture("mpnet-a")
            let error = #expect(throws: ModelError.self) {
                try fixture.model("sequence", overrides: ["relative_attention_num_buckets": .int(Int(Int32.max))])
            }
            #expect(error?.kind == .weights)
            #expect(error?.message.contains("relative_attention_bias") == true)
        }

        @Test(
            arguments: [
                ("bert-a", "initializer_range", -0.02), ("modernbert-a", "initializer_range", -1),
                ("albert-a", "num_hidden_groups", .int(.max)), ("albert-a", "inner_group_num", 4097),
                ("albert-a", "num_hidden_layers", 100_000), ("roberta-a", "num_hidden_layers", 100_000),
                ("deberta-a", "max_relative_positions", .int(.max)), ("deberta-v2-a", "position_buckets", .int(.max)),
                ("gte-a", "rope_theta", -3), ("gte-a", "layer_norm_eps", -1),
                ("bert-a", "layer_norm_eps", .double(.infinity)),
                ("nomic_bert-a", "head_dim", 3), ("nomic_bert-a", "head_dim", 1_048_576),
                ("eurobert-a", "num_key_value_heads", 0),
                ("eurobert-a", "classifier_pooling", "max"), ("bert-a", "id2label", [:]),
            ] as [(String, String, JSONValue)])
        func `ranges are stated`(name: String, key: String, value: JSONValue) throws {
            var config = try FamilyFixture(name).config
            if key == "rope_theta" { config["rope_parameters"] = nil }
            config[key] = value
            let error = #expect(throws: ModelError.self) {
                try SequenceClassifier(ModelConfig(config), state: ModelState())
            }
            let message = error?.message ?? ""
            #expect(message.contains("'\(key)'") || key == "head_dim" && message.contains("heads of"), "\(message)")
        }

        @Test(.enabled(if: FileSystem.isDirectory(Locations.shared("cases/robust"))))
        func `checkpoints that stopped the process once`() throws {
            let root = Locations.shared("cases/robust")
            for folder in try FileSystem.names(in: "\(root)/config").map({ "\(root)/config/\($0)" }) + [
                "\(root)/albert-groups"
            ] {
                tryOut(folder) { _ = try AutoModelForSequenceClassification.fromPretrained(folder: folder) }
            }
        }
    }
}
