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

/// Comparison on more lines than fit a fixture: Tools/reference/tokenizers_compare.py makes the lines, and compares.
@Suite struct LineTests {
    static let lines = environment("SWIFTLET_TOKENIZER_LINES")

    @Test(.enabled(if: lines != nil, "SWIFTLET_TOKENIZER_LINES names no file"))
    func `writes what it makes of lines`() throws {
        let path = try #require(Self.lines)
        let tokenizer = try AutoTokenizer.fromPretrained(environment("SWIFTLET_TOKENIZER") ?? Locations.miniLM)
        if let folder = environment("SWIFTLET_TOKENIZER_SAVED") { try tokenizer.save(to: folder) }
        let output = try AtomicFile(path + ".swiftlet")
        for line in try MappedFile.text(path).split(separator: "\n") {
            let texts = try JSONValue(parsing: String(line)).array?.compactMap(\.string) ?? []
            let encoding = try tokenizer(texts[0], texts.count > 1 ? texts[1] : nil, truncation: true)
            func joined(_ numbers: some Sequence<Int>) -> String { numbers.map(String.init).joined(separator: " ") }
            try output.write(joined(encoding.inputIDs.map { Int($0) }) + "|")
            try output.write(joined(encoding.tokenTypeIDs.map { Int($0) }) + "|")
            try output.write(joined(encoding.offsets.flatMap { [$0.lowerBound, $0.upperBound] }) + "|")
            try output.write(joined(encoding.wordIDs.map { $0 ?? -1 }) + "\n")
        }
        try output.commit()
    }
}
