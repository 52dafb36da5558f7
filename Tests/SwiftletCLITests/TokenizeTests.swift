import SwiftletIO
import SwiftletTestSupport
import Testing

/// `swiftlet tokenize` on tokenizers of every family; see Tools/reference/tokenizers_families.py.
@Suite(.serialized) struct TokenizeTests {
    @Test func `every family gives the ids of the Python stack`() throws {
        let program = Program(files: try TemporaryDirectory())
        var samples: [String: [(text: String, ids: JSONValue)]] = [:]
        for line in try MappedFile.text(Locations.fixture("tokenizers/models-families.jsonl")).split(separator: "\n") {
            let sample = try JSONValue(parsing: String(line))
            guard let folder = sample["folder"]?.string, let text = sample["text"]?.string, let ids = sample["ids"]
            else {
                Issue.record("no sample: \(line)")
                continue
            }
            let pair = sample["pair"]?.string
            // Line feeds and tabs mean something on the command line.
            let isOneLine = ![text, pair ?? ""].contains {
                $0.unicodeScalars.contains { ["\n", "\r", "\t"].contains($0) }
            }
            if isOneLine { samples[folder, default: []].append((pair.map { "\(text)\t\($0)" } ?? text, ids)) }
        }
        #expect(samples.count == 24)
        for (folder, samples) in samples {
            let result = try program.run(
                ["tokenize", "--model", Locations.fixture("tokenizers/\(folder)"), "--max-length", "512"],
                input: samples.map { $0.text + "\n" }.joined())
            #expect(result.status == 0, "\(folder): \(result.error)")
            let lines = try result.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
            #expect(lines.count == samples.count, "\(folder)")
            for (line, sample) in zip(lines, samples) {
                #expect(line["input_ids"] == sample.ids, "\(folder): '\(sample.text)'")
            }
        }
    }

    @Test func `long texts are whole, with a warning, and cut where that is asked for`() throws {
        let program = Program(files: try TemporaryDirectory())
        let long = Array(repeating: "word", count: 600).joined(separator: " ")
        let input = "short\n\(long)\n\(long)\n"
        func lengths(_ output: String) throws -> [Int] {
            try output.split(separator: "\n").map { line in
                try JSONValue(parsing: String(line))["input_ids"]?.array?.count ?? 0
            }
        }
        let whole = try program.run(["tokenize", "--model", Locations.miniLM], input: input)
        #expect(whole.status == 0)
        #expect(try lengths(whole.output) == [3, 602, 602])
        #expect(whole.error.contains("2 of 3 lines, the first of them line 2, have more than the 512 tokens"))
        #expect(whole.error.contains("--max-length 512"))
        let cut = try program.run(["tokenize", "--model", Locations.miniLM, "--max-length", "512"], input: input)
        #expect(try lengths(cut.output) == [3, 512, 512])
        #expect(cut.error.isEmpty)
    }
}
