import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Valid files with something wrong in them give a tokenizer that works or an error that is typed, and never a trap.
///
/// `SWIFTLET_FUZZ` sets the number of files, `SWIFTLET_FUZZ_SEED` where the draws begin, and `SWIFTLET_FUZZ_LAST` names
/// a folder in which the last file stays after a trap.
@Suite struct FuzzTests {
    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// `tokenizer.json` and `tokenizer_config.json` of small tokenizers of all kinds.
    static func sources() throws -> [(json: [UInt8], config: [UInt8])] {
        let folder = Locations.fixture("tokenizers")
        var sources: [(json: [UInt8], config: [UInt8])] = [
            (Array(BadFileTests.valid.utf8), Array(BadFileTests.config.utf8))
        ]
        for name in try FileSystem.names(in: folder) {
            let path = "\(folder)/\(name)/tokenizer.json"
            let config = "\(folder)/\(name)/tokenizer_config.json"
            guard FileSystem.exists(path), FileSystem.exists(config) else { continue }
            let (json, settings) = (try bytes(path), try bytes(config))
            // Large vocabularies only make it slow.
            if json.count < 40_000 { sources.append((json, settings)) }
        }
        return sources
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        let file = try MappedFile(path)
        return withExtendedLifetime(file) { Array(file.bytes) }
    }

    static let texts = [
        "", "a Wow é [PAD]ab <e> the fox", "x\u{0}\u{301}  y\n\tз 字가👍🏽 <mask>", " Hello World, isn't it? 1234  ",
        "▁the ĠDog</s> <s>",
    ]

    /// Everything that a loaded tokenizer is asked.
    static func use(_ tokenizer: Tokenizer, _ generator: inout SplitMix, _ folder: String) throws {
        let batch = try tokenizer(texts, texts.reversed())
        for row in batch.rows {
            #expect(row.tokens.count == row.count && row.offsets.count == row.count && row.typesAndMasksFit)
            _ = tokenizer.decode(row.inputIDs, skipSpecialTokens: true, cleanUpTokenizationSpaces: true)
            for token in 0..<min(row.count, 8) {
                _ = row.tokenToChars(token)
                _ = row.charToToken(token)
                _ = row.wordToChars(token, sequence: 1)
                _ = row.stringRange(ofToken: token, in: texts[1])
            }
        }
        _ = tokenizer.convertIDsToTokens([0, 1, -1, Int.max, 77])
        switch generator.next() % 6 {
        case 0:
            _ = try tokenizer(words: [texts, []], [[], texts], truncation: .onlyFirst, maxLength: 12).rows.map(
                \.wordIDs)
        case 1:
            let parts = try tokenizer(
                texts, truncation: true, maxLength: 9, stride: 1, returnOverflowingTokens: true)
            for row in parts.rows { #expect(row.tokens.count == row.count) }
        case 2: _ = try tokenizer(texts, padding: true, padToMultipleOf: 8, paddingSide: .left).rows.map(\.tokens)
        case 3:
            let more = try tokenizer.adding([AddedToken("fox", isSingleWord: true, stripsLeft: true), "Wow"])
            _ = try more(texts).rows.map(\.offsets)
        case 4:
            try tokenizer.save(to: folder)
            _ = try AutoTokenizer.fromPretrained(folder: folder)
        default: _ = try tokenizer.encodeBatch(texts, truncation: true, maxLength: 7, threads: 2)
        }
    }

    @Test func `mutated files give a tokenizer or an error`() throws {
        let rounds = Self.environment("SWIFTLET_FUZZ").flatMap { Int($0) } ?? 1500
        let seed = Self.environment("SWIFTLET_FUZZ_SEED").flatMap { UInt64($0) } ?? 1
        let sources = try Self.sources()
        #expect(sources.count > 3)
        let temporary = try TemporaryDirectory()
        let folder = Self.environment("SWIFTLET_FUZZ_LAST") ?? temporary.file("mutated")
        try FileSystem.createDirectory(folder)
        // Not with AtomicFile, which waits for the disk each time.
        func write(_ bytes: [UInt8], to name: String) throws {
            let file = try #require(fopen("\(folder)/\(name)", "wb"))
            defer { fclose(file) }
            #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
        }
        let parsed = sources.map { source in
            source.json.withUnsafeBytes { (bytes) -> JSONValue? in try? JSONValue(parsing: bytes) }
        }
        var (loaded, used) = (0, 0)
        for round in 0..<rounds {
            var generator = SplitMix(state: seed &* 1_000_003 &+ UInt64(round))
            let index = Int(generator.next() % UInt64(sources.count))
            var (json, config) = sources[index]
            switch generator.next() % 10 {
            case 0...2: json = Mutation.bytes(json, &generator)
            case 3: config = Mutation.bytes(config, &generator)
            case 4:
                let value = config.withUnsafeBytes { (bytes) -> JSONValue? in try? JSONValue(parsing: bytes) }
                config = Array(Mutation.value(value ?? [:], from: nil, &generator).text(.line).utf8)
            default:
                let other = parsed[Int(generator.next() % UInt64(parsed.count))]
                json = Array(Mutation.value(parsed[index] ?? [:], from: other, &generator).text(.line).utf8)
            }
            try write(json, to: "tokenizer.json")
            try write(config, to: "tokenizer_config.json")
            do {
                let tokenizer = try AutoTokenizer.fromPretrained(folder: folder)
                loaded += 1
                try Self.use(tokenizer, &generator, temporary.file("saved"))
                used += 1
            } catch let error as any SwiftletError {
                #expect(!error.message.isEmpty)
            }
        }
        #expect(loaded > rounds / 10 && used > rounds / 20, "\(loaded) of \(rounds) loaded, \(used) were of use")
        print("fuzz: \(rounds) files, \(loaded) loaded, \(used) of use")
    }
}

extension Encoding {
    fileprivate var typesAndMasksFit: Bool {
        tokenTypeIDs.count == count && attentionMask.count == count && specialTokensMask.count == count
            && zip(byteOffsets, offsets).allSatisfy { $0.count >= $1.count }
    }
}

private enum Mutation {
    static let snippets = [
        "null", "-1", "1e400", "{}", "[]", "\"\"", "true", "2147483647", "4294967296", "\"\\ud800\"", "\"##\"", "0",
        ",", "\"",
        "}", "]", "\u{0}", "é", "9999999999999999999999", "1.5", "[[\"a\",1]]", "NaN", "\"▁\"", "\"Ġ\"", "[[",
        "{\"a\":",
    ].map { Array($0.utf8) }

