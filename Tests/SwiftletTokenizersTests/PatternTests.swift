import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

/// Patterns that can't be taken; what the others match is in ComponentsTests.
@Suite struct PatternTests {
    static func load(_ pattern: String) throws -> Tokenizer {
        try ComponentsTests.tokenizer([
            "pre_tokenizer": [
                "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false,
            ]
        ])
    }

    /// The Rust library refuses these as well.
    @Test(arguments: [
        "[", "[a", "(", "(a", ")", "*a", "+", "a|*", "[z-a]", "[a--c]", "[\\w-.]", "[\\w-a]", "[a-\\w]", "\\p{Foo}",
        "\\p{Script=Han}",
        "a\\", "\\x{110000}", "(?<n", "(?z:a)", "(?#a",
    ])
    func `broken patterns`(pattern: String) throws {
        let error = try #require(throws: TokenizerError.self, "\(pattern)") { try Self.load(pattern) }
        #expect(error.message.contains(pattern), "\(error.message)")
        #expect(error.key?.hasPrefix("pre_tokenizer") == true && error.remedy != nil)
    }

    /// The library takes these; no tokenizer of an encoder is known that needs them.
    @Test(arguments: [
        ("\\1(a)", "'\\1'"), ("\\R", "'\\R'"), ("\\X", "'\\X'"), ("\\K", "'\\K'"), ("\\G", "'\\G'"),
        ("(?:a*)*", "endless"),
        ("(?<=a+)b", "look behind"), ("[[:punct:]]", "named class"), ("(?i)mass", "'ss'"), ("(?x: a)", "'(?x'"),
    ])
    func `constructs that are not implemented`(pattern: String, construct: String) throws {
        let error = try #require(throws: TokenizerError.self, "\(pattern)") { try Self.load(pattern) }
        #expect(error.message.contains(pattern) && error.message.contains(construct), "\(error.message)")
        #expect(error.kind == .unsupported && error.key?.hasPrefix("pre_tokenizer") == true && error.remedy != nil)
    }

    /// Patterns on which plain backtracking takes exponential or quadratic time, and deep nesting.
    @Test(arguments: [
        "(?:a|a)+b", "(?:a+)+b", "(?:a?){20}a{20}b", "(?:.*)*?b|x", "(?:a|aa)+$", "\\s+$", "(?:a{1,50}){1,50}b",
        "(?=(?:a+)+b)a",
        String(repeating: "(?:", count: 60) + "a" + String(repeating: ")", count: 60),
    ])
    func `no pattern takes long`(pattern: String) throws {
        guard let tokenizer = try? Self.load(pattern) else { return }
        let text = String(repeating: "a", count: 3000) + String(repeating: " ", count: 3000) + "c"
        let start = processorTime()
        _ = try tokenizer(text).inputIDs
        #expect(processorTime() - start < .seconds(30), "\(pattern)")
    }

    /// The words that a pattern splits a text into, each one token.
    static func words(_ pattern: String, _ text: String) throws -> [[Int]] {
        let tokenizer = try ComponentsTests.tokenizer(
            [
                "pre_tokenizer": [
                    "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false,
                ]
            ], model: ["type": "WordLevel", "vocab": ["<unk>": 0], "unk_token": "<unk>"])
        return try tokenizer(text).offsets.map { [$0.lowerBound, $0.upperBound] }
    }

    /// Where failures are remembered the matches are those of the reference; see Tools/reference/tokenizers_patterns.py.
    @Test func `matches in long texts are those of the reference`() throws {
        let cases = try #require(try JSONValue(contentsOf: Locations.fixture("tokenizers/long-patterns.json")).array)
        #expect(cases.count > 50)
        for sample in cases {
            let pattern = try #require(sample["pattern"]?.string)
            let parts = sample["parts"]?.array ?? []
            let text = parts.map { String(repeating: $0.array?[0].string ?? "", count: $0.array?[1].int ?? 0) }.joined()
            let words = (sample["words"]?.array ?? []).map { $0.array?.compactMap(\.int) ?? [] }
            #expect(
                try Self.words(pattern, text) == words,
                "\(pattern) in \(parts.count) parts of \(text.unicodeScalars.count)")
        }
    }

    /// A search that began anew at each of these spaces would take minutes for each pattern.
    @Test(arguments: ["\\s+$", "\\s+?$", "\\s++$", "\\s*\\s*$", "(?:\\s+)+$", "(?=\\s+y)\\s", "\\s+(?!\\S)x|\\s+$"])
    func `a long run of spaces is looked at a few times`(pattern: String) throws {
        let text = String(repeating: " ", count: 100_000) + "x"
        #expect(try Self.words(pattern, text) == [[0, 100_001]])
    }
}
