import Logging
import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Synchronization
import Testing

/// What Python's load_dataset reads in small files of every kind (Tools/reference/datasets_files.py).
private let read: JSONValue = (try? JSONValue(contentsOf: fixture("files/expected.json"))) ?? .null

func bytes(base64 text: String) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var (bytes, bits, count): ([UInt8], UInt32, Int) = ([], 0, 0)
    for byte in text.utf8 {
        guard let value = alphabet.firstIndex(of: byte) else { break }
        bits = bits << 6 | UInt32(value)
        count += 6
        if count >= 8 {
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
    }
    return bytes
}

private func options(_ json: JSONValue?) throws -> FileOptions {
    FileOptions(
        delimiter: json?["delimiter"]?.string?.first,
        quoting: json?["quoting"]?.string.flatMap(FileOptions.Quoting.init),
        quoteCharacter: json?["quoteCharacter"]?.string?.first, hasHeader: json?["hasHeader"]?.bool,
        columnNames: json?["columnNames"]?.array?.compactMap(\.string),
        encoding: try json?["encoding"]?.string.map(TextEncoding.init(named:)), field: json?["field"]?.string,
        columns: json?["columns"]?.array?.compactMap(\.string))
}

/// What is logged, for tests that ask for it.
private struct Recorder: LogHandler {
    final class Lines: Sendable { let all = Mutex<[String]>([]) }
    let lines: Lines
    var logLevel = Logger.Level.debug
    var metadata: Logger.Metadata = [:]
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { lines.all.withLock { $0.append("\(event.level): \(event.message)") } }
}

