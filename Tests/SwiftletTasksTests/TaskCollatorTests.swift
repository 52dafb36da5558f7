import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTasks
import SwiftletTraining
import Testing
import TinyTraining

/// Batches of the tasks against those of Python's collators, and sentence vectors against sentence-transformers'.
@Suite(.oneAtATime) struct TaskCollatorTests {
    @Test(arguments: [nil, 8]) func `labels of tokens are padded`(multiple: Int?) throws {
        let fixture = try TaskFixture("token_classification")
        let rows = zip(try fixture.intLists("input_ids"), try fixture.intLists("first")).prefix(3).map { ids, labels in
            TokenizedExample(
                inputIDs: ids.map(Int32.init), tokenTypeIDs: ids.map { _ in 0 }, label: .ids(labels))
        }
        let collator = try DataCollatorForTokenClassification(tokenizer: fixture.tokenizer, padToMultipleOf: multiple)
        let batch = try #require(try fixture.value("batches")["right-\(multiple ?? 1)"])
        let inputs = try collator(rows)
        #expect(try agrees(inputs.inputIDs, batch["input_ids"]))
        #expect(try agrees(inputs.attentionMask, batch["attention_mask"]))
        #expect(try agrees(inputs.labels, batch["labels"]))
        #expect(throws: TrainingError.self) {
            try collator([TokenizedExample(inputIDs: [1, 2, 3], label: .ids([0, 1]))])
        }
        #expect(throws: TrainingError.self) { try collator([TokenizedExample(inputIDs: [1, 2, 3], label: .id(1))]) }
    }

    @Test func `labels follow a tokenizer that pads on the left`() throws {
        let fixture = try TaskFixture("token_classification")
        let folder = try TemporaryDirectory()
        let source = Locations.fixture("tokenizers/bert-tiny")
        try AtomicFile.write(try MappedFile.text("\(source)/tokenizer.json"), to: folder.file("tokenizer.json"))
        var config = try #require(try JSONValue(contentsOf: "\(source)/tokenizer_config.json").object)
        config["padding_side"] = "left"
        try AtomicFile.write(JSONValue.object(config).text(), to: folder.file("tokenizer_config.json"))
        let rows = zip(try fixture.intLists("input_ids"), try fixture.intLists("first")).prefix(3).map { ids, labels in
            TokenizedExample(inputIDs: ids.map(Int32.init), label: .ids(labels))
        }
        let inputs = try DataCollatorForTokenClassification(
            tokenizer: try AutoTokenizer.fromPretrained(folder: folder.path))(rows)
        let batch = try fixture.value("batches")["left-1"]
        #expect(try agrees(inputs.inputIDs, batch?["input_ids"]))
        #expect(try agrees(inputs.labels, batch?["labels"]))
    }

    @Test(arguments: 0..<6) func `the same seed hides the same tokens`(number: Int) throws {
        let fixture = try TaskFixture("fill_mask")
        let expected = try fixture.value("cases").list()[number]
        let encoding = try fixture.tokenizer(
            try fixture.texts("texts"), truncation: true, maxLength: try fixture.int("max_length"))
        let cut = expected["cut"]?.int ?? .max
        let columns = try #require(try expected["columns"]?.strings())
        let rows = (0..<encoding.count).map { row in
            var example = TokenizedExample(inputIDs: Array(encoding.inputIDs[row].prefix(cut)))
            if columns.contains("special_tokens_mask") {
                example.specialTokensMask = Array(encoding.specialTokensMask[row].prefix(cut))
            }
            if columns.contains("offset_mapping") { example.offsets = Array(encoding.offsets[row].prefix(cut)) }
            return example
        }
        let options = try #require(expected["options"]?.object)
        let collator = try DataCollatorForLanguageModeling(
            tokenizer: fixture.tokenizer, mlmProbability: options["mlm_probability"]?.double ?? 0.15,
            wholeWordMask: options["whole_word_mask"]?.bool ?? false,
            maskReplaceProbability: options["mask_replace_prob"]?.double ?? 0.8,
            randomReplaceProbability: options["random_replace_prob"]?.double ?? 0.1,
            padToMultipleOf: options["pad_to_multiple_of"]?.int, seed: expected["seed"]?.int.map(UInt64.init))
        manualSeed(99)
        for (pair, batch) in zip(try fixture.intLists("pairs"), try #require(try expected["batches"]?.list())) {
            let inputs = try collator(pair.map { rows[$0] })
            #expect(try agrees(inputs.inputIDs, batch["input_ids"]), "\(expected["name"]?.string ?? "")")
            #expect(try agrees(inputs.labels, batch["labels"]), "\(expected["name"]?.string ?? "")")
        }
    }

    @Test func `texts are joined and cut into blocks`() throws {
        let fixture = try TaskFixture("fill_mask")
        let texts = try Dataset.fromColumns([("text", .strings(try fixture.texts("texts")))])
        let tokenized = try texts.map(batched: true, removeColumns: ["text"]) { batch -> Columns in
            let encoding = try fixture.tokenizer(
                try batch.strings("text"), truncation: true, maxLength: try fixture.int("max_length"))
            var columns = Columns(encoding)
            columns["special_tokens_mask"] = .intLists(encoding.specialTokensMask)
            columns["offset_mapping"] = .values(encoding.offsetValues)
            return columns
        }
        let size = try fixture.int("block_size")
        let blocks = try tokenized.map(batched: true, removeColumns: tokenized.columnNames) {
            try groupTexts($0, blockSize: size)
        }
        let expected = try fixture.value("blocks")
        for name in ["input_ids", "token_type_ids", "attention_mask", "special_tokens_mask"] {
            let ours = try blocks.intLists(name, rows: 0..<blocks.numRows).map { $0.map(Int.init) }
            #expect(ours == (try expected[name]?.intLists()), "\(name)")
        }
        let offsets = try TokenizedExamples(blocks).rows.map { $0.offsets?.map { [$0.lowerBound, $0.upperBound] } }
        #expect(offsets == (try expected["offset_mapping"]?.list().map { try $0.intLists() }))
        #expect(throws: TrainingError.self) { try groupTexts(texts.batch(0..<2), blockSize: size) }
        #expect(throws: TrainingError.self) { try groupTexts(tokenized.batch(0..<2), blockSize: 0) }
    }

    @Test func `shares that make no sense, and whole words without their places, are refused`() throws {
        let tokenizer = try TaskFixture("fill_mask").tokenizer
        #expect(throws: TrainingError.self) {
            try DataCollatorForLanguageModeling(tokenizer: tokenizer, mlmProbability: 1.5)
        }
        #expect(throws: TrainingError.self) {
            try DataCollatorForLanguageModeling(
                tokenizer: tokenizer, maskReplaceProbability: 0.8, randomReplaceProbability: 0.3)
        }
        let collator = try DataCollatorForLanguageModeling(tokenizer: tokenizer, wholeWordMask: true)
        let error = try #require(throws: TrainingError.self) { try collator([TokenizedExample(inputIDs: [2, 50, 3])]) }
        #expect(error.remedy?.contains("offset_mapping") == true)
    }

    @Test func `sentence vectors, their contrastive loss and its gradient`() throws {
        let fixture = try TaskFixture("sentence_embeddings")
        func tensors(_ key: String, _ shape: [Int]) throws -> [Tensor] {
            try fixture.value(key).list().map { Tensor(try $0.doubles().map(Float.init), shape: shape) }
        }
        let (states, masks) = (try tensors("states", [4, 5, 6]), try tensors("masks", [4, 5]))
        for state in states { state.requiresGrad = true }
        let pooled = zip(states, masks).map { states, mask in
            EncoderOutput(lastHiddenState: states).meanOfTokens(
                ModelInputs(inputIDs: mask.to(.int64), attentionMask: mask.to(.int64)))
        }
        let loss = SentenceEmbeddings.contrastiveLoss(pooled[0], pooled[1])
        loss.backward()
        for (ours, theirs) in zip(pooled, try fixture.value("pooled").list()) {
            #expect(difference(ours.detach().doubles(), try theirs.doubles(), absolute: 1e-6) == nil)
        }
        #expect(difference([loss.item()], [try #require(fixture.json["loss"]?.double)], absolute: 1e-5) == nil)
        for (ours, theirs) in zip(states, try fixture.value("gradients").list()) {
            let gradient = try #require(ours.grad)
            #expect(difference(gradient.doubles(), try theirs.doubles(), absolute: 1e-5) == nil)
        }
    }

    @Test func `a partner that is found counts, one that is as near as others does not`() throws {
        let found = NumberArray([1, 0, 2, 0, 0, 1, 0, 3], shape: [2, 2, 2])
        #expect(try SentenceEmbeddings.retrieval(found)["accuracy_at_1"] == 1)
        let alike = NumberArray([1, 1, 1, 1, 1, 1, 1, 1], shape: [2, 2, 2])
        let scores = try SentenceEmbeddings.retrieval(alike)
        #expect(scores["accuracy_at_1"] == 0 && scores["mrr"] == 0.5)
    }
}
