import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

/// Added tokens, held to the Python stack's; see Tools/reference/tokenizers_surface.py.
@Suite struct SurfaceAddingTests {
    static let texts = [
        "the newtok The über twowords two words ÜBER", "a<a> <b>b <a><b>", "sw swx xsw sw. é sw  [L] x [R]  y [L][R]",
        "x  Strip  y strip Strip Norm norm the thethe", "<pad2> [M2] x  [M2]</e> <x1>  <x2>  y fox Fox <x3>",
    ]

    static func token(_ value: JSONValue) throws -> AddedToken {
        if let content = value.string { return AddedToken(content) }
        return AddedToken(
            try #require(value["content"]?.string), isSpecial: value["special"]?.bool ?? false,
            isSingleWord: value["single_word"]?.bool ?? false, stripsLeft: value["lstrip"]?.bool ?? false,
            stripsRight: value["rstrip"]?.bool ?? false, isNormalized: value["normalized"]?.bool)
    }

    static func adding(_ step: JSONValue, to tokenizer: Tokenizer) throws -> Tokenizer {
        if let tokens = step["tokens"]?.array {
            return try tokenizer.adding(tokens.map(token), areSpecial: step["special"]?.bool ?? false)
        }
        var named: [(name: SpecialTokenName, token: AddedToken)] = []
        for (name, value) in step["named"]?.object ?? [:] {
            named.append((try #require(SpecialTokenName(rawValue: name)), try token(value)))
        }
        return try tokenizer.adding(specialTokens: named, extra: try (step["extra"]?.array ?? []).map(token))
    }

    @Test func `adds tokens as the reference, and saves them`() throws {
        let samples = try JSONValue(contentsOf: Locations.fixture("tokenizers/surface-added.json")).array ?? []
        #expect(samples.count > 20)
        let folder = try TemporaryDirectory()
        for (number, sample) in samples.enumerated() {
            let original = try SurfaceTests.tokenizer(sample["tokenizer"]?.string)
            let before = (original.count, original.allSpecialTokens)
            var tokenizer = original
            for step in sample["steps"]?.array ?? [] { tokenizer = try Self.adding(step, to: tokenizer) }
            #expect(original.count == before.0 && original.allSpecialTokens == before.1)
            let special = sample["special"]?.array?.compactMap(\.string)
            #expect(tokenizer.count == sample["size"]?.int && tokenizer.allSpecialTokens == special, "case \(number)")
            for (index, text) in Self.texts.enumerated() {
                let encoding = try tokenizer(text)
                let expected = try #require(sample["rows"]?.array?[index])
                let differences = SurfaceTests.differences(encoding, expected)
                if !differences.isEmpty {
                    Issue.record("case \(number), '\(text)': \(differences.joined(separator: "; "))")
                }
                let skipped = tokenizer.decode(encoding.inputIDs, skipSpecialTokens: true)
                #expect(
                    ReferenceTests.same(skipped, sample["skipped"]?.array?[index].string), "case \(number), '\(text)'")
            }
            try tokenizer.save(to: folder.file("saved"))
            let saved = try JSONValue(contentsOf: folder.file("saved/tokenizer.json"))["added_tokens"]
            #expect(saved == sample["saved"], "case \(number)")
            let again = try AutoTokenizer.fromPretrained(folder: folder.file("saved"))
            #expect(again.allSpecialTokens == sample["again_special"]?.array?.compactMap(\.string), "case \(number)")
            for (index, text) in Self.texts.enumerated() {
                let ids = sample["again"]?.array?[index].array?.compactMap(\.int)
                #expect(try again(text).inputIDs.map { Int($0) } == ids, "case \(number), '\(text)'")
            }
        }
    }

    @Test func `named tokens are known by name`() throws {
        let tokenizer = try SurfaceTests.tokenizer("surface-generic")
        let more = try tokenizer.adding(specialTokens: [.pad: "<p>", .bos: AddedToken("<s>")], extra: ["<x>"])
        #expect(more.padToken == "<p>" && more.padTokenID == tokenizer.count && more.bosTokenID == tokenizer.count + 1)
        #expect(tokenizer.bosToken == nil && tokenizer.padToken == "[PAD]")
        #expect(more.allSpecialTokens == ["<s>", "[UNK]", "<p>", "<x>"])
        let kept = try more.adding(specialTokens: [], extra: ["<x>", "<y>"], replacesExtra: false)
        #expect(kept.allSpecialTokens == ["<s>", "[UNK]", "<p>", "<x>", "<y>"])
        #expect(try more(["a", "a b"], padding: true).inputIDs[0].first == Int32(tokenizer.count))
        #expect(more.addedTokens[tokenizer.count + 1]?.isSpecial == true && more.vocabulary.count == more.count)
        #expect(try tokenizer.adding(["x y z"]).tokenize("a x y z b") == ["a", "x y z", "b"])
    }
}
