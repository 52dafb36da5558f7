import SwiftletCheckpoints
import SwiftletDatasets
import SwiftletIO
import SwiftletModels
import SwiftletTasks
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTraining
import Testing
import TinyTraining

/// What training and saving do to a folder of sentence-transformers, and MiniLM's vectors.
@Suite(.oneAtATime) struct SentenceEmbeddingModelTests {
    private static let sentences = [
        "Greta left the bank.", "A ship", "The Rowing Club keeps the bell of the ship in Lowmere.",
    ]

    /// The group with two dense layers, prompts and all.
    private func group() throws -> PipelineGroup {
        try #require(PipelineGroup.all.first { $0.json["files"]?["2_Dense/config.json"] != nil })
    }

    private func vectors(_ folder: String) async throws -> [[Float]] {
        try await pipeline(.sentenceEmbeddings, model: folder)(Self.sentences)
    }

    @Test func `what was loaded is saved, and makes the same vectors`() async throws {
        let (first, second) = (try TemporaryDirectory(), try TemporaryDirectory())
        try group().write(to: first.path)
        let model = try SentenceEmbeddingModel.fromPretrained(folder: first.path)
        try model.savePretrained(second.path)
        try SentenceEmbeddingModel.tokenizer(first.path).save(to: second.path)
        for name in [
            "1_Pooling/config.json", "2_Dense/config.json", "3_Dense/config.json", "sentence_bert_config.json",
            "config_sentence_transformers.json", "modules.json",
        ] {
            #expect(try JSONValue(contentsOf: second.file(name)) == JSONValue(contentsOf: first.file(name)), "\(name)")
        }
        for name in ["", "2_Dense/", "3_Dense/"] {
            let (a, b) = try (
                SafetensorsFile(first.file("\(name)model.safetensors")),
                SafetensorsFile(second.file("\(name)model.safetensors"))
            )
            #expect(Set(a.names) == Set(b.names), "\(name)")
        }
        #expect(try await vectors(first.path) == vectors(second.path))
        #expect(try SentenceEmbeddingModel.tokenizer(second.path).modelMaxLength == 16)
    }

    @Test func `an encoder in a folder of its own is saved in the model's`() async throws {
        let (first, second) = (try TemporaryDirectory(), try TemporaryDirectory())
        let group = try PipelineGroup.first("sentence-embeddings")
        try group.write(to: first.path)
        try FileSystem.createDirectory(first.file("0_Transformer"))
        for name in [
            "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "sentence_bert_config.json",
        ] {
            try FileSystem.rename(first.file(name), to: first.file("0_Transformer/\(name)"))
        }
        var list = try #require(try JSONValue(contentsOf: first.file("modules.json")).array)
        var entry = try #require(list[0].object)
        entry["path"] = "0_Transformer"
        list[0] = .object(entry)
        try AtomicFile.write(JSONValue.array(list).text(), to: first.file("modules.json"))
        #expect(try await pipeline(model: first.path).name == "sentence-embeddings")
        try SentenceEmbeddingModel.fromPretrained(folder: first.path).savePretrained(second.path)
        try SentenceEmbeddingModel.tokenizer(first.path).save(to: second.path)
        #expect(try await vectors(first.path) == vectors(second.path))
        #expect(try JSONValue(contentsOf: second.file("modules.json")).array?[0]["path"] == "")
    }

    @Test func `prompts whose names are two forms of one text are two`() async throws {
        let folder = try TemporaryDirectory()
        try PipelineGroup.first("sentence-embeddings").write(to: folder.path)
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        try AtomicFile.write(
            #"{"prompts": {"\#(composed)": "a: ", "\#(decomposed)": "b: "}}"#,
            to: folder.file("config_sentence_transformers.json"))
        let embed = try await pipeline(.sentenceEmbeddings, model: folder.path)
        for (name, prompt) in [(composed, "a: "), (decomposed, "b: ")] {
            var options = SentenceEmbeddingsOptions()
            options.promptName = name
            #expect(try embed.prompt(options) == prompt)
        }
    }

