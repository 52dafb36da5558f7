import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
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
                let batch = try batch.get().to(.cpu)
                order.append(rowNumbers(batch))
                let loss = try model(batch).loss
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
            let batch = try batch.get()
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

    @Test(arguments: [("shuffle", 0), ("shuffle", 2), ("drop_last", 0), ("in_order", 0), ("generator", 0), ("generator", 1)])
    func `the order of the batches`(name: String, workers: Int) throws {
        manualSeed(42)
        let loader = try DataLoader(
            tinyDataset(rows: 21), batchSize: 4, shuffle: name != "in_order", collate: TinyCollator(),
            dropLast: name == "drop_last", numWorkers: workers,
            generator: name == "generator" ? Generator(seed: 7) : nil)
        let passes = try #require(expected["orders"]?[name]?.array)
        #expect(passes.count == 2)
        for pass in passes {
            let order = try loader.map { rowNumbers(try $0.get()) }
            #expect(order == (try batches(pass)))
            #expect(order.count == loader.count)
        }
    }

    @Test func `leaving an epoch early ends the thread that works ahead`() throws {
        for _ in 0..<50 {
            let loader = try DataLoader(
                tinyDataset(rows: 40), batchSize: 2, collate: TinyCollator(), numWorkers: 1, prefetchFactor: 1)
            let first = try #require(loader.first { _ in true })
            #expect(rowNumbers(try first.get()) == [0, 1])
        }
    }

    @Test(arguments: [0, 1]) func `a batch that can't be made throws, and the others come`(workers: Int) throws {
        struct Odd: Error {}
        let loader = try DataLoader(tinyDataset(rows: 6), batchSize: 2, numWorkers: workers) { rows in
            if rows.contains(where: { $0.inputIDs.first == 5 + 2 * 7 }) { throw Odd() }
            return try TinyCollator()(rows)
        }
        let results = Array(loader)
        #expect(results.count == 3)
        #expect(throws: Odd.self) { try results[1].get() }
        #expect(rowNumbers(try results[0].get()) == [0, 1])
        #expect(rowNumbers(try results[2].get()) == [4, 5])
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
        let batch = try #require(try DataLoader(rows, batchSize: 2, collate: TinyCollator()).first { _ in true }).get()
        let outputs = try model(batch)
        #expect(try #require(throws: TrainingError.self) { try outputs.loss }.remedy?.contains("label") == true)
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
