import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Synchronization
import Testing

@Suite struct TokenizerTests {
    static func tiny(_ name: String = "bert-tiny") throws -> Tokenizer {
        try AutoTokenizer.fromPretrained(folder: Locations.fixture("tokenizers/\(name)"))
    }

    @Test func `tells what it is`() throws {
        let bert = try Self.tiny()
        #expect(bert.modelInputNames == ["input_ids", "token_type_ids", "attention_mask"])
        #expect(bert.padToken == "[PAD]" && bert.unkToken == "[UNK]" && bert.clsToken == "[CLS]")
        #expect(bert.sepToken == "[SEP]" && bert.maskToken == "[MASK]" && bert.bosToken == nil)
        #expect(bert.padTokenID == 0 && bert.clsTokenID == 2 && bert.padTokenTypeID == 0)
        #expect(bert.allSpecialIDs.sorted() == [0, 1, 2, 3, 4])
        #expect(bert.modelMaxLength == 64 && bert.count == bert.vocabularySize + 2)
        let mpnet = try Self.tiny("mpnet-tiny")
        #expect(mpnet.modelInputNames == ["input_ids", "attention_mask"] && mpnet.truncationSide == .left)
        #expect(mpnet.specialTokenCount(isPair: true) == 4)
        let cased = try Self.tiny("bert-cased")
        #expect(cased.paddingSide == .left && cased.modelMaxLength == 512)
    }

    @Test func `calls read as in Python`() throws {
        let tokenizer = try Self.tiny()
        let batch = try tokenizer(["the fox", "a dog, a fox"], padding: true, truncation: true)
        #expect(batch.count == 2 && batch.inputIDs[0].count == batch.inputIDs[1].count)
        #expect(batch.attentionMask[0].contains(0) && !batch.attentionMask[1].contains(0))
        #expect(try tokenizer("the fox", maxLength: 3).inputIDs.count == 3)
        #expect(try tokenizer("the fox", "", addSpecialTokens: true).inputIDs == tokenizer("the fox").inputIDs)
        #expect(try tokenizer.tokenize("the Fox") == ["the", "fox"])
        let ids = tokenizer.convertTokensToIDs(["the", "no such token"])
        #expect(ids == [tokenizer.convertTokenToID("the"), tokenizer.unkTokenID])
        #expect(tokenizer.convertIDsToTokens([2, 3]) == ["[CLS]", "[SEP]"])
        #expect(tokenizer.batchDecode([[2, 3], [0]]) == ["[CLS] [SEP]", "[PAD]"])
    }

