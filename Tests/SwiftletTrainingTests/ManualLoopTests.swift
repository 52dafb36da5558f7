import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTraining
import Testing
import TinyTraining

/// The training loop written by hand against PyTorch's; `Tools/reference/manual_loop.py` made the numbers.
@Suite(.oneAtATime) struct ManualLoopTests {
    private let expected: JSONValue

    init() throws { expected = try JSONValue(contentsOf: Locations.fixture("manual-loop/expected.json")) }

    private func numbers(_ key: String) throws -> [Double] {
        try #require(expected["loop"]?[key]?.array).compactMap(\.double)
    }

    /// Batches as row numbers.
    private func batches(_ json: JSONValue?) throws -> [[Int]] {
        try #require(json?.array).map { try #require($0.array).compactMap(\.int) }
    }

    @Test func `losses, rates and batches of the course's loop`() throws {
        let model = try AutoModelForSequenceClassification.fromPretrained(
            folder: Locations.fixture("tiny-bert"),
            options: LoadOptions(overrides: ["hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0]))
        manualSeed(42)
        let train = try DataLoader(tinyDataset(rows: 21), batchSize: 4, shuffle: true, collate: TinyCollator())
        let evaluation = try DataLoader(tinyDataset(rows: 10), batchSize: 4, collate: TinyCollator())
        let optimizer = AdamW(model.parameters(), lr: 1e-3)
        let schedule = try getScheduler(
            "linear", optimizer: optimizer, numWarmupSteps: 2, numTrainingSteps: 3 * train.count)
        var (order, losses, rates) = ([[Int]](), [Double](), [Double]())
        model.train()
        for _ in 0..<3 {
            for batch in progress(train) {
                order.append(rowNumbers(batch))
                let loss = try model(batch.to(.cpu)).loss
                loss.backward()
                losses.append(loss.item())
                rates += schedule.lastLearningRates
                optimizer.step()
                schedule.step()
                optimizer.zeroGrad()
            }
        }
        #expect(order == (try batches(expected["loop"]?["order"])))
        #expect(difference(losses, try numbers("losses"), absolute: 1e-5) == nil)
        #expect(difference(rates, try numbers("rates"), absolute: 1e-12) == nil)

        let metric = try Evaluate.load("glue", "mrpc")
        var (logits, predictions) = ([Double](), [Int]())
        model.eval()
        for batch in evaluation {
            let outputs = try noGrad { try model(batch) }
            logits += outputs.logits.doubles()
            let best = outputs.logits.argmax(-1)
            predictions += best.ints()
            try metric.addBatch(predictions: best, references: batch.labels)
        }
        #expect(difference(logits, try numbers("logits"), absolute: 1e-4) == nil)
        let references = try numbers("references").map(Int.init)
        #expect(predictions == (try numbers("predictions").map(Int.init)))
        #expect(
            try metric.compute()
                == Evaluate.load("glue", "mrpc").compute(predictions: predictions, references: references))
        #expect(Int(randomInt64()) == expected["loop"]?["next_random"]?.int, "draws from the default generator")
    }

    @Test(arguments: [
        ("shuffle", 0), ("shuffle", 2), ("drop_last", 0), ("in_order", 0), ("generator", 0), ("generator", 1),
    ])
    func `the order of the batches`(name: String, workers: Int) throws {
        manualSeed(42)
        let loader = try DataLoader(
            tinyDataset(rows: 21), batchSize: 4, shuffle: name != "in_order", collate: TinyCollator(),
            dropLast: name == "drop_last", numWorkers: workers,
            generator: name == "generator" ? Generator(seed: 7) : nil)
        let passes = try #require(expected["orders"]?[name]?.array)
        #expect(passes.count == 2)
        for pass in passes {
            let order = loader.map(rowNumbers)
            #expect(order == (try batches(pass)))
            #expect(order.count == loader.count)
        }
    }

    @Test func `leaving an epoch early ends the thread that works ahead`() throws {
        for _ in 0..<50 {
            let loader = try DataLoader(
                tinyDataset(rows: 40), batchSize: 2, collate: TinyCollator(), numWorkers: 1, prefetchFactor: 1)
            let first = try #require(loader.first { _ in true })
            #expect(rowNumbers(first) == [0, 1])
        }
    }

    @Test(arguments: [0, 1])
    func `the model throws what kept a batch from being made, and the others come`(workers: Int) throws {
        struct Odd: Error {}
        let loader = try DataLoader(tinyDataset(rows: 6), batchSize: 2, numWorkers: workers) { rows in
            if rows.contains(where: { $0.inputIDs.first == 5 + 2 * 7 }) { throw Odd() }
            return try TinyCollator()(rows)
        }
        let batches = Array(loader)
        #expect(batches.count == 3)
        #expect(throws: Odd.self) { try batches[1].check() }
        #expect(rowNumbers(batches[0]) == [0, 1] && batches[0].failure == nil)
        #expect(rowNumbers(batches[2]) == [4, 5])
        let (path, options) = (Locations.fixture("tiny-bert"), LoadOptions(ignoreMismatchedSizes: true))
        let models: [any PretrainedModel] = try [
            AutoModel.fromPretrained(folder: path),
            AutoModelForSequenceClassification.fromPretrained(folder: path),
            AutoModelForTokenClassification.fromPretrained(folder: path),
            AutoModelForQuestionAnswering.fromPretrained(folder: path),
            AutoModelForMultipleChoice.fromPretrained(folder: path, options: options),
            AutoModelForMaskedLM.fromPretrained(folder: path),
        ]
        for model in models {
            #expect(throws: Odd.self, "\(type(of: model))") { _ = try model(batches[1]) }
            #expect(
                throws: Odd.self, "\(type(of: model))"
            ) { _ = try model(batches[1].to(.cpu), outputHiddenStates: true) }
        }
        let first = try #require(models[1](batches[0]) as? SequenceClassifierOutput)
        #expect(try first.loss.item() == first.optionalLoss?.item())
    }

    @Test func `a loop ends at the batch that can't be made`() throws {
        struct Odd: Error {}
        let model = try AutoModelForSequenceClassification.fromPretrained(folder: Locations.fixture("tiny-bert"))
        var made = 0
        let loader = try DataLoader(tinyDataset(rows: 6), batchSize: 2) { rows in
            made += 1
            if made == 2 { throw Odd() }
            return try TinyCollator()(rows)
        }
        var steps = 0
        #expect(throws: Odd.self) {
            for batch in loader {
                _ = try model(batch).loss
                steps += 1
            }
        }
        #expect(steps == 1)
    }

