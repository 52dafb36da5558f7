import SwiftletTestSupport
import SwiftletTokenizers
import Testing

/// Ids come from words that were met before, tokens from the parts of the pipeline one by one: both must agree, whatever
/// was met, and wherever in a text a word stands.
@Suite struct WordMemoryTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    /// Words of every length about the longest that is remembered, in bytes and in tokens, and what words end at.
    private static let words: [String] =
        (1...40).map { String(repeating: "a", count: $0) }
        + (1...26).map { String(String(repeating: "strawberrytokenization", count: 2).prefix($0)) }
        + [
            "The", "THE", "the", "Straße", "naïve", "nai\u{308}ve", "\u{308}", "e\u{301}\u{323}", "東京", "東京tower",
            "don't", "U.S.A.", "a\u{0}b", "a\u{200B}b", "a\u{7F}b", "\u{1}", "\u{FFFD}", "a\u{A0}b", "a\u{3000}b", "😀",
            "a😀b",
            "ﬁ", "İ", "[CLS]", "[MASK]", "[mask]", "[", "xx[SEP]xx", "é", "ééééééééééé", "éééééééééééé", "12345",
            "3.14", "_a_",
            "zzzzzzzzzzzzzzzzzzzzzzz", "zqxjzqxjzqxjzqxjzqxjzq", "~", "`", "\u{E000}", "한국어", "नमस्ते",
        ]
    private static let gaps = [" ", "", "  ", "\t", "\n", ".", ", ", " - ", "\u{0}", "\u{A0}", "(", "\r\n"]

    @Test(arguments: 1...8)
    func `ids are those of the tokens`(seed: UInt64) throws {
        let tokenizer = try AutoTokenizer.fromPretrained(folder: Locations.miniLM)
        var generator = Generator(state: seed)
        var texts = Self.words
        for _ in 0..<400 {
            var text = ""
            for _ in 0..<Int.random(in: 0...14, using: &generator) {
                text += Self.words.randomElement(using: &generator) ?? ""
                text += Self.gaps.randomElement(using: &generator) ?? ""
            }
            texts.append(text)
        }
        let flat = try tokenizer.encodeBatch(texts, threads: 1)
        let again = try tokenizer.encodeBatch(texts, threads: 2)
        for (row, text) in texts.enumerated() {
            let tokens = try tokenizer(text).tokens
            let ids = tokens.map { tokenizer.convertTokenToID($0).map { Int32($0) } ?? -1 }
            #expect(Array(flat[row]) == ids, "\(text.debugDescription)")
            #expect(again[row] == flat[row], "\(text.debugDescription)")
        }
    }

    @Test func `a word's bytes are counted to the first that is none`() {
        func isWord(_ byte: UInt8) -> Bool {
            byte >= 0x80 || Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber
        }
        for byte in UInt8.min...UInt8.max {
            for place in 0..<16 {
                var bytes = Array("aZ09\u{E9}mMk5qXyzAB!".utf8)
                bytes[place] = byte
                let end = bytes.firstIndex { !isWord($0) } ?? 16
                let counted = bytes.withUnsafeBufferPointer { buffer in
                    buffer.baseAddress.map(WordMemory.wordBytes)
                }
                #expect(counted == min(end, 16), "byte \(byte) at \(place)")
            }
        }
    }

    @Test(arguments: ["byte-level", "unigram-bytes"])
    func `other models remember as well`(model: String) throws {
        let tokenizer = try AutoTokenizer.fromPretrained(folder: Locations.fixture("tokenizers/models-\(model)"))
        var generator = Generator(state: 3)
        var texts: [String] = []
        for _ in 0..<300 {
            let words = (0..<6).map { _ in Self.words.randomElement(using: &generator) ?? "" }
            texts.append(words.joined(separator: " "))
        }
        let batch = try tokenizer.encodeBatch(texts, threads: 1)
        for (row, text) in texts.enumerated() {
            // A tokenizer of its own has met no word.
            let fresh = try AutoTokenizer.fromPretrained(folder: Locations.fixture("tokenizers/models-\(model)"))
            if row % 30 == 0 { #expect(Array(try fresh.encodeBatch([text]).ids) == Array(batch[row])) }
        }
    }
}