    @Test func `refuses calls that can't be answered`() throws {
        let tokenizer = try Self.tiny()
        #expect(throws: TokenizerError.self) { try tokenizer(["a"], ["b", "c"]) }
        #expect(throws: TokenizerError.self) { try tokenizer("a b c", truncation: .onlySecond, maxLength: 3) }
        #expect(throws: TokenizerError.self) {
            try tokenizer("a b c", "the fox is", truncation: .onlyFirst, maxLength: 5)
        }
        #expect(throws: TokenizerError.self) { try tokenizer("a", "b", maxLength: 2) }
        #expect(throws: TokenizerError.self) { try tokenizer("a", maxLength: -1) }
        #expect(throws: TokenizerError.self) {
            try tokenizer(["a"], padding: true, truncation: true, maxLength: 9, padToMultipleOf: 8)
        }
        #expect(throws: TokenizerError.self) { try tokenizer(["a"], padding: true, padToMultipleOf: 0) }
    }

    @Test func `an empty batch is a batch`() throws {
        let batch = try Self.tiny()([], padding: true)
        #expect(batch.count == 0 && batch.inputIDs.isEmpty && batch.rows.isEmpty)
    }

    @Test func `threads change nothing`() throws {
        let tokenizer = try Self.tiny()
        let texts = (0..<999).map { "The fox number \($0) jumps \($0 * 7919 % 1000) times é ü 字" }
        let one = try tokenizer.encodeBatch(texts, texts.reversed(), truncation: true, maxLength: 24, threads: 1)
        let many = try tokenizer.encodeBatch(texts, texts.reversed(), truncation: true, maxLength: 24, threads: 7)
        #expect(one.ids == many.ids && one.typeIDs == many.typeIDs && one.rowOffsets == many.rowOffsets)
        let alone = try tokenizer(texts[998], texts[0], truncation: true, maxLength: 24)
        #expect(one.count == 999 && Array(one[998]) == alone.inputIDs)
    }

    @Test func `warns once of what is too long`() throws {
        let warnings = Mutex<[String]>([])
        let tokenizer = try AutoTokenizer.fromPretrained(folder: Locations.fixture("tokenizers/bert-tiny")) { warning in
            warnings.withLock { $0.append(warning) }
        }
        let long = String(repeating: "the ", count: 100)
        _ = try tokenizer(long, truncation: true)
        #expect(warnings.withLock { $0.isEmpty })
        _ = try tokenizer(long)
        _ = try tokenizer(long)
        #expect(warnings.withLock { $0.count } == 1)
    }

    @Test func `texts of a megabyte are no trouble`() throws {
        let tokenizer = try Self.tiny("bert-cased")
        #expect(try tokenizer(String(repeating: "x", count: 1 << 20)).inputIDs.count == 3)
        #expect(try tokenizer(String(repeating: "e\u{301}", count: 1 << 18)).inputIDs.count == 3)
        #expect(try tokenizer(String(repeating: "\u{302e}\u{302f}", count: 1 << 15)).offsets.count == 3)
        #expect(try Self.tiny()(String(repeating: "\u{302f}\u{302e}", count: 1 << 15)).offsets.count == 3)
    }

    @Test(arguments: ["bert-tiny", "bert-cased", "mpnet-tiny"])
    func `what is saved encodes the same`(name: String) throws {
        let tokenizer = try Self.tiny(name)
        let folder = try TemporaryDirectory()
        try tokenizer.save(to: folder.file("saved"))
        let again = try AutoTokenizer.fromPretrained(folder: folder.file("saved"))
        #expect(try FileSystem.names(in: folder.file("saved")) == ["tokenizer.json", "tokenizer_config.json"])
        for text in ["The quick fox, überfox newword <mask> [MASK] 字 가각", "Größe ÀÉ"] {
            let (old, new) = (try tokenizer(text, "é"), try again(text, "é"))
            #expect(old.inputIDs == new.inputIDs && old.tokenTypeIDs == new.tokenTypeIDs && old.offsets == new.offsets)
        }
        #expect(again.allSpecialTokens == tokenizer.allSpecialTokens && again.count == tokenizer.count)
        #expect(again.paddingSide == tokenizer.paddingSide && again.truncationSide == tokenizer.truncationSide)
        // Saving again changes nothing.
        try again.save(to: folder.file("again"))
        for file in ["tokenizer.json", "tokenizer_config.json"] {
            let (one, two) = (
                try MappedFile.text(folder.file("saved/\(file)")), try MappedFile.text(folder.file("again/\(file)"))
            )
            #expect(one.utf8.elementsEqual(two.utf8))
        }
    }

    @Test(.enabled(if: FileSystem.exists(Locations.miniLM), "scripts/bootstrap has not fetched the model"))
    func `MiniLM's tokenizer, from either kind of file`() throws {
        let tokenizer = try AutoTokenizer.fromPretrained(folder: Locations.miniLM)
        #expect(tokenizer.vocabularySize == 30522 && tokenizer.modelMaxLength == 512)
        let encoding = try tokenizer("Hello, y'all! How are you 😁 ?", "Café naïve unaffable")
        #expect(
            encoding.inputIDs == [
                101, 7592, 1010, 1061, 1005, 2035, 999, 2129, 2024, 2017, 100, 1029, 102, 7668, 15743, 14477, 20961,
                3468, 102,
            ])
        #expect(encoding.tokenTypeIDs.reduce(0, +) == 6)
        // tokenizer.json asks for truncation and padding to 128; a call does only what it is told.
        #expect(try tokenizer(String(repeating: "a ", count: 200)).inputIDs.count == 202)
        let folder = try TemporaryDirectory()
        for file in ["vocab.txt", "tokenizer_config.json"] {
            try AtomicFile.write(try MappedFile.text("\(Locations.miniLM)/\(file)"), to: folder.file(file))
        }
        let slow = try AutoTokenizer.fromPretrained(folder: folder.path)
        #expect(
            try slow("Hello, y'all! [MASK] 😁", "Café").inputIDs == tokenizer("Hello, y'all! [MASK] 😁", "Café").inputIDs)
    }
}
