import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Speed on a file of lines, each a JSON list of one or two texts; Benchmarks/tokenizers.py runs it beside the reference.
@Suite(.serialized) struct SpeedTests {
    static let lines = getenv("SWIFTLET_TOKENIZER_SPEED").map { String(cString: $0) }

    @Test(.enabled(if: lines != nil, "SWIFTLET_TOKENIZER_SPEED names no file"))
    func `measures loading and encoding`() throws {
        let path = try #require(Self.lines)
        let folder = getenv("SWIFTLET_TOKENIZER").map { String(cString: $0) } ?? Locations.miniLM
        let clock = ContinuousClock()
        func milliseconds(_ duration: Duration) -> Double { duration / .milliseconds(1) }
        func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

        var loads: [Double] = []
        for _ in 0..<9 {
            loads.append(milliseconds(try clock.measure { _ = try AutoTokenizer.fromPretrained(folder) }))
        }
        let tokenizer = try AutoTokenizer.fromPretrained(folder)
        var (texts, pairs): ([String], [String]) = ([], [])
        for line in try MappedFile.text(path).split(separator: "\n") {
            let items = try JSONValue(parsing: String(line)).array?.compactMap(\.string) ?? []
            texts.append(items[0])
            if items.count > 1 { pairs.append(items[1]) }
        }
        let seconds = pairs.count == texts.count ? pairs : nil
        let bytes = (texts + (seconds ?? [])).reduce(0) { $0 + $1.utf8.count }
        func rate(_ body: () throws -> Void) rethrows -> Double {
            try body()
            var times: [Double] = []
            for _ in 0..<9 { times.append(milliseconds(try clock.measure { try body() })) }
            return Double(bytes) / 1000 / median(times)
        }
        var tokens = 0
        let one = try rate { tokens = try tokenizer.encodeBatch(texts, seconds, truncation: true, threads: 1).ids.count }
        let all = try rate { _ = try tokenizer.encodeBatch(texts, seconds, truncation: true).ids.count }
        let lists = try rate { _ = try tokenizer(texts, seconds, truncation: true).inputIDs.count }
        let full = try rate { for row in try tokenizer(texts, seconds, truncation: true).rows { _ = row.offsets } }
        let result: JSONValue = [
            "rows": .int(texts.count), "bytes": .int(bytes), "tokens": .int(tokens), "first_load_ms": .double(loads[0]),
            "load_ms": .double(median(loads)), "one_thread_mb_per_s": .double(one), "all_threads_mb_per_s": .double(all),
            "lists_mb_per_s": .double(lists), "offsets_mb_per_s": .double(full),
        ]
        print("speed: \(result.text(.line))")
    }
}
