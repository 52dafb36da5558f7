import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

/// Held to what the Rust library makes of the same texts; see Tools/reference/tokenizers_fixtures.py.
@Suite struct ReferenceTests {
    static let tokenizers: [String: Tokenizer] = {
        var result: [String: Tokenizer] = [:]
        for name in ["bert-tiny", "bert-cased", "mpnet-tiny"] {
            do {
                result[name] = try AutoTokenizer.fromPretrained(folder: Locations.fixture("tokenizers/\(name)"))
            } catch {
                Issue.record("\(name): \(error)")
            }
        }
        return result
    }()

    @Test func `encodes as the reference`() throws {
        let lines = try MappedFile.text(Locations.fixture("tokenizers/cases.jsonl")).split(separator: "\n")
        #expect(lines.count > 340)
        for (number, line) in lines.enumerated() {
            let differences = try Self.check(try JSONValue(parsing: String(line)))
            if !differences.isEmpty {
                Issue.record("line \(number + 1): \(differences.joined(separator: "; ")): \(line.prefix(300))")
            }
        }
    }

    static func check(_ sample: JSONValue) throws -> [String] {
        let tokenizer = try #require(tokenizers[sample["tokenizer"]?.string ?? ""])
        let text = try #require(sample["text"]?.string)
        let options = sample["options"] ?? [:]
        func encode() throws -> Encoding {
            try tokenizer(
                text, sample["pair"]?.string, addSpecialTokens: options["add_special_tokens"]?.bool ?? true,
                padding: options["padding"]?.string == "max_length" ? .maxLength : .none,
                truncation: truncation(options), maxLength: options["max_length"]?.int)
        }
        if sample["fails"]?.bool == true {
            return (try? encode()) == nil ? [] : ["did not fail"]
        }
        let encoding = try encode()
        var differences: [String] = []
        func compare(_ name: String, _ found: [Int?], `default`: [Int?]? = nil) {
            guard let expected = sample[name]?.array?.map(\.int) ?? `default` else { return }
            if found != expected { differences.append("\(name) \(found) instead of \(expected)") }
        }
        compare("ids", encoding.inputIDs.map { Int($0) })
        compare("types", encoding.tokenTypeIDs.map { Int($0) }, default: encoding.inputIDs.map { _ in 0 })
        compare("mask", encoding.attentionMask.map { Int($0) }, default: encoding.inputIDs.map { _ in 1 })
        compare("special", encoding.specialTokensMask.map { Int($0) })
        compare("offsets", encoding.offsets.flatMap { [$0.lowerBound, $0.upperBound] })
        compare("words", encoding.wordIDs)
        compare("sequences", encoding.sequenceIDs)
        if let tokens = sample["tokens"]?.array?.map(\.string), !encoding.tokens.elementsEqual(tokens, by: same) {
            differences.append("tokens \(encoding.tokens) instead of \(tokens)")
        }
        for (name, skip) in [("decoded", false), ("skipped", true)] {
            guard let expected = sample[name]?.string else { continue }
            let found = tokenizer.decode(encoding.inputIDs, skipSpecialTokens: skip)
            if !same(found, expected) { differences.append("\(name) '\(found)' instead of '\(expected)'") }
        }
        // Offsets in bytes say the same as those in scalars.
        let sequences = [text, sample["pair"]?.string ?? ""]
        for (index, sequence) in encoding.sequenceIDs.enumerated() {
            guard let sequence else { continue }
            let utf8 = Array(sequences[sequence].utf8)
            let scalars = Array(sequences[sequence].unicodeScalars)
            let bytes = encoding.byteOffsets[index]
            if !String(String.UnicodeScalarView(scalars[encoding.offsets[index]])).utf8.elementsEqual(utf8[bytes]) {
                differences.append("bytes \(bytes) are not scalars \(encoding.offsets[index])")
            }
        }
        return differences
    }

    static func same(_ left: String?, _ right: String?) -> Bool {
        (left ?? "").utf8.elementsEqual((right ?? "").utf8)
    }

    static func truncation(_ options: JSONValue) -> Tokenizer.Truncation {
        switch options["truncation"] {
        case .string("longest_first"), .bool(true): .longestFirst
        case .string("only_first"): .onlyFirst
        case .string("only_second"): .onlySecond
        default: .none
        }
    }

    @Test func `pads batches as the reference`() throws {
        let samples = try JSONValue(contentsOf: Locations.fixture("tokenizers/batches.json")).array ?? []
        #expect(samples.count >= 9)
        for sample in samples {
            let tokenizer = try #require(Self.tokenizers[sample["tokenizer"]?.string ?? ""])
            let options = sample["options"] ?? [:]
            let batch = try tokenizer(
                sample["texts"]?.array?.compactMap(\.string) ?? [], sample["pairs"]?.array?.compactMap(\.string),
                padding: options["padding"] == nil ? .none : .longest, truncation: Self.truncation(options),
                maxLength: options["max_length"]?.int, padToMultipleOf: options["pad_to_multiple_of"]?.int)
            let encoded = try #require(sample["encoded"]?.object)
            #expect(batch.keys == encoded.keys)
            for (key, value) in encoded {
                let expected = value.array?.map { $0.array?.compactMap(\.int) ?? [] } ?? []
                let found: [[Int32]] =
                    switch key {
                    case "input_ids": batch.inputIDs
                    case "token_type_ids": batch.tokenTypeIDs
                    default: batch.attentionMask
                    }
                #expect(found.map { $0.map { Int($0) } } == expected, "\(key) with \(options)")
            }
            #expect(batch.rows.map(\.inputIDs) == batch.inputIDs)
            #expect(batch.rows.map(\.tokens.count) == batch.inputIDs.map(\.count))
        }
    }
}
