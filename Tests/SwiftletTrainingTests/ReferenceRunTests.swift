import SwiftletDatasets
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTraining
import Testing

/// The first 40 steps on MRPC against those of Python's Trainer: the same batches, losses, gradient norms and rates.
@Suite(.oneAtATime, .enabled(if: Locations.hasShared, "the reference data is not beside the package"))
struct ReferenceRunTests {
    /// Fields of one of the two runs in `mrpc_minilm.json`.
    private static func reference(_ name: String) throws -> JSONValue {
        try #require(try JSONValue(contentsOf: Locations.shared("reference/mrpc_minilm.json"))[name])
    }

    private func run(dropout: Bool) throws -> (trainer: Trainer, validation: Dataset) {
        let raw = try loadDataset(folder: Locations.shared("hub/datasets/nyu-mll/glue"), "mrpc")
        let tokenizer = try AutoTokenizer.fromPretrained(folder: Locations.miniLM)
        func tokenized(_ split: String) throws -> Dataset {
            try raw.split(split).map(batched: true) { batch in
                let encoded = try tokenizer(
                    try batch.strings("sentence1"), try batch.strings("sentence2"), truncation: true)
                return [
                    "input_ids": .intLists(encoded.inputIDs), "token_type_ids": .intLists(encoded.tokenTypeIDs),
                    "attention_mask": .intLists(encoded.attentionMask),
                ] as Columns
            }
        }
        manualSeed(42)
        let model = try AutoModelForSequenceClassification.fromPretrained(
            folder: Locations.miniLM, numLabels: 2,
            options: LoadOptions(
                overrides: dropout ? [:] : ["hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0]))
        let head = try Self.reference(dropout ? "dropout_on" : "dropout_off")["head"]
        let expected = try #require(head?["weight"]?.array).flatMap { $0.array?.compactMap(\.double) ?? [] }
        let drawn = try #require(model.state["classifier.weight"]).tensor.doubles()
        #expect(difference(drawn, expected, absolute: 1e-8) == nil, "the head that the seed draws")

        var args = TrainingArguments("unused")
        args.maxSteps = 40
        args.loggingSteps = 1
        args.kernels = .reference
        args.saveStrategy = .no
        let trainer = try Trainer(
            model: model, args: args, trainDataset: try tokenized("train"), tokenizer: tokenizer)
        try trainer.train()
        return (trainer, try tokenized("validation"))
    }

    @Test(arguments: [(false, 1e-5), (true, 1e-4)])
    func `forty steps`(dropout: Bool, tolerance: Double) throws {
        let (trainer, validation) = try run(dropout: dropout)
        let reference = try Self.reference(dropout ? "dropout_on" : "dropout_off")
        let log = try #require(reference["log"]?.array)
        let ours = trainer.state.logHistory.filter { $0["loss"] != nil }
        #expect(ours.count == 40 && log.count == 40)
        for (key, theirs) in [("loss", "loss"), ("grad_norm", "grad_norm"), ("learning_rate", "lr")] {
            let wrong = difference(
                ours.compactMap { $0[key]?.double }, log.compactMap { $0[theirs]?.double },
                absolute: key == "learning_rate" ? 1e-12 : 0, relative: tolerance)
            #expect(wrong == nil, "\(key), dropout \(dropout)")
        }
        let prediction = try trainer.predict(validation)
        let logits = try #require(reference["eval_logits"]?.array).flatMap { $0.array?.compactMap(\.double) ?? [] }
        #expect(prediction.predictions.shape == [408, 2])
        #expect(difference(prediction.predictions.values.map(Double.init), logits, absolute: 1e-3) == nil)
    }
}
