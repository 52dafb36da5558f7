import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

/// Trainers held to those of the Rust library; see Tools/reference/tokenizers_training.py.
@Suite struct TrainingTests {
    static let document = Result { try JSONValue(contentsOf: Locations.fixture("tokenizers/training-cases.json")) }

    static func strings(_ value: JSONValue?) -> [String] { value?.array?.compactMap(\.string) ?? [] }

    static func scalars(_ value: JSONValue?) -> [Unicode.Scalar] { strings(value).flatMap(\.unicodeScalars) }

    /// A tokenizer with a pre-tokenizer and nothing else, as the reference's cases over small texts have it.
    static func blank(_ kind: String, _ preTokenizer: String?) throws -> Tokenizer {
        let model: JSONValue =
            switch kind {
            case "Unigram": ["type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0]], "byte_fallback": false]
            case "WordLevel": ["type": "WordLevel", "vocab": [:], "unk_token": "[UNK]"]
            default:
                [
                    "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
                    "end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": false, "vocab": [:], "merges": [],
                ]
            }
        let splitting: JSONValue =
            switch preTokenizer {
            case nil: nil
            case "Metaspace": ["type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true]
            case let name?: ["type": .string(name)]
            }
        let folder = try TemporaryDirectory()
        let document: JSONValue = ["version": "1.0", "added_tokens": [], "pre_tokenizer": splitting, "model": model]
        try AtomicFile.write(document.text(.tokenizer), to: folder.file("tokenizer.json"))
        return try AutoTokenizer.fromPretrained(folder: folder.path)
    }

    static func train(_ sample: JSONValue, _ texts: [String]) throws -> Tokenizer {
        let kind = sample["trainer"]?.string ?? ""
        let like =
            sample["corpus"] == nil
            ? try Tokenizer.untrained("BertTokenizer") : try blank(kind, sample["pre"]?.string)
        let size = sample["vocab_size"]?.int ?? 30000
        let special = strings(sample["special_tokens"]).map { AddedToken($0) }
        let alphabet = scalars(sample["initial_alphabet"])
        switch kind {
        case "WordLevel":
            let trainer = WordLevelTrainer(
                vocabularySize: size, minFrequency: sample["min_frequency"]?.int ?? 0, specialTokens: special)
            return try trainer.train(on: texts, like: like)
        case "WordPiece":
            let trainer = WordPieceTrainer(
                vocabularySize: size, minFrequency: sample["min_frequency"]?.int ?? 0, specialTokens: special,
                limitAlphabet: sample["limit_alphabet"]?.int, initialAlphabet: alphabet,
                continuingPrefix: sample["continuing_subword_prefix"]?.string ?? "##")
            return try trainer.train(on: texts, like: like)
        case "BPE":
            let trainer = BPETrainer(
                vocabularySize: size, minFrequency: sample["min_frequency"]?.int ?? 0, specialTokens: special,
                limitAlphabet: sample["limit_alphabet"]?.int, initialAlphabet: alphabet,
                endOfWordSuffix: sample["end_of_word_suffix"]?.string, maxTokenLength: sample["max_token_length"]?.int)
            return try trainer.train(on: texts, like: like)
        default:
            let trainer = UnigramTrainer(
                vocabularySize: size, subIterations: sample["n_sub_iterations"]?.int ?? 2,
                shrinkingFactor: sample["shrinking_factor"]?.double ?? 0.75, specialTokens: special,
                initialAlphabet: alphabet, unkToken: sample["unk_token"]?.string,
                maxPieceLength: sample["max_piece_length"]?.int ?? 16)
            return try trainer.train(on: texts, like: like)
        }
    }

    /// - Parameter model: as it was saved.
    static func compare(_ tokenizer: Tokenizer, _ model: JSONValue, _ sample: JSONValue, _ name: Comment) throws {
        if let expected = sample["scores"]?.array {
            func pairs(_ values: [JSONValue]) -> [(token: String, score: Double)] {
                values.map { ($0.array?.first?.string ?? "", $0.array?.last?.double ?? .nan) }
            }
            let found = pairs(model["vocab"]?.array ?? [])
            let sorted = found.sorted { $0.token.unicodeScalars.lexicographicallyPrecedes($1.token.unicodeScalars) }
            let wanted = pairs(expected)
            #expect(sorted.map(\.token) == wanted.map(\.token), name)
            // The reference's own runs differ by as much, and letters that are kept without a likelihood of their
            // own have their scores in any order.
            func isClose(_ found: Double, _ wanted: Double) -> Bool {
                abs(found - wanted) <= 1e-9 * max(1, abs(wanted))
            }
            for (found, wanted) in zip(sorted, wanted) where found.token.unicodeScalars.count > 1 {
                #expect(isClose(found.score, wanted.score), "\(name.rawValue): \(found.token)")
            }
            let scoresInOrder = zip(sorted.map(\.score).sorted(), wanted.map(\.score).sorted())
            #expect(scoresInOrder.allSatisfy { isClose($0, $1) }, name)
            // The best come first, after the special tokens.
            let scores = found.map(\.score).drop { $0 == 0 }
            #expect(zip(scores, scores.dropFirst()).allSatisfy { $0 >= $1 })
            #expect(model["unk_id"]?.int == sample["unk_id"]?.int, name)
        } else if let expected = sample["vocab"]?.array {
            #expect(tokenizer.vocabularySize == expected.count, name)
            for item in expected {
                let (token, id) = (item.array?.first?.string ?? "", item.array?.last?.int)
                #expect(tokenizer.convertTokenToID(token) == id, "\(name.rawValue): \(token)")
            }
            for (token, id) in sample["added"]?.object ?? [:] {
                #expect(tokenizer.convertTokenToID(token) == id.int, "\(name.rawValue): added \(token)")
                #expect(tokenizer.decode([id.int ?? -1], skipSpecialTokens: true).isEmpty, "\(name.rawValue): \(token)")
            }
        } else {
            let expected = Self.strings(sample["tokens"])
            let found = tokenizer.vocabulary.prefix(tokenizer.vocabularySize).map(\.token)
            #expect(found == expected, name)
            if let merges = sample["merges"], !merges.isNull { #expect(model["merges"] == merges, name) }
        }
    }

    @Test func `learns what the reference learns`() throws {
        let document = try Self.document.get()
        let texts = Self.strings(document["texts"])
        let folder = try TemporaryDirectory()
        var kinds: [String: Int] = [:]
        for (number, sample) in (document["cases"]?.array ?? []).enumerated() {
            guard let kind = sample["trainer"]?.string else { continue }
            kinds[kind, default: 0] += 1
            let corpus = sample["corpus"]?.string.flatMap { document["corpora"]?[$0] }
            let tokenizer = try Self.train(sample, corpus.map(Self.strings) ?? texts)
            try tokenizer.save(to: folder.file("trained"))
            let model = try #require(try JSONValue(contentsOf: folder.file("trained/tokenizer.json"))["model"])
            #expect(model["type"]?.string == kind)
            try Self.compare(tokenizer, model, sample, "case \(number)")
            let again = try AutoTokenizer.fromPretrained(folder: folder.file("trained"))
            #expect(again.vocabulary.map(\.token) == tokenizer.vocabulary.map(\.token), "case \(number)")
        }
        #expect(kinds == ["WordPiece": 5, "BPE": 8 + 24, "Unigram": 4 + 88, "WordLevel": 24])
    }

    @Test func `trains anew like the reference`() throws {
        let document = try Self.document.get()
        let texts = Self.strings(document["texts"])
        let text = "A brown fox's internationalization [MASK] wasn't <mask>lazy"
        var count = 0
        for sample in document["cases"]?.array ?? [] where sample["trainer"] == nil {
            count += 1
            let folder = try TemporaryDirectory()
            let name = sample["like"]?.string ?? sample["class"]?.string ?? ""
            let original =
                sample["like"] == nil
                ? try Tokenizer.untrained(name)
                : try AutoTokenizer.fromPretrained(
                    folder: Locations.fixture("tokenizers/\(name)"))
            let tokenizer = try original.trained(
                on: texts, vocabularySize: try #require(sample["vocab_size"]?.int),
                newSpecialTokens: Self.strings(sample["newTokens"]).map { AddedToken($0, isSpecial: true) },
                specialTokensMap: Self.renamed(sample))
            try tokenizer.save(to: folder.file("trained"))
            let saved = try JSONValue(contentsOf: folder.file("trained/tokenizer.json"))
            try Self.compare(tokenizer, saved["model"] ?? nil, sample, "\(name)")
            #expect(tokenizer.count == sample["size"]?.int, "\(name)")
            #expect(tokenizer.allSpecialTokens == Self.strings(sample["special"]), "\(name)")
            if sample["map"] != nil { try Self.compareNames(tokenizer, saved, sample, "\(name)") }
            let encoding = try tokenizer(text, "jumps")
            if let ids = sample["encoded"]?.array {
                #expect(encoding.inputIDs.map { Int($0) } == ids.compactMap(\.int), "\(name)")
                // Where a file has none, Python writes one that adds nothing.
                let processor = saved["post_processor"] ?? .null
                let addsNothing = sample["post_processor"]?["special_tokens"]?.object?.isEmpty == true
                #expect(processor == sample["post_processor"] || addsNothing && processor.isNull, "\(name)")
            }
            let again = try AutoTokenizer.fromPretrained(folder: folder.file("trained"))
            #expect(try again(text, "jumps").inputIDs == encoding.inputIDs, "\(name)")
        }
        #expect(count == 8 + 12)
    }

    private static func renamed(_ sample: JSONValue) -> [TextKey: String] {
        var names: [TextKey: String] = [:]
        for (old, new) in sample["map"]?.object ?? [:] { names[TextKey(old)] = new.string }
        return names
    }

    /// Named, added and unknown tokens of a tokenizer whose special tokens have other names.
    private static func compareNames(
        _ tokenizer: Tokenizer, _ saved: JSONValue, _ sample: JSONValue, _ name: Comment
    ) throws {
        #expect(saved["model"]?["unk_token"] ?? .null == sample["unknown"] ?? .null, name)
        let added = (saved["added_tokens"]?.array ?? []).map { token in
            JSONValue.array([token["content"] ?? .null, token["id"] ?? .null, token["special"] ?? .null])
        }
        #expect(JSONValue.array(added) == sample["added_tokens"], name)
        let tokens: [SpecialTokenName: String?] = [
            .bos: tokenizer.bosToken, .eos: tokenizer.eosToken, .unk: tokenizer.unkToken, .sep: tokenizer.sepToken,
            .pad: tokenizer.padToken, .cls: tokenizer.clsToken, .mask: tokenizer.maskToken,
        ]
        for (key, token) in tokens {
            #expect(token == sample["named"]?[key.rawValue]?.string, "\(name.rawValue): \(key)")
        }
    }

    @Test func `other names are compared by code points`() throws {
        let blank = try Tokenizer.untrained("BertTokenizer")
        let old = try blank.adding([AddedToken("caf\u{E9}", isSpecial: true)])
        let same = try old.trained(on: ["a b"], vocabularySize: 12, specialTokensMap: ["cafe\u{301}": "<x>"])
        #expect(same.convertTokenToID("<x>") == nil && same.convertTokenToID("caf\u{E9}") == 5)
        let other = try old.trained(on: ["a b"], vocabularySize: 12, specialTokensMap: ["caf\u{E9}": "<x>"])
        #expect(other.convertTokenToID("<x>") == 5)
        // Two names become one; the first of them decides where it stands.
        let joined = try blank.trained(on: ["a b"], vocabularySize: 12, specialTokensMap: ["[MASK]": "[CLS]"])
        #expect(joined.maskToken == "[CLS]" && joined.maskTokenID == joined.clsTokenID && joined.count == 6)
    }

    @Test func `files give what their lines give`() throws {
        let texts = Self.strings(try Self.document.get()["texts"])
        let folder = try TemporaryDirectory()
        try AtomicFile.write(texts.prefix(30).joined(separator: "\n"), to: folder.file("one.txt"))
        try AtomicFile.write(texts.dropFirst(30).joined(separator: "\r\n") + "\r\n", to: folder.file("two.txt"))
        let blank = try Tokenizer.untrained("BertTokenizer", config: ["do_lower_case": false])
        let one = try blank.trained(on: texts, vocabularySize: 200)
        let two = try blank.trained(files: [folder.file("two.txt"), folder.file("one.txt")], vocabularySize: 200)
        #expect(one.vocabulary.map(\.token) == two.vocabulary.map(\.token) && one.count == 200)
        #expect(one.vocabulary.prefix(5).map(\.token) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
        #expect(try one.tokenize("the fox").count > 0 && one.decode(one("the fox").inputIDs) == "[CLS] the fox [SEP]")
    }

    @Test func `refuses what can't be trained`() throws {
        let blank = try Tokenizer.untrained("BertTokenizer")
        #expect(throws: TokenizerError.self) { try Tokenizer.untrained("NoTokenizer") }
        #expect(throws: TokenizerError.self) { try Tokenizer.untrained("BertTokenizer", config: ["do_lower_case": 3]) }
        #expect(throws: TokenizerError.self) { try WordPieceTrainer(vocabularySize: -1).train(on: ["a"], like: blank) }
        #expect(throws: TokenizerError.self) { try BPETrainer(limitAlphabet: -1).train(on: ["a"], like: blank) }
        #expect(throws: TokenizerError.self) { try UnigramTrainer(vocabularySize: 2).train(on: ["abc"], like: blank) }
        #expect(throws: TokenizerError.self) { try UnigramTrainer().train(on: [" "], like: blank) }
        #expect(throws: TokenizerError.self) { try UnigramTrainer(shrinkingFactor: 1).train(on: ["abc"], like: blank) }
        #expect(throws: TokenizerError.self) { try UnigramTrainer(subIterations: 0).train(on: ["abc"], like: blank) }
        #expect(throws: TokenizerError.self) { try WordLevelTrainer(vocabularySize: -1).train(on: ["a"], like: blank) }
        #expect(throws: TokenizerError.self) { try WordLevelTrainer(minFrequency: -1).train(on: ["a"], like: blank) }
        #expect(throws: TokenizerError.self) { try WordPieceTrainer(minFrequency: -1).train(on: ["a"], like: blank) }
        // Parts of one word, none of which is likely enough to stay.
        #expect(throws: TokenizerError.self) { try UnigramTrainer().train(on: ["aaaaaaaaaaaa"], like: blank) }
        #expect(try blank.trained(on: [], vocabularySize: 10).count == 5)
        #expect(throws: (any Error).self) { try blank.trained(files: ["/no/such/file"], vocabularySize: 10) }
        let number = try #require(throws: TokenizerError.self) {
            try UnigramTrainer(maxPieceLength: -3).train(on: ["abc"], like: blank)
        }
        #expect(number.location.option == "max_piece_length" && number.message.contains("-3") && number.remedy != nil)
        let folder = try TemporaryDirectory()
        try AtomicFile.write([0x61, 0x0A, 0xFF, 0x0A] as [UInt8], to: folder.file("bytes.txt"))
        let error = try #require(throws: TokenizerError.self) {
            try blank.trained(files: [folder.file("bytes.txt")], vocabularySize: 10)
        }
        #expect(error.key == "line 2")
    }
}

extension TrainingTests {
    /// The Rust library tries for ever to make these vocabularies smaller.
    @Test func `ends where no token can go`() throws {
        let texts = ["abab ba", "aabb abba bab"]
        for shrinkingFactor in [0.05, 0.5, 0.99] {
            let trainer = UnigramTrainer(vocabularySize: 2, shrinkingFactor: shrinkingFactor)
            let tokenizer = try trainer.train(on: texts, like: try Self.blank("Unigram", "Whitespace"))
            #expect(tokenizer.convertTokenToID("a") != nil && tokenizer.convertTokenToID("b") != nil)
        }
    }

    @Test func `a trained tokenizer of words knows them and nothing else`() throws {
        let folder = try TemporaryDirectory()
        let trainer = WordLevelTrainer(minFrequency: 2, specialTokens: [AddedToken("[UNK]")])
        let like = try Self.blank("WordLevel", "Whitespace")
        let trained = try trainer.train(on: ["b a b", "a b c", "é e\u{301} é e\u{301}"], like: like)
        try trained.save(to: folder.path)
        let tokenizer = try AutoTokenizer.fromPretrained(folder: folder.path)
        // The most frequent first, then by bytes; what looks alike is not the same.
        #expect(tokenizer.vocabulary.map(\.token.unicodeScalars.count) == [5, 1, 1, 2, 1])
        #expect(try tokenizer("a b c é e\u{301}").inputIDs == [2, 1, 0, 4, 3])
        try AtomicFile.write("b a b\na b c\n", to: folder.file("texts.txt"))
        let fromFile = try WordLevelTrainer(vocabularySize: 2).train(files: [folder.file("texts.txt")], like: like)
        #expect(fromFile.vocabulary.map(\.token) == ["b", "a"])
        // Without the unknown token there is an error, and no word of it is made up.
        #expect(throws: TokenizerError.self) { try fromFile("c") }
    }
}
