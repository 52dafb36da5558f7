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
        "(?:a|a)+b", "(?:a+)+b", "(?:a?){20}a{20}b", "(?:.*)*?b|x", "(?:a|aa)+$", "\\s+$", "(?:a{1,20}){1,20}b",
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

    /// Each match may begin with a search of the rest of the run that fails, or that has succeeded before.
    @Test(arguments: [
        #"\s+$|\s"#, #"\s+$"#, #"(\s+)$|\s"#, #"[ \t]+\z|."#, #"\s*[\r\n]+$|\s"#, #"\s*[\r\n]+|\s+(?!\S)|\s"#,
        #"(?>\s+x)|\s"#, #"(?:\s+)++z|\s"#, #"\s+?z|\s"#, #"\s++z|\s"#, #"\s(?=\s*x)"#, #"\s(?=\s*z)|\s"#,
        #"\s(?!\s*x)|."#,
        #"(?:\s\s?)+z|\s"#, #"(?:\s{3})+z|\s{1,2}"#, #"\s(?=(?:\s{3})*(?!\s))|\s"#, #"(?>\s(?=\s*x))|y"#,
        #"\s*\s*\s*z|\s"#,
        #"\s{2,}z|\s{1,2}"#, #"(?=(?:\s*,)*z)\s|."#, #"(?:\s*,)*z|."#, #"(?:\s*?,)*?z|."#,
        #"(?<=\s)(?=(?:\s\s)*x)\s|\s"#, #"\b\s*z|$|\s"#,
    ])
    func `steps grow no faster than the text`(pattern: String) throws {
        func steps(_ count: Int) throws -> Int {
            let run = String(repeating: " ", count: count)
            let texts = [
                run + "x", "x" + run + "\n" + run, run + "," + run + ",x", String(repeating: " ,", count: count),
            ]
            return try texts.map { try matchesAndSteps(pattern, $0).steps }.reduce(0, +)
        }
        let (few, many) = (try steps(3_000), try steps(12_000))
        #expect(many < few * 5 && many < 12_000 * 7 * 120, "\(pattern): \(few), \(many)")
    }

    /// What was remembered in the search for one match is of use for the next, and changes none.
    @Test(arguments: [
        (#"\s+$|\s"#, 5_000, 1), (#"\s(?=\s*x)|\s{2}"#, 5_000, 1), (#"(?>\s+)x|\s"#, 1, 5_001),
        (#"\s(?=(?:\s{3})*x)|\s+"#, 1, 5_000),
        (#"(?:\s{3})+$|\s{2}"#, 2_500, 2), (#"\s+y|\s*?x"#, 1, 5_001),
    ])
    func `later matches are found as the first is`(pattern: String, count: Int, length: Int) throws {
        let (matches, _) = try matchesAndSteps(pattern, String(repeating: " ", count: 5_000) + "x")
        #expect(
            matches.count == count && matches.first?.count == length,
            "\(pattern): \(matches.count) \(matches.prefix(3))")
    }
}
