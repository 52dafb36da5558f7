import SwiftletIO
import SwiftletTokenizers
import Testing

/// Components that would add or multiply without end are refused when they are read.
@Suite struct ComponentLimitTests {
    @Test func `a component has no more than 256 steps`() throws {
        func nested(_ name: String, _ step: JSONValue, _ count: Int) -> JSONValue {
            let half = Array(repeating: step, count: (count - 2) / 2)
            func sequence(_ steps: [JSONValue]) -> JSONValue {
                .object(JSONObject([("type", "Sequence"), (name, .array(steps))]))
            }
            return sequence([sequence(half), sequence(half)])
        }
        let byteLevel: JSONValue = ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true]
        let components: [(String, String, JSONValue)] = [
            ("normalizer", "normalizers", ["type": "Lowercase"]),
            ("pre_tokenizer", "pretokenizers", ["type": "Whitespace"]), ("post_processor", "processors", byteLevel),
            ("decoder", "decoders", ["type": "Fuse"]),
        ]
        for (key, name, step) in components {
            func load(_ count: Int) throws -> Tokenizer {
                try ComponentsTests.tokenizer(.object(JSONObject([(key, nested(name, step, count))])))
            }
            #expect(try load(256)("a b").inputIDs.isEmpty == false)
            let error = try #require(throws: TokenizerError.self) { try load(258) }
            TextLimitTests.expectLimit(error, key, "256 steps")
        }
    }

    static func template(single: [JSONValue], pair: [JSONValue] = [], ids: Int = 1) -> JSONValue {
        [
            "post_processor": [
                "type": "TemplateProcessing", "single": .array(single), "pair": .array(pair),
                "special_tokens": [
                    "[X]": [
                        "id": "[X]", "ids": .array(Array(repeating: 1, count: ids)),
                        "tokens": .array(Array(repeating: "x", count: ids)),
                    ]
                ],
            ]
        ]
    }

    @Test func `a template adds no endless number of tokens`() throws {
        let special: JSONValue = ["SpecialToken": ["id": "[X]", "type_id": 0]]
        func text(_ id: JSONValue) -> JSONValue { ["Sequence": ["id": id, "type_id": 0]] }
        func repeated(_ piece: JSONValue, _ count: Int) -> [JSONValue] { Array(repeating: piece, count: count) }
        let refused: [(JSONValue, String, String)] = [
            (Self.template(single: repeated(special, 600), ids: 3500), "post_processor.single", "special tokens"),
            (Self.template(single: repeated(special, 1025)), "post_processor.single", "1024 special tokens"),
            (Self.template(single: [], pair: repeated(special, 2), ids: 600), "post_processor.pair", "special tokens"),
            (Self.template(single: repeated(text("A"), 1200)), "post_processor.single", "8 texts"),
            (
                Self.template(single: [], pair: repeated(text("A"), 5) + repeated(text("B"), 4)), "post_processor.pair",
                "8 texts"
            ),
        ]
        for (parts, key, words) in refused {
            let error = try #require(throws: TokenizerError.self) { try ComponentsTests.tokenizer(parts) }
            TextLimitTests.expectLimit(error, key, words)
            #expect(error.path?.hasSuffix("tokenizer.json") == true)
        }
        let kept = Self.template(single: repeated(special, 1016) + repeated(text("A"), 8))
        #expect(try ComponentsTests.tokenizer(kept)("ab").inputIDs.count == 1016 + 16)
    }

    /// Each part of one text meets each of the other.
    @Test func `overflowing parts can't multiply without end`() throws {
        let texts = (0..<4).map { ["Sequence": ["id": $0 % 2 == 0 ? "A" : "B", "type_id": 0]] as JSONValue }
        let tokenizer = try ComponentsTests.tokenizer(Self.template(single: [texts[0]], pair: texts))
        let long = TextLimitTests.texts("a", 1000)
        let error = try #require(throws: TokenizerError.self) {
            try tokenizer([long], [long], truncation: true, maxLength: 8, returnOverflowingTokens: true)
        }
        #expect(error.message.contains("rows") && error.remedy != nil)
        let one = try tokenizer([long], truncation: true, maxLength: 8, returnOverflowingTokens: true)
        #expect(one.count == 125)
    }

    /// Each character gets them, and with a fallback each of their bytes may be a token.
    @Test func `what a model puts around characters is short`() throws {
        func model(_ prefix: Int, _ suffix: Int) -> JSONValue {
            [
                "type": "BPE", "dropout": nil, "unk_token": nil,
                "continuing_subword_prefix": .string(TextLimitTests.texts("#", prefix)),
                "end_of_word_suffix": .string(TextLimitTests.texts("<", suffix)), "fuse_unk": false,
                "byte_fallback": true,
                "ignore_merges": false,
                "vocab": .object(JSONObject((0..<256).map { (ComponentsTests.byteToken($0), .int($0)) })), "merges": [],
            ]
        }
        for (prefix, suffix, key) in [
            (20_000, 0, "model.continuing_subword_prefix"), (0, 65, "model.end_of_word_suffix"),
        ] {
            let error = try #require(throws: TokenizerError.self) {
                try ComponentsTests.tokenizer([:], model: model(prefix, suffix))
            }
            TextLimitTests.expectLimit(error, key, "bytes")
        }
        let tokenizer = try ComponentsTests.tokenizer([:], model: model(2, 4))
        #expect(try tokenizer("abc").inputIDs.count == 1 + 3 + 7)
        let words = try ComponentsTests.tokenizer(["pre_tokenizer": ["type": "WhitespaceSplit"]], model: model(64, 64))
        #expect(throws: TokenizerError.self) { try words(TextLimitTests.texts("ab ", 1000)).inputIDs.count }
    }

    static let decoders: [(JSONValue, String, String)] = [
        (
            ["type": "Sequence", "decoders": .array(Array(repeating: TextLimitTests.replace("a", "aa"), count: 9))]
                as JSONValue,
            "decoder", "256 times"
        ),
        (TextLimitTests.replace("", TextLimitTests.texts("a", 300)), "decoder", "256 times"),
        (TextLimitTests.replace(regex: "a?", TextLimitTests.texts("a", 300)), "decoder", "times"),
        (
            [
                "type": "Sequence",
                "decoders": .array(Array(repeating: ["type": "BPEDecoder", "suffix": ""], count: 9)),
            ],
            "decoder", "256 times"
        ),
        (
            [
                "type": "Sequence",
                "decoders": .array(
                    Array(
                        repeating: ["type": "CTC", "pad_token": "", "word_delimiter_token": "", "cleanup": true],
                        count: 9)),
            ], "decoder", "256 times"
        ),
        (TextLimitTests.replace(regex: "(?=(?:a|a){30}b)", "c"), "decoder.pattern", "too complex"),
        (TextLimitTests.replace(regex: "(a?){100}b", "c"), "decoder.pattern", "too complex"),
    ]

    /// Decoding has no errors, so that decoders are held to more when they are read.
    @Test(arguments: decoders)
    func `a decoder can't multiply a text without end`(decoder: JSONValue, key: String, words: String) throws {
        let error = try #require(throws: TokenizerError.self) { try ComponentsTests.tokenizer(["decoder": decoder]) }
        TextLimitTests.expectLimit(error, key, words)
    }

    @Test func `decoders of known tokenizers fit`() throws {
        let decoder: JSONValue = [
            "type": "Sequence",
            "decoders": [
                TextLimitTests.replace("▁", " "), ["type": "ByteFallback"], ["type": "Fuse"],
                TextLimitTests.replace(regex: #"\s+"#, " "),
                ["type": "Strip", "content": " ", "start": 1, "stop": 0],
            ],
        ]
        #expect(try ComponentsTests.tokenizer(["decoder": decoder]).decode([32, 97, 32, 32, 98] as [Int]) == "a b")
    }
}
