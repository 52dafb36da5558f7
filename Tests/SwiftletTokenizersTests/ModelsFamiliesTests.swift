import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

/// Folders as checkpoints have them, held to the Python stack; see Tools/reference/tokenizers_families.py.
@Suite struct ModelsFamiliesTests {
    static let folders = [
        "bert", "bert-json", "distilbert", "distilbert-json", "electra", "electra-json", "electra-older", "mpnet",
        "mpnet-json", "roberta", "roberta-prefix", "roberta-older", "deberta", "deberta-json", "modernbert",
        "xlm-roberta",
        "xlm-roberta-json", "generic", "camembert", "camembert-json", "albert", "albert-json", "deberta-v2",
        "deberta-v2-json",
    ]

    static func samples(_ folder: String) throws -> [JSONValue] {
        try MappedFile.text(Locations.fixture("tokenizers/models-families.jsonl")).split(separator: "\n").lazy
            .filter { $0.hasPrefix(#"{"folder":"models-family-\#(folder)","#) }.map {
                try JSONValue(parsing: String($0))
            }
    }

    @Test(arguments: folders) func `a folder encodes as in Python`(folder: String) throws {
        let tokenizer = try AutoTokenizer.fromPretrained(
            folder: Locations.fixture("tokenizers/models-family-\(folder)"))
        let samples = try Self.samples(folder)
        #expect(samples.count == 29)
        for (number, sample) in samples.enumerated() {
            if let length = sample["length"]?.int {
                #expect(tokenizer.count == length && tokenizer.vocabularySize == sample["size"]?.int)
                #expect(tokenizer.modelInputNames == sample["names"]?.array?.compactMap(\.string))
                #expect(tokenizer.allSpecialTokens == sample["special"]?.array?.compactMap(\.string))
            }
            let differences = try Self.differences(tokenizer, sample)
            if !differences.isEmpty {
                Issue.record(
                    "\(folder) \(number), '\(sample["text"]?.string ?? "")': \(differences.joined(separator: "; "))")
            }
        }
    }

    static func differences(_ tokenizer: Tokenizer, _ sample: JSONValue) throws -> [String] {
        let text = try #require(sample["text"]?.string)
        let encoding = try tokenizer(text, sample["pair"]?.string)
        var differences: [String] = []
        func compare(_ name: String, _ found: [Int?]) {
            let expected = sample[name]?.array?.map(\.int) ?? []
            if found != expected { differences.append("\(name) \(found) instead of \(expected)") }
        }
        compare("ids", encoding.inputIDs.map { Int($0) })
        compare("types", encoding.tokenTypeIDs.map { Int($0) })
        compare("words", encoding.wordIDs)
        compare("offsets", encoding.offsets.flatMap { [$0.lowerBound, $0.upperBound] })
        let tokens = sample["tokens"]?.array?.map(\.string) ?? []
        if !encoding.tokens.elementsEqual(tokens, by: ReferenceTests.same) {
            differences.append("tokens \(encoding.tokens) instead of \(tokens)")
        }
        for (name, skips) in [("decoded", false), ("skipped", true)] {
            let found = tokenizer.decode(encoding.inputIDs, skipSpecialTokens: skips)
            if !ReferenceTests.same(found, sample[name]?.string) {
                differences.append("\(name) '\(found)' instead of '\(sample[name]?.string ?? "")'")
            }
        }
        // The path for ids only.
        let flat = try tokenizer.encodeBatch([text], sample["pair"]?.string.map { [$0] }).ids
        if flat != encoding.inputIDs { differences.append("fast ids \(flat) instead of \(encoding.inputIDs)") }
        return differences
    }

    @Test(arguments: folders) func `what is saved encodes the same`(folder: String) throws {
        let texts = try Self.samples(folder).map { $0["text"]?.string ?? "" }
        let tokenizer = try AutoTokenizer.fromPretrained(
            folder: Locations.fixture("tokenizers/models-family-\(folder)"))
        let saved = try TemporaryDirectory()
        try tokenizer.save(to: saved.path)
        let again = try AutoTokenizer.fromPretrained(folder: saved.path)
        #expect(try tokenizer.encodeBatch(texts).ids == again.encodeBatch(texts).ids)
        #expect(tokenizer.count == again.count && tokenizer.allSpecialTokens == again.allSpecialTokens)
    }
}
