import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Synchronization
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A table in a file, and what is made of it.
private enum Work {
    static func write(to path: String, rows: Int = 5000) throws {
        let data = try Dataset.fromColumns([
            ("x", .ints(Array(0..<rows))), ("t", .strings((0..<rows).map { "row \($0)" })),
            ("y", .ints((0..<rows).map { $0 % 2 })),
        ])
        try data.castColumn("y", to: .classLabel(names: ["even", "odd"])).toArrow(path)
    }

    /// Doubles `x`; `each` is told the first row of every batch.
    static func map(_ path: String, key: CacheKey? = "double", _ each: (Int) -> Void = { _ in }) throws -> Dataset {
        try Dataset.fromFile(path).map(batched: true, batchSize: 500, cacheKey: key) { batch, rows in
            each(rows.lowerBound)
            return ["double": .ints(try batch.ints("x").map { $0 * 2 })]
        }
    }

    static func isRight(_ data: Dataset, rows: Int = 5000) throws -> Bool {
        try data.columnNames == ["x", "t", "y", "double"] && data.ints("double") == (0..<rows).map { $0 * 2 }
            && data.strings("t") == (0..<rows).map { "row \($0)" } && data.features["y"]?.names == ["even", "odd"]
    }

    static func caches(_ folder: String) throws -> [String] {
        try FileSystem.names(in: folder).filter { $0.hasPrefix("cache-") }
    }
}

private final class Counter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func add() { value.withLock { $0 += 1 } }
}

