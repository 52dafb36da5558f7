import ArgumentParser
import Swiftlet
import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Measures datasets and prints one line of JSON with the keys of `Benchmarks/datasets.py`, which runs it.
struct DatasetsBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "datasets", abstract: "Measures loading, map, filter and reading of sentence pairs.")

    @Argument(help: "A dataset folder in the Hub's layout.") var dataset: String
    @Argument(help: "The dataset's configuration.") var config: String
    @Argument(help: "A folder with a tokenizer.") var tokenizer: String
    @Argument(help: "A Parquet file of many rows.") var parquet: String
    @Option(help: "Rows read one by one.") var rows = 10_000
    @Option(help: "Threads of map.") var threads = 1

    func run() throws {
        let folder = "/tmp/swiftlet-benchmark-\(getpid())"
        setenv("HF_DATASETS_CACHE", folder, 1)
        defer { try? FileSystem.remove(folder) }
        var figures = JSONObject()
        func measure(_ name: String, _ body: () throws -> Void) rethrows {
            let clock = ContinuousClock()
            let (start, cpu) = (clock.now, StepClock.processorSeconds)
            try body()
            figures[name] = [
                "wall": .double((clock.now - start) / .seconds(1)), "cpu": .double(StepClock.processorSeconds - cpu),
            ]
        }
        try measure("load_cold") { _ = try loadDataset(folder: dataset, config) }
        try measure("load_warm") { _ = try loadDataset(folder: dataset, config) }
        let train = try loadDataset(folder: dataset, config)["train"]
        let words = try AutoTokenizer.fromPretrained(folder: tokenizer)
        // What is made once, on first use, is no part of the speed.
        _ = try words("a", truncation: true)
        try measure("map_tokenizer") {
            let tokenized = try train.map(batched: true, cacheKey: "pairs", numProc: threads) { batch in
                let encoded = try words(batch.strings("sentence1"), batch.strings("sentence2"), truncation: true)
                return [
                    "input_ids": .intLists(encoded.inputIDs), "token_type_ids": .intLists(encoded.tokenTypeIDs),
                    "attention_mask": .intLists(encoded.attentionMask),
                ]
            }
            figures["tokens"] = .int(try tokenized.listLengths("input_ids").reduce(0, +))
        }
        try measure("filter") { figures["kept"] = .int(try train.filter(cacheKey: "ones") { $0["label"] == 1 }.count) }
        try measure("shuffle_rows") {
            let shuffled = try train.shuffle(seed: 1)
            var sum = 0
            for index in 0..<rows { sum += try shuffled.row(index * 7919 % shuffled.count)["idx"]?.int ?? 0 }
            figures["sum"] = .int(sum)
        }
        try measure("parquet") { figures["parquet_rows"] = .int(try Dataset.fromFile(parquet).count) }
        print(JSONValue.object(figures).text(.line))
    }
}
