import SwiftletIO
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

/// Patterns that can't be taken; what the others match is in ComponentsTests.
@Suite struct PatternTests {
    static func load(_ pattern: String) throws -> Tokenizer {
        try ComponentsTests.tokenizer([
            "pre_tokenizer": [
                "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false,
            ]
        ])
    }

    /// The Rust library refuses these as well.
    @Test(arguments: [
        "[", "[a", "(", "(a", ")", "*a", "+", "a|*", "[z-a]", "[a--c]", "[\\w-.]", "[\\w-a]", "[a-\\w]", "\\p{Foo}", "\\p{Script=Han}",
        "a\\", "\\x{110000}", "(?<n", "(?z:a)", "(?#a",
    ])
    func `broken patterns`(pattern: String) throws {
        let error = try #require(throws: TokenizerError.self, "\(pattern)") { try Self.load(pattern) }
        #expect(error.message.contains(pattern), "\(error.message)")
    }

    /// The library takes these; no tokenizer of an encoder is known that needs them.
    @Test(arguments: [
        ("\\1(a)", "'\\1'"), ("\\R", "'\\R'"), ("\\X", "'\\X'"), ("\\K", "'\\K'"), ("\\G", "'\\G'"), ("(?:a*)*", "endless"),
        ("(?<=a+)b", "look behind"), ("[[:punct:]]", "named class"), ("(?i)mass", "'ss'"), ("(?x: a)", "'(?x'"),
    ])
    func `constructs that are not implemented`(pattern: String, construct: String) throws {
        let error = try #require(throws: TokenizerError.self, "\(pattern)") { try Self.load(pattern) }
        #expect(error.message.contains(pattern) && error.message.contains(construct), "\(error.message)")
    }

    /// Patterns on which plain backtracking takes exponential or quadratic time, and deep nesting.
    @Test(arguments: [
        "(?:a|a)+b", "(?:a+)+b", "(?:a?){20}a{20}b", "(?:.*)*?b|x", "(?:a|aa)+$", "\\s+$", "(?:a{1,50}){1,50}b", "(?=(?:a+)+b)a",
        String(repeating: "(?:", count: 60) + "a" + String(repeating: ")", count: 60),
    ])
    func `no pattern takes long`(pattern: String) throws {
        guard let tokenizer = try? Self.load(pattern) else { return }
        let text = String(repeating: "a", count: 3000) + String(repeating: " ", count: 3000) + "c"
        let start = processorTime()
        _ = try tokenizer(text).inputIDs
        #expect(processorTime() - start < .seconds(30), "\(pattern)")
    }
}
