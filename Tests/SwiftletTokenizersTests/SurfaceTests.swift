import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

/// Calls, conversions and additions held to the Python stack's; see Tools/reference/tokenizers_surface.py.
@Suite struct SurfaceTests {
    static func tokenizer(_ name: String?) throws -> Tokenizer {
        try AutoTokenizer.fromPretrained(folder: Locations.fixture("tokenizers/\(name ?? "")"))
    }

    static let tokenizers: [String: Tokenizer] = {
        var result: [String: Tokenizer] = [:]
        for name in ["bert-tiny", "bert-cased", "mpnet-tiny", "surface-generic"] {
            do { result[name] = try tokenizer(name) } catch { Issue.record("\(name): \(error)") }
        }
        return result
    }()

    static func side(_ value: JSONValue?) -> Tokenizer.Side? {
        switch value?.string {
        case "left": .left
        case "right": .right
        default: nil
        }
    }

    static func encode(_ sample: JSONValue) throws -> BatchEncoding {
        let tokenizer = try #require(tokenizers[sample["tokenizer"]?.string ?? ""])
        let options = sample["options"] ?? [:]
        let padding: Tokenizer.Padding =
            switch options["padding"]?.string {
            case "longest": .longest
            case "max_length": .maxLength
            default: .none
            }
        let add = options["add_special_tokens"]?.bool ?? true
        let overflows = options["return_overflowing_tokens"]?.bool ?? false
        func strings(_ value: JSONValue?) -> [String]? { value?.array?.compactMap(\.string) }
        if sample["words"]?.bool == true {
            func lists(_ value: JSONValue?) -> [[String]]? { value?.array?.map { strings($0) ?? [] } }
            return try tokenizer(
                words: lists(sample["texts"]) ?? [], lists(sample["pairs"]), addSpecialTokens: add, padding: padding,
                truncation: ReferenceTests.truncation(options), maxLength: options["max_length"]?.int,
                stride: options["stride"]?.int ?? 0, padToMultipleOf: options["pad_to_multiple_of"]?.int,
                paddingSide: side(options["padding_side"]), returnOverflowingTokens: overflows)
        }
        return try tokenizer(
            strings(sample["texts"]) ?? [], strings(sample["pairs"]), addSpecialTokens: add, padding: padding,
            truncation: ReferenceTests.truncation(options), maxLength: options["max_length"]?.int,
            stride: options["stride"]?.int ?? 0, padToMultipleOf: options["pad_to_multiple_of"]?.int,
            paddingSide: side(options["padding_side"]), returnOverflowingTokens: overflows)
    }

    static func differences(_ encoding: Encoding, _ expected: JSONValue) -> [String] {
        var differences: [String] = []
        func compare(_ name: String, _ found: [Int?]) {
            let wanted = expected[name]?.array?.map(\.int) ?? []
            if found != wanted { differences.append("\(name) \(found) instead of \(wanted)") }
        }
        compare("ids", encoding.inputIDs.map { Int($0) })
        compare("types", encoding.tokenTypeIDs.map { Int($0) })
        compare("mask", encoding.attentionMask.map { Int($0) })
        compare("special", encoding.specialTokensMask.map { Int($0) })
        compare("offsets", encoding.offsets.flatMap { [$0.lowerBound, $0.upperBound] })
        compare("words", encoding.wordIDs)
        compare("sequences", encoding.sequenceIDs)
        let tokens = expected["tokens"]?.array?.map(\.string) ?? []
        if !encoding.tokens.elementsEqual(tokens, by: ReferenceTests.same) {
            differences.append("tokens \(encoding.tokens) instead of \(tokens)")
        }
        return differences
    }

