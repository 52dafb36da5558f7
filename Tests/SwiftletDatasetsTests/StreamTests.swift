import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

/// Rows that come one after the other.
@Suite struct StreamTests {
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("stream.parquet")
        try Dataset.fromColumns([("x", .ints(Array(0..<25)))]).toParquet(path)
    }

    private func rows(_ stream: IterableDataset) throws -> [Int] {
        var rows: [Int] = []
        try stream.forEach { rows.append($0["x"]?.int ?? -1) }
        return rows
    }

    @Test func `streams are mixed as by Python`() throws {
        let stream = try IterableDataset(files: [path])
        let wanted = try #require(operations["stream"])
        #expect(stream.description == wanted["repr"]?.string)
        #expect(try rows(stream.skip(3).take(5)) == ints(wanted["take"]))
        for (key, order) in try #require(wanted["shuffled"]?.object) {
            let parts = key.split(separator: " ").map { Int($0)! }
            let mixed = try stream.shuffle(seed: UInt64(parts[0]), bufferSize: parts[1])
            #expect(try rows(mixed) == ints(order), "\(key)")
            #expect(try rows(mixed) == ints(order), "\(key) again")
        }
        let later = try stream.shuffle(seed: 42, bufferSize: 10).withEpoch(3)
        #expect(try rows(later) == ints(wanted["epoch"]))
        #expect(throws: DatasetError.self) { try stream.shuffle(seed: 1, bufferSize: 0) }
    }

    @Test func `streams of several files are mixed as by Python`() throws {
        let wanted = try JSONValue(contentsOf: fixture("streams.json"))
        var checked = 0
        for (name, lengths) in try #require(wanted["shards"]?.object) {
            let lengths = ints(lengths)
            var (start, files) = (0, (parquet: [String](), csv: [String](), jsonl: [String](), json: [String]()))
            for (number, length) in lengths.enumerated() {
                let part = try Dataset.fromColumns([("x", .ints(Array(start..<start + length)))])
                files.parquet.append(folder.file("\(name)-\(number).parquet"))
                files.csv.append(folder.file("\(name)-\(number).csv"))
                files.jsonl.append(folder.file("\(name)-\(number).jsonl"))
                files.json.append(folder.file("\(name)-\(number).json"))
                try part.toParquet(files.parquet[number])
                try part.toCSV(files.csv[number])
                try part.toJSON(files.jsonl[number])
                let rows = (start..<start + length).map { JSONValue.object(["x": .int($0)]) }
                try AtomicFile.write(JSONValue.array(rows).text(), to: files.json[number])
                start += length
            }
            let all = try Dataset.fromColumns([("x", .ints(Array(0..<start)))])
            for (kind, stream) in [
                ("parquet", try IterableDataset(files: files.parquet)), ("csv", try IterableDataset(files: files.csv)),
                // Python knows the features of a list only when it has read all of it.
                ("jsonl", try IterableDataset(files: files.jsonl)), ("json", try IterableDataset(files: files.json)),
                ("dataset", try all.toIterableDataset(numShards: lengths.count)),
            ] {
                for (step, mixed) in try steps(stream) {
                    #expect(try rows(mixed) == ints(wanted["\(name) \(kind)"]?[step]), "\(name) \(kind): \(step)")
                    checked += 1
                }
            }
        }
        #expect(checked == 15 * 20)
    }

    /// The steps of Tools/reference/datasets_streams.py, by its names.
    private func steps(_ stream: IterableDataset) throws -> [(String, IterableDataset)] {
        func plus(_ stream: IterableDataset) -> IterableDataset { stream.map { ["x": $0["x"] ?? .null] } }
        return [
            ("shuffle 42 4", try stream.shuffle(seed: 42, bufferSize: 4)),
            ("shuffle 0 25", try stream.shuffle(seed: 0, bufferSize: 25)),
            ("shuffle 7 33", try stream.shuffle(seed: 7, bufferSize: 33)),
            ("shuffle 1 1000", try stream.shuffle(seed: 1)),
            ("shuffle 5 20 inputs 2", try stream.shuffle(seed: 5, bufferSize: 20, maxBufferInputShards: 2)),
            ("shuffle 5 20 inputs 1", try stream.shuffle(seed: 5, bufferSize: 20, maxBufferInputShards: 1)),
            ("skip 2 shuffle 42 4", try stream.skip(2).shuffle(seed: 42, bufferSize: 4)),
            ("skip 5 shuffle 3 21", try stream.skip(5).shuffle(seed: 3, bufferSize: 21)),
            ("take 30 shuffle 3 8", try stream.take(30).shuffle(seed: 3, bufferSize: 8)),
            ("shuffle 3 8 skip 4", try stream.shuffle(seed: 3, bufferSize: 8).skip(4)),
            ("shuffle 3 8 take 9", try stream.shuffle(seed: 3, bufferSize: 8).take(9)),
            ("shuffle twice", try stream.shuffle(seed: 3, bufferSize: 8).shuffle(seed: 4, bufferSize: 30)),
            ("map shuffle 42 25", try plus(stream).shuffle(seed: 42, bufferSize: 25)),
            ("shuffle 42 25 map", plus(try stream.shuffle(seed: 42, bufferSize: 25))),
            (
                "filter shuffle 42 25",
                try stream.filter { ($0["x"]?.int ?? 0) % 3 > 0 }.shuffle(seed: 42, bufferSize: 25)
            ),
            ("select shuffle 42 25", try stream.selectColumns(["x"]).shuffle(seed: 42, bufferSize: 25)),
            ("epoch shuffle 42 10", try stream.shuffle(seed: 42, bufferSize: 10).withEpoch(3)),
            ("epoch shuffle 42 25 skip 3", try stream.shuffle(seed: 42, bufferSize: 25).skip(3).withEpoch(3)),
            (
                "epoch shuffle twice",
                try stream.shuffle(seed: 3, bufferSize: 8).shuffle(seed: 4, bufferSize: 30).withEpoch(3)
            ),
            ("epoch", plus(stream).withEpoch(3)),
        ]
    }

    @Test func `a stream is what a dataset is, in every format`() async throws {
        let full = try Dataset.fromFile(fixture("full.parquet"))
        let plain = try full.selectColumns(["text", "small", "real"])
        try plain.toCSV(folder.file("o.csv"))
        try plain.toJSON(folder.file("o.jsonl"))
        try plain.toArrow(folder.file("o.arrow"))
        for file in [
            fixture("full.parquet"), folder.file("o.csv"), folder.file("o.jsonl"), folder.file("o.arrow"),
            fixture("mixed.csv"), fixture("mixed.tsv"), fixture("rows.jsonl"), fixture("list.json"),
            fixture("stream.arrow"),
        ] {
            let whole = try Dataset.fromFile(file)
            let stream = try IterableDataset(files: [file])
            #expect(stream.features == whole.features, "\(file)")
            var texts: [String] = []
            for try await row in stream { texts.append(row.description) }
            #expect(try texts == (0..<whole.count).map { try whole[$0].description }, "\(file)")
        }
    }

    @Test func `closures run when rows are asked for`() throws {
        let stream = try IterableDataset(files: [path, path])
            .map(batched: true, batchSize: 7) { ["n": .ints(.init(repeating: $0.count, count: $0.count))] }
            .filter { $0["x"]!.int! % 2 == 0 }.renameColumn("n", to: "size")
        let all = try stream.collect()
        #expect(all.count == 26 && all.columnNames == ["x", "size"])
        // Batches go on over the end of a file.
        #expect(try all.ints("size").allSatisfy { $0 == 7 || $0 == 1 })
        var sizes: [Int] = []
        try stream.forEachBatch(of: 10) { sizes.append($0.count) }
        #expect(sizes == [10, 10, 6])
        sizes = []
        try stream.forEachBatch(of: 10, dropLast: true) { sizes.append($0.count) }
        #expect(sizes == [10, 10])
        #expect(try stream.removeColumns(["x"]).collect().columnNames == ["size"])
        #expect(try rows(IterableDataset(files: [path]).map { ["x": .int($0["x"]!.int! + 1)] }.take(2)) == [1, 2])
    }

    @Test func `files come in another order`() throws {
        let second = folder.file("second.parquet")
        try Dataset.fromColumns([("x", .ints(Array(100..<110)))]).toParquet(second)
        let stream = try IterableDataset(files: [path, second])
        #expect(try rows(stream) == Array(0..<25) + Array(100..<110) && stream.numShards == 2)
        let orders = try Set((0..<8).map { try rows(stream.shuffle(seed: $0, bufferSize: 1)).first! < 100 })
        #expect(orders == [true, false])
        #expect(try rows(stream.shuffle(seed: 5, bufferSize: 9)).sorted() == Array(0..<25) + Array(100..<110))
        let dataset = try Dataset.fromFile(path)
        #expect(try rows(dataset.toIterableDataset(numShards: 3)) == Array(0..<25))
        #expect(throws: DatasetError.self) { try dataset.toIterableDataset(numShards: 26) }
        #expect(throws: DatasetError.self) { try IterableDataset(files: []) }
    }

    @Test func `a file that breaks off or changes is named`() throws {
        try AtomicFile.write("x\n1\n2\n", to: folder.file("a.csv"))
        try AtomicFile.write("x\n1\nso\n", to: folder.file("b.csv"))
        try AtomicFile.write("x,y\n1,2\n1\n", to: folder.file("c.csv"))
        for (files, parts) in [(["a.csv", "b.csv"], ["'x'"]), (["c.csv"], ["c.csv", "row 3"])] {
            let error = try #require(throws: DatasetError.self) {
                try IterableDataset(files: files.map { folder.file($0) }).collect()
            }
            for part in parts { #expect(error.description.contains(part), "\(error)") }
        }
        #expect(throws: DatasetError.self) { try IterableDataset(files: [folder.file("none.csv")]) }
    }
}
