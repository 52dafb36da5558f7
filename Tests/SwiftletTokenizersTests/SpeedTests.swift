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

    static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Of several times, after one that does not count.
    static func seconds(of repeats: Int, on clock: clockid_t, _ body: () throws -> Void) rethrows -> [Double] {
        try body()
        return try (0..<repeats).map { _ in
            let start = seconds(clock)
            try body()
            return seconds(clock) - start
        }
    }

    static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    @Test(.enabled(if: lines != nil, "SWIFTLET_TOKENIZER_SPEED names no file"))
    func `measures loading and encoding`() throws {
        let path = try #require(Self.lines)
        let folder = getenv("SWIFTLET_TOKENIZER").map { String(cString: $0) } ?? Locations.miniLM
        // The CPU time of this thread, which is all that works where one thread is asked for.
        let loads = try Self.seconds(
            of: 5, on: CLOCK_THREAD_CPUTIME_ID
        ) { _ = try AutoTokenizer.fromPretrained(folder: folder) }
        let tokenizer = try AutoTokenizer.fromPretrained(folder: folder)
        var (texts, pairs): ([String], [String]) = ([], [])
        for line in try MappedFile.text(path).split(separator: "\n") {
            let items = try JSONValue(parsing: String(line)).array?.compactMap(\.string) ?? []
            texts.append(items[0])
            if items.count > 1 { pairs.append(items[1]) }
        }
        let seconds = pairs.count == texts.count ? pairs : nil
        let megabytes = Double((texts + (seconds ?? [])).reduce(0) { $0 + $1.utf8.count }) / 1e6
        func encode(threads: Int) throws {
            _ = try tokenizer.encodeBatch(texts, seconds, truncation: true, threads: threads)
        }
        let ids = try Self.seconds(of: 9, on: CLOCK_THREAD_CPUTIME_ID) { try encode(threads: 1) }
        let full = try Self.seconds(of: 3, on: CLOCK_THREAD_CPUTIME_ID) {
            for row in 0..<texts.count { _ = try tokenizer(texts[row], seconds?[row], truncation: true).offsets }
        }
        // By the clock, and the best of many: other programs only make it slower.
        let one = try Self.seconds(of: 15, on: CLOCK_MONOTONIC) { try encode(threads: 1) }
        let two = try Self.seconds(of: 15, on: CLOCK_MONOTONIC) { try encode(threads: 2) }
        let result: JSONValue = [
            "load_ms": .double(Self.median(loads) * 1000), "ids": .double(megabytes / Self.median(ids)),
            "offsets": .double(megabytes / Self.median(full)),
            "two_threads": .double((one.min() ?? 0) / (two.min() ?? 1)),
        ]
        print("speed: \(result.text(.line))")
    }
}
