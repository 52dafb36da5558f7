import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

/// Broken vocabularies, merges and SentencePiece models give errors that name the place.
@Suite struct ModelsBadFileTests {
    static func load(model: String) throws -> Tokenizer {
        let folder = try TemporaryDirectory()
        try AtomicFile.write(
            #"{"version": "1.0", "added_tokens": [], "model": \#(model)}"#, to: folder.file("tokenizer.json"))
        return try AutoTokenizer.fromPretrained(folder: folder.path)
    }

    static let vocabulary = #""vocab": {"<unk>": 0, "a": 1, "b": 2, "ab": 3}"#

    @Test(arguments: [
        (#"{"type": "BPE", \#(vocabulary), "merges": ["a b", "ab b"]}"#, "model.merges", "merge 2, 'ab b'"),
        (#"{"type": "BPE", \#(vocabulary), "merges": [["a", "c"]]}"#, "model.merges", "'c'"),
        (#"{"type": "BPE", \#(vocabulary), "merges": ["a  b"]}"#, "model.merges[0]", "one space"),
        (#"{"type": "BPE", \#(vocabulary), "merges": ["a b", ["a", "b"]]}"#, "model.merges[1]", "another way"),
        (#"{"type": "BPE", \#(vocabulary), "merges": [["a", "b", "c"]]}"#, "model.merges[0]", "two texts"),
        (#"{"type": "BPE", \#(vocabulary), "merges": [7]}"#, "model.merges[0]", "two texts"),
        (#"{"type": "BPE", \#(vocabulary)}"#, "model.merges", "list of merges"),
        (#"{"type": "BPE", \#(vocabulary), "merges": [], "dropout": 0.1}"#, "model.dropout", "0.1"),
        (#"{"type": "BPE", "vocab": [], "merges": []}"#, "model.vocab", "object"),
        (
            #"{"type": "BPE", "continuing_subword_prefix": "b", \#(vocabulary), "merges": ["a ab", "b ab"]}"#,
            "model.merges", "'bb'"
        ),
        (#"{"type": "Unigram", "unk_id": 2, "vocab": [["a", -1], ["b", -2]]}"#, "model", "unk_id is 2"),
        (#"{"type": "Unigram", "unk_id": 0, "vocab": []}"#, "model", "unk_id is 0"),
        (#"{"type": "Unigram", "vocab": [["a", -1], ["b"]]}"#, "model.vocab[1]", "score"),
        (#"{"type": "Unigram", "vocab": [["a", "-1"]]}"#, "model.vocab[0]", "score"),
        (#"{"type": "Unigram", "vocab": [["a", -01]]}"#, "model.vocab[0]", "score"),
        (#"{"type": "Unigram", "vocab": [["a", 1e999]]}"#, "model.vocab[0]", "score"),
        (#"{"type": "Unigram", "vocab": [["a", NaN]]}"#, "model.vocab[0]", "score"),
        (#"{"type": "Unigram", "vocab": [["a", -1] ["b", -2]]}"#, "model.vocab", "','"),
        (#"{"type": "WordLevel", \#(vocabulary)}"#, "model.unk_token", "missing"),
        (#"{"type": "WordLevel", "unk_token": "a", "vocab": [["a", -1]]}"#, "model.vocab", "object"),
        (#"{"type": "Other", \#(vocabulary)}"#, "model.type", "Other"),
        (#"{\#(vocabulary)}"#, "model.type", "missing"),
    ])
    func `names the place of what is wrong`(model: String, key: String, words: String) throws {
        let error = try #require(throws: TokenizerError.self) { try Self.load(model: model) }
        #expect(error.key == key && error.message.contains(words), "\(error.message)")
        #expect(error.path?.hasSuffix("tokenizer.json") == true)
    }

    @Test func `models without a type are told by their members`() throws {
        #expect(try Self.load(model: #"{\#(Self.vocabulary), "merges": ["a b"]}"#)("abb").inputIDs == [3, 2])
        #expect(
            try Self.load(model: #"{"unk_id": 0, "vocab": [["?", 0], ["a", -1], ["aa", -1]]}"#)("aaa").inputIDs == [
                1, 2,
            ])
        #expect(try Self.load(model: #"{\#(Self.vocabulary), "unk_token": "<unk>"}"#)("abb").inputIDs == [0])
    }

    @Test func `merges without a vocabulary that fits them`() throws {
        let source = Locations.fixture("tokenizers/models-family-roberta")
        for (name, text, words) in [
            ("merges.txt", "#version: 0.2\nno merge at all\n", "line 2"), ("merges.txt", "\u{120} zzz\n", "'zzz'"),
            ("vocab.json", "[]", "object"), ("vocab.json", #"{"a": "b"}"#, "integer"), ("vocab.json", "", "object"),
        ] {
            let folder = try TemporaryDirectory()
            for file in ["vocab.json", "merges.txt", "tokenizer_config.json"] {
                let content = file == name ? text : try MappedFile.text("\(source)/\(file)")
                try AtomicFile.write(content, to: folder.file(file))
            }
            let error = try #require(throws: TokenizerError.self) {
                try AutoTokenizer.fromPretrained(folder: folder.path)
            }
            #expect(error.message.contains(words) && error.path?.hasSuffix(name) == true, "\(error.message)")
        }
        let folder = try TemporaryDirectory()
        for file in ["vocab.json", "tokenizer_config.json"] {
            try AtomicFile.write(try MappedFile.text("\(source)/\(file)"), to: folder.file(file))
        }
        let error = try #require(throws: TokenizerError.self) { try AutoTokenizer.fromPretrained(folder: folder.path) }
        #expect(error.message.contains("merges.txt"))
    }

    @Test(arguments: ["xlm-roberta/sentencepiece.bpe.model", "albert/spiece.model", "deberta-v2/spm.model"])
    func `damaged SentencePiece models`(name: String) throws {
        let path = Locations.fixture("tokenizers/models-family-\(name)")
        let file = try MappedFile(path)
        let bytes = withExtendedLifetime(file) { Array(file.bytes) }
        let parts = name.split(separator: "/").map(String.init)
        let folder = try TemporaryDirectory()
        let source = Locations.fixture("tokenizers/models-family-\(parts[0])/tokenizer_config.json")
        try AtomicFile.write(try MappedFile.text(source), to: folder.file("tokenizer_config.json"))
        func load(_ bytes: [UInt8]) throws {
            try AtomicFile.write(bytes, to: folder.file(parts[1]))
            do {
                _ = try AutoTokenizer.fromPretrained(folder: folder.path)("the fox a\u{301} \u{1f98a}")
            } catch is TokenizerError {
            } catch is JSONError {}
        }
        for count in stride(from: 0, to: bytes.count, by: 37) { try load(Array(bytes[..<count])) }
        var generator = SplitMix(state: 7)
        for _ in 0..<200 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                damaged[Int.random(in: damaged.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            try load(damaged)
        }
    }
}
