import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The most memory that this process ever had, in MB, pages of mapped files included.
private var peakMemory: Int {
    var usage = rusage()
    getrusage(0, &usage)
    #if canImport(Darwin)
    return Int(usage.ru_maxrss) >> 20
    #else
    return Int(usage.ru_maxrss) >> 10
    #endif
}

/// Tables of sizes that take a while: run by hand with SWIFTLET_DATASETS_LARGE=1 and `--filter LargeTests`.
@Suite(.enabled(if: getenv("SWIFTLET_DATASETS_LARGE") != nil, "set SWIFTLET_DATASETS_LARGE=1"))
struct LargeTests {
    private static let languages = [
        "plain", "Größe", "日本語", "русский", "العربية", "हिन्दी", "ไทย", "한국어", "ελληνικά", "français",
    ]

    /// Short rows in ten languages, some of them missing or empty, with lists in lists.
    private static func write(_ count: Int, to path: String) throws {
        let seeds = try Dataset.fromColumns([("s", .ints(Array(0..<count / 1000)))])
        // A key would keep a copy in the cache; the rows go through a temporary file.
        try seeds.map(batched: true, batchSize: 4, removeColumns: ["s"]) { batch in
            let rows = try batch.ints("s").flatMap { ($0 * 1000)..<($0 * 1000 + 1000) }
            return [
                "x": .ints(rows),
                "t": .optionalStrings(
                    rows.map { $0 % 11 == 3 ? nil : $0 % 7 == 0 ? "" : "\(languages[$0 % 10]) \($0)" }),
                "l": .values(rows.map { $0 % 5 == 0 ? .null : .list([.list([.int($0)]), .list([])]) }),
                "y": .ints(rows.map { $0 % 3 }),
            ]
        }.toArrow(path)
    }