    static func pick<Element>(_ items: [Element], _ generator: inout SplitMix) -> Element {
        items[Int(generator.next() % UInt64(items.count))]
    }

    static func bytes(_ source: [UInt8], _ generator: inout SplitMix) -> [UInt8] {
        var bytes = source
        for _ in 0...generator.next() % 3 {
            guard !bytes.isEmpty else { break }
            let position = Int(generator.next() % UInt64(bytes.count))
            let end = min(bytes.count, position + Int(generator.next() % 16))
            switch generator.next() % 7 {
            case 0: bytes[position] = UInt8(truncatingIfNeeded: generator.next())
            case 1: bytes.removeSubrange(position..<end)
            case 2: bytes.insert(contentsOf: bytes[position..<end], at: Int(generator.next() % UInt64(bytes.count)))
            case 3: bytes.replaceSubrange(position..<end, with: pick(snippets, &generator))
            case 4, 5:
                // A whole value, so that the text stays JSON.
                guard let colon = bytes[position...].firstIndex(of: 0x3A) else { break }
                let end = bytes[(colon + 1)...].firstIndex { [0x2C, 0x7D, 0x5D].contains($0) } ?? bytes.count
                bytes.replaceSubrange(colon + 1..<end, with: pick(snippets, &generator))
            default: if generator.next() % 4 == 0 { bytes.removeSubrange(position...) }
            }
        }
        return bytes
    }

    static let values: [JSONValue] = [
        nil, true, false, 0, 1, -1, 2, 7, 2_147_483_647, 4_294_967_296, .int(Int.max), .int(Int.min), 0.5,
        .double(.nan),
        .double(.infinity), "", "a", "##", "[UNK]", "é", "e\u{301}", "\u{0}", "(", "[a-z]+|\\s*", "(a*)*b", "\\p{L}",
        "x{2,}",
        "BPE", "Unigram", "WordPiece", "WordLevel", "Sequence", "ByteLevel", "Metaspace", "BertNormalizer", "Replace",
        "Template", "TemplateProcessing", "RobertaProcessing", "Right", "left", [], [:], [nil], ["a", "b"], [["a", 1]],
        [["a", "b"]], ["a": 0], ["type": "ByteLevel"], ["type": "Sequence"], ["String": ""], ["Regex": "("],
        "AP8AAAA=", "!!", "RobertaTokenizer", "XLMRobertaTokenizer", "BertTokenizer", "TokenizersBackend",
    ]

    /// Changes one to three values of a document.
    ///
    /// - Parameter other: a document from which whole sections are taken at times.
    static func value(_ source: JSONValue, from other: JSONValue?, _ generator: inout SplitMix) -> JSONValue {
        var document = source
        for _ in 0...generator.next() % 3 { document = changed(document, other, &generator, depth: 0) }
        return document
    }

    private static func changed(
        _ value: JSONValue, _ other: JSONValue?, _ generator: inout SplitMix, depth: Int
    ) -> JSONValue {
        let stops = generator.next() % (depth == 0 ? 60 : 5) == 0
        switch value {
        case .object(var object) where !stops && object.count > 0:
            let (key, child) = pick(Array(object), &generator)
            switch generator.next() % 12 {
            case 0: object[key] = nil
            case 1: object[key] = pick(Array(object), &generator).1
            case 2: object[pick(["type", "id", "vocab", "merges", "content", "é", ""], &generator)] = child
            case 3: if let section = other?[key] { object[key] = section }
            default: object[key] = changed(child, other?[key], &generator, depth: depth + 1)
            }
            return .object(object)
        case .array(var array) where !stops && !array.isEmpty:
            let index = Int(generator.next() % UInt64(array.count))
            switch generator.next() % 8 {
            case 0: array.remove(at: index)
            case 1: array.append(array[index])
            case 2: array.insert(pick(values, &generator), at: index)
            case 3: array.swapAt(index, array.count - 1)
            default: array[index] = changed(array[index], nil, &generator, depth: depth + 1)
            }
            return .array(array)
        case .string(let string) where generator.next() % 3 == 0:
            return .string(string + pick(["", " ", "a", "\u{301}", "\u{10FFFF}", string], &generator))
        default: return pick(values, &generator)
        }
    }
}