@Suite struct CacheTests {
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("data.arrow")
        try Work.write(to: path)
    }

    @Test func `a result with a key is found again`() throws {
        var calls = 0
        let first = try Work.map(path) { _ in calls += 1 }
        #expect(try calls == 10 && Work.isRight(first))
        let second = try Work.map(path) { _ in calls += 1 }
        #expect(try calls == 10 && Work.isRight(second) && second.cacheFiles == first.cacheFiles)
        #expect(try first.fingerprint() == second.fingerprint())
        #expect(try FileSystem.names(in: folder.path).count == 2)
        // A file with the name of Python's, which reads it as a dataset of its own.
        #expect(try first.cacheFiles == ["\(folder.path)/cache-\(first.fingerprint()).arrow"])
        #expect(try Work.isRight(Dataset.fromFile(first.cacheFiles[0])))
        #expect(try first.cleanupCacheFiles() == 0 && Dataset.fromFile(path).cleanupCacheFiles() == 1)
        #expect(try Work.isRight(first), "rows in use stay readable")
    }

    @Test func `nothing else is ever found`() throws {
        let first = try Work.map(path)
        var calls = 0
        let data = try Dataset.fromFile(path)
        func columns(_ batch: Batch) throws -> Columns {
            calls += 1
            return ["double": .ints(try batch.ints("x").map { $0 * 3 })]
        }
        // Another key, another batch size, other columns, other rows, another thing captured: each is worked out.
        let others = try [
            data.map(batched: true, batchSize: 500, cacheKey: "triple", columns),
            data.map(batched: true, batchSize: 5000, cacheKey: "double", columns),
            data.map(batched: true, batchSize: 500, removeColumns: ["t"], cacheKey: "double", columns),
            data.select(0..<4999).map(batched: true, batchSize: 500, cacheKey: "double", columns),
            data.map(batched: true, batchSize: 500, cacheKey: CacheKey("double", "3"), columns),
            data.map(batched: true, batchSize: 500, cacheKey: CacheKey("double", files: [path]), columns),
        ]
        #expect(calls == 10 + 1 + 10 + 10 + 10 + 10)
        for other in others { #expect(try other.ints("double")[1] == 3 && other.fingerprint() != first.fingerprint()) }
        // Without a key there is no file, and what follows has none either.
        let files = try Work.caches(folder.path).count
        let unnamed = try data.map(batched: true) { try columns($0) }
        _ = try unnamed.map(batched: true, cacheKey: "after") { ["n": .ints(try $0.ints("x"))] }
        #expect(try Work.caches(folder.path).count == files && unnamed.cacheFiles == [path])
        // The file with other rows under the same name.
        try Work.write(to: path, rows: 4000)
        let changed = try Work.map(path)
        #expect(try Work.isRight(changed, rows: 4000))
    }

    @Test func `a damaged file is made again`() throws {
        let file = try Work.map(path).cacheFiles[0]
        let mapped = try MappedFile(file)
        let bytes = withExtendedLifetime(mapped) { Array(mapped.bytes) }
        for length in [0, 3, bytes.count / 2, bytes.count - 8, bytes.count - 1] {
            try AtomicFile.write(bytes[..<length], to: file)
            var calls = 0
            #expect(try Work.isRight(Work.map(path) { _ in calls += 1 }) && calls == 10, "cut to \(length)")
        }
    }

    @Test func `an error leaves nothing behind`() throws {
        struct Own: Error {}
        #expect(throws: Own.self) {
            try Dataset.fromFile(path).map(batched: true, batchSize: 500, cacheKey: "double") { _, rows -> Columns in
                if rows.lowerBound == 2000 { throw Own() }
                return ["double": .ints(Array(rows))]
            }
        }
        #expect(try FileSystem.names(in: folder.path) == ["data.arrow"])
    }

    @Test func `a killed map leaves no result, and is redone`() async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            // Rows that are long enough to be written before the end.
            _ = try Dataset.fromFile(path).map(batched: true, batchSize: 500, cacheKey: "double") {
                _, rows -> Columns in
                if rows.lowerBound == 3000 { kill(getpid(), SIGKILL) }
                return ["double": .strings(rows.map { String(repeating: "x", count: 2000 + $0 % 2) })]
            }
        }
        #expect(try Work.caches(folder.path).isEmpty)
        let left = try FileSystem.names(in: folder.path)
        #expect(left.contains { $0.hasSuffix(".tmp") }, "the test means nothing if nothing was written: \(left)")
        #expect(try Work.isRight(Work.map(path)))
        #expect(try FileSystem.names(in: folder.path).count == 2)
    }

    @Test func `processes that map the same get the same`() async throws {
        func child() async {
            await #expect(processExitsWith: .success) { [path = path as String] in
                let data = try Work.map(path) { row in
                    usleep(20_000)
                    if row == 0 { try? AtomicFile.write("", to: "\(path).\(getpid()).made") }
                }
                try #require(try Work.isRight(data))
            }
        }
        async let first: Void = child()
        async let second: Void = child()
        async let third: Void = child()
        _ = await (first, second, third)
        let names = try FileSystem.names(in: folder.path)
        #expect(names.filter { $0.hasSuffix(".made") }.count == 1 && names.filter { $0.hasPrefix("cache-") }.count == 1)
        #expect(!names.contains { $0.hasPrefix(".") })
    }

    @Test func `threads that map the same get the same`() async throws {
        let calls = Counter()
        let path = path
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 { group.addTask { try Work.isRight(Work.map(path) { _ in calls.add() }) } }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(calls.count == 10)
    }

    @Test func `any number of threads makes the same`() throws {
        let data = try Dataset.fromFile(path)
        for count in [1, 2, 5] {
            let mapped = try data.map(batched: true, batchSize: 77, numProc: count) { batch, rows in
                [
                    "double": .ints(try batch.ints("x").map { $0 * 2 }),
                    "first": .ints(rows.map { _ in rows.lowerBound }),
                ]
            }
            #expect(try Work.isRight(mapped.removeColumns("first")))
            #expect(try mapped.ints("first") == (0..<5000).map { $0 / 77 * 77 })
        }
        struct Own: Error {}
        #expect(throws: Own.self) {
            try data.map(batched: true, batchSize: 77, numProc: 3) { _, rows -> Columns in
                if rows.contains(3000) { throw Own() }
                return ["n": .ints(Array(rows))]
            }
        }
    }

    @Test func `orders and choices of large tables are kept`() throws {
        try Work.write(to: path, rows: 140_000)
        let data = try Dataset.fromFile(path)
        let shuffled = try data.shuffle(seed: 1)
        #expect(shuffled.cacheFiles.count == 2)
        #expect(try Work.caches(folder.path).count == 1)
        let inMemory = try Dataset.fromColumns([("x", .ints(Array(0..<140_000)))]).shuffle(seed: 1)
        let again = try Dataset.fromFile(path).shuffle(seed: 1)
        #expect(try again.ints("x") == inMemory.ints("x") && again.cacheFiles == shuffled.cacheFiles)
        #expect(try shuffled.sort(by: "x").ints("x") == Array(0..<140_000))
        var calls = 0
        for _ in 0..<2 {
            let odd = try shuffled.filter(batched: true, cacheKey: "odd") { batch in
                calls += 1
                return try batch.ints("x").map { $0 % 2 == 1 }
            }
            #expect(try odd.ints("x") == inMemory.ints("x").filter { $0 % 2 == 1 })
        }
        #expect(calls == 140)
        let flat = try shuffled.flattenIndices()
        #expect(try flat.ints("x") == inMemory.ints("x") && flat.cacheFiles.count == 1)
        #expect(try data.shuffle().cacheFiles == [path])
        // Positions that lead nowhere are not followed.
        try Dataset.fromColumns([("indices", .ints(.init(repeating: 140_000, count: 140_000)))])
            .castColumn("indices", to: .value("uint64")).toArrow(shuffled.cacheFiles[1])
        #expect(try Dataset.fromFile(path).shuffle(seed: 1).ints("x") == inMemory.ints("x"))
    }

    @Test func `what is too large for memory goes to a file that is gone in the end`() async throws {
        await #expect(processExitsWith: .success) { [path = path as String, folder = folder.path as String] in
            setenv("HF_DATASETS_CACHE", "\(folder)/cache", 1)
            Datasets.memoryLimit = 0
            let data = try Work.map(path, key: nil)
            try #require(try Work.isRight(data) && Work.caches(folder).isEmpty)
            let lists = try data.map(batched: true, batchSize: 1000) { _, rows in
                ["late": .values(rows.map { $0 < 3000 ? .list([]) : [.int($0)] })]
            }
            try #require(try lists.features["late"] == .list(.value("int64")) && lists.ints("x") == Array(0..<5000))
            try #require(try lists[4000]["late"] == [4000] && lists[0]["late"] == [])
            try #require(try FileSystem.names(in: folder).filter { $0.hasPrefix(".") }.isEmpty)
            // In memory there is no place beside the data; a key asks for one all the same.
            let made = try Dataset.fromColumns([("x", .ints([1, 2, 3]))])
            for _ in 0..<2 {
                let kept = try made.map(batched: true, cacheKey: "n") { ["n": .ints(try $0.ints("x"))] }
                try #require(try kept.cacheFiles.count == 1 && kept.ints("n") == [1, 2, 3])
                try #require(kept.cacheFiles[0].hasPrefix("\(folder)/cache/"))
            }
            Datasets.isCachingEnabled = false
            let unkept = try made.map(batched: true, cacheKey: "m") { ["n": .ints(try $0.ints("x"))] }
            try #require(unkept.cacheFiles.isEmpty)
        }
    }

    @Test func `large files are prepared once`() async throws {
        await #expect(processExitsWith: .success) { [path = path as String, folder = folder.path as String] in
            setenv("HF_DATASETS_CACHE", "\(folder)/cache", 1)
            let data = try Dataset.fromFile(path)
            try data.toParquet("\(folder)/p/train-1.parquet")
            try data.toParquet("\(folder)/p/train-2.parquet")
            try data.toCSV("\(folder)/c/train.csv")
            try data.toJSON("\(folder)/j/train.jsonl")
            for (kind, rows) in [("p", 10_000), ("c", 5000), ("j", 5000)] {
                let inMemory = try loadDataset(folder: "\(folder)/\(kind)")["train"]
                Datasets.memoryLimit = 1000
                let prepared = try loadDataset(folder: "\(folder)/\(kind)")["train"]
                let again = try loadDataset(folder: "\(folder)/\(kind)")["train"]
                Datasets.memoryLimit = 256 << 20
                try #require(
                    prepared.cacheFiles.count == 1 && again.cacheFiles == prepared.cacheFiles && prepared.count == rows)
                try #require(prepared.features == inMemory.features && inMemory.cacheFiles.isEmpty)
                for row in stride(from: 0, to: rows, by: 371) { try #require(try prepared[row] == inMemory[row]) }
                let mapped = try again.map(batched: true, cacheKey: "k") { ["n": .ints(try $0.ints("x"))] }
                try #require(
                    FileSystem.parent(of: mapped.cacheFiles[0]) == FileSystem.parent(of: prepared.cacheFiles[0]))
            }
        }
    }

    @Test func `progress is told`() async throws {
        await #expect(processExitsWith: .success) { [path = path as String] in
            let calls = Counter()
            Datasets.onProgress = { progress in
                if progress.done == 500 * (calls.count + 1), progress.total == 5000 { calls.add() }
            }
            _ = try Work.map(path, key: nil)
            try #require(calls.count == 10)
        }
    }
}
