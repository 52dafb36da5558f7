/// A regular expression in the syntax that the Rust library's tokenizers use, as far as they need it.
struct RegularExpression: Sendable {
    let pattern: String
    private let program: PatternProgram
    /// How many scalars a match has at least.
    let leastLength: Int

    init(_ pattern: String) throws(PatternError) {
        self.pattern = pattern
        let node = try PatternParser.parse(pattern)
        program = try PatternProgram(node)
        leastLength = node.length.least
    }

    /// See `PatternProgram`.
    var size: Int { program.size }
    var looksFar: Bool { program.looksFar }

    /// The matches one after another. An empty one right behind another match is passed over, as in the Rust library.
    ///
    /// - Parameter allowance: how many steps it may take; memory counts, too.
    /// - Returns: how many it took. If that is more than the allowance, matches are missing.
    @discardableResult
    func forEachMatch(
        in bytes: UnsafeBufferPointer<UInt8>, allowance: Int = .max, _ body: (Range<Int>) -> Void
    ) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        return program.instructions.withUnsafeBufferPointer { instructions in
            program.sets.withUnsafeBufferPointer { sets in
                var matcher = PatternMatcher(
                    instructions, sets, first: program.first, base, bytes.count, allowance: allowance)
                var position = 0
                var lastEnd: Int?
                while position <= bytes.count, let match = matcher.find(from: position) {
                    position = match.upperBound
                    if match.isEmpty {
                        // The same would be found here again.
                        position += position < bytes.count ? UTF8Bytes.scalar(base, at: position).count : 1
                        if lastEnd == match.upperBound { continue }
                    }
                    lastEnd = match.upperBound
                    body(match)
                }
                return matcher.isExhausted ? allowance + 1 : matcher.steps + matcher.tables
            }
        }
    }
}

/// How large a pattern is, of the most that may be; for tests.
package func patternSize(_ pattern: String) throws -> (size: Int, most: Int) {
    (try RegularExpression(pattern).size, PatternProgram.largest)
}

/// What a pattern finds in a text, in bytes, and how many steps that takes; for tests.
package func matchesAndSteps(
    _ pattern: String, _ text: String, allowance: Int = .max
) throws -> (matches: [Range<Int>], steps: Int) {
    let expression = try RegularExpression(pattern)
    var matches: [Range<Int>] = []
    var text = text
    let steps = text.withUTF8 { bytes in expression.forEachMatch(in: bytes, allowance: allowance) { matches.append($0) }
    }
    return (matches, steps)
}