    @Test func `rows that no batch can hold are named when the loader is made`() throws {
        let tokenizer = try AutoTokenizer.fromPretrained(folder: Locations.fixture("tokenizers/bert-tiny"))
        let ids: [[Int32]] = [[2, 5, 3], [2, 6, 3], [2, 7, 8, 3]]
        func rows(_ columns: (String, ColumnData)...) throws -> Dataset {
            try .fromColumns([("input_ids", .intLists(ids))] + columns)
        }
        func failure(_ dataset: Dataset, _ collator: any DataCollator) throws -> TrainingError {
            try #require(throws: TrainingError.self) { _ = try DataLoader(dataset, batchSize: 2, collate: collator) }
        }
        let padding = try DataCollatorWithPadding(tokenizer: tokenizer)
        for column in ["attention_mask", "token_type_ids"] {
            let error = try failure(rows((column, .intLists([[1, 1, 1], [1, 1, 1], [1]]))), padding)
            #expect(error.kind == .invalidData && error.location.row == 2 && error.message.contains(column))
        }
        let masking = try DataCollatorForLanguageModeling(tokenizer: tokenizer)
        let long: [[Int32]] = [[1, 0, 1], [1, 0, 1, 1, 1], [1, 0, 0, 1]]
        #expect(try failure(rows(("special_tokens_mask", .intLists(long))), masking).location.row == 1)
        let words = try DataCollatorForLanguageModeling(tokenizer: tokenizer, wholeWordMask: true)
        #expect(try failure(rows(), words).location.row == 0)
        let tags = try DataCollatorForTokenClassification(tokenizer: tokenizer)
        #expect(try failure(rows(("labels", .intLists([[0, 1, 0], [0], [0, 1, 1, 0]]))), tags).location.row == 1)
        // What fits is taken.
        _ = try DataLoader(rows(("labels", .intLists([[0, 1, 0], [0, 1, 0], [0, 1, 1, 0]]))), collate: tags)
        _ = try DataLoader(rows(("attention_mask", .intLists(ids))), collate: padding)
    }

    @Test func `settings that make no batches are refused`() throws {
        let rows = try tinyDataset(rows: 6)
        #expect(throws: TrainingError.self) { try DataLoader(rows, batchSize: 0, collate: TinyCollator()) }
        #expect(throws: TrainingError.self) { try DataLoader(rows, collate: TinyCollator(), numWorkers: -1) }
        #expect(throws: TrainingError.self) {
            try DataLoader(rows, collate: TinyCollator(), numWorkers: 1, prefetchFactor: 0)
        }
        let empty = try tinyDataset(rows: 0)
        #expect(throws: TrainingError.self) { try DataLoader(empty, shuffle: true, collate: TinyCollator()) }
        let texts = try Dataset.fromColumns([("sentence", .strings(["a"]))])
        let error = try #require(throws: TrainingError.self) { try DataLoader(texts, collate: TinyCollator()) }
        #expect(error.message.contains("input_ids"))
    }

    @Test func `a step or a metric without labels says what is missing`() throws {
        let model = try AutoModelForSequenceClassification.fromPretrained(folder: Locations.fixture("tiny-bert"))
        let rows = try tinyDataset(rows: 2).removeColumns("label")
        let batch = try DataLoader(rows, batchSize: 2, collate: TinyCollator()).first()
        let outputs = try model(batch)
        let error = try #require(throws: ModelError.self) { try outputs.loss }
        #expect(error.kind == .noLabels && error.remedy?.contains("label") == true && outputs.optionalLoss == nil)
        let metric = try Evaluate.load("accuracy")
        #expect(throws: TrainingError.self) {
            try metric.addBatch(predictions: outputs.logits.argmax(-1), references: batch.labels)
        }
    }

    @Test func `tensors of several labels a row reach a metric as rows`() throws {
        let metric = try Evaluate.load("f1", "multilabel").with(.average(.micro))
        let predictions = Tensor([1, 0, 1, 0] as [Int64], shape: [2, 2])
        let references = Tensor([1, 0, 0, 1] as [Int64], shape: [2, 2])
        try metric.addBatch(predictions: predictions, references: references)
        // One true positive, one false positive, one false negative.
        #expect(try metric.compute()["f1"] == 0.5)
    }
}
