import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

/// The models of tokenizer.json held to what the Rust library makes of single words; see
/// Tools/reference/tokenizers_models.py.
@Suite struct ModelsTests {
    @Test func `models cut words as the reference`() throws {
        var tokenizers: [String: Tokenizer] = [:]
        let lines = try MappedFile.text(Locations.fixture("tokenizers/models-cases.jsonl")).split(separator: "\n")
        #expect(lines.count > 1600)
        for (number, line) in lines.enumerated() {
            let sample = try JSONValue(parsing: String(line))
            let name = try #require(sample["model"]?.string)
            let word = try #require(sample["word"]?.string)
            let tokenizer =
                try tokenizers[name]
                ?? AutoTokenizer.fromPretrained(
                    folder: Locations.fixture("tokenizers/models-\(name)"))
            tokenizers[name] = tokenizer
            if sample["fails"]?.bool == true {
                #expect(throws: TokenizerError.self, "\(name): '\(word)'") { try tokenizer(word) }
                continue
            }
            let encoding = try tokenizer(word)
            var differences: [String] = []
            let ids = sample["ids"]?.array?.compactMap(\.int) ?? []
            if encoding.inputIDs.map({ Int($0) }) != ids {
                differences.append("ids \(encoding.inputIDs) instead of \(ids)")
            }
            let found = encoding.offsets.flatMap { [$0.lowerBound, $0.upperBound] }
            if let offsets = sample["offsets"]?.array?.compactMap(\.int), found != offsets {
                differences.append("offsets \(found) instead of \(offsets)")
            }
            if let tokens = sample["tokens"]?.array?.map(\.string),
                !encoding.tokens.elementsEqual(tokens, by: ReferenceTests.same)
            {
                differences.append("tokens \(encoding.tokens) instead of \(tokens)")
            }
            // The path for ids only.
            let flat = try tokenizer.encodeBatch([word]).ids.map { Int($0) }
            if flat != ids { differences.append("fast ids \(flat) instead of \(ids)") }
            if !differences.isEmpty {
                Issue.record("line \(number + 1), \(name), '\(word)': \(differences.joined(separator: "; "))")
            }
        }
        #expect(tokenizers.count == 20)
    }

    @Test func `models are saved whole`() throws {
        for name in [
            "byte-level", "bpe-fuse", "bpe-prefix", "bpe-legacy", "bpe-some-bytes", "unigram-bytes", "unigram-ties",
            "word-level",
        ] {
            let source = Locations.fixture("tokenizers/models-\(name)/tokenizer.json")
            let folder = try TemporaryDirectory()
            try AutoTokenizer.fromPretrained(
                folder: Locations.fixture("tokenizers/models-\(name)")
            ).save(to: folder.path)
            let before = try #require(try JSONValue(contentsOf: source)["model"]?.object)
            let after = try #require(try JSONValue(contentsOf: folder.file("tokenizer.json"))["model"]?.object)
            for (key, value) in before where key != "merges" && !(key == "vocab" && name == "bpe-legacy") {
                if key == "vocab", name.hasPrefix("unigram") {
                    let (items, saved) = (value.array ?? [], after[key]?.array ?? [])
                    #expect(items.map { $0.array?[0] } == saved.map { $0.array?[0] }, "\(name)")
                    // Scores of files that are taken as they stand may be off by the last bit, as in the reference.
                    for (item, saved) in zip(items, saved) {
                        let (score, found) = (item.array?[1].double ?? 0, saved.array?[1].double ?? 1)
                        #expect(abs(score - found) <= score.ulp, "\(name): \(item)")
                    }
                } else {
                    #expect(after[key] == value, "\(name): \(key)")
                }
            }
            guard let merges = before["merges"]?.array else { continue }
            // A merge that comes twice counts where it comes last.
            let pairs = merges.map {
                $0.string.map { .array($0.split(separator: " ").map { .string(String($0)) }) } ?? $0
            }
            let last = pairs.enumerated().filter { index, pair in !pairs[(index + 1)...].contains(pair) }.map(\.element)
            let saved = after["merges"]?.array ?? []
            // Of two tokens with one id either may be written.
            if name == "bpe-legacy" { #expect(saved.count == last.count) } else { #expect(saved == last, "\(name)") }
        }
    }

    /// Merging is not quadratic, and no length is too much for it.
    @Test(arguments: ["byte-level", "bpe-bytes", "bpe-fuse", "bpe-shuffled", "unigram", "unigram-bytes", "word-level"])
    func `very long words`(name: String) throws {
        let tokenizer = try AutoTokenizer.fromPretrained(folder: Locations.fixture("tokenizers/models-\(name)"))
        for piece in ["a", "abc", "the", "ab\0", "é", "🦊\u{10FFFF}"] {
            let word = String(repeating: piece, count: 1_000_000 / piece.utf8.count)
            let start = processorTime()
            // Scalars that are no token are left out where there is no unknown token.
            let count = try tokenizer.encodeBatch([word]).ids.count
            #expect(count > 0 || name == "byte-level")
            #expect(processorTime() - start < .seconds(30), "\(name) with \(piece)")
        }
    }
}