    static func mapDifferences(_ encoding: Encoding, _ expected: JSONValue) -> [String] {
        var differences: [String] = []
        func compare(_ name: String, _ found: (Int) -> [Int]?) {
            for (number, wanted) in (expected[name]?.array ?? []).enumerated() {
                let wanted = wanted.isNull ? nil : wanted.array?.compactMap(\.int) ?? [wanted.int ?? -1]
                if found(number) != wanted {
                    differences.append("\(name)(\(number)) \(found(number) ?? []) instead of \(wanted ?? [])")
                }
            }
        }
        func pair(_ range: Range<Int>?) -> [Int]? { range.map { [$0.lowerBound, $0.upperBound] } }
        func one(_ number: Int?) -> [Int]? { number.map { [$0] } }
        compare("token_to_chars") { pair(encoding.tokenToChars($0)) }
        compare("token_to_word") { one(encoding.tokenToWord($0)) }
        compare("token_to_sequence") { one(encoding.tokenToSequence($0)) }
        for sequence in [0, 1] {
            compare("char_to_token_\(sequence)") { one(encoding.charToToken($0, sequence: sequence)) }
            compare("char_to_word_\(sequence)") { one(encoding.charToWord($0, sequence: sequence)) }
            compare("word_to_tokens_\(sequence)") { pair(encoding.wordToTokens($0, sequence: sequence)) }
            compare("word_to_chars_\(sequence)") { pair(encoding.wordToChars($0, sequence: sequence)) }
        }
        return differences
    }

