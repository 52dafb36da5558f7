import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

private func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// Comparison on more lines than fit a fixture; Tools/reference/tokenizers_compare.py makes the lines, runs this, and
/// compares.
@Suite struct LineTests {
    static let lines = environment("SWIFTLET_TOKENIZER_LINES")

    @Test(.enabled(if: lines != nil, "SWIFTLET_TOKENIZER_LINES names no file"))
    func `writes what it makes of lines`() throws {
        let path = try #require(Self.lines)
        let tokenizer = try AutoTokenizer.fromPretrained(folder: environment("SWIFTLET_TOKENIZER") ?? Locations.miniLM)
        if let folder = environment("SWIFTLET_TOKENIZER_SAVED") { try tokenizer.save(to: folder) }
        let output = try AtomicFile(environment("SWIFTLET_TOKENIZER_OUTPUT") ?? path + ".swiftlet")
        for line in try MappedFile.text(path).split(separator: "\n") {
            var record: [UInt8] = []
            do {
                let texts = try JSONValue(parsing: String(line)).array?.compactMap(\.string) ?? []
                let encoding = try tokenizer(texts[0], texts.count > 1 ? texts[1] : nil, truncation: true)
                record = Self.record(encoding)
            } catch is JSONError {
                // An escape that is half of a character.
                record.append(littleEndian: -1)
            }
            try record.withUnsafeBytes { try output.write($0) }
        }
        try output.commit()
    }

    /// Numbers of 32 bits: the number of tokens, ids, type ids, both masks, offsets, words, the number of bytes of all
    /// tokens; then those, each with a zero behind it.
    static func record(_ encoding: Encoding) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: encoding.count)
        for list in [encoding.inputIDs, encoding.tokenTypeIDs, encoding.attentionMask, encoding.specialTokensMask] {
            for number in list { bytes.append(littleEndian: Int(number)) }
        }
        for range in encoding.offsets {
            bytes.append(littleEndian: range.lowerBound)
            bytes.append(littleEndian: range.upperBound)
        }
        for word in encoding.wordIDs { bytes.append(littleEndian: word ?? -1) }
        let tokens = encoding.tokens.map { Array($0.utf8) + [0] }.joined()
        bytes.append(littleEndian: tokens.count)
        bytes += tokens
        return bytes
    }
}

extension [UInt8] {
    fileprivate mutating func append(littleEndian number: Int) {
        Swift.withUnsafeBytes(of: Int32(truncatingIfNeeded: number).littleEndian) { append(contentsOf: $0) }
    }
}
