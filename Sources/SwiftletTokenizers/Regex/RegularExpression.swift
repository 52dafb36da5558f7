/// A regular expression in the syntax that the Rust library's tokenizers use, as far as they need it.
struct RegularExpression: Sendable {
    let pattern: String
    private let program: PatternProgram

    init(_ pattern: String) throws(PatternError) {
        self.pattern = pattern
        program = try PatternProgram(try PatternParser.parse(pattern))
    }

    /// The matches one after another. An empty one right behind another match is passed over, as in the Rust library.
    func forEachMatch(in bytes: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
        guard let base = bytes.baseAddress else { return }
        program.instructions.withUnsafeBufferPointer { instructions in
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
            }
        }
    }
}
