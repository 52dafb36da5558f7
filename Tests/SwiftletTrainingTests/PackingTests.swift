import SwiftletDatasets
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTraining
import Testing

/// Batches that the collator packs, beside the same ones padded.
@Suite(.oneAtATime) struct PackingTests {
    private let tokenizer: Tokenizer

    init() throws { tokenizer = try AutoTokenizer.fromPretrained(folder: Locations.fixture("tokenizers/bert-tiny")) }

    /// Rows of 2 to 10 tokens, of two segments; a number of them that leaves a last batch of three.
    private func dataset(_ label: (Int) -> Value = { .int($0 % 2) }) throws -> Dataset {
        let lengths = (0..<51).map { 2 + $0 * 5 % 9 }
        let ids = lengths.enumerated().map { row, length in (0..<length).map { Int32(5 + (row * 7 + $0 * 3) % 21) } }
        return try .fromColumns([
            ("input_ids", .intLists(ids)),
            ("token_type_ids", .intLists(lengths.map { length in (0..<length).map { $0 * 2 < length ? 0 : 1 } })),
            ("label", .values((0..<51).map(label))),
        ])
    }

    private func choices() throws -> Dataset {
        let rows: [Value] = (0..<51).map { row in
            .list(
                (0..<3).map { choice in
                    .list((0..<2 + (row + choice * 4) % 7).map { .int(5 + (row * 7 + choice + $0 * 3) % 21) })
                })
        }
        return try .fromColumns([("input_ids", .values(rows)), ("label", .ints((0..<51).map { $0 % 3 }))])
    }

    /// A family's tiny model with random weights, dropout included.
    private func config(_ family: String, _ changes: JSONObject = [:]) throws -> ModelConfig {
        var config = try ModelConfig(contentsOf: "\(Locations.fixture("families/\(family)"))/config.json")
        config.json["problem_type"] = nil
        config.json["id2label"] = nil
        config.json["label2id"] = nil
        // The tokenizer's: RoBERTa's positions depend on it.
        config.json["pad_token_id"] = 0
        for (key, value) in changes { config.json[key] = value }
        return config
    }

    private func classifier(_ family: String, _ changes: JSONObject = [:]) throws -> SequenceClassifier {
        manualSeed(5)
        let model = try SequenceClassifier(try config(family, changes), state: ModelState())
        model.state.initializeMissing()
        return model
    }

    private func chooser(_ family: String) throws -> MultipleChoice {
        manualSeed(5)
        let model = try MultipleChoice(try config(family), state: ModelState())
        model.state.initializeMissing()
        return model
    }

    private func trainer(
        _ model: any PretrainedModel, _ data: Dataset, _ collator: (any DataCollator)?,
        _ change: (inout TrainingArguments) -> Void = { _ in }
    ) throws -> Trainer {
        var args = TrainingArguments("unused")
        args.maxSteps = 40
        args.loggingSteps = 1
        args.saveStrategy = .no
        args.includeNumInputTokensSeen = true
        args.learningRate = 1e-3
        change(&args)
        return try Trainer(
            model: model, args: args, trainDataset: data, evalDataset: data, dataCollator: collator,
            tokenizer: tokenizer)
    }

    /// Trains, evaluates and predicts both ways. Packed batches come of themselves; padded ones because they are asked
    /// for.
    private func compare(
        _ make: () throws -> any PretrainedModel, _ data: Dataset, padded collator: any DataCollator, _ name: String,
        tolerance: Double = 0, _ change: (inout TrainingArguments) -> Void = { _ in }
    ) throws {
        let (packed, padded) = (try trainer(make(), data, nil, change), try trainer(make(), data, collator, change))
        #expect(packed.collator(isTraining: true) is DataCollatorWithFlattening, "\(name)")
        #expect(packed.collator(isTraining: false) is DataCollatorWithFlattening, "\(name)")
        var answers: [[Float]] = []
        var logs: [[JSONObject]] = []
        for trainer in [packed, padded] {
            // Models drawn in between have used the generator that dropout draws from.
            manualSeed(trainer.args.seed)
            try trainer.train()
            try trainer.evaluate()
            answers.append(try trainer.predict(data).predictions.values)
            logs.append(trainer.state.logHistory)
        }
        #expect(logs[0].count == logs[1].count && logs[0].count > 40, "\(name)")
        for (ours, theirs) in zip(logs[0], logs[1]) {
            for (key, value) in theirs where !key.hasSuffix("_runtime") && !key.hasSuffix("_per_second") {
                let (ours, theirs) = (ours[key]?.double ?? .nan, value.double ?? .nan)
                #expect(abs(ours - theirs) <= tolerance * max(1, abs(theirs)), "\(name): \(key) \(ours) and \(theirs)")
            }
        }
        #expect(difference(answers[0], answers[1], absolute: tolerance) == nil, "\(name)")
        for (ours, theirs) in zip(weights(packed), weights(padded)) {
            #expect(difference(ours.values, theirs.values, absolute: tolerance) == nil, "\(name): \(ours.name)")
        }
    }