    @Test func `training changes the layers behind the pooling, and goes on from a checkpoint`() async throws {
        let folder = try TemporaryDirectory()
        try group().write(to: folder.file("model"))
        let tokenizer = try SentenceEmbeddingModel.tokenizer(folder.file("model"))
        let columns = try tokenizer.encodeSeparately(
            Self.sentences + ["the bank", "bell"], Self.sentences.reversed() + ["money", "ring"])
        let rows = try columns.dataset
        func trainer(_ output: String) throws -> Trainer {
            var args = TrainingArguments(folder.file(output))
            args.maxSteps = 4
            args.perDeviceTrainBatchSize = 3
            args.learningRate = 0.01
            args.saveStrategy = .steps
            args.saveSteps = 2
            return try Trainer(
                model: try SentenceEmbeddingModel.fromPretrained(folder: folder.file("model")), args: args,
                trainDataset: rows,
                dataCollator: try DataCollatorForSentencePairs(tokenizer: tokenizer), tokenizer: tokenizer)
        }
        try trainer("whole").train()
        let before = try SafetensorsFile(folder.file("model/2_Dense/model.safetensors")).tensor("linear.weight")
            .floats()
        let checkpoint = folder.file("whole/checkpoint-4")
        let after = try SafetensorsFile("\(checkpoint)/2_Dense/model.safetensors").tensor("linear.weight").floats()
        #expect(difference(before, after, absolute: 1e-4) != nil)
        #expect(try !SafetensorsFile("\(checkpoint)/model.safetensors").names.contains { $0.contains("Dense") })
        try trainer("resumed").train(resumeFrom: .path(folder.file("whole/checkpoint-2")))
        let resumed = try SafetensorsFile(folder.file("resumed/checkpoint-4/2_Dense/model.safetensors")).tensor(
            "linear.weight")
        #expect(resumed.floats() == after)
    }

    @Test func `a folder without modules pools by the mean and says so when it is saved`() async throws {
        let (first, second) = (try TemporaryDirectory(), try TemporaryDirectory())
        try PipelineGroup.first("sentence-embeddings").write(to: first.path)
        for name in ["modules.json", "1_Pooling", "sentence_bert_config.json"] {
            try FileSystem.remove(first.file(name))
        }
        try SentenceEmbeddingModel.fromPretrained(folder: first.path).savePretrained(second.path)
        try AutoTokenizer.fromPretrained(folder: first.path).save(to: second.path)
        #expect(try JSONValue(contentsOf: second.file("1_Pooling/config.json"))["pooling_mode_mean_tokens"] == true)
        #expect(try await vectors(first.path) == vectors(second.path))
    }

    @Test func `pairs and padded batches are pooled as packed ones are`() throws {
        let folder = try TemporaryDirectory()
        for pipes in PipelineGroup.all
        where pipes.json["head"] == "encoder" && pipes.json["model"] == "pipelines/models/words" {
            try pipes.write(to: folder.path)
            let model = try SentenceEmbeddingModel.fromPretrained(folder: folder.path)
            let rows = try SentenceEmbeddingModel.tokenizer(folder.path)(Self.sentences).inputIDs
            let length = rows.map(\.count).max() ?? 0
            func padded(_ value: (Int32) -> Int32) -> Tensor {
                let values = rows.flatMap { row in
                    row.map { Int64(value($0)) } + [Int64](repeating: 0, count: length - row.count)
                }
                return Tensor(values, shape: [rows.count, length])
            }
            let starts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
            let ids = rows.flatMap { $0.map(Int64.init) }
            let packed = try model(ModelInputs(packedIDs: Tensor(ids, shape: [ids.count]), cumulativeLengths: starts))
            let inputs = ModelInputs(
                inputIDs: padded { $0 }, attentionMask: padded { _ in 1 })
            #expect(
                difference(try model(inputs).embeddings.floats(), packed.embeddings.floats(), absolute: 1e-5) == nil)
            var pairs = inputs
            pairs.inputIDs = Tensor.stack([inputs.inputIDs, inputs.inputIDs], 1)
            pairs.attentionMask = inputs.attentionMask.map { Tensor.stack([$0, $0], 1) }
            let both = try model(pairs)
            #expect(both.optionalLoss != nil)
            #expect(
                difference(both.embeddings.select(1, 1).floats(), packed.embeddings.floats(), absolute: 1e-5) == nil)
        }
    }

    @Test(.enabled(if: SmallTask.isAvailable))
    func `MiniLM's vectors are those of sentence-transformers`() async throws {
        let expected = try #require(try JSONValue(contentsOf: Locations.fixture("pipelines/expected.json"))["miniLM"])
        let embed = try await pipeline(.sentenceEmbeddings, model: Locations.miniLM)
        let vectors = try await embed(try #require(expected["texts"]).strings())
        for (ours, theirs) in zip(vectors, try #require(expected["vectors"]).list()) {
            #expect(difference(ours.map(Double.init), try theirs.doubles(), absolute: 1e-5) == nil)
            #expect(abs(ours.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        }
        let rank = try await pipeline(.similarity, model: Locations.miniLM)
        let ranked = try await rank(query: "Somebody has a meal.", texts: ["It rains.", "A man is eating."])
        #expect(ranked.map(\.index) == [1, 0])
    }
}