/// One of the cases as a file, compared with what Python reads in it.
private func check(_ wanted: JSONValue, in folder: String, _ read: (String, FileOptions) throws -> Dataset) throws {
    let name = try #require(wanted["name"]?.string)
    let path = FileSystem.join(folder, name)
    let content = bytes(base64: try #require(wanted["content"]?.string))
    try AtomicFile.write(content, to: path)
    let comment = Comment(rawValue: "\(name): \(String(decoding: content.prefix(80), as: UTF8.self).debugDescription)")
    let dataset = try read(path, options(wanted["options"]))
    try #require(dataset.features.description == wanted["features"]?.string, comment)
    let rows = try #require(wanted["rows"]?.array).map { $0.string ?? "" }
    try #require(try texts(dataset) == rows, comment)
}

/// All rows as Python prints them.
private func texts(_ dataset: Dataset) throws -> [String] {
    try (0..<dataset.count).map { try dataset.row($0).description }
}

private func failure(_ body: () throws -> Void) throws -> String {
    let error = try #require(throws: DatasetError.self, performing: body)
    try #require(error.remedy != nil && !error.message.contains("\n"), "\(error)")
    return error.description
}

@Suite struct FilesTests {
    let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory() }

    private func write(_ name: String, _ text: String) throws -> String {
        try AtomicFile.write(text, to: folder.file(name))
        return folder.file(name)
    }

    /// What is logged about the files of this test, or about fixtures.
    private func logged(_ body: () throws -> Void) throws -> [String] {
        let lines = Recorder.Lines()
        let before = Datasets.logger
        Datasets.logger = Logger(label: "test") { _ in Recorder(lines: lines) }
        defer { Datasets.logger = before }
        try body()
        return lines.all.withLock { $0.filter { $0.contains(folder.path) || $0.contains("files/rare") } }
    }

    @Test(arguments: 0..<(read["cases"]?.array?.count ?? 1))
    func `files are read as by Python`(_ index: Int) throws {
        let wanted = try #require(read["cases"]?.array?[index])
        try check(wanted, in: folder.path) { try Dataset.fromFile($0, options: $1) }
        try check(wanted, in: folder.path) { try IterableDataset(files: [$0], options: $1).collect() }
    }

    @Test func `files above the limit of memory are read as by Python`() async throws {
        await #expect(processExitsWith: .success) { [folder = folder.path as String] in
            (Datasets.memoryLimit, Datasets.isCachingEnabled) = (0, false)
            for wanted in try #require(read["cases"]?.array) {
                try check(wanted, in: folder) { try loadDataset(files: [("train", $0)], options: $1)["train"] }
            }
        }
    }

    @Test(arguments: ["types.parquet", "types.arrow"])
    func `columns of rare types are printed and written as by Python`(_ name: String) throws {
        let data = try Dataset.fromFile(fixture("files/\(name)"))
        let types = try #require(read["types"]?.object)
        #expect(data.columnNames == types.keys)
        for (column, wanted) in types {
            let one = try data.selectColumns([column])
            // Parquet knows no seconds, and no dates in milliseconds.
            if name.hasSuffix("arrow") { #expect(one.features.description == wanted["features"]?.string) }
            #expect(try texts(one) == wanted["rows"]?.array.map { $0.map { $0.string ?? "" } }, "\(column)")
            try one.toCSV(folder.file("o.csv"))
            #expect(try MappedFile.text(folder.file("o.csv")) == wanted["csv"]?.string, "\(column)")
            try one.toJSON(folder.file("o.jsonl"))
            #expect(try MappedFile.text(folder.file("o.jsonl")) == wanted["json"]?.string, "\(column)")
        }
        // They survive everything that makes new columns.
        try data.toParquet(folder.file("o.parquet"))
        let mapped = try Dataset.fromFile(folder.file("o.parquet")).map { row in row }
        for (column, feature) in data.features {
            let isOfSeconds = ["timestamp[s", "time32[s]", "date64"].contains { feature.description.contains("'\($0)") }
            #expect(isOfSeconds != (mapped.features[column] == feature), "\(column)")
        }
        for row in 0..<2 { #expect(try mapped.row(row) == data.row(row)) }
        let shuffled = try data.shuffle(seed: 1).flattenIndices().filter { _ in false }
        #expect(shuffled.count == 0 && shuffled.features == data.features)
    }

    @Test func `views, maps, dictionaries in lists and the like are read, a union is left out with a word`() throws {
        var data: Dataset?
        let log = try logged { data = try Dataset.fromFile(fixture("files/rare.arrow")) }
        let rows = try #require(data)
        let first = try rows.row(0).description
        #expect(
            rows.features.description == """
                {'kept': Value('int64'), 'view': Value('large_string'), 'bytes': Value('large_binary'), 'words': \
                List(Value('string')), 'map': List({'key': Value('string'), 'value': Value('int64')}), 'lists': \
                List(Value('int64')), 'runs': Value('string'), 'small': Value('decimal128(5, 1)')}
                """)
        #expect(
            first == """
                {'kept': 1, 'view': 'a', 'bytes': b'a', 'words': ['a', 'b'], 'map': [{'key': 'k', 'value': 1}], \
                'lists': [1], 'runs': 'x', 'small': Decimal('1.5')}
                """)
        #expect(log.count == 1 && log[0].contains("warning") && log[0].contains("'union'"), "\(log)")
        let chosen = try logged {
            data = try Dataset.fromFile(fixture("files/rare.arrow"), options: FileOptions(columns: ["map"]))
        }
        #expect(chosen.isEmpty && data?.columnNames == ["map"])
    }

    @Test func `another delimiter is recognized and said`() throws {
        for (name, text, word) in [
            ("a.csv", "text;label\n\"a;b\";1\nc, d;0\n", "semicolons"), ("b.csv", "text\tlabel\nx\t1\n", "tabs"),
            ("c.tsv", "text,label\nx,1\n", "commas"), ("d.csv", "text|label\nx|1\n", "bars"),
        ] {
            let path = try write(name, text)
            var names: [String] = []
            let log = try logged { names = try Dataset.fromFile(path).columnNames }
            #expect(
                names == ["text", "label"] && log.count == 1 && log[0].contains(word) && log[0].contains(name), "\(log)"
            )
            let given = try logged { _ = try Dataset.fromFile(path, options: FileOptions(delimiter: ";")) }
            #expect(given.isEmpty)
        }
        // One column of text is one column of text.
        for text in ["text\na; b\nc\n", "text; more\nx\n", "a;b,c\n1;2,3\n"] {
            let path = try write("e.csv", text)
            var count = 0
            let log = try logged { count = try Dataset.fromFile(path).columnNames.count }
            #expect(log.isEmpty && count == (text.contains(",") ? 2 : 1))
        }
    }

    @Test func `options that do not fit are refused`() throws {
        let csv = try write("a.csv", "x\n1\n")
        let json = try write("a.jsonl", "{\"x\": 1}\n")
        let odd = try write("odd.csv", "x\n1")
        for (path, options, word) in [
            (json, FileOptions(delimiter: ";"), "delimiter"), (json, FileOptions(quoting: .minimal), "quoting"),
            (json, FileOptions(hasHeader: false), "header"), (json, FileOptions(columnNames: ["a"]), "column names"),
            (csv, FileOptions(field: "data"), "field"), (csv, FileOptions(delimiter: "§"), "ASCII"),
            (csv, FileOptions(delimiter: "\r\n"), "ASCII"), (csv, FileOptions(quoteCharacter: "«"), "ASCII"),
            (csv, FileOptions(delimiter: "\""), "both"),
            (csv, FileOptions(quoting: FileOptions.Quoting.none, quoteCharacter: "'"), "no quoting"),
            (csv, FileOptions(columnNames: ["a", "a"]), "twice"),
            (csv, FileOptions(columnNames: ["a", "b"]), "2 column names"),
            (csv, FileOptions(columns: []), "no columns"), (csv, FileOptions(columns: ["y"]), "'y'"),
            (fixture("full.parquet"), FileOptions(encoding: .latin1), "encoding"),
            (fixture("full.parquet"), FileOptions(columns: ["y"]), "'y'"), (json, FileOptions(columns: ["y"]), "'y'"),
            (odd, FileOptions(encoding: .utf16), "utf-16"),
        ] {
            let message = try failure { _ = try Dataset.fromFile(path, options: options) }
            #expect(message.contains(word), "\(message)")
            let streamed = try failure { _ = try IterableDataset(files: [path], options: options).collect() }
            #expect(streamed == message)
        }
        let unknown = try failure { _ = try TextEncoding(named: "klingon") }
        #expect(unknown.contains("windows-1252"))
    }

    @Test func `what is no UTF-8 text is told by how it begins`() throws {
        let text = "text,label\na,b\n"
        let units = Array(text.utf16)
        for (bytes, word, remedy) in [
            ([0x1F, 0x8B, 8, 0, 0xFF, 0xFE], "packed", ".gz"), ([0x28, 0xB5, 0x2F, 0xFD, 0xFF], "packed", ".zst"),
            (units.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }, "UTF-16", "utf-16-be"),
            (units.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, "UTF-16", "utf-16-le"),
            ([0xFF, 0xFE, 0, 0] + units.flatMap { [UInt8($0 & 0xFF), 0, 0, 0] }, "UTF-32", "UTF-8"),
        ] as [([UInt8], String, String)] {
            let path = folder.file("odd.csv")
            try AtomicFile.write(bytes, to: path)
            let message = try failure { _ = try Dataset.fromFile(path, options: FileOptions(delimiter: ",")) }
            #expect(message.contains(word) && message.contains(remedy), "\(message)")
        }
        let path = folder.file("cut.csv.gz")
        try AtomicFile.write([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x4B], to: path)
        let message = try failure { _ = try Dataset.fromFile(path) }
        #expect(message.contains("damaged or cut off"), "\(message)")
    }

    @Test func `a quote that never closes is an error with its line`() throws {
        let path = try write("a.tsv", "label\ttext\n0\t\" hello there\n1\tfine one\n0\tgood\n")
        let message = try failure { _ = try Dataset.fromFile(path) }
        #expect(message.contains("line 2") && message.contains("quoting"), "\(message)")
        let rows = try Dataset.fromFile(path, options: FileOptions(quoting: FileOptions.Quoting.none))
        #expect(try rows.count == 3 && rows.strings("text")[0] == "\" hello there")
        // Two that happen to close each other swallow rows: that is said.
        let pair = try write("b.tsv", "label\ttext\n0\t\"one\n1\ttwo\n0\tthree\"\n1\tfour\n")
        var count = 0
        let log = try logged { count = try Dataset.fromFile(pair).count }
        #expect(count == 2 && log.count == 1 && log[0].contains("line 2"), "\(log)")
        let text = try write("c.csv", "text,label\n\"Dear,\nfriend\",1\n")
        let silent = try logged { count = try Dataset.fromFile(text).count }
        #expect(count == 1 && silent.isEmpty)
    }

    @Test func `an object of columns is a table in a field alone`() throws {
        let columns = "{\"a\":{\"0\":1,\"1\":18446744073709551615},\"b\":[\"x\",\"y\"],\"c\":0}"
        var message = try failure {
            _ = try Dataset.fromFile(write("a.json", "{\"data\": \(columns)}"), options: FileOptions(field: "data"))
        }
        #expect(message.contains("no columns of one length"), "\(message)")
        message = try failure {
            let text = "{\"data\": {\"a\": {\"r\": 1}, \"b\": {\"s\": 1}}}"
            _ = try Dataset.fromFile(write("a.json", text), options: FileOptions(field: "data"))
        }
        #expect(message.contains("no columns of one length"), "\(message)")
        for ending in ["json", "jsonl"] {
            let path = try write("b.\(ending)", "{\"a\": [1, 2], \"b\": [\"x\"]}")
            var data: Dataset?
            let log = try logged { data = try Dataset.fromFile(path) }
            #expect(try data?.count == 1 && data?.row(0).description == "{'a': [1, 2], 'b': ['x']}" && log.isEmpty)
        }
        for (text, word) in [
            ("{\"a\": 1}", "'a'"), ("{\"data\": 1}", "a number"), ("{\"data\": []}", "empty"), ("[1]", "no object"),
            ("{\"data\": {\"a\": 1}}", "columns"), ("{\"data\": [1}", "1"),
        ] {
            let path = try write("d.json", text)
            let message = try failure { _ = try Dataset.fromFile(path, options: FileOptions(field: "data")) }
            #expect(message.contains(word), "\(message)")
        }
    }

    @Test func `splits get the types of the training split`() throws {
        let train = try write("train.csv", "text,label\nx,0\ny,1\n")
        let float = try write("validation.csv", "text,label\n01,1.0\n2,0.0\n")
        let dict = try loadDataset(files: [("validation", float), ("train", train)])
        #expect(dict.splits == ["validation", "train"])
        #expect(try dict["validation"].ints("label") == [1, 0] && dict["validation"].strings("text") == ["01", "2"])
        for (name, text, parts) in [
            ("a.csv", "text,label\nx,0\n\"y\nz\",0.5\n", ["a.csv", "row 3", "'label'", "'0.5'"]),
            ("b.csv", "text,label\nx,no\n", ["b.csv", "row 2", "'label'", "'no'"]),
        ] {
            let other = try write(name, text)
            let message = try failure { _ = try loadDataset(files: [("train", train), ("test", other)]) }
            for part in parts + ["training split"] { #expect(message.contains(part), "\(message)") }
        }
        // A test without labels, and one with some missing, go as well.
        let bare = try write("bare.csv", "text\n7\n")
        let holes = try write("holes.csv", "text,label\nx,\ny,1\n")
        let more = try loadDataset(files: [("train", train), ("bare", bare), ("holes", holes)])
        #expect(try more["bare"].strings("text") == ["7"])
        #expect(try more["holes"].column("label").optionalInts() == [nil, 1])
        let lines = try write("train.jsonl", "{\"t\": \"2020 or so\", \"y\": 1, \"l\": [1.5]}\n")
        let dates = try write(
            "test.jsonl", "{\"t\": \"2020-01-01\", \"y\": 2.0, \"l\": [1]}\n{\"t\": null, \"y\": null, \"l\": []}\n")
        let json = try loadDataset(files: [("train", lines), ("test", dates)])["test"]
        #expect(try json.row(0).description == "{'t': '2020-01-01', 'y': 2, 'l': [1.0]}")
        let wrong = try write("wrong.jsonl", "{\"t\": \"a\", \"y\": 2}\n{\"t\": \"b\", \"y\": 2.5}\n")
        let message = try failure { _ = try loadDataset(files: [("train", lines), ("test", wrong)]) }
        for part in ["wrong.jsonl", "'y'", "row 1", "2.5"] { #expect(message.contains(part), "\(message)") }
    }

    @Test func `the files of a split get types that hold the values of all`() throws {
        for (first, second, wanted) in [
            ("x\n1\n", "x\nb\n", "['1', 'b']"), ("x\n01\n", "x\n1.5\n", "[1.0, 1.5]"),
            ("x,y\n,1\n", "x,y\na,2\n", "[None, 'a']"),
            ("x\nTrue\n", "x\n1\n", "['True', '1']"),
            ("x\n18446744073709551615\n", "x\n-1\n", "['18446744073709551615', '-1']"),
        ] {
            let files = [("train", try write("1.csv", first)), ("train", try write("2.csv", second))]
            let data = try loadDataset(files: files)["train"]
            #expect(try data["x"].values().description == wanted)
        }
        let message = try failure {
            _ = try loadDataset(files: [("train", write("1.csv", "x\n1\n")), ("train", write("2.csv", "y\n1\n"))])
        }
        #expect(message.contains("1.csv") && message.contains("2.csv") && message.contains("'y'"))
    }

    @Test func `a folder of several formats loses no split`() throws {
        _ = try write("train.csv", "text,label\na,1\n")
        _ = try write("test.jsonl", "{\"text\": \"b\"}\n")
        let message = try failure { _ = try loadDataset(folder: folder.path) }
        for part in ["CSV", "JSON", "train.csv", "test.jsonl"] { #expect(message.contains(part), "\(message)") }
        try FileSystem.remove(folder.file("test.jsonl"))
        _ = try write("test.tsv", "text\tlabel\nb\t2\n")
        _ = try write("train-notes.txt", "x")
        _ = try write("LICENSE.txt", "x")
        var dict: DatasetDict?
        let log = try logged { dict = try loadDataset(folder: folder.path) }
        #expect(dict?.splits == ["train", "test"] && log.count == 1 && log[0].contains("train-notes.txt"), "\(log)")
    }

    @Test func `archives and packed files that are damaged are named`() throws {
        let cases = try #require(read["cases"]?.array)
        for ending in ["csv.gz", "csv.bz2", "csv.xz", "csv.zip", "parquet.gz"] {
            let content = bytes(
                base64: try #require(cases.first { $0["name"]?.string == "x.\(ending)" }?["content"]?.string))
            for length in [0, 1, 10, content.count / 2, content.count - 5] {
                try AtomicFile.write(content[..<length], to: folder.file("y.\(ending)"))
                let message = try failure { _ = try Dataset.fromFile(folder.file("y.\(ending)")) }
                #expect(message.contains("y.\(ending)") && !message.contains("\u{1}"), "\(message)")
            }
            var state: UInt64 = 7
            for _ in 0..<40 {
                var damaged = content
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                damaged[Int(state >> 33) % content.count] ^= UInt8(truncatingIfNeeded: state >> 20) | 1
                try AtomicFile.write(damaged, to: folder.file("z.\(ending)"))
                _ = try? Dataset.fromFile(folder.file("z.\(ending)"))
            }
        }
    }

    @Test func `large files are read as small ones, message by message`() async throws {
        await #expect(processExitsWith: .success) { [folder = folder.path as String] in
            func write(_ name: String, _ text: String) throws -> String {
                let path = FileSystem.join(folder, name)
                try AtomicFile.write(text, to: path)
                return path
            }
            let limit = Datasets.memoryLimit
            Datasets.isCachingEnabled = false
            for (name, text) in [
                ("a.csv", "a,b\n1,2\n3\n"), ("b.csv", "a\n\"x\n"), ("c.csv", ""), ("d.jsonl", "{\"a\": 1}\n[2]\n"),
                ("e.jsonl", "{\"a\": 1}\n\n{\"a\": \"x\"}\n"), ("f.json", "[{\"a\": 1}"), ("g.csv", "a,b\n1,2,3\n"),
                ("h.jsonl", "{\"a\": \n"), ("i.jsonl", "{\"a\": 1e400}\n"), ("j.jsonl", "{\"a\": 1, \"a\": 2}\n"),
                ("k.jsonl", String(repeating: "[", count: 20_000)),
                ("l.jsonl", "{\"a\": " + String(repeating: "[", count: 20_000)), ("m.parquet", "none"),
                ("n.arrow", "none"),
            ] {
                let path = try write(name, text)
                Datasets.memoryLimit = limit
                let small = try failure { _ = try Dataset.fromFile(path) }
                Datasets.memoryLimit = 0
                let large = try failure { _ = try loadDataset(files: [("train", path)]) }
                let streamed = try failure { _ = try IterableDataset(files: [path]).collect() }
                try #require(large == small && streamed == small)
                try #require(small.contains(name) && !small.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
            }
            // Types that only the last rows tell.
            let rows = (0..<300_000).map { "\($0),\($0 % 7 == 0 ? "" : "word"),\($0)" }
            let path = try write("big.csv", "n,t,late\n" + rows.joined(separator: "\n") + "\n1,x,2.5\n")
            Datasets.memoryLimit = limit
            let small = try Dataset.fromFile(path)
            Datasets.memoryLimit = 1 << 20
            let large = try loadDataset(files: [("train", path)])["train"]
            try #require(small.features == large.features && large.features["late"] == .value("float64"))
            try #require(small.count == 300_001 && large.count == 300_001)
            for row in stride(from: 0, to: 300_001, by: 9973) { try #require(try small.row(row) == large.row(row)) }
            let lines = (0..<120_000).map { "{\"n\": \($0), \"t\": \"2020-01-01\", \"m\": {\"a\": null}}" }
            let last = "{\"n\": 0.5, \"t\": \"x\", \"m\": {\"b\": [1]}, \"z\": true}"
            let json = try write("big.jsonl", lines.joined(separator: "\n") + "\n\(last)\n")
            let parts = try loadDataset(files: [("train", json)])["train"]
            Datasets.memoryLimit = limit
            let whole = try Dataset.fromFile(json)
            try #require(parts.features == whole.features && parts.count == 120_001 && whole.count == 120_001)
            // Structures with different keys keep their own.
            try #require(whole.features["m"] == .json)
            try #require(
                try whole.row(0).description == "{'n': 0.0, 't': '2020-01-01', 'm': {'a': None}, 'z': None}")
            try #require(try parts.row(120_000) == whole.row(120_000) && parts.row(7) == whole.row(7))
        }
    }

    @Test func `many columns and long rows take no time of their own`() throws {
        let names = (0..<20_000).map { "c\($0)" }.joined(separator: ",")
        let row = Array(repeating: "1", count: 20_000).joined(separator: ",")
        let path = try write("wide.csv", "\(names)\n\(row)\n\(row)\n")
        #expect(
            try Dataset.fromFile(path, options: FileOptions(columns: ["c19999", "c3"])).columnNames == ["c3", "c19999"])
        let same = try write("same.csv", Array(repeating: "a", count: 5000).joined(separator: ",") + "\n")
        #expect(try Dataset.fromFile(same).columnNames.suffix(2) == ["a.4998", "a.4999"])
        let long = try write("long.csv", "t\n\"" + String(repeating: "x\n", count: 3_000_000) + "\"\n")
        #expect(try Dataset.fromFile(long).strings("t")[0].utf8.count == 6_000_000)
    }

    @Test(.enabled(if: FileSystem.isDirectory(Locations.shared("cases/data")), "needs the cases beside the package"))
    func `the cases beside the package`() throws {
        func data(_ name: String) -> String { Locations.shared("cases/data/\(name)") }
        #expect(try Dataset.fromFile(data("number-1e400.csv")).row(0).description.hasSuffix(": inf}"))
        #expect(try Dataset.fromFile(data("number-nan-text.csv")).row(0).description.hasSuffix(": 'NAN'}"))
        let numbers = try Dataset.fromFile(data("number-uint64.csv"))
        #expect(numbers.features.types.contains(.value("uint64")))
        #expect(numbers.description.contains("num_rows"))
        let stray = try failure { _ = try loadDataset(folder: data("stray-quote.tsv")) }
        #expect(stray.contains("line 2"))
        let plain = FileOptions(quoting: FileOptions.Quoting.none)
        #expect(try loadDataset(folder: data("stray-quote.tsv"), options: plain)["train"].count == 3)
        let mixed = try failure { _ = try loadDataset(folder: data("folder-mixed-formats")) }
        #expect(mixed.contains("CSV") && mixed.contains("JSON"))
        #expect(try loadDataset(folder: data("folder-gz-validation")).splits == ["train", "validation"])
        let zone = try Dataset.fromFile(data("parquet-timestamp-zone.parquet"))
        #expect(zone.features.types.contains { $0.description.contains("tz=") })
        try Dataset.fromFile(data("dates.jsonl")).toCSV(folder.file("o.csv"))
        #expect(try MappedFile.text(folder.file("o.csv")).contains("2020-01-01,2020-01-01 10:00:00,x"))
        let both = try loadDataset(
            files: [("train", data("labels-int.csv")), ("validation", data("labels-int-as-float.csv"))])
        #expect(try both["validation"].features == both["train"].features)
        #expect(throws: DatasetError.self) { try Dataset.fromFile(Locations.shared("cases/robust/deep20k.jsonl")) }
        #expect(throws: DatasetError.self) { try Dataset.fromFile(Locations.shared("cases/robust/null61.arrow")) }
    }
}
