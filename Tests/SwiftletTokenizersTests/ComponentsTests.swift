import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Normalizers, pre-tokenizers, post-processors and decoders held to the Rust library; see
/// Tools/reference/tokenizers_components.py.
@Suite struct ComponentsTests {
    /// A tokenizer of some parts; the rest is a model with a token for each byte.
    static func tokenizer(_ parts: JSONValue?, model: JSONValue? = nil) throws -> Tokenizer {
        var document: JSONObject = [
            "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": [], "normalizer": nil,
            "pre_tokenizer": nil, "post_processor": nil, "decoder": nil,
            "model": model
                ?? self.model(
                    vocabulary: .object(JSONObject((0..<256).map { (byteToken($0), .int($0)) })), merges: [],
                    bytes: true),
        ]
        for (key, value) in parts?.object ?? [:] { document[key] = value }
        return try BadFileTests.load(JSONValue.object(document).text(.tokenizer), config: config)
    }

    static let config = #"{"tokenizer_class": "PreTrainedTokenizerFast"}"#

    static func model(vocabulary: JSONValue, merges: JSONValue, bytes: Bool) -> JSONValue {
        [
            "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
            "end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": .bool(bytes), "ignore_merges": false,
            "vocab": vocabulary, "merges": merges,
        ]
    }

    static func byteToken(_ byte: Int) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x\(digits.count == 1 ? "0" : "")\(digits)>"
    }

    static func lines(_ path: String) throws -> [JSONValue] {
        try MappedFile.text(path).split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    @Test func `normalizes and splits as the reference`() throws {
        let lines = try Self.lines(Locations.fixture("tokenizers/components-texts.jsonl"))
        #expect(lines.count > 60)
        #expect(try Self.check(lines) > 800)
    }

    @Test(
        .enabled(if: getenv("SWIFTLET_COMPONENT_CASES") != nil, "set SWIFTLET_COMPONENT_CASES to a file of more cases"))
    func `normalizes and splits many more texts as the reference`() throws {
        let path = try #require(getenv("SWIFTLET_COMPONENT_CASES").map { String(cString: $0) })
        #expect(try Self.check(try Self.lines(path)) > 0)
    }

    /// - Returns: how many cases there were.
    static func check(_ lines: [JSONValue]) throws -> Int {
        var count = 0
        for line in lines {
            let name = line["parts"]?.text(.line) ?? ""
            let tokenizer: Tokenizer
            do {
                tokenizer = try Self.tokenizer(line["parts"])
            } catch {
                Issue.record("\(name): \(error)")
                continue
            }
            var differences = 0
            for sample in line["cases"]?.array ?? [] {
                guard let sample = sample.array, sample.count == 3, let text = sample[0].string else {
                    Issue.record("\(name): no case")
                    continue
                }
                count += 1
                let encoding = try tokenizer(text)
                let (words, offsets) = observed(encoding)
                let expected = sample[1].array?.compactMap(\.string) ?? []
                if !words.elementsEqual(expected.map { Array($0.utf8) }) {
                    differences += 1
                    let found = words.map { String(decoding: $0, as: UTF8.self) }
                    if differences <= 3 { Issue.record("\(name)\n'\(text)':\n\(found) instead of\n\(expected)") }
                } else if offsets != sample[2].array?.compactMap(\.int) {
                    differences += 1
                    if differences <= 3 {
                        Issue.record(
                            "\(name)\n'\(text)':\noffsets \(offsets) instead of\n\(sample[2].text(.line)) of \(expected)"
                        )
                    }
                }
            }
            if differences > 3 { Issue.record("\(name): \(differences) differences in all") }
        }
        return count
    }

    /// The words of an encoding as bytes, and the offsets of each of their scalars.
    static func observed(_ encoding: Encoding) -> (words: [[UInt8]], offsets: [Int]) {
        var words: [[UInt8]] = []
        var offsets: [Int] = []
        var number: Int?
        let (wordIDs, places) = (encoding.wordIDs, encoding.offsets)
        for (index, id) in encoding.inputIDs.enumerated() {
            if wordIDs[index] != number || words.isEmpty {
                words.append([])
                number = wordIDs[index]
            }
            words[words.count - 1].append(UInt8(truncatingIfNeeded: id))
            if id & 0xC0 != 0x80 { offsets += [places[index].lowerBound, places[index].upperBound] }
        }
        return (words, offsets)
    }

    @Test func `adds tokens and trims offsets as the reference`() throws {
        var lines = try Self.lines(Locations.fixture("tokenizers/components-pairs.jsonl"))
        let head = lines.removeFirst()
        let model = Self.model(vocabulary: head["vocab"] ?? .null, merges: head["merges"] ?? .null, bytes: false)
        #expect(lines.count > 20)
        for line in lines {
            let name = line["parts"]?.text(.line) ?? ""
            let tokenizer = try Self.tokenizer(line["parts"], model: model)
            for sample in line["cases"]?.array ?? [] {
                let sample = try #require(sample.array)
                let encoding = try tokenizer(
                    try #require(sample[0].string), sample[1].string, addSpecialTokens: sample[2].bool ?? true)
                func numbers(_ index: Int) -> [Int] { sample[index].array?.compactMap(\.int) ?? [] }
                let place = "\(name) \(sample[0].text(.line)) \(sample[1].text(.line)) \(sample[2].bool ?? true)"
                #expect(encoding.inputIDs.map { Int($0) } == numbers(3), "\(place)")
                #expect(encoding.tokenTypeIDs.map { Int($0) } == numbers(4), "\(place)")
                #expect(encoding.offsets.flatMap { [$0.lowerBound, $0.upperBound] } == numbers(5), "\(place)")
                #expect(encoding.specialTokensMask.map { Int($0) } == numbers(6), "\(place)")
            }
        }
    }

    @Test func `decodes as the reference`() throws {
        var lines = try Self.lines(Locations.fixture("tokenizers/components-decoded.jsonl"))
        let tokens = lines.removeFirst()["tokens"]?.array?.compactMap(\.string) ?? []
        let vocabulary = JSONObject(tokens.enumerated().map { ($1, .int($0)) })
        #expect(lines.count > 20)
        for line in lines {
            let tokenizer = try Self.tokenizer(
                ["decoder": line["decoder"] ?? .null],
                model: ["type": "WordLevel", "vocab": .object(vocabulary), "unk_token": "a"])
            for sample in line["cases"]?.array ?? [] {
                let sample = try #require(sample.array)
                let found = tokenizer.decode(sample[0].array?.compactMap(\.int) ?? [])
                #expect(
                    ReferenceTests.same(found, sample[1].string),
                    "\(line["decoder"]?.text(.line) ?? "") \(sample[0].text(.line)): '\(found)', not '\(sample[1].string ?? "")'"
                )
            }
        }
    }
}
