import SwiftletIO
import SwiftletTokenizers
import Testing

/// Small files that would make a short text huge, or look at it for ages, are refused: when they are loaded, if that can
/// be known, else when they are used.
@Suite struct TextLimitTests {
    static func replace(_ pattern: String, _ content: String) -> JSONValue {
        ["type": "Replace", "pattern": ["String": .string(pattern)], "content": .string(content)]
    }

    static func replace(regex: String, _ content: String) -> JSONValue {
        ["type": "Replace", "pattern": ["Regex": .string(regex)], "content": .string(content)]
    }

    static func split(_ regex: String) -> JSONValue {
        ["type": "Split", "pattern": ["Regex": .string(regex)], "behavior": "Isolated", "invert": false]
    }

    static func normalizers(_ steps: [JSONValue]) -> JSONValue { ["type": "Sequence", "normalizers": .array(steps)] }

    static func preTokenizers(_ steps: [JSONValue]) -> JSONValue {
        ["type": "Sequence", "pretokenizers": .array(steps)]
    }

    static func texts(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    static func expectLimit(_ error: TokenizerError, _ key: String, _ word: String) {
        #expect(error.key == key && error.message.contains(word) && error.remedy != nil, "\(error)")
    }

    // MARK: - Length

    static let multiplying: [(JSONValue, String)] = [
        (normalizers(Array(repeating: replace("a", "aa"), count: 40)), "a"),
        (normalizers(Array(repeating: replace("a", texts("a", 1000)), count: 3)), "a"),
        (replace("", texts("a", 1000)), texts("a", 5000)), (replace(regex: "", texts("a", 1000)), texts("a", 5000)),
        (replace(regex: "$", texts("a", 100_000)), "b"),
        (["type": "Prepend", "prepend": .string(texts("b", 2000))], "a"),
        (normalizers(Array(repeating: ["type": "Prepend", "prepend": .string(texts("b", 100))], count: 200)), "a"),
        (normalizers(Array(repeating: ["type": "ByteLevel"], count: 60)), "é"),
        (normalizers([replace("a", texts("\u{fdfa}", 5)), ["type": "NFKD"]]), texts("a", 100)),
    ]

    @Test(arguments: multiplying)
    func `a normalizer can't multiply a text without end`(normalizer: JSONValue, text: String) throws {
        let tokenizer = try ComponentsTests.tokenizer(["normalizer": normalizer])
        let error = try #require(throws: TokenizerError.self) { try tokenizer(text) }
        Self.expectLimit(error, "normalizer", "bytes longer than")
        #expect(throws: TokenizerError.self) { try tokenizer.encodeBatch([text]) }
        #expect(try tokenizer("").inputIDs.isEmpty)
    }

    /// U+FDFA is 18 letters.
    @Test func `a text of the scalar that grows most is taken by parts that tokenizers have`() throws {
        let tokenizer = try ComponentsTests.tokenizer([
            "normalizer": ["type": "NFKC"],
            "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true],
        ])
        #expect(try tokenizer(Self.texts("\u{fdfa}", 2000)).inputIDs.count > 2000 * 33)
    }

    static let multiplyingWords: [(JSONValue, String)] = [
        (
            preTokenizers(
                (0..<120).map {
                    [
                        "type": "Metaspace", "replacement": $0 % 2 == 0 ? "X" : "Y", "prepend_scheme": "always",
                        "split": true,
                    ]
                }), "a"
        ),
        (
            preTokenizers(
                Array(
                    repeating: [
                        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false,
                    ], count: 60)), "é"
        ),
    ]

    @Test(arguments: multiplyingWords)
    func `a pre-tokenizer can't either`(preTokenizer: JSONValue, text: String) throws {
        let tokenizer = try ComponentsTests.tokenizer(["pre_tokenizer": preTokenizer])
        let error = try #require(throws: TokenizerError.self) { try tokenizer(text) }
        Self.expectLimit(error, "pre_tokenizer", "bytes longer than")
    }

    @Test func `what really makes texts longer fits`() throws {
        let longest = Self.texts("\u{fdfa}", 1000)
        let cases: [(JSONValue, String, Int)] = [
            (["type": "NFKD"], longest, 33_000), (["type": "NFKC"], longest, 33_000),
            (Self.normalizers([["type": "NFKD"], ["type": "Lowercase"], Self.replace(" ", "▁")]), longest, 39_000),
            (Self.replace(" ", "▁"), Self.texts(" ", 1000), 3000), (["type": "Prepend", "prepend": "query: "], "a", 8),
            (Self.replace("\t", "<|tab|>"), Self.texts("\t", 1000), 7000),
            (["type": "ByteLevel"], Self.texts("é", 1000), 4000),
        ]
        for (normalizer, text, count) in cases {
            let tokenizer = try ComponentsTests.tokenizer(["normalizer": normalizer])
            #expect(try tokenizer(text).inputIDs.count == count, "\(normalizer.text(.line))")
        }
    }

    /// They are normalized when the file is read, all of them together.
    @Test func `added tokens can't be multiplied without end`() throws {
        func load(_ tokens: [String], _ content: String) throws -> Tokenizer {
            let added = tokens.enumerated().map { index, token -> JSONValue in
                [
                    "id": .int(256 + index), "content": .string(token), "single_word": false, "lstrip": false,
                    "rstrip": false, "normalized": true, "special": false,
                ]
            }
            return try ComponentsTests.tokenizer([
                "normalizer": Self.replace("q", content), "added_tokens": .array(added),
            ])
        }
        let many = (1...250).map { Self.texts("q", $0) }
        for (tokens, content) in [
            (many, Self.texts("a", 20_000)), (many, Self.texts("a", 40)), (["q"], Self.texts("a", 2000)),
        ] {
            let error = try #require(throws: TokenizerError.self) { try load(tokens, content) }
            Self.expectLimit(error, "normalizer", "added tokens")
            #expect(error.path != nil)
        }
        #expect(try load(many, "aa").count == 506)
        #expect(throws: TokenizerError.self) { try load([], Self.texts("a", 20_000)).adding(many) }
    }

    // MARK: - Steps

    @Test(arguments: [
        "(a?){10000}b", "(a{0,10000}b|a{0,10000}c|a{0,10000}d|a)",
        "a{0,9999}[b-c]|a{0,9999}[e-f]|a(?!a{0,9999}x)",
        "(a{1,100}){1,100}b", "(?=a{1,10000}b)a", "(a{1,1000}){1,10}b", "((a|ab|aab){1,50}){1,50}b", "a{5000,}b",
        "(?<=(?:a|a){1,200}b)a", "(?<!a{0,250}b)c", "(?>(?:a|b){2000})c", "(((){10000}){10000}){10000}",
        "((?:){9999}){9999}a", texts("a", 3000), "a" + texts("{1,1}", 70), "a" + texts("?", 500),
    ])
    func `patterns that are too large`(pattern: String) throws {
        let parts: [(JSONValue, String)] = [
            (["pre_tokenizer": Self.split(pattern)], "pre_tokenizer.pattern.Regex"),
            (["normalizer": Self.replace(regex: pattern, "b")], "normalizer.pattern.Regex"),
        ]
        for (part, key) in parts {
            let error = try #require(throws: TokenizerError.self) { try ComponentsTests.tokenizer(part) }
            Self.expectLimit(error, key, "a pattern that")
        }
    }

    /// GPT-2's, those of cl100k and Llama 3, Qwen's, o200k's, DeepSeek's, BLOOM's, CLIP's and Kimi's.
    @Test(arguments: [
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
        #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
        ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"##,
        #" ?[^(\s|[.,!?…。，、।۔،])]+"#,
        #"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#,
        #"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}|\s+(?!\S)|\s+"#,
        #"\d{1,3}(?=(?:\d{3})*\b)"#, #"\s{2,}|[\n\r\t]"#,
    ])
    func `patterns of known tokenizers have much room`(pattern: String) throws {
        let (size, most) = try patternSize(pattern)
        #expect(size * 15 < most, "\(size) of \(most)")
        let text = Self.texts("It's 12345 o'clock,\n\n  HÄLT 你好... ", 300)
        let (matches, steps) = try matchesAndSteps(pattern, text)
        // A tenth of what one text may take for each of its bytes.
        #expect(steps < text.utf8.count * 128, "\(steps) for \(text.utf8.count)")
        #expect(try matchesAndSteps(pattern, text, allowance: steps).matches == matches)
    }

    /// Small patterns that still take long: what looks around has many ways, or ways meet again and again.
    @Test(arguments: [
        "(?=(?:a|a){30}b)a", "(?>(?:a|a){30}b)|a", "(?<=(?:a|a){9}b)a|a", "(?:a|a|a|a|a|a|a|a){20}b", "(a?){500}b",
        "(?:(?:|a){100}a)*b", "(?=(?:a?){200}a*)a", "(?:a{1,20}){1,40}b", "(?=a{1,400}b)a",
        (0..<100).map { _ in "a*b" }.joined(separator: "|"), texts("a", 1000) + "b",
        "(?:" + (0..<200).map { _ in "a" }.joined(separator: "|") + ")" + texts("a", 200) + "b",
    ])
    func `a search ends with its allowance`(pattern: String) throws {
        let text = Self.texts("a", 3000)
        let allowance = 100_000
        #expect(try matchesAndSteps(pattern, text, allowance: allowance).steps == allowance + 1)
        #expect(try matchesAndSteps("a", text, allowance: allowance).matches.count == 3000)
    }

    /// Long texts that are looked for at each place, and differ at their ends only.
    static let longTokens: JSONValue = {
        let added = (0..<50).map { index -> JSONValue in
            [
                "id": .int(256 + index), "content": .string(texts("q", 300) + "b\(index)"), "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": true, "special": false,
            ]
        }
        return ["normalizer": replace("q", texts("a", 15)), "added_tokens": .array(added)]
    }()

    /// All parts share what a text may cost.
    @Test func `many steps can't take long either`() throws {
        let digits = ["type": "Digits", "individual_digits": true] as JSONValue
        let cases: [(JSONValue, String, String)] = [
            (
                ["pre_tokenizer": Self.preTokenizers(Array(repeating: Self.split("a"), count: 256))], "a",
                "pre_tokenizer"
            ),
            (["pre_tokenizer": Self.split("(?=(?:a|a){30}b)a")], "a", "pre_tokenizer"),
            (["normalizer": Self.replace(regex: "(?:a?){600}b", "c")], "a", "normalizer"),
            (
                [
                    "normalizer": Self.normalizers(
                        [Self.replace("a", Self.texts("a", 16))] + Array(repeating: ["type": "Lowercase"], count: 255))
                ], "a", "normalizer"
            ),
        ]
        for (parts, text, key) in cases + [(Self.longTokens, "q", "normalizer")] {
            let tokenizer = try ComponentsTests.tokenizer(parts)
            let error = try #require(throws: TokenizerError.self) { try tokenizer(Self.texts(text, 20_000)) }
            Self.expectLimit(error, key, "steps for a text of 20000 bytes")
        }
        let tokenizer = try ComponentsTests.tokenizer([
            "pre_tokenizer": Self.preTokenizers(Array(repeating: digits, count: 100))
        ])
        #expect(try tokenizer(Self.texts("1", 1000)).wordIDs.last == 999)
    }
}
