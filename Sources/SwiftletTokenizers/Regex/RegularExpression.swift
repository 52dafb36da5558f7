/// A regular expression in the syntax that the Rust library's tokenizers use, as far as they need it.
struct RegularExpression: Sendable {
    let pattern: String
    private let program: PatternProgram

    init(_ pattern: String) throws(PatternError) {
        self.pattern = pattern
        program = try PatternProgram(try PatternParser.parse(pattern))
    }

    /// The matches one after another. An empty one right behind another match is passed over, as in the Rust library.
    ///
    /// - Returns: how many steps it took.
    @discardableResult
    func forEachMatch(in bytes: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        return program.instructions.withUnsafeBufferPointer { instructions in
            program.sets.withUnsafeBufferPointer { sets in
                var matcher = PatternMatcher(instructions, sets, first: program.first, base, bytes.count)
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
                return matcher.steps
            }
        }
    }
}

/// What a pattern finds in a text, in bytes, and how many steps that takes; for tests.
package func matchesAndSteps(_ pattern: String, _ text: String) throws -> (matches: [Range<Int>], steps: Int) {
    let expression = try RegularExpression(pattern)
    var matches: [Range<Int>] = []
    var text = text
    let steps = text.withUTF8 { bytes in expression.forEachMatch(in: bytes) { matches.append($0) } }
    return (matches, steps)
}
