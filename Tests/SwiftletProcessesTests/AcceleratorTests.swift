import SwiftletIO
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining
import Testing

/// The Accelerator on several processes, against accelerate's and against one process.
@Suite(.oneAtATime) struct AcceleratorTests {
    private let runs: HealthyRuns

    init() throws { runs = try HealthyRuns.all.get() }

    /// `Tools/reference/several_processes.py` made the numbers.
    @Test(arguments: HealthyRuns.settingsOfAccelerate) func `two processes do what accelerate's do`(name: String) throws
    {
        let expected = try HealthyRuns.accelerate()
        let run = try #require(expected["runs"]?[name])
        for (rank, result) in try runs.of(name, 2).enumerated() {
            let wanted = try #require(run["processes"]?.array)[rank]
            #expect(result["count"] == wanted["count"])
            #expect(result.lists("order") == wanted.lists("order"), "process \(rank)")
            for (key, relative) in [("losses", 1e-4), ("norms", 1e-4), ("rates", 1e-12)] {
                let problem = difference(result.numbers(key), wanted.numbers(key), relative: relative)
                #expect(problem == nil, "\(key) of process \(rank)")
            }
            #expect(result.lists("eval_rows") == wanted.lists("eval_rows"))
            #expect(difference(result.numbers("logits"), wanted.numbers("logits"), absolute: 1e-4) == nil)
        }
    }

    /// A round of three processes and four rows each does not divide 50 rows: the last is filled up.
    @Test(arguments: [2, 3, 4]) func `several processes are one with all their rows`(count: Int) throws {
        let (together, alone) = (try runs.of("\(count) processes", count), try runs.of("as \(count)", 1)[0])
        #expect(Set(together.flatMap { $0.lists("order").map(\.count) }) == [4])
        let losses = together.map { $0.numbers("losses") }
        let means = losses[0].indices.map { step in losses.map { $0[step] }.reduce(0, +) / Double(count) }
        #expect(means.count >= 40)
        #expect(difference(means, alone.numbers("losses"), relative: 1e-6) == nil)
        for (mine, theirs) in zip(together[0].weights, alone.weights) {
            // The gradient of a key's bias is 0 but for rounding, which Adam makes large.
            if mine.name.hasSuffix("key.bias") { continue }
            let largest = theirs.values.map(abs).max() ?? 0
            #expect(difference(mine.values, theirs.values, absolute: 1e-6 * largest) == nil, "\(mine.name)")
        }
        for result in together {
            #expect(result["weights"] == together[0]["weights"], "all processes have the same weights")
            #expect(result.integers("eval_rows") == (0..<408).map { $0 % 90 })
            for name in ["metric_accuracy", "metric_f1"] {
                let value = result[name]?.double
                #expect(value != nil && value == alone[name]?.double, "\(name)")
            }
            #expect(result.numbers("padded").count == 2 * count)
        }
    }