    @Test(arguments: [
        "albert-b", "bert-b", "deberta-b", "deberta-v2-b", "deberta-v3-a", "distilbert-b", "electra-b", "modernbert-a",
        "mpnet-b", "roberta-b",
    ])
    func `forty steps of a family, dropout on`(family: String) throws {
        try compare(
            { try classifier(family) }, try dataset(), padded: DataCollatorWithPadding(tokenizer: tokenizer), family)
    }

    /// The mean over tokens is summed in another order.
    @Test func `forty steps of a head that reads all tokens`() throws {
        try compare(
            { try classifier("modernbert-b") }, try dataset(), padded: DataCollatorWithPadding(tokenizer: tokenizer),
            "modernbert-b", tolerance: 1e-6)
    }

    @Test func `forty steps of choices`() throws {
        for family in ["bert-b", "electra-a"] {
            try compare(
                { try chooser(family) }, try choices(), padded: DataCollatorForMultipleChoice(tokenizer: tokenizer),
                family)
        }
    }

    @Test func `numbers, many labels, smoothed labels and grouped lengths`() throws {
        let padding = try DataCollatorWithPadding(tokenizer: tokenizer)
        try compare(
            { try classifier("bert-b", ["num_labels": 1]) }, try dataset { .double(Double($0) / 10) }, padded: padding,
            "numbers")
        try compare(
            { try classifier("bert-b", ["num_labels": 3]) },
            try dataset { .list([.double(1), .double(Double($0 % 2)), .double(0)]) }, padded: padding, "many labels")
        try compare({ try classifier("bert-b") }, try dataset(), padded: padding, "smoothed") {
            $0.labelSmoothingFactor = 0.1
            $0.trainSamplingStrategy = .groupByLength
            $0.gradientAccumulationSteps = 2
            $0.dataloaderNumWorkers = 1
            $0.perDeviceEvalBatchSize = 5
        }
    }

    @Test func `where padding counts, batches stay padded`() throws {
        let data = try dataset()
        func packs(_ model: any PretrainedModel, _ change: (inout TrainingArguments) -> Void = { _ in }) throws
            -> [Bool]
        {
            let trainer = try trainer(model, data, nil, change)
            trainer.model.state.neftuneAlpha = trainer.args.neftuneNoiseAlpha
            trainer.model.state.recomputesActivations = trainer.args.gradientCheckpointing
            return [true, false].map { trainer.collator(isTraining: $0) is DataCollatorWithFlattening }
        }
        #expect(try packs(classifier("bert-a")) == [true, true])
        #expect(try packs(classifier("bert-a")) { $0.kernels = .reference } == [false, false])
        #expect(try packs(classifier("bert-a")) { $0.neftuneNoiseAlpha = 5 } == [false, true])
        #expect(try packs(classifier("bert-a")) { $0.gradientCheckpointing = true } == [false, true])
        #expect(try packs(chooser("electra-a")) == [true, true])
        #expect(try packs(chooser("electra-b")) == [false, false])
        #expect(try packs(TokenClassifier(try config("bert-a"), state: ModelState())) == [false, false])
        #expect(
            try packs(QuestionAnswerer(try config("bert-a", ["num_labels": 2]), state: ModelState())) == [false, false])
        // bf16 packs where it runs on the fused kernels.
        let model = try classifier("bert-a")
        let isFused = autocast(.bfloat16) { model.state.runsFused }
        #expect(try packs(model) { $0.bf16 = true } == [isFused, isFused])
    }

    @Test func `a batch is its rows one after another`() throws {
        let collator = try DataCollatorWithFlattening(tokenizer: tokenizer)
        let rows = [
            TokenizedExample(inputIDs: [5, 6, 7], tokenTypeIDs: [0, 1, 1], label: .id(1)),
            TokenizedExample(inputIDs: [8], attentionMask: [1], tokenTypeIDs: [0], label: .id(0)),
        ]
        let batch = try collator(rows)
        #expect(batch.inputIDs.shape == [4] && batch.inputIDs.ints() == [5, 6, 7, 8])
        #expect(batch.cumulativeLengths == [0, 3, 4] && batch.attentionMask == nil && batch.positionIDs == nil)
        #expect(batch.tokenTypeIDs?.ints() == [0, 1, 1, 0] && batch.labels?.ints() == [1, 0])
        // Padding that rows bring along counts for positions.
        for row in [
            TokenizedExample(inputIDs: [5, 6], attentionMask: [1, 0]), TokenizedExample(inputIDs: [5, 0]),
            TokenizedExample(inputIDs: []),
        ] {
            let batch = try collator([TokenizedExample(inputIDs: [5, 6, 7]), row])
            #expect(batch.cumulativeLengths == nil && batch.inputIDs.shape == [2, 3])
        }
        #expect(throws: TrainingError.self) { try collator([]) }
        #expect(throws: TrainingError.self) {
            try collator([TokenizedExample(inputIDs: [5], attentionMask: [1, 1])])
        }
    }
}
