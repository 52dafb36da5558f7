import SwiftletCheckpoints
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

extension ModelTests {
    /// Checkpoints with `pytorch_model.bin`. `Tools/reference/pickles.py` makes the fixtures.
    @Suite struct OldWeightsTests {
        static let folder = Locations.fixture("pickles")

        private func logits(_ path: String) throws -> [Float] {
            let model = try AutoModelForMaskedLM.fromPretrained(folder: path)
            model.state.kernels = .reference
            let ids = try SafetensorsFile("\(Self.folder)/model/expected.safetensors").tensor("input_ids").clone()
            return try noGrad { try model(ModelInputs(inputIDs: ids)).logits.floats() }
        }

        @Test(arguments: ["model", "sharded"])
        func `one file or shards, with the tied tensors under both names`(name: String) throws {
            let expected = try SafetensorsFile("\(Self.folder)/model/expected.safetensors").tensor("logits").floats()
            #expect(difference(try logits("\(Self.folder)/\(name)"), expected, absolute: 1e-6) == nil)
        }

        @Test func `safetensors wins, and what is saved is safetensors`() throws {
            let folder = try TemporaryDirectory()
            try AutoModelForMaskedLM.fromPretrained(folder: "\(Self.folder)/model").savePretrained(folder.path)
            try AtomicFile.write("not even a ZIP file", to: folder.file("pytorch_model.bin"))
            #expect(try logits(folder.path) == logits("\(Self.folder)/model"))
            try FileSystem.remove(folder.file("model.safetensors"))
            #expect(throws: PickleError.self) { try logits(folder.path) }
        }

        @Test func `tied tensors that differ are refused with the way out`() throws {
            let folder = try TemporaryDirectory()
            let file = try TorchFile("\(Self.folder)/model/pytorch_model.bin")
            try AtomicFile.write(
                try MappedFile.text("\(Self.folder)/model/config.json"), to: folder.file("config.json"))
            let tensors = try file.names.map { name in
                let tensor = try file.tensor(name).clone()
                return (name, name == "cls.predictions.decoder.weight" ? tensor + 1 : tensor)
            }
            try Safetensors.write(tensors, to: folder.file("model.safetensors"))
            let error = try #require(throws: ModelError.self) {
                try AutoModelForMaskedLM.fromPretrained(folder: folder.path)
            }
            #expect(error.description.contains("decoder.weight") && error.description.contains("tie_word_embeddings"))
            let options = LoadOptions(overrides: ["tie_word_embeddings": false])
            let model = try AutoModelForMaskedLM.fromPretrained(folder: folder.path, options: options)
            #expect(model.state["cls.predictions.decoder.weight"] != nil)
        }

        @Test func `a shard that is missing, and one with another's tensors, are named`() throws {
            let folder = try TemporaryDirectory()
            for name in try FileSystem.names(in: "\(Self.folder)/sharded") {
                let file = try MappedFile("\(Self.folder)/sharded/\(name)")
                try withExtendedLifetime(file) { try AtomicFile.write(Array(file.bytes), to: folder.file(name)) }
            }
            let (first, second) = (
                folder.file("pytorch_model-00001-of-00002.bin"), folder.file("pytorch_model-00002-of-00002.bin")
            )
            let file = try MappedFile(first)
            try withExtendedLifetime(file) { try AtomicFile.write(Array(file.bytes), to: second) }
            #expect(throws: PickleError.self) { try WeightFolder(folder.path) }
            try FileSystem.remove(second)
            let error = try #require(throws: FileError.self) { try WeightFolder(folder.path) }
            #expect(error.description.contains("00002-of-00002"))
        }
    }
}
