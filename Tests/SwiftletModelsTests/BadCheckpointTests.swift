import SwiftletIO
import SwiftletModels
import SwiftletTensor
import SwiftletTestSupport
import Testing

extension ModelTests {
    /// Every damaged checkpoint gives an error that names what is wrong, and never stops the process.
    @Suite struct BadCheckpointTests {
        let folder: TemporaryDirectory

        init() throws {
            folder = try TemporaryDirectory()
            for name in ["config.json", "model.safetensors"] {
                let file = try MappedFile("\(TinyBert.folder)/\(name)")
                try withExtendedLifetime(file) { try AtomicFile.write(Array(file.bytes), to: folder.file(name)) }
            }
        }

        private func errorText() -> String? {
            do {
                _ = try AutoModelForSequenceClassification.fromPretrained(folder: folder.path)
                return nil
            } catch let error as any SwiftletError {
                return error.description
            } catch {
                return "untyped \(error)"
            }
        }

        private func setConfig(_ key: String, _ value: JSONValue) throws {
            var json = try #require(try JSONValue(contentsOf: folder.file("config.json")).object)
            json[key] = value
            try AtomicFile.write(JSONValue.object(json).text(.config), to: folder.file("config.json"))
        }

        @Test func `intact it loads`() { #expect(errorText() == nil) }

        @Test func `no folder, no config, no weights`() throws {
            #expect(throws: ModelError.self) {
                try AutoModelForSequenceClassification.fromPretrained(folder: "/nowhere/at-all")
            }
            try FileSystem.remove(folder.file("model.safetensors"))
            #expect(try #require(errorText()).contains("model.safetensors"))
            try FileSystem.remove(folder.file("config.json"))
            #expect(try #require(errorText()).contains("config.json"))
        }

        @Test(
            arguments: [
                ("hidden_act", "swoosh", "hidden_act"), ("model_type", "tulip", "tulip"),
                ("hidden_size", "wide", "hidden_size"),
                ("hidden_size", 33, "num_attention_heads"), ("num_hidden_layers", -1, "num_hidden_layers"),
                ("hidden_dropout_prob", 1.5, "hidden_dropout_prob"), ("is_decoder", true, "is_decoder"),
                ("position_embedding_type", "relative_key", "relative_key"), ("problem_type", "riddle", "problem_type"),
                ("vocab_size", 90, "word_embeddings"), ("num_hidden_layers", 3, "layer.2"),
                ("layer_norm_eps", "x", "layer_norm_eps"),
            ] as [(String, JSONValue, String)])
        func `a wrong field is named`(key: String, value: JSONValue, mentioned: String) throws {
            try setConfig(key, value)
            #expect(try #require(errorText()).contains(mentioned))
        }

        @Test(arguments: [0, 4, 7, 8, 100, 5000, 98_000])
        func `a weight file that is cut off is named`(length: Int) throws {
            let file = try MappedFile("\(TinyBert.folder)/model.safetensors")
            try withExtendedLifetime(file) {
                try AtomicFile.write(Array(file.bytes.prefix(length)), to: folder.file("model.safetensors"))
            }
            #expect(try #require(errorText()).contains("model.safetensors"))
        }

        @Test func `ids, segments and labels outside the model are refused`() throws {
            let model = try AutoModelForSequenceClassification.fromPretrained(folder: folder.path)
            let good = Tensor([Int64(1), 2], shape: [1, 2])
            #expect(throws: ModelError.self) {
                try model(ModelInputs(inputIDs: Tensor([Int64(1), 100], shape: [1, 2])))
            }
            #expect(throws: ModelError.self) {
                try model(ModelInputs(inputIDs: Tensor([Int64(-1), 1], shape: [1, 2])))
            }
            #expect(throws: ModelError.self) {
                try model(ModelInputs(inputIDs: good, tokenTypeIDs: Tensor([Int64(2), 0], shape: [1, 2])))
            }
            #expect(throws: ModelError.self) {
                try model(ModelInputs(inputIDs: good, labels: Tensor([Int64(2)], shape: [1])))
            }
            #expect(throws: ModelError.self) { try model(ModelInputs(inputIDs: Tensor.zeros([1, 65], dtype: .int64))) }
        }
    }
}