    @Test func `answers calls as the reference`() throws {
        let lines = try MappedFile.text(Locations.fixture("tokenizers/surface-calls.jsonl")).split(separator: "\n")
        #expect(lines.count > 150)
        var (overflowing, mapped) = (0, 0)
        for (number, line) in lines.enumerated() {
            let sample = try JSONValue(parsing: String(line))
            if sample["fails"]?.bool == true {
                #expect(throws: TokenizerError.self, "line \(number + 1)") { try Self.encode(sample) }
                continue
            }
            let batch = try Self.encode(sample)
            let rows = sample["rows"]?.array ?? []
            #expect(batch.count == rows.count, "line \(number + 1)")
            if let samples = sample["samples"]?.array {
                #expect(batch.overflowToSampleMapping == samples.compactMap(\.int))
            }
            if rows.count > sample["texts"]?.array?.count ?? 0 { overflowing += 1 }
            for index in 0..<min(batch.count, rows.count) {
                var differences = Self.differences(batch[index], rows[index])
                if let maps = sample["maps"]?.array {
                    mapped += 1
                    differences += Self.mapDifferences(batch[index], maps[index])
                }
                if !differences.isEmpty {
                    Issue.record("line \(number + 1), row \(index): \(differences.joined(separator: "; "))")
                }
            }
            #expect(
                batch.inputIDs == batch.rows.map(\.inputIDs) && batch.tokenTypeIDs == batch.rows.map(\.tokenTypeIDs))
            #expect(batch.attentionMask == batch.rows.map(\.attentionMask))
        }
        #expect(overflowing > 20 && mapped > 20)
    }

    @Test func `turns ids and tokens into texts as the reference`() throws {
        let document = try JSONValue(contentsOf: Locations.fixture("tokenizers/surface-texts.json"))
        for sample in document["cases"]?.array ?? [] {
            let tokenizer = try #require(Self.tokenizers[sample["tokenizer"]?.string ?? ""])
            let ids = sample["ids"]?.array?.compactMap(\.int) ?? []
            func strings(_ name: String) -> [String] { sample[name]?.array?.map { $0.string ?? "" } ?? [] }
            #expect(tokenizer.convertIDsToTokens(ids).elementsEqual(strings("tokens"), by: ReferenceTests.same))
            let visible = tokenizer.convertIDsToTokens(ids, skipSpecialTokens: true)
            #expect(visible.elementsEqual(strings("visible"), by: ReferenceTests.same))
            let known = sample["tokens"]?.array?.compactMap(\.string) ?? []
            #expect(ReferenceTests.same(tokenizer.convertTokensToString(known), sample["joined"]?.string))
            for (key, cleansUp) in [("", nil), ("_clean", true), ("_raw", false)] as [(String, Bool?)] {
                for (name, skips) in [("decoded", false), ("skipped", true)] {
                    let found = tokenizer.decode(ids, skipSpecialTokens: skips, cleanUpTokenizationSpaces: cleansUp)
                    #expect(ReferenceTests.same(found, sample[name + key]?.string), "\(name + key) of \(ids)")
                    let batch = tokenizer.batchDecode(
                        [ids, []], skipSpecialTokens: skips, cleanUpTokenizationSpaces: cleansUp)
                    #expect(batch == [found, ""])
                }
            }
        }
    }

    /// Truncation and padding sections of tokenizer.json set sides and the padding token, and nothing of a call.
    @Test func `has the settings of the reference`() throws {
        let document = try JSONValue(contentsOf: Locations.fixture("tokenizers/surface-texts.json"))
        for (name, settings) in document["settings"]?.object ?? [:] {
            let tokenizer = try #require(Self.tokenizers[name])
            #expect(tokenizer.paddingSide == Self.side(settings["padding_side"]))
            #expect(tokenizer.truncationSide == Self.side(settings["truncation_side"]))
            #expect(tokenizer.padToken == settings["pad_token"]?.string)
            #expect(tokenizer.padTokenTypeID == settings["pad_token_type_id"]?.int)
            #expect([false, true].map(tokenizer.specialTokenCount) == settings["added"]?.array?.compactMap(\.int))
            #expect(
                tokenizer.convertTokensToIDs(["the", "[MASK]", "no token", ""]) == settings["ids"]?.array?.map(\.int))
            #expect(tokenizer.count == settings["size"]?.int)
            #expect(tokenizer.allSpecialTokens == settings["special"]?.array?.compactMap(\.string))
            #expect(tokenizer.allSpecialIDs == settings["special_ids"]?.array?.compactMap(\.int))
        }
    }

    @Test func `offsets are places in Swift strings`() throws {
        let tokenizer = try Self.tokenizer("bert-tiny")
        let text = "Die Größe e\u{301}! 👍🏽 fox 我来"
        let encoding = try tokenizer(text, "dog")
        let parts = (0..<encoding.count).map { token in
            encoding.stringRange(ofToken: token, in: encoding.tokenToSequence(token) == 1 ? "dog" : text).map {
                text[$0]
            }
        }
        #expect(parts.first == .some(nil) && parts.last == .some(nil))
        let fox = try #require(encoding.tokens.firstIndex(of: "fox"))
        #expect(parts[fox] == "fox" && encoding.stringRange(ofToken: fox, in: "a") == nil)
        for (token, range) in encoding.byteOffsets.enumerated() where encoding.tokenToSequence(token) == 0 {
            let bytes = Array(text.utf8)[range]
            #expect(parts[token]?.utf8.elementsEqual(bytes) == true)
        }
        #expect(encoding.stringRange(ofToken: -1, in: text) == nil && encoding.tokenToChars(999) == nil)
        #expect(encoding.tokenToWord(-1) == nil && encoding.charToToken(-3) == nil && encoding.wordToTokens(99) == nil)
        #expect(encoding.charToWord(2, sequence: 9) == 0)
    }

    @Test func `one text has its overflowing parts beside it`() throws {
        let tokenizer = try Self.tokenizer("bert-tiny")
        let text = "the quick brown fox jumps over the lazy dog"
        let encoding = try tokenizer(text, truncation: true, maxLength: 6, stride: 1, returnOverflowingTokens: true)
        let batch = try tokenizer([text], truncation: true, maxLength: 6, stride: 1, returnOverflowingTokens: true)
        #expect(encoding.inputIDs == batch[0].inputIDs && encoding.overflowing.count == batch.count - 1)
        #expect(encoding.overflowing.map(\.offsets) == batch.rows.dropFirst().map(\.offsets))
        #expect(try tokenizer(text, truncation: true, maxLength: 6).overflowing.isEmpty)
        let left = try tokenizer(text, truncation: true, maxLength: 6, truncationSide: .left)
        #expect(left.tokens.contains("dog") && !left.tokens.contains("quick"))
    }

    @Test func `refuses strides and lengths that lead nowhere`() throws {
        let tokenizer = try Self.tokenizer("bert-tiny")
        let text = "the quick brown fox jumps over the lazy dog"
        for stride in [-1, 3, 4, Int.max] {
            #expect(throws: TokenizerError.self) { try tokenizer(text, maxLength: 5, stride: stride) }
        }
        #expect(throws: TokenizerError.self) { try tokenizer(["a"], padding: .maxLength, maxLength: Int.max) }
        #expect(throws: TokenizerError.self) { try tokenizer(["a"], padding: .longest, padToMultipleOf: Int.max) }
        #expect(throws: TokenizerError.self) { try tokenizer(words: [["a"]], [["b"], ["c"]]) }
    }
}