    @Test func `a map over ten million short rows stays small`() async throws {
        let folder = try TemporaryDirectory()
        let writing = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            [folder = folder.path as String] in
            let rows = 10_000_000
            let seeds = try Dataset.fromColumns([("s", .ints(Array(0..<rows / 1000)))])
            try seeds.map(batched: true, batchSize: 4, removeColumns: ["s"]) { batch in
                let rows = try batch.ints("s").flatMap { ($0 * 1000)..<($0 * 1000 + 1000) }
                return ["x": .ints(rows), "t": .strings(rows.map { "short row \($0)" })]
            }.toArrow("\(folder)/data.arrow")
            print("written: peak \(peakMemory) MB")
        }
        show(writing)
        let working = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            [folder = folder.path as String] in
            let start = ContinuousClock().now
            // Libraries that the test program has loaded, libtorch above all, are not the map's.
            let loaded = peakMemory
            let data = try Dataset.fromFile("\(folder)/data.arrow")
            print("opened after \(ContinuousClock().now - start): peak \(peakMemory - loaded) MB more")
            let mapped = try data.map(batched: true, cacheKey: "lengths") { batch in
                ["length": .ints(try batch.strings("t").map(\.utf8.count))]
            }
            print("mapped after \(ContinuousClock().now - start): peak \(peakMemory - loaded) MB more")
            try #require(mapped.count == 10_000_000 && peakMemory - loaded < 400)
            for row in stride(from: 0, to: mapped.count, by: 99_991) {
                try #require(
                    try mapped[row]["length"]?.int == "short row \(row)".utf8.count && mapped[row]["x"]?.int == row)
            }
            print("100 rows read: peak \(peakMemory - loaded) MB more")
            let unkept = try data.map(batched: true) { batch in
                ["length": .ints(try batch.strings("t").map(\.utf8.count))]
            }
            print("mapped without a key after \(ContinuousClock().now - start): peak \(peakMemory - loaded) MB more")
            try #require(try unkept[9_999_999]["length"]?.int == 17 && peakMemory - loaded < 400)
            let kept = try data.filter(batched: true) { try $0.ints("x").map { $0 % 1000 == 0 } }
            print("filtered after \(ContinuousClock().now - start): peak \(peakMemory - loaded) MB more")
            try #require(kept.count == 10_000 && peakMemory - loaded < 400)
            let shuffled = try data.shuffle(seed: 1)
            print("shuffled after \(ContinuousClock().now - start): peak \(peakMemory - loaded) MB more")
            var sum = 0
            for row in 0..<10_000 { sum += try shuffled[row]["x"]!.int! }
            print("10000 rows read after \(ContinuousClock().now - start): peak \(peakMemory - loaded) MB more, \(sum)")
        }
        show(working)
    }

    /// What a process of its own has printed.
    private func show(_ result: ExitTest.Result?) {
        print(String(decoding: result?.standardOutputContent ?? [], as: UTF8.self))
    }

    @Test func `a million rows go through every operation`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("data.arrow")
        let count = 1_000_000
        try Self.write(count, to: path)
        let data = try Dataset.fromFile(path)
        func text(_ row: Int) -> Value {
            row % 11 == 3 ? .null : row % 7 == 0 ? "" : .string("\(Self.languages[row % 10]) \(row)")
        }
        func isRight(_ row: Row, _ x: Int) -> Bool {
            row["x"] == .int(x) && row["t"] == text(x) && row["y"] == .int(x % 3)
                && row["l"] == (x % 5 == 0 ? .null : [[.int(x)], []])
        }
        #expect(try data.count == count && (0..<count).allSatisfy { try $0 % 997 != 0 || isRight(data[$0], $0) })
        var start = ContinuousClock().now
        func report(_ name: String) {
            print(name, ContinuousClock().now - start, "peak \(peakMemory) MB")
            start = ContinuousClock().now
        }
        let shuffled = try data.shuffle(seed: 42)
        let order = try shuffled.ints("x")
        report("shuffle")
        #expect(try (0..<count).allSatisfy { try $0 % 997 != 0 || isRight(shuffled[$0], order[$0]) })
        report("rows")
        let sorted = try shuffled.sort(by: ["y", "x"], descending: [true, false])
        #expect(try isRight(sorted[0], 2) && isRight(sorted[-1], 999_999))
        report("sort")
        let filtered = try shuffled.filter(batched: true) { try $0.ints("x").map { $0 % 1000 == 999 } }
        #expect(try filtered.ints("x") == order.filter { $0 % 1000 == 999 })
        report("filter")
        let flat = try filtered.flattenIndices()
        #expect(try flat.ints("x") == filtered.ints("x"))
        let split = try data.castColumn("y", to: .classLabel(names: ["a", "b", "c"]))
            .trainTestSplit(testSize: 0.1, seed: 1, stratifyBy: "y")
        #expect(try split["test"].count == 100_000)
        report("split")
        #expect(try data.unique("y").count == 3)
        report("unique")
        let mapped = try shuffled.map(batched: true, numProc: 2) { ["n": .ints(try $0.ints("x").map { $0 + 1 })] }
        #expect(try (0..<count).allSatisfy { try $0 % 997 != 0 || mapped[$0]["n"] == .int(order[$0] + 1) })
        report("map of shuffled rows")
        for ending in ["parquet", "jsonl"] {
            try data.select(0..<200_000).toParquet(folder.file("o.parquet"))
            try data.select(0..<200_000).toJSON(folder.file("o.jsonl"))
            let again = try Dataset.fromFile(folder.file("o.\(ending)"))
            #expect(try (0..<200_000).allSatisfy { try $0 % 997 != 0 || isRight(again[$0], $0) }, "\(ending)")
            report(ending)
        }
        try shuffled.saveToDisk(folder.file("saved"), numShards: 3)
        let saved = try Dataset.loadFromDisk(folder.file("saved"))
        #expect(try (0..<count).allSatisfy { try $0 % 997 != 0 || isRight(saved[$0], order[$0]) })
        report("saved")
    }
}