    /// The processes have batches with other numbers of labels that count. See Tools/reference/trainer_options.py.
    @Test(arguments: ["averaged", "apart"]) func `labels count as in Python's Trainer`(name: String) throws {
        let expected = try #require(
            try JSONValue(contentsOf: Locations.fixture("trainer/options.json"))["tokens"]?[name])
        let result = try runs.of("tokens \(name)", 2)[0]
        let losses = try #require(result["logs"]?.array).compactMap { $0["loss"]?.double }
        #expect(losses.count == 4)
        #expect(difference(losses, expected.numbers("losses"), relative: 1e-5) == nil, "\(losses)")
        let weights = try #require(result["weights"])
        #expect(difference(weights.numbers("classifier.bias"), expected.numbers("bias"), absolute: 1e-5) == nil)
        let embeddings = expected.numbers("embeddings")
        let rows = weights.numbers("bert.embeddings.word_embeddings.weight")
        let start = 5 * embeddings.count / 3
        #expect(difference(Array(rows[start..<start + embeddings.count]), embeddings, absolute: 1e-5) == nil)
    }

    /// 24 rows are three batches of 8 for one process, and of 4 for each of two, which share out each batch of the one.
    @Test(arguments: HealthyRuns.trainers.map(\.name)) func `the Trainer on two processes is that on one`(name: String)
        throws
    {
        let (two, one) = (try runs.of(name, 2), try runs.of("\(name) alone", 1)[0])
        let logs = try [two[0], one].map { try #require($0["logs"]?.array) }
        #expect(logs[0].count == logs[1].count && logs[0].count > 5)
        let limits = [
            "loss": 1e-6, "grad_norm": 1e-6, "learning_rate": 1e-12, "epoch": 0, "eval_accuracy": 1e-12,
            "eval_loss": 1e-6,
        ]
        for (mine, theirs) in zip(logs[0], logs[1]) {
            for (key, limit) in limits {
                let values = [mine, theirs].map { entry in entry[key]?.double.map { [$0] } ?? [] }
                #expect(difference(values[0], values[1], relative: limit) == nil, "\(key): \(values)")
            }
        }
        for (mine, theirs) in zip(two[0].weights, one.weights) where !mine.name.hasSuffix("key.bias") {
            let largest = theirs.values.map(abs).max() ?? 0
            // Where a gradient is next to nothing, Adam makes much of its rounding.
            #expect(difference(mine.values, theirs.values, absolute: 1e-4 * largest) == nil, "\(mine.name)")
        }
        for result in two {
            #expect(difference(result.numbers("logits"), one.numbers("logits"), absolute: 1e-4) == nil)
            #expect(result["weights"] == two[0]["weights"])
        }
    }

    @Test(arguments: ["loop", "trainer"])
    func `masks of dropout differ between processes, and a seed gives the same run`(scenario: String) throws {
        let (first, second) = (try runs.of("\(scenario) masks", 2), try runs.of("\(scenario) masks again", 2))
        let masks = first.map { $0.numbers("masks") }
        #expect(masks[0].count == 8 && masks[0] != masks[1])
        for (one, other) in zip(first, second) {
            #expect(one["masks"] == other["masks"])
            #expect(one["weights"] == other["weights"])
            #expect(one["weights"] == first[0]["weights"])
        }
    }

    @Test func `sharded optimizer state gives the same weights with a part of the memory`() throws {
        let (whole, sharded) = (try runs.of("whole state", 2), try runs.of("sharded state", 2))
        #expect(sharded[0]["weights"] == whole[0]["weights"])
        let bytes = try #require(whole[0]["state_bytes"]?.int)
        for result in sharded { #expect(try #require(result["state_bytes"]?.int) < bytes * 6 / 10) }
    }

    @Test(arguments: ["saved", "saved sharded"]) func `a saved state goes on where it was`(name: String) throws {
        for (one, other) in zip(try runs.of(name, 2), try runs.of("\(name), loaded", 2)) {
            let steps = one.lists("order").count / 3
            #expect(Array(one.lists("order")[steps...]) == other.lists("order"))
            #expect(Array(one.numbers("losses")[steps...]) == other.numbers("losses"), "dropout included")
            #expect(one["weights"] == other["weights"])
        }
    }
}

/// How batches are dealt out, against accelerate's `BatchSamplerShard`.
@Suite struct BatchShardsTests {
    @Test func `every process gets the batches that accelerate gives it`() throws {
        let cases = try #require(
            try JSONValue(contentsOf: Locations.fixture("several-processes/shards.json")).array)
        #expect(cases.count > 400)
        for one in cases {
            let rows = try #require(one["rows"]?.int), size = try #require(one["batch_size"]?.int)
            let dropLast = one["drop_last"] == true
            let wanted = try #require(one["batches"]?.array)
            let shards = BatchShards(
                processCount: wanted.count, splitBatches: one["split_batches"] == true,
                evenBatches: one["even_batches"] == true)
            let all = stride(from: 0, to: rows, by: size).map { Array($0..<min($0 + size, rows)) }
                .filter { !dropLast || $0.count == size }
            for (process, batches) in wanted.enumerated() {
                let dealt = shards.batches(all, batchSize: size, dropLast: dropLast, of: process)
                #expect(dealt == batches.array?.map { $0.array?.compactMap(\.int) ?? [] }, "\(one) \(process)")
                let lengths = one.integers("lengths")
                #expect(shards.count(all.count, dropLast: dropLast, of: process) == lengths[process])
            }
        }
    }
}
