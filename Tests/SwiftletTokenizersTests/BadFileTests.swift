import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Files that are broken, or that ask for what is not there, give typed errors.
@Suite struct BadFileTests {
    static let valid = """
        {"version": "1.0", "truncation": null, "padding": {"strategy": "BatchLongest", "direction": "Left", "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": [{"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
        {"id": 9, "content": "Wow", "single_word": true, "lstrip": true, "rstrip": true, "normalized": true, "special": false}],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[CLS]", "type_id": 2}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2, 0], "tokens": ["[CLS]", "[PAD]"]}}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
        "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "a": 3, "##a": 4, "b": 5, "\\u00e9\\ud83d\\ude00": 6, "e\\u0301": 7, "\\u00e9": 8}}}
        """

    static let config = #"{"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 64, "unk_token": "[UNK]"}"#

    static func load(_ json: String, config: String = config) throws -> Tokenizer {
        let folder = try TemporaryDirectory()
        try AtomicFile.write(json, to: folder.file("tokenizer.json"))
        try AtomicFile.write(config, to: folder.file("tokenizer_config.json"))
        return try AutoTokenizer.fromPretrained(folder: folder.path)
    }

    @Test func `a valid file is read as it stands`() throws {
        let tokenizer = try Self.load(Self.valid)
        let encoding = try tokenizer("aaA a Wow  b", "bz")
        #expect(encoding.tokens == ["a", "##a", "##a", "a", " wow  ", "b", "[CLS]", "[PAD]", "[UNK]"])
        #expect(encoding.inputIDs == [3, 4, 4, 3, 9, 5, 2, 0, 1])
        #expect(encoding.tokenTypeIDs == [0, 0, 0, 0, 0, 0, 2, 2, 1])
        #expect(tokenizer.paddingSide == .left && tokenizer.padToken == "[PAD]" && tokenizer.padTokenID == 0)
        #expect(tokenizer.vocabularySize == 9 && tokenizer.count == 10 && tokenizer.modelMaxLength == 64)
        #expect(tokenizer.modelInputNames == ["input_ids", "attention_mask"])
        // Canonically equivalent tokens are different tokens.
        #expect(tokenizer.convertTokenToID("e\u{301}") == 7 && tokenizer.convertTokenToID("\u{e9}") == 8)
        #expect(tokenizer.convertTokenToID("\u{e9}\u{1f600}") == 6)
    }

    @Test(arguments: [#""2.0""#, #""1.1""#, #""1""#, #""""#, #"" 1.0""#, #""1.0\u0301""#])
    func `a file of another version is refused`(version: String) throws {
        for config in [Self.config, #"{"tokenizer_class": "BertTokenizer"}"#] {
            let json = Self.valid.replacing(#""version": "1.0""#, with: "\"version\": \(version)")
            let error = try #require(throws: TokenizerError.self) { try Self.load(json, config: config) }
            #expect(error.kind == .unsupported && error.key == "version" && error.remedy != nil)
            #expect(error.path?.hasSuffix("tokenizer.json") == true)
        }
    }

    @Test(arguments: ["null", "1.0", "1", "true", "[]", "{}"])
    func `a version is a string`(version: String) throws {
        let json = Self.valid.replacing(#""version": "1.0""#, with: "\"version\": \(version)")
        let error = try #require(throws: TokenizerError.self) { try Self.load(json) }
        #expect(error.kind == .malformed && error.key == "version")
    }

    @Test func `a file may lack its version`() throws {
        let json = Self.valid.replacing(#""version": "1.0", "#, with: "")
        #expect(try Self.load(json).vocabularySize == 9)
    }

    @Test(arguments: [
        (#""type": "WordPiece", "unk_token""#, #""type": "BPE", "unk_token""#, "model.merges"),
        (#""type": "BertNormalizer""#, #""type": "Precompiled""#, "normalizer.precompiled_charsmap"),
        (#""type": "BertPreTokenizer""#, #""type": "ByteLevel""#, "pre_tokenizer.add_prefix_space"),
        (#""type": "TemplateProcessing""#, #""type": "Sequence""#, "post_processor.processors"),
        (#"{"type": "WordPiece", "prefix""#, #"{"type": "Metaspace", "prefix""#, "decoder.replacement"),
        (#""lowercase": true"#, #""lowercase": 1"#, "normalizer.lowercase"),
        (#""clean_text": true, "#, "", "normalizer.clean_text"),
        (#""a": 3"#, #""a": -3"#, "model.vocab.a"),
        (#""a": 3"#, #""a": 99999999999"#, "model.vocab.a"),
        (#""max_input_chars_per_word": 100"#, #""max_input_chars_per_word": "100""#, "model.max_input_chars_per_word"),
        (#""id": 9"#, #""id": 77"#, "added_tokens"),
        (#""ids": [2, 0]"#, #""ids": [2]"#, "post_processor.special_tokens.[CLS].ids"),
        (#""special_tokens": {"[CLS]""#, #""special_tokens": {"[X]""#, "post_processor.single[0].SpecialToken.id"),
        (
            #"{"Sequence": {"id": "A", "type_id": 0}}],"#, #"{"Sequence": {"id": "B", "type_id": 0}}],"#,
            "post_processor.single[1].Sequence.id"
        ),
        (#""direction": "Left""#, #""direction": "Up""#, "padding.direction"),
    ])
    func `names the place of what is wrong`(from: String, to: String, key: String) throws {
        let start = try #require(Self.valid.range(of: from))
        let text = Self.valid.replacingCharacters(in: start, with: to)
        let error = try #require(throws: TokenizerError.self) { try Self.load(text) }
        #expect(error.key == key && error.path?.hasSuffix("tokenizer.json") == true, "\(error)")
    }

    @Test func `refuses folders without a tokenizer`() throws {
        let folder = try TemporaryDirectory()
        #expect(throws: TokenizerError.self) { try AutoTokenizer.fromPretrained(folder: folder.path) }
        #expect(throws: TokenizerError.self) { try AutoTokenizer.fromPretrained(folder: folder.file("nowhere")) }
    }

    @Test func `a word that can't be expressed is an error, not a wrong id`() throws {
        let tokenizer = try Self.load(
            Self.valid.replacingOccurrence(of: #""[UNK]": 1"#, with: #""[UNX]": 1"#),
            config: #"{"tokenizer_class": "X"}"#)
        #expect(try tokenizer("a").inputIDs == [2, 0, 3])
        #expect(throws: TokenizerError.self) { try tokenizer("zebra") }
        #expect(throws: TokenizerError.self) { try tokenizer.encodeBatch(["zebra"]) }
    }

    /// Every outcome but a trap is fine, and what loads must encode without one.
    @Test func `survives mutated files`() throws {
        var generator = SplitMix(state: 20)
        let folder = try TemporaryDirectory()
        let original = Array(Self.valid.utf8)
        let config = Array(
            ###"{"tokenizer_class": "BertTokenizer", "do_lower_case": true, "model_max_length": 9, "added_tokens_decoder": {"4": {"content": "##a", "lstrip": true, "normalized": false}}, "mask_token": {"content": "[M]", "rstrip": true}, "extra_special_tokens": ["<e>"]}"###
                .utf8)
        let snippets = [
            "null", "-1", "1e400", "{}", "[]", "\"\"", "true", "2147483647", "4294967296", "\"\\ud800\"", "\"##\"", "0",
            ",", "\"", "}", "]", "\u{0}", "é", "9999999999999999999999",
        ].map { Array($0.utf8) }
        func mutated(_ source: [UInt8]) -> [UInt8] {
            var bytes = source
            for _ in 0...Int(generator.next() % 3) {
                guard !bytes.isEmpty else { break }
                let position = Int(generator.next() % UInt64(bytes.count))
                let end = min(bytes.count, position + Int(generator.next() % 12))
                switch generator.next() % 6 {
                case 0: bytes[position] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes.removeSubrange(position..<end)
                case 2: bytes.insert(contentsOf: bytes[position..<end], at: Int(generator.next() % UInt64(bytes.count)))
                case 3:
                    bytes.replaceSubrange(
                        position..<end, with: snippets[Int(generator.next() % UInt64(snippets.count))])
                case 4:
                    // A whole value, so that the text stays JSON.
                    guard let colon = bytes[position...].firstIndex(of: 0x3A) else { break }
                    var end = colon + 1
                    while end < bytes.count, ![0x2C, 0x7D, 0x5D].contains(bytes[end]) { end += 1 }
                    bytes.replaceSubrange(
                        colon + 1..<end, with: snippets[Int(generator.next() % UInt64(snippets.count))])
                default: bytes.removeSubrange(position...)
                }
            }
            return bytes
        }
        // Not with AtomicFile, which waits for the disk each time.
        func write(_ bytes: [UInt8], to path: String) throws {
            let file = try #require(fopen(path, "wb"))
            #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
            fclose(file)
        }
        var loaded = 0
        for round in 0..<4000 {
            try write(round % 4 == 3 ? original : mutated(original), to: folder.file("tokenizer.json"))
            let base = round % 2 == 0 ? Array(Self.config.utf8) : config
            try write(round % 4 == 3 ? mutated(base) : base, to: folder.file("tokenizer_config.json"))
            do {
                let tokenizer = try AutoTokenizer.fromPretrained(folder: folder.path)
                loaded += 1
                let encoding = try tokenizer("a Wow é [PAD]ab <e>", "z [M] \u{0}", truncation: true)
                #expect(encoding.tokens.count == encoding.inputIDs.count && encoding.offsets.count == encoding.count)
                _ = tokenizer.decode(encoding.inputIDs)
                _ = try tokenizer(["a", "b a Wow"], padding: true, padToMultipleOf: 8).rows.map(\.tokens)
                if round % 50 == 0 { try tokenizer.save(to: folder.file("saved")) }
            } catch let error as any SwiftletError {
                #expect(!error.message.isEmpty)
            }
        }
        #expect(loaded > 200)
    }
}

/// A small seeded generator.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

extension String {
    fileprivate func range(of text: String) -> Range<String.Index>? {
        firstRange(of: text)
    }
    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        replacing(self[range], with: text, maxReplacements: 1)
    }
    fileprivate func replacingOccurrence(of text: String, with other: String) -> String {
        replacing(text, with: other, maxReplacements: 1)
    }
}
